"""The products a customer may want next, and the signs for each: known to her, or new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.kernel.scipy_library import sparse
from tenure.predictions.next_purchase.assortment import Assortment, Owned, owned
from tenure.predictions.next_purchase.histories import Flags, Floats, Histories, Integers
from tenure.predictions.next_purchase.neighbours import Neighbours, SparseMatrix

POPULAR = 60
"""So many popular and recently popular products are candidates for everybody."""
NEAREST = 60
"""So many of the products nearest to what she buys are candidates."""
OWN_PRODUCTS = 40
"""Neighbours are looked up for so many of a customer's products, her most bought first."""

_FADING = 0.9  # weight of an order relative to the one after it
_SLOW_FADING = 0.95
_PSEUDO_GAPS = 2.0


@dataclass(frozen=True, slots=True)
class Paces:
    """How each customer shops.

    Parameters
    ----------
    orders : her number of orders.
    lines : mean number of products of an order.
    gap_days : mean days between two orders, drawn towards the typical customer's.
    now_day : the day for which her next order is judged, from 1970-01-01.
    """

    orders: Integers
    lines: Floats
    gap_days: Floats
    now_day: Floats


@dataclass(frozen=True, slots=True)
class Candidates:
    """One row per customer and product.

    Parameters
    ----------
    customer : the customer's number.
    product : the product's number: in the histories for known ones, in the assortment for new.
    signs : what the blend weighs, one column each.
    simple : what the simple rule ranks by, best highest.
    """

    customer: Integers
    product: Integers
    signs: Floats
    simple: Floats


def paces(histories: Histories, typical_gap_days: float, as_of_day: int | None) -> Paces:
    """Return how each customer shops.

    Parameters
    ----------
    histories : the orders before the day.
    typical_gap_days : mean days between two orders of the typical customer.
    as_of_day : days from 1970-01-01; None judges each customer at her own next order.

    Notes
    -----
    The next order is expected one mean gap after the last one, or now where that has passed.
    """
    orders = histories.orders
    held = orders > 0
    first, last = np.zeros(len(orders)), np.zeros(len(orders))
    first[held] = histories.order_day[histories.order_starts[:-1][held]]
    last[held] = histories.order_day[histories.order_starts[1:][held] - 1]
    gap = (last - first + _PSEUDO_GAPS * typical_gap_days) / (
        np.maximum(orders - 1, 0) + _PSEUDO_GAPS
    )
    now = last + gap if as_of_day is None else np.maximum(as_of_day, last + gap)
    lines = np.bincount(
        histories.order_customer[histories.line_order], minlength=len(orders)
    ) / np.maximum(orders, 1)
    return Paces(orders, lines, gap, now)


def typical_gap(histories: Histories) -> float:
    """Return the mean days between two orders of a customer, one vote per gap; 30 without any."""
    inner = np.ones(len(histories.order_day), np.bool_)
    inner[histories.order_starts[:-1][histories.orders > 0]] = False
    gaps = np.diff(histories.order_day, prepend=0)[inner]
    return float(max(gaps.mean(), 1.0)) if len(gaps) else 30.0


def known_products(
    histories: Histories, mine: Owned, products: Assortment, pace: Paces
) -> Candidates:
    """Return every product that a customer has bought, with the signs that she wants it again."""
    who = mine.customer
    orders = pace.orders[who].astype(np.float64)
    back = (histories.orders[who] - 1 - mine.last).astype(np.float64)
    line_customer = histories.order_customer[histories.line_order]
    line_back = histories.order_starts[line_customer + 1] - 1 - histories.line_order
    faded = np.bincount(mine.line_pair, _FADING**line_back, len(who))
    whole = (1 - _FADING**orders) / (1 - _FADING)
    figures = products.figures(products.places(histories.products))[mine.product]
    since = np.maximum(pace.now_day[who] - mine.last_day, 0.0)
    own_days = (mine.last_day - mine.first_day) + _PSEUDO_GAPS * figures[:, 3]
    due = np.log(since / np.maximum(own_days / (mine.times - 1 + _PSEUDO_GAPS), 0.5) + 0.1)
    signs = np.column_stack(
        [
            _logit((mine.times + 0.2) / (orders + 2)),
            _logit((faded + 0.1) / (whole + 1)),
            np.log1p(back),
            np.log1p(since),
            due,
            due**2,
            np.log(figures[:, 0]),
            np.log(figures[:, 1]),
            _logit(figures[:, 2]),
            np.log(pace.lines[who]),
            np.log(orders),
            (mine.times == 1).astype(np.float64),
        ]
    )
    return Candidates(who, mine.product, signs, mine.times + figures[:, 0])


