"""The plan: who gets what within the budget, worked out and told with all that holds it back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from statistics import NormalDist

import numpy as np
import pyarrow as pa

from tenure.kernel import Estimate
from tenure.strategies.allocation import Allocation, CurvePoint, allocate, value_curve
from tenure.strategies.exploration import Exploration, explore
from tenure.strategies.ground import Flags, Floats
from tenure.strategies.plan import (
    CarefulPlan,
    ExplorationState,
    LimitState,
    Plan,
    TacticPlan,
)
from tenure.strategies.plan_decisions import DECISIONS
from tenure.strategies.plan_experiments import propose_experiment
from tenure.strategies.plan_limits import MONEY, PlanLimit
from tenure.strategies.plan_notes import plan_notes
from tenure.strategies.plan_reasons import Codes, counted, reasons_among, reasons_before
from tenure.strategies.preparing import Integers, Prepared

CONFIDENCE = 0.9
CURVE_AT = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
"""Parts of the money at which its value is told."""

_SAMPLE_ROWS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What was chosen for those who may have a tactic.

    Parameters
    ----------
    rows : the customers.
    values : of each tactic, expected; `(rows, tactics)`.
    chosen : tactic of each group, -1 for none, lots included; `(rows, groups)`.
    planned : what the prices alone would choose for those who explore, else as chosen.
    exploration : who explores.
    allocation : of all others.
    active : tactics that repay their fixed cost.
    """

    rows: Integers
    values: Floats
    chosen: Integers
    planned: Integers
    exploration: Exploration
    allocation: Allocation
    active: Flags

    def contacts(self, tactic: int) -> Flags:
        """Tell who gets a tactic."""
        return np.asarray((self.chosen == tactic).any(axis=1))


def plan_strategy(prepared: Prepared, *, as_of: date, digest: str = "") -> Plan:
    """Return the plan of a strategy at one occasion.

    Parameters
    ----------
    prepared : the strategy and its people.
    as_of : date of their snapshot.
    digest : SHA-256 of the strategy's text.

    Returns
    -------
    The same for the same input, to the last digit.
    """
    strategy, ground = prepared.strategy, prepared.ground
    decided = decide(prepared, salt=f"explore:{strategy.name}:{as_of}")
    reasons = _reasons(prepared, decided)
    value, cost, spread = _money(prepared, decided)
    net = value - cost
    sure = NormalDist()
    reach = sure.inv_cdf(0.5 + CONFIDENCE / 2) * spread
    loss = sure.cdf(-net / spread) if spread > 0 else float(net < 0)
    counts = counted(reasons)
    planned = counts.pop("planned", 0)
    return Plan(
        strategy=strategy.name,
        digest=digest,
        as_of=as_of,
        occasion=prepared.occasion,
        currency=strategy.budget.currency,
        customers=ground.customers,
        audience=int(ground.in_audience.sum()),
        planned=planned,
        reasons=counts,
        expected_value=value,
        expected_cost=cost,
        net=Estimate(net, net - reach, net + reach, CONFIDENCE, "beliefs, independent by tactic"),
        loss_probability=loss,
        optimised=decided.allocation.value,
        bound=decided.allocation.bound,
        limits=_limits(prepared, decided),
        tactics=_tactics(prepared, decided),
        dropped=tuple(
            one.name
            for one, active in zip(strategy.tactics, decided.active, strict=True)
            if not active
        ),
        curve=_curve(prepared, decided),
        careful=_careful(prepared, decided),
        exploration=_exploration(prepared, decided),
        notes=plan_notes(prepared),
        decisions=_decisions(prepared, decided, reasons),
    )


def decide(prepared: Prepared, *, salt: str) -> Decided:
    """Choose for every customer who may have a tactic: some by lot, the others at their best.

    Parameters
    ----------
    prepared : the strategy and its people.
    salt : of the lots.
    """
    rows = prepared.considered
    values = prepared.values(rows)
    active, fixed = _repaying(prepared, values)
    at_most = np.array([one.limit.at_most for one in prepared.limits])
    money = np.array([one.limit.name == MONEY for one in prepared.limits], bool)
    left = np.maximum(at_most - fixed * money, 0.0)
    drawn = explore(
        prepared.ground.customer_ids.take(pa.array(rows)),
        prepared.available[rows] & active,
        [
            PlanLimit(replace(one.limit, at_most=float(most)), one.kind, one.total)
            for one, most in zip(prepared.limits, left, strict=True)
        ],
        share=prepared.strategy.exploration_share,
        salt=salt,
    )
    uses = np.array([one.limit.uses for one in prepared.limits]).reshape(-1, len(prepared.costs))
    left = np.maximum(left - uses[:, drawn.drawn[drawn.drawn >= 0]].sum(axis=1), 0.0)
    others = np.where(drawn.explores[:, None], np.nan, values)
    allocation = allocate(prepared.problem(others, left=left, active=active))
    planned = allocation.choice.astype(np.int64)
    planned[drawn.explores] = prepared.best_at(allocation.prices, values[drawn.explores], active)
    chosen = planned.copy()
    chosen[drawn.explores] = -1
    for place, group in enumerate(prepared.groups):
        mine = drawn.explores & np.isin(drawn.drawn, prepared.members(group))
        chosen[mine, place] = drawn.drawn[mine]
    return Decided(rows, values, chosen, planned, drawn, allocation, active)


