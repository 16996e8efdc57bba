"""What customers will buy next: products they know, by frequency and timing, and new ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Self

import numpy as np
import pyarrow as pa

from tenure.kernel import DataError, OptionError
from tenure.kernel.scipy_library import special
from tenure.predictions.estimator import Estimator
from tenure.predictions.next_purchase.assortment import Assortment, owned
from tenure.predictions.next_purchase.blend import Blend
from tenure.predictions.next_purchase.candidates import paces
from tenure.predictions.next_purchase.histories import (
    EPOCH,
    Histories,
    day_number,
    read_histories,
)
from tenure.predictions.next_purchase.neighbours import Neighbours
from tenure.predictions.next_purchase.newcomers import Starters, starters
from tenure.predictions.next_purchase.reasons import nearest_owned
from tenure.predictions.next_purchase.suggesting import (
    Exclusions,
    Knowledge,
    Scored,
    allowed,
    scored,
)
from tenure.predictions.next_purchase.training import (
    PARTS,
    Comparison,
    Limits,
    bought_next,
    compare,
    learn,
    seen_on,
    window_days,
)

SUGGESTIONS = pa.schema(
    [
        pa.field("customer_id", pa.string()),
        pa.field("rank", pa.int32()),
        pa.field("product_id", pa.string()),
        pa.field("is_new", pa.bool_()),
        pa.field("probability", pa.float64()),
        pa.field("times_bought", pa.int64()),
        pa.field("last_bought_on", pa.date32()),
        pa.field("due_on", pa.date32()),
        pa.field("because_of", pa.string()),
    ]
)
"""One row per customer and suggested product, rank 1 the best.

