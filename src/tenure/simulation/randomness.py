"""One stream of random numbers per seed, block of customers and topic.

So a block is the same whenever and beside whichever others it is made, and a topic that
draws more numbers changes no other topic.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Topic(IntEnum):
    """What a stream is drawn for; the numbers must never change."""

    CUSTOMERS = 1
    CONTRACTS = 2
    ORDERS = 3
    LINES = 4
    CAMPAIGNS = 5
    VISITS = 6
    ANSWERS = 7
    ATTRIBUTES = 8
    ASSORTMENT = 9
    CHANNELS = 10
    ANSWERS_TO_ACTIONS = 11


def stream(seed: int, block: int, topic: Topic, *parts: int) -> np.random.Generator:
    """Return the generator of one topic of one block, or of a part of it."""
    entropy = [seed, block, topic, *parts]
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(entropy)))


def pick(rng: np.random.Generator, shares: np.ndarray, count: int) -> np.ndarray:
    """Return indices drawn with the given shares (which sum to 1)."""
    edges = np.cumsum(shares)
    return np.searchsorted(edges[:-1], rng.random(count), side="right")
