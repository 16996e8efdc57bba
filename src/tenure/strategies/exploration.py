"""A small share of contacts by lot, with known chances, so that effects can be learned.

Who explores and what she gets come from hashes of her id, so the draw can be made again. Among
what she could have, and nothing, each is alike likely. The chance is kept so small that no more
than the strategy's share of any limit goes to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.experiments.arms import HASH_SPAN
from tenure.experiments.assignment import unit_hashes
from tenure.strategies.plan_limits import PlanLimit

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Exploration:
    """Who explores.

    Parameters
    ----------
    chance : of each customer to explore, 0..1.
    explores : per customer.
    drawn : the tactic drawn for those who explore, -1 for nothing; -1 for all others.
    options : tactics each customer could have; nothing is one more.
    """

    chance: float
    explores: Flags
    drawn: Integers
    options: Integers

    def propensity(self, planned: Integers, given: Integers, own: Integers) -> Floats:
        """Return the chance that a customer got in one group what she got.

        Parameters
        ----------
        planned : the group's tactic by the plan, -1 for none.
        given : what she got in it.
        own : her tactics of this group.
        """
        by_lot = np.where(given >= 0, 1.0, self.options + 1.0 - own) / (self.options + 1.0)
        return np.asarray(self.chance * by_lot + (1 - self.chance) * (planned == given), np.float64)


def explore(
    customer_ids: pa.Array,
    available: Flags,
    limits: Sequence[PlanLimit],
    *,
    share: float,
    salt: str,
) -> Exploration:
    """Draw who explores and what she gets.

    Parameters
    ----------
    customer_ids : texts.
    available : which tactics each may have; `(customers, tactics)`.
    limits : no more than `share` of any is expected to be used.
    share : of every limit at most, and of customers at most, 0..1.
    salt : makes this occasion's draw independent of any other's.
    """
    options = available.sum(axis=1).astype(np.int64)
    chance = share
    weights = available / (options[:, None] + 1.0)
    for one in limits:
        expected = float((weights * np.asarray(one.limit.uses)).sum())
        if expected > 0:
            chance = min(chance, share * one.limit.at_most / expected)
    places = unit_hashes(f"{salt}:explores", customer_ids) / HASH_SPAN
    explores = places < chance
    turn = unit_hashes(f"{salt}:tactic", customer_ids) / HASH_SPAN
    number = np.minimum((turn * (options + 1)).astype(np.int64), options)
    # the number-th of her tactics; the number after the last is nothing
    ranks = np.cumsum(available, axis=1) - 1
    hit = available & (ranks == number[:, None])
    drawn = np.where(hit.any(axis=1), hit.argmax(axis=1), -1)
    drawn[~explores] = -1
    drawn = _within(limits, drawn, places)
    return Exploration(chance, explores, drawn, options)


def _within(limits: Sequence[PlanLimit], drawn: Integers, places: Floats) -> Integers:
    """Take back what chance drew beyond a limit, the last in the order of hashes first."""
    order = np.argsort(places, kind="stable")
    for one in limits:
        uses = np.append(np.asarray(one.limit.uses, np.float64), 0.0)
        passed = np.cumsum(uses[drawn[order]]) > one.limit.at_most * (1 + 1e-9)
        taken = order[passed & (uses[drawn[order]] > 0)]
        drawn[taken] = -1
    return drawn
