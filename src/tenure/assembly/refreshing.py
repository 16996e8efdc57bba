"""Refresh: bring the kept tables up to the activity, by the touched customers or whole.

New rows touch some customers; all their days and their state are made anew from all their rows
and appended as a new generation. So a late row, or an order that came in parts, needs no care
of its own. Where that costs more than it saves, everything is made anew, range by range.
"""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
from deltalake.exceptions import DeltaError

from tenure.assembly.kept_bounds import bounds_of, noted, widened
from tenure.assembly.kept_building import BUCKET_ROWS, Build, build, gather, rows_of
from tenure.assembly.kept_tables import DEFINITION, KEPT_TABLES, STATES, is_fresh
from tenure.assembly.laying_out import layouts
from tenure.assembly.workspace import Workspace
from tenure.engine.duck import DuckDBEngine, first_row, literal
from tenure.engine.lake_compaction import READERS_GRACE_SECONDS, compact
from tenure.engine.lake_head import SOURCE_TABLE, KeptMark
from tenure.engine.lake_layout import cut, loose_rows, read_span
from tenure.engine.lake_writing import LakeWriter
from tenure.kernel import Calendar, PeriodUnit, ProgressSink, WorkspaceBusyError, silent

TOUCHED_SHARE_MAX = 0.20
"""Touched customers above this share of all make a whole refresh cheaper."""

REPLACED_SHARE_MAX = 0.25
"""Rows of later generations above this share of all customers make reading slow."""

GENERATIONS_MAX = 200
"""Generations over the base before everything is made anew: each adds a file to read."""

SCATTERED_SHARE_MAX = 0.25
SCATTERED_ROWS_MAX = 2_000_000
"""Above both, rows in files that overlap are laid out by customer ranges first."""

_FOLDER = "refresh-"
_TOUCHED = "touched_customers"


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """What a refresh did.

    Parameters
    ----------
    mode : `none` (all was fresh), `incremental` or `full`.
    customers : customers whose days were made anew.
    rows : rows of activity they were made from.
    seconds : how long it took.
    reason : why it was done in this way.
    """

    mode: str
    customers: int
    rows: int
    seconds: float
    reason: str

    def as_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {**asdict(self), "seconds": round(self.seconds, 2)}


@dataclass(frozen=True, slots=True)
class _Job:
    workspace: Workspace
    writer: LakeWriter
    engine: DuckDBEngine
    progress: ProgressSink


def refresh(
    workspace: Workspace, *, full: bool = False, progress: ProgressSink = silent
) -> RefreshResult:
    """Bring customer-days and customer states up to the activity.

    Takes the lake's write lock, as an import does; readers go on undisturbed.

    Parameters
    ----------
    workspace : whose lake.
    full : make everything anew, whatever the state.
    progress : receives the progress, in rows of activity.

    Raises
    ------
    WorkspaceBusyError : another process kept writing for too long.
    """
    with workspace.lake.writing() as writer:
        return refresh_holding(workspace, writer, full=full, progress=progress)


def refresh_if_due(workspace: Workspace, *, progress: ProgressSink = silent) -> None:
    """Refresh where tables are kept already or the activity is large enough, unless busy.

    A workspace that another process writes, that cannot be written, or whose memory limit is too
    small for the work, is left as it is: figures are then worked out from the activity itself, and
    `refresh` tells what is missing.

    Parameters
    ----------
    workspace : whose lake.
    progress : receives the progress, in rows of activity.
    """
    view = workspace.lake.view()
    if is_fresh(view.head, workspace.settings.timezone):
        return
    small = view.rows(SOURCE_TABLE) <= workspace.settings.refresh_from_rows
    if view.head.derived is None and small:
        return
    try:
        with workspace.lake.writing(timeout_seconds=0) as writer:
            refresh_holding(workspace, writer, progress=progress)
    except (WorkspaceBusyError, PermissionError, duckdb.OutOfMemoryException):
        return
    except OSError as fault:
        if fault.errno != errno.EROFS:
            raise


