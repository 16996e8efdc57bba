"""Accepted mappings as YAML, one file per shape of table, for people to read and mend."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import yaml

from tenure.activity.contract import ColumnMapping, Mapping, Role
from tenure.activity.reading.mapping_yaml import mapping_from_yaml

_HEAD = """\
# How files with these columns are read. Written when such a file was imported; mend it
# by hand or delete it to be asked again. What is said on the command line wins.
"""


def fingerprint(columns: Sequence[str]) -> str:
    """Return the name of a table's shape: its headers in order, whatever their case and width."""
    headers = [unicodedata.normalize("NFKC", c).strip().casefold() for c in columns]
    return hashlib.sha256("\x1f".join(headers).encode()).hexdigest()[:16]


def remember(folder: Path, mapping: Mapping, columns: Sequence[str], *, source_name: str) -> Path:
    """Keep an accepted mapping for the next table of the same shape and return its file.

    Parameters
    ----------
    folder : the workspace's `definitions/mappings`; made if absent.
    mapping : the accepted mapping.
    columns : all headers of the source, in order.
    source_name : an example of such a source, for the reader.
    """
    path = folder / f"{fingerprint(columns)}.yaml"
    content = {
        "source": source_name,
        "kind": mapping.kind.value,
        "currency": mapping.currency,
        "headers": list(columns),
        "columns": [_column(column) for column in mapping.columns],
    }
    text = _HEAD + yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)
    if path.exists() and mapping_from_yaml(path.read_text(encoding="utf-8"), path.name) == mapping:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
    return path


def recall(folder: Path, columns: Sequence[str]) -> Mapping | None:
    """Return the mapping kept for a table of this shape, or None.

    Raises
    ------
    DefinitionError : the kept file was changed into something that is no mapping.
    """
    path = folder / f"{fingerprint(columns)}.yaml"
    if not path.exists():
        return None
    kept = mapping_from_yaml(path.read_text(encoding="utf-8"), str(path))
    by_shape = {fingerprint([column]): column for column in columns}
    # The same shape may be spelled in another case or width: take today's spelling.
    spelled = tuple(_respelled(column, by_shape) for column in kept.columns)
    return Mapping(kept.kind, spelled, kept.currency)


def _respelled(column: ColumnMapping, by_shape: dict[str, str]) -> ColumnMapping:
    name = by_shape.get(fingerprint([column.column]), column.column)
    return ColumnMapping(
        name, column.role, column.format, column.confidence, column.reasons, column.attribute
    )


def _column(column: ColumnMapping) -> dict[str, object]:
    entry: dict[str, object] = {"column": column.column, "role": column.role.value}
    if column.role is Role.ATTRIBUTE:
        entry["attribute"] = column.attribute or column.column
    entry["read_as"] = column.format.kind
    if column.format.patterns:
        entry["patterns"] = list(column.format.patterns)
    if column.format.date_order:
        entry["date_order"] = column.format.date_order
    if column.format.kind == "number":
        entry["decimal"] = column.format.decimal
    if column.format.zone:
        entry["zone"] = column.format.zone
    entry["confidence"] = column.confidence
    entry["reasons"] = list(column.reasons)
    return entry
