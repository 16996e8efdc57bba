"""Learn from earlier dates what was bought next: cases for the weights, and the proof of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.predictions.next_purchase.assortment import Assortment, Owned, assortment, owned
from tenure.predictions.next_purchase.blend import Blend, fit_blend
from tenure.predictions.next_purchase.candidates import (
    Paces,
    contained,
    known_products,
    new_products,
    paces,
    typical_gap,
)
from tenure.predictions.next_purchase.histories import Flags, Floats, Histories, Integers
from tenure.predictions.next_purchase.neighbours import Neighbours, neighbours
from tenure.predictions.next_purchase.suggesting import Knowledge, joint_numbers, scored
from tenure.predictions.scorecards.rankings import Pairs, pairs, per_customer

CUSTOMERS_WANTED = 2_000
"""So many customers with an order after the origin are enough to learn from."""
CUSTOMERS_NEEDED = 50
"""With fewer, nothing is learnt and the simple rule stays."""
WANTED_SHARE = 0.85
"""So many of the returning customers are wanted, where that is fewer."""
SPAN_SHARE = 1 / 3
"""The window after an origin takes at most this share of the data."""
PARTS = ("all", "repeat", "new")

_Z = 1.6448536269514722  # 90 % two-sided, 95 % one-sided


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two ways of making lists did on the same customers.

    Parameters
    ----------
    customers : those who bought something that counts.
    simple, blend : mean recall of the simple rule's lists and the blend's, 0..1.
    low, high : 90 % interval of the difference, blend less simple.
    """

    customers: int
    simple: float
    blend: float
    low: float
    high: float

    @property
    def beats(self) -> bool:
        """Tell whether the blend is better beyond chance."""
        return self.customers >= CUSTOMERS_NEEDED and self.low > 0

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values for JSON."""
        return {
            "customers": self.customers,
            "simple": self.simple,
            "blend": self.blend,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """The world as it was known on a day.

    Parameters
    ----------
    histories : each customer's latest orders before the day.
    mine : what each customer has bought.
    products, near : what these orders tell of products.
    gap_days : mean days between two orders of a customer.
    day : days from 1970-01-01.
    """

    histories: Histories
    mine: Owned
    products: Assortment
    near: Neighbours
    gap_days: float
    day: int

    @property
    def pace(self) -> Paces:
        """How each customer shops."""
        return paces(self.histories, self.gap_days, self.day)

    def of(self, chosen: Integers) -> Seen:
        """Return the same with some of the customers, by ascending number."""
        fewer = self.histories.of(chosen)
        return Seen(fewer, owned(fewer), self.products, self.near, self.gap_days, self.day)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a model looks at and keeps.

    Parameters
    ----------
    orders : latest orders of a customer.
    products : products in the assortment.
    compared : products that have neighbours.
    nearest : neighbours of each.
    """

    orders: int = 50
    products: int = 15_000
    compared: int = 5_000
    nearest: int = 10


def seen_on(histories: Histories, day: int, limits: Limits) -> Seen:
    """Return the world as it was known on a day.

    Parameters
    ----------
    histories : orders, later ones too.
    day : days from 1970-01-01.
    limits : how much is looked at.
    """
    known = histories.before_day(day).latest(limits.orders)
    mine = owned(known)
    products = assortment(known, day).first(limits.products)
    places = products.places(known.products)[mine.product]
    inside = places >= 0
    near = neighbours(
        mine.customer[inside],
        places[inside],
        count=min(limits.compared, len(products.ids)),
        nearest=limits.nearest,
    )
    return Seen(known, mine, products, near, typical_gap(known), day)


