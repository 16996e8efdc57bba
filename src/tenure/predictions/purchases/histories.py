"""Customers' purchase histories as the models read them: how often, how recently, how long."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError
from tenure.predictions.fitting.tuples import Tuples, distinct
from tenure.predictions.tables import columns_of, row_error

FloatArray = npt.NDArray[np.float64]

# The names that `metrics.purchases.TUPLE` has. Written out, as that room brings the engines, and
# who has only a table needs none of them.
COUNT, LAST, AGE = TUPLE = ("repeat_order_day_count", "age_at_last_order_days", "age_days")
WEIGHT = "customers"


@dataclass(frozen=True)
class Histories:
    """Checked histories; every purchase model takes them in place of a table.

    Parameters
    ----------
    count : repeat purchases, x in the literature; whole numbers.
    last : age at the last purchase, t_x, 0 <= last <= age; 0 for who never came back.
    age : time since the first purchase, T, in the same unit.
    weights : customers each row stands for; None if each stands for itself.
    table : where they come from, for further columns.
    """

    count: FloatArray
    last: FloatArray
    age: FloatArray
    weights: FloatArray | None = None
    table: object = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.count)

    @cached_property
    def customers(self) -> float:
        """The sum of weights."""
        return float(len(self) if self.weights is None else self.weights.sum())

    @cached_property
    def tuples(self) -> Tuples:
        """Distinct (count, last, age) with their weights, without the way back to the rows."""
        return distinct((self.count, self.last, self.age), self.weights)

    @cached_property
    def rows(self) -> Tuples:
        """Distinct (count, last, age) with the way back to the rows."""
        return distinct((self.count, self.last, self.age), self.weights, for_rows=True)

    @cached_property
    def ages(self) -> Tuples:
        """Distinct (count, age) with the way back to the rows: far fewer than whole tuples."""
        return distinct((self.count, self.age), self.weights, for_rows=True)


def histories_of(data: object, weights: object = None) -> Histories:
    """Return the histories in a table, checked.

    Parameters
    ----------
    data : a table with the columns of `TUPLE` and, optionally, `customers`; or `Histories`.
    weights : customers per row; goes before the table's column.

    Raises
    ------
    DataError : a column is missing or a row is impossible, e.g. a last purchase after today.
    """
    if isinstance(data, Histories):
        if weights is None:
            return data
        return Histories(data.count, data.last, data.age, _weights(weights, len(data)), data.table)
    columns = columns_of(data, TUPLE, optional=(WEIGHT,))
    count, last, age = (columns[name] for name in TUPLE)
    _check(count, last, age)
    given = columns.get(WEIGHT) if weights is None else _weights(weights, len(count))
    return Histories(count, last, age, given, data)


def _weights(weights: object, row_count: int) -> FloatArray:
    found = columns_of({"weights": weights}, ("weights",))["weights"]
    if len(found) != row_count:
        raise DataError(
            f"{len(found)} weights for {row_count} rows", "one weight per row", "pass as many"
        )
    return found


def _check(count: FloatArray, last: FloatArray, age: FloatArray) -> None:
    rules = (
        (COUNT, count, count != np.rint(count), "a whole number"),
        (LAST, last, last > age, f"at most {AGE}"),
        (LAST, last, (count == 0) & (last > 0), f"0 where {COUNT} is 0"),
    )
    for name, values, wrong, expected in rules:
        if wrong.any():
            row = int(np.argmax(wrong))
            raise row_error(name, row, values[row], expected)
