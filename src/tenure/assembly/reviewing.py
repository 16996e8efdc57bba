"""The review of a strategy's recorded plans: what each brought, and what is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.assembly.customers import CustomersAsOf, customers_as_of
from tenure.assembly.planning import holdouts_of, people_of, plans_made, version_of
from tenure.assembly.strategies import strategy_in_force
from tenure.assembly.workspace import Workspace
from tenure.kernel import DataError, OptionError, Progress, ProgressSink, silent
from tenure.predictions.panels import Panel, data_end, panel
from tenure.strategies.definition import Strategy
from tenure.strategies.ground import Flags, Floats, Ground
from tenure.strategies.key_figures import KEY_FIGURES
from tenure.strategies.plan_decisions import PLAN_DECISIONS
from tenure.strategies.plan_limits import Occasion, unit_costs
from tenure.strategies.plan_records import RecordedPlan
from tenure.strategies.preparing import Integers, PlanOptions, Prepared, prepare
from tenure.strategies.results import Followed, StrategyResult, strategy_result
from tenure.strategies.reviewing import Review, beliefs, review

_BEFORE = "net_value_90_days"
_NOBODY = -1


@dataclass(frozen=True, slots=True)
class StrategyReview:
    """What a strategy's plans brought, and what is proposed.

    Parameters
    ----------
    version : the version in use.
    results : of each plan whose time to take effect is over, oldest first.
    pending : dates of plans whose time is not over yet.
    review : of the last of them.
    """

    version: int
    results: tuple[StrategyResult, ...]
    pending: tuple[date, ...]
    review: Review

    def as_dict(self) -> dict[str, Any]:
        """Return the review as plain values for JSON."""
        return {
            "version": self.version,
            "results": [result.as_dict() for result in self.results],
            "pending": [day.isoformat() for day in self.pending],
            "review": self.review.as_dict(),
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """One plan's result with what the review needs beside it."""

    result: StrategyResult
    strategy: Strategy
    worth: Mapping[str, float]
    expected: Mapping[str, float]


def review_strategy(
    workspace: Workspace, name: str, *, progress: ProgressSink = silent
) -> StrategyReview:
    """Return what a strategy's recorded plans brought, and the version proposed for next time.

    A plan is measured when the longest of its tactics has had its days to take effect. Who was
    held out follows from her id; what she would have got, from the plan's own prices.

    Parameters
    ----------
    workspace : whose strategy.
    name : of a strategy in force.
    progress : receives the progress, in plans.

    Raises
    ------
    OptionError : no such strategy, or no plan of it was recorded.
    DataError : no plan's time is over yet.
    """
    strategy, definition = strategy_in_force(workspace, name)
    plans = plans_made(workspace, strategy=strategy.name)
    if not plans:
        raise OptionError(
            f"strategy {name!r} without a plan",
            "a plan in the records",
            f"make one first: tenure plan {name}",
        )
    facts = workspace.facts()
    end = data_end(facts, workspace.calendar)
    over = [plan for plan in plans if end is not None and _until(workspace, plan) <= end]
    if not over:
        first = min(_until(workspace, plan) for plan in plans)
        raise DataError(
            f"plans of {name!r} and data until {end}",
            f"data until {first}, when the first plan has had its days to take effect",
            "import what has happened since, then review",
        )
    measured = []
    for number, plan in enumerate(over):
        progress(Progress("measuring", number, len(over), "plans"))
        measured.append(_measure(workspace, plan))
    progress(Progress("measuring", len(over), len(over), "plans"))
    last = measured[-1]
    found = review(
        strategy,
        [one.result for one in measured],
        margin=workspace.settings.margin_percent / 100,
        worth=last.worth,
        expected=last.expected,
        first=beliefs(measured[0].strategy, measured[0].worth),
    )
    pending = tuple(plan.as_of for plan in plans if plan not in over)
    return StrategyReview(definition.version, tuple(one.result for one in measured), pending, found)


def _until(workspace: Workspace, plan: RecordedPlan) -> date:
    strategy, _ = version_of(workspace, plan)
    return plan.as_of + timedelta(days=_window(strategy))


def _window(strategy: Strategy) -> int:
    return max(tactic.effect.within_days for tactic in strategy.tactics)


def _measure(workspace: Workspace, plan: RecordedPlan) -> _Measured:
    """Return what one plan brought."""
    strategy, _ = version_of(workspace, plan)
    state = customers_as_of(workspace, plan.as_of)
    # Caps count what was planned, which those held out never were: left out for all, both sides
    # stay alike, and who was contacted too often counts as planned for and not reached.
    everyone = replace(people_of(workspace, strategy, state), held_out={}, capped=None)
    margin = workspace.settings.margin_percent / 100
    ready = prepare(
        strategy, everyone, Occasion(**plan.content["occasion"]), PlanOptions(margin=margin)
    )
    would = _would(plan, ready)
    holdouts = holdouts_of(workspace, strategy, plan.as_of)
    held = holdouts["strategy_holdout"].holds(everyone.customer_ids)
    given = _given(workspace, state, plan, strategy, everyone)
    days = _window(strategy)
    until = plan.as_of + timedelta(days=days)
    seen = panel(
        state.facts,
        as_of=plan.as_of,
        horizon_days=days,
        calendar=workspace.calendar,
        change_days=None,
        attributes=(),
    )
    people = would >= 0
    if "universal_holdout" in holdouts:
        # Nobody of them could have been planned for, so they are on neither side.
        people &= ~holdouts["universal_holdout"].holds(everyone.customer_ids)
    followed = _followed(state, strategy, everyone, seen, people, would, held, given, until)
    used = {tactic["name"] for tactic in plan.content["tactics"] if tactic["contacts"]}
    fixed = sum(float(t.cost.fixed) for t in strategy.tactics if t.name in used)
    result = strategy_result(
        followed,
        strategy=strategy.name,
        decided_on=plan.as_of,
        counted_until=until,
        currency=strategy.budget.currency,
        margin=margin,
        holdout_share=strategy.holdout_share,
        fixed_cost=fixed,
        guardrails={one.metric: one.margin for one in strategy.guardrails},
    )
    expected = {tactic["name"]: tactic["value"] for tactic in plan.content["tactics"]}
    return _Measured(result, strategy, _worth(strategy, everyone, would), expected)


