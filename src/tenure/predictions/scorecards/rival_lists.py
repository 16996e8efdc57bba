"""Product lists that need no model: what sells most, and what the customer bought most."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tenure.predictions.scorecards.arrays import Integers
from tenure.predictions.scorecards.rankings import NONE, pairs


def popular_products(products: npt.ArrayLike) -> Integers:
    """Return the products by how often they were bought, most often first; ties by number.

    Parameters
    ----------
    products : the product's number per purchase, at the date of the forecast.
    """
    distinct, count = np.unique(np.asarray(products, np.int64), return_counts=True)
    return np.asarray(distinct[np.argsort(-count, kind="stable")])


def naive_lists(
    rows: npt.ArrayLike, products: npt.ArrayLike, *, customers: int, k: int = 10
) -> dict[str, Integers]:
    """Return each simple rival's suggestions, simplest first.

    Parameters
    ----------
    rows, products : the customer's row (0 to customers - 1) and the product's number of each
        past purchase; a product bought twice stands twice.
    customers : number of customers.
    k : suggestions per customer.

    Returns
    -------
    `popular`, `own_history` (most often bought first, ties by popularity) and
    `own_history_and_popular` (the same, filled up with what sells most); shape (customers, k).
    """
    pairs(rows, products)  # says what is wrong with them
    row, product = np.asarray(rows, np.int64), np.asarray(products, np.int64)
    best = popular_products(product)
    popular = np.full((customers, k), NONE, np.int64)
    popular[:, : min(k, best.size)] = best[:k]
    own = _own_history(row, product, best, customers, k)
    return {
        "popular": popular,
        "own_history": own,
        "own_history_and_popular": _filled(own, best[: 2 * k]),
    }


def _own_history(
    row: Integers, product: Integers, best: Integers, customers: int, k: int
) -> Integers:
    made = np.full((customers, k), NONE, np.int64)
    if not row.size:
        return made
    width = int(product.max()) + 1
    keys, count = np.unique(row * width + product, return_counts=True)
    owner, bought = keys // width, keys % width
    place_in_shop = np.empty(width, np.int64)
    place_in_shop[best] = np.arange(best.size)
    order = np.lexsort((place_in_shop[bought], -count, owner))
    owner, bought = owner[order], bought[order]
    first = np.searchsorted(owner, np.arange(customers))
    place = np.arange(owner.size) - first[owner]
    kept = place < k
    made[owner[kept], place[kept]] = bought[kept]
    return made


def _filled(own: Integers, best: Integers) -> Integers:
    """Return lists filled up with the best sellers they do not hold; 2 k of these suffice."""
    made = own.copy()
    length = (made != NONE).sum(axis=1)
    for product in best:
        open_rows = np.flatnonzero((length < made.shape[1]) & ~(own == product).any(axis=1))
        made[open_rows, length[open_rows]] = product
        length[open_rows] += 1
    return made
