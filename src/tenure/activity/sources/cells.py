"""Typed values of workbooks and databases as the text a person would see."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

_EXACT_INTEGERS = 1e15
"""Below this a float holds every integer exactly and 15 digits are all Excel keeps."""


def cell_text(value: object) -> str | None:
    """Return a value as text; None if the cell is empty.

    Instants become ISO text, those with an offset in UTC with a final Z. A whole float loses
    its `.0`, since it is an id or a count; others keep the 15 digits that Excel keeps.
    """
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | time | timedelta):
        return _moment_text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _bytes_text(bytes(value))
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def number_text(value: float) -> str | None:
    """Return a float as text: 17850.0 is 17850, 29.330000000000002 is 29.33, NaN is missing."""
    if math.isnan(value):
        return None
    if value.is_integer():
        return f"{value:.0f}"
    return f"{value:.15g}" if abs(value) < _EXACT_INTEGERS else repr(value)


def _moment_text(value: date | time | timedelta) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return value.isoformat(sep=" ")
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ") + "Z"
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        hours, rest = divmod(abs(int(seconds)), 3600)
        sign = "-" if seconds < 0 else ""
        return f"{sign}{hours}:{rest // 60:02d}:{rest % 60:02d}"
    return value.isoformat()


def _bytes_text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()
