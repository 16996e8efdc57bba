"""Progress of long work, as a value handed to whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of progress.

    Parameters
    ----------
    stage : what is being done, e.g. `reading`, `checking`, `writing`.
    done : units done so far.
    total : units in all; None if unknown.
    unit : what is counted, e.g. `rows`, `bytes`.
    """

    stage: str
    done: int
    total: int | None
    unit: str


ProgressSink = Callable[[Progress], None]
"""Receives progress; must return quickly."""


def silent(_: Progress) -> None:
    """Ignore progress."""
