"""Made businesses as facts that can be read, beside the truth that they were made from."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa

from tenure.activity.contract import FACT_TABLES
from tenure.activity.facts import Facts, order_lines
from tenure.engine.duck import DuckDBEngine
from tenure.engine.relations import Relation
from tenure.simulation import World
from tenure.simulation.streaming import blocks


def facts_of(world: World) -> tuple[Facts, dict[str, pa.Table]]:
    """Return a world's facts, and its truth by table."""
    parts = defaultdict(list)
    truth = defaultdict(list)
    for block in blocks(world):
        for name, rows in block.facts.items():
            parts[name].append(rows)
        for name, rows in block.truth.items():
            truth[name].append(rows)
    engine = DuckDBEngine()

    def table(name: str) -> Relation:
        given = parts.get(name, [FACT_TABLES[name].empty_table()])
        rows = pa.concat_tables(given).unify_dictionaries()
        return Relation(engine.attach_arrow(name, rows.cast(FACT_TABLES[name])), engine)

    activity = table("activity")
    facts = Facts(
        engine,
        activity,
        Relation(order_lines(activity.table), engine),
        table("customer_attributes"),
        table("subscriptions"),
        Relation(engine.attach_arrow("imports", FACT_TABLES["imports"].empty_table()), engine),
    )
    return facts, {name: pa.concat_tables(rows) for name, rows in truth.items()}
