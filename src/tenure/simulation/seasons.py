"""Business time: days weighted by season, and the way to instants and back.

Rates are stated per season day. A day of factor 1.4 counts 1.4 season days, so a process that
is simple in season days is seasonal on the calendar (a time change of the process).

A position is a day number since the first business day plus a share of that day's opening
hours; it grows with the instant, so comparing positions compares instants.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from tenure.simulation.world import HORIZONS_DAYS, World

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_EPOCH = date(1970, 1, 1)
_AHEAD_DAYS = max(HORIZONS_DAYS) + 1


class Season:
    """The calendar of one world.

    Parameters
    ----------
    world : says when it begins, how it swings and in which zone it counts days.
    """

    def __init__(self, world: World) -> None:
        self.days = world.days
        self.first_day = (world.starts_on - _EPOCH).days
        self.factors = _factors(world, self.days + _AHEAD_DAYS)
        self.cumulative: Floats = np.concatenate([[0.0], np.cumsum(self.factors)])
        self._grid = np.arange(len(self.cumulative), dtype=np.float64)
        self._opens_second = world.seasons.opens_hour * 3600
        self._open_seconds = (world.seasons.closes_hour - world.seasons.opens_hour) * 3600
        self._offset_seconds = _zone_offsets(world, len(self.factors))

    def effective(self, position: Floats) -> Floats:
        """Return the season days from the beginning to each position."""
        day = position.astype(np.int64)
        return self.cumulative[day] + (position - day) * self.factors[day]

    def position(self, effective: Floats) -> Floats:
        """Return the position that lies as many season days after the beginning."""
        return np.interp(effective, self.cumulative, self._grid)

    def seconds(self, position: Floats) -> Integers:
        """Return local seconds since the first business day's midnight."""
        day = position.astype(np.int64)
        within = (position - day) * self._open_seconds
        return day * 86400 + self._opens_second + within.astype(np.int64)

    def utc_micros(self, seconds: Integers) -> Integers:
        """Return microseconds since 1970 in UTC of local seconds."""
        shift = self.first_day * 86400 - self._offset_seconds[seconds // 86400]
        return (seconds + shift) * 1_000_000

    def day_numbers(self, seconds: Integers) -> npt.NDArray[np.int32]:
        """Return days since 1970 of local seconds."""
        return (seconds // 86400 + self.first_day).astype(np.int32)

    def starting_shares(self, growth_per_year: float) -> Floats:
        """Return the cumulative share of customers who have started by the end of each day."""
        growth = growth_per_year ** (np.arange(self.days) / 365.25)
        cumulative: Floats = np.cumsum(self.factors[: self.days] * growth)
        return np.asarray(cumulative / cumulative[-1], dtype=np.float64)


def received_at(world: World) -> datetime:
    """Return the instant at which all made facts were learned: one second before the as-of date."""
    local = datetime.combine(world.as_of, time(), ZoneInfo(world.timezone))
    return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None) - timedelta(seconds=1)


def _factors(world: World, count: int) -> Floats:
    seasons = world.seasons
    days = [world.starts_on + timedelta(days=number) for number in range(count)]
    day_of_year = np.array([day.timetuple().tm_yday for day in days])
    angle = 2 * np.pi * (day_of_year - seasons.peak_day_of_year) / 365.25
    yearly = 1 + seasons.yearly_swing * np.cos(angle)
    before_christmas = np.array([day.month == 12 and day.day <= 24 for day in days])
    weekly = np.array([seasons.weekdays[day.weekday()] for day in days])
    factors = yearly * weekly * np.where(before_christmas, seasons.december_factor, 1.0)
    return np.asarray(factors / factors.mean(), dtype=np.float64)


def _zone_offsets(world: World, count: int) -> Integers:
    """Return each local day's offset at noon: clocks change at night, when all is closed."""
    zone = ZoneInfo(world.timezone)
    noons = (
        datetime.combine(world.starts_on + timedelta(days=number), time(12), zone)
        for number in range(count)
    )
    offsets = [noon.utcoffset() or timedelta() for noon in noons]
    return np.array([round(offset.total_seconds()) for offset in offsets], dtype=np.int64)
