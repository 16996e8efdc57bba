"""One source, cleaned once into a file of facts, and every row's identity worked out.

A row's identity is the MD5 of its cleaned content and, for equal contents in one source,
its occurrence number. So the same file twice, or overlapping files in any order, change
nothing, while two equal purchases in one file both count where nothing tells them apart.

The file has the lake's own columns, so that an import without repeats and overlaps, the
usual case, is written once and moved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from tenure.activity.contract import (
    ACTIVITY,
    ID_COLUMNS,
    SUBSCRIPTIONS,
    Mapping,
    Role,
    TableKind,
)
from tenure.activity.counting import PART_ROWS
from tenure.activity.sources import RawSource
from tenure.engine.duck import first_row, literal, quote
from tenure.engine.running import run_with_progress
from tenure.kernel import ProgressSink

FILE_FORM = "FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 10000"
"""How new files are written: fast; compaction writes them small. Identities never repeat, so
long dictionaries are work for nothing."""

FACT_OF_KIND = {
    TableKind.ORDERS: "activity",
    TableKind.EVENTS: "activity",
    TableKind.SUBSCRIPTIONS: "subscriptions",
    TableKind.CUSTOMERS: "customer_attributes",
}
"""The fact table that each kind of rows lands in."""

_TIMES = {"activity": "occurred_at", "subscriptions": "started_at"}

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
    TableKind.CUSTOMERS: ("customer_id", "attributes::VARCHAR"),
}
"""What makes two rows the same fact. Descriptive columns (channel, category, discount) are
left out, so that an export with one column more is still recognised."""

_NO_FAULTS = "(source_row BIGINT, fault_code VARCHAR, fault_field VARCHAR, fault_given VARCHAR)"


Clean = Callable[[str], str]
"""Takes a relation's name and returns the SQL that yields its clean and fault columns."""


@dataclass(frozen=True, slots=True)
class Landing:
    """Who brings the rows, and how orders are named where the file does not.

    Parameters
    ----------
    import_id : identifies the import.
    received_at : naive UTC instant of the import.
    known_at : from when customer attributes without a date count as known.
    order_rule : `day` (one order per customer and day) or `row` (each row an order), used
        where the file has no order column.
    """

    import_id: str
    received_at: datetime
    known_at: datetime
    order_rule: str = "day"


@dataclass(frozen=True, slots=True)
class Stage:
    """A cleaned source: view `stage` of its good rows, table `faults` of the others.

    Parameters
    ----------
    path : Parquet file of the good rows.
    table : the fact table they land in.
    rows : good rows.
    faulty : rows with a fault.
    is_final : True if the file has exactly the fact table's columns.
    """

    path: Path
    table: str
    rows: int
    faulty: int
    is_final: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """What the identities say.

    Parameters
    ----------
    repeated : rows equal in every column to an earlier row of the same source, dropped.
    kept_repeats : rows equal to an earlier one of the same source and kept as facts.
    overlapping : rows that an earlier import already brought.
    """

    repeated: int
    kept_repeats: int
    overlapping: int

    @property
    def changes_nothing(self) -> bool:
        """True if every staged row is new, under the identity it was staged with."""
        return not (self.repeated or self.kept_repeats or self.overlapping)


def stage_source(
    connection: duckdb.DuckDBPyConnection,
    clean: Clean,
    source: RawSource,
    mapping: Mapping,
    landing: Landing,
    folder: Path,
    progress: ProgressSink,
) -> Stage:
    """Run the cleaning once and keep the good rows in a file.

    Parameters
    ----------
    connection : the import's connection.
    clean : gives the cleaning of a relation with the source's columns.
    source : what is cleaned.
    mapping : its reading.
    landing : who brings the rows.
    folder : where the file goes, on the lake's disk.
    progress : receives the progress.
    """
    table = FACT_OF_KIND[mapping.kind]
    path = folder / f"{landing.import_id}.parquet"
    has_attributes = any(column.role is Role.ATTRIBUTE for column in mapping.columns)
    columns = _staged_columns(mapping.kind, landing, with_attributes=has_attributes)
    # `concat` takes a missing value for an empty text.
    content = ", chr(31), ".join(_CONTENT[mapping.kind])
    rows = run_with_progress(
        connection,
        f"COPY (SELECT {columns} FROM (SELECT *, md5(concat({content})) AS identity "
        f"FROM ({clean(source.relation)}) WHERE fault_no IS NULL)) TO {literal(str(path))} "
        f"({FILE_FORM})",
        stage="reading",
        rows=source.rows,
        sink=progress,
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW stage AS SELECT * FROM read_parquet({literal(str(path))})"
    )
    faulty = source.rows - rows
    _gather_faults(connection, clean, source, any_faults=faulty > 0)
    is_final = table != "customer_attributes" and not has_attributes
    return Stage(path, table, rows, faulty, is_final)


