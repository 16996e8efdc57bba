"""Order lines of some customers as arrays: who bought what in which of her orders, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tenure.kernel import DataError

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

EPOCH = date(1970, 1, 1)
ORDERS_MAX = 50
"""Orders looked back on: older ones say little about the next, and memory stays bounded."""

_NEEDED = ("customer_id", "occurred_on", "product_id")


@dataclass(frozen=True, slots=True)
class Histories:
    """Distinct products of orders, sorted by customer, order and product.

    Customers and products are numbered in the order of their ids, so no answer depends on the
    order of rows.

    Parameters
    ----------
    customers, products : the ids behind the numbers.
    order_starts : where each customer's orders begin in the arrays of orders; one entry more
        than there are customers.
    order_day : day of each order, counted from 1970-01-01; orders of a customer in order of time.
    line_order : number of the order of each line.
    line_product : number of the product of each line.
    """

    customers: pa.Array
    products: pa.Array
    order_starts: Integers
    order_day: Integers
    line_order: Integers
    line_product: Integers

    @property
    def order_customer(self) -> Integers:
        """The customer's number of each order."""
        return np.repeat(np.arange(len(self.customers)), np.diff(self.order_starts))

    @property
    def orders(self) -> Integers:
        """The number of orders of each customer."""
        return np.diff(self.order_starts)

    def before(self, as_of: date) -> Histories:
        """Return the histories as they were known at a date: orders on earlier days only."""
        return self.before_day(day_number(as_of))

    def before_day(self, day: int) -> Histories:
        """Return the same as `before` for a day counted from 1970-01-01."""
        return self._kept(self.order_day < day)

    def latest(self, orders_max: int = ORDERS_MAX) -> Histories:
        """Return each customer's latest orders only."""
        place = np.arange(len(self.order_day))
        ends = np.repeat(self.order_starts[1:], self.orders)
        return self._kept(place >= ends - orders_max)

    def first_from_day(self, day: int) -> Histories:
        """Return each customer's first order on a day or later; nothing of who has none."""
        known = np.concatenate(([0], np.cumsum(self.order_day < day)))
        first = (
            self.order_starts[:-1] + known[self.order_starts[1:]] - known[self.order_starts[:-1]]
        )
        kept = np.zeros(len(self.order_day), np.bool_)
        kept[first[first < self.order_starts[1:]]] = True
        return self._kept(kept)

    def of(self, chosen: Integers) -> Histories:
        """Return the histories of some customers, by their numbers, in ascending order."""
        wanted = np.zeros(len(self.customers), np.bool_)
        wanted[chosen] = True
        cut = self._kept(wanted[self.order_customer])
        starts = np.concatenate(([0], np.cumsum(cut.orders[wanted])))
        return Histories(
            self.customers.filter(pa.array(wanted)),
            self.products,
            starts,
            cut.order_day,
            cut.line_order,
            cut.line_product,
        )

    def _kept(self, kept: Flags) -> Histories:
        """Return the same customers with some of their orders."""
        running = np.concatenate(([0], np.cumsum(kept)))
        lines = kept[self.line_order]
        return Histories(
            self.customers,
            self.products,
            running[self.order_starts],
            self.order_day[kept],
            running[self.line_order[lines]],
            self.line_product[lines],
        )


def day_number(day: date) -> int:
    """Return the days from 1970-01-01 to a date."""
    return (day - EPOCH).days


def read_histories(lines: Any) -> Histories:  # noqa: ANN401 - any kind of table
    """Return order lines as histories; rows without a customer or product are left out.

    Parameters
    ----------
    lines : an Arrow table, or a mapping of columns, or a pandas or Polars table, with
        `customer_id`, `occurred_on` (date) and `product_id`; optionally `order_id` (without it
        an order is a customer's day), `occurred_at` (instant, puts orders of one day in order)
        and `kind` (rows other than `order` are left out).

    Raises
    ------
    DataError : a column is missing, or a day is not a date.
    """
    table = order_rows(lines)
    customer, customers = ranked(table["customer_id"])
    product, products = ranked(table["product_id"])
    day = days_of(table["occurred_on"])
    instant = day
    if "occurred_at" in table.column_names:
        instants = table["occurred_at"].cast(pa.timestamp("us")).cast(pa.int64())
        instant = pc.fill_null(instants, 0).to_numpy().astype(np.int64)
    if "order_id" in table.column_names:
        days = table["occurred_on"].cast(pa.date32()).cast(pa.string())
        order, _ = ranked(pc.coalesce(table["order_id"].cast(pa.string()), days))
    else:
        order = day
    return _gathered(customers, products, customer, product, order, day, instant)


