"""What a world was made from, as JSON beside its truth, and the rows that tell of its making."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pyarrow as pa

from tenure.activity.contract import IMPORTS
from tenure.simulation.activity_rows import IMPORT_ID, REFUND_WITHIN_DAYS
from tenure.simulation.answers import SCORE_MEAN, SCORE_NOISE, SCORE_PER_SATISFACTION
from tenure.simulation.assortment import draw_catalogue
from tenure.simulation.seasons import Season, received_at
from tenure.simulation.world import BLOCK_CUSTOMERS, HORIZONS_DAYS, World

TRUTH_FORMAT = 1

_TABLE_IMPORTS = {
    "activity": (IMPORT_ID, "events"),
    "customer_attributes": (f"{IMPORT_ID}-customer_attributes", "customers"),
    "subscriptions": (f"{IMPORT_ID}-subscriptions", "subscriptions"),
}


def import_rows(world: World, rows: Mapping[str, int]) -> pa.Table:
    """Return the rows of the table `imports` that account for a world's facts.

    Parameters
    ----------
    world : whose parameters name the content.
    rows : rows by fact table; a table without any has no import.
    """
    content = hashlib.sha256(json.dumps(_plain(world), sort_keys=True).encode()).hexdigest()
    found = [
        {
            "import_id": import_id,
            "received_at": received_at(world),
            "source": f"simulated {world.kind} of seed {world.seed}",
            "kind": kind,
            "content_sha256": content,
            "rows_read": rows[table],
            "accepted": rows[table],
            "duplicate": 0,
            "quarantined": 0,
            "skipped": 0,
            "summary": json.dumps({"source": "simulated", "rows_read": rows[table]}),
        }
        for table, (import_id, kind) in _TABLE_IMPORTS.items()
        if rows[table]
    ]
    return pa.Table.from_pylist(found, schema=IMPORTS)


def write_parameters(
    world: World, path: Path, *, rows: Mapping[str, int], truth_rows: Mapping[str, int], orders: int
) -> None:
    """Write everything a world follows from, and how much of it there is.

    Parameters
    ----------
    world : its parameters.
    path : the JSON file.
    rows, truth_rows : by table.
    orders : number of orders in the data.
    """
    season, catalogue = Season(world), draw_catalogue(world)
    content = {
        "format": TRUTH_FORMAT,
        "world": _plain(world),
        "starts_on": world.starts_on.isoformat(),
        "horizons_days": list(HORIZONS_DAYS),
        "customers_per_block": BLOCK_CUSTOMERS,
        "refund_within_days": REFUND_WITHIN_DAYS,
        "answer_score": {
            "mean": SCORE_MEAN,
            "per_satisfaction": SCORE_PER_SATISFACTION,
            "noise": SCORE_NOISE,
        },
        "mean_line_price": catalogue.mean_price_cents / 100,
        "season_factors": [round(float(factor), 6) for factor in season.factors],
        "rows": dict(rows),
        "truth_rows": dict(truth_rows),
        "orders": orders,
    }
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _plain(world: World) -> object:
    def text(value: object) -> str:
        if isinstance(value, date):
            return value.isoformat()
        raise TypeError(f"{type(value).__name__} has no JSON form")

    return json.loads(json.dumps(asdict(world), default=text))