def _gather_faults(
    connection: duckdb.DuckDBPyConnection, clean: Clean, source: RawSource, *, any_faults: bool
) -> None:
    """Make table `faults`: only the rows that did not reach the stage are cleaned once more."""
    found = _NO_FAULTS
    if any_faults:
        connection.execute(
            "CREATE OR REPLACE TEMP VIEW unstaged AS SELECT raw.* FROM "
            f"{quote(source.relation)} AS raw ANTI JOIN stage USING (source_row)"
        )
        found = (
            f"AS SELECT source_row, fault_code, fault_field, fault_given FROM ({clean('unstaged')})"
        )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE faults {found}")


def identify(
    connection: duckdb.DuckDBPyConnection,
    stage: Stage,
    source: RawSource,
    *,
    drop_repeats: bool,
    known_table: str,
) -> Identity:
    """Give equal rows their numbers, find the rows already known, and view the new as `fresh`.

    Must run under the lake's write lock, so that two imports of one file cannot both win.

    Parameters
    ----------
    connection : the import's connection, with the view `stage`.
    stage : the staged rows.
    source : where they came from.
    drop_repeats : whether a row equal in every raw column to an earlier one is a mistake.
    known_table : view of the fact table's rows so far.
    """
    key = ID_COLUMNS[stage.table]
    repeats, dropped = _number_repeats(connection, source, key, drop_repeats=drop_repeats)
    connection.execute(_numbered_view(key, has_repeats=repeats > 0))
    time = _TIMES.get(stage.table)
    overlapping = _find_known(connection, known_table, key, time) if time else 0
    known = f" ANTI JOIN known USING ({key})" if overlapping else ""
    connection.execute(f"CREATE OR REPLACE TEMP VIEW fresh AS SELECT * FROM numbered{known}")
    return Identity(dropped, repeats - dropped, overlapping)


def _staged_columns(kind: TableKind, landing: Landing, *, with_attributes: bool) -> str:
    """Return the SELECT list that gives clean rows the columns of their fact table."""
    made = provenance(landing)
    if kind is TableKind.CUSTOMERS:
        return "identity AS attribute_id, customer_id, attributes, source_row"
    if kind is TableKind.SUBSCRIPTIONS:
        return listed(SUBSCRIPTIONS, {**made, "subscription_id": "identity"})
    buys = "kind IN ('order', 'refund')"
    name = "identity" if landing.order_rule == "row" else "customer_id || '|' || occurred_on"
    made |= {
        "activity_id": "identity",
        "order_id": f"CASE WHEN {buys} THEN coalesce(order_id, {name}) ELSE order_id END",
        "properties": "NULL::VARCHAR",
    }
    return listed(ACTIVITY, made) + (", attributes" if with_attributes else "")


def listed(schema: pa.Schema, made: dict[str, str]) -> str:
    """Return a SELECT list of a table's columns: made ones by their SQL, the others by name."""
    return ", ".join(f"{made.get(f.name, quote(f.name))} AS {quote(f.name)}" for f in schema)


def provenance(landing: Landing) -> dict[str, str]:
    """Return the SQL of the columns that say when and by which import a row came."""
    return {
        "received_at": f"TIMESTAMP {literal(str(landing.received_at))}",
        "import_id": literal(landing.import_id),
    }


