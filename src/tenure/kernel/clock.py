"""Now, as an argument: every run can be repeated at another instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current instant as a naive datetime in UTC with microseconds."""


def system_clock() -> datetime:
    """Return the machine's current instant, naive, in UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
