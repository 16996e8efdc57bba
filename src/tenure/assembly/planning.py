"""Plans of a workspace: worked out, written to the records and the lake, explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tenure.assembly.customers import CustomersAsOf, customers_as_of
from tenure.assembly.strategies import strategy_in_force
from tenure.assembly.uplift_models import read_uplift, uplift_names
from tenure.assembly.workspace import Workspace
from tenure.engine.relations import Relation
from tenure.experiments.holdouts import Holdout, season_of
from tenure.kernel import OptionError
from tenure.records import Definition
from tenure.strategies.believed_effects import EffectModel, FittedEffect, Scale
from tenure.strategies.definition import ContactCap, Strategy
from tenure.strategies.ground import Flags, Ground, read_ground
from tenure.strategies.plan import Plan
from tenure.strategies.plan_decisions import PLAN_DECISIONS
from tenure.strategies.plan_explanations import PlanExplanation, explain_decision
from tenure.strategies.plan_limits import Occasion, occasion_on
from tenure.strategies.plan_records import (
    RecordedPlan,
    decision_rows,
    record_plan,
    recorded_plans,
    spent_before,
)
from tenure.strategies.planning import plan_strategy
from tenure.strategies.preparing import PlanOptions, prepare

SENT = "message_sent"
"""The kind of activity that counts as a contact."""

UpliftModels = Mapping[str, tuple[EffectModel, Scale]]


@dataclass(frozen=True, slots=True)
class MadePlan:
    """A plan that was made.

    Parameters
    ----------
    plan : the plan.
    version : of the strategy.
    is_recorded : whether it stands in the records now.
    is_new : whether it was written now; False: the very same stood there already.
    """

    plan: Plan
    version: int
    is_recorded: bool
    is_new: bool

    def as_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {
            "plan_id": self.plan.plan_id,
            "version": self.version,
            "is_recorded": self.is_recorded,
            "is_new": self.is_new,
            **self.plan.as_dict(),
        }


def holdouts_of(workspace: Workspace, strategy: Strategy, day: date) -> dict[str, Holdout]:
    """Return the holdouts that a strategy's plan leaves alone, by the reason's code.

    Parameters
    ----------
    workspace : its setting says how many no strategy contacts.
    strategy : the same customers are held out as long as it has its name and share.
    day : of the plan; who is left alone by all is drawn anew each year.
    """
    share = round(strategy.holdout_share, 4)
    by_all = workspace.settings.universal_holdout_percent / 100
    found = {"strategy_holdout": Holdout("strategy", strategy.name, share)}
    if by_all:
        found = {"universal_holdout": Holdout("universal", "", by_all, season_of(day)), **found}
    return found


def make_plan(
    workspace: Workspace,
    name: str,
    *,
    by: str,
    as_of: date | None = None,
    money: float | None = None,
    record: bool = True,
    models: UpliftModels | None = None,
) -> MadePlan:
    """Plan a strategy in force for a workspace's customers.

    Parameters
    ----------
    workspace : whose customers.
    name : of the strategy.
    by : who plans.
    as_of : date of the snapshot; None: the setting, else the day after the data end.
    money : a budget over the whole schedule instead of the strategy's own.
    record : write it to the records, and its decisions to the lake; not with another budget.
    models : fitted uplift models by name, with the scale of their effects; they go before
        those of the workspace.

    Raises
    ------
    OptionError : no such strategy in force; a budget below 0.
    DataError : there is no activity.
    """
    if money is not None and money < 0:
        raise OptionError(f"a budget of {money}", "0 or more", "give what may be spent")
    strategy, definition = strategy_in_force(workspace, name)
    state = customers_as_of(workspace, as_of)
    with workspace.records.reading() as connection:
        earlier = recorded_plans(connection, strategy=strategy.name, before=state.as_of)
    options = PlanOptions(
        margin=workspace.settings.margin_percent / 100,
        money=money,
        spent=spent_before(earlier, strategy.schedule.starts_on),
    )
    ground = people_of(workspace, strategy, state, earlier=earlier)
    fitted = fitted_effects(workspace, strategy, state, models)
    ready = prepare(strategy, ground, occasion_on(strategy, state.as_of), options, fitted=fitted)
    plan = plan_strategy(ready, as_of=state.as_of, digest=definition.digest)
    kept = record and money is None
    is_new = _write(workspace, plan, definition, by) if kept else False
    return MadePlan(plan, definition.version, kept, is_new)


def people_of(
    workspace: Workspace,
    strategy: Strategy,
    state: CustomersAsOf,
    *,
    earlier: tuple[RecordedPlan, ...] = (),
    customer_id: str | None = None,
) -> Ground:
    """Return a strategy's people with who is held out and who was contacted often enough.

    Parameters
    ----------
    workspace, strategy, state : whose people, as of when.
    earlier : plans of the strategy before.
    customer_id : only this customer.
    """
    snapshot = state.snapshot
    if customer_id is not None:
        wanted = snapshot.table.filter(snapshot.table.customer_id == customer_id)
        snapshot = Relation(wanted, snapshot.engine)
    ground = read_ground(strategy, snapshot, state.segments)
    holdouts = holdouts_of(workspace, strategy, state.as_of)
    held = {code: one.holds(ground.customer_ids) for code, one in holdouts.items()}
    capped = _capped(workspace, strategy, state, ground, earlier)
    return replace(ground, held_out=held, capped=capped)


def plans_made(workspace: Workspace, *, strategy: str | None = None) -> tuple[RecordedPlan, ...]:
    """Return the plans that count, oldest date first.

    Parameters
    ----------
    workspace : whose records.
    strategy : only this one's.
    """
    with workspace.records.reading() as connection:
        return recorded_plans(connection, strategy=strategy)


def plans_on(workspace: Workspace, day: date) -> tuple[tuple[Mapping[str, str], RecordedPlan], ...]:
    """Return the plans made as of a date, with the title of each one's strategy.

    Parameters
    ----------
    workspace : none are made where it has no records yet.
    day : the date.
    """
    if not workspace.has_records:
        return ()
    found = [plan for plan in plans_made(workspace) if plan.as_of == day]
    return tuple((_title(version_of(workspace, plan)[0]), plan) for plan in found)


def _title(strategy: Strategy) -> dict[str, str]:
    return {str(language): text for language, text in strategy.title.items()}


def explain_plan(
    workspace: Workspace, customer_id: str, *, strategy: str | None = None
) -> tuple[RecordedPlan, PlanExplanation]:
    """Return why a customer gets what she gets in the newest recorded plan.

    Parameters
    ----------
    workspace : whose plan.
    customer_id : the customer.
    strategy : whose plan; None: the plan made last.

    Raises
    ------
    OptionError : no plan was made yet, or there is no such customer.
    """
    found = plans_made(workspace, strategy=strategy)
    if not found:
        raise OptionError(
            f"no plan of {strategy!r}" if strategy else "no plan",
            "a plan in the records",
            "make one first: tenure plan STRATEGY",
        )
    newest = max(found, key=lambda one: one.plan_number)
    text, _ = version_of(workspace, newest)
    state = customers_as_of(workspace, newest.as_of)
    earlier = tuple(one for one in found if one.as_of < newest.as_of)
    ground = people_of(workspace, text, state, earlier=earlier, customer_id=customer_id)
    options = PlanOptions(margin=workspace.settings.margin_percent / 100)
    fitted = fitted_effects(workspace, text, state, customer_id=customer_id)
    ready = prepare(text, ground, Occasion(**newest.content["occasion"]), options, fitted=fitted)
    rows = _decisions(workspace, state).filter(
        lambda t: (t.plan_id == newest.plan_id) & (t.customer_id == customer_id)
    )
    decisions = state.facts.engine.collect(rows.order_by("tactic_group")).to_pylist()
    return newest, explain_decision(ready, newest.content, decisions, customer_id)


def version_of(workspace: Workspace, plan: RecordedPlan) -> tuple[Strategy, Definition]:
    """Return the version of a strategy that a recorded plan was made from.

    Parameters
    ----------
    workspace : whose records.
    plan : one of its plans.
    """
    current, definition = strategy_in_force(workspace, plan.strategy)
    version = definition.version
    while definition.definition_id != plan.definition_id and version > 1:
        version -= 1
        current, definition = strategy_in_force(workspace, plan.strategy, version=version)
    return current, definition


def _write(workspace: Workspace, plan: Plan, definition: Definition, by: str) -> bool:
    """Write decisions, then the plan; the same plan is written once."""
    known = {one.plan_id for one in plans_made(workspace, strategy=plan.strategy)}
    if plan.plan_id not in known:
        with workspace.lake.writing() as writer:
            path: Path = writer.new_file(PLAN_DECISIONS)
            pq.write_table(decision_rows(plan), path, compression="zstd")
            writer.commit(f"plan {plan.strategy} as of {plan.as_of}", same_facts=True)
    with workspace.records.writing() as connection:
        return record_plan(connection, plan, definition.definition_id, at=workspace.clock(), by=by)


def fitted_effects(
    workspace: Workspace,
    strategy: Strategy,
    state: CustomersAsOf,
    models: UpliftModels | None = None,
    *,
    customer_id: str | None = None,
) -> dict[str, FittedEffect]:
    """Return the models that a strategy names: those handed over, else those of the workspace.

    Parameters
    ----------
    workspace, strategy, state : whose models, for which people.
    models : as in `make_plan`.
    customer_id : only this customer.
    """
    given = models or {}
    named = {one.effect.uplift_model for one in strategy.tactics} - {None}
    kept = named.intersection(uplift_names(workspace)).difference(given)
    known: dict[str, tuple[EffectModel, Scale]] = {
        **{name: (read_uplift(workspace, name), "value") for name in kept if name is not None},
        **{name: one for name, one in given.items() if name in named},
    }
    if not known:
        return {}
    table = state.snapshot.table
    if customer_id is not None:
        table = table.filter(table.customer_id == customer_id)
    amounts = {
        name: table[name].cast("float64")
        for name in table.columns
        if table[name].type().is_decimal()
    }
    features = state.snapshot.collect(table.mutate(**amounts).order_by("customer_id"))
    return {
        name: FittedEffect(model, scale, features) for name, (model, scale) in sorted(known.items())
    }


def _decisions(workspace: Workspace, state: CustomersAsOf) -> ir.Table:
    view = workspace.lake.view()
    return view.relation(state.facts.engine, PLAN_DECISIONS).table


def _capped(
    workspace: Workspace,
    strategy: Strategy,
    state: CustomersAsOf,
    ground: Ground,
    earlier: tuple[RecordedPlan, ...],
) -> Flags:
    """Return who was contacted as often as the caps allow; `(customers, tactics)`."""
    made = np.zeros((ground.customers, len(strategy.tactics)), bool)
    planned = [one.plan_id for one in earlier]
    for place, tactic in enumerate(strategy.tactics):
        for cap in tactic.contact_caps:
            made[:, place] |= _planned(workspace, state, ground, cap, planned, (tactic.name,))
    for cap in strategy.contact_caps:
        own = [n for n, one in enumerate(strategy.tactics) if cap.channel in (None, one.channel)]
        names = tuple(strategy.tactics[n].name for n in own)
        often = _sent(state, ground, cap) | _planned(workspace, state, ground, cap, planned, names)
        made[:, own] |= often[:, None]
    return made


def _sent(state: CustomersAsOf, ground: Ground, cap: ContactCap) -> Flags:
    """Tell who was sent as much as a cap allows, by the activity."""
    activity = state.facts.activity.table
    since = state.as_of - timedelta(days=cap.days)
    rows = activity.filter(
        activity.kind == SENT, activity.occurred_on >= since, activity.occurred_on < state.as_of
    )
    if cap.channel is not None:
        rows = rows.filter(rows.channel == cap.channel)
    return _often(state, ground, rows, cap)


def _planned(
    workspace: Workspace,
    state: CustomersAsOf,
    ground: Ground,
    cap: ContactCap,
    plans: list[str],
    tactics: tuple[str, ...],
) -> Flags:
    """Tell who was planned for as much as a cap allows, by earlier plans of the strategy."""
    if not plans:
        return np.zeros(ground.customers, bool)
    table = _decisions(workspace, state)
    since = state.as_of - timedelta(days=cap.days)
    rows = table.filter(table.plan_id.isin(plans), table.tactic.isin(tactics), table.as_of > since)
    return _often(state, ground, rows, cap)


def _often(state: CustomersAsOf, ground: Ground, rows: ir.Table, cap: ContactCap) -> Flags:
    counts = rows.group_by("customer_id").aggregate(contacts=rows.count())
    often = state.facts.engine.collect(
        counts.filter(counts.contacts >= cap.contacts).select("customer_id")
    )
    names = often["customer_id"].combine_chunks().cast(pa.string())
    found = pc.is_in(ground.customer_ids, value_set=names)
    return np.asarray(found.to_numpy(zero_copy_only=False), bool)