def _repaying(prepared: Prepared, values: Floats) -> tuple[Flags, float]:
    """Return the tactics that repay their fixed cost, and the sum of these."""
    fixed = np.array([float(one.cost.fixed) for one in prepared.strategy.tactics])
    active = np.ones(len(fixed), bool)
    at_most = np.array([one.limit.at_most for one in prepared.limits])
    money = np.array([one.limit.name == MONEY for one in prepared.limits], bool)

    def worth(using: Flags) -> float:
        spent = float(fixed[using].sum())
        left = np.maximum(at_most - spent * money, 0.0)
        return allocate(prepared.problem(values, left=left, active=using)).value - spent

    best = worth(active) if fixed.any() else 0.0
    while (fixed[active] > 0).any():
        tried = []
        for place in np.flatnonzero(active & (fixed > 0)):
            without = active.copy()
            without[place] = False
            tried.append((worth(without), without))
        found, without = max(tried, key=lambda one: one[0])
        if found < best:
            break
        best, active = found, without
    return active, float(fixed[active].sum())


def _reasons(prepared: Prepared, decided: Decided) -> Codes:
    made = reasons_before(prepared)
    used = np.array([state.used for state in _limits(prepared, decided)])
    at_most = np.array([one.limit.at_most for one in prepared.limits])
    among = reasons_among(
        prepared, decided.values, decided.allocation.prices, at_most - used, decided.active
    )
    among[decided.exploration.explores] = "drawn_to_nothing"
    among[(decided.chosen >= 0).any(axis=1)] = "planned"
    made[decided.rows] = among
    return made


def _money(prepared: Prepared, decided: Decided) -> tuple[float, float, float]:
    """Return value, cost and the value's standard deviation over all contacts."""
    value, cost, variance = 0.0, 0.0, 0.0
    for place, tactic in enumerate(prepared.strategy.tactics):
        mine = decided.contacts(place)
        if not mine.any():
            continue
        value += float(decided.values[mine, place].sum())
        cost += float(prepared.costs[place] * mine.sum()) + float(tactic.cost.fixed)
        # one belief for all: were it wrong, it would be wrong for all of them alike
        variance += float(prepared.effects[place].deviation[decided.rows[mine]].sum()) ** 2
    return value, cost, variance**0.5


def _limits(prepared: Prepared, decided: Decided) -> tuple[LimitState, ...]:
    counts = np.array([decided.contacts(k).sum() for k in range(len(prepared.costs))])
    fixed = sum(
        float(one.cost.fixed)
        for one, count in zip(prepared.strategy.tactics, counts, strict=True)
        if count
    )
    return tuple(
        LimitState(
            one.limit.name,
            one.kind,
            one.limit.unit,
            one.total,
            one.limit.at_most,
            float(np.asarray(one.limit.uses) @ counts) + fixed * (one.limit.name == MONEY),
            state.price,
        )
        for one, state in zip(prepared.limits, decided.allocation.limits, strict=True)
    )


