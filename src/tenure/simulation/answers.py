"""Survey answers: what customers say of their satisfaction, some days after an order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.simulation.customers import Customers
from tenure.simulation.randomness import Topic, stream
from tenure.simulation.seasons import Floats, Integers, Season
from tenure.simulation.world import World

SCORE_MEAN, SCORE_PER_SATISFACTION, SCORE_NOISE = 7.2, 1.6, 1.2
SCORE_MAX = 10


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers, each with its customer's index, position and score 0..10."""

    owner: Integers
    position: Floats
    score: Integers


def draw_answers(
    world: World,
    season: Season,
    people: Customers,
    ordered: tuple[Integers, Floats],
    block: int,
) -> Answers:
    """Return the answers of customers who are still there to give them.

    Parameters
    ----------
    world, season, people : whose.
    ordered : customer's index and position of each order.
    block : number of the block.
    """
    rng = stream(world.seed, block, Topic.ANSWERS)
    owner, position = ordered
    asked = np.flatnonzero(rng.random(len(owner)) < world.answer_share)
    owner = owner[asked]
    position = position[asked] + 0.5 + 2.5 * rng.random(len(asked))
    said = (
        SCORE_MEAN
        + SCORE_PER_SATISFACTION * people.satisfaction[owner]
        + SCORE_NOISE * rng.standard_normal(len(owner))
    )
    score = np.clip(np.round(said), 0, SCORE_MAX).astype(np.int64)
    there = position < np.minimum(people.leaves[owner], season.days)
    return Answers(owner[there], position[there], score[there])
