"""When customers order: renewal processes in season days, from the first order to leaving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.simulation.customers import Customers, horizon_end
from tenure.simulation.randomness import Topic, stream
from tenure.simulation.seasons import Floats, Integers, Season
from tenure.simulation.world import World


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders, each with its customer's index in the block and its season days.

    Parameters
    ----------
    owner : index of the customer.
    effective : season days since the beginning of the data.
    """

    owner: Integers
    effective: Floats

    def __len__(self) -> int:
        return len(self.owner)

    def sorted(self) -> Orders:
        """Return the same orders by customer and time."""
        if not len(self):
            return self
        # One number per order: sorting by it is several times as fast as by two columns.
        order = np.argsort(self.owner * (self.effective.max() + 1) + self.effective)
        return Orders(self.owner[order], self.effective[order])


def base_orders(world: World, season: Season, people: Customers, block: int) -> Orders:
    """Return the orders that customers place by themselves, on to the longest look ahead.

    Without contracts a customer begins with an order; with them, only the contract begins.
    """
    rng = stream(world.seed, block, Topic.ORDERS)
    span = people.season_days(season, horizon_end(season))
    owner, elapsed = renewals(rng, people.rate, people.shape, span)
    begun = season.effective(people.started)
    effective = begun[owner] + elapsed
    if world.plans:
        return Orders(owner, effective).sorted()
    owner = np.concatenate([np.arange(len(people)), owner])
    return Orders(owner, np.concatenate([begun, effective])).sorted()


def renewals(
    rng: np.random.Generator, rate: Floats, shape: Integers, span: Floats
) -> tuple[Integers, Floats]:
    """Return the events of renewal processes with Erlang gaps, in no order.

    Parameters
    ----------
    rng : source of randomness.
    rate : events per unit of time; the mean gap is its inverse.
    shape : of each process's gaps.
    span : how long each process is watched, from a renewal at 0 (itself not returned).

    Returns
    -------
    Index of the process and time since its beginning, of each event.
    """
    owners, times = [], []
    pending, begun = np.arange(len(rate)), np.zeros(len(rate))
    while len(pending):
        owner, time, last = _next_renewals(rng, rate[pending], shape[pending], span[pending], begun)
        owners.append(pending[owner])
        times.append(time)
        unfinished = last < span[pending]
        pending, begun = pending[unfinished], last[unfinished]
    return np.concatenate(owners), np.concatenate(times)


def _next_renewals(
    rng: np.random.Generator, rate: Floats, shape: Integers, span: Floats, begun: Floats
) -> tuple[Integers, Floats, Floats]:
    """Draw about as many gaps as each process needs; also return how far each has come."""
    expected = rate * (span - begun)
    counts = np.ceil(expected + 2.5 * np.sqrt(expected / shape) + 1.5).astype(np.int64)
    owner = np.repeat(np.arange(len(rate)), counts)
    gaps = _gamma_of(rng, np.unique(shape), shape[owner]) / (shape * rate)[owner]
    ends = np.cumsum(counts)
    total = np.cumsum(gaps)
    before = np.concatenate([[0.0], total[ends[:-1] - 1]])
    time = total - (before - begun)[owner]
    kept = time < span[owner]
    return owner[kept], time[kept], time[ends - 1]


def _gamma_of(rng: np.random.Generator, shapes: Integers, shape: Integers) -> Floats:
    """Return gamma numbers of unit scale; drawn shape by shape, which is fast."""
    drawn = np.empty(len(shape))
    for value in shapes:
        mine = shape == value
        drawn[mine] = rng.standard_gamma(float(value), int(mine.sum()))
    return drawn
