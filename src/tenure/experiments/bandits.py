"""Thompson allocation with a floor: more customers to what seems better, some always to the rest.

Each arm gets the share with which it is the best one by all that is known, and never less than
a floor, so that every arm goes on being measured and any other rule can be judged from the log.
The shares are worked out, not only sampled: they are the propensities to be logged.

References
----------
Thompson (1933), On the likelihood that one unknown probability exceeds another, Biometrika 25(3);
Chapelle, Li (2011), An empirical evaluation of Thompson sampling, NeurIPS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError, OptionError
from tenure.kernel.scipy_library import special

FLOOR = 0.05
"""Least share of each arm."""

_POINTS = 4000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BernoulliArm:
    """An arm whose outcome is 0 or 1, by a beta law.

    Parameters
    ----------
    successes, failures : seen so far.
    prior_successes, prior_failures : what counts as seen beforehand, above 0.
    """

    successes: float
    failures: float
    prior_successes: float = 1.0
    prior_failures: float = 1.0

    @property
    def shape(self) -> tuple[float, float]:
        """The beta law's two numbers."""
        return self.successes + self.prior_successes, self.failures + self.prior_failures

    def below(self, values: Floats) -> Floats:
        """Return the chance that the arm's mean is at most each value."""
        return np.asarray(special.betainc(*self.shape, np.clip(values, 0.0, 1.0)), dtype=np.float64)

    def at(self, chances: Floats) -> Floats:
        """Return the value that the arm's mean is below with each chance."""
        return np.asarray(special.betaincinv(*self.shape, chances), dtype=np.float64)

    def draw(self, random: np.random.Generator, draws: int) -> Floats:
        """Return draws of the arm's mean."""
        return random.beta(*self.shape, draws)


@dataclass(frozen=True, slots=True)
class NormalArm:
    """An arm whose outcome is an amount, by a normal law of its mean.

    Parameters
    ----------
    customers : seen so far.
    mean, variance : of their outcomes; the variance is that of single outcomes.
    prior_mean, prior_deviation : what is believed of the arm's mean beforehand; the deviation
        None believes nothing, and then Student's law is taken and needs two customers.
    """

    customers: int
    mean: float
    variance: float
    prior_mean: float = 0.0
    prior_deviation: float | None = None

    @property
    def place(self) -> tuple[float, float]:
        """Mean and deviation of what is known of the arm's mean."""
        if self.prior_deviation is None:
            return self.mean, (self.variance / self.customers) ** 0.5
        known = 1 / self.prior_deviation**2
        seen = self.customers / self.variance if self.customers else 0.0
        middle = (known * self.prior_mean + seen * self.mean) / (known + seen)
        return middle, (known + seen) ** -0.5

    def below(self, values: Floats) -> Floats:
        """Return the chance that the arm's mean is at most each value."""
        middle, deviation = self.place
        steps = (values - middle) / deviation
        found = special.ndtr(steps) if self._is_normal else special.stdtr(self.customers - 1, steps)
        return np.asarray(found, dtype=np.float64)

    def at(self, chances: Floats) -> Floats:
        """Return the value that the arm's mean is below with each chance."""
        middle, deviation = self.place
        steps = (
            special.ndtri(chances)
            if self._is_normal
            else special.stdtrit(self.customers - 1, chances)
        )
        return np.asarray(middle + deviation * steps, dtype=np.float64)

    def draw(self, random: np.random.Generator, draws: int) -> Floats:
        """Return draws of the arm's mean."""
        return self.at(random.uniform(size=draws))

    @property
    def _is_normal(self) -> bool:
        return self.prior_deviation is not None


Arm = BernoulliArm | NormalArm


@dataclass(frozen=True, slots=True)
class ThompsonShares:
    """Shares of customers by arm.

    Parameters
    ----------
    propensity : the share of each arm, at least the floor, summing to 1: what is to be logged.
    best : the chance that each arm is the best one.
    floor : least share of each.
    method : `integration`, or `monte_carlo` with the seed and number of draws.
    """

    propensity: tuple[float, ...]
    best: tuple[float, ...]
    floor: float
    method: str


