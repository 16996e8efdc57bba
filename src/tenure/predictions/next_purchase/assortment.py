"""What is known of each product: how often it is bought, how often again, how soon again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.predictions.next_purchase.histories import Floats, Histories, Integers

RECENT_HALF_LIFE_DAYS = 30.0
"""An order so many days back counts half for what is bought recently."""

_PSEUDO_ORDERS = 50.0
_PSEUDO_GAPS = 10.0
_PSEUDO_REPEATS = 10.0
_SHARE_STEPS, _REPEAT_STEPS, _DAY_STEPS = 10_000_000, 10_000, 10


@dataclass(frozen=True, slots=True)
class Assortment:
    """Products, the most bought first.

    Parameters
    ----------
    ids : the products' ids.
    popularity : share of all orders that hold the product, 0..1.
    recent : the same with recent orders weighing more, drawn towards `popularity`.
    repeat_share : share of a buyer's later orders that hold the product again, drawn towards
        the mean over products.
    gap_days : mean days between two purchases of it by one customer, drawn likewise.
    elsewhere : the four figures taken for a product that is not in the list.
    """

    ids: pa.Array
    popularity: Floats
    recent: Floats
    repeat_share: Floats
    gap_days: Floats
    elsewhere: tuple[float, float, float, float]

    def places(self, products: pa.Array) -> Integers:
        """Return where each product stands in the list, -1 for one that is not in it."""
        found = pc.fill_null(pc.index_in(products, value_set=self.ids), -1)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)

    def figures(self, places: Integers) -> Floats:
        """Return popularity, recent, repeat share and gap days of products, one row each."""
        columns = (self.popularity, self.recent, self.repeat_share, self.gap_days)
        table = np.column_stack([*columns])
        return np.vstack([table, self.elsewhere])[places]  # -1 is the last row

    def first(self, count: int) -> Assortment:
        """Return the same with its first products only."""
        return Assortment(
            self.ids[:count],
            self.popularity[:count],
            self.recent[:count],
            self.repeat_share[:count],
            self.gap_days[:count],
            self.elsewhere,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the products as plain values for JSON."""
        return {
            "ids": self.ids.to_pylist(),
            "popularity": _whole(self.popularity, _SHARE_STEPS),
            "recent": _whole(self.recent, _SHARE_STEPS),
            "repeat_share": _whole(self.repeat_share, _REPEAT_STEPS),
            "gap_days": _whole(self.gap_days, _DAY_STEPS),
            "elsewhere": list(self.elsewhere),
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Assortment:
        """Make the products again from what `as_dict` returned."""
        shares = described["elsewhere"]
        return cls(
            pa.array(described["ids"], pa.string()),
            np.array(described["popularity"], np.int64) / _SHARE_STEPS,
            np.array(described["recent"], np.int64) / _SHARE_STEPS,
            np.array(described["repeat_share"], np.int64) / _REPEAT_STEPS,
            np.array(described["gap_days"], np.int64) / _DAY_STEPS,
            (shares[0], shares[1], shares[2], shares[3]),
        )


def assortment(histories: Histories, as_of_day: int) -> Assortment:
    """Return what orders before a day tell of each product.

    Parameters
    ----------
    histories : the orders; all must lie before the day.
    as_of_day : days from 1970-01-01.
    """
    count = len(histories.products)
    product = histories.line_product
    orders = max(len(histories.order_day), 1)
    bought = np.bincount(product, minlength=count).astype(np.float64)
    popularity = bought / orders
    weight = 0.5 ** ((as_of_day - histories.order_day) / RECENT_HALF_LIFE_DAYS)
    weighed = np.bincount(product, weight[histories.line_order], count)
    recent = (weighed + _PSEUDO_ORDERS * popularity) / (weight.sum() + _PSEUDO_ORDERS)
    repeat_share, gap_days = _repeats(histories)
    # In whole steps from here on, not only when saved: a model must score alike before and after.
    order = np.lexsort((np.arange(count), -recent, -bought))
    order = order[bought[order] > 0]
    columns = (
        _stepped(popularity[order], _SHARE_STEPS),
        _stepped(recent[order], _SHARE_STEPS),
        _stepped(repeat_share[order], _REPEAT_STEPS),
        _stepped(gap_days[order], _DAY_STEPS),
    )
    rarest = float(columns[0].min(initial=1.0))
    elsewhere = (rarest, rarest, *(float(np.mean(c)) if len(c) else 0.0 for c in columns[2:]))
    return Assortment(
        histories.products.take(pa.array(order)),
        *columns,
        (elsewhere[0], elsewhere[1], elsewhere[2], elsewhere[3]),
    )


def _repeats(histories: Histories) -> tuple[Floats, Floats]:
    """Return each product's share of later orders that hold it again, and the days between."""
    count = len(histories.products)
    pairs = owned(histories)
    again = np.bincount(pairs.product, pairs.times - 1, count)
    later = np.bincount(pairs.product, histories.orders[pairs.customer] - 1 - pairs.first, count)
    days = np.bincount(pairs.product, pairs.last_day - pairs.first_day, count)
    share = again.sum() / max(later.sum(), 1.0)
    gap = days.sum() / max(again.sum(), 1.0)
    return (
        (again + _PSEUDO_REPEATS * share) / (later + _PSEUDO_REPEATS),
        (days + _PSEUDO_GAPS * gap) / (again + _PSEUDO_GAPS),
    )


def _stepped(values: Floats, steps: int) -> Floats:
    """Return positive values in whole steps, at least one."""
    return np.asarray(np.maximum(np.round(values * steps), 1) / steps, dtype=np.float64)


def _whole(values: Floats, steps: int) -> list[int]:
    whole: list[int] = np.round(values * steps).astype(np.int64).tolist()
    return whole


@dataclass(frozen=True, slots=True)
class Owned:
    """What each customer has bought: one row per customer and product, sorted.

    Parameters
    ----------
    customer, product : their numbers.
    times : orders that hold the product.
    first, last : place of the first and last such order among the customer's, from 0.
    first_day, last_day : days of these orders, from 1970-01-01.
    line_pair : for each line of the histories, its row here.
    """

    customer: Integers
    product: Integers
    times: Integers
    first: Integers
    last: Integers
    first_day: Integers
    last_day: Integers
    line_pair: Integers


def owned(histories: Histories) -> Owned:
    """Return what each customer has bought."""
    customer = histories.order_customer[histories.line_order]
    width = len(histories.products) + 1
    keys, pair, times = np.unique(
        customer * width + histories.line_product, return_inverse=True, return_counts=True
    )
    order = histories.line_order
    first, last = np.full(len(keys), np.iinfo(np.int64).max), np.full(len(keys), -1)
    np.minimum.at(first, pair, order)
    np.maximum.at(last, pair, order)
    owner = keys // width
    start = histories.order_starts[owner]
    return Owned(
        owner,
        keys % width,
        times.astype(np.int64),
        first - start,
        last - start,
        histories.order_day[first] if len(keys) else first,
        histories.order_day[last] if len(keys) else last,
        pair.astype(np.int64),
    )
