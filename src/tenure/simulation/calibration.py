"""The mean purchase rate at which customers place as many orders as the world asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tenure.simulation.customers import draw_customers
from tenure.simulation.expectations import mean_renewals
from tenure.simulation.seasons import Floats, Season
from tenure.simulation.world import BLOCK_CUSTOMERS, World

_PILOT_SEED = 20260101
_PILOT_BLOCKS = 4
_ROUNDS = 4


def calibrated(world: World) -> World:
    """Return the world with the `rate_per_day` that its `orders_per_customer` needs.

    A pilot of 20,000 customers, the same for every seed, tells how long customers of each
    source stay, and how many orders fewer a regular rhythm places than a Poisson process of
    the same rate. What campaigns add is left out.
    """
    pilot = replace(
        world, seed=_PILOT_SEED, customers=_PILOT_BLOCKS * BLOCK_CUSTOMERS, rate_per_day=1.0
    )
    season = Season(pilot)
    factors = np.array([source.rate_factor for source in pilot.sources])
    stays, spans, shapes = [], [], []
    for block in range(_PILOT_BLOCKS):
        people = draw_customers(pilot, season, block)
        stay = people.season_days(season, season.days)
        stays.append(stay * factors[people.source])
        spans.append(stay * people.rate)
        shapes.append(people.shape)
    wanted = world.orders_per_customer - (0 if world.plans else 1)
    # Means over the mixture of rates are known, not drawn: the heavy tail would add its noise.
    poisson_rate = wanted / float(np.concatenate(stays).mean())
    rate = poisson_rate
    for _ in range(_ROUNDS):
        rate = poisson_rate / _renewed_share(rate * np.concatenate(spans), np.concatenate(shapes))
    return replace(world, rate_per_day=rate)


def _renewed_share(expected: Floats, shape: Floats) -> float:
    """Return orders of renewal processes as a share of those of Poisson processes."""
    renewed = 0.0
    for value in np.unique(shape):
        mine = expected[shape == value]
        just_ordered, whole = np.zeros(len(mine)), np.ones(1)
        renewed += float(mean_renewals(mine, int(value), just_ordered, whole).sum())
    return renewed / float(expected.sum())
