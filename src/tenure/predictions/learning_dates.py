"""The past dates that a kind of scores is learnt from and judged on, and what is learnt there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any, Protocol

import pyarrow as pa

from tenure.activity.facts import Facts
from tenure.kernel import Calendar, DataError, OptionError, Progress, ProgressSink, silent
from tenure.predictions.panels import Panel, data_days, origins, panel
from tenure.predictions.scorecards.scorecard import Scorecard
from tenure.predictions.value.assumptions import ValueAssumptions

JUDGED_MIN = 3
"""A scorecard stands on at least so many past dates."""

HORIZONS_DAYS = (90, 60, 30, 14, 7)
"""Windows to look ahead over, the longest first."""

DATES_MAX = 7
CUSTOMERS_MAX = 50_000
"""Customers learnt from at each date; more add hours and no accuracy."""


PanelMaker = Callable[..., Panel]
"""Makes a panel of certain facts, from the other arguments of `panels.panel`."""


@dataclass(frozen=True, slots=True)
class LearningPlan:
    """From when and over what to learn.

    Parameters
    ----------
    as_of : first business day that may not be seen; None takes all there is.
    horizon_days : length of the window looked ahead; None takes the kind's own choice.
    gap_days : days after a window until late data have come in, from 0.
    judged : number of past dates that the scorecard stands on, at least 3.
    customers_max : customers learnt from at each date, at least 100.
    seed : of everything random, from 0.
    assumptions : what values assume of margin and discount.

    Raises
    ------
    OptionError : a number is out of its range.
    """

    as_of: date | None = None
    horizon_days: int | None = None
    gap_days: int = 0
    judged: int = JUDGED_MIN
    customers_max: int = CUSTOMERS_MAX
    seed: int = 0
    assumptions: ValueAssumptions = field(default_factory=ValueAssumptions)

    def __post_init__(self) -> None:
        for name, least in (
            ("horizon_days", 1),
            ("gap_days", 0),
            ("judged", JUDGED_MIN),
            ("customers_max", 100),
            ("seed", 0),
        ):
            value = getattr(self, name)
            if value is not None and value < least:
                raise OptionError(
                    f"{name} {value}", f"a whole number from {least}", f"set {name} higher"
                )


class Learnt(Protocol):
    """A fitted model that scores rows batch by batch and lives as JSON."""

    def score_batch(self, rows: pa.Table) -> pa.Table:
        """Return `customer_id` and scores of the rows that can be scored."""

    def to_dict(self) -> dict[str, Any]:
        """Return the model as plain values."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What fitting one kind of scores gives.

    Parameters
    ----------
    kind : `churn`, `value` or `next_purchase`.
    model : fitted on everything before `as_of`.
    scorecard : of models fitted the same way on past dates.
    as_of : first business day that the model knows nothing of.
    reference : what its features looked like, to tell drift by.
    """

    kind: str
    model: Learnt
    scorecard: Scorecard
    as_of: date
    reference: Mapping[str, Any] = field(default_factory=dict)


def known_span(facts: Facts, calendar: Calendar, as_of: date | None) -> tuple[date, date]:
    """Return the first day of the data and the first day that may not be seen.

    Raises
    ------
    DataError : there is no activity before `as_of`.
    """
    days = data_days(facts, calendar)
    if days is None:
        raise DataError(
            "no activity",
            "customers with a past to learn from",
            "import a file first: tenure import FILE",
        )
    if as_of is not None and days[0] >= as_of:
        raise DataError(
            f"as-of date {as_of}",
            f"a date after the data's first day, {days[0]}",
            "choose a later --as-of, or import a longer history",
        )
    end = days[1] + timedelta(days=1)
    return days[0], end if as_of is None else min(end, as_of)


def horizon_for(span: tuple[date, date], *, judged: int, gap_days: int = 0) -> int:
    """Return how far ahead the data allow to look: the longest of `HORIZONS_DAYS` that fits.

    Parameters
    ----------
    span : first day of the data, and the first day that may not be seen.
    judged : number of past dates that must be judged.
    gap_days : days after a window until late data have come in.
    """
    days = (span[1] - span[0]).days
    fits = (h for h in HORIZONS_DAYS if (judged + 2) * h + (judged + 1) * gap_days <= days)
    return next(fits, HORIZONS_DAYS[-1])


def judged_dates(
    span: tuple[date, date], *, horizon_days: int, gap_days: int, judged: int
) -> tuple[date, ...]:
    """Return past dates, oldest first; the last `judged` of them each have others to learn from.

    Parameters
    ----------
    span : first day of the data, and the first day that may not be seen.
    horizon_days, gap_days, judged : as in `LearningPlan`.

    Raises
    ------
    DataError : the data are too short.
    """
    first_on, end = span
    last_on = end - timedelta(days=1)
    found = origins(
        first_on, last_on, horizon_days=horizon_days, gap_days=gap_days, count=DATES_MAX
    )
    if len(found) <= judged:
        needed = (judged + 2) * horizon_days + (judged + 1) * gap_days
        raise DataError(
            f"{(end - first_on).days} days of data",
            f"at least {needed}, to judge forecasts of {horizon_days} days on {judged} past dates",
            "look less far ahead with --horizon-days, or import a longer history",
        )
    return tuple(reversed(found))


def past_panels(
    facts: Facts,
    dates: Sequence[date],
    *,
    horizon_days: int,
    end: date,
    plan: LearningPlan,
    calendar: Calendar,
    progress: ProgressSink = silent,
    make: PanelMaker | None = None,
) -> list[Panel]:
    """Return customers at each date beside what they did then.

    Parameters
    ----------
    facts : the fact tables.
    dates : the dates, oldest first.
    horizon_days : length of the window looked ahead.
    end : first day that may not be seen.
    plan : how many customers, by which seed.
    calendar : the business's calendar.
    progress : receives the progress, in dates.
    make : makes each panel of these facts; None makes it anew.
    """
    make = make or partial(panel, facts)
    made = []
    for number, day in enumerate(dates):
        progress(Progress("looking back", number, len(dates), "dates"))
        made.append(
            make(
                as_of=day,
                horizon_days=horizon_days,
                calendar=calendar,
                sample=plan.customers_max,
                seed=plan.seed,
                known_until=end,
                gap_days=plan.gap_days,
            )
        )
    progress(Progress("looking back", len(dates), len(dates), "dates"))
    return made
