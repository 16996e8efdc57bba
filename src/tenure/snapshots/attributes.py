"""Each customer's attributes as last known before an instant, one column per attribute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import ibis
import ibis.expr.types as ir

from tenure.engine.relations import Relation
from tenure.snapshots.columns import attribute_columns


def attribute_names(history: Relation) -> tuple[str, ...]:
    """Return the names of all attributes in a history, sorted."""
    table = history.table
    named = table.filter(table.name.notnull()).select("name").distinct()
    return tuple(sorted(history.collect(named)["name"].to_pylist()))


def attributes_known(history: ir.Table, before: datetime, names: Sequence[str]) -> ir.Table:
    """Return one row per customer with the latest value of each attribute.

    Parameters
    ----------
    history : the table `customer_attributes`.
    before : naive UTC instant; later knowledge is left out.
    names : the attributes; each becomes the column `attribute_columns` gives it.
    """
    dated = history.mutate(at_instant=ibis.coalesce(history.known_at, history.received_at))
    past = dated.filter(dated.at_instant < ibis.literal(before, "timestamp"))
    # The id breaks ties, so that two values of one instant always end the same way.
    newest_first = ibis.window(
        group_by=[past.customer_id, past.name],
        order_by=[past.at_instant.desc(), past.received_at.desc(), past.attribute_id.desc()],
    )
    ranked = past.mutate(age=ibis.row_number().over(newest_first))
    newest = ranked.filter(ranked.age == 0)
    return newest.group_by("customer_id").aggregate(
        **{
            column: newest.value.max(where=newest.name == name)
            for name, column in attribute_columns(names).items()
        }
    )
