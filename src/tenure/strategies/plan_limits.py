"""The limits of one planning occasion: money, staff hours, contacts, as a strategy states them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

from tenure.strategies import definition as text
from tenure.strategies.allocation import Limit
from tenure.strategies.definition import Strategy, Tactic

Floats = npt.NDArray[np.float64]
LimitKind = Literal["money", "staff_hours", "contacts"]
MONEY = "money"
"""Name of the budget's limit."""

_MINUTES, _RHYTHM_DAYS = 60.0, {"daily": 1, "weekly": 7, "monthly": 30}


@dataclass(frozen=True, slots=True)
class Occasion:
    """One of the times at which a strategy is planned.

    Parameters
    ----------
    number : which, from 1.
    of : how many there are over the schedule.
    days : how many days it covers.
    """

    number: int
    of: int
    days: int


@dataclass(frozen=True, slots=True, eq=False)
class PlanLimit:
    """A limit with its kind.

    Parameters
    ----------
    limit : what the allocation holds.
    kind : `money`, `staff_hours` or `contacts`.
    total : the limit over the whole schedule.
    """

    limit: Limit
    kind: LimitKind
    total: float


def occasion_on(strategy: Strategy, day: date) -> Occasion:
    """Return the planning occasion that a day belongs to; before the start it is the first."""
    schedule = strategy.schedule
    step = _RHYTHM_DAYS.get(schedule.rhythm, schedule.days)
    of = -(-schedule.days // step)
    number = min(max((day - schedule.starts_on).days // step, 0), of - 1) + 1
    return Occasion(number, of, min(step, schedule.days - (number - 1) * step))


def unit_costs(strategy: Strategy) -> Floats:
    """Return what one contact by each tactic is expected to cost, staff time that is paid included.

    Parameters
    ----------
    strategy : whose tactics, in order.
    """
    return np.array(
        [
            float(tactic.expected_cost) + _hours(tactic) * _hourly(strategy, tactic)
            for tactic in strategy.tactics
        ]
    )


def plan_limits(
    strategy: Strategy,
    occasion: Occasion,
    *,
    spent: Mapping[str, float] | None = None,
    money: float | None = None,
) -> tuple[PlanLimit, ...]:
    """Return the limits of one occasion.

    Parameters
    ----------
    strategy : whose limits.
    occasion : which; what is left of a limit is spread evenly over the occasions left.
    spent : what earlier occasions used, by the limit's name.
    money : a budget for the whole schedule instead of the strategy's own.
    """
    made = _Making(strategy, occasion, spent or {})
    budget, tactics = strategy.budget, strategy.tactics
    made.add(MONEY, "money", float(budget.money) if money is None else money, tactics)
    made.add("staff_hours", "staff_hours", budget.staff_hours, tactics)
    for team in strategy.teams:
        mine = [one for one in tactics if one.team == team.name]
        made.add(f"team {team.name}: hours", "staff_hours", team.staff_hours, mine)
        made.add_daily(f"team {team.name}: contacts", team.contacts_per_day, mine)
    for rule in strategy.channels:
        mine = [one for one in tactics if one.channel == rule.name]
        made.add_daily(f"channel {rule.name}", rule.contacts_per_day, mine)
    for tactic in tactics:
        made.add_daily(f"tactic {tactic.name}", tactic.contacts_per_day, [tactic])
    for limit in strategy.limits:
        mine = [one for one in tactics if _is_over(limit, one, strategy)]
        amount = None if limit.money is None else float(limit.money)
        made.add(f"limit {limit.name}", "money", amount, mine)
        made.add(f"limit {limit.name}", "contacts", limit.contacts, mine)
        made.add(f"limit {limit.name}", "staff_hours", limit.staff_hours, mine)
    return tuple(made.limits)


class _Making:
    """Limits in the making."""

    def __init__(self, strategy: Strategy, occasion: Occasion, spent: Mapping[str, float]) -> None:
        self.limits: list[PlanLimit] = []
        self._strategy, self._occasion, self._spent = strategy, occasion, spent
        self._per_contact: dict[LimitKind, Floats] = {
            "money": unit_costs(strategy),
            "staff_hours": np.array([_hours(one) for one in strategy.tactics]),
            "contacts": np.ones(len(strategy.tactics)),
        }

    def add(self, name: str, kind: LimitKind, total: float | None, over: Sequence[Tactic]) -> None:
        """Add a limit over the whole schedule; what is left is spread over what is left."""
        if total is not None:
            left = self._occasion.of - self._occasion.number + 1
            here = max(total - self._spent.get(name, 0.0), 0.0) / left
            self._add(name, kind, total, here, over)

    def add_daily(self, name: str, contacts: int | None, over: Sequence[Tactic]) -> None:
        """Add a limit of contacts a day."""
        if contacts is not None:
            whole = contacts * self._strategy.schedule.days
            self._add(name, "contacts", whole, contacts * self._occasion.days, over)

    def _add(
        self, name: str, kind: LimitKind, total: float, here: float, over: Sequence[Tactic]
    ) -> None:
        names = {one.name for one in over}
        mine = np.array([float(one.name in names) for one in self._strategy.tactics])
        uses = mine * self._per_contact[kind]
        if (uses > 0).any():
            unit = {
                "money": self._strategy.budget.currency,
                "staff_hours": "hours",
                "contacts": "contacts",
            }[kind]
            self.limits.append(PlanLimit(Limit(name, unit, here, uses), kind, total))


def actions_per_customer(strategy: Strategy) -> int | None:
    """Return how many contacts one plan may give a customer; None: one of each group."""
    caps = [cap.contacts for cap in strategy.contact_caps if cap.channel is None]
    return min(caps, default=None)


def _hours(tactic: Tactic) -> float:
    return tactic.staff_minutes / _MINUTES


def _hourly(strategy: Strategy, tactic: Tactic) -> float:
    return 0.0 if tactic.team is None else float(strategy.team(tactic.team).hourly_cost)


def _is_over(limit: text.Limit, tactic: Tactic, strategy: Strategy) -> bool:
    if limit.tactics is not None:
        return tactic.name in limit.tactics
    if limit.channel is not None:
        return tactic.channel == limit.channel
    if limit.team is not None:
        return tactic.team == limit.team
    team = None if tactic.team is None else strategy.team(tactic.team)
    return team is not None and team.department == limit.department
