"""New rows into the lake: which columns of a cleaned source land in which fact table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb
import pyarrow as pa

from tenure.activity.contract import (
    ACTIVITY,
    CUSTOMER_ATTRIBUTES,
    ORDER_LINES,
    SUBSCRIPTIONS,
    Mapping,
    Role,
    TableKind,
)
from tenure.engine.duck import literal, quote
from tenure.engine.lake_writing import LakeWriter

_LINE_ROLES = (Role.PRODUCT, Role.CATEGORY, Role.QUANTITY, Role.UNIT_PRICE, Role.DISCOUNT)


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
class Landed:
    """What landed, in figures: the accepted rows and what they hold."""

    accepted: int
    customers: int
    orders: int
    value: Decimal | None
    first_at: datetime | None
    last_at: datetime | None


def land(
    connection: duckdb.DuckDBPyConnection, writer: LakeWriter, mapping: Mapping, landing: Landing
) -> Landed:
    """Write the view `fresh` into new files of the lake and return their figures.

    Parameters
    ----------
    connection : the import's connection, with the view `fresh`.
    writer : the lake's writer; nothing is visible before its commit.
    mapping : the source's reading.
    landing : who brings the rows.
    """
    if mapping.kind is TableKind.CUSTOMERS:
        return _land_customers(connection, writer, landing)
    if mapping.kind is TableKind.SUBSCRIPTIONS:
        return _land_subscriptions(connection, writer, landing)
    return _land_activity(connection, writer, mapping, landing)


def _land_activity(
    connection: duckdb.DuckDBPyConnection, writer: LakeWriter, mapping: Mapping, landing: Landing
) -> Landed:
    shared = {"order_id": _order_id(landing.order_rule), **_provenance(landing)}
    if not _any_rows(connection, "fresh"):
        return Landed(0, 0, 0, None, None, None)
    properties = {"properties": "NULL::VARCHAR"}
    path = _write(connection, writer, "activity", ACTIVITY, {**shared, **properties})
    if any(mapping.column(role) is not None for role in _LINE_ROLES):
        condition = "kind IN ('order', 'refund')"
        _write(connection, writer, "order_lines", ORDER_LINES, shared, condition)
    if any(column.role is Role.ATTRIBUTE for column in mapping.columns):
        _write_attribute_changes(connection, writer, landing)
    return _activity_figures(connection, path)


def _land_customers(
    connection: duckdb.DuckDBPyConnection, writer: LakeWriter, landing: Landing
) -> Landed:
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE attribute_rows AS "
        "SELECT customer_id, source_row, entry.key AS name, entry.value AS value FROM "
        "(SELECT customer_id, source_row, unnest(map_entries(attributes)) AS entry FROM numbered)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE new_attributes AS SELECT a.* FROM attribute_rows a "
        "LEFT JOIN (SELECT customer_id, name, arg_max(value, (known_at, received_at)) AS latest "
        "FROM lake_customer_attributes GROUP BY customer_id, name) AS k USING (customer_id, name) "
        "WHERE a.value IS NOT NULL AND a.value IS DISTINCT FROM k.latest"
    )
    row = connection.execute(
        "SELECT count(DISTINCT source_row), count(DISTINCT customer_id) FROM new_attributes"
    ).fetchone()
    accepted, customers = (int(row[0]), int(row[1])) if row else (0, 0)
    if accepted:
        known_at = f"TIMESTAMP {literal(str(landing.known_at))}"
        columns = {"attribute_id": _attribute_id(known_at), "known_at": known_at}
        _write(
            connection,
            writer,
            "customer_attributes",
            CUSTOMER_ATTRIBUTES,
            {**columns, **_provenance(landing)},
            source="new_attributes",
        )
    return Landed(accepted, customers, 0, None, None, None)


def _land_subscriptions(
    connection: duckdb.DuckDBPyConnection, writer: LakeWriter, landing: Landing
) -> Landed:
    if not _any_rows(connection, "fresh"):
        return Landed(0, 0, 0, None, None, None)
    path = _write(connection, writer, "subscriptions", SUBSCRIPTIONS, _provenance(landing))
    row = connection.execute(
        "SELECT count(*), count(DISTINCT customer_id), sum(recurring_value), min(started_at), "
        f"max(started_at) FROM read_parquet({literal(path)})"
    ).fetchone()
    assert row is not None
    return Landed(int(row[0]), int(row[1]), 0, row[2], row[3], row[4])


def _write_attribute_changes(
    connection: duckdb.DuckDBPyConnection, writer: LakeWriter, landing: Landing
) -> None:
    """Keep, of attributes that stand beside orders, the moments at which a value changed."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE new_attributes AS WITH entries AS ("
        "SELECT customer_id, occurred_at, source_row, unnest(map_entries(attributes)) AS entry "
        "FROM fresh WHERE attributes IS NOT NULL), stated AS (SELECT customer_id, "
        "occurred_at AS known_at, source_row, entry.key AS name, entry.value AS value "
        "FROM entries WHERE entry.value IS NOT NULL) SELECT * FROM stated QUALIFY value IS "
        "DISTINCT FROM lag(value) OVER "
        "(PARTITION BY customer_id, name ORDER BY known_at, source_row)"
    )
    if _any_rows(connection, "new_attributes"):
        columns = {"attribute_id": _attribute_id("known_at"), **_provenance(landing)}
        _write(
            connection,
            writer,
            "customer_attributes",
            CUSTOMER_ATTRIBUTES,
            columns,
            source="new_attributes",
        )


def _write(
    connection: duckdb.DuckDBPyConnection,
    writer: LakeWriter,
    table: str,
    schema: pa.Schema,
    made: dict[str, str],
    condition: str = "true",
    *,
    source: str = "fresh",
) -> str:
    """Write a table's columns (made ones by their SQL, the others by name) into a new file."""
    path = str(writer.new_file(table))
    columns = ", ".join(f"{made.get(f.name, quote(f.name))} AS {quote(f.name)}" for f in schema)
    connection.execute(
        f"COPY (SELECT {columns} FROM {source} WHERE {condition}) TO {literal(path)} "
        "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
    )
    return path


def _activity_figures(connection: duckdb.DuckDBPyConnection, path: str) -> Landed:
    row = connection.execute(
        "SELECT count(*), count(DISTINCT customer_id), "
        "count(DISTINCT order_id) FILTER (kind = 'order'), sum(value), min(occurred_at), "
        f"max(occurred_at) FROM read_parquet({literal(path)})"
    ).fetchone()
    assert row is not None
    return Landed(int(row[0]), int(row[1]), int(row[2]), row[3], row[4], row[5])


def _order_id(order_rule: str) -> str:
    made = "customer_id || '|' || occurred_on::VARCHAR"
    if order_rule == "row":
        made = "activity_id"
    return (
        f"CASE WHEN kind IN ('order', 'refund') THEN coalesce(order_id, {made}) ELSE order_id END"
    )


def _attribute_id(known_at: str) -> str:
    return f"md5(concat_ws(chr(31), customer_id, name, value, epoch_us({known_at})))"


def _provenance(landing: Landing) -> dict[str, str]:
    return {
        "received_at": f"TIMESTAMP {literal(str(landing.received_at))}",
        "import_id": literal(landing.import_id),
    }


def _any_rows(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is not None
