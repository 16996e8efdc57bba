"""A world's parameters: what may be asked for, and what is told when it may not."""

from __future__ import annotations

from datetime import date

import pytest

from tenure.kernel import OptionError
from tenure.simulation import WORLD_KINDS, planned_world
from tenure.simulation.kinds import CUSTOMERS_MAX


@pytest.mark.parametrize(
    "asked",
    [
        {"customers": 0},
        {"customers": CUSTOMERS_MAX + 1},
        {"seed": -1},
        {"months": 2},
        {"months": 121},
        {"orders_per_customer": 1.0},
        {"orders_per_customer": 500.0},
        {"as_of": date(1900, 1, 1)},
        {"kind": "bank"},
    ],
)
def test_what_is_out_of_range_is_told_with_its_range(asked: dict[str, object]):
    given = {"kind": "shop", "customers": 10, "seed": 1} | asked
    with pytest.raises(OptionError) as told:
        planned_world(given.pop("kind"), **given)
    assert str(next(iter(asked.values()))).replace("-", "")[:4] in told.value.given.replace(",", "")


@pytest.mark.parametrize("kind", WORLD_KINDS)
def test_shares_are_whole(kind: str):
    world = planned_world(kind, customers=10, seed=1)
    assert sum(source.share for source in world.sources) == pytest.approx(1)
    assert sum(rhythm.share for rhythm in world.rhythms) == pytest.approx(1)
    assert sum(plan.share for plan in world.plans) == pytest.approx(int(bool(world.plans)))
    assert world.rate_per_day > 0


def test_the_data_begin_so_many_months_earlier():
    world = planned_world("shop", customers=10, seed=1, as_of=date(2024, 3, 31), months=13)
    assert world.starts_on == date(2023, 2, 28)


def test_campaigns_have_had_their_effect_by_the_as_of_date():
    world = planned_world("shop", customers=10, seed=1, months=12)
    assert [campaign.name for campaign in world.campaigns] == [
        "campaign_2025_05",
        "campaign_2025_11",
    ]
    for campaign in world.campaigns:
        assert (world.as_of - campaign.starts_on).days > campaign.window_days


def test_a_rate_does_not_depend_on_the_seed_or_the_size():
    rates = {
        planned_world("shop", customers=size, seed=seed).rate_per_day
        for size, seed in ((10, 1), (10, 2), (900, 3))
    }
    assert len(rates) == 1
