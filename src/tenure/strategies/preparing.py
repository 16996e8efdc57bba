"""Everything a plan is worked out from, as arrays: who may get what, its value and its cost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tenure.strategies.allocation import AllocationProblem
from tenure.strategies.believed_effects import BelievedEffect, FittedEffect, believed_effect
from tenure.strategies.definition import Strategy
from tenure.strategies.ground import Flags, Floats, Ground
from tenure.strategies.plan_limits import (
    Occasion,
    PlanLimit,
    actions_per_customer,
    plan_limits,
    unit_costs,
)

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a plan may be asked beyond its strategy.

    Parameters
    ----------
    margin : share of revenue that is left where a tactic names none, 0..1.
    money : a budget over the whole schedule instead of the strategy's; None takes the strategy's.
    spent : what earlier occasions used, by the limit's name.
    pessimism : quantile of the effects at which the careful plan is made, 0..0.5.
    """

    margin: float = 1.0
    money: float | None = None
    spent: Mapping[str, float] | None = None
    pessimism: float = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A strategy at one occasion, ready to be decided.

    Parameters
    ----------
    strategy, ground, occasion, options : what it was prepared from.
    effects : of each tactic, over all customers.
    costs : of one contact by each tactic, expected.
    limits : of the occasion.
    available : which tactics each customer may have; `(customers, tactics)`.
    """

    strategy: Strategy
    ground: Ground
    occasion: Occasion
    options: PlanOptions
    effects: tuple[BelievedEffect, ...]
    costs: Floats
    limits: tuple[PlanLimit, ...]
    available: Flags

    @property
    def considered(self) -> Integers:
        """The customers who may have a tactic at least."""
        return np.flatnonzero(self.available.any(axis=1))

    @property
    def groups(self) -> tuple[str, ...]:
        """The tactic groups, in the order of the strategy."""
        return tuple(dict.fromkeys(one.group for one in self.strategy.tactics))

    def members(self, group: str) -> Integers:
        """Return the tactics of a group."""
        return np.array(
            [n for n, one in enumerate(self.strategy.tactics) if one.group == group], np.int64
        )

    def values(self, rows: Integers, *, deviations: float = 0.0) -> Floats:
        """Return what each tactic is believed to bring some customers, before its cost.

        Parameters
        ----------
        rows : the customers.
        deviations : how many standard deviations above the expected effect.

        Returns
        -------
        `(rows, tactics)`, not-a-number where a customer may not have a tactic.
        """
        made = np.column_stack([effect.at(deviations)[rows] for effect in self.effects])
        return np.where(self.available[rows], made, np.nan)

    def problem(
        self,
        values: Floats,
        *,
        left: Floats | None = None,
        active: Flags | None = None,
    ) -> AllocationProblem:
        """Return what is to be allocated.

        Parameters
        ----------
        values : of each tactic, per customer.
        left : what is left of each limit; None: all.
        active : tactics that are used; None: all.
        """
        given = values if active is None else np.where(active, values, np.nan)
        amounts = [one.limit.at_most for one in self.limits] if left is None else left
        limits = [
            replace(one.limit, at_most=float(amount))
            for one, amount in zip(self.limits, amounts, strict=True)
        ]
        labels = [one.group for one in self.strategy.tactics]
        return AllocationProblem(
            given, self.costs, limits, labels, actions_per_customer(self.strategy)
        )

    def best_at(self, prices: Floats, values: Floats, active: Flags) -> Integers:
        """Return the tactic of each group that is best at given prices, -1 for none.

        Parameters
        ----------
        prices : of one unit of each limit.
        values : of each tactic, per customer.
        active : tactics that are used.
        """
        left = np.where(active, values - self.costs - self.charges(prices), np.nan)
        left = np.where(np.nan_to_num(left, nan=-1.0) > 0, left, -np.inf)
        best = np.full((len(values), len(self.groups)), -1, np.int64)
        gains = np.full(best.shape, -np.inf)
        for place, group in enumerate(self.groups):
            own = self.members(group)
            first = left[:, own].argmax(axis=1)
            gains[:, place] = left[np.arange(len(values)), own[first]]
            best[:, place] = np.where(np.isfinite(gains[:, place]), own[first], -1)
        most = actions_per_customer(self.strategy)
        if most is not None and most < len(self.groups):
            rank = np.argsort(np.argsort(-gains, axis=1, kind="stable"), axis=1)
            best[rank >= most] = -1
        return best

    def chosen_at(self, prices: Mapping[str, float], dropped: Collection[str]) -> Integers:
        """Return the tactic that given prices choose for each customer, -1 for none.

        Parameters
        ----------
        prices : of one unit of each limit, by its name; a limit without one charges nothing.
        dropped : names of tactics that are not used.
        """
        rows = self.considered
        charged = np.array([prices.get(one.limit.name, 0.0) for one in self.limits])
        active = np.array([one.name not in dropped for one in self.strategy.tactics])
        best = self.best_at(charged, self.values(rows), active)
        # Of several groups the first that gives her something speaks for her.
        first = np.argmax(best >= 0, axis=1)
        chosen: Integers = np.full(self.ground.customers, -1)
        chosen[rows] = best[np.arange(len(rows)), first]
        return chosen

    def charges(self, prices: Floats) -> Floats:
        """Return what the limits' prices charge for one contact by each tactic."""
        uses = np.array([one.limit.uses for one in self.limits], np.float64)
        return prices @ uses if len(uses) else np.zeros(len(self.costs))


def prepare(
    strategy: Strategy,
    ground: Ground,
    occasion: Occasion,
    options: PlanOptions = PlanOptions(),
    *,
    fitted: Mapping[str, FittedEffect] | None = None,
) -> Prepared:
    """Return a strategy at one occasion, ready to be decided.

    Parameters
    ----------
    strategy : what may be done.
    ground : for whom.
    occasion : which of its planning occasions.
    options : margin, budget, what was spent.
    fitted : uplift models by name, for the tactics that name one.

    Raises
    ------
    OptionError : a tactic has an effect that is neither fitted nor stated.
    """
    models = fitted or {}
    effects = tuple(
        believed_effect(
            tactic,
            ground.worth,
            ground.customers,
            margin=options.margin,
            fitted=models.get(tactic.effect.uplift_model or ""),
        )
        for tactic in strategy.tactics
    )
    known = np.column_stack([np.isfinite(effect.mean) for effect in effects])
    free = np.ones_like(known) if ground.capped is None else ~ground.capped
    return Prepared(
        strategy,
        ground,
        occasion,
        options,
        effects,
        unit_costs(strategy),
        plan_limits(strategy, occasion, spent=options.spent, money=options.money),
        ground.approachable[:, None] & ground.eligible & ground.agreed & free & known,
    )
