"""The mean purchase rate at which customers place as many orders as the world asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tenure.simulation.customers import draw_customers
from tenure.simulation.seasons import Season
from tenure.simulation.world import BLOCK_CUSTOMERS, World

_PILOT_SEED = 20260101
_PILOT_BLOCKS = 4


def calibrated(world: World) -> World:
    """Return the world with the `rate_per_day` that its `orders_per_customer` needs.

    A pilot of 20,000 customers, the same for every seed, tells how long customers of each
    source stay. Regular rhythms place slightly fewer orders than a Poisson process of the
    same rate, and campaigns slightly more; both are left out, so the mean is met within
    about 3 %.
    """
    pilot = replace(
        world, seed=_PILOT_SEED, customers=_PILOT_BLOCKS * BLOCK_CUSTOMERS, rate_per_day=1.0
    )
    season = Season(pilot)
    factors = np.array([source.rate_factor for source in pilot.sources])
    stays = []
    for block in range(_PILOT_BLOCKS):
        people = draw_customers(pilot, season, block)
        stays.append(people.season_days(season, season.days) * factors[people.source])
    first = 0 if world.plans else 1
    mean = float(np.concatenate(stays).mean())
    return replace(world, rate_per_day=(world.orders_per_customer - first) / mean)
