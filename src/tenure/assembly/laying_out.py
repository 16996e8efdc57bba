"""How the tables of facts lie in their files: sorted by customer, activity by customer ranges."""

from __future__ import annotations

from tenure.engine.duck import literal
from tenure.engine.lake_compaction import RANGE_ROWS, Layout


def layouts(timezone: str, range_rows: int = RANGE_ROWS) -> dict[str, Layout]:
    """Return how compaction lays out each table of facts.

    Parameters
    ----------
    timezone : zone in which business days are counted.
    range_rows : rows of one file of the activity.
    """
    local = f"timezone({literal(timezone)}, timezone('UTC', {{}}))::DATE"
    day = {"occurred_on": local.format("occurred_at")}
    contract = {name: local.format(f"{name[:-3]}_at") for name in ("started_on", "ended_on")}
    return {
        "activity": Layout("customer_id, occurred_at, activity_id", day, range_rows),
        "customer_attributes": Layout("customer_id, known_at, attribute_id"),
        "subscriptions": Layout("customer_id, started_at, subscription_id", contract),
        "imports": Layout("received_at, import_id"),
        "snapshots": Layout(),
    }
