"""Sums that figures are made from, for the data as they are and for each draw of a bootstrap.

A draw gives each customer a Poisson(1) weight, for all of her rows at all dates: customers are
what varies, and her rows go together. Many customers are first put into a thousand groups at
random, and groups are drawn: sums of random groups vary as sums of customers do, and the cost
no longer grows with customers times draws. The same seed draws the same customers, so that
predictors are paired. Draws are matrix products: no row is ever copied.

References
----------
Kott (2001), The delete-a-group jackknife, J. Official Statistics 17(4), 521-526, for groups;
Chamandy et al. (2012), Estimating uncertainty for massive data streams, for Poisson weights.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from tenure.predictions.scorecards.arrays import Floats, Integers
from tenure.predictions.scorecards.ordered import ScoreOrder

Key = tuple[str | int, ...]
Name = TypeVar("Name")
Sums = Mapping[Key, Floats]
"""Sums by key: one number per draw, or per draw and group of equal score."""

GROUPS_MAX = 256
"""Groups of scores in a draw; finer ones change no interval that one would see."""

UNITS_MAX = 1024
"""Customers, or random groups of them, that a draw weighs; errors are then known to about 2 %."""

_DRAWS_AT_ONCE = 100
_STEPS = 1 << 16


class Tallies:
    """Collects values per row under keys, then sums them.

    Parameters
    ----------
    owners : each row's customer, per origin, as `origins.owners` numbers them.
    """

    def __init__(self, owners: Sequence[Integers]) -> None:
        customers = max((int(owner.max(initial=-1)) for owner in owners), default=-1) + 1
        self.units, self._unit = min(customers, UNITS_MAX), [*owners]
        if customers > UNITS_MAX:
            # A fixed shuffle, so that groups do not follow the order in which customers came.
            shuffled = np.random.default_rng(customers).permutation(customers) % UNITS_MAX
            self._unit = [np.asarray(shuffled[owner], np.int64) for owner in owners]
        self._plain: dict[Key, Floats] = {}
        self._ordered: dict[Key, tuple[ScoreOrder, int, Floats]] = {}

    def add(self, key: Key, origin: int, values: Floats) -> None:
        """Add a value per row of an origin to the sum of that key, over all origins."""
        summed = np.bincount(self._unit[origin], values, self.units).astype(np.float64)
        self._plain[key] = self._plain.get(key, np.zeros(self.units)) + summed

    def add_ordered(self, key: Key, origin: int, order: ScoreOrder, values: Floats) -> None:
        """Add a value per row of an origin, to be summed by groups of equal score."""
        self._ordered[key] = (order, origin, values)

    def whole(self, *, groups_max: int | None = None) -> Sums:
        """Return the sums over the data as they are, shape (1,) or (1, groups).

        Parameters
        ----------
        groups_max : take scores in at most so many groups, as draws do; None keeps them exact.
        """
        made: dict[Key, Floats] = {key: np.array([v.sum()]) for key, v in self._plain.items()}
        for key, (order, _, values) in self._ordered.items():
            coarse = order if groups_max is None else order.coarser(groups_max)
            made[key] = coarse.sums(values)[None, :]
        return made

    def draws(self, count: int, seed: int) -> Iterator[Sums]:
        """Yield the sums of `count` draws in chunks, shape (draws,) or (draws, groups).

        Parameters
        ----------
        count : number of draws.
        seed : the same seed gives the same draws.
        """
        blocks = {key: self._block(*parts) for key, parts in self._ordered.items()}
        random = np.random.default_rng(seed)
        for start in range(0, count, _DRAWS_AT_ONCE):
            weights = _weights(random, self.units, min(_DRAWS_AT_ONCE, count - start))
            made = {key: values @ weights for key, values in self._plain.items()}
            for key, block in blocks.items():
                made[key] = np.ascontiguousarray((block @ weights).T)
            yield made

    def _block(self, order: ScoreOrder, origin: int, values: Floats) -> Floats:
        """Return the sums by group and unit, shape (groups, units)."""
        coarse = order.coarser(GROUPS_MAX)
        place = coarse.group * self.units + self._unit[origin]
        sums = np.bincount(place, values, coarse.count * self.units).astype(np.float64)
        return sums.reshape(coarse.count, self.units)


def over_draws(
    tallies: Tallies, figures: Callable[[Sums], Mapping[Name, Floats]], *, draws: int, seed: int
) -> dict[Name, Floats]:
    """Return each figure in each draw, never holding more than a chunk of sums.

    Parameters
    ----------
    tallies : the sums.
    figures : makes named figures, one per draw, from sums.
    draws, seed : how many draws, and from which seed.
    """
    parts: dict[Name, list[Floats]] = {}
    for sums in tallies.draws(draws, seed):
        for name, values in figures(sums).items():
            parts.setdefault(name, []).append(values)
    return {name: np.concatenate(values) for name, values in parts.items()}


@functools.cache
def _poisson() -> Floats:
    """Return quantiles of Poisson(1) at 65 536 even steps; mean 1, variance 1 to 1e-4."""
    counts = np.arange(20.0)
    cumulative = np.exp(-1.0) * np.cumsum(1 / np.cumprod(np.maximum(counts, 1.0)))
    return np.searchsorted(cumulative, (np.arange(_STEPS) + 0.5) / _STEPS).astype(np.float64)


def _weights(random: np.random.Generator, units: int, draws: int) -> Floats:
    """Return Poisson(1) weights, shape (units, draws); a look-up is faster than a sampler."""
    return _poisson()[random.integers(0, _STEPS, (units, draws), dtype=np.uint16)]
