"""The commands that list the customers behind a figure, in one place."""

from __future__ import annotations

import shlex
from collections.abc import Mapping


def metric(
    name: str,
    cell: Mapping[str, object] | None = None,
    *,
    period: str | None = None,
    by_source: bool = False,
) -> str:
    """Return the command that lists the customers of a metric's cell.

    Parameters
    ----------
    name : the metric.
    cell : key columns and measure of the cell; None shows the figures only.
    period : unit of its periods, if it has any.
    by_source : a row per acquisition source.
    """
    parts = ["tenure metrics", name]
    parts += ["--by-source"] if by_source else []
    parts += [f"--period {period}"] if period else []
    parts += [f"--cell {shlex.quote(f'{k}={v}')}" for k, v in (cell or {}).items()]
    return " ".join(parts)


def snapshot() -> str:
    """Return the command that lists every customer with the snapshot's columns."""
    return "tenure snapshot --json"


def segment(name: str) -> str:
    """Return the command that lists the customers of a defined segment."""
    return f"tenure segments members {name}"
