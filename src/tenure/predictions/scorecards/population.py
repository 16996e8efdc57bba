"""How features were distributed at training, kept small, to lay later ones beside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.kernel import DataError
from tenure.predictions.scorecards.arrays import Floats
from tenure.predictions.scorecards.coded_columns import as_numbers

BINS = 10
CATEGORIES_MAX = 20
CATEGORY_ROWS_MIN = 25
"""Rows of a category with a bin of its own: rarer ones, chosen for their luck, fall back later."""

EXPECTED_MIN = 10.0
"""Rows that a bin must hold in the smaller sample, by its share of both, to be looked at alone."""


@dataclass(frozen=True, slots=True)
class FeatureReference:
    """One feature at training.

    Parameters
    ----------
    name : the column.
    cuts : upper ends of the bins but the last, for numbers and dates; empty for texts.
    categories : texts with a bin of their own; empty for numbers.
    counts : rows per bin, at training; for texts the last bin holds all others.
    missing : rows without a value, at training.
    """

    name: str
    cuts: tuple[float, ...]
    categories: tuple[str, ...]
    counts: tuple[int, ...]
    missing: int


@dataclass(frozen=True, slots=True)
class PopulationReference:
    """The features at training; its bins never change after."""

    features: tuple[FeatureReference, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the reference as plain values for JSON."""
        return {
            one.name: {
                "cuts": list(one.cuts),
                "categories": list(one.categories),
                "counts": list(one.counts),
                "missing": one.missing,
            }
            for one in self.features
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> PopulationReference:
        """Return the reference that `as_dict` wrote."""
        return cls(
            tuple(
                FeatureReference(
                    name,
                    tuple(map(float, one["cuts"])),
                    tuple(map(str, one["categories"])),
                    tuple(map(int, one["counts"])),
                    int(one["missing"]),
                )
                for name, one in given.items()
            )
        )


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """One feature now beside training.

    Parameters
    ----------
    name : the column.
    stability : population stability index over the bins with a value.
    bins : number of bins.
    then, now : rows with a value.
    rows_then, rows_now : all rows.
    missing_then, missing_now, missing_pooled : share of missing, 0..1.
    """

    name: str
    stability: float
    bins: int
    then: int
    now: int
    rows_then: int
    rows_now: int
    missing_then: float
    missing_now: float
    missing_pooled: float


def population_reference(table: pa.Table, columns: Sequence[str]) -> PopulationReference:
    """Return how features are distributed at training.

    Parameters
    ----------
    table : the features the model is fitted to.
    columns : which of them to watch: numbers, dates, booleans or texts.

    Raises
    ------
    DataError : a column is missing or of another type.
    """
    made = []
    for name in columns:
        if name not in table.column_names:
            raise DataError(
                f"no column {name!r}", f"one of {', '.join(table.column_names)}", "check the name"
            )
        made.append(_reference(name, table[name]))
    return PopulationReference(tuple(made))


def compare_population(reference: PopulationReference, table: object) -> list[FeatureChange]:
    """Return each feature of a table beside its reference.

    Parameters
    ----------
    reference : the features at training.
    table : the features now, anything Arrow can take for a table.
    """
    now = table if isinstance(table, pa.Table) else pa.table(table)
    return [_change(one, now) for one in reference.features]


def stability_index(then: Floats, now: Floats) -> float:
    """Return the population stability index of two counts by bin; an empty bin counts half a row.

    Parameters
    ----------
    then, now : rows per bin.
    """
    one, other = ((np.maximum(c, 0.5)) for c in (then, now))
    p, q = one / one.sum(), other / other.sum()
    return float(((q - p) * np.log(q / p)).sum())


def _reference(name: str, column: pa.ChunkedArray) -> FeatureReference:
    column, real = _plain(name, column)
    missing = _missing(column)
    if real is None:
        counted = pc.value_counts(column.filter(pa.array(~missing)))
        pairs = sorted((-int(row["counts"]), str(row["values"])) for row in counted.to_pylist())
        often = [text for less, text in pairs if -less >= CATEGORY_ROWS_MIN]
        categories = tuple(often[:CATEGORIES_MAX])
        cuts: tuple[float, ...] = ()
    else:
        categories, known = (), real[~missing]
        quantiles = np.quantile(known, np.arange(1, BINS) / BINS) if known.size else np.zeros(0)
        # A cut at the largest value would leave an empty bin above it.
        cuts = tuple(c for c in np.unique(quantiles).tolist() if c < known.max(initial=-math.inf))
    blank = FeatureReference(name, cuts, categories, (), int(missing.sum()))
    return FeatureReference(
        name, cuts, categories, tuple(int(n) for n in _counts(blank, column)), blank.missing
    )


def _counts(one: FeatureReference, column: pa.ChunkedArray) -> Floats:
    column, real = _plain(one.name, column)
    known = ~_missing(column)
    if one.categories or real is None:
        texts = column.cast(pa.string()).filter(pa.array(known))
        place = pc.fill_null(
            pc.index_in(texts, value_set=pa.array(one.categories, pa.string())),
            len(one.categories),
        )
        codes = np.asarray(place.to_numpy(), np.int64)
        return np.bincount(codes, minlength=len(one.categories) + 1).astype(np.float64)
    codes = np.searchsorted(np.array(one.cuts), real[known])
    return np.bincount(codes, minlength=len(one.cuts) + 1).astype(np.float64)


def _change(one: FeatureReference, table: pa.Table) -> FeatureChange:
    rows_then = sum(one.counts) + one.missing
    if one.name not in table.column_names:
        return FeatureChange(one.name, 0, 1, rows_then, 0, rows_then, 0, 0, 1, 1)
    column = table[one.name]
    now, then = _counts(one, column), np.array(one.counts, np.float64)
    rows, seen = table.num_rows, int(now.sum())
    then, now = _merged(then, now)
    return FeatureChange(
        name=one.name,
        stability=stability_index(then, now) if seen and then.sum() else 0.0,
        bins=len(now),
        then=max(int(then.sum()), 1),
        now=seen,
        rows_then=rows_then,
        rows_now=rows,
        missing_then=one.missing / max(rows_then, 1),
        missing_now=(rows - seen) / max(rows, 1),
        missing_pooled=(rows - seen + one.missing) / max(rows + rows_then, 1),
    )


def _merged(then: Floats, now: Floats) -> tuple[Floats, Floats]:
    """Put bins too small to be compared together: their shares are mostly chance."""
    share = (then + now) / max(then.sum() + now.sum(), 1)
    expected = share * min(then.sum(), now.sum())
    order = np.argsort(expected, kind="stable")
    small = int((expected < EXPECTED_MIN).sum())
    # The smallest ones, and if even their sum is too small, the next one too.
    while 0 < small < len(order) and expected[order[:small]].sum() < EXPECTED_MIN:
        small += 1
    if not small:
        return then, now
    rest, kept = order[:small], np.sort(order[small:])
    one, other = (np.append(counts[kept], counts[rest].sum()) for counts in (then, now))
    return one, other


def _plain(name: str, column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, Floats | None]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return column, None
    real = as_numbers(column)
    if real is None:
        raise DataError(
            f"column {name} of type {column.type}",
            "numbers, dates, booleans or texts",
            "leave it out of the columns watched",
        )
    return column, real


def _missing(column: pa.ChunkedArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(pc.is_null(column, nan_is_null=True).to_numpy(zero_copy_only=False))