def refresh_holding(
    workspace: Workspace,
    writer: LakeWriter,
    *,
    full: bool = False,
    whole_allowed: bool = True,
    progress: ProgressSink = silent,
) -> RefreshResult:
    """Refresh under a lock that is held already; the change is committed.

    Parameters
    ----------
    workspace : whose lake.
    writer : holds the lock.
    full : make everything anew, whatever the state.
    whole_allowed : False refreshes the touched customers or does nothing.
    progress : receives the progress, in rows of activity.
    """
    began = time.monotonic()
    job = _Job(workspace, writer, DuckDBEngine(workspace.connection()), progress)
    try:
        mode, customers, rows, reason = _refreshed(job, full=full, whole_allowed=whole_allowed)
    finally:
        job.engine.connection.close()
    return RefreshResult(mode, customers, rows, time.monotonic() - began, reason)


def drop_outdated(writer: LakeWriter) -> None:
    """Take kept tables made by other definitions out of the lake: nothing can read them."""
    outdated = writer.mark is None or writer.mark.definition != DEFINITION
    if outdated and any(writer.files(table) for table in KEPT_TABLES):
        for table in KEPT_TABLES:
            writer.remove(table, writer.files(table))
        writer.mark = None
        writer.commit("drop kept tables")


def mark_anew(workspace: Workspace, writer: LakeWriter) -> None:
    """Note first and last day and the currency anew: a pending erasure may have moved them."""
    mark = writer.mark
    if mark is None or mark.activity != writer.head.versions.get(SOURCE_TABLE):
        return
    engine = DuckDBEngine(workspace.connection())
    writer.mark = noted(mark, bounds_of(engine, writer.pending_files(SOURCE_TABLE)))
    engine.connection.close()


def clear_unfinished(scratch: Path) -> None:
    """Delete what refreshes that were killed left; only under the lake's lock."""
    for path in scratch.glob(f"{_FOLDER}*"):
        shutil.rmtree(path, ignore_errors=True)


def _refreshed(job: _Job, *, full: bool, whole_allowed: bool) -> tuple[str, int, int, str]:
    if not job.writer.files(SOURCE_TABLE):
        return "none", 0, 0, "there is no activity"
    zone = job.workspace.settings.timezone
    if not full and is_fresh(job.writer.head, zone):
        return "none", 0, 0, "the kept tables are fresh"
    reason = "asked for"
    mark = job.writer.mark
    if mark is None:
        reason = "nothing is kept yet"
    elif not full:
        added = _added(job, mark)
        outcome = added if isinstance(added, str) else _by_touched(job, mark, added)
        if not isinstance(outcome, str):
            return ("incremental", *outcome, "only the touched customers")
        reason = outcome
    if not whole_allowed:
        return "none", 0, 0, reason
    return ("full", *_whole(job), reason)


def _added(job: _Job, mark: KeptMark) -> list[Path] | str:
    """Return the files of activity added since the mark, or why that is not enough."""
    writer = job.writer
    if mark.definition != DEFINITION:
        return "the definitions have changed"
    if mark.timezone != job.workspace.settings.timezone:
        return "the time zone has changed"
    if mark.generation - mark.base_generation >= GENERATIONS_MAX:
        return "there are too many generations"
    try:
        before = writer.files_at(SOURCE_TABLE, mark.activity)
    except (DeltaError, OSError):
        return "the state they were made from is no longer known"
    now = set(writer.files(SOURCE_TABLE))
    if before - now:
        return "activity was rewritten"
    return sorted(now - before)


def _by_touched(job: _Job, mark: KeptMark, added: list[Path]) -> tuple[int, int] | str:
    """Make the customers of added files anew; return their number and rows, or why not."""
    writer = job.writer
    bounds = bounds_of(job.engine, added)
    if bounds.first_on is not None and _month(bounds.first_on) < mark.origin_month:
        return "a row lies before the first month kept"
    touched = _touch(job.engine, added)
    if not touched:
        writer.mark = replace(mark, activity=writer.head.versions[SOURCE_TABLE])
        writer.commit("refresh")
        return 0, 0
    total, later = _customers(job, mark)
    if touched > total * TOUCHED_SHARE_MAX:
        return "many customers are touched"
    if later + touched > total * REPLACED_SHARE_MAX:
        return "many customers were touched since the last whole refresh"
    generation = mark.generation + 1
    with _fresh_folder(job.workspace.scratch, f"{_FOLDER}touched") as folder:
        path = folder / "activity.parquet"
        files = [str(file) for file in writer.files(SOURCE_TABLE)]
        rows = gather(job.engine, files, _TOUCHED, path)
        plan = _plan(job, [path], mark.origin_month, generation)
        built = build(job.engine, plan, folder, job.progress)
        _take_in(writer, built)
        version = writer.head.versions[SOURCE_TABLE]
        writer.mark = replace(widened(mark, bounds), activity=version, generation=generation)
        writer.commit("refresh")
    return touched, rows


