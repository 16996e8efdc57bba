"""New rows into the lake: what of a staged source lands in which fact table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb

from tenure.activity.contract import CUSTOMER_ATTRIBUTES, FACT_TABLES
from tenure.activity.counting import count_distinct
from tenure.activity.staging import FILE_FORM, Identity, Landing, Stage, listed, provenance
from tenure.engine.duck import first_row, literal
from tenure.engine.lake_writing import LakeWriter


@dataclass(frozen=True, slots=True)
class Landed:
    """What landed, in figures: the accepted rows and what they hold.

    Parameters
    ----------
    restated : rows of customers with a value that a later row of the same file replaced.
    """

    accepted: int = 0
    customers: int = 0
    orders: int = 0
    value: Decimal | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    restated: int = 0


def land(
    connection: duckdb.DuckDBPyConnection,
    writer: LakeWriter,
    stage: Stage,
    identity: Identity,
    landing: Landing,
) -> Landed:
    """Bring the view `fresh` into the lake and return what it holds.

    Parameters
    ----------
    connection : the import's connection.
    writer : the lake's writer; nothing is visible before its commit.
    stage : the staged rows.
    identity : which of them are new.
    landing : who brings them.
    """
    if stage.table == "customer_attributes":
        return _land_customers(connection, writer, landing)
    if first_row(connection, "SELECT count(*) FROM fresh")[0] == 0:
        return Landed()
    if stage.is_final and identity.changes_nothing:
        path = writer.new_file(stage.table)
        stage.path.rename(path)
        return _figures(connection, stage.table, str(path))
    names = ", ".join(FACT_TABLES[stage.table].names)
    written = _write(connection, writer, stage.table, f"SELECT {names} FROM fresh")
    if stage.table == "activity" and not stage.is_final:
        _write_attribute_changes(connection, writer, landing)
    return _figures(connection, stage.table, written)


def _land_customers(
    connection: duckdb.DuckDBPyConnection, writer: LakeWriter, landing: Landing
) -> Landed:
    """Keep the attributes that differ from what was last known of the customer.

    A file of customers states one value each: where it holds several, its last row counts.
    """
    known_at = f"TIMESTAMP {literal(str(landing.known_at))}"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE stated_attributes AS SELECT *, last_value(value) OVER "
        "(PARTITION BY customer_id, name ORDER BY source_row ROWS BETWEEN UNBOUNDED PRECEDING "
        "AND UNBOUNDED FOLLOWING) AS settled FROM (SELECT customer_id, source_row, "
        "entry.key AS name, entry.value AS value FROM "
        "(SELECT customer_id, source_row, unnest(attributes) AS entry FROM fresh)) "
        "WHERE value IS NOT NULL"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE new_attributes AS WITH settled AS ("
        "SELECT customer_id, name, settled AS value, max(source_row) AS source_row "
        "FROM stated_attributes GROUP BY ALL), known AS (SELECT customer_id, name, "
        "arg_max(value, (known_at, received_at)) AS latest FROM lake_customer_attributes "
        f"WHERE known_at <= {known_at} GROUP BY customer_id, name) "
        "SELECT settled.* FROM settled LEFT JOIN known USING (customer_id, name) "
        "WHERE settled.value IS DISTINCT FROM known.latest"
    )
    accepted, customers, restated = first_row(
        connection,
        "SELECT count(DISTINCT source_row), count(DISTINCT customer_id), (SELECT "
        "count(DISTINCT source_row) FROM stated_attributes WHERE value <> settled) "
        "FROM new_attributes",
    )
    if accepted:
        _write_attributes(connection, writer, landing, known_at)
    return Landed(int(accepted), int(customers), restated=int(restated))


def _write_attribute_changes(
    connection: duckdb.DuckDBPyConnection, writer: LakeWriter, landing: Landing
) -> None:
    """Keep, of attributes that stand beside orders, the moments at which a value changed."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE new_attributes AS WITH entries AS ("
        "SELECT customer_id, occurred_at, source_row, unnest(attributes) AS entry "
        "FROM fresh WHERE attributes IS NOT NULL), stated AS (SELECT customer_id, "
        "occurred_at AS known_at, source_row, entry.key AS name, entry.value AS value "
        "FROM entries WHERE entry.value IS NOT NULL) SELECT * FROM stated QUALIFY value IS "
        "DISTINCT FROM lag(value) OVER "
        "(PARTITION BY customer_id, name ORDER BY known_at, source_row)"
    )
    if first_row(connection, "SELECT count(*) FROM new_attributes")[0]:
        _write_attributes(connection, writer, landing, "known_at")


def _write_attributes(
    connection: duckdb.DuckDBPyConnection, writer: LakeWriter, landing: Landing, known_at: str
) -> None:
    made = {
        **provenance(landing),
        "known_at": known_at,
        "attribute_id": f"md5(concat_ws(chr(31), customer_id, name, value, epoch_us({known_at})))",
    }
    columns = listed(CUSTOMER_ATTRIBUTES, made)
    _write(connection, writer, "customer_attributes", f"SELECT {columns} FROM new_attributes")


def _write(
    connection: duckdb.DuckDBPyConnection, writer: LakeWriter, table: str, select: str
) -> str:
    path = str(writer.new_file(table))
    connection.execute(f"COPY ({select}) TO {literal(path)} ({FILE_FORM})").fetchall()
    return path


def _figures(connection: duckdb.DuckDBPyConnection, table: str, path: str) -> Landed:
    is_activity = table == "activity"
    what = (
        "sum(value), min(occurred_at), max(occurred_at)"
        if is_activity
        else "sum(recurring_value), min(started_at), max(started_at)"
    )
    source = f"read_parquet({literal(path)})"
    rows, *figures = first_row(connection, f"SELECT count(*), {what} FROM {source}")
    customers = count_distinct(connection, source, "customer_id", rows=rows)
    orders = (
        count_distinct(connection, source, "order_id", rows=rows, condition="kind = 'order'")
        if is_activity
        else 0
    )
    return Landed(int(rows), customers, orders, *figures)
