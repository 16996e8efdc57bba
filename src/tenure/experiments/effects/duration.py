"""How long an experiment runs: until enough customers have come, and their outcomes are in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tenure.kernel import OptionError, Undefined

WEEK_DAYS = 7
LONGEST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Duration:
    """The days of an experiment.

    Parameters
    ----------
    enrolling_days : days until enough customers have come, in whole weeks.
    outcome_days : days each of them is watched.
    is_extrapolated : the arrivals known so far end earlier; their last pace was carried on.
    """

    enrolling_days: int
    outcome_days: int
    is_extrapolated: bool

    @property
    def days(self) -> int:
        """Days from the first customer to the last outcome."""
        return self.enrolling_days + self.outcome_days


def duration(
    customers: int, arrivals: Sequence[float], *, outcome_days: int = 0, share: float = 1.0
) -> Duration | Undefined:
    """Return how long it takes until enough customers have come.

    Most of those who come at all come early: only customers not seen before count, so the pace
    of the first days is never carried on, but that of the last four weeks known (fewer if
    there are fewer).

    Parameters
    ----------
    customers : how many are needed, all arms together.
    arrivals : customers seen for the first time on each day of a past period, in order; at
        least a week.
    outcome_days : days each customer is watched after she came.
    share : share of arriving customers who enter the experiment, above 0, at most 1.

    Returns
    -------
    Undefined if nobody comes any more before enough have, or it would take over ten years.
    """
    if customers < 0 or outcome_days < 0 or not 0 < share <= 1:
        raise OptionError(
            f"customers {customers}, outcome_days {outcome_days}, share {share}",
            "numbers from 0 up, the share above 0 and at most 1",
            "pass what the experiment needs",
        )
    known = [float(count) for count in arrivals]
    if len(known) < WEEK_DAYS or not all(0 <= count < math.inf for count in known):
        raise OptionError(
            f"arrivals of {len(known)} days",
            "at least 7 days, each from 0 up",
            "count the first arrivals of some past weeks",
        )
    came = 0.0
    for day, count in enumerate(known, start=1):
        came += count * share
        if came >= customers:
            return _whole_weeks(day, outcome_days, is_extrapolated=False)
    last = known[-4 * WEEK_DAYS :]
    pace = sum(last) / len(last) * share
    if pace <= 0:
        return Undefined("never_enough_customers")
    days = len(known) + math.ceil((customers - came) / pace)
    if days > LONGEST_DAYS:
        return Undefined("never_enough_customers")
    return _whole_weeks(days, outcome_days, is_extrapolated=True)


def _whole_weeks(days: int, outcome_days: int, *, is_extrapolated: bool) -> Duration:
    """Round up to whole weeks, so that every weekday counts alike."""
    return Duration(math.ceil(days / WEEK_DAYS) * WEEK_DAYS, outcome_days, is_extrapolated)