def _would(plan: RecordedPlan, ready: Prepared) -> Integers:
    """Return the tactic that the plan's prices choose for each, -1 for none."""
    rows = ready.considered
    prices = {limit["name"]: limit["price"] for limit in plan.content["limits"]}
    charged = np.array([prices.get(one.limit.name, 0.0) for one in ready.limits])
    active = np.array([t.name not in plan.content["dropped"] for t in ready.strategy.tactics])
    best = ready.best_at(charged, ready.values(rows), active)
    would: Integers = np.full(ready.ground.customers, _NOBODY)
    # Of several groups the first that gives her something speaks for her.
    first = np.argmax(best >= 0, axis=1)
    would[rows] = best[np.arange(len(rows)), first]
    return would


def _given(
    workspace: Workspace,
    state: CustomersAsOf,
    plan: RecordedPlan,
    strategy: Strategy,
    people: Ground,
) -> Flags:
    """Tell who gets which tactic by the recorded decisions; (customers, tactics)."""
    table = workspace.lake.view().relation(state.facts.engine, PLAN_DECISIONS).table
    chosen = table.filter(table.plan_id == plan.plan_id, table.tactic.notnull())
    rows = state.facts.engine.collect(chosen.select("customer_id", "tactic"))
    names = {tactic.name: number for number, tactic in enumerate(strategy.tactics)}
    given = np.zeros((people.customers, len(names)), dtype=np.bool_)
    place = pc.index_in(rows["customer_id"], people.customer_ids).to_numpy(zero_copy_only=False)
    number = [names[name] for name in rows["tactic"].to_pylist()]
    given[np.asarray(place, dtype=np.int64), number] = True
    return given


def _followed(
    state: CustomersAsOf,
    strategy: Strategy,
    ground: Ground,
    seen: Panel,
    people: Flags,
    would: Integers,
    held: Flags,
    given: Flags,
    until: date,
) -> Followed:
    """Return the people of a plan and what became of them."""
    if seen.outcome is None:
        raise DataError("an open window", "data until its end", "import what has happened since")
    place = pc.index_in(ground.customer_ids, seen.features["customer_id"].combine_chunks())

    def column(table: pa.Table, name: str) -> Floats:
        values = pc.fill_null(table[name].take(place).cast(pa.float64()), 0.0)
        return np.asarray(values.to_numpy(), dtype=np.float64)[people]

    stages = seen.features["lifecycle_stage"].take(place).to_pylist()
    names = np.array([tactic.name for tactic in strategy.tactics])
    return Followed(
        names[would[people]],
        held[people],
        column(seen.outcome, "net_value"),
        column(seen.features, _BEFORE),
        (given @ unit_costs(strategy))[people],
        np.array([stage or "unknown" for stage in stages])[people],
        _harms(state, strategy, ground, people, seen.as_of, until),
    )


def _harms(
    state: CustomersAsOf,
    strategy: Strategy,
    ground: Ground,
    people: Flags,
    from_on: date,
    until: date,
) -> dict[str, Floats]:
    """Return, of each guardrail that is a kind of activity, to whom it happened."""
    activity = state.facts.activity.table
    found = {}
    for guardrail in strategy.guardrails:
        if guardrail.metric in KEY_FIGURES:
            continue
        rows = activity.filter(
            activity.kind == guardrail.metric,
            activity.occurred_on >= from_on,
            activity.occurred_on < until,
        )
        ids = state.facts.engine.collect(rows.select("customer_id").distinct())["customer_id"]
        hit = pc.is_in(ground.customer_ids, value_set=ids.combine_chunks().cast(pa.string()))
        found[guardrail.metric] = hit.to_numpy(zero_copy_only=False).astype(np.float64)[people]
    return found


def _worth(strategy: Strategy, ground: Ground, would: Integers) -> dict[str, float]:
    """Return the mean of what each tactic's prior is multiplied with, over those who get it."""
    found = {}
    for number, tactic in enumerate(strategy.tactics):
        prior = tactic.effect.prior
        if prior is None or not isinstance(prior.worth, str):
            continue
        values = ground.worth[prior.worth][would == number]
        values = values[np.isfinite(values)]
        if len(values) and values.mean() > 0:
            found[tactic.name] = float(values.mean())
    return found
