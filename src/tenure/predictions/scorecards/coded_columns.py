"""Columns of any type as codes, so that one statistic reads them all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.predictions.scorecards.arrays import Flags, Floats, Integers

BINS = 20
"""Bins of about equal size into which numbers are put."""

CATEGORIES_MAX = 200
"""Texts that have a code of their own; later ones share one."""


@dataclass(frozen=True, slots=True, eq=False)
class CodedColumn:
    """One column in a form that every check can read.

    Parameters
    ----------
    name : its name.
    missing : where it is null or not-a-number.
    codes : bin of a number or category of a text, from 1; 0 where missing.
    values : the number of each distinct value, from 0; -1 where missing.
    distinct : how many distinct values there are.
    textual : whether it is a text.
    whole : the values themselves if they are whole numbers.
    """

    name: str
    missing: Flags
    codes: Integers
    values: Integers
    distinct: int
    textual: bool
    whole: Integers | None


def coded_column(name: str, column: pa.ChunkedArray) -> CodedColumn | None:
    """Return a column as codes, or None if its type holds no comparable values."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    missing = np.asarray(pc.is_null(column, nan_is_null=True).to_numpy(zero_copy_only=False))
    textual = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    real = None if textual else as_numbers(column)
    if not textual and real is None:
        return None
    coded = pc.dictionary_encode(column).combine_chunks()
    places = np.asarray(pc.fill_null(coded.indices, -1))
    values = np.where(missing, -1, places).astype(np.int64)
    if real is None or pa.types.is_boolean(column.type):
        codes = np.minimum(values, CATEGORIES_MAX) + 1
    else:
        known = real[~missing]
        cuts = np.quantile(known, np.arange(1, BINS) / BINS) if known.size else np.zeros(0)
        codes = np.searchsorted(np.unique(cuts), real) + 1
    return CodedColumn(
        name=name,
        missing=missing,
        codes=np.where(missing, 0, codes).astype(np.int64),
        values=values,
        distinct=len(np.unique(values[~missing])),
        textual=textual,
        whole=np.asarray(real, np.int64) if pa.types.is_integer(column.type) else None,
    )


def as_numbers(column: pa.ChunkedArray) -> Floats | None:
    """Return numbers, dates and instants as doubles, 0 where missing; None of other types."""
    dtype = column.type
    if pa.types.is_date32(dtype):
        column = column.cast(pa.int32())
    elif pa.types.is_timestamp(dtype):
        column = column.cast(pa.int64())
    elif not (
        pa.types.is_integer(dtype)
        or pa.types.is_floating(dtype)
        or pa.types.is_decimal(dtype)
        or pa.types.is_boolean(dtype)
    ):
        return None
    real = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.nan_to_num(np.asarray(real, np.float64))
