"""Care of the lake: compaction, erasure that removes the bytes, and a check-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from tenure.engine.duck import first_row, literal, quote
from tenure.engine.lake import Lake
from tenure.engine.lake_writing import LakeWriter
from tenure.kernel import LakeError

_READERS_GRACE_SECONDS = 3600
"""How long replaced files stay after a compaction, for readers that began before it."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did to one table."""

    table: str
    files_before: int
    files_after: int
    rows: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check-up: what was checked, `ok`, `warning` or `fault`, and the details."""

    check: str
    state: str
    detail: str


def compact(
    lake: Lake,
    connection: duckdb.DuckDBPyConnection,
    *,
    orders: Mapping[str, str],
    made: Mapping[str, Mapping[str, str]],
) -> list[Compacted]:
    """Rewrite every table of several files into one, sorted; readers are not disturbed.

    Parameters
    ----------
    lake : the lake.
    connection : does the work; its memory limit holds.
    orders : SQL sort order of each table; others keep theirs.
    made : SQL of columns to be worked out anew, by table.
    """
    done = []
    with lake.writing() as writer:
        for table, schema in lake.schemas.items():
            before = writer.files(table)
            if not before:
                continue
            rows = _rewrite(
                connection,
                writer,
                table,
                schema,
                before,
                order=orders.get(table),
                made=made.get(table, {}),
                condition="true",
            )
            done.append(Compacted(table, len(before), 1, rows))
        if done:
            writer.commit("compact")
        writer.sweep(older_than_seconds=_READERS_GRACE_SECONDS)
    return done


def erase_rows(
    lake: Lake, connection: duckdb.DuckDBPyConnection, *, column: str, value: str
) -> dict[str, int]:
    """Delete every row whose column has a value from every table, and its bytes from the disk.

    Files that hold none of the rows are left as they are. Readers that began before may have
    to begin again.

    Parameters
    ----------
    lake : the lake.
    connection : does the work.
    column : tables without it are left as they are.
    value : the value, as text.

    Returns
    -------
    Rows deleted from each table that had any.
    """
    deleted: dict[str, int] = {}
    with lake.writing() as writer:
        for table, schema in lake.schemas.items():
            if column not in schema.names:
                continue
            for path in writer.files(table):
                count = _count(connection, path, f"{quote(column)} = {literal(value)}")
                if count:
                    _rewrite(
                        connection,
                        writer,
                        table,
                        schema,
                        [path],
                        order=None,
                        made={},
                        condition=f"{quote(column)} IS DISTINCT FROM {literal(value)}",
                    )
                    deleted[table] = deleted.get(table, 0) + count
        if deleted:
            writer.commit("erase")
        # Earlier compactions may have left files with the rows behind: sweep always.
        writer.sweep(older_than_seconds=0)
    return deleted


def check_up(lake: Lake, connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Look at every table: is each file there and readable, is anything unfinished."""
    findings = []
    view = lake.view()
    for table, version in sorted(view.head.versions.items()):
        try:
            files = view.files(table)
            rows = sum(_count(connection, Path(file), "true") for file in files)
        except (LakeError, duckdb.Error) as fault:
            findings.append(Finding(f"table {table}", "fault", str(fault).splitlines()[0]))
            continue
        findings.append(Finding(f"table {table}", "ok", f"{rows:,} rows in {len(files)} files"))
        newest = lake.delta(table).version()
        if newest > version:
            findings.append(
                Finding(
                    f"table {table}",
                    "warning",
                    f"{newest - version} unfinished versions; the next write undoes them",
                )
            )
        stray = {str(p) for p in (lake.root / table).glob("*.parquet")} - set(files)
        if stray:
            findings.append(
                Finding(
                    f"table {table}",
                    "warning",
                    f"{len(stray)} files of earlier states; `tenure compact` frees them in an hour",
                )
            )
    return findings


def _rewrite(
    connection: duckdb.DuckDBPyConnection,
    writer: LakeWriter,
    table: str,
    schema: pa.Schema,
    files: list[Path],
    *,
    order: str | None,
    made: Mapping[str, str],
    condition: str,
) -> int:
    target = writer.new_file(table)
    columns = ", ".join(f"{made.get(f.name, quote(f.name))} AS {quote(f.name)}" for f in schema)
    listed = ", ".join(literal(str(path)) for path in files)
    sort = f" ORDER BY {order}" if order else ""
    row = first_row(
        connection,
        f"COPY (SELECT {columns} FROM read_parquet([{listed}]) WHERE {condition}{sort}) "
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)",
    )
    writer.remove(table, files)
    return int(row[0]) if row else 0


def _count(connection: duckdb.DuckDBPyConnection, path: Path, condition: str) -> int:
    row = first_row(
        connection, f"SELECT count(*) FROM read_parquet({literal(str(path))}) WHERE {condition}"
    )
    return int(row[0]) if row else 0