def window_days(histories: Histories, day: int) -> int | None:
    """Return the shortest window before a day in which enough known customers ordered.

    Returns
    -------
    None if in no window of at most a third of the data `CUSTOMERS_NEEDED` customers, known
    before it, ordered.
    """
    held = histories.orders > 1
    if not held.any():
        return None
    first = histories.order_day[histories.order_starts[:-1][held]]
    last = histories.order_day[histories.order_starts[1:][held] - 1]
    span = day - int(histories.order_day.min())
    longest = max(int(span * SPAN_SHARE), 1)
    widths = np.arange(1, longest + 1)
    began = np.searchsorted(np.sort(first), day - widths, side="left")
    ended = np.searchsorted(np.sort(last), day - widths, side="left")
    count = began - ended  # first before the window, last within it
    wanted = min(CUSTOMERS_WANTED, WANTED_SHARE * int(held.sum()))
    enough = np.flatnonzero(count >= wanted)
    best = int(enough[0]) if len(enough) else int(np.argmax(count))
    return int(widths[best]) if count[best] >= CUSTOMERS_NEEDED else None


def learn(seen: Seen, bought: Pairs, penalty: float) -> tuple[Blend, Blend] | None:
    """Return the weights for known and for new products.

    Parameters
    ----------
    seen : the world before the window.
    bought : what each customer bought first in it, by joint product number.
    penalty : ridge on the weights.

    Returns
    -------
    None if one of the two kinds was never bought, or always.
    """
    numbers = joint_numbers(seen.histories, seen.products)
    width = len(seen.products.ids) + len(numbers)
    keys = bought.keys(width)
    pace = seen.pace
    again = known_products(seen.histories, seen.mine, seen.products, pace)
    happened = contained(again.customer * width + numbers[again.product], keys)
    known = fit_blend(again.signs, happened, penalty=penalty)
    fresh = new_products(seen.histories, seen.mine, seen.products, seen.near, pace)
    happened = contained(fresh.customer * width + fresh.product, keys)
    new = fit_blend(fresh.signs, happened, penalty=penalty)
    return None if known is None or new is None else (known, new)


def bought_next(seen: Seen, after: Histories, customers_max: int) -> tuple[Seen, Pairs]:
    """Return customers who ordered in a window, and what their first order in it held.

    Parameters
    ----------
    seen : the world before the window.
    after : the first order in it of each customer, of the same customers and products.
    customers_max : at most so many customers; the first ones, as ids tell nothing.

    Returns
    -------
    The world with these customers only, and what they bought by joint product number.
    """
    chosen = np.flatnonzero((seen.histories.orders > 0) & (after.orders > 0))[:customers_max]
    what = joint_numbers(seen.histories, seen.products)
    fewer = after.of(chosen)
    return seen.of(chosen), pairs(fewer.order_customer[fewer.line_order], what[fewer.line_product])


def compare(seen: Seen, known: Knowledge, bought: Pairs, *, count: int) -> dict[str, Comparison]:
    """Return how the blend's lists do against the simple rule's, by part.

    Parameters
    ----------
    seen : the world before the window.
    known : the model; its weights must come from before the window.
    bought : what was bought in it.
    count : length of the lists.
    """
    found = scored(seen.histories, known, seen.pace, mine=seen.mine)
    numbers = joint_numbers(seen.histories, seen.products)
    before = pairs(seen.mine.customer, numbers[seen.mine.product])
    people = len(seen.histories.customers)
    compared = {}
    for part in PARTS:
        rows = found if part == "all" else found.only(found.is_known == (part == "repeat"))
        one = _recall(rows.lists(rows.simple, count, people), bought, before, part, count)
        two = _recall(rows.lists(rows.log_odds, count, people), bought, before, part, count)
        compared[part] = _compared(one[0], two[0], one[1])
    return compared


def _recall(
    lists: Integers, bought: Pairs, before: Pairs, part: str, count: int
) -> tuple[Floats, Flags]:
    figures = per_customer(lists, bought, k=count, known=before, part=part)
    return figures["recall"], figures["counted"] > 0


def _compared(simple: Floats, blend: Floats, counted: Flags) -> Comparison:
    people = int(counted.sum())
    if people < 2:
        return Comparison(people, 0.0, 0.0, 0.0, 0.0)
    difference = (blend - simple)[counted]
    mean, error = float(difference.mean()), float(difference.std(ddof=1)) / people**0.5
    return Comparison(
        people,
        float(simple[counted].mean()),
        float(blend[counted].mean()),
        mean - _Z * error,
        mean + _Z * error,
    )
