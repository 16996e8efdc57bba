"""Arrays as they come in, checked once: finite numbers, events of 0 and 1, probabilities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def numbers(name: str, values: npt.ArrayLike, *, rows: int | None = None) -> Floats:
    """Return finite numbers as an array of doubles.

    Parameters
    ----------
    name : what the values are, for the message.
    values : one number per row.
    rows : how many there must be; None takes any.

    Raises
    ------
    DataError : not one-dimensional, of another length, or a row without a finite number.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or (rows is not None and array.size != rows):
        wanted = "one number per row" if rows is None else f"{rows} numbers, one per row"
        raise DataError(
            f"{name} of shape {array.shape}", wanted, "give one-dimensional arrays of equal length"
        )
    bad = ~np.isfinite(array)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"{name}[{row}] = {array[row]}",
            "a finite number in each row",
            "leave rows without a known outcome or score out before scoring",
        )
    return array


def events(name: str, values: npt.ArrayLike, *, rows: int | None = None) -> Floats:
    """Return what happened (1) and what did not (0).

    Raises
    ------
    DataError : as `numbers`, or a value other than 0 and 1.
    """
    return _within(name, numbers(name, values, rows=rows), "0 or 1", whole=True)


def probabilities(name: str, values: npt.ArrayLike, *, rows: int | None = None) -> Floats:
    """Return probabilities.

    Raises
    ------
    DataError : as `numbers`, or a value outside 0..1.
    """
    return _within(name, numbers(name, values, rows=rows), "a number from 0 to 1", whole=False)


def _within(name: str, array: Floats, expected: str, *, whole: bool) -> Floats:
    bad = (array != 0) & (array != 1) if whole else (array < 0) | (array > 1)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"{name}[{row}] = {array[row]:g}", expected, f"check how {name} was made, then try anew"
        )
    return array


def ratio(above: npt.ArrayLike, below: npt.ArrayLike) -> Floats:
    """Return `above / below`, not-a-number where nothing is below: such a figure is undefined."""
    denominator = np.asarray(below, np.float64)
    # Sums of nothing are exact zeros here, so equality is the right test.
    return np.asarray(above, np.float64) / np.where(denominator == 0, np.nan, denominator)
