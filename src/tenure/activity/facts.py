"""The facts of a workspace as relations: what every room above reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir

from tenure.activity.contract import ORDER_LINES
from tenure.engine.lake import LakeView
from tenure.engine.relations import Engine, Relation


@dataclass(frozen=True, slots=True)
class Facts:
    """The fact tables as of one head of the lake, in one engine.

    Parameters
    ----------
    engine : runs expressions over the relations.
    activity, order_lines, customer_attributes, subscriptions, imports : the tables, with
        the columns of `tenure.activity.contract`.
    """

    engine: Engine
    activity: Relation
    order_lines: Relation
    customer_attributes: Relation
    subscriptions: Relation
    imports: Relation


def open_facts(view: LakeView, engine: Engine, *, received_before: datetime | None = None) -> Facts:
    """Return a lake's facts for reading.

    Parameters
    ----------
    view : the state of the lake to read.
    engine : runs expressions over it; one of its own, as the tables get their names in it.
    received_before : only rows received before this naive UTC instant (time travel);
        None means all.
    """

    def table(name: str) -> Relation:
        relation = view.relation(engine, name)
        if received_before is None:
            return relation
        cut = ibis.literal(received_before, "timestamp")
        return Relation(relation.table.filter(relation.table.received_at < cut), engine)

    activity = table("activity")
    return Facts(
        engine,
        activity,
        Relation(order_lines(activity.table), engine),
        table("customer_attributes"),
        table("subscriptions"),
        table("imports"),
    )


def order_lines(activity: ir.Table) -> ir.Table:
    """Return the product detail of orders and refunds, with the columns of `ORDER_LINES`."""
    detailed = (
        activity.product_id.notnull() | activity.category.notnull() | activity.quantity.notnull()
    )
    bought = activity.filter(activity.kind.isin(["order", "refund"]) & detailed)
    return bought.mutate(line_total=bought.value).select(*ORDER_LINES.names)
