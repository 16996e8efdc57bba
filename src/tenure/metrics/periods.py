"""The periods that a metric shows, which of them are still open, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from tenure.kernel import Calendar, OptionError, PeriodUnit
from tenure.metrics.orders import Base

PERIOD_FIELDS = (
    pa.field("period", pa.string()),
    pa.field("period_start", pa.date32()),
    pa.field("period_end", pa.date32()),
)
"""A period's name, its first day, and the first day after it."""


@dataclass(frozen=True, slots=True)
class Periods:
    """A run of periods without gaps.

    Parameters
    ----------
    unit : their length.
    calendar : the business's calendar.
    as_of : first business day that is not known.
    first, last : indices of the first and the last period shown; none if last < first.
    beginning : index of the first period with any activity.
    """

    unit: PeriodUnit
    calendar: Calendar
    as_of: date
    first: int
    last: int
    beginning: int

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.last + 1))

    def is_open(self, index: int) -> bool:
        """Tell whether the period ends after the as-of date, so that it can still change."""
        return self.calendar.end(index, self.unit) > self.as_of

    def label(self, index: int) -> str:
        """Return the period's name."""
        return self.calendar.label(index, self.unit)

    def names(self, index: int) -> dict[str, object]:
        """Return the values of `PERIOD_FIELDS`."""
        return {
            "period": self.label(index),
            "period_start": self.calendar.start(index, self.unit),
            "period_end": self.calendar.end(index, self.unit),
        }

    def number(self, name: object) -> int:
        """Return the index of a period given by its name or by a day in it."""
        if isinstance(name, date):
            return self.calendar.index(name, self.unit)
        for index in self:
            if self.label(index) == name:
                return index
        raise OptionError(
            f"period {name!r}",
            f"one of {self.label(self.first)} .. {self.label(self.last)}",
            "name a period that the table shows",
        )


def periods(base: Base, period: str, from_on: date | None, to_on: date | None) -> Periods:
    """Return the periods from the first activity to the as-of date that touch the window.

    Parameters
    ----------
    base : the data.
    period : `day`, `week`, `month`, `quarter` or `year`.
    from_on : first day of the window; None is the first day of the data.
    to_on : first day after the window; None is the as-of date.
    """
    size, calendar = unit(period), base.calendar
    check_window(from_on, to_on)
    if base.first_on is None:
        return Periods(size, calendar, base.as_of, first=0, last=-1, beginning=0)
    beginning = calendar.index(base.first_on, size)
    end = base.as_of if to_on is None else min(to_on, base.as_of)
    return Periods(
        size,
        calendar,
        base.as_of,
        first=beginning if from_on is None else max(beginning, calendar.index(from_on, size)),
        last=calendar.index(end - timedelta(days=1), size),
        beginning=beginning,
    )


def unit(period: str) -> PeriodUnit:
    """Return the period's unit, or say which there are."""
    try:
        return PeriodUnit(period)
    except ValueError:
        raise OptionError(
            f"period {period!r}", f"one of {', '.join(PeriodUnit)}", "choose one of these"
        ) from None


def check_window(from_on: date | None, to_on: date | None) -> None:
    """Refuse a window that ends before it begins."""
    if from_on is not None and to_on is not None and to_on <= from_on:
        raise OptionError(
            f"a window from {from_on} to {to_on}",
            "an end after the start (the end is the first day outside)",
            "swap the dates or move the end",
        )
