"""One source, cleaned once into a scratch file, and every row's identity worked out.

A row's identity is the MD5 of its cleaned content and, for equal contents in one source,
its occurrence number. So the same file twice, or overlapping files in any order, change
nothing, while two equal purchases in one file both count where nothing tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from tenure.activity.contract import TableKind
from tenure.engine.duck import literal
from tenure.engine.running import run_with_progress
from tenure.kernel import ProgressSink

_SEPARATOR = "chr(31)"

_CONTENT: dict[TableKind, tuple[str, ...]] = {
    TableKind.ORDERS: (
        "customer_id",
        "epoch_us(occurred_at)",
        "kind",
        "order_id",
        "product_id",
        "quantity",
        "value",
    ),
    TableKind.EVENTS: ("customer_id", "epoch_us(occurred_at)", "kind", "order_id", "value"),
    TableKind.SUBSCRIPTIONS: (
        "customer_id",
        "plan",
        "epoch_us(started_at)",
        "epoch_us(ended_at)",
        "recurring_value",
    ),
    TableKind.CUSTOMERS: ("customer_id", "attributes"),
}
"""What makes two rows the same fact. Descriptive columns (channel, category, discount) are
left out, so that an export with one column more is still recognised."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A cleaned source in a scratch file.

    Parameters
    ----------
    path : Parquet file with the clean columns, `content_key` and the fault columns.
    rows : rows in it, faulty ones included.
    faulty : rows with a fault.
    """

    path: Path
    rows: int
    faulty: int


@dataclass(frozen=True, slots=True)
class Identity:
    """What the identities say.

    Parameters
    ----------
    repeated : rows equal in every column to an earlier row of the same source, dropped.
    overlapping : rows that an earlier import already brought.
    kept_repeats : rows equal to an earlier one of the same source and kept as facts.
    """

    repeated: int
    overlapping: int
    kept_repeats: int


def stage_source(
    connection: duckdb.DuckDBPyConnection,
    clean_sql: str,
    kind: TableKind,
    folder: Path,
    *,
    rows_estimate: int | None,
    progress: ProgressSink,
) -> Stage:
    """Run the cleaning once and keep its rows in a scratch file, viewed as `stage`.

    Parameters
    ----------
    connection : the import's connection.
    clean_sql : yields the clean columns and the fault columns.
    kind : what the rows are.
    folder : where the scratch file goes.
    rows_estimate : rows expected, for the progress.
    progress : receives the progress.
    """
    path = folder / "stage.parquet"
    content = f", {_SEPARATOR}, ".join(f"coalesce(({c})::VARCHAR, '')" for c in _CONTENT[kind])
    rows = run_with_progress(
        connection,
        f"COPY (SELECT *, CASE WHEN fault_code IS NULL THEN md5(concat({content})) END "
        f"AS content_key FROM ({clean_sql})) TO {literal(str(path))} "
        "(FORMAT parquet, COMPRESSION snappy)",
        stage="reading",
        rows=rows_estimate,
        sink=progress,
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW stage AS SELECT * FROM read_parquet({literal(str(path))})"
    )
    faulty = _figure(connection, "SELECT count(*) FROM stage WHERE fault_code IS NOT NULL")
    return Stage(path, rows, faulty)


def identify(
    connection: duckdb.DuckDBPyConnection,
    *,
    drop_repeats: bool,
    known_table: str,
    id_column: str,
    time_column: str,
) -> Identity:
    """Give equal rows their numbers, find the rows already known, and view the new as `fresh`.

    Must run under the lake's write lock, so that two imports of one file cannot both win.

    Parameters
    ----------
    connection : the import's connection, with the view `stage`.
    drop_repeats : whether a row equal in every raw column to an earlier one is a mistake.
    known_table : view of the lake's table.
    id_column : its identity column, also the name of the identity in `fresh`.
    time_column : its instant, to look only where the import can overlap.
    """
    repeats, dropped = _number_repeats(connection, drop_repeats=drop_repeats)
    connection.execute(_numbered_view(id_column, has_repeats=repeats > 0))
    overlapping = _find_known(connection, known_table, id_column, time_column)
    source = "numbered" if not overlapping else "numbered ANTI JOIN known USING (identity)"
    connection.execute(
        "CREATE OR REPLACE TEMP VIEW fresh AS "
        f"SELECT * EXCLUDE (identity), identity AS {id_column} FROM {source}"
    )
    return Identity(dropped, overlapping, repeats - dropped)


def _number_repeats(
    connection: duckdb.DuckDBPyConnection, *, drop_repeats: bool
) -> tuple[int, int]:
    """Make table `repeats` of every non-first row of equal content: its number, or 0 if dropped."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE repeated_keys AS SELECT content_key FROM stage "
        "WHERE fault_code IS NULL GROUP BY content_key HAVING count(*) > 1"
    )
    if not _figure(connection, "SELECT count(*) FROM repeated_keys"):
        return 0, 0
    dropped = "raw_nth > 1" if drop_repeats else "false"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE repeats AS WITH equal_rows AS ("
        "SELECT source_row, content_key, row_number() OVER "
        "(PARTITION BY content_key, raw_key ORDER BY source_row) AS raw_nth "
        "FROM stage SEMI JOIN repeated_keys USING (content_key) WHERE fault_code IS NULL), "
        f"judged AS (SELECT *, {dropped} AS is_dropped FROM equal_rows) "
        "SELECT source_row, is_dropped, row_number() OVER "
        "(PARTITION BY content_key, is_dropped ORDER BY source_row) AS nth FROM judged"
    )
    connection.execute("DELETE FROM repeats WHERE nth = 1 AND NOT is_dropped")
    return (
        _figure(connection, "SELECT count(*) FROM repeats"),
        _figure(connection, "SELECT count(*) FROM repeats WHERE is_dropped"),
    )


def _numbered_view(id_column: str, *, has_repeats: bool) -> str:
    if not has_repeats:
        return (
            "CREATE OR REPLACE TEMP VIEW numbered AS SELECT *, content_key AS identity "
            "FROM stage WHERE fault_code IS NULL"
        )
    return (
        "CREATE OR REPLACE TEMP VIEW numbered AS SELECT stage.*, CASE WHEN repeats.nth > 1 THEN "
        "md5(content_key || '#' || repeats.nth::VARCHAR) ELSE content_key END AS identity "
        "FROM stage LEFT JOIN repeats USING (source_row) "
        "WHERE fault_code IS NULL AND NOT coalesce(repeats.is_dropped, false)"
    )


def _find_known(
    connection: duckdb.DuckDBPyConnection, known_table: str, id_column: str, time_column: str
) -> int:
    span = connection.execute(
        f"SELECT min({time_column}), max({time_column}) FROM numbered"
    ).fetchone()
    if span is None or span[0] is None:
        return 0
    within = f"{time_column} BETWEEN TIMESTAMP '{span[0]}' AND TIMESTAMP '{span[1]}'"
    if not _figure(connection, f"SELECT count(*) FROM {known_table} WHERE {within}"):
        return 0
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE known AS "
        f"SELECT {id_column} AS identity FROM {known_table} "
        f"WHERE {within} AND {id_column} IN (SELECT identity FROM numbered)"
    )
    return _figure(connection, "SELECT count(*) FROM known")


def _figure(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
