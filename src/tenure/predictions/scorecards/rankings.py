"""How well lists of suggested products meet what was bought next; repeats and new ones apart.

A list is a row of product numbers, best first, -1 where it ends. What was bought is a ragged
table: two arrays, the customer's row and the product's number, one entry per product bought.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError, Undefined
from tenure.predictions.scorecards.arrays import Flags, Floats, Integers, ratio

NONE = -1
"""No product: the rest of a list that is too short."""

PARTS = ("all", "repeat", "new")
"""What is counted as bought: everything, only products bought before, only others."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Distinct (customer's row, product) pairs.

    Parameters
    ----------
    rows : the customer's row, 0 and up.
    products : the product's number, 0 and up.
    """

    rows: Integers
    products: Integers

    def keys(self, width: int) -> Integers:
        """Return one number per pair; `width` is above every product's number."""
        return self.rows * width + self.products


@dataclass(frozen=True, slots=True)
class RankingFigures:
    """Means over the customers who bought at least one product that counts.

    Parameters
    ----------
    customers : number of these customers.
    recall : share of their products that the first k suggestions name.
    precision : share of k suggestions that were bought.
    hit_rate : share of customers with at least one hit among the first k.
    reciprocal_rank : mean of 1 / place of the first hit within k, 0 without one.
    gain : normalised discounted cumulative gain at k.
    """

    customers: int
    recall: float
    precision: float
    hit_rate: float
    reciprocal_rank: float
    gain: float


def pairs(rows: npt.ArrayLike, products: npt.ArrayLike) -> Pairs:
    """Return distinct pairs of customer's row and product, sorted.

    Raises
    ------
    DataError : the arrays differ in length or hold negative or broken numbers.
    """
    given = [np.asarray(rows), np.asarray(products)]
    if given[0].shape != given[1].shape or given[0].ndim != 1:
        raise DataError(
            f"rows of shape {given[0].shape}, products of shape {given[1].shape}",
            "two one-dimensional arrays of equal length",
            "give one entry per customer and product",
        )
    for name, array in zip(("rows", "products"), given, strict=True):
        if array.size and (not np.issubdtype(array.dtype, np.integer) or array.min() < 0):
            raise DataError(
                f"{name} of type {array.dtype}", "whole numbers from 0", "number them first"
            )
    row, product = (array.astype(np.int64) for array in given)
    width = int(product.max(initial=0)) + 1
    distinct = np.unique(row * width + product)
    return Pairs(distinct // width, distinct % width)


def per_customer(
    suggested: npt.ArrayLike,
    bought: Pairs,
    *,
    k: int,
    known: Pairs | None = None,
    part: str = "all",
) -> dict[str, Floats]:
    """Return the figures of each customer as sums ready to be averaged.

    Parameters
    ----------
    suggested : product numbers, best first, shape (customers, places); -1 is no product.
    bought : what was bought next.
    k : how many suggestions count.
    known : what was bought before; needed for the parts `repeat` and `new`.
    part : which of the bought products count, one of `PARTS`. The suggestions stay as they are.

    Returns
    -------
    `counted` (1 for customers who count, else 0) and one array per figure of `RankingFigures`,
    0 where the customer does not count.
    """
    lists = checked_lists(suggested, bought)[:, :k]
    bought = _part(bought, known, part)
    width = int(max(lists.max(initial=0), bought.products.max(initial=0))) + 1
    keys = np.arange(len(lists), dtype=np.int64)[:, None] * width + lists
    hits = (lists != NONE) & _contains(bought.keys(width), keys)
    number = np.bincount(bought.rows, minlength=len(lists))[: len(lists)].astype(np.float64)
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate(([0.0], np.cumsum(discount)))[np.minimum(number, k).astype(np.int64)]
    found = hits.sum(1).astype(np.float64)
    places = discount[: hits.shape[1]]
    first = np.where(hits.any(1), 1 / (hits.argmax(1) + 1), 0.0)
    return {
        "counted": (number > 0).astype(np.float64),
        "recall": np.nan_to_num(ratio(found, number)),
        "precision": found / k,
        "hit_rate": (found > 0).astype(np.float64),
        "reciprocal_rank": first,
        "gain": np.nan_to_num(ratio(hits @ places, ideal)),
    }


def checked_lists(suggested: npt.ArrayLike, bought: Pairs) -> Integers:
    """Return suggestions as an array of product numbers, one row per customer.

    Raises
    ------
    DataError : not two-dimensional, a product twice in one list, or a purchase of a customer
        who has no list.
    """
    lists = np.asarray(suggested)
    if lists.ndim != 2 or not np.issubdtype(lists.dtype, np.integer):
        raise DataError(
            f"suggestions of shape {lists.shape} and type {lists.dtype}",
            "whole numbers of shape (customers, places), -1 for no product",
            "give one row of product numbers per customer",
        )
    ordered = np.sort(lists, axis=1)
    twice = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NONE)).any(axis=1)
    if twice.any():
        raise DataError(
            f"suggestions[{int(np.argmax(twice))}] name a product twice",
            "distinct products in each list",
            "leave later mentions out",
        )
    if bought.rows.size and int(bought.rows[-1]) >= len(lists):
        raise DataError(
            f"a purchase of row {int(bought.rows[-1])}",
            f"rows from 0 to {len(lists) - 1}, as there are lists",
            "number customers alike in lists and purchases",
        )
    return lists.astype(np.int64)


def ranking_figures(
    suggested: npt.ArrayLike,
    bought: Pairs,
    *,
    k: int = 10,
    known: Pairs | None = None,
    part: str = "all",
) -> RankingFigures | Undefined:
    """Return recall, precision, hit rate, reciprocal rank and discounted gain at k.

    Parameters are those of `per_customer`.

    References
    ----------
    Järvelin, Kekäläinen (2002), Cumulated gain-based evaluation of IR techniques, ACM TOIS 20;
    Li et al. (2023), A Next Basket Recommendation Reality Check, ACM TOIS 41(4), for the split.
    """
    sums = {
        name: float(values.sum())
        for name, values in per_customer(suggested, bought, k=k, known=known, part=part).items()
    }
    counted = sums.pop("counted")
    if not counted:
        return Undefined("nobody_bought_such_products")
    return RankingFigures(int(counted), **{name: total / counted for name, total in sums.items()})


def _part(bought: Pairs, known: Pairs | None, part: str) -> Pairs:
    if part not in PARTS or (part != "all" and known is None):
        raise DataError(
            f"part {part!r} {'without' if known is None else 'with'} a history",
            f"one of {', '.join(PARTS)}; repeat and new need what was bought before",
            "hand over `known`",
        )
    if known is None or part == "all":
        return bought
    width = int(max(bought.products.max(initial=0), known.products.max(initial=0))) + 1
    again = _contains(known.keys(width), bought.keys(width))
    kept = again if part == "repeat" else ~again
    return Pairs(bought.rows[kept], bought.products[kept])


def _contains(keys: Integers, asked: Integers) -> Flags:
    """Tell for each number asked whether it is among the sorted `keys`."""
    if not keys.size:
        return np.zeros(asked.shape, np.bool_)
    place = np.minimum(np.searchsorted(keys, asked), keys.size - 1)
    return np.asarray(keys[place] == asked)
