"""Small tables of activity, written by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pyarrow as pa
import pytest

_REST = ("1", "order", "-")
_NAMES = ("customer_id", "occurred_on", "order_id", "value", "kind", "source")


@pytest.fixture(scope="session")
def orders() -> Callable[..., pa.Table]:
    """Read lines `customer day [value [kind [source]]]`; each line is an order of its own."""

    def read(*lines: str) -> pa.Table:
        rows = []
        for number, line in enumerate(lines):
            words = line.split()
            customer, day, value, kind, source = (*words, *_REST[len(words) - 2 :])
            amount = None if value == "none" else float(value)
            rows.append((customer, date.fromisoformat(day), f"o{number}", amount, kind, source))
        return pa.Table.from_pylist([dict(zip(_NAMES, row, strict=True)) for row in rows])

    return read
