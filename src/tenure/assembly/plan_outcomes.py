"""The people of a recorded plan, what each got or was kept from, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.assembly.customers import CustomersAsOf, customers_as_of
from tenure.assembly.planning import (
    fitted_effects,
    holdouts_of,
    people_of,
    plans_made,
    version_of,
)
from tenure.assembly.strategies import strategy_in_force
from tenure.assembly.workspace import Workspace
from tenure.kernel import DataError, OptionError
from tenure.predictions.panels import data_end, panel
from tenure.strategies.definition import Strategy
from tenure.strategies.ground import Flags, Floats
from tenure.strategies.plan_decisions import PLAN_DECISIONS
from tenure.strategies.plan_limits import Occasion
from tenure.strategies.plan_records import RecordedPlan
from tenure.strategies.preparing import Integers, PlanOptions, Prepared, prepare
from tenure.strategies.responses import FEATURES

NOBODY = -1
_BEFORE = "net_value_90_days"


@dataclass(frozen=True, slots=True, eq=False)
class PlanOutcome:
    """One plan whose tactics have had their days; arrays over all customers of its snapshot.

    Parameters
    ----------
    plan : as recorded.
    strategy : the version that it was made from.
    state : the customers as of its date.
    ready : the strategy with everybody in it: nobody held out, nobody contacted too often.
    would : tactic that the plan's prices choose for each, held out or not; `NOBODY` for none.
    is_held_out : by the strategy's own holdout.
    is_reachable : in no other holdout.
    given : who got which tactic, `(customers, tactics)`.
    is_explored : whose tactic was left to chance.
    features : the columns of `FEATURES`.
    stages : each one's lifecycle stage on the plan's date.
    net_value : net revenue from that date on until `until`.
    before : net revenue of the 90 days before it.
    until : first day not counted.
    """

    plan: RecordedPlan
    strategy: Strategy
    state: CustomersAsOf
    ready: Prepared
    would: Integers
    is_held_out: Flags
    is_reachable: Flags
    given: Flags
    is_explored: Flags
    features: pa.Table
    stages: tuple[str, ...]
    net_value: Floats
    before: Floats
    until: date


def plans_over(
    workspace: Workspace, name: str
) -> tuple[tuple[RecordedPlan, ...], tuple[RecordedPlan, ...]]:
    """Return a strategy's plans whose tactics have had their days, and those still pending.

    Raises
    ------
    OptionError : no such strategy, or no plan of it was recorded.
    DataError : no plan's time is over yet.
    """
    strategy, _ = strategy_in_force(workspace, name)
    plans = plans_made(workspace, strategy=strategy.name)
    if not plans:
        raise OptionError(
            f"strategy {name!r} without a plan",
            "a plan in the records",
            f"make one first: tenure plan {name}",
        )
    end = data_end(workspace.facts(), workspace.calendar)
    over = tuple(plan for plan in plans if end is not None and _until(workspace, plan) <= end)
    if not over:
        first = min(_until(workspace, plan) for plan in plans)
        raise DataError(
            f"plans of {name!r} and data until {end}",
            f"data until {first}, when the first plan has had its days to take effect",
            "import what has happened since, then review",
        )
    return over, tuple(plan for plan in plans if plan not in over)


def plan_outcome(workspace: Workspace, plan: RecordedPlan) -> PlanOutcome:
    """Return a recorded plan's people with what became of them.

    Caps on contacts count what was planned, which those held out never were: they are left out
    for all, so that both sides stay alike, and who was contacted too often counts as planned for
    and not reached.

    Raises
    ------
    DataError : the data end before the plan's time is over.
    """
    strategy, _ = version_of(workspace, plan)
    state = customers_as_of(workspace, plan.as_of)
    ground = replace(people_of(workspace, strategy, state), held_out={}, capped=None)
    ready = prepare(
        strategy,
        ground,
        Occasion(**plan.content["occasion"]),
        PlanOptions(margin=workspace.settings.margin_percent / 100),
        fitted=fitted_effects(workspace, strategy, state),
    )
    holdouts = holdouts_of(workspace, strategy, plan.as_of)
    reachable: Flags = np.ones(ground.customers, dtype=np.bool_)
    for code, holdout in holdouts.items():
        if code != "strategy_holdout":
            reachable &= ~holdout.holds(ground.customer_ids)
    given, explored = _decided(workspace, state, plan, ready)
    days = _window(strategy)
    seen = panel(
        state.facts,
        as_of=plan.as_of,
        horizon_days=days,
        calendar=workspace.calendar,
        change_days=None,
        attributes=(),
    )
    if seen.outcome is None:
        raise DataError(
            f"a plan of {plan.as_of} and data that end sooner than {days} days after it",
            "data until its time is over",
            "import what has happened since",
        )
    place = pc.index_in(ground.customer_ids, seen.features["customer_id"].combine_chunks())
    features = seen.features.take(place)
    prices = {limit["name"]: limit["price"] for limit in plan.content["limits"]}
    return PlanOutcome(
        plan=plan,
        strategy=strategy,
        state=state,
        ready=ready,
        would=ready.chosen_at(prices, plan.content["dropped"]),
        is_held_out=holdouts["strategy_holdout"].holds(ground.customer_ids),
        is_reachable=reachable,
        given=given,
        is_explored=explored,
        features=_typed(features.select(FEATURES)),
        stages=tuple(stage or "unknown" for stage in features["lifecycle_stage"].to_pylist()),
        net_value=_numbers(seen.outcome["net_value"].take(place)),
        before=_numbers(features[_BEFORE]),
        until=plan.as_of + timedelta(days=days),
    )


def _until(workspace: Workspace, plan: RecordedPlan) -> date:
    strategy, _ = version_of(workspace, plan)
    return plan.as_of + timedelta(days=_window(strategy))


def _window(strategy: Strategy) -> int:
    return max(tactic.effect.within_days for tactic in strategy.tactics)


def _decided(
    workspace: Workspace, state: CustomersAsOf, plan: RecordedPlan, ready: Prepared
) -> tuple[Flags, Flags]:
    """Tell who got which tactic by the recorded decisions, and whose was left to chance."""
    ids = ready.ground.customer_ids
    table = workspace.lake.view().relation(state.facts.engine, PLAN_DECISIONS).table
    chosen = table.filter(table.plan_id == plan.plan_id)
    rows = state.facts.engine.collect(chosen.select("customer_id", "tactic", "is_explored"))
    place = pc.index_in(rows["customer_id"], ids).to_numpy(zero_copy_only=False)
    names = {tactic.name: number for number, tactic in enumerate(ready.strategy.tactics)}
    given = np.zeros((len(ids), len(names)), dtype=np.bool_)
    explored = np.zeros(len(ids), dtype=np.bool_)
    known = [
        (int(where), names.get(tactic, NOBODY), lot)
        for where, tactic, lot in zip(
            place, rows["tactic"].to_pylist(), rows["is_explored"].to_pylist(), strict=True
        )
        if where == where  # somebody the snapshot no longer knows has no place
    ]
    for where, number, lot in known:
        explored[where] |= bool(lot)
        if number >= 0:
            given[where, number] = True
    return given, explored


def _numbers(column: pa.ChunkedArray) -> Floats:
    filled = pc.fill_null(column.cast(pa.float64()), 0.0)
    return np.asarray(filled.to_numpy(), dtype=np.float64)


def _typed(table: pa.Table) -> pa.Table:
    """Return numbers as floats, so that plans of several dates can be put together."""
    fields = [
        field if pa.types.is_string(field.type) else pa.field(field.name, pa.float64())
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))