def _number_repeats(
    connection: duckdb.DuckDBPyConnection, source: RawSource, key: str, *, drop_repeats: bool
) -> tuple[int, int]:
    """Make table `repeats` of every row but the first of equal content; count all and dropped."""
    # Eight-byte hashes are a third of the work of the keys; equal keys have equal hashes. So keys
    # are compared only among the few rows whose hash comes more than once.
    _find_repeated_hashes(connection, key)
    if not _figure(connection, "SELECT count(*) FROM repeated_hashes"):
        return 0, 0
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE alike AS SELECT source_row, {key} FROM stage "
        f"SEMI JOIN repeated_hashes ON hash({key}) = hashed"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE repeated_rows AS SELECT * FROM alike "
        f"SEMI JOIN (SELECT {key} FROM alike GROUP BY {key} HAVING count(*) > 1) USING ({key})"
    )
    if not _figure(connection, "SELECT count(*) FROM repeated_rows"):
        return 0, 0
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE repeats AS WITH judged AS ("
        f"SELECT source_row, {key}, row_number() OVER "
        f"(PARTITION BY {key}, raw_key ORDER BY source_row) > 1 AS is_dropped "
        f"FROM ({_raw_keys(connection, source, drop_repeats=drop_repeats)})) "
        "SELECT source_row, is_dropped, row_number() OVER "
        f"(PARTITION BY {key}, is_dropped ORDER BY source_row) AS nth FROM judged"
    )
    connection.execute("DELETE FROM repeats WHERE nth = 1 AND NOT is_dropped")
    return (
        _figure(connection, "SELECT count(*) FROM repeats"),
        _figure(connection, "SELECT count(*) FROM repeats WHERE is_dropped"),
    )


def _find_repeated_hashes(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Make table `repeated_hashes`; part by part of all hashes, as all at once take much memory."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE hashes AS SELECT hash({key}) AS hashed FROM stage"
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE repeated_hashes (hashed UBIGINT)")
    parts = _figure(connection, "SELECT count(*) FROM hashes") // PART_ROWS + 1
    for part in range(parts):
        connection.execute(
            "INSERT INTO repeated_hashes SELECT hashed FROM hashes "
            f"WHERE hashed % {parts} = {part} GROUP BY hashed HAVING count(*) > 1"
        )
    connection.execute("DROP TABLE hashes")


def _raw_keys(
    connection: duckdb.DuckDBPyConnection, source: RawSource, *, drop_repeats: bool
) -> str:
    """Return SQL of the repeated rows with a key of their raw columns, read again for it."""
    if not drop_repeats:
        return "SELECT *, source_row AS raw_key FROM repeated_rows"
    columns = ", ".join(quote(column) for column in source.columns)
    # A join might hold the whole source in memory, not the few repeated rows: IN never does.
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE raw_keys AS SELECT source_row, hash({columns}) AS raw_key "
        f"FROM {quote(source.relation)} "
        "WHERE source_row IN (SELECT source_row FROM repeated_rows)"
    )
    return "SELECT * FROM repeated_rows JOIN raw_keys USING (source_row)"


def _numbered_view(key: str, *, has_repeats: bool) -> str:
    if not has_repeats:
        return "CREATE OR REPLACE TEMP VIEW numbered AS SELECT * FROM stage"
    again = f"md5({key} || '#' || repeats.nth::VARCHAR)"
    # Where each row is an order of its own, the order is named by the row's identity.
    order = (
        f", CASE WHEN order_id = {key} AND repeats.nth > 1 THEN {again} ELSE order_id END "
        "AS order_id"
        if key == "activity_id"
        else ""
    )
    return (
        "CREATE OR REPLACE TEMP VIEW numbered AS SELECT stage.* REPLACE ("
        f"CASE WHEN repeats.nth > 1 THEN {again} ELSE {key} END AS {key}{order}) "
        "FROM stage LEFT JOIN repeats USING (source_row) "
        "WHERE NOT coalesce(repeats.is_dropped, false)"
    )


def _find_known(
    connection: duckdb.DuckDBPyConnection, known_table: str, key: str, time: str
) -> int:
    """Make table `known` of the staged identities that the lake has; return their number."""
    first, last = first_row(connection, f"SELECT min({time}), max({time}) FROM numbered")
    if first is None:
        return 0
    within = f"{time} BETWEEN TIMESTAMP '{first}' AND TIMESTAMP '{last}'"
    if not _figure(connection, f"SELECT count(*) FROM {known_table} WHERE {within}"):
        return 0
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE known AS SELECT {key} FROM {known_table} "
        f"WHERE {within} AND {key} IN (SELECT {key} FROM numbered)"
    )
    return _figure(connection, "SELECT count(*) FROM known")


def _figure(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(first_row(connection, sql)[0])
