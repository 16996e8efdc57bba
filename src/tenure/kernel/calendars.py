"""Business time: zone, week start, fiscal months, and half-open periods counted by an index.

A period is named by an integer index that grows by one per period, so that "the next
period", "three periods later" and "is it closed" are plain arithmetic, the same in
Python and in SQL (`engine.calendars` holds the SQL twin; a property test keeps them equal).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from tenure.kernel.errors import OptionError

EPOCH = date(1970, 1, 1)
EPOCH_WEEKDAY = 3
"""1 January 1970 was a Thursday; Monday is 0."""


class PeriodUnit(StrEnum):
    """The lengths of time a metric can be cut into."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Calendar:
    """How this business cuts time.

    Parameters
    ----------
    timezone : IANA name, e.g. `Asia/Shanghai`.
    week_start : first day of the week, 0 = Monday .. 6 = Sunday.
    month_start_day : day on which a fiscal month starts, 1..28; the fiscal month is
        named after the calendar month in which it starts.
    fiscal_year_start_month : calendar month in which a fiscal year (and with it its
        first quarter) starts, 1..12.

    Raises
    ------
    OptionError : a value is out of its range or the zone is unknown.
    """

    timezone: str = "UTC"
    week_start: int = 0
    month_start_day: int = 1
    fiscal_year_start_month: int = 1

    def __post_init__(self) -> None:
        if self.timezone not in _known_zones():
            raise OptionError(
                f"time zone {self.timezone!r}",
                "an IANA name such as Europe/Berlin or Asia/Shanghai",
                "set `timezone` to the zone in which the business counts its days",
            )
        _check_range("week_start", self.week_start, 0, 6)
        _check_range("month_start_day", self.month_start_day, 1, 28)
        _check_range("fiscal_year_start_month", self.fiscal_year_start_month, 1, 12)

    @property
    def zone(self) -> ZoneInfo:
        """The zone as Python's object."""
        return ZoneInfo(self.timezone)

    def index(self, day: date, unit: PeriodUnit) -> int:
        """Return the index of the period of length `unit` that holds `day`."""
        if unit is PeriodUnit.DAY:
            return (day - EPOCH).days
        if unit is PeriodUnit.WEEK:
            return ((day - EPOCH).days + self._week_shift_days) // 7
        shifted = day - timedelta(days=self.month_start_day - 1)
        month = shifted.year * 12 + shifted.month - 1
        return (
            (month - (self.fiscal_year_start_month - 1)) // _MONTHS[unit]
            if (unit is not PeriodUnit.MONTH)
            else month
        )

    def start(self, index: int, unit: PeriodUnit) -> date:
        """Return the first day of the period; its end is `start(index + 1, unit)`."""
        if unit is PeriodUnit.DAY:
            return EPOCH + timedelta(days=index)
        if unit is PeriodUnit.WEEK:
            return EPOCH + timedelta(days=index * 7 - self._week_shift_days)
        month = index
        if unit is not PeriodUnit.MONTH:
            month = index * _MONTHS[unit] + self.fiscal_year_start_month - 1
        return date(month // 12, month % 12 + 1, self.month_start_day)

    def end(self, index: int, unit: PeriodUnit) -> date:
        """Return the first day after the period."""
        return self.start(index + 1, unit)

    def label(self, index: int, unit: PeriodUnit) -> str:
        """Return the period's name: 2017-01-31, 2017-W05, 2017-01, 2017-Q1, 2017.

        A week is named by ISO year and week of its Thursday when weeks start on Monday,
        otherwise by its first day. A fiscal year is named by the year in which it starts.
        """
        first = self.start(index, unit)
        if unit is PeriodUnit.WEEK and self.week_start == 0:
            iso = first.isocalendar()
            return f"{iso.year}-W{iso.week:02d}"
        if unit in (PeriodUnit.DAY, PeriodUnit.WEEK):
            return first.isoformat()
        if unit is PeriodUnit.MONTH:
            return f"{first.year:04d}-{first.month:02d}"
        if unit is PeriodUnit.YEAR:
            return f"{index:04d}"
        return f"{index // 4:04d}-Q{index % 4 + 1}"

    @property
    def _week_shift_days(self) -> int:
        return (EPOCH_WEEKDAY - self.week_start) % 7


_MONTHS = {PeriodUnit.QUARTER: 3, PeriodUnit.YEAR: 12}


@cache
def _known_zones() -> frozenset[str]:
    # Listing them reads some six hundred files.
    return frozenset(available_timezones())


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise OptionError(f"{name} = {value}", f"{low}..{high}", f"set `{name}` within its range")
