"""Compaction: many files into few, sorted; big tables into files of one customer range each.

However large a table is, the work needs room for one range at a time: rows of many ranges are
dealt out to them in one pass, then each range is sorted by itself.
"""

from __future__ import annotations

import os
import random
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tenure.engine.duck import first_row, literal, quote
from tenure.engine.lake_head import SOURCE_TABLE
from tenure.engine.lake_layout import (
    LAYOUT_KEY,
    RANGE_COLUMN,
    CustomerRange,
    FileSpan,
    layout_of,
    ranges_between,
    read_span,
    scattered,
)
from tenure.engine.lake_writing import LakeWriter
from tenure.kernel import LakeError, Progress, ProgressSink, silent

READERS_GRACE_SECONDS = 3600
"""How long replaced files stay after a compaction, for readers that began before it."""

RANGE_ROWS = 6_000_000
"""About how many rows a file of one customer range holds."""

SCANS_MAX = 8
"""Up to so many ranges, files are read once for each: writing every row twice costs more."""

_SAMPLE_ROWS = 50_000
_PARTITIONS_AT_ONCE = 64
_DEALT_ROWS = 100_000  # that a thread holds back while it deals rows out: some tens of MB
_FILE_FORM = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did to one table; equal counts of files if there was nothing to do."""

    table: str
    files_before: int
    files_after: int
    rows: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How compaction lays one table out.

    Parameters
    ----------
    order : SQL sort order; empty keeps the rows' own.
    made : SQL of columns to be worked out anew.
    range_rows : rows of one file of a customer range; None writes one file of all rows.
    """

    order: str = ""
    made: Mapping[str, str] = field(default_factory=dict)
    range_rows: int | None = None

    def text(self) -> str:
        """Return what a file laid out in this way carries as its mark."""
        made = "; ".join(f"{name} = {sql}" for name, sql in sorted(self.made.items()))
        return f"{self.order} | {made}"


@dataclass(frozen=True, slots=True)
class _Work:
    connection: duckdb.DuckDBPyConnection
    writer: LakeWriter
    table: str
    schema: pa.Schema
    layout: Layout
    scratch: Path
    progress: ProgressSink


def compact(
    writer: LakeWriter,
    connection: duckdb.DuckDBPyConnection,
    layouts: Mapping[str, Layout],
    *,
    scratch: Path,
    progress: ProgressSink = silent,
) -> list[Compacted]:
    """Rewrite tables into few sorted files; those that are so already stay as they are.

    Readers are not disturbed. The kept tables' mark goes along, as rows move and facts do not
    change; unless a column worked out anew changes the activity, then the mark is dropped.

    Parameters
    ----------
    writer : holds the lake's lock; the change is committed.
    connection : does the work; its memory limit holds.
    layouts : of each table to compact.
    scratch : folder for temporary files, on a disk with room for the largest table.
    progress : receives the progress, in rows.
    """
    done = []
    with _folder(scratch) as folder:
        for table, layout in layouts.items():
            work = _Work(connection, writer, table, writer.schemas[table], layout, folder, progress)
            before = writer.files(table)
            if before and layout.range_rows is not None:
                done.append(_by_ranges(work, [read_span(path) for path in before]))
            elif before:
                done.append(_into_one(work, before))
    if writer.is_changed:
        writer.commit("compact", same_facts=True)
    writer.sweep(older_than_seconds=READERS_GRACE_SECONDS)
    return done


def rewrite_without(
    connection: duckdb.DuckDBPyConnection, writer: LakeWriter, table: str, path: Path, kept: str
) -> None:
    """Replace a file by one of the rows that fulfil a condition, in their order and layout.

    Parameters
    ----------
    connection : does the work.
    writer : receives the change.
    table : the file's table.
    path : the file.
    kept : SQL condition.
    """
    names = ", ".join(quote(name) for name in writer.schemas[table].names)
    source = f"SELECT {names} FROM read_parquet({literal(str(path))}) WHERE {kept}"
    _copy(connection, source, writer.new_file(table), layout_of(path))
    writer.remove(table, [path])


def _into_one(work: _Work, before: list[Path]) -> Compacted:
    rows = sum(pq.read_metadata(path).num_rows for path in before)
    if len(before) > 1 or layout_of(before[0]) != work.layout.text():
        listed = ", ".join(literal(str(path)) for path in before)
        _write(work, f"SELECT * FROM read_parquet([{listed}])")
        work.writer.remove(work.table, before)
        work.progress(Progress(f"compacting {work.table}", rows, rows, "rows"))
    return Compacted(work.table, len(before), 1, rows)


