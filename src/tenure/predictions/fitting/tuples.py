"""Distinct rows with weights: a million customers are far fewer different histories.

Counts and whole days lie on a grid, and so do days told in weeks or seconds. Such a row is packed
into one 64-bit key. Where the keys are few, a table counts them; else one sort groups equal rows.
Continuous time stamps have no equal rows: they are recognised from a few of them and left as they
are, unsorted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_KEY_BITS = 62
_LOOKED_AT = 1000
_TABLE_PER_ROW = 4
_PART = 16_384  # rows worked on at once: they stay in the processor's cache
_ON_GRID = 1e-6  # of a step; what dividing by 7 or 86,400 leaves is a millionth of that


@dataclass(frozen=True)
class Tuples:
    """Distinct rows and how many customers stand behind each.

    Parameters
    ----------
    columns : one array per column, all of one length.
    weights : customers per distinct row.
    row_count : rows that were given.
    places : for each given row its distinct row; None if rows stand for themselves, or if the
        way back was not asked for.
    """

    columns: tuple[FloatArray, ...]
    weights: FloatArray
    row_count: int
    places: npt.NDArray[np.int32] | None = None

    def __len__(self) -> int:
        """Return the number of distinct rows."""
        return len(self.weights)

    @property
    def customers(self) -> float:
        """The sum of weights."""
        return float(self.weights.sum())

    def spread(self, values: FloatArray) -> FloatArray:
        """Return one value per given row from one value per distinct row."""
        if self.places is not None:
            return values[self.places]
        if self.row_count != len(values):
            raise ValueError("the way back to the rows was not kept: pass for_rows=True")
        return values

    def sample(self, count: int) -> Tuples:
        """Return about `count` customers, evenly picked along the rows, weighted up to all.

        Where the rows are sorted this is a stratified sample, closer to the whole than chance.
        """
        reached = np.cumsum(self.weights)
        places = (np.arange(count) + 0.5) * (reached[-1] / count)
        picked, times = np.unique(np.searchsorted(reached, places), return_counts=True)
        picked = np.minimum(picked, len(self) - 1)
        columns = tuple(column[picked] for column in self.columns)
        return Tuples(columns, times * (reached[-1] / count), len(picked))


@dataclass(frozen=True)
class _Grid:
    """A column as whole steps: value = low + code * step."""

    low: float
    step: float
    bits: int

    def codes(self, values: FloatArray) -> IntArray | None:
        """Return each value's step, or None if one lies between two."""
        exact = values - self.low
        exact /= self.step
        codes = np.rint(exact)
        exact -= codes
        np.abs(exact, out=exact)
        return codes.astype(np.int64) if exact.max() < _ON_GRID else None

    def values(self, codes: IntArray) -> FloatArray:
        """Return the values on the grid."""
        found = codes * np.float64(self.step)
        found += self.low
        return found.astype(np.float64, copy=False)


def distinct(
    columns: Sequence[FloatArray],
    weights: FloatArray | None = None,
    *,
    for_rows: bool = False,
) -> Tuples:
    """Return the distinct rows of some columns, sorted by the first column, then the next.

    Parameters
    ----------
    columns : arrays of one length, finite.
    weights : customers each row stands for; None counts each row once.
    for_rows : keep the way back, for `Tuples.spread`; costs a slower sort.

    Returns
    -------
    The distinct rows. Rows that lie on no common grid, or too wide a one, stand for themselves
    in their own order.
    """
    row_count = len(columns[0])
    packed = None
    if row_count:
        packed = _pack(columns, by_gap=True) or _pack(columns, by_gap=False)
    if packed is None:
        own = np.ones(row_count) if weights is None else weights
        return Tuples(tuple(columns), own, row_count)
    keys, grids = packed
    if 1 << sum(grid.bits for grid in grids) <= _TABLE_PER_ROW * row_count:
        return _tabled(keys, grids, weights, for_rows=for_rows)
    return _sorted(keys, grids, weights, for_rows=for_rows)


def _pack(columns: Sequence[FloatArray], *, by_gap: bool) -> tuple[IntArray, list[_Grid]] | None:
    """Return one key per row and how to read it, or None if the columns lie on no grid."""
    grids: list[_Grid] = []
    for column in columns:
        grid = _grid(column, by_gap=by_gap)
        if grid is None:
            return None
        grids.append(grid)
    if sum(grid.bits for grid in grids) > _KEY_BITS:
        return None
    keys = np.zeros(len(columns[0]), dtype=np.int64)
    for first in range(0, len(keys), _PART):
        part = keys[first : first + _PART]
        for column, grid in zip(columns, grids, strict=True):
            codes = grid.codes(column[first : first + _PART])
            if codes is None:
                return None
            part <<= grid.bits
            part |= codes
    return keys, grids


def _tabled(
    keys: IntArray, grids: Sequence[_Grid], weights: FloatArray | None, *, for_rows: bool
) -> Tuples:
    counts = np.bincount(keys)
    present = np.flatnonzero(counts)
    summed = counts if weights is None else np.bincount(keys, weights)
    places = None
    if for_rows:
        numbers = np.cumsum(counts > 0, dtype=np.int32) - np.int32(1)
        places = numbers[keys]
    columns = _unpack(present, grids)
    return Tuples(columns, summed[present].astype(np.float64), len(keys), places)


def _sorted(
    keys: IntArray, grids: Sequence[_Grid], weights: FloatArray | None, *, for_rows: bool
) -> Tuples:
    row_count, order = len(keys), None
    if for_rows or weights is not None:
        order = np.argsort(keys)
        keys = keys[order]
    else:
        keys.sort()
    is_first = np.concatenate(([True], keys[1:] != keys[:-1]))
    starts = np.flatnonzero(is_first)
    if weights is None or order is None:
        summed = np.diff(np.append(starts, row_count)).astype(np.float64)
    else:
        summed = np.add.reduceat(weights[order], starts)
    places = None
    if for_rows and order is not None:
        places = np.empty(row_count, dtype=np.int32)
        places[order] = np.cumsum(is_first, dtype=np.int32) - np.int32(1)
    return Tuples(_unpack(keys[starts], grids), summed, row_count, places)


def _unpack(keys: IntArray, grids: Sequence[_Grid]) -> tuple[FloatArray, ...]:
    found: list[FloatArray] = []
    rest = keys
    for grid in reversed(grids):
        found.append(grid.values(rest & ((1 << grid.bits) - 1)))
        rest = rest >> grid.bits
    return tuple(reversed(found))


def _grid(values: FloatArray, *, by_gap: bool) -> _Grid | None:
    """Find the step on which a column seems to lie, judged by a few of its values.

    The step is the smallest gap between these, or 1.
    """
    low, high = float(values.min()), float(values.max())
    few = np.unique(values[:: max(1, len(values) // _LOOKED_AT)])
    step = float(np.diff(few).min()) if by_gap and len(few) > 1 else 1.0
    if high - low >= step * 2.0**_KEY_BITS:
        return None
    grid = _Grid(low, step, max(int((high - low) / step).bit_length(), 1))
    return grid if grid.codes(few) is not None else None
