"""Plans in the records: written once, found by strategy and date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from tenure.records import record_audit
from tenure.strategies.plan import Plan
from tenure.strategies.plan_decisions import PLAN_DECISIONS, PLAN_TABLES
from tenure.strategies.tables import plans


@dataclass(frozen=True, slots=True)
class RecordedPlan:
    """A plan as the records keep it.

    Parameters
    ----------
    plan_number : counts up.
    plan_id : what names its content.
    definition_id : the version of the strategy that it was made by.
    strategy : its name.
    as_of : date of the snapshot.
    occasion : which of the schedule's, from 1.
    content : see `Plan.as_dict`.
    planned_at : when it was first made, naive UTC.
    planned_by : who made it.
    """

    plan_number: int
    plan_id: str
    definition_id: int
    strategy: str
    as_of: date
    occasion: int
    content: Mapping[str, Any]
    planned_at: datetime
    planned_by: str


def record_plan(
    connection: sa.Connection, plan: Plan, definition_id: int, *, at: datetime, by: str
) -> bool:
    """Write a plan; return False if the very same was written before.

    Parameters
    ----------
    connection : of a writing unit of work.
    plan : the plan; its decisions are in the lake already.
    definition_id : the strategy's version.
    at : when, naive UTC.
    by : who.
    """
    name = plan.plan_id
    known = connection.execute(sa.select(plans.c.plan_id).where(plans.c.plan_id == name)).all()
    if known:
        return False
    connection.execute(
        plans.insert().values(
            plan_id=name,
            definition_id=definition_id,
            strategy=plan.strategy,
            as_of=plan.as_of,
            occasion=plan.occasion.number,
            content=plan.as_dict(),
            planned_at=at,
            planned_by=by,
        )
    )
    details = {"plan_id": name, "as_of": plan.as_of.isoformat(), "contacts": plan.contacts}
    record_audit(connection, "planned", f"strategy:{plan.strategy}", at=at, by=by, details=details)
    return True


def recorded_plans(
    connection: sa.Connection, *, strategy: str | None = None, before: date | None = None
) -> tuple[RecordedPlan, ...]:
    """Return the plans that count, oldest date first: of each strategy and date, that made last.

    Parameters
    ----------
    connection : any.
    strategy : only this one's.
    before : only plans of earlier dates.
    """
    wanted = sa.select(plans).order_by(plans.c.as_of, plans.c.plan_number)
    if strategy is not None:
        wanted = wanted.where(plans.c.strategy == strategy)
    if before is not None:
        wanted = wanted.where(plans.c.as_of < before)
    newest: dict[tuple[str, date], RecordedPlan] = {}
    for row in connection.execute(wanted).mappings():
        found = RecordedPlan(**row)
        newest[found.strategy, found.as_of] = found
    return tuple(newest.values())


def spent_before(earlier: tuple[RecordedPlan, ...], starts_on: date) -> dict[str, float]:
    """Return what earlier plans of one schedule used of each limit, by its name.

    Parameters
    ----------
    earlier : plans of one strategy.
    starts_on : first day of the schedule; plans made before it belong to another.
    """
    spent: dict[str, float] = {}
    for plan in earlier:
        if plan.as_of < starts_on:
            continue
        for limit in plan.content["limits"]:
            spent[limit["name"]] = spent.get(limit["name"], 0.0) + limit["used"]
    return spent


def decision_rows(plan: Plan) -> pa.Table:
    """Return a plan's decisions as the lake keeps them."""
    rows = plan.decisions
    size = rows.num_rows
    head = pa.table(
        {
            "plan_id": pa.array([plan.plan_id] * size, pa.string()),
            "strategy": pa.array([plan.strategy] * size, pa.string()),
            "as_of": pa.array([plan.as_of] * size, pa.date32()),
        }
    )
    columns = [*head.columns, *rows.columns]
    return pa.table(columns, schema=PLAN_TABLES[PLAN_DECISIONS])
