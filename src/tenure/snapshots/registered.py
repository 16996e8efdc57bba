"""Columns that higher rooms lay beside the snapshot: scores, points, answers of a date.

The snapshot does not know what they mean; it takes them as values, with their descriptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.types as ir

from tenure.engine.relations import Relation
from tenure.snapshots.columns import SnapshotColumn


@dataclass(frozen=True, slots=True)
class Registered:
    """Columns that customers have on some dates, and the table that holds them.

    Parameters
    ----------
    columns : what they say; their names are free in the snapshot.
    table : `as_of` and `customer_id`, at most one row of each pair, and the columns; on the
        snapshot's engine.
    """

    columns: tuple[SnapshotColumn, ...]
    table: ir.Table


def with_registered(snapshot: Relation, registered: Sequence[Registered]) -> Relation:
    """Return a snapshot with registered columns at its end, null where nothing is known.

    Parameters
    ----------
    snapshot : one row per `customer_id`, of one date or several.
    registered : what to lay beside it.
    """
    rows = snapshot.table
    for one in registered:
        names = [column.name for column in one.columns]
        part = one.table.select("as_of", "customer_id", *names)
        joined = rows.left_join(part, ["as_of", "customer_id"])
        rows = joined.drop("as_of_right", "customer_id_right")
    return Relation(rows, snapshot.engine)
