"""A year rehearsed on a made business: plan, act, measure, review, adjust, month by month.

The business answers what is done to it, and its truth is known, so what a year of decisions
earned can be held against doing nothing, against calling the most at risk, and against one who
knows everything. All of them work under the same limits and meet the same luck.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from tenure.assembly.rehearsal_policies import at_risk, best_possible, most_at_risk_first
from tenure.assembly.rehearsal_year import Adjustment, RehearsedYear, Shop
from tenure.experiments.effects.readouts import plain
from tenure.kernel import OptionError, Progress, ProgressSink, silent
from tenure.simulation.answering import Answer
from tenure.simulation.kinds import planned_world
from tenure.simulation.played import Course, Outcome, PlayedBusiness
from tenure.simulation.seasons import Floats, Integers
from tenure.strategies.results import StrategyResult

ANSWERS = (
    Answer("message", 30, 0.3, 0.15),
    Answer("voucher", 30, 1.0, 0.05),
    Answer("call", 30, 2.0, 0.25),
)
"""What the tactics truly do: the order rate of persuadable customers rises by so much for 30
days, averse ones leave out so many of their orders, all others do what they would have done."""

NOTHING_DONE, MOST_AT_RISK, TENURE, ORACLE = "nothing", "most_at_risk", "tenure", "oracle"
POLICIES = (NOTHING_DONE, MOST_AT_RISK, TENURE, ORACLE)

HISTORY_MONTHS = 24
"""Months of data before the first that is played."""

_MINUTES = 60.0
_LOOKS_AHEAD = 90
_SILENT_DAYS_MAX = 365  # as the strategy's audience


@dataclass(frozen=True, slots=True)
class RehearsalOptions:
    """What is rehearsed.

    Parameters
    ----------
    kind : of business, `shop` or `service`.
    customers : how many it will have had by the end, at least 500.
    months : how many are played, 3 to 24.
    seed : of the business and of everything drawn.
    money_per_customer : monthly budget for each customer at the beginning, in its currency.
    staff_minutes_per_customer : monthly staff time for each.
    margin : share of revenue that is left, 0..1.
    pilot_months : first months in which most contacts are left to chance.

    Raises
    ------
    OptionError : a number is out of its range.
    """

    kind: str = "shop"
    customers: int = 20_000
    months: int = 12
    seed: int = 1
    money_per_customer: float = 0.4
    staff_minutes_per_customer: float = 0.6
    margin: float = 0.4
    pilot_months: int = 2

    def __post_init__(self) -> None:
        """Check ranges."""
        for name, low, high in (
            ("customers", 500, 200_000),
            ("months", 3, 24),
            ("pilot_months", 1, self.months - 1),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise OptionError(f"{name} {value}", f"{low:,} to {high:,}", f"choose {name} anew")
        if self.kind not in ("shop", "service"):
            raise OptionError(
                f"kind {self.kind!r}", "shop or service", "contracts answer to no message here"
            )


@dataclass(frozen=True, slots=True)
class PlayedMonth:
    """One month under one policy; money is true and after margin.

    Parameters
    ----------
    starts_on : day of the decision.
    contacts : actions taken.
    cost : of them.
    brought : margin that would not have come otherwise, as it truly came.
    expected : the same in the mean, as the truth expects it.
    """

    starts_on: date
    contacts: int
    cost: float
    brought: float
    expected: float

    @property
    def earned(self) -> float:
        """What was brought, less its cost."""
        return self.brought - self.cost


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A rehearsed year.

    Parameters
    ----------
    options : what was rehearsed.
    currency : of all amounts.
    played : the months of each policy.
    measured : what Tenure measured each month against its holdout.
    whole_year : the same over all months, each customer counted once.
    adjustments : the reviews.
    """

    options: RehearsalOptions
    currency: str
    played: dict[str, tuple[PlayedMonth, ...]]
    measured: tuple[StrategyResult, ...]
    whole_year: StrategyResult
    adjustments: tuple[Adjustment, ...]

    def earned(self, policy: str) -> float:
        """Return what a policy truly earned over the year."""
        return sum(month.earned for month in self.played[policy])

    def expected(self, policy: str) -> float:
        """Return what a policy's actions were worth in the mean, less their cost."""
        return sum(month.expected - month.cost for month in self.played[policy])

    def as_dict(self) -> dict[str, Any]:
        """Return the rehearsal as plain values for JSON."""
        return {
            "options": plain(self.options),
            "currency": self.currency,
            "earned": {policy: self.earned(policy) for policy in self.played},
            "expected": {policy: self.expected(policy) for policy in self.played},
            "played": plain(self.played),
            "measured": [result.as_dict() for result in self.measured],
            "whole_year": self.whole_year.as_dict(),
            "adjustments": [
                {
                    "month": one.month,
                    "review": one.review.as_dict(),
                    "learnt": {name: dict(text) for name, text in one.learnt.items()},
                }
                for one in self.adjustments
            ],
        }


