"""Small facts made by hand: one call per row, defaults for what a test does not speak of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal

import pyarrow as pa

from tenure.activity.contract import (
    ACTIVITY,
    CUSTOMER_ATTRIBUTES,
    FACT_TABLES,
    SUBSCRIPTIONS,
)
from tenure.activity.facts import Facts, order_lines
from tenure.engine.duck import DuckDBEngine
from tenure.engine.relations import Relation

RECEIVED = datetime(2030, 1, 1)

Row = dict[str, object]


def act(
    customer: str,
    day: date,
    value: float | str | None = "10",
    *,
    kind: str = "order",
    order: str | None = None,
    channel: str | None = None,
    source: str | None = None,
    received: datetime = RECEIVED,
) -> Row:
    return {
        "activity_id": f"{customer}|{day}|{value}|{kind}|{order}|{received}",
        "customer_id": customer,
        "occurred_at": datetime.combine(day, time(12)),
        "occurred_on": day,
        "kind": kind,
        "value": None if value is None else Decimal(str(value)),
        "currency": "EUR",
        "order_id": order or f"{customer}|{day}",
        "channel": channel,
        "source": source,
        "received_at": received,
    }


def line(customer: str, day: date, product: str, category: str | None = None) -> Row:
    return {
        "activity_id": f"{customer}|{day}|{product}",
        "customer_id": customer,
        "occurred_at": datetime.combine(day, time(12)),
        "occurred_on": day,
        "kind": "order",
        "order_id": f"{customer}|{day}",
        "product_id": product,
        "category": category,
        "received_at": RECEIVED,
    }


def attribute(
    customer: str, name: str, value: str, known: datetime, received: datetime = RECEIVED
) -> Row:
    return {
        "attribute_id": f"{customer}|{name}|{value}|{known}",
        "customer_id": customer,
        "known_at": known,
        "name": name,
        "value": value,
        "received_at": received,
    }


def contract(
    customer: str,
    started: date,
    ended: date | None = None,
    *,
    plan: str = "basic",
    value: str | None = "9",
    received: datetime = RECEIVED,
) -> Row:
    return {
        "subscription_id": f"{customer}|{plan}|{started}|{ended}",
        "customer_id": customer,
        "started_at": datetime.combine(started, time()),
        "started_on": started,
        "ended_on": ended,
        "plan": plan,
        "recurring_value": None if value is None else Decimal(value),
        "received_at": received,
    }


def facts(
    activity: Iterable[Row] = (),
    lines: Iterable[Row] = (),
    attributes: Iterable[Row] = (),
    subscriptions: Iterable[Row] = (),
) -> Facts:
    engine = DuckDBEngine()

    def table(name: str, rows: Iterable[Row], schema: pa.Schema) -> Relation:
        return Relation(
            engine.attach_arrow(name, pa.Table.from_pylist(list(rows), schema=schema)), engine
        )

    made = table("activity", [*activity, *lines], ACTIVITY)
    return Facts(
        engine,
        made,
        Relation(order_lines(made.table), engine),
        table("customer_attributes", attributes, CUSTOMER_ATTRIBUTES),
        table("subscriptions", subscriptions, SUBSCRIPTIONS),
        table("imports", (), FACT_TABLES["imports"]),
    )


def by_customer(snapshot: Relation) -> dict[str, Mapping[str, object]]:
    rows = snapshot.collect(snapshot.table.order_by("customer_id")).to_pylist()
    assert len({row["customer_id"] for row in rows}) == len(rows)
    return {row["customer_id"]: row for row in rows}
