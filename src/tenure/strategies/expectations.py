"""What a figure's own past lets expect of its next value: level, drift and season, learnt in turn.

A dynamic linear model with Student-t forecasts, averaged over a grid of settings: how strong the
season is, how fast the level drifts, whether there is a trend. Where the past is short, the
settings stay undecided and the limits wide; they narrow as the data allow. Nothing later than
the period judged enters its forecast.

References
----------
M. West and J. Harrison (1997), Bayesian Forecasting and Dynamic Models, 2nd ed., Springer,
chapters 4, 6 and 12, doi:10.1007/b98971.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tenure.kernel import PeriodUnit
from tenure.kernel.scipy_library import special

Reals = NDArray[np.float64]

_MONTHS, _WEEKDAYS = 12, 7
_SEASON_SCALES = (0.0, 0.7, 2.0, 6.0)
_WEEKDAY_SCALES = (0.0, 1.0, 4.0)
_KEPT_SHARES = (1.0, 0.95, 0.8)
_SLOPE_SCALES = (0.0, 0.05)
_TAILS = (1e6, 5.0)
"""Settings averaged over: sizes in standard deviations of one value's noise; `_KEPT_SHARES` is
the share of what is known of the level that is still known a period later; `_TAILS` are the
degrees of freedom of a single value's noise: normal, or with outliers."""
_VAGUE = 100.0
_STARTING_FREEDOM = 1.0
_LEARNT_SPREAD_MAX = 3.0
_BISECTIONS = 50
_LEVEL, _SLOPE = 0, 1


@dataclass(frozen=True, slots=True)
class Mixture:
    """Forecasts of one or more periods: a weighted mixture of Student-t distributions each.

    Parameters
    ----------
    weights : shape (periods, settings), each row summing to 1.
    centres, spreads : location and scale of each component, same shape.
    freedom : degrees of freedom, same shape.
    """

    weights: Reals
    centres: Reals
    spreads: Reals
    freedom: Reals

    def below(self, values: Reals) -> Reals:
        """Return the chance of a value below each of `values`, shape (periods,)."""
        scaled = (values[:, None] - self.centres) / self.spreads
        chances: Reals = (self.weights * special.stdtr(self.freedom, scaled)).sum(axis=1)
        return chances

    def quantile(self, share: float) -> Reals:
        """Return the value below which a share (0..1) of each forecast lies, by bisection."""
        reach = np.abs(special.stdtrit(self.freedom, share))
        low = (self.centres - reach * self.spreads).min(axis=1)
        high = (self.centres + reach * self.spreads).max(axis=1)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            is_low = self.below(middle) < share
            low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
        middle_of_all: Reals = (low + high) / 2
        return middle_of_all

    def normal_scores(self, values: Reals) -> Reals:
        """Return where each value lies in its forecast, as a standard normal deviate."""
        below = np.clip(self.below(values), 1e-12, 1 - 1e-12)
        scores: Reals = special.ndtri(below)
        return scores