def order_rows(lines: Any) -> pa.Table:  # noqa: ANN401 - any kind of table
    """Return the rows of orders that name a customer, a day and a product, checked.

    Parameters
    ----------
    lines : as `read_histories` takes them.
    """
    table = table_of(lines, _NEEDED)
    wanted = pc.and_(pc.is_valid(table["customer_id"]), pc.is_valid(table["product_id"]))
    wanted = pc.and_(wanted, pc.is_valid(table["occurred_on"]))
    if "kind" in table.column_names:
        wanted = pc.and_(wanted, pc.equal(table["kind"], "order"))
    return table.filter(wanted)


def ranked(column: Any) -> tuple[Integers, pa.Array]:  # noqa: ANN401 - Arrow has no types
    """Return each value's number and the distinct values as sorted text."""
    texts = column.cast(pa.string())
    encoded = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    encoded = encoded.dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    return rank[codes], encoded.dictionary.take(pa.array(order))


def table_of(lines: Any, needed: Sequence[str]) -> pa.Table:  # noqa: ANN401 - any kind of table
    """Return any kind of table as an Arrow table.

    Parameters
    ----------
    lines : an Arrow, pandas or Polars table, or a mapping of columns.
    needed : the columns that must be there.

    Raises
    ------
    DataError : it is none of these, or a column is missing.
    """
    table = _arrow(lines)
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        raise DataError(
            f"a table with the columns {', '.join(table.column_names) or '(none)'}",
            f"also {', '.join(missing)}",
            "add the column, or rename the one that holds it",
        )
    return table


def _arrow(lines: Any) -> pa.Table:  # noqa: ANN401 - any kind of table
    if isinstance(lines, pa.Table):
        return lines
    if isinstance(lines, pa.RecordBatch):
        return pa.Table.from_batches([lines])
    if hasattr(lines, "to_arrow"):  # Polars
        return lines.to_arrow()
    if hasattr(lines, "iloc"):  # pandas
        return pa.Table.from_pandas(lines, preserve_index=False)
    if hasattr(lines, "keys"):
        return pa.table({name: pa.array(lines[name]) for name in lines})
    raise DataError(
        f"order lines as a {type(lines).__name__}",
        "an Arrow, pandas or Polars table, or a mapping of columns",
        "put the columns into one of these",
    )


def days_of(column: pa.ChunkedArray) -> Integers:
    """Return dates as days from 1970-01-01.

    Raises
    ------
    DataError : the column holds no dates.
    """
    if not (pa.types.is_date(column.type) or pa.types.is_timestamp(column.type)):
        raise DataError(
            f"occurred_on of type {column.type}", "dates", "convert the column to dates first"
        )
    numbers = column.cast(pa.date32()).cast(pa.int32()).to_numpy()
    return np.asarray(numbers, dtype=np.int64)


def _gathered(
    customers: pa.Array,
    products: pa.Array,
    customer: Integers,
    product: Integers,
    order: Integers,
    day: Integers,
    instant: Integers,
) -> Histories:
    """Put lines in order; an order happens when its first line does."""
    by_order = np.lexsort((instant, order, customer))
    begins = _changes(customer[by_order], order[by_order])
    number = np.empty(len(customer), np.int64)
    number[by_order] = np.cumsum(begins) - 1
    heads = by_order[begins]
    # `heads` are sorted by customer and order id; put the orders of a customer in order of time.
    in_time = np.lexsort((order[heads], instant[heads], customer[heads]))
    place = np.empty(len(heads), np.int64)
    place[in_time] = np.arange(len(heads))
    line_order = place[number]
    in_line = np.lexsort((product, line_order))
    distinct = in_line[_changes(line_order[in_line], product[in_line])]
    counts = np.bincount(customer[heads], minlength=len(customers))
    return Histories(
        customers,
        products,
        np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        day[heads][in_time],
        line_order[distinct],
        product[distinct],
    )


def _changes(*keys: Integers) -> Flags:
    """Tell where a run of equal rows begins."""
    changed = np.zeros(len(keys[0]), np.bool_)
    changed[:1] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    return changed
