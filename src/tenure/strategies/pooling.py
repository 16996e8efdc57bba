"""What past campaigns say of the next one: partial pooling of their effects.

Each campaign has an effect of its own, drawn around a common mean with a spread that is not
known. With a wide spread each campaign stands for itself; with none they are one experiment. The
spread is not chosen but averaged over, by how well it explains the measured effects.

    measured_i ~ N(effect_i, standard_error_i)      effect_i ~ N(mean, spread)
    mean ~ N(prior mean, prior standard deviation)  spread ~ half-normal, or flat

References
----------
A. Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., section 5.4-5.5 (the normal model with
known variances, and the eight schools).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError, OptionError

FloatArray = npt.NDArray[np.float64]

_STEPS = 2000
_REACH = 6.0
"""The spread is looked at up to so many of the largest scales at hand."""


@dataclass(frozen=True, slots=True)
class Belief:
    """A normal belief about an effect.

    Parameters
    ----------
    mean : what is expected.
    standard_deviation : how unsure that is, above 0.

    Raises
    ------
    OptionError : a number is not finite, or the deviation is not above 0.
    """

    mean: float
    standard_deviation: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not (math.isfinite(self.mean) and 0 < self.standard_deviation < math.inf):
            raise OptionError(
                f"a belief of {self.mean} with the standard deviation {self.standard_deviation}",
                "finite numbers, the deviation above 0",
                "say how unsure the effect is",
            )


@dataclass(frozen=True, slots=True)
class Measured:
    """One campaign's measured effect.

    Parameters
    ----------
    name : of the campaign.
    effect : on one contacted customer.
    standard_error : of it, above 0.

    Raises
    ------
    DataError : a number is not finite, or the error is not above 0.
    """

    name: str
    effect: float
    standard_error: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not (math.isfinite(self.effect) and 0 < self.standard_error < math.inf):
            raise DataError(
                f"{self.name}: effect {self.effect}, standard error {self.standard_error}",
                "finite numbers, the error above 0",
                "leave out campaigns whose effect could not be measured",
            )


@dataclass(frozen=True, slots=True)
class Pooled:
    """What all campaigns together say.

    Parameters
    ----------
    mean : of the effects of campaigns like these.
    spread : expected standard deviation of campaigns' own effects around it.
    next_one : the effect of the next campaign.
    each : each campaign's own effect, drawn towards the others, in the order given.
    """

    mean: Belief
    spread: float
    next_one: Belief
    each: tuple[Belief, ...]


def pooled(
    measured: Sequence[Measured],
    prior: Belief | None = None,
    *,
    spread_scale: float | None = None,
) -> Pooled:
    """Return what campaigns of one kind say of each other and of the next.

    Parameters
    ----------
    measured : at least one campaign; at least two where there is no prior.
    prior : what was believed of the mean before any; None knows nothing.
    spread_scale : standard deviation of the half-normal belief about the spread; None takes half
        that of the prior, and without a prior any spread is as likely as any other.

    Raises
    ------
    DataError : too few campaigns.
    OptionError : `spread_scale` is not above 0.
    """
    least = 1 if prior is not None else 3
    if len(measured) < least:
        raise DataError(
            f"{len(measured)} measured campaigns",
            f"at least {least}",
            "measure more campaigns, or state what you believe of the effect",
        )
    if spread_scale is None and prior is not None:
        spread_scale = prior.standard_deviation / 2
    if spread_scale is not None and not 0 < spread_scale < math.inf:
        raise OptionError(f"spread_scale {spread_scale}", "a number above 0", "give another")
    effect = np.array([one.effect for one in measured])
    error = np.array([one.standard_error for one in measured])
    spreads = _spreads(effect, error, spread_scale)
    precision = 1 / (error**2 + spreads[:, None] ** 2)
    before = 0.0 if prior is None else prior.standard_deviation**-2
    about = 0.0 if prior is None else prior.mean
    certainty = precision.sum(axis=1) + before
    mean = (precision @ effect + before * about) / certainty
    weight = _weights(spreads, effect, precision, mean, certainty, before, about, spread_scale)
    common = _mixed(weight, mean, 1 / certainty)
    following = _mixed(weight, mean, 1 / certainty + spreads**2)
    each = tuple(
        _own(weight, spreads, mean, 1 / certainty, one.effect, one.standard_error)
        for one in measured
    )
    return Pooled(common, float(weight @ spreads), following, each)


def _spreads(effect: FloatArray, error: FloatArray, scale: float | None) -> FloatArray:
    """Return the spreads that are looked at: midpoints of equal steps."""
    widest = max(float(np.ptp(effect)), float(error.max()))
    highest = _REACH * (widest if scale is None else min(scale, widest))
    return np.asarray((np.arange(_STEPS) + 0.5) * highest / _STEPS, dtype=np.float64)


def _weights(
    spreads: FloatArray,
    effect: FloatArray,
    precision: FloatArray,
    mean: FloatArray,
    certainty: FloatArray,
    before: float,
    about: float,
    scale: float | None,
) -> FloatArray:
    """Return how likely each spread is, given the effects (the mean is averaged over)."""
    misfit = (precision * (effect - mean[:, None]) ** 2).sum(axis=1)
    misfit += before * (mean - about) ** 2
    logs = (np.log(precision).sum(axis=1) - np.log(certainty) - misfit) / 2
    if scale is not None:
        logs -= (spreads / scale) ** 2 / 2
    weight = np.exp(logs - logs.max())
    return np.asarray(weight / weight.sum(), dtype=np.float64)


def _own(
    weight: FloatArray,
    spreads: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    effect: float,
    error: float,
) -> Belief:
    """Return one campaign's effect: its own measurement, drawn towards the mean."""
    own = spreads**2 / (spreads**2 + error**2)
    centre = own * effect + (1 - own) * mean
    return _mixed(weight, centre, own * error**2 + (1 - own) ** 2 * variance)


def _mixed(weight: FloatArray, mean: FloatArray, variance: FloatArray) -> Belief:
    """Return mean and standard deviation of a mixture of normal distributions."""
    centre = float(weight @ mean)
    return Belief(centre, math.sqrt(float(weight @ (variance + (mean - centre) ** 2))))
