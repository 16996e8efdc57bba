"""What to suggest to somebody of whom no order is known: popular products, by what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.predictions.next_purchase.histories import Integers, days_of, order_rows, ranked

GROUPS_MAX = 30
"""So many sources and so many categories have a list of their own, the largest ones."""
LENGTH = 20

_PSEUDO_BUYERS = 50.0


@dataclass(frozen=True, slots=True)
class Starters:
    """Products that first orders hold.

    Parameters
    ----------
    everyone : of all newcomers, best first.
    sources : by acquisition source.
    categories : the popular products of each category.
    """

    everyone: list[str]
    sources: dict[str, list[str]]
    categories: dict[str, list[str]]

    def of(self, *, source: str | None = None, category: str | None = None) -> list[str]:
        """Return the list that fits what is known; that of everyone where nothing does."""
        if category in self.categories:
            return list(self.categories[category])
        return list(self.sources.get(source or "", self.everyone))

    def as_dict(self) -> dict[str, Any]:
        """Return the lists as plain values for JSON."""
        return {
            "everyone": self.everyone,
            "sources": self.sources,
            "categories": self.categories,
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Starters:
        """Make the lists again from what `as_dict` returned."""
        return cls(
            list(described["everyone"]),
            {name: list(ids) for name, ids in described["sources"].items()},
            {name: list(ids) for name, ids in described["categories"].items()},
        )


def starters(lines: Any, day: int) -> Starters:  # noqa: ANN401 - any kind of table
    """Return what first orders before a day hold.

    A source's list is drawn towards everyone's, so that a source with few customers
    differs little.

    Parameters
    ----------
    lines : as `read_histories` takes them; `source` and `category` may be there.
    day : days from 1970-01-01.
    """
    rows = order_rows(lines)
    rows = rows.filter(pa.array(days_of(rows["occurred_on"]) < day))
    if not rows.num_rows:
        return Starters([], {}, {})
    customer, _ = ranked(rows["customer_id"])
    product, products = ranked(rows["product_id"])
    days = days_of(rows["occurred_on"])
    first = np.full(int(customer.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, customer, days)
    began = days == first[customer]
    width = len(products)
    buyers = _counts(customer[began], product[began], width)
    sources: dict[str, list[str]] = {}
    if "source" in rows.column_names:
        for name, mine in _groups(rows["source"]):
            chosen = began & mine
            own = _counts(customer[chosen], product[chosen], width)
            lent = _PSEUDO_BUYERS * buyers / max(len(first), 1)
            sources[name] = _top(own + lent, products)
    categories: dict[str, list[str]] = {}
    if "category" in rows.column_names:
        for name, mine in _groups(rows["category"]):
            categories[name] = _top(_counts(customer[mine], product[mine], width), products)
    return Starters(_top(buyers, products), sources, categories)


def _counts(customer: Integers, product: Integers, width: int) -> np.ndarray:
    """Return how many customers bought each product."""
    pairs = np.unique(customer * width + product)
    return np.bincount(pairs % width, minlength=width).astype(np.float64)


def _groups(column: pa.ChunkedArray) -> list[tuple[str, np.ndarray]]:
    """Return the largest groups of rows by a text column; of equals, the first by name."""
    number, names = ranked(column.filter(pc.is_valid(column)))
    sizes = np.bincount(number, minlength=len(names))
    largest = np.lexsort((np.arange(len(names)), -sizes))[:GROUPS_MAX]
    texts = column.cast(pa.string())
    found = []
    for group in largest:
        name = names[int(group)].as_py()
        mine = pc.fill_null(pc.equal(texts, name), False)
        found.append((name, mine.to_numpy().astype(np.bool_)))
    return found


def _top(score: np.ndarray, products: pa.Array) -> list[str]:
    order = np.lexsort((np.arange(len(score)), -score))[:LENGTH]
    return list(products.take(pa.array(order[score[order] > 0])).to_pylist())
