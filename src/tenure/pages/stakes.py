"""What is at stake: the estimates behind the findings, each with its interval or a reason."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tenure.kernel import Estimate, Undefined, wilson_interval

POINT = 0.01
RESAMPLES = 2000
FEWEST_PERIODS_TO_RESAMPLE = 4
MOST_PERIODS = 12
"""A year of months: older periods say little about the next one."""

_SEED = 20170101
_T_975 = {3: 3.1824, 4: 2.7764, 5: 2.5706, 6: 2.4469, 7: 2.3646, 8: 2.3060, 9: 2.2622}
_T_975 |= {10: 2.2281, 11: 2.2010}
"""Student's t, 97.5 %, by degrees of freedom."""


@dataclass(frozen=True, slots=True)
class PeriodFact:
    """What one complete period tells about keeping customers.

    Parameters
    ----------
    at_start : customers active in the period before.
    retained : those of them active in this one.
    active : customers active in this one.
    net_value : their net value in it.
    """

    at_start: int
    retained: int
    active: int
    net_value: float


@dataclass(frozen=True, slots=True)
class PointValue:
    """What one more point of retention would be worth over a year.

    Parameters
    ----------
    estimate : the amount, with the range that the spread between periods gives.
    retention : retention rate of the periods together, 0..1.
    value_per_active : mean net value of an active customer in one period.
    active_now : customers active in the latest complete period.
    one_period : the plain product for the first period: customers x 1 % x value.
    periods : number of complete periods used.
    horizon : periods in the year ahead.
    """

    estimate: Estimate
    retention: float
    value_per_active: float
    active_now: int
    one_period: float
    periods: int
    horizon: int


def point_value(facts: Sequence[PeriodFact], horizon: int) -> PointValue | Undefined:
    """Return what one more point of retention would be worth in the next `horizon` periods.

    Only the customers active now are counted, none that are yet to come. With retention r per
    period, N active customers and a net value v per active customer and period, the worth is
    N v sum over t = 1..horizon of ((r + 0.01)^t - r^t): a customer kept once stays on at the
    same rate. The range takes the periods anew with replacement, 2.5 % to 97.5 %.

    Parameters
    ----------
    facts : complete periods, oldest first; the latest twelve are used.
    horizon : number of periods ahead, 1 or more.
    """
    used = [fact for fact in facts[-MOST_PERIODS:] if fact.at_start > 0 and fact.active > 0]
    if not used or used[-1] is not facts[-1]:
        return Undefined("no_complete_period")
    active_now = used[-1].active
    retention, value = _rates(used)
    worth = _worth(retention, value, active_now, horizon)
    if len(used) < FEWEST_PERIODS_TO_RESAMPLE:
        each = [_worth(*_rates([fact]), active_now, horizon) for fact in used]
        estimate = Estimate(worth, min(each), max(each), 1.0, "range_of_periods")
    else:
        chance = random.Random(_SEED)  # the same data give the same range
        drawn = sorted(
            _worth(*_rates(chance.choices(used, k=len(used))), active_now, horizon)
            for _ in range(RESAMPLES)
        )
        low, high = drawn[int(RESAMPLES * 0.025)], drawn[int(RESAMPLES * 0.975) - 1]
        estimate = Estimate(worth, min(low, worth), max(high, worth), 0.95, "bootstrap_of_periods")
    return PointValue(
        estimate, retention, value, active_now, active_now * POINT * value, len(used), horizon
    )


def change_against_before(facts: Sequence[PeriodFact]) -> Estimate | Undefined:
    """Return the latest period's retention rate minus that of the periods before.

    With four or more periods before: their mean rate, and the 95 % prediction interval for one
    more period like them (Student's t over the spread between periods), so that a usual swing
    is no change. With fewer: the period just before, and Newcombe's interval of two shares.

    Parameters
    ----------
    facts : complete periods, oldest first.

    References
    ----------
    R. G. Newcombe (1998), Statistics in Medicine 17, 873-890, method 10,
    doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
    """
    known = [fact for fact in facts if fact.at_start > 0][-(MOST_PERIODS + 1) :]
    if len(known) < 2:
        return Undefined("no_period_before")
    latest, before = known[-1], known[:-1]
    if len(before) < FEWEST_PERIODS_TO_RESAMPLE:
        return _newcombe(latest, before[-1])
    rates = [fact.retained / fact.at_start for fact in before]
    difference = latest.retained / latest.at_start - statistics.fmean(rates)
    spread = statistics.stdev(rates) * math.sqrt(1 + 1 / len(rates))
    half = _T_975[len(rates) - 1] * spread
    return Estimate(difference, difference - half, difference + half, 0.95, "t_of_periods")


def _rates(facts: Sequence[PeriodFact]) -> tuple[float, float]:
    retention = sum(f.retained for f in facts) / sum(f.at_start for f in facts)
    return retention, sum(f.net_value for f in facts) / sum(f.active for f in facts)


def _worth(retention: float, value: float, active: int, horizon: int) -> float:
    better = min(1.0, retention + POINT)
    return active * value * sum(better**t - retention**t for t in range(1, horizon + 1))


def _newcombe(latest: PeriodFact, before: PeriodFact) -> Estimate | Undefined:
    new = wilson_interval(latest.retained, latest.at_start)
    old = wilson_interval(before.retained, before.at_start)
    if isinstance(new, Undefined) or isinstance(old, Undefined):
        return Undefined("nothing_at_start")
    difference = new.value - old.value
    low = difference - math.hypot(new.value - new.low, old.high - old.value)
    high = difference + math.hypot(new.high - new.value, old.value - old.low)
    return Estimate(difference, low, high, 0.95, "newcombe")
