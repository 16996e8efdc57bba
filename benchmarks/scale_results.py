"""The results of the scale benchmark, and their tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.works import SCAN


@dataclass(frozen=True, slots=True)
class Measured:
    """One peer's one work at one size: medians of the runs, the largest of the peaks."""

    peer: str
    work: str
    seconds: float
    cpu_seconds: float
    peak_mb: float
    runs: int


@dataclass(frozen=True, slots=True)
class Size:
    """Everything measured at one size.

    Parameters
    ----------
    asked : rows asked for.
    rows, customers, orders : what the shop has.
    measured : the results.
    skipped : peers that did not run, and why.
    disagreements : figures in which peers differ, in words.
    """

    asked: int
    rows: int
    customers: int
    orders: int
    measured: Sequence[Measured]
    skipped: Mapping[str, str] = field(default_factory=dict)
    disagreements: Sequence[str] = ()

    def of(self, peer: str, work: str) -> Measured | None:
        """Return a result, or None if it was not measured."""
        return next((m for m in self.measured if (m.peer, m.work) == (peer, work)), None)

    @property
    def scan(self) -> Measured:
        """The bare scan."""
        found = self.of(SCAN, SCAN)
        if found is None:
            raise ValueError("results without the scan that they are measured by")
        return found


def sizes_of(told: Mapping[str, Any]) -> list[Size]:
    """Return the sizes of kept results."""
    return [
        Size(**{**size, "measured": [Measured(**each) for each in size["measured"]]})
        for size in told["sizes"]
    ]


def as_text(sizes: Sequence[Size]) -> str:
    """Return the results as tables for a terminal."""
    return "\n".join(line for size in sizes for line in _lines(size))


def _lines(size: Size) -> list[str]:
    lines = [
        f"\n{size.rows:,} rows, {size.orders:,} orders, {size.customers:,} customers",
        f"{'':<50}{'wall s':>10}{'CPU s':>10}{'peak MB':>10}{'x scan':>9}{'runs':>6}",
    ]
    works = dict.fromkeys(each.work for each in size.measured)
    for work in works:
        lines += [_line(size, each) for each in size.measured if each.work == work]
    lines += [f"SKIPPED: {peer}: {reason}" for peer, reason in size.skipped.items()]
    lines += [f"DIFFERENT: {each}" for each in size.disagreements]
    return lines


def _line(size: Size, each: Measured) -> str:
    name = each.work if each.peer == each.work else f"{each.work}: {each.peer}"
    return (
        f"{name:<50}{each.seconds:>10.2f}{each.cpu_seconds:>10.2f}{each.peak_mb:>10,.0f}"
        f"{each.cpu_seconds / size.scan.cpu_seconds:>9.1f}{each.runs:>6}"
    )
