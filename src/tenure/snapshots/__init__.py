"""One row per customer as of a date, made only from what was known by that date.

Enters: the fact tables and a date. Leaves: a relation with the columns of `CATALOGUE`, and
the form in which the lake keeps it for good.
"""

from tenure.snapshots.catalogue import CATALOGUE, SNAPSHOT_VERSION, catalogue, column_kinds
from tenure.snapshots.columns import ColumnKind, SnapshotColumn, attribute_columns

__all__ = [
    "CATALOGUE",
    "SNAPSHOT_VERSION",
    "ColumnKind",
    "SnapshotColumn",
    "attribute_columns",
    "catalogue",
    "column_kinds",
]
