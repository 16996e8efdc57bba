"""Kept tables built range by range: activity in, one file of days and one of states each out.

A range's files stand under their final names only when they are whole, so a build that was
killed goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq

from tenure.assembly.kept_tables import DAYS, DEFINITION, KEPT_TABLES, STATES
from tenure.engine.duck import DuckDBEngine, first_row, literal, quote
from tenure.engine.lake_layout import CustomerRange, FileSpan
from tenure.engine.relations import Relation
from tenure.kernel import Calendar, Progress, ProgressSink
from tenure.metrics.customer_days import CUSTOMER_DAYS, days_of_activity
from tenure.metrics.customer_states import customer_states

BUCKET_ROWS = 1_000_000
"""About how many rows of activity are worked on at a time."""

_STAGE = "customer days"

_COLUMNS_READ = (
    "customer_id",
    "occurred_on",
    "order_id",
    "kind",
    "value",
    "channel",
    "source",
    "product_id",
    "category",
)
"""The columns of activity that customer-days are made from."""


@dataclass(frozen=True, slots=True)
class Build:
    """What to build, and from what.

    Parameters
    ----------
    sources : files of activity.
    ranges : the parts in which they are worked on.
    calendar : the business's calendar.
    origin_month : index of the month from which states count months.
    generation : generation of the rows.
    """

    sources: Sequence[FileSpan]
    ranges: Sequence[CustomerRange]
    calendar: Calendar
    origin_month: int
    generation: int

    def key(self) -> str:
        """Return a name for the outcome: equal builds have equal names."""
        told = [
            DEFINITION,
            self.generation,
            self.origin_month,
            *sorted(str(span.path) for span in self.sources),
            *((part.low, part.high) for part in self.ranges),
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def build(
    engine: DuckDBEngine, plan: Build, folder: Path, progress: ProgressSink
) -> dict[str, list[Path]]:
    """Build both tables and return their files, in order of the ranges.

    Parameters
    ----------
    engine : does the work; its memory limit holds.
    plan : what to build.
    folder : receives the files; those of an earlier, unfinished build of the same plan count.
    progress : receives the progress, in rows of activity.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, list[Path]] = {DAYS: [], STATES: []}
    total = sum(span.rows for span in plan.sources)
    for number, part in enumerate(plan.ranges):
        days, states = (folder / f"{table}-{number:05d}.parquet" for table in (DAYS, STATES))
        if not days.exists():
            _write(engine, days, partial(_days, engine, plan, part))
        if not states.exists():
            _write(engine, states, partial(_states, engine, plan, days))
        files[DAYS].append(days)
        files[STATES].append(states)
        done = total * (number + 1) // len(plan.ranges)
        progress(Progress(_STAGE, done, total, "rows"))
    return files


def rows_of(files: Sequence[Path]) -> int:
    """Return how many rows Parquet files hold."""
    return sum(pq.read_metadata(path).num_rows for path in files)


def gather(engine: DuckDBEngine, activity: Sequence[str], touched: str, path: Path) -> int:
    """Write all rows of some customers into one file, sorted by customer; return their number.

    Parameters
    ----------
    engine : does the work.
    activity : files of activity.
    touched : name of a table with the customers' `customer_id`.
    path : the file to write, with the columns that customer-days are made from.
    """
    names = ", ".join(quote(name) for name in _COLUMNS_READ)
    listed = ", ".join(literal(file) for file in activity)
    found = first_row(
        engine.connection,
        f"COPY (SELECT {names} FROM read_parquet([{listed}]) "
        f"SEMI JOIN {quote(touched)} USING (customer_id) ORDER BY customer_id) "
        f"TO {literal(str(path))} (FORMAT parquet, COMPRESSION snappy)",
    )
    return int(found[0])


def _days(engine: DuckDBEngine, plan: Build, part: CustomerRange) -> ir.Table:
    listed = ", ".join(literal(str(span.path)) for span in plan.sources if part.meets(span))
    rows = engine.attach_query(f"SELECT * FROM read_parquet([{listed}]) WHERE {part.condition()}")
    days = days_of_activity(Relation(rows, engine), plan.calendar)
    return _numbered(days, plan, DAYS).order_by(["customer_id", "occurred_on"])


def _states(engine: DuckDBEngine, plan: Build, days: Path) -> ir.Table:
    rows = engine.attach_files("days_of_range", [str(days)], CUSTOMER_DAYS)
    states = customer_states(rows, plan.origin_month)
    return _numbered(states, plan, STATES).order_by("customer_id")


def _numbered(rows: ir.Table, plan: Build, table: str) -> ir.Table:
    generation = ibis.literal(plan.generation).cast("int64")
    return rows.mutate(generation=generation).select(*KEPT_TABLES[table].names)


def _write(engine: DuckDBEngine, path: Path, rows: Callable[[], ir.Table]) -> None:
    draft = path.with_suffix(".part")
    engine.write_files(rows(), lambda: draft)
    draft.replace(path)
