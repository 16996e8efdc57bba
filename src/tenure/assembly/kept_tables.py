"""The kept tables: customer-days and customer states in the lake, read where they are fresh.

Rows come in generations: the base generation holds every customer, a later one holds the
customers that new rows touched, whole. A customer's newest generation counts.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa

from tenure.activity.facts import Facts
from tenure.engine.lake import LakeView
from tenure.engine.lake_head import SOURCE_TABLE, Head, KeptMark
from tenure.engine.lake_layout import cut, read_span
from tenure.metrics.customer_days import CUSTOMER_DAYS
from tenure.metrics.customer_states import CUSTOMER_STATES
from tenure.metrics.kept import KeptActivity

DAYS = "customer_days"
STATES = "customer_states"

_GENERATION = pa.field("generation", pa.int64())

KEPT_TABLES: dict[str, pa.Schema] = {
    DAYS: pa.schema([*CUSTOMER_DAYS, _GENERATION]),
    STATES: pa.schema([*CUSTOMER_STATES, _GENERATION]),
}
"""Columns of the kept tables in the lake."""

PART_ROWS = 12_000_000
"""About how many customer-days a metric reads at a time: some hundred MB of memory."""

DEFINITION = 1
"""Number of the definitions of both tables; raised when a column comes to mean something else."""


def is_fresh(head: Head, timezone: str) -> bool:
    """Tell whether the kept tables say what the activity says.

    Parameters
    ----------
    head : the lake's head.
    timezone : zone in which the business counts its days.
    """
    mark = head.derived
    return (
        mark is not None
        and mark.activity == head.versions.get(SOURCE_TABLE)
        and mark.timezone == timezone
        and mark.definition == DEFINITION
    )


def with_kept_tables(facts: Facts, view: LakeView, timezone: str) -> Facts:
    """Return facts whose activity carries the kept tables, if these are fresh.

    Activity over more months than a state has room for goes without them.

    Parameters
    ----------
    facts : all facts of the view.
    view : the state of the lake.
    timezone : zone in which the business counts its days.
    """
    mark = view.head.derived
    if mark is None or not is_fresh(view.head, timezone):
        return facts
    days, states = newest(
        view.relation(facts.engine, DAYS).table, view.relation(facts.engine, STATES).table, mark
    )
    activity = KeptActivity(
        facts.activity.table,
        facts.activity.engine,
        days=days,
        states=states,
        first_on=mark.first_on,
        last_on=mark.last_on,
        currency=mark.currency,
        mixed_currencies=mark.mixed_currencies,
        origin_month=mark.origin_month,
        bounds=_bounds(view),
    )
    return replace(facts, activity=activity)


def _bounds(view: LakeView) -> tuple[str, ...]:
    """Return the customers at which large tables are cut, so that metrics need little memory."""
    if view.rows(DAYS) <= PART_ROWS:
        return ()
    ranges = cut([read_span(Path(file)) for file in view.files(DAYS)], PART_ROWS)
    return tuple(part.low for part in ranges if part.low is not None)


def newest(days: ir.Table, states: ir.Table, mark: KeptMark) -> tuple[ir.Table, ir.Table]:
    """Return each customer's newest days and state, without the generation.

    Parameters
    ----------
    days, states : the tables of the lake.
    mark : theirs.
    """
    if mark.generation == mark.base_generation:
        return days.drop(_GENERATION.name), states.drop(_GENERATION.name)
    later = states.filter(states.generation > mark.base_generation)
    latest = later.group_by("customer_id").aggregate(latest=later.generation.max())
    return _of_generation(days, latest), _of_generation(states, latest)


def _of_generation(table: ir.Table, latest: ir.Table) -> ir.Table:
    joined = table.left_join(latest, "customer_id")
    counts = joined.filter(joined.latest.isnull() | (joined.latest == joined.generation))
    return counts.select(*[name for name in table.columns if name != _GENERATION.name])
