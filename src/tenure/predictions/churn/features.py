"""Features: which columns a churn model reads, and how a table of them becomes numbers.

A feature space is learnt once, on the training origins, and then fixed: the same row becomes the
same numbers in training, in a backtest and in tonight's scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.kernel import DataError
from tenure.predictions.tables import FloatArray

VOCABULARY_MAX = 30
"""Most categories of a column that are told apart; all others are one."""

_NUMBER = r"^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
"""A number written out; one with leading zeros is a code, not a quantity."""


class FeatureKind(StrEnum):
    """How a column becomes a number."""

    NUMBER = "number"
    CATEGORY = "category"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Feature:
    """One column that a model reads.

    Parameters
    ----------
    column : its name in the table.
    kind : number as it is; category as its place in the vocabulary; date as days before `as_of`.
    vocabulary : the categories told apart, sorted; any other value has the place after the last.
    typical : the median, or the place of the most frequent category; NaN where most are unknown.
    """

    column: str
    kind: FeatureKind
    vocabulary: tuple[str, ...] = ()
    typical: float = float("nan")

    def told(self, number: float) -> str | float | None:
        """Return what a number of this feature stands for; None for an unknown value."""
        if np.isnan(number):
            return None
        if self.kind is not FeatureKind.CATEGORY:
            return float(number)
        place = int(number)
        return self.vocabulary[place] if place < len(self.vocabulary) else None


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """The columns a model reads, in order.

    Parameters
    ----------
    features : one per column of the matrix.
    """

    features: tuple[Feature, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(feature.column for feature in self.features)

    @property
    def categorical(self) -> list[int]:
        """Places of the categories."""
        return [i for i, f in enumerate(self.features) if f.kind is FeatureKind.CATEGORY]

    @property
    def typical(self) -> FloatArray:
        """The typical customer's row."""
        return np.array([feature.typical for feature in self.features], dtype=np.float64)

    def encode(self, table: pa.Table) -> FloatArray:
        """Return a table as numbers, one row per row, one column per feature; NaN is unknown.

        Raises
        ------
        DataError : a column is missing, or holds what the feature cannot be read from.
        """
        missing = [name for name in self.columns if name not in table.column_names]
        if missing:
            raise DataError(
                f"a table without {', '.join(missing)}",
                "the columns that the model was trained on",
                "score rows of the same kind as those it learnt from, or train it anew",
            )
        matrix = np.empty((table.num_rows, len(self.features)), order="F")
        for place, feature in enumerate(self.features):
            matrix[:, place] = _numbers(table, feature)
        return matrix

    def with_typical(self, matrix: FloatArray) -> Self:
        """Return the space with the typical values of these rows."""
        return type(self)(
            tuple(
                Feature(f.column, f.kind, f.vocabulary, _typical(matrix[:, i], f.kind))
                for i, f in enumerate(self.features)
            )
        )

    def as_dict(self) -> list[dict[str, Any]]:
        """Return the space as plain values for JSON."""
        return [
            {
                "column": f.column,
                "kind": f.kind.value,
                "vocabulary": list(f.vocabulary),
                "typical": None if np.isnan(f.typical) else f.typical,
            }
            for f in self.features
        ]

    @classmethod
    def from_dict(cls, described: Sequence[Mapping[str, Any]]) -> Self:
        """Make the space again from what `as_dict` returned."""
        return cls(
            tuple(
                Feature(
                    f["column"],
                    FeatureKind(f["kind"]),
                    tuple(f["vocabulary"]),
                    float("nan") if f["typical"] is None else float(f["typical"]),
                )
                for f in described
            )
        )