def rehearse(
    options: RehearsalOptions, folder: Path, *, progress: ProgressSink = silent
) -> Rehearsal:
    """Play a year on a made business.

    Parameters
    ----------
    options : what is rehearsed.
    folder : new or empty; holds the workspaces of the business under two of the policies.
    progress : receives the progress, in months.
    """
    world = planned_world(
        options.kind,
        customers=options.customers,
        seed=options.seed,
        months=options.months + HISTORY_MONTHS,
    )
    business = PlayedBusiness(world, ANSWERS, months=options.months)
    begun = int(business.begun(0).sum())
    year = RehearsedYear(
        business,
        money=options.money_per_customer * begun * options.months,
        staff_hours=options.staff_minutes_per_customer * begun * options.months / _MINUTES,
        margin=options.margin,
        pilot_months=options.pilot_months,
        seed=options.seed,
    )
    courses = _Courses(options, business, year, folder)
    for month in range(options.months):
        progress(Progress("rehearsing", month, options.months, "months"))
        courses.play(month)
    progress(Progress("rehearsing", options.months, options.months, "months"))
    return Rehearsal(
        options,
        world.currency,
        {policy: tuple(months) for policy, months in courses.played.items()},
        tuple(year.results),
        year.whole_year(),
        tuple(year.adjustments),
    )


class _Courses:
    """The same business under each policy."""

    def __init__(
        self,
        options: RehearsalOptions,
        business: PlayedBusiness,
        year: RehearsedYear,
        folder: Path,
    ) -> None:
        self.options, self.business, self.year = options, business, year
        self.mine = Shop(business, folder / TENURE)
        self.rival = Shop(business, folder / MOST_AT_RISK)
        self.oracle = Course(business)
        self.played: dict[str, list[PlayedMonth]] = {policy: [] for policy in POLICIES}

    def play(self, month: int) -> None:
        """Decide and act under every policy, and let a month pass."""
        business, day = self.business, self.business.days[month]
        decided = self.year.decide(month, self.mine.known(day))
        outcome = self.mine.course.act(month, decided.action, decided.withheld)
        self._keep(TENURE, month, decided.action, outcome)
        chased = self._most_at_risk(month)
        self._keep(MOST_AT_RISK, month, chased, self.rival.course.act(month, chased))
        known = business.expected_value(month) * self.options.margin
        best = best_possible(known, business.begun(month), self.year.costs, self.year.limits)
        self._keep(ORACLE, month, best, self.oracle.act(month, best))
        self.played[NOTHING_DONE].append(PlayedMonth(day, 0, 0.0, 0.0, 0.0))
        last = month + 1 == len(business.days)
        end = business.end if last else business.days[month + 1]
        self.year.measure(month, decided, self.mine.append(day, end), end)
        self.rival.append(day, end)

    def _most_at_risk(self, month: int) -> Integers:
        day, workspace = self.business.days[month], self.rival.workspace
        found = at_risk(
            workspace.facts(),
            as_of=day,
            calendar=workspace.calendar,
            horizon_days=_LOOKS_AHEAD,
            silent_days_max=_SILENT_DAYS_MAX,
        )
        risk = np.full(len(self.business.customers), np.nan)
        risk[self.business.places(found["customer_id"])] = found["risk"].to_numpy()
        may = self.business.begun(month)
        return most_at_risk_first(risk, may, self.year.costs, self.year.limits)

    def _keep(self, policy: str, month: int, action: Integers, outcome: Outcome) -> None:
        """Note what a month truly came to."""
        acted = np.flatnonzero(action >= 0)
        cost = float(self.year.costs[action[acted]].sum())
        expected: Floats = self.business.expected_value(month)[acted, action[acted]]
        self.played[policy].append(
            PlayedMonth(
                self.business.days[month],
                len(acted),
                cost,
                float(outcome.value.sum()) * self.options.margin,
                float(expected.sum()) * self.options.margin,
            )
        )
