"""Which products are bought by the same customers: the nearest few of each, sparse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.kernel.scipy_library import sparse
from tenure.predictions.next_purchase.histories import Integers

SparseMatrix = Any
"""A `scipy.sparse.csr_array`."""

STEPS = 10_000
"""Similarities are whole steps of one ten-thousandth: short as text, equal when reloaded."""

SHARED_MIN = 3
"""Customers who must have bought both products: fewer are chance, and they are by far the most."""

_BLOCK = 256
_PSEUDO_BUYERS = 10.0


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest products of each product that has any.

    Parameters
    ----------
    starts : where each product's neighbours begin, one entry more than there are products.
    products : the neighbours' numbers, the nearest first.
    steps : their similarity in ten-thousandths, 1..10000.
    """

    starts: Integers
    products: Integers
    steps: Integers

    def matrix(self, width: int) -> SparseMatrix:
        """Return similarities as a sparse square matrix of so many products."""
        starts = np.concatenate(
            (self.starts, np.full(width + 1 - len(self.starts), self.starts[-1]))
        )
        values = self.steps / STEPS
        return sparse.csr_array((values, self.products, starts), shape=(width, width))

    def first(self, count: int) -> Neighbours:
        """Return the neighbours of the first products only; others may still be neighbours."""
        starts = self.starts[: count + 1]
        return Neighbours(starts, self.products[: starts[-1]], self.steps[: starts[-1]])

    def among(self, count: int) -> Neighbours:
        """Return the same without neighbours from this number on."""
        kept = self.products < count
        running = np.concatenate(([0], np.cumsum(kept)))
        return Neighbours(running[self.starts], self.products[kept], self.steps[kept])

    def as_dict(self) -> dict[str, Any]:
        """Return the neighbours as plain values for JSON."""
        return {
            "counts": np.diff(self.starts).tolist(),
            "products": self.products.tolist(),
            "steps": self.steps.tolist(),
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Neighbours:
        """Make the neighbours again from what `as_dict` returned."""
        counts = np.array(described["counts"], dtype=np.int64)
        return cls(
            np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            np.array(described["products"], dtype=np.int64),
            np.array(described["steps"], dtype=np.int64),
        )


def neighbours(customer: Integers, product: Integers, *, count: int, nearest: int) -> Neighbours:
    """Return the products most similar to each of the first ones, by the customers they share.

    The similarity of two products is the cosine of their buyers, n_ab / sqrt(n_a n_b), with a few
    buyers added to n_a and n_b so that two products sold once together are not twins. It is
    worked out for a few hundred products at a time; memory holds no square of the assortment.

    Parameters
    ----------
    customer, product : distinct pairs of who bought what.
    count : the products from 0 to `count` - 1 are compared with each other; others are left out.
    nearest : how many are kept of each, at least 1.

    References
    ----------
    Linden, Smith, York (2003), Amazon.com Recommendations: Item-to-Item Collaborative Filtering,
    IEEE Internet Computing 7(1), doi:10.1109/MIC.2003.1167344.
    """
    people = int(customer.max(initial=-1)) + 1
    compared = product < count
    customer, product = customer[compared], product[compared]
    ones = np.ones(len(customer))
    buyers = sparse.csr_array((ones, (product, customer)), shape=(count, people))
    by_customer = sparse.csr_array(buyers.T)
    size = np.sqrt(np.diff(buyers.indptr) + _PSEUDO_BUYERS)
    kept, counts = [], []
    for start in range(0, count, _BLOCK):
        shared = sparse.coo_array(buyers[start : start + _BLOCK] @ by_customer)
        often = shared.data >= SHARED_MIN
        row, column = shared.row[often].astype(np.int64) + start, shared.col[often].astype(np.int64)
        steps = np.round(STEPS * shared.data[often] / (size[row] * size[column])).astype(np.int64)
        usable = (row != column) & (steps > 0)
        row, column, steps = row[usable], column[usable], steps[usable]
        order = np.lexsort((column, -steps, row))
        row, column, steps = row[order], column[order], steps[order]
        place = np.arange(len(row)) - np.searchsorted(row, row)
        near = place < nearest
        kept.append((column[near], steps[near]))
        block = min(_BLOCK, count - start)
        counts.append(np.bincount(row[near] - start, minlength=block))
    empty = np.empty(0, np.int64)
    return Neighbours(
        np.concatenate(([0], np.cumsum(np.concatenate([empty, *counts])))).astype(np.int64),
        np.concatenate([empty, *(columns for columns, _ in kept)]),
        np.concatenate([empty, *(steps for _, steps in kept)]),
    )