def _by_ranges(work: _Work, spans: list[FileSpan]) -> Compacted:
    rows = sum(span.rows for span in spans)
    strangers = scattered(spans, work.layout.text())
    if not strangers and (len(spans) == 1 or all(span.rows for span in spans)):
        return Compacted(work.table, len(spans), len(spans), rows)
    _drop_unfit_mark(work, [span.path for span in strangers])
    ranges = _ranges(work, spans, rows)
    dealt = _deal_out(work, strangers, ranges) if len(ranges) > SCANS_MAX else None
    tidy = [span for span in spans if span not in strangers]
    done = 0
    for number, part in enumerate(ranges):
        whole = tidy if dealt is not None else spans
        sources = [str(span.path) for span in whole if part.meets(span)]
        if dealt is not None:
            sources += [str(path) for path in (dealt / f"part={number}").glob("*.parquet")]
        listed = ", ".join(literal(source) for source in sources)
        done += _write(
            work,
            f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false) "
            f"WHERE {part.condition()}",
        )
        work.progress(Progress(f"compacting {work.table}", done, rows, "rows"))
    if done != rows:
        raise LakeError(
            f"{done:,} of {rows:,} rows of {work.table} in their new files",
            "every row, once",
            "nothing was changed; report this",
        )
    work.writer.remove(work.table, [span.path for span in spans])
    if dealt is not None:
        shutil.rmtree(dealt)
    return Compacted(work.table, len(spans), len(ranges), rows)


def _drop_unfit_mark(work: _Work, files: Sequence[Path]) -> None:
    """Drop the kept tables' mark if working columns out anew will change the activity."""
    made = work.layout.made
    if work.table != SOURCE_TABLE or work.writer.mark is None or not made or not files:
        return
    listed = ", ".join(literal(str(path)) for path in files)
    changed = " OR ".join(f"({sql}) IS DISTINCT FROM {quote(name)}" for name, sql in made.items())
    if first_row(
        work.connection, f"SELECT 1 FROM read_parquet([{listed}]) WHERE {changed} LIMIT 1"
    ):
        work.writer.mark = None


def _ranges(work: _Work, spans: Sequence[FileSpan], rows: int) -> list[CustomerRange]:
    """Return ranges of about equal numbers of rows, from a sample of the rows' customers."""
    count = -(-rows // (work.layout.range_rows or rows))
    if count < 2:
        return [CustomerRange()]
    share = min(100.0, 100.0 * _SAMPLE_ROWS / rows)
    listed = ", ".join(literal(str(span.path)) for span in spans)
    found = work.connection.execute(
        f"SELECT {quote(RANGE_COLUMN)} FROM read_parquet([{listed}]) "
        f"WHERE {quote(RANGE_COLUMN)} IS NOT NULL AND random() * 100 < {share}"
    ).fetchall()
    sample = sorted(row[0] for row in found)
    bounds = {sample[len(sample) * number // count] for number in range(1, count) if sample}
    return ranges_between(sorted(bounds))


def _deal_out(work: _Work, spans: Sequence[FileSpan], ranges: Sequence[CustomerRange]) -> Path:
    """Write the rows of scattered files into one scratch folder per range."""
    folder = work.scratch / f"{work.table}-{random.getrandbits(32):08x}"
    folder.mkdir()
    if not spans:
        return folder
    listed = ", ".join(literal(str(span.path)) for span in spans)
    work.connection.execute(f"SET partitioned_write_flush_threshold = {_DEALT_ROWS}")
    for first in range(0, len(ranges), _PARTITIONS_AT_ONCE):
        some = ranges[first : first + _PARTITIONS_AT_ONCE]
        cases = " ".join(
            f"WHEN {quote(RANGE_COLUMN)} < {literal(part.high)} THEN {first + number}"
            for number, part in enumerate(some[:-1])
            if part.high is not None
        )
        unknown = f"WHEN {quote(RANGE_COLUMN)} IS NULL THEN {first}"
        number = f"CASE {unknown} {cases} ELSE {first + len(some) - 1} END"
        within = CustomerRange(some[0].low, some[-1].high).condition()
        work.connection.execute(
            f"COPY (SELECT *, {number} AS part FROM read_parquet([{listed}]) WHERE {within}) "
            f"TO {literal(str(folder))} (FORMAT parquet, COMPRESSION snappy, "
            "PARTITION_BY (part), APPEND, FILENAME_PATTERN 'rows_{uuid}')"
        ).fetchall()
    work.connection.execute("RESET partitioned_write_flush_threshold")
    return folder


def _write(work: _Work, source: str) -> int:
    made = work.layout.made
    columns = ", ".join(
        f"{made.get(f.name, quote(f.name))} AS {quote(f.name)}" for f in work.schema
    )
    sort = f" ORDER BY {work.layout.order}" if work.layout.order else ""
    return _copy(
        work.connection,
        f"SELECT {columns} FROM ({source}){sort}",
        work.writer.new_file(work.table),
        work.layout.text(),
    )


def _copy(
    connection: duckdb.DuckDBPyConnection, select: str, path: Path, layout: str | None
) -> int:
    mark = f", KV_METADATA {{{LAYOUT_KEY}: {literal(layout)}}}" if layout is not None else ""
    row = first_row(connection, f"COPY ({select}) TO {literal(str(path))} ({_FILE_FORM}{mark})")
    return int(row[0]) if row else 0


@contextmanager
def _folder(scratch: Path) -> Iterator[Path]:
    # Under the lake's lock nobody else compacts: what lies there was left by one that was killed.
    for left in scratch.glob("compact-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = scratch / f"compact-{os.getpid()}-{uuid.uuid4().hex}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
