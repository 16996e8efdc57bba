"""The calendar of the kernel as Ibis expressions: the same periods, inside the engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir

from tenure.kernel import Calendar, PeriodUnit
from tenure.kernel.calendars import EPOCH, EPOCH_WEEKDAY

_MONTHS = {PeriodUnit.MONTH: 1, PeriodUnit.QUARTER: 3, PeriodUnit.YEAR: 12}


def period_index(day: ir.DateValue, unit: PeriodUnit, calendar: Calendar) -> ir.IntegerValue:
    """Return the index of each date's period (int64), equal to `Calendar.index`."""
    days = day.delta(ibis.date(EPOCH), unit="day").cast("int64")
    if unit is PeriodUnit.DAY:
        return days
    if unit is PeriodUnit.WEEK:
        shift = (EPOCH_WEEKDAY - calendar.week_start) % 7
        return _floor_divide(days + shift, 7)
    shifted = day - ibis.interval(days=calendar.month_start_day - 1)
    if calendar.month_start_day == 1:
        shifted = day
    month = shifted.year().cast("int64") * 12 + shifted.month().cast("int64") - 1
    if unit is PeriodUnit.MONTH:
        return month
    return _floor_divide(month - (calendar.fiscal_year_start_month - 1), _MONTHS[unit])


def local_day(
    instant: ir.TimestampValue, calendar: Calendar, years: tuple[int, int]
) -> ir.DateValue:
    """Return the business day of each naive UTC instant; see `local_instant`."""
    return local_instant(instant, calendar, years).date()


def local_instant(
    instant: ir.TimestampValue, calendar: Calendar, years: tuple[int, int]
) -> ir.TimestampValue:
    """Return what the business's clock showed at each naive UTC instant.

    The zone's offsets become a nest of comparisons, so every engine gives the same day
    whatever its own time zone data and session zone are.

    Parameters
    ----------
    instant : naive UTC timestamps.
    calendar : its time zone is used.
    years : first and last year that the data can lie in; outside them the nearest
        known offset holds.
    """
    steps = _offset_steps(calendar, years)
    seconds = _nest(instant, steps)
    return instant + seconds.as_interval("s")


def _floor_divide(value: ir.IntegerValue, by: int) -> ir.IntegerValue:
    # Engines differ in how // and % round negative numbers; this form needs neither.
    shift = 400_000 * by
    return ((value + shift) / by).floor().cast("int64") - 400_000


def _offset_steps(calendar: Calendar, years: tuple[int, int]) -> list[tuple[datetime, int]]:
    """List (first UTC instant, offset in seconds) for each change of the zone's offset."""
    zone = calendar.zone

    def offset(at: datetime) -> int:
        delta = zone.fromutc(at.replace(tzinfo=zone)).utcoffset()
        return int(delta.total_seconds()) if delta is not None else 0

    low, end = datetime(years[0], 1, 1), datetime(years[1] + 1, 1, 1)
    steps = [(low, offset(low))]
    while low < end:
        high = low + timedelta(days=1)
        if offset(high) != steps[-1][1]:
            steps.append((_bisect(offset, low, high), offset(high)))
        low = high
    return steps


def _bisect(offset: Callable[[datetime], int], low: datetime, high: datetime) -> datetime:
    start = offset(low)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if offset(middle) == start else (low, middle)
    return high


def _nest(instant: ir.TimestampValue, steps: list[tuple[datetime, int]]) -> ir.IntegerValue:
    if len(steps) == 1:
        return ibis.literal(steps[0][1], "int64")
    middle = len(steps) // 2
    return ibis.ifelse(
        instant < ibis.literal(steps[middle][0], "timestamp"),
        _nest(instant, steps[:middle]),
        _nest(instant, steps[middle:]),
    )
