"""Visits and logins: what customers do besides ordering, while they are there."""

from __future__ import annotations

import numpy as np

from tenure.simulation.customers import Customers
from tenure.simulation.orders import Orders
from tenure.simulation.randomness import Topic, stream
from tenure.simulation.seasons import Season
from tenure.simulation.world import World


def draw_visits(world: World, season: Season, people: Customers, block: int) -> Orders:
    """Return the visits as owners and season days, by customer and in no order of time."""
    rng = stream(world.seed, block, Topic.VISITS)
    span = people.season_days(season, season.days)
    rate = world.visits_per_order * people.rate + world.visits_per_day
    owner = np.repeat(np.arange(len(people)), rng.poisson(rate * span))
    begun = season.effective(people.started)
    return Orders(owner, begun[owner] + span[owner] * rng.random(len(owner)))