def new_products(
    histories: Histories, mine: Owned, products: Assortment, near: Neighbours, pace: Paces
) -> Candidates:
    """Return products that a customer has not bought, with the signs that she will."""
    places = products.places(histories.products)
    likeness = _likeness(histories, mine, places, near, len(products.ids))
    who, what, alike = _gathered(likeness, products, len(histories.customers))
    width = len(products.ids) + 1
    have = np.sort(mine.customer * width + places[mine.product])
    fresh = ~contained(who * width + what, have)
    who, what, alike = who[fresh], what[fresh], alike[fresh]
    figures = products.figures(what)
    owns = np.bincount(mine.customer, minlength=len(histories.customers))
    signs = np.column_stack(
        [
            np.log(figures[:, 0]),
            np.log(figures[:, 1]),
            np.log(alike + 1e-3),
            np.log1p(pace.lines[who]),
            np.log1p(owns[who]),
        ]
    )
    return Candidates(who, what, signs, figures[:, 0])


def interests(histories: Histories, mine: Owned) -> Floats:
    """Return the weight of each product in what its customer buys; they sum to 1.

    Only her `OWN_PRODUCTS` weightiest products have any; recent orders weigh more.
    """
    line_customer = histories.order_customer[histories.line_order]
    line_back = histories.order_starts[line_customer + 1] - 1 - histories.line_order
    weight = np.bincount(mine.line_pair, _SLOW_FADING**line_back, len(mine.customer))
    order = np.lexsort((mine.product, -weight, mine.customer))
    place = np.empty(len(order), np.int64)
    ranked = mine.customer[order]
    place[order] = np.arange(len(order)) - np.searchsorted(ranked, ranked)
    weight = np.where(place < OWN_PRODUCTS, weight, 0.0)
    whole = np.bincount(mine.customer, weight, len(histories.customers))
    return np.asarray(weight / whole[mine.customer], dtype=np.float64)


def _likeness(
    histories: Histories, mine: Owned, places: Integers, near: Neighbours, width: int
) -> SparseMatrix:
    """Return how near each product is to what each customer buys."""
    weight = interests(histories, mine)
    used = (weight > 0) & (places[mine.product] >= 0)
    bought = sparse.csr_array(
        (weight[used], (mine.customer[used], places[mine.product][used])),
        shape=(len(histories.customers), width),
    )
    return sparse.csr_array(bought @ near.matrix(width))


def _gathered(
    likeness: SparseMatrix, products: Assortment, customers: int
) -> tuple[Integers, Integers, Floats]:
    """Return the nearest and the popular products as rows of customer, product, likeness."""
    likeness.sort_indices()
    counts = np.diff(likeness.indptr)
    who = np.repeat(np.arange(customers), counts)
    what, alike = likeness.indices.astype(np.int64), likeness.data
    order = np.lexsort((-alike, who))  # stable: of equals, the product more often bought
    nearest = order[np.arange(len(order)) - np.repeat(likeness.indptr[:-1], counts) < NEAREST]
    count = len(products.ids)
    recent = np.argsort(-products.recent, kind="stable")[:POPULAR]
    everyone = np.union1d(np.arange(min(POPULAR, count)), recent)
    width = count + 1
    pairs = who * width + what  # sorted, as rows and indices are
    listed = (np.arange(customers)[:, None] * width + everyone).ravel()
    keys = np.sort(np.concatenate((pairs[nearest], listed[~contained(listed, pairs)])))
    place = np.minimum(np.searchsorted(pairs, keys), max(len(pairs) - 1, 0))
    found = contained(keys, pairs)
    likeness_of = np.zeros(len(keys))
    likeness_of[found] = alike[place[found]]
    return keys // width, keys % width, likeness_of


def contained(keys: Integers, among: Integers) -> Flags:
    """Tell for each key whether it is among sorted ones."""
    if not len(among):
        return np.zeros(len(keys), np.bool_)
    return np.asarray(among[np.minimum(np.searchsorted(among, keys), len(among) - 1)] == keys)


def _logit(share: Floats) -> Floats:
    return np.asarray(np.log(share) - np.log1p(-share), dtype=np.float64)


__all__ = [
    "Candidates",
    "Paces",
    "interests",
    "known_products",
    "new_products",
    "owned",
    "paces",
    "typical_gap",
]
