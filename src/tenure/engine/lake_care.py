"""Care of the lake: erasure that removes the bytes, and a check-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tenure.engine.duck import first_row, literal, quote
from tenure.engine.lake import Lake
from tenure.engine.lake_compaction import rewrite_without
from tenure.engine.lake_writing import LakeWriter
from tenure.kernel import LakeError


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check-up: what was checked, `ok`, `warning` or `fault`, and the details."""

    check: str
    state: str
    detail: str


def erase_rows(
    writer: LakeWriter,
    connection: duckdb.DuckDBPyConnection,
    *,
    column: str,
    value: str,
    before_commit: Callable[[], None] = lambda: None,
) -> dict[str, int]:
    """Delete every row whose column has a value from every table, and its bytes from the disk.

    Files that hold none of the rows are left as they are. Readers that began before may have
    to begin again.

    Parameters
    ----------
    writer : holds the lake's lock; the change is committed.
    connection : does the work.
    column : tables without it are left as they are.
    value : the value, as text.
    before_commit : called when the files without the rows are written.

    Returns
    -------
    Rows deleted from each table that had any.
    """
    deleted: dict[str, int] = {}
    gone = f"{quote(column)} = {literal(value)}"
    for table, schema in writer.schemas.items():
        if column not in schema.names:
            continue
        for path in writer.files(table):
            count = _count(connection, path, gone)
            if count:
                kept = f"({gone}) IS NOT TRUE"
                rewrite_without(connection, writer, table, path, kept)
                deleted[table] = deleted.get(table, 0) + count
    if deleted:
        before_commit()
        writer.commit("erase", same_facts=True)
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


def _count(connection: duckdb.DuckDBPyConnection, path: Path, condition: str) -> int:
    row = first_row(
        connection, f"SELECT count(*) FROM read_parquet({literal(str(path))}) WHERE {condition}"
    )
    return int(row[0]) if row else 0