`probability` that her next order holds it; null where the simple rule is used, which knows none.
`due_on` is the last purchase plus her usual gap for the product; null if she bought it once or
never. `because_of` is the product she buys that is nearest to a new one; null for the rest.
"""
_CUSTOMERS_AT_ONCE = 4_000
_GAPS_LENT = 2.0
_SHRINKING = 0.95


class NextBasket(Estimator):
    """Suggests what each customer's next order will hold.

    Known products are ranked by frequency, recency and timing, new ones by popularity and by
    what customers of the same products buy; weights are learnt on one window of the past
    and proved on the next. Where lists made so do not beat the simple rule (her most frequent
    products, filled up with popular ones), the simple rule is used.

    Parameters
    ----------
    orders_max : latest orders looked back on, at least 2.
    customers_max : customers looked at when learning; of more, those with the smallest ids.
    learners_max : customers from whom the weights are learnt, and on whom they are proved.
    penalty : ridge on the standardised weights, above 0.
    size_max : bytes of the model as JSON; rarer products are left out to keep it.
    list_length : length of the lists that are compared.
    """

    def __init__(
        self,
        orders_max: int = 50,
        customers_max: int = 50_000,
        learners_max: int = 5_000,
        penalty: float = 1.0,
        size_max: int = 900_000,
        list_length: int = 10,
    ) -> None:
        self.orders_max = orders_max
        self.customers_max = customers_max
        self.learners_max = learners_max
        self.penalty = penalty
        self.size_max = size_max
        self.list_length = list_length

    def fit(self, lines: Any, *, as_of: date | None = None) -> Self:  # noqa: ANN401 - any table
        """Learn from order lines.

        Parameters
        ----------
        lines : as `read_histories` takes them; `source` and `category`, where there are such
            columns, tell what newcomers of a source and lovers of a category buy.
        as_of : first day that does not count; None is the day after the last order.

        Raises
        ------
        DataError : there is no order line before that day, or a column is missing.
        """
        whole = read_histories(lines)
        if not len(whole.order_day):
            raise DataError("no order line", "order lines of at least one customer", "add them")
        day = int(whole.order_day.max()) + 1 if as_of is None else day_number(as_of)
        whole = whole.before_day(day)
        if len(whole.customers) > self.customers_max:
            whole = whole.of(np.arange(self.customers_max))
        limits = Limits(orders=self.orders_max)
        self.as_of_ = EPOCH + timedelta(days=day)
        self.comparisons_: dict[str, Comparison] = {}
        self.window_days_ = window_days(whole, day)
        blends: tuple[Blend | None, Blend | None] = (None, None)
        if self.window_days_ is not None:
            blends = self._learn(whole, day, self.window_days_, limits)
        now = seen_on(whole, day, limits)
        self._keep(Knowledge(now.products, now.near, *blends, now.gap_days), now.histories)
        self.starters_: Starters = starters(lines, day)
        return self

    def _learn(
        self, whole: Histories, day: int, window: int, limits: Limits
    ) -> tuple[Blend | None, Blend | None]:
        """Learn the weights on the window before the last, prove them on the last."""
        earlier, bought = self._window(whole, day - 2 * window, day - window, limits)
        learnt = learn(earlier, bought, self.penalty)
        later, bought = self._window(whole, day - window, day, limits)
        if learnt is not None:
            known = Knowledge(later.products, later.near, *learnt, later.gap_days)
            self.comparisons_ = compare(later, known, bought, count=self.list_length)
        # What was learnt on the later window is used from now on; the proof is of the method.
        newest = learn(later, bought, self.penalty)
        return (None, None) if newest is None or learnt is None else newest

    def _window(self, whole: Histories, start: int, end: int, limits: Limits) -> Any:  # noqa: ANN401
        seen = seen_on(whole, start, limits)
        after = whole.before_day(end).first_from_day(start)
        return bought_next(seen, after, self.learners_max)

    def _keep(self, known: Knowledge, histories: Histories) -> None:
        """Keep as many products, and neighbours of as many, as the size allows."""
        seen = len(histories.products)
        while len(json.dumps(_plain(known))) > self.size_max:
            count = int(len(known.products.ids) * _SHRINKING)
            compared = min(int((len(known.near.starts) - 1) * _SHRINKING), count)
            known = Knowledge(
                known.products.first(count),
                known.near.first(compared).among(count),
                known.known,
                known.new,
                known.typical_gap_days,
            )
        self.knowledge_ = known
        inside = known.products.places(histories.products)[histories.line_product] >= 0
        self.coverage_ = {
            "products": len(known.products.ids),
            "products_seen": seen,
            "lines_covered": float(inside.mean()),
        }

    @property
    def uses_blend_(self) -> dict[str, bool]:
        """Whether the learnt lists are used, by part; else the simple rule is."""
        self._require_fit()
        return {
            part: part in self.comparisons_
            and self.comparisons_[part].beats
            and self.knowledge_.known is not None
            for part in PARTS
        }

    def recommend(
        self,
        lines: Any,  # noqa: ANN401 - any kind of table
        *,
        as_of: date | None = None,
        count: int = 10,
        part: str = "all",
        exclusions: Exclusions | None = None,
    ) -> pa.Table:
        """Return suggestions for every customer with an order line.

        Parameters
        ----------
        lines : whole histories of the customers, as `read_histories` takes them.
        as_of : orders from this day on are not looked at, and products are due by it or by her
            next order if that is later; None looks at all orders and judges each customer at
            her own next order.
        count : length of a list, at least 1.
        part : `all`, `repeat` (only products she has bought) or `new` (only others).
        exclusions : what must not be suggested.

        Returns
        -------
        A table with the columns of `SUGGESTIONS`, by customer and rank. A customer's rows do
        not depend on which other customers are in `lines`.

        Raises
        ------
        OptionError : `count` or `part` is not one of those named.
        """
        self._require_fit()
        if count < 1 or part not in PARTS:
            raise OptionError(
                f"count={count}, part={part!r}",
                f"count from 1 and part one of {', '.join(PARTS)}",
                "correct the option",
            )
        histories = read_histories(lines)
        if as_of is not None:
            histories = histories.before(as_of)
        histories = histories.latest(self.orders_max)
        buyers = np.flatnonzero(histories.orders > 0)
        tables = [SUGGESTIONS.empty_table()]
        for start in range(0, len(buyers), _CUSTOMERS_AT_ONCE):
            some = histories.of(buyers[start : start + _CUSTOMERS_AT_ONCE])
            day = None if as_of is None else day_number(as_of)
            tables.append(self._suggest(some, day, count, part, exclusions or Exclusions()))
        return pa.concat_tables(tables)

    def _suggest(
        self, histories: Histories, day: int | None, count: int, part: str, rules: Exclusions
    ) -> pa.Table:
        known = self.knowledge_
        pace = paces(histories, known.typical_gap_days, day)
        mine = owned(histories)
        found = scored(histories, known, pace, mine=mine)
        names = pa.concat_arrays([known.products.ids, histories.products])
        lent = known.products.figures(known.products.places(histories.products))[mine.product, 3]
        own_days = mine.last_day - mine.first_day
        gaps = (own_days + _GAPS_LENT * lent) / (mine.times - 1 + _GAPS_LENT)
        fine = allowed(found, mine, pace, gaps, names, rules)
        if part != "all":
            fine &= found.is_known == (part == "repeat")
        found = found.only(fine)
        blended = self.uses_blend_[part]
        best = found.only(found.best(found.log_odds if blended else found.simple, count))
        because = nearest_owned(histories, mine, known, best)
        pair = best.pair
        again = best.is_known
        due = np.where(again, mine.last_day[pair] + np.round(gaps[pair]), 0).astype(np.int32)
        often = again & (mine.times[pair] > 1)
        return pa.table(
            {
                "customer_id": histories.customers.take(pa.array(best.customer)),
                "rank": _ranks(best),
                "product_id": names.take(pa.array(best.product)),
                "is_new": pa.array(~again),
                "probability": pa.array(
                    special.expit(best.log_odds),
                    pa.float64(),
                    mask=np.full(len(again), not blended),
                ),
                "times_bought": pa.array(np.where(again, mine.times[pair], 0), pa.int64()),
                "last_bought_on": _dates(mine.last_day[pair].astype(np.int32), again),
                "due_on": _dates(due, often),
                "because_of": because,
            },
            schema=SUGGESTIONS,
        )

    def newcomers(self, *, source: str | None = None, category: str | None = None) -> list[str]:
        """Return what to suggest to somebody without an order, best first.

        Parameters
        ----------
        source : how she came, if known: what first orders of that source hold.
        category : what she looks for, if known: the popular products in it.
        """
        self._require_fit()
        return self.starters_.of(source=source, category=category)

    def _fitted_state(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of_.isoformat(),
            "window_days": self.window_days_,
            "comparisons": {part: c.as_dict() for part, c in self.comparisons_.items()},
            "coverage": dict(self.coverage_),
            "knowledge": _plain(self.knowledge_),
            "starters": self.starters_.as_dict(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.as_of_ = date.fromisoformat(state["as_of"])
        self.window_days_ = state["window_days"]
        self.comparisons_ = {part: Comparison(**c) for part, c in state["comparisons"].items()}
        self.coverage_ = dict(state["coverage"])
        known = state["knowledge"]
        self.knowledge_ = Knowledge(
            Assortment.from_dict(known["products"]),
            Neighbours.from_dict(known["near"]),
            None if known["known"] is None else Blend.from_dict(known["known"]),
            None if known["new"] is None else Blend.from_dict(known["new"]),
            float(known["typical_gap_days"]),
        )
        self.starters_ = Starters.from_dict(state["starters"])


def _plain(known: Knowledge) -> dict[str, Any]:
    return {
        "products": known.products.as_dict(),
        "near": known.near.as_dict(),
        "known": None if known.known is None else known.known.as_dict(),
        "new": None if known.new is None else known.new.as_dict(),
        "typical_gap_days": known.typical_gap_days,
    }


def _ranks(best: Scored) -> pa.Array:
    who = best.customer
    return pa.array(np.arange(len(who)) - np.searchsorted(who, who) + 1, pa.int32())


def _dates(days: np.ndarray, known: np.ndarray) -> pa.Array:
    return pa.array(days, pa.int32(), mask=~known).cast(pa.date32())
