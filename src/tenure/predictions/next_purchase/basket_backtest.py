"""How well lists of products met the next order at past dates, beside the simple rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.kernel import OptionError
from tenure.predictions.next_purchase.basket import NextBasket
from tenure.predictions.next_purchase.histories import (
    Histories,
    Integers,
    day_number,
    order_rows,
    read_histories,
)
from tenure.predictions.next_purchase.suggesting import NO_PRODUCT
from tenure.predictions.scorecards.origins import RankedOrigin
from tenure.predictions.scorecards.rankings import pairs

MODEL = "next_basket"
POPULAR, OWN, OWN_AND_POPULAR = "popular", "own_history", "own_history_and_popular"


def basket_origins(
    lines: Any,  # noqa: ANN401 - any kind of table
    as_of: Sequence[date],
    *,
    horizon_days: int,
    model: NextBasket | None = None,
    count: int = 10,
) -> list[RankedOrigin]:
    """Return lists made at past dates beside the first order after each, for a scorecard.

    Parameters
    ----------
    lines : order lines, as `NextBasket.fit` takes them.
    as_of : the past dates.
    horizon_days : customers whose next order came within so many days are looked at.
    model : its arguments are used; it is fitted anew at each date, to what was known by then.
    count : length of the lists.

    Returns
    -------
    One per date, with the lists of the model (`next_basket`), of what sells most (`popular`),
    of what the customer bought most (`own_history`), and of that filled up with what sells most
    (`own_history_and_popular`, the rule to beat).

    Raises
    ------
    OptionError : no date, or one before which nothing was ordered.
    """
    rows = order_rows(lines)
    whole = read_histories(rows)
    first = int(whole.order_day.min()) if len(whole.order_day) else 0
    early = [one for one in as_of if day_number(one) <= first]
    if early or not as_of:
        raise OptionError(
            f"dates {', '.join(map(str, early)) or 'none'}",
            "at least one date, all after the first order",
            "choose later dates",
        )
    template = NextBasket() if model is None else model
    return [_origin(rows, whole, one, horizon_days, template, count) for one in sorted(as_of)]


def _origin(
    rows: pa.Table,
    whole: Histories,
    as_of: date,
    horizon: int,
    template: NextBasket,
    count: int,
) -> RankedOrigin:
    day = day_number(as_of)
    after = whole.before_day(day + horizon).first_from_day(day)
    before = whole.before_day(day)
    chosen = np.flatnonzero((after.orders > 0) & (before.orders > 0))
    known = rows.filter(pc.less(rows["occurred_on"].cast(pa.date32()), pa.scalar(as_of)))
    fitted = NextBasket(**template.get_params()).fit(known, as_of=as_of)
    simple = NextBasket.from_dict(fitted.to_dict())
    simple.comparisons_ = {}  # nothing proved, so the simple rule is used
    ids = whole.customers.take(pa.array(chosen))
    known = known.filter(pc.is_in(known["customer_id"].cast(pa.string()), value_set=ids))
    lists = {
        MODEL: fitted.recommend(known, as_of=as_of, count=count),
        OWN: simple.recommend(known, as_of=as_of, count=count, part="repeat"),
        OWN_AND_POPULAR: simple.recommend(known, as_of=as_of, count=count),
    }
    predictions = {name: _matrix(table, ids, whole, count) for name, table in lists.items()}
    popular = fitted.knowledge_.products.ids[:count]
    places = pc.index_in(popular, value_set=whole.products).to_numpy().astype(np.int64)
    everyone = np.full((len(chosen), count), NO_PRODUCT)
    everyone[:, : len(places)] = places
    after, before = after.of(chosen), before.of(chosen)
    return RankedOrigin(
        as_of,
        as_of + timedelta(days=horizon),
        pairs(after.order_customer[after.line_order], after.line_product),
        {POPULAR: everyone, **predictions},
        customers=np.asarray(ids.to_pylist(), dtype=object),
        known=pairs(before.order_customer[before.line_order], before.line_product),
    )


def _matrix(table: pa.Table, ids: pa.Array, whole: Histories, count: int) -> Integers:
    """Return lists as product numbers of the histories, a row per customer."""
    found = np.full((len(ids), count), NO_PRODUCT)
    row = pc.index_in(table["customer_id"].combine_chunks(), value_set=ids).to_numpy()
    product = pc.index_in(table["product_id"].combine_chunks(), value_set=whole.products)
    found[row, table["rank"].to_numpy() - 1] = product.to_numpy()
    return found