def thompson_shares(arms: Sequence[Arm], *, floor: float = FLOOR) -> ThompsonShares:
    """Return each arm's share by integration: exact to about four digits, without any chance.

    Parameters
    ----------
    arms : at least two, all of the same kind, higher outcomes being better.
    floor : least share of each arm, from 0 to 1 / number of arms.

    Raises
    ------
    OptionError : the floor is out of its range.
    DataError : there are fewer than two arms, or one with impossible figures.
    """
    _check(arms, floor)
    points = (np.arange(_POINTS) + 0.5) / _POINTS
    chances = []
    for number, arm in enumerate(arms):
        # the chance that all others lie below, averaged over where this one may lie
        values = arm.at(points)
        below = [other.below(values) for place, other in enumerate(arms) if place != number]
        chances.append(float(np.prod(below, axis=0).mean()))
    return _shares(np.array(chances), floor, "integration")


def sampled_shares(
    arms: Sequence[Arm], *, seed: int, draws: int = 10_000, floor: float = FLOOR
) -> ThompsonShares:
    """Return each arm's share by Monte Carlo, for many arms.

    Parameters
    ----------
    arms, floor : as in `thompson_shares`.
    seed : the same seed gives the same shares; it stands in the method, for the log.
    draws : how many, at least 100.

    Raises
    ------
    OptionError, DataError : as in `thompson_shares`.
    """
    _check(arms, floor)
    if draws < 100:
        raise OptionError(f"{draws} draws", "at least 100", "draw more often")
    random = np.random.default_rng(seed)
    drawn = np.stack([arm.draw(random, draws) for arm in arms])
    best = np.bincount(drawn.argmax(axis=0), minlength=len(arms)) / draws
    return _shares(best, floor, f"monte_carlo(seed={seed}, draws={draws})")


def drawn_arms(shares: ThompsonShares, customers: int, *, seed: int) -> npt.NDArray[np.int64]:
    """Return an arm for each customer, drawn with the shares that are logged.

    Parameters
    ----------
    shares : from `thompson_shares` or `sampled_shares`.
    customers : how many.
    seed : of the drawing.
    """
    uniform = np.random.default_rng(seed).random(customers)
    ends = np.cumsum(shares.propensity)[:-1]
    return np.searchsorted(ends, uniform, side="right").astype(np.int64)


def _shares(best: Floats, floor: float, method: str) -> ThompsonShares:
    best = best / best.sum()
    propensity = floor + (1 - floor * len(best)) * best
    return ThompsonShares(
        tuple(float(one) for one in propensity), tuple(float(one) for one in best), floor, method
    )


def _check(arms: Sequence[Arm], floor: float) -> None:
    if len(arms) < 2 or len({type(arm) for arm in arms}) > 1:
        raise DataError(
            f"{len(arms)} arms of {len({type(arm) for arm in arms})} kinds",
            "at least two arms of one kind",
            "compare rates with rates, or amounts with amounts",
        )
    if not 0 <= floor <= 1 / len(arms):
        raise OptionError(
            f"floor {floor} for {len(arms)} arms",
            f"a share from 0 to {1 / len(arms):.3g}",
            "lower the floor, or try fewer arms",
        )
    for number, arm in enumerate(arms):
        if not _IS_FINE[type(arm)](arm):
            raise DataError(
                f"arm {number}: {arm}",
                "counts from 0, finite means, variances above 0",
                "wait until each arm has outcomes, or state what is believed beforehand",
            )


def _bernoulli_is_fine(arm: BernoulliArm) -> bool:
    counts = (arm.successes, arm.failures)
    prior = (arm.prior_successes, arm.prior_failures)
    return bool(np.isfinite([*counts, *prior]).all() and min(counts) >= 0 and min(prior) > 0)


def _normal_is_fine(arm: NormalArm) -> bool:
    if not np.isfinite([arm.mean, arm.variance, arm.prior_mean]).all():
        return False
    if arm.prior_deviation is None:
        return arm.customers >= 2 and arm.variance > 0
    return bool(
        0 < arm.prior_deviation < np.inf
        and arm.customers >= 0
        and (arm.variance > 0 or arm.customers == 0)
    )


_IS_FINE: dict[type[Arm], Callable[..., bool]] = {
    BernoulliArm: _bernoulli_is_fine,
    NormalArm: _normal_is_fine,
}
