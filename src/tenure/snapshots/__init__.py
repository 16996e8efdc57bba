"""One row per customer as of a date, made only from what was known by that date.

Enters: the fact tables and a date. Leaves: a relation with the columns of `CATALOGUE`, and
the form in which the lake keeps it for good.
"""

from tenure.snapshots.attributes import attribute_names
from tenure.snapshots.catalogue import CATALOGUE, SNAPSHOT_VERSION, catalogue, column_kinds
from tenure.snapshots.columns import ColumnKind, SnapshotColumn, attribute_columns
from tenure.snapshots.frozen import SNAPSHOTS, FrozenSnapshot, freeze, frozen_snapshots, thaw
from tenure.snapshots.registered import Registered, with_registered
from tenure.snapshots.snapshot import snapshot

__all__ = [
    "CATALOGUE",
    "SNAPSHOTS",
    "SNAPSHOT_VERSION",
    "ColumnKind",
    "FrozenSnapshot",
    "Registered",
    "SnapshotColumn",
    "attribute_columns",
    "attribute_names",
    "catalogue",
    "column_kinds",
    "freeze",
    "frozen_snapshots",
    "snapshot",
    "thaw",
    "with_registered",
]
