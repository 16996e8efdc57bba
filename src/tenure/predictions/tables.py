"""Read numeric columns from whatever table a person has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError

FloatArray = npt.NDArray[np.float64]


def columns_of(
    data: object,
    names: Sequence[str],
    *,
    optional: Sequence[str] = (),
    signed: Collection[str] = (),
    missing: Collection[str] = (),
) -> dict[str, FloatArray]:
    """Return named columns as arrays of float64, checked.

    Parameters
    ----------
    data : a mapping of arrays, a pandas, Arrow or Polars table, or a two-dimensional array whose
        columns stand in the order of `names` (then of `optional`).
    names : the columns that must be there.
    optional : columns that are returned if they are there.
    signed : columns that may hold negative numbers; in all others they are an error.
    missing : columns that may lack values; they come as NaN.

    Returns
    -------
    Name and values, all of one length; a float64 column is not copied where the table allows.

    Raises
    ------
    DataError : a column is missing or not numeric, lengths differ, or a row holds NaN, infinity
        or a negative number; it names the column and the first such row.
    """
    if _is_matrix(data):
        found = _by_position(data, names, optional)
    else:
        present = _present(data)
        absent = [name for name in names if name not in present]
        if absent:
            raise DataError(
                f"a table with the columns {', '.join(map(str, present)) or '(none)'}",
                f"also {', '.join(absent)}",
                "add the column, or rename the one that holds it",
            )
        wanted = [*names, *(name for name in optional if name in present)]
        found = {name: _numbers(name, _column(data, name)) for name in wanted}
    lengths = {name: len(values) for name, values in found.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(
            f"columns of different lengths: {lengths}",
            "one value per row in each",
            "pass columns of the same table",
        )
    for name, values in found.items():
        _check(name, values, is_signed=name in signed, may_miss=name in missing)
    return found


def texts_of(data: object, name: str) -> npt.NDArray[np.object_]:
    """Return one column as Python values, for categories; missing values are None or NaN.

    Raises
    ------
    DataError : the table has no such column.
    """
    present = () if _is_matrix(data) else _present(data)
    if name not in present:
        raise DataError(
            f"a table without the column {name}",
            f"the column {name}, by name",
            "pass a table with named columns that has it",
        )
    return np.asarray(_column(data, name), dtype=object)


def row_error(name: str, row: int, value: object, expected: str) -> DataError:
    """Return the error that names a column, its first wrong row (from 0) and the value there."""
    return DataError(
        f"{name} = {value} in row {row} (counted from 0)", expected, "correct or leave out the row"
    )


def _is_matrix(data: object) -> bool:
    return isinstance(data, np.ndarray) and data.dtype.names is None


def _by_position(
    data: Any,  # noqa: ANN401 - any dtype
    names: Sequence[str],
    optional: Sequence[str],
) -> dict[str, FloatArray]:
    every = [*names, *optional]
    if data.ndim != 2 or not len(names) <= data.shape[1] <= len(every):
        raise DataError(
            f"an array of shape {data.shape}",
            f"two dimensions with the columns {', '.join(every)}",
            "put the columns side by side, or pass a table with names",
        )
    return {name: _numbers(name, data[:, i]) for i, name in enumerate(every[: data.shape[1]])}


def _present(data: Any) -> list[str]:  # noqa: ANN401 - any kind of table
    if hasattr(data, "column_names"):  # Arrow
        return list(data.column_names)
    if hasattr(data, "columns"):  # pandas, Polars
        return list(data.columns)
    if hasattr(data, "keys"):
        return list(data.keys())
    if isinstance(data, np.ndarray):
        return list(data.dtype.names or ())
    raise DataError(
        f"a {type(data).__name__}",
        "a mapping of columns, a pandas, Arrow or Polars table, or a two-dimensional array",
        "put the columns into one of these",
    )


def _column(data: Any, name: str) -> Any:  # noqa: ANN401 - any kind of column
    column = data[name]
    return column.to_numpy() if hasattr(column, "to_numpy") else column


def _numbers(name: str, values: object) -> FloatArray:
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"{name} with values that are not numbers",
            "numbers",
            "convert the column to numbers first",
        ) from None
    if numbers.ndim != 1:
        raise DataError(
            f"{name} with {numbers.ndim} dimensions", "one value per row", "pass a flat column"
        )
    return numbers


def _check(name: str, values: FloatArray, *, is_signed: bool, may_miss: bool) -> None:
    if not len(values):
        return
    low, high = float(values.min()), float(values.max())  # NaN wins both
    if np.isfinite(low) and np.isfinite(high) and (is_signed or low >= 0):
        return
    right = np.isfinite(values)
    if not is_signed:
        right &= values >= 0
    if may_miss:
        right |= np.isnan(values)
    if right.all():
        return
    row = int(np.argmin(right))
    expected = "a finite number" if is_signed else "a number from 0 up"
    raise row_error(name, row, values[row], expected)
