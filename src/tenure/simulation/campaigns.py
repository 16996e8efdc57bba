"""Campaigns: who got the message, who was held out, and what it truly did to their orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.simulation.customers import AVERSE, PERSUADABLE, Customers
from tenure.simulation.orders import Orders
from tenure.simulation.randomness import Topic, stream
from tenure.simulation.seasons import Floats, Integers, Season
from tenure.simulation.world import World


@dataclass(frozen=True, slots=True)
class Sends:
    """One entry per campaign and customer in it, treated or held out.

    Parameters
    ----------
    campaign : index into the world's campaigns.
    owner : index of the customer.
    is_treated : False for the holdout.
    position : of the message, or of when it would have gone out.
    begins, ends : season days between which the customer is there and under the effect.
    effect : share by which a message changes the order rate, e.g. 0.5 or -0.2, whether or
        not she got one.
    """

    campaign: Integers
    owner: Integers
    is_treated: npt.NDArray[np.bool_]
    position: Floats
    begins: Floats
    ends: Floats
    effect: Floats

    def __len__(self) -> int:
        return len(self.owner)

    def incremental_orders(self, people: Customers) -> Floats:
        """Return the mean number of orders that a message adds, given how long each stays."""
        return self.effect * people.rate[self.owner] * (self.ends - self.begins)


def draw_sends(world: World, season: Season, people: Customers, rng: np.random.Generator) -> Sends:
    """Split every customer who has started by a campaign's day, at random, half and half."""
    found: list[Sends] = []
    for number, campaign in enumerate(world.campaigns):
        day = (campaign.starts_on - world.starts_on).days
        owner = np.flatnonzero(people.started < day)
        is_treated = rng.random(len(owner)) < 0.5
        position = day + rng.random(len(owner))
        leaves = people.leaves[owner]
        begins = season.effective(np.minimum(position, leaves))
        ends = season.effective(np.minimum(position + campaign.window_days, leaves))
        response = people.response[owner]
        effect = np.where(response == PERSUADABLE, campaign.persuadable_effect, 0.0)
        effect = np.where(response == AVERSE, -campaign.averse_effect, effect)
        which = np.full(len(owner), number)
        found.append(Sends(which, owner, is_treated, position, begins, ends, effect))
    return _joined(found)


def with_effects(
    world: World, people: Customers, orders: Orders, sends: Sends, rng: np.random.Generator
) -> Orders:
    """Return the orders as the messages changed them: some added, some left out."""
    kept = np.ones(len(orders), dtype=np.bool_)
    chance = rng.random(len(orders))
    for number in range(len(world.campaigns)):
        mine = (sends.campaign == number) & sends.is_treated & (sends.effect < 0)
        begins, ends = np.full(len(people), np.inf), np.full(len(people), -np.inf)
        begins[sends.owner[mine]], ends[sends.owner[mine]] = sends.begins[mine], sends.ends[mine]
        drop = np.zeros(len(people))
        drop[sends.owner[mine]] = -sends.effect[mine]
        under = (orders.effective >= begins[orders.owner]) & (orders.effective < ends[orders.owner])
        kept &= ~(under & (chance < drop[orders.owner]))
    moved = sends.is_treated & (sends.effect > 0)
    mean = np.where(moved, sends.incremental_orders(people), 0.0)
    extra = np.repeat(np.arange(len(sends)), rng.poisson(mean))
    span = (sends.ends - sends.begins)[extra]
    added = sends.begins[extra] + span * rng.random(len(extra))
    return Orders(
        np.concatenate([orders.owner[kept], sends.owner[extra]]),
        np.concatenate([orders.effective[kept], added]),
    ).sorted()


def campaign_stream(world: World, block: int) -> np.random.Generator:
    """Return the randomness of one block's campaigns."""
    return stream(world.seed, block, Topic.CAMPAIGNS)


def _joined(parts: list[Sends]) -> Sends:
    if not parts:
        none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Sends(none, none, np.zeros(0, dtype=np.bool_), nothing, nothing, nothing, nothing)
    return Sends(
        np.concatenate([p.campaign for p in parts]),
        np.concatenate([p.owner for p in parts]),
        np.concatenate([p.is_treated for p in parts]),
        np.concatenate([p.position for p in parts]),
        np.concatenate([p.begins for p in parts]),
        np.concatenate([p.ends for p in parts]),
        np.concatenate([p.effect for p in parts]),
    )