def _whole(job: _Job) -> tuple[int, int]:
    """Make everything anew; return the number of customers and rows."""
    writer = job.writer
    _lay_out(job)
    bounds = bounds_of(job.engine, writer.files(SOURCE_TABLE))
    origin = _month(bounds.first_on) if bounds.first_on is not None else 0
    generation = writer.mark.generation + 1 if writer.mark is not None else 1
    plan = _plan(job, writer.files(SOURCE_TABLE), origin, generation)
    folder = job.workspace.scratch / f"{_FOLDER}{plan.key()}"
    for other in job.workspace.scratch.glob(f"{_FOLDER}*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    built = build(job.engine, plan, folder, job.progress)
    customers = rows_of(built[STATES])
    for table in KEPT_TABLES:
        writer.remove(table, writer.files(table))
    _take_in(writer, built)
    writer.mark = KeptMark(
        activity=writer.head.versions[SOURCE_TABLE],
        timezone=job.workspace.settings.timezone,
        definition=DEFINITION,
        generation=generation,
        base_generation=generation,
        first_on=bounds.first_on,
        last_on=bounds.last_on,
        currency=bounds.currency,
        mixed_currencies=bounds.mixed_currencies,
        origin_month=origin,
    )
    writer.commit("refresh")
    writer.sweep(older_than_seconds=READERS_GRACE_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)
    return customers, sum(span.rows for span in plan.sources)


def _lay_out(job: _Job) -> None:
    """Compact the activity first if too much of it lies in files that overlap."""
    layout = layouts(job.workspace.settings.timezone)[SOURCE_TABLE]
    spans = [read_span(path) for path in job.writer.files(SOURCE_TABLE)]
    rows = sum(span.rows for span in spans)
    if loose_rows(spans) > max(rows * SCATTERED_SHARE_MAX, SCATTERED_ROWS_MAX):
        compact(
            job.writer,
            job.engine.connection,
            {SOURCE_TABLE: layout},
            scratch=job.workspace.scratch,
            progress=job.progress,
        )


def _plan(job: _Job, files: list[Path], origin_month: int, generation: int) -> Build:
    spans = [read_span(path) for path in files]
    calendar = job.workspace.calendar
    return Build(spans, cut(spans, BUCKET_ROWS), calendar, origin_month, generation)


def _take_in(writer: LakeWriter, built: dict[str, list[Path]]) -> None:
    for table, files in built.items():
        for path in files:
            path.rename(writer.new_file(table))


def _touch(engine: DuckDBEngine, added: list[Path]) -> int:
    """Make a table of the customers of added files and return their number."""
    listed = ", ".join(literal(str(path)) for path in added)
    chosen = (
        f"SELECT DISTINCT customer_id FROM read_parquet([{listed}]) WHERE customer_id IS NOT NULL"
        if added
        else "SELECT ''::VARCHAR AS customer_id WHERE false"
    )
    engine.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_TOUCHED} AS {chosen}")
    return int(first_row(engine.connection, f"SELECT count(*) FROM {_TOUCHED}")[0])


def _customers(job: _Job, mark: KeptMark) -> tuple[int, int]:
    """Return the customers of the base generation and the rows of later ones."""
    files = [str(path) for path in job.writer.files(STATES)]
    states = job.engine.attach_files(STATES, files, KEPT_TABLES[STATES])
    later = states.generation > mark.base_generation
    counted = states.aggregate(rows=states.count(), later=states.count(where=later))
    found = job.engine.collect(counted).to_pylist()[0]
    return found["rows"] - found["later"], found["later"]


def _month(day: date) -> int:
    return Calendar().index(day, PeriodUnit.MONTH)


@contextmanager
def _fresh_folder(scratch: Path, name: str) -> Iterator[Path]:
    folder = scratch / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
