"""Intervals from draws of the parameters: the Laplace approximation of their uncertainty.

Parameters are drawn on the scale on which they were searched, from the normal distribution whose
covariance is the inverse of the observed information. A prediction is made at every draw for the
distinct rows only, a part of them at a time, so memory never holds draws times customers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tenure.kernel import Estimate, OptionError
from tenure.predictions.fitting.likelihood import FURTHEST, IDENTIFIED_WITHIN, Maximum

FloatArray = npt.NDArray[np.float64]
Kind = Literal["expectation", "outcome"]

DRAWS = 400
SEED = 20260101
_HELD_AT_ONCE = 4_000_000  # numbers: 32 MB
_OUTCOMES_PER_DRAW = 25


@dataclass(frozen=True)
class Predicted:
    """A prediction per row with its interval.

    Parameters
    ----------
    value : at the maximum of the likelihood.
    low, high : the interval's ends, low <= value <= high.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray


def parameter_draws(maximum: Maximum, *, draws: int = DRAWS, seed: int = SEED) -> FloatArray:
    """Return draws of the parameters on their natural scale, in pairs mirrored at the maximum.

    Parameters
    ----------
    maximum : what was fitted.
    draws : how many, even.
    seed : the same seed gives the same draws.

    Returns
    -------
    Shape (draws, parameters): evenly taken from those that came with the maximum, if any did. A
    direction that the data leave open is drawn no wider than the bound beyond which a parameter
    counts as unidentified.
    """
    if maximum.draws is not None:
        return maximum.draws[np.arange(draws) * len(maximum.draws) // draws]
    half = np.random.default_rng(seed).standard_normal((draws // 2, len(maximum.names)))
    variances, directions = np.linalg.eigh(maximum.covariance)
    reach = np.minimum(np.sqrt(np.maximum(variances, 0.0)), IDENTIFIED_WITHIN)
    moved = (half * reach) @ directions.T
    working = maximum.working + np.concatenate((moved, -moved))
    is_plain = np.isin(maximum.names, maximum.plain)
    natural: FloatArray = np.where(is_plain, working, np.exp(np.clip(working, -FURTHEST, FURTHEST)))
    return natural


def row_intervals(
    maximum: Maximum,
    predict: Callable[[FloatArray, slice], FloatArray],
    value: FloatArray,
    *,
    interval: float,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Predicted:
    """Return a prediction per distinct row with the interval its parameters leave open.

    Parameters
    ----------
    maximum : what was fitted.
    predict : prediction for a part of the rows at given parameters (natural scale).
    value : prediction for all rows at the maximum.
    interval : nominal coverage, 0..1 exclusive.
    draws, seed : as in `parameter_draws`.

    Returns
    -------
    The expectation's interval: what one customer then does varies by chance beyond it.
    """
    check_interval(interval)
    drawn = parameter_draws(maximum, draws=draws, seed=seed)
    low, high = np.empty_like(value), np.empty_like(value)
    part = max(1, _HELD_AT_ONCE // len(drawn))
    for first in range(0, len(value), part):
        rows = slice(first, min(first + part, len(value)))
        held = np.empty((rows.stop - rows.start, len(drawn)))
        for column, parameters in enumerate(drawn):
            held[:, column] = predict(parameters, rows)
        low[rows], high[rows] = _ends(held, interval)
    return Predicted(value, np.minimum(low, value), np.maximum(high, value))


def total_interval(
    maximum: Maximum,
    moments: Callable[[FloatArray], tuple[float, float]],
    *,
    interval: float,
    kind: Kind = "outcome",
    value: float | None = None,
    whole: bool = True,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Estimate:
    """Return the forecast of a total with its interval.

    Parameters
    ----------
    maximum : what was fitted.
    moments : mean and variance of the total at given parameters (natural scale); the variance
        is that of what the customers will do when the parameters are known.
    interval : nominal coverage, 0..1 exclusive.
    kind : `outcome`, the interval for what will be counted: parameters and the customers' own
        chance; `expectation`, for its mean: parameters alone.
    value : the mean at the maximum, if it is known more exactly than `moments` says.
    whole : the total is a count (negative binomial), else an amount (gamma distributed).
    draws, seed : as in `parameter_draws`.

    Returns
    -------
    The estimate; its method is `laplace_outcome` or `laplace_expectation`.
    """
    check_interval(interval)
    if kind not in ("expectation", "outcome"):
        raise OptionError(f"kind {kind!r}", "expectation or outcome", "choose one of them")
    value = float(moments(maximum.values)[0]) if value is None else value
    found = np.array([moments(p) for p in parameter_draws(maximum, draws=draws, seed=seed)])
    totals = found[:, 0]
    if kind == "outcome":
        totals = _outcomes(found[:, 0], found[:, 1], whole=whole, seed=seed)
    low, high = (float(end[0]) for end in _ends(totals.reshape(1, -1), interval))
    return Estimate(value, min(low, value), max(high, value), interval, f"laplace_{kind}")


def check_interval(interval: float) -> None:
    """Raise an `OptionError` unless a nominal coverage lies between 0 and 1."""
    if not 0 < interval < 1:
        raise OptionError(f"interval {interval}", "a share between 0 and 1", "pass e.g. 0.9")


def _outcomes(means: FloatArray, variances: FloatArray, *, whole: bool, seed: int) -> FloatArray:
    """Draw totals with given means and variances, never below 0."""
    random = np.random.default_rng([seed, 1])
    size = (_OUTCOMES_PER_DRAW, len(means))
    means = np.maximum(means, 1e-12)
    # A gamma-distributed rate makes a Poisson count negative binomial.
    extra = np.maximum(variances - means if whole else variances, means * 1e-9)
    shape = means**2 / extra
    rates = random.gamma(np.broadcast_to(shape, size), np.broadcast_to(means / shape, size))
    if not whole:
        return rates
    return random.poisson(np.minimum(rates, 1e15)).astype(np.float64)


def _ends(rows: FloatArray, interval: float) -> tuple[FloatArray, FloatArray]:
    """Return the central interval of each row of draws; sorts in place."""
    rows = rows.reshape(len(rows), -1)
    rows.sort(axis=1)
    last = rows.shape[1] - 1
    tail = (1 - interval) / 2
    return _at(rows, tail * last), _at(rows, (1 - tail) * last)


def _at(rows: FloatArray, place: float) -> FloatArray:
    below = int(place)
    share = place - below
    above = min(below + 1, rows.shape[1] - 1)
    value: FloatArray = rows[:, below] * (1 - share) + rows[:, above] * share
    return value
