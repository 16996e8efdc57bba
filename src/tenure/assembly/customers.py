"""A workspace's customers as of a date: the snapshot, kept snapshots, and the segments over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import ibis.expr.types as ir

from tenure.activity.facts import Facts
from tenure.assembly.workspace import Workspace
from tenure.engine.relations import Relation
from tenure.kernel import Calendar, DataError, OptionError
from tenure.metrics.kept import KeptActivity
from tenure.metrics.rfm import RfmCuts, rfm_cuts
from tenure.metrics.rhythm import typical_gap_days
from tenure.predictions.score_columns import SCORE_COLUMNS, SCORES
from tenure.segments import Segments, kinds_of, load_segments, validate
from tenure.snapshots import (
    ColumnKind,
    Registered,
    attribute_names,
    column_kinds,
    freeze,
    snapshot,
    thaw,
    with_registered,
)

_TABLE = "snapshot_rows"


@dataclass(frozen=True, slots=True)
class CustomersAsOf:
    """The customers of a workspace as of a business date.

    Parameters
    ----------
    as_of : what happened on it or later does not count.
    facts : what the snapshot was made from.
    snapshot : one row per customer, worked out once.
    segments : the workspace's segments, checked against its columns.
    """

    as_of: date
    facts: Facts
    snapshot: Relation
    segments: Segments


def customers_as_of(workspace: Workspace, as_of: date | None = None) -> CustomersAsOf:
    """Return the snapshot and the segments of a workspace.

    Parameters
    ----------
    workspace : whose customers.
    as_of : business date to look back from; None: the setting, else the data's end.

    Raises
    ------
    DataError : there is no activity and no date was given.
    DefinitionError : a segment is not valid.
    """
    facts = workspace.facts()
    day = as_of or workspace.settings.as_of_date() or day_after_last(facts)
    parts = _parts(facts, day, workspace.calendar, _scores(workspace, facts))
    # Segments, pages and exports read it again and again: work it out once.
    made = Relation(facts.engine.keep(_TABLE, *parts), facts.engine)
    segments = Segments(load_segments(workspace.definitions / "segments"), kinds_of(made.table))
    return CustomersAsOf(day, facts, made, segments)


def day_after_last(facts: Facts) -> date:
    """Return the day after the last activity.

    Raises
    ------
    DataError : there is no activity.
    """
    activity = facts.activity.table
    found = facts.activity.collect(activity.aggregate(last_on=activity.occurred_on.max()))
    last: date | None = found["last_on"][0].as_py()
    if last is None:
        raise DataError(
            "a workspace without activity",
            "at least one imported order",
            "import a file first: tenure import FILE",
        )
    return last + timedelta(days=1)


def keep_snapshot(workspace: Workspace, as_of: date | None = None) -> int:
    """Keep a snapshot in the lake for good and return its number of customers."""
    state = customers_as_of(workspace, as_of)
    rows = freeze(state.snapshot, made_at=workspace.clock())
    with workspace.lake.writing() as writer:
        count = state.facts.engine.write_files(rows, partial(writer.new_file, "snapshots"))
        writer.commit(f"keep snapshot {state.as_of}")
    return count


def kept_snapshots(workspace: Workspace) -> Relation:
    """Return the kept snapshots, of each date the one made last, told apart by `as_of`."""
    facts = workspace.facts()
    stored = workspace.lake.view().relation(facts.engine, "snapshots")
    thawed = thaw(stored, attributes=attribute_names(facts.customer_attributes))
    return with_registered(thawed, _scores(workspace, facts))


def workspace_segments(workspace: Workspace) -> Segments:
    """Return a workspace's segments, checked against the columns its snapshot has.

    Raises
    ------
    DefinitionError : a segment is not valid.
    """
    return Segments(load_segments(workspace.definitions / "segments"), _kinds(workspace))


def segment_faults(workspace: Workspace) -> list[str]:
    """Return every fault of a workspace's segments in words; none means all are valid."""
    return validate(load_segments(workspace.definitions / "segments"), _kinds(workspace))


def _kinds(workspace: Workspace) -> dict[str, ColumnKind]:
    return column_kinds(attribute_names(workspace.facts().customer_attributes), SCORE_COLUMNS)


def _parts(
    facts: Facts, as_of: date, calendar: Calendar, scores: Sequence[Registered]
) -> Iterator[ir.Table]:
    """Yield the snapshot, of many customers by ranges of them: its joins then need little room."""
    activity = facts.activity
    if not isinstance(activity, KeptActivity) or not activity.bounds:
        yield with_registered(snapshot(facts, as_of=as_of, calendar=calendar), scores).table
        return
    # Ranks and the typical rhythm are those of all customers, and a range knows only its own.
    rows = snapshot(
        facts,
        as_of=as_of,
        calendar=calendar,
        cuts=_cuts(activity, as_of, calendar),
        typical_gap_days=typical_gap_days(activity, calendar=calendar, as_of=as_of),
    )
    beside = [facts.customer_attributes.table, facts.subscriptions.table]
    beside += [one.table for one in scores]
    yield from activity.parts(with_registered(rows, scores).table, beside)


def _cuts(activity: KeptActivity, as_of: date, calendar: Calendar) -> RfmCuts | None:
    try:
        return rfm_cuts(activity, calendar=calendar, as_of=as_of)
    except OptionError:  # nobody has an order, so nobody is ranked
        return None


def _scores(workspace: Workspace, facts: Facts) -> list[Registered]:
    """Return what was scored, to be laid beside snapshots on the facts' engine."""
    view = workspace.lake.view()
    return [
        Registered(one.columns, one.newest(view.relation(facts.engine, one.table).table))
        for one in SCORES.values()
    ]