def _tactics(prepared: Prepared, decided: Decided) -> tuple[TacticPlan, ...]:
    made = []
    held_out = int((prepared.ground.in_audience & prepared.ground.is_held_out).sum())
    for place, tactic in enumerate(prepared.strategy.tactics):
        effect, mine = prepared.effects[place], decided.contacts(place)
        count, available = int(mine.sum()), prepared.available[:, place]
        value = float(decided.values[mine, place].sum())
        cost = float(prepared.costs[place] * count) + float(tactic.cost.fixed) * bool(count)
        low, high = _if_otherwise(prepared, decided, place)
        experiment = None
        if not effect.is_measured:
            experiment = propose_experiment(
                prepared.strategy,
                tactic,
                dict(prepared.ground.past),
                available,
                unit_cost=float(prepared.costs[place]),
                contacts=count,
                held_out=held_out,
            )
        made.append(
            TacticPlan(
                name=tactic.name,
                title=tactic.title,
                available=int(available.sum()),
                contacts=count,
                explored=int((mine & decided.exploration.explores).sum()),
                value=value,
                cost=cost,
                staff_hours=count * tactic.staff_minutes / 60,
                basis=effect.basis,
                scale=effect.scale,
                effect=effect.unit_mean,
                deviation=effect.unit_deviation,
                break_even=effect.unit_mean * cost / value if value > 0 else None,
                contacts_if_low=low,
                contacts_if_high=high,
                experiment=experiment,
            )
        )
    return tuple(made)


def _if_otherwise(prepared: Prepared, decided: Decided, place: int) -> tuple[int, int]:
    """Return a tactic's contacts if its effect were a standard deviation lower, or higher."""
    step = -(-decided.rows.size // _SAMPLE_ROWS) if decided.rows.size else 1
    rows = decided.rows[::step]
    if not rows.size or not decided.active[place]:
        return 0, 0
    larger = decided.rows.size / rows.size
    at_most = np.array([one.limit.at_most for one in prepared.limits]) / larger
    counts = []
    for deviations in (-1.0, 1.0):
        values = decided.values[::step].copy()
        values[:, place] += deviations * prepared.effects[place].deviation[rows]
        problem = prepared.problem(values, left=at_most, active=decided.active)
        counts.append(round((allocate(problem).choice == place).sum() * larger))
    return counts[0], counts[1]


def _curve(prepared: Prepared, decided: Decided) -> tuple[CurvePoint, ...]:
    """Return what the plan would be worth with other budgets, nothing left to lots."""
    money = [one.limit for one in prepared.limits if one.limit.name == MONEY]
    if not money or not decided.rows.size:
        return ()
    problem = prepared.problem(decided.values, active=decided.active)
    return value_curve(problem, MONEY, [money[0].at_most * part for part in CURVE_AT])


def _careful(prepared: Prepared, decided: Decided) -> CarefulPlan:
    quantile = prepared.options.pessimism
    values = prepared.values(decided.rows, deviations=NormalDist().inv_cdf(quantile))
    plan = allocate(prepared.problem(values, active=decided.active))
    net = values - prepared.costs
    own = sum(
        float(net[decided.contacts(place), place].sum()) for place in range(len(prepared.costs))
    )
    both = int(((plan.choice == decided.chosen) & (decided.chosen >= 0)).sum())
    contacts = int((decided.chosen >= 0).sum())
    return CarefulPlan(
        quantile,
        int((plan.choice >= 0).sum()),
        plan.value,
        own,
        both / contacts if contacts else None,
    )


def _exploration(prepared: Prepared, decided: Decided) -> ExplorationState:
    drawn = decided.exploration.drawn
    lots = np.flatnonzero(drawn >= 0)
    net = decided.values[lots, drawn[lots]] - prepared.costs[drawn[lots]]
    return ExplorationState(
        prepared.strategy.exploration_share,
        decided.exploration.chance,
        int(decided.exploration.explores.sum()),
        int(lots.size),
        float(net.sum()),
    )


def _decisions(prepared: Prepared, decided: Decided, reasons: Codes) -> pa.Table:
    names = np.array([*(one.name for one in prepared.strategy.tactics), None], object)
    costs = np.append(prepared.costs, 0.0)
    ids = prepared.ground.customer_ids.take(pa.array(decided.rows))
    available = prepared.available[decided.rows]
    parts = []
    for place, group in enumerate(prepared.groups):
        given = decided.chosen[:, place]
        own = available[:, prepared.members(group)].sum(axis=1)
        values = np.append(decided.values, np.zeros((len(given), 1)), axis=1)
        parts.append(
            pa.table(
                [
                    ids,
                    pa.array(np.full(given.size, group, object), pa.string()),
                    pa.array(names[given], pa.string()),
                    pa.array(decided.exploration.explores),
                    decided.exploration.propensity(decided.planned[:, place], given, own),
                    decided.exploration.options,
                    values[np.arange(given.size), given],
                    costs[given],
                    pa.array(reasons[decided.rows], pa.string()),
                ],
                schema=DECISIONS,
            )
        )
    return pa.concat_tables(parts).sort_by(
        [("customer_id", "ascending"), ("tactic_group", "ascending")]
    )