def learn_feature(column: str, values: pa.ChunkedArray) -> Feature:
    """Return how one column becomes numbers; what is typical is not learnt here.

    Parameters
    ----------
    column : its name.
    values : all values of the training rows.

    Raises
    ------
    DataError : the column's type is none of number, truth, date and text.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    if is_number(kind):
        return Feature(column, FeatureKind.NUMBER)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return Feature(column, FeatureKind.DATE)
    if not is_text(kind):
        raise DataError(
            f"column {column!r} of type {kind}",
            "numbers, truth values, dates or text",
            "convert the column or leave it out",
        )
    texts = plain_texts(values)
    if texts.null_count < len(texts) and pc.all(_is_number_text(texts)).as_py():
        return Feature(column, FeatureKind.NUMBER)
    return Feature(column, FeatureKind.CATEGORY, _vocabulary(texts))


def is_number(kind: pa.DataType) -> bool:
    """Tell whether values of an Arrow type are numbers or truth values."""
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_null(kind)
    )


def is_text(kind: pa.DataType) -> bool:
    """Tell whether values of an Arrow type are text."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def plain_texts(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts without spaces around them; an empty one is unknown."""
    trimmed = pc.utf8_trim_whitespace(values.cast(pa.string()))
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def plain_numbers(values: pa.ChunkedArray) -> FloatArray:
    """Return numbers, truth values or numbers written out as float64; NaN is unknown."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if is_text(values.type):
        texts = plain_texts(values)
        readable = pc.if_else(_is_number_text(texts), texts, pa.scalar(None, pa.string()))
        values = readable.cast(pa.float64())
    elif pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    elif pa.types.is_decimal(values.type):
        # through text, or Arrow's result differs from other readers' in its last bit
        values = values.cast(pa.string())
    numbers = values.cast(pa.float64()).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _numbers(table: pa.Table, feature: Feature) -> FloatArray:
    values = table[feature.column]
    if not isinstance(values, pa.ChunkedArray):  # of a record batch
        values = pa.chunked_array([values])
    if feature.kind is FeatureKind.DATE:
        return _days_before(table, feature.column, values)
    if feature.kind is FeatureKind.CATEGORY:
        return _places(values, feature.vocabulary)
    return plain_numbers(values)


def _days_before(table: pa.Table, column: str, values: pa.ChunkedArray) -> FloatArray:
    if "as_of" not in table.column_names:
        raise DataError(
            f"the date {column!r} in a table without as_of",
            "the column as_of, from which its days are counted",
            "add the date of each row's knowledge as as_of, or leave the column out",
        )

    def days(dates: Any) -> FloatArray:  # noqa: ANN401 - Arrow ships no types
        since_1970 = dates.cast(pa.date32()).cast(pa.int32()).cast(pa.float64())
        return np.asarray(since_1970.to_numpy(zero_copy_only=False), dtype=np.float64)

    as_of = table["as_of"]
    return days(as_of.combine_chunks() if isinstance(as_of, pa.ChunkedArray) else as_of) - days(
        values.combine_chunks()
    )


def _places(values: pa.ChunkedArray, vocabulary: tuple[str, ...]) -> FloatArray:
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    texts = plain_texts(values)
    places = pc.index_in(texts, value_set=pa.array(vocabulary, pa.string()))
    other = pc.fill_null(places.cast(pa.float64()), float(len(vocabulary)))
    told = pc.if_else(pc.is_valid(texts), other, pa.scalar(None, pa.float64()))
    return np.asarray(told.to_numpy(), dtype=np.float64)


def _is_number_text(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.match_substring_regex(texts, _NUMBER)


def _vocabulary(texts: pa.ChunkedArray) -> tuple[str, ...]:
    """Return the frequent categories: the less frequent say too little to be told apart."""
    counts = pc.value_counts(texts.combine_chunks().drop_null())
    named = sorted(
        ((entry["counts"], entry["values"]) for entry in counts.to_pylist()),
        key=lambda pair: (-pair[0], pair[1]),
    )
    least = max(5, round((len(texts) - texts.null_count) / 500))
    return tuple(sorted(name for count, name in named[:VOCABULARY_MAX] if count >= least))


def _typical(numbers: FloatArray, kind: FeatureKind) -> float:
    known = numbers[~np.isnan(numbers)]
    if len(known) * 2 < len(numbers) or not len(known):
        return float("nan")
    if kind is FeatureKind.CATEGORY:
        return float(np.bincount(known.astype(np.int64)).argmax())
    # a value that someone has, so that a count stays whole
    return float(np.quantile(known, 0.5, method="lower"))