class Expectation:
    """What is known of a figure after some periods; forecasts, then learns.

    Parameters
    ----------
    unit : length of a period; says which seasons there can be.
    scale : first guess of the noise of one value, above 0.
    """

    def __init__(self, unit: PeriodUnit, scale: float) -> None:
        self.unit = unit
        settings = list(
            itertools.product(
                _SEASON_SCALES if unit != "year" else (0.0,),
                _WEEKDAY_SCALES if unit == "day" else (0.0,),
                _KEPT_SHARES,
                _SLOPE_SCALES,
                _TAILS,
            )
        )
        # Days alone have weekdays; leaving them out elsewhere makes each step twice as fast.
        count = len(settings)
        size = 2 + _MONTHS + (_WEEKDAYS if unit == "day" else 0)
        self._kept = np.array([kept for _, _, kept, _, _ in settings])
        self._tails = np.array([tails for *_, tails in settings])
        self._means = np.zeros((count, size))
        self._spread = np.zeros((count, size, size))
        self._noise = np.full(count, scale**2)
        self._freedom = _STARTING_FREEDOM
        self._log_weights = np.full(count, -np.log(count))
        self._is_started = False
        months, weekdays = slice(2, 2 + _MONTHS), slice(2 + _MONTHS, size)
        for number, (season, weekday, _, slope, _) in enumerate(settings):
            spread = self._spread[number]
            spread[_LEVEL, _LEVEL] = _VAGUE**2
            spread[_SLOPE, _SLOPE] = slope**2
            spread[months, months] = season**2 * _centred(_MONTHS)
            if unit == "day":
                spread[weekdays, weekdays] = weekday**2 * _centred(_WEEKDAYS)
        self._spread *= scale**2

    def copy(self) -> Expectation:
        """Return the same knowledge, to be carried forward without touching this one."""
        other = Expectation.__new__(Expectation)
        other.__dict__.update(self.__dict__)
        return other

    @property
    def weights(self) -> Reals:
        """Weight of each setting, summing to 1."""
        weights: Reals = np.exp(self._log_weights - special.logsumexp(self._log_weights))
        return weights

    def forget_level(self) -> None:
        """Take the level as unknown again, after it has shifted; the seasons stay."""
        self._spread = self._spread.copy()
        self._spread[:, _LEVEL, :] = self._spread[:, :, _LEVEL] = 0.0
        self._spread[:, _LEVEL, _LEVEL] = _VAGUE**2 * self._noise

    def forecasts(self, days: Sequence[date], precision: float = 1.0) -> list[Mixture]:
        """Return the forecasts of several periods to come, each a step further away."""
        ahead, drift, steps = self.copy(), self._drift(), []
        for on in days:
            ahead._means, ahead._spread = ahead._evolved(drift)
            steps.append(ahead._told(ahead._means, ahead._spread, on, precision))
        return steps

    def level(self) -> Mixture:
        """Return what is known of the level without season and without a single value's noise."""
        spread = np.sqrt(np.maximum(self._spread[:, _LEVEL, _LEVEL], 1e-300))
        return Mixture(
            self.weights[None, :],
            self._means[None, :, _LEVEL],
            spread[None, :],
            np.full_like(spread, self._freedom)[None, :],
        )

    def pass_by(self) -> None:
        """Let a period pass of which nothing is known."""
        self._means, self._spread = self._evolved(self._drift())

    def learn(
        self, value: float, on: date, precision: float = 1.0, *, is_new_season: bool = False
    ) -> Mixture:
        """Return the forecast of the next period, then take its value in.

        A value far outside teaches no more than one at the limit.

        Parameters
        ----------
        value : the period's value.
        on : a day in the middle of the period.
        precision : how many times as precise as a typical value this one is, above 0.
        is_new_season : no such month was seen before, so that even a value far outside teaches.
        """
        means, spread = self._evolved(self._drift())
        told = self._told(means, spread, on, precision)
        weights, centres, spreads = told.weights[0], told.centres[0], told.spreads[0]
        if self._is_started and not is_new_season:
            centre = float(weights @ centres)
            variance = float(weights @ (spreads**2 + centres**2)) - centre**2
            reach = _LEARNT_SPREAD_MAX * np.sqrt(max(variance, 0.0))
            value = float(np.clip(value, centre - reach, centre + reach))
        freedom = told.freedom[0]
        density = _log_density((value - centres) / spreads, freedom) - np.log(spreads)
        raised = self._log_weights + density
        self._log_weights = raised - special.logsumexp(raised)
        self._take_in(value - centres, means, spread, on, precision)
        return told

    def _take_in(
        self, errors: Reals, means: Reals, spread: Reals, on: date, precision: float
    ) -> None:
        seen = _seen(on, means.shape[1], self.unit)
        carried = np.einsum("gij,j->gi", spread, seen)
        variance = carried @ seen + self._noise / precision
        self._freedom += 1
        noise = self._noise * (1 + (errors**2 / variance - 1) / self._freedom)
        self._means = means + carried * (errors / variance)[:, None]
        learnt = spread - carried[:, :, None] * carried[:, None, :] / variance[:, None, None]
        self._spread = learnt * (noise / self._noise)[:, None, None]
        self._noise = noise
        self._is_started = True

    def _drift(self) -> Reals:
        """Return what each setting forgets of level and slope in a period."""
        drift = np.zeros_like(self._spread)
        share = (1 / self._kept - 1)[:, None, None]
        drift[:, :2, :2] = self._spread[:, :2, :2] * share
        return drift

    def _evolved(self, drift: Reals) -> tuple[Reals, Reals]:
        means, spread = self._means.copy(), self._spread + drift
        means[:, _LEVEL] += means[:, _SLOPE]
        spread[:, _LEVEL, :] += spread[:, _SLOPE, :]
        spread[:, :, _LEVEL] += spread[:, :, _SLOPE]
        return means, spread

    def _told(self, means: Reals, spread: Reals, on: date, precision: float) -> Mixture:
        seen = _seen(on, means.shape[1], self.unit)
        variance = np.einsum("i,gij,j->g", seen, spread, seen) + self._noise / precision
        # Of noise with outliers, the middle is narrower than its variance says.
        narrower = (self._tails - 2) / self._tails
        return Mixture(
            self.weights[None, :],
            (means @ seen)[None, :],
            np.sqrt(variance * narrower)[None, :],
            (1 / (1 / self._freedom + 1 / self._tails))[None, :],
        )


def joined(mixtures: Sequence[Mixture]) -> Mixture:
    """Return the forecasts of several periods as one, in their order."""
    return Mixture(
        np.concatenate([one.weights for one in mixtures]),
        np.concatenate([one.centres for one in mixtures]),
        np.concatenate([one.spreads for one in mixtures]),
        np.concatenate([one.freedom for one in mixtures]),
    )


def _seen(on: date, size: int, unit: PeriodUnit) -> Reals:
    """Return which parts make up a period's value: the level, its month, its weekday."""
    seen = np.zeros(size)
    seen[_LEVEL] = 1.0
    seen[2 + on.month - 1] = 1.0
    if unit == "day":
        seen[2 + _MONTHS + on.weekday()] = 1.0
    return seen


def _centred(count: int) -> Reals:
    """Return the covariance of effects that sum to zero, each of variance near 1."""
    centred: Reals = np.eye(count) - 1 / count
    return centred * count / (count - 1)


def _log_density(scaled: Reals, freedom: Reals) -> Reals:
    """Return the log density of Student's t."""
    half = (freedom + 1) / 2
    density: Reals = (
        special.gammaln(half)
        - special.gammaln(freedom / 2)
        - np.log(np.pi * freedom) / 2
        - half * np.log1p(scaled**2 / freedom)
    )
    return density
