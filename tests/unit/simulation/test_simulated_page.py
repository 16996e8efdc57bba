"""The page on made businesses says what the code does: columns, and the numbers of each kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenure.simulation import WORLD_KINDS, World, planned_world
from tenure.simulation.answers import SCORE_MEAN, SCORE_PER_SATISFACTION
from tenure.simulation.streaming import TRUTH_TABLES
from tenure.simulation.world import BLOCK_CUSTOMERS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "simulated-business.md"
TEXT = PAGE.read_text(encoding="utf-8")
WORLDS = [planned_world(kind, customers=1, seed=1) for kind in WORLD_KINDS]


def row(name: str) -> list[str]:
    """Return the cells of the kinds' table in the row of a name."""
    line = next(line for line in TEXT.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.split("|")[2:-1]]


def leaving(world: World) -> str:
    if world.plans:
        shares = ", ".join(f"{p.hazard_per_period:.0%} {p.name}" for p in world.plans)
        return f"per period: {shares}".replace("%", " %")
    shape = world.hazard_gamma_shape
    return f"1 in {1 / world.hazard_per_day:.0f} days, gamma shape {shape:g}"


@pytest.mark.parametrize("table", TRUTH_TABLES)
def test_every_column_of_the_truth_is_on_the_page(table: str):
    assert [name for name in TRUTH_TABLES[table].names if f"`{name}`" not in TEXT] == []


def test_the_numbers_of_the_kinds_are_those_of_the_code():
    assert [cell.split(",")[0] for cell in row("orders per customer")] == [
        f"{world.orders_per_customer:g}" for world in WORLDS
    ]
    assert row("rhythms, shape: share") == [
        ", ".join(f"{r.shape}: {r.share:.0%}".replace("%", " %") for r in world.rhythms)
        for world in WORLDS
    ]
    assert row("gamma shape of rates") == [f"{world.rate_gamma_shape:g}" for world in WORLDS]
    assert row("leaving") == [leaving(world) for world in WORLDS]
    assert row("$w$ of satisfaction") == [f"{world.satisfaction_weight:g}" for world in WORLDS]
    assert row("products, categories") == [
        f"{w.assortment.products:,}, {w.assortment.categories}" for w in WORLDS
    ]
    assert row("zone, currency") == [f"{world.timezone}, {world.currency}" for world in WORLDS]


def test_the_numbers_in_the_text_are_those_of_the_code():
    assert f"{SCORE_MEAN:g} + {SCORE_PER_SATISFACTION:g} $z$" in TEXT
    assert f"blocks of {BLOCK_CUSTOMERS:,}" in TEXT
    windows = {campaign.window_days for world in WORLDS for campaign in world.campaigns}
    assert {f"For the {days} days after" in TEXT for days in windows} == {True}
