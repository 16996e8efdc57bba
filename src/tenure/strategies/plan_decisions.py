"""Who got what in a plan, as the lake keeps it.

A plan is a promise and belongs to the records. Its decisions are one row per customer and group,
millions of them, are read together with activity to measure what they brought, and must go when
a customer is erased: the lake does all three. They are written first; decisions of a plan that
the records do not name count for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

DECISIONS = pa.schema(
    [
        pa.field("customer_id", pa.string()),
        pa.field("tactic_group", pa.string()),
        pa.field("tactic", pa.string()),
        pa.field("is_explored", pa.bool_()),
        pa.field("propensity", pa.float64()),
        pa.field("options", pa.int64()),
        pa.field("expected_value", pa.float64()),
        pa.field("expected_cost", pa.float64()),
        pa.field("reason", pa.string()),
    ]
)
"""One row per customer who could have a tactic, and tactic group: what she gets, null for
nothing, and with which chance."""

PLAN_DECISIONS = "plan_decisions"
"""The lake's table."""

PLAN_TABLES: Mapping[str, pa.Schema] = {
    PLAN_DECISIONS: pa.schema(
        [
            pa.field("plan_id", pa.string()),
            pa.field("strategy", pa.string()),
            pa.field("as_of", pa.date32()),
            *DECISIONS,
        ]
    )
}
"""The lake's tables of plans."""
