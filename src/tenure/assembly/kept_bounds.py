"""What is noted of the activity beside the kept tables, so that no metric need look for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from tenure.engine.duck import DuckDBEngine, first_row, literal
from tenure.engine.lake_head import KeptMark


@dataclass(frozen=True, slots=True)
class Bounds:
    """First and last day of some activity, and its first and last currency by name."""

    first_on: date | None = None
    last_on: date | None = None
    low_currency: str | None = None
    high_currency: str | None = None

    @property
    def mixed_currencies(self) -> bool:
        """Whether there are several currencies."""
        return self.low_currency != self.high_currency

    @property
    def currency(self) -> str | None:
        """The only currency; None if there is none or several."""
        return None if self.mixed_currencies else self.low_currency


def bounds_of(engine: DuckDBEngine, files: Sequence[Path]) -> Bounds:
    """Return the bounds of files of activity, read once.

    Parameters
    ----------
    engine : reads them.
    files : the files.
    """
    if not files:
        return Bounds()
    listed = ", ".join(literal(str(path)) for path in files)
    row = first_row(
        engine.connection,
        "SELECT min(occurred_on), max(occurred_on), min(currency), max(currency) FROM "
        f"read_parquet([{listed}]) WHERE occurred_on IS NOT NULL AND customer_id IS NOT NULL",
    )
    return Bounds(*row)


def noted(mark: KeptMark, bounds: Bounds) -> KeptMark:
    """Return a mark that notes these bounds."""
    return replace(
        mark,
        first_on=bounds.first_on,
        last_on=bounds.last_on,
        currency=bounds.currency,
        mixed_currencies=bounds.mixed_currencies,
    )


def widened(mark: KeptMark, added: Bounds) -> KeptMark:
    """Return a mark that notes added activity too."""
    first = [day for day in (mark.first_on, added.first_on) if day is not None]
    last = [day for day in (mark.last_on, added.last_on) if day is not None]
    named = {mark.currency, added.low_currency, added.high_currency} - {None}
    mixed = mark.mixed_currencies or len(named) > 1
    return replace(
        mark,
        first_on=min(first, default=None),
        last_on=max(last, default=None),
        currency=None if mixed else next(iter(named), None),
        mixed_currencies=mixed,
    )
