"""What a snapshot's column is: its kind, its catalogue entry, the names of attributes' columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

WINDOWS_DAYS = (30, 90, 365)
"""Lengths of the trailing windows `[as_of - days, as_of)`."""

ATTRIBUTE_PREFIX = "attr_"


class ColumnKind(StrEnum):
    """What can be compared with what."""

    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class SnapshotColumn:
    """One column of the snapshot.

    Parameters
    ----------
    name : its name, unit last.
    dtype : its Arrow type.
    unit : `days`, `orders`, `money`, `ratio`, `score`, `date`, `text` ...
    definition : what it says, by language (`en`, `zh`).
    source : the fact table it is made from.
    null_means : what an empty cell says, by language; None if the column is never empty.
    """

    name: str
    dtype: pa.DataType
    unit: str
    definition: Mapping[str, str]
    source: str
    null_means: Mapping[str, str] | None

    @property
    def kind(self) -> ColumnKind:
        """What the column can be compared with."""
        return kind_of(self.dtype)

    def as_dict(self) -> dict[str, object]:
        """Return the entry as plain values for JSON."""
        return {
            "name": self.name,
            "kind": self.kind.value,
            "dtype": str(self.dtype),
            "unit": self.unit,
            "definition": dict(self.definition),
            "source": self.source,
            "null_means": None if self.null_means is None else dict(self.null_means),
        }


def kind_of(dtype: pa.DataType) -> ColumnKind:
    """Return what values of an Arrow type can be compared with."""
    if pa.types.is_boolean(dtype):
        return ColumnKind.BOOLEAN
    if pa.types.is_date(dtype) or pa.types.is_timestamp(dtype):
        return ColumnKind.DATE
    if pa.types.is_string(dtype) or pa.types.is_large_string(dtype):
        return ColumnKind.TEXT
    return ColumnKind.NUMBER


def attribute_columns(names: Iterable[str]) -> dict[str, str]:
    """Return the column of each attribute: `attr_` and its name with odd characters as `_`.

    Letters are lowered; two attributes that would share a column get `_2`, `_3` ... in
    the order of their names.
    """
    columns: dict[str, str] = {}
    for name in sorted(set(names)):
        plain = ATTRIBUTE_PREFIX + re.sub(r"\W+", "_", name.strip().lower())
        column, number = plain, 1
        while column in columns.values():
            number += 1
            column = f"{plain}_{number}"
        columns[name] = column
    return columns


def attribute_column(name: str, column: str) -> SnapshotColumn:
    """Return the catalogue entry of one attribute."""
    return SnapshotColumn(
        column,
        pa.string(),
        "text",
        {
            "en": f"Attribute {name!r} as last known before the snapshot's date.",
            "zh": f"快照日期前最后已知的属性“{name}”。",
        },
        "customer_attributes",
        {"en": "not known by that date", "zh": "当时未知"},
    )
