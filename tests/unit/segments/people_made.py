"""A snapshot of a few customers with known, unknown and extreme values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa

from tenure.engine.relations import Relation, relation
from tenure.segments import Segment, Segments, kinds_of, segment
from tenure.snapshots import CATALOGUE

DTYPES = {column.name: column.dtype for column in CATALOGUE}
COLUMNS = (
    "customer_id",
    "as_of",
    "order_count",
    "net_value",
    "overdue_ratio",
    "last_order_on",
    "rfm_segment",
)
AS_OF = date(2024, 2, 10)
MOST = Decimal("99999999999999.9999")

PEOPLE = [
    ("ann", AS_OF, 5, Decimal("250.5"), 0.5, date(2024, 2, 1), "champions", "34"),
    ("bob", AS_OF, 1, Decimal("0"), 4.0, date(2023, 1, 1), "lost", "x"),
    ("cid", AS_OF, 0, None, None, None, None, None),
    ("max", AS_OF, 2**62, MOST, 1.7e308, date(9999, 12, 31), "Ünï'çö%d_e", "inf"),
]


def people() -> Relation:
    types = [*(DTYPES[name] for name in COLUMNS), pa.string()]
    columns = [pa.array(list(v), t) for v, t in zip(zip(*PEOPLE, strict=True), types, strict=True)]
    return relation(pa.table(dict(zip((*COLUMNS, "attr_age"), columns, strict=True))))


def segments(*definitions: Segment, **expressions: str) -> Segments:
    made = [segment(name, expression) for name, expression in expressions.items()]
    return Segments([*definitions, *made], kinds_of(people().table))
