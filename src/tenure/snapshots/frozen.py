"""The form in which the lake keeps a snapshot for good, and the way back.

A kept snapshot never changes, whatever is imported later. Making one for the same date again adds
another; the one made last is the date's snapshot, the earlier stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.activity.contract import INSTANT
from tenure.engine.relations import Relation
from tenure.snapshots.catalogue import CATALOGUE, SNAPSHOT_VERSION
from tenure.snapshots.columns import ATTRIBUTE_PREFIX, attribute_columns

SNAPSHOTS = pa.schema(
    [
        pa.field("made_at", INSTANT),
        pa.field("version", pa.int64()),
        pa.field("received_before", INSTANT),
        *(pa.field(column.name, column.dtype) for column in CATALOGUE),
        pa.field("attributes", pa.map_(pa.string(), pa.string())),
    ]
)
"""The lake's table `snapshots`: when it was made, by which version of the catalogue, what was
known (`received_before`; null is all known then), the columns, and the attributes by column."""


@dataclass(frozen=True, slots=True)
class FrozenSnapshot:
    """One snapshot that the lake keeps.

    Parameters
    ----------
    as_of : its date.
    made_at : naive UTC instant at which it was made.
    version : version of the catalogue it was made by.
    customers : its rows.
    """

    as_of: date
    made_at: datetime
    version: int
    customers: int


def freeze(
    snapshot: Relation, *, made_at: datetime, received_before: datetime | None = None
) -> ir.Table:
    """Return a snapshot as rows of the table `snapshots`, to be written to the lake.

    Parameters
    ----------
    snapshot : made by `snapshot`.
    made_at : the current naive UTC instant.
    received_before : what `snapshot` was given.
    """
    table = snapshot.table
    names = [name for name in table.columns if name.startswith(ATTRIBUTE_PREFIX)]
    attributes = (
        ibis.map(ibis.array(names), ibis.array([table[name] for name in names]))
        if names
        else ibis.null("map<string, string>")
    )
    return table.select(
        made_at=ibis.literal(made_at, "timestamp(6)"),
        version=ibis.literal(SNAPSHOT_VERSION, "int32").cast("int64"),
        received_before=ibis.null("timestamp(6)")
        if received_before is None
        else ibis.literal(received_before, "timestamp(6)"),
        **{column.name: table[column.name] for column in CATALOGUE},
        attributes=attributes,
    )


def thaw(
    stored: Relation, *, as_of: date | None = None, attributes: Sequence[str] = ()
) -> Relation:
    """Return kept snapshots with the columns of a fresh one: of each date the one made last.

    Parameters
    ----------
    stored : the table `snapshots`.
    as_of : one date; None takes all dates, told apart by `as_of`.
    attributes : names of the attributes to show; null where a snapshot did not know them yet.
    """
    table = stored.table
    if as_of is not None:
        table = table.filter(table.as_of == ibis.date(as_of))
    last = table.group_by("as_of").aggregate(last_made_at=table.made_at.max())
    joined = table.inner_join(last, "as_of")
    newest = joined.filter(joined.made_at == joined.last_made_at)
    columns = {column.name: newest[column.name] for column in CATALOGUE}
    told = {
        column: newest.attributes.get(column) for column in attribute_columns(attributes).values()
    }
    return Relation(newest.select(**columns, **told), stored.engine)


def frozen_snapshots(stored: Relation) -> tuple[FrozenSnapshot, ...]:
    """Return what snapshots the lake keeps, oldest date first, then oldest made first."""
    table = stored.table
    found = table.group_by("as_of", "made_at", "version").aggregate(customers=table.count())
    rows = stored.collect(found.order_by("as_of", "made_at")).to_pylist()
    return tuple(FrozenSnapshot(**row) for row in rows)
