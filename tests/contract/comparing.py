"""Whether two engines' figures are the same: every cell exactly, floats to 1e-12 of their size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal

import pyarrow as pa

TOLERANCE = 1e-12


def differences(one: object, other: object, where: str = "") -> Iterator[str]:
    """Yield each place in which two results differ, with both values."""
    if isinstance(one, pa.Table) and isinstance(other, pa.Table):
        yield from differences(one.column_names, other.column_names, f"{where}.columns")
        yield from differences(one.to_pylist(), other.to_pylist(), where)
    elif is_dataclass(one) and type(one) is type(other):
        for part in fields(one):
            pair = getattr(one, part.name), getattr(other, part.name)
            yield from differences(*pair, f"{where}.{part.name}")
    elif isinstance(one, Mapping) and isinstance(other, Mapping):
        if list(one) != list(other):
            yield f"{where}: keys {list(one)} and {list(other)}"
            return
        for key in one:
            yield from differences(one[key], other[key], f"{where}[{key!r}]")
    elif _is_list(one) and _is_list(other):
        if len(one) != len(other):
            yield f"{where}: {len(one)} and {len(other)} entries"
            return
        for number, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from differences(first, second, f"{where}[{number}]")
    elif not _same(one, other):
        yield f"{where}: {one!r} and {other!r}"


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        if math.isnan(one) or math.isnan(other):
            return math.isnan(one) and math.isnan(other)
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=0)
    if {type(one), type(other)} == {int, Decimal}:
        # DuckDB's sums of integers reach Arrow as decimals without digits behind the point.
        return one == other
    return type(one) is type(other) and one == other
