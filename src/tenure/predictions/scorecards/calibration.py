"""Whether probabilities come true: Brier and log loss, reliability, slope, expected events.

All figures take the outcome (1 where the event happened) and the forecast probability per row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.kernel import Estimate, Undefined, wilson_interval
from tenure.kernel.scipy_library import optimize, special
from tenure.predictions.scorecards.arrays import Floats, Integers, events, probabilities
from tenure.predictions.scorecards.ordered import equal_mass_bins, score_order

SURE = 1e-6
"""The logit of a probability nearer to 0 or 1 than this is taken as if it were this far."""

_LEAST = float(np.finfo(np.float64).eps)
_STEPS_MAX = 50
_SLOPE_MAX = 1e3


@dataclass(frozen=True, slots=True)
class BrierParts:
    """The Brier score in parts: brier = miscalibration - discrimination + uncertainty.

    Parameters
    ----------
    brier : mean squared error of the probabilities.
    miscalibration : what recalibrating in hindsight would save (reliability), >= 0.
    discrimination : what the recalibrated forecasts save over the mean (resolution), >= 0.
    uncertainty : the Brier score of the mean itself.
    """

    brier: float
    miscalibration: float
    discrimination: float
    uncertainty: float


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One bin of about equally many rows.

    Parameters
    ----------
    rows : number of rows.
    forecast : mean probability.
    observed : share in which the event happened, with Wilson's interval.
    """

    rows: int
    forecast: float
    observed: Estimate


@dataclass(frozen=True, slots=True)
class CalibrationLine:
    """The line of the observed log odds over the forecast log odds.

    Parameters
    ----------
    slope : 1 if right; below 1 the forecasts are too extreme, above 1 too timid.
    intercept : 0 if right; the log odds by which all forecasts are too low, at slope 1.
    """

    slope: Estimate | Undefined
    intercept: Estimate | Undefined


def brier_score(happened: npt.ArrayLike, forecast: npt.ArrayLike) -> float:
    """Return the mean squared error of the probabilities (Brier 1950)."""
    y, p = _pair(happened, forecast)
    return float(np.square(p - y).mean())


def log_loss(happened: npt.ArrayLike, forecast: npt.ArrayLike) -> float:
    """Return the mean of -ln(probability given to what happened); never infinite."""
    y, p = _pair(happened, forecast)
    return float(log_losses(y, p).mean())


def log_losses(y: Floats, p: Floats) -> Floats:
    """Return each row's log loss, probabilities kept one rounding step from 0 and 1."""
    kept = np.clip(p, _LEAST, 1 - _LEAST)
    return np.asarray(-np.where(y == 1, np.log(kept), np.log1p(-kept)))


def brier_parts(happened: npt.ArrayLike, forecast: npt.ArrayLike) -> BrierParts:
    """Return the Brier score split by the best monotone recalibration, without bins.

    References
    ----------
    Dimitriadis, Gneiting, Jordan (2021), Stable reliability diagrams for probabilistic
    classifiers, PNAS 118(8), doi:10.1073/pnas.2016191118; after Murphy (1973).
    """
    y, p = _pair(happened, forecast)
    brier = float(np.square(p - y).mean())
    best = float(np.square(monotone(p, y) - y).mean())
    uncertainty = float(y.mean() * (1 - y.mean()))
    return BrierParts(brier, max(brier - best, 0.0), max(uncertainty - best, 0.0), uncertainty)


def monotone(scores: Floats, actual: Floats) -> Floats:
    """Return, per row, the best fit to `actual` that rises with the score; ties get one value."""
    order = score_order(scores)
    rows = order.sums(np.ones_like(actual))
    means = order.sums(actual) / rows
    fitted = optimize.isotonic_regression(means, weights=rows, increasing=False).x
    return np.asarray(fitted, np.float64)[order.group]


def reliability(
    happened: npt.ArrayLike, forecast: npt.ArrayLike, *, bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Return forecast and observed shares in bins of equal size, lowest forecasts first.

    Parameters
    ----------
    happened, forecast : outcome and probability per row.
    bins : how many; fewer come back where many rows share one probability.
    """
    y, p = _pair(happened, forecast)
    made = []
    for rows, forecasts, observed in _binned(y, p, bins):
        estimate = wilson_interval(int(observed), int(rows))
        if isinstance(estimate, Estimate):
            made.append(ReliabilityBin(int(rows), forecasts / rows, estimate))
    return tuple(made)


def expected_calibration_error(
    happened: npt.ArrayLike, forecast: npt.ArrayLike, *, bins: int = 10
) -> float:
    """Return the mean gap between forecast and observed share, over bins of equal size.

    References
    ----------
    Nixon et al. (2019), Measuring Calibration in Deep Learning, for bins of equal size.
    """
    y, p = _pair(happened, forecast)
    return sum(abs(f - o) for _, f, o in _binned(y, p, bins)) / y.size


def calibration_error_by_chance(forecast: npt.ArrayLike, *, bins: int = 10) -> float:
    """Return the calibration error that true probabilities would show by chance alone.

    A measured error near this figure says nothing against the probabilities. Each bin's gap is
    taken as normal, so its mean size is sqrt(2 / pi) of its standard deviation.
    """
    p = probabilities("forecast", forecast)
    bin_of = equal_mass_bins(score_order(p), bins)
    variances = np.bincount(bin_of, weights=p * (1 - p), minlength=bins)
    return float(np.sqrt(2 / np.pi * variances).sum() / p.size)


def calibration_line(
    happened: npt.ArrayLike,
    forecast: npt.ArrayLike,
    *,
    customers: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> CalibrationLine:
    """Return slope and intercept of the outcomes' log odds over those of the forecasts.

    Parameters
    ----------
    happened, forecast : outcome and probability per row.
    customers : whom each row is about, where one customer has several rows.
    confidence : nominal coverage of the intervals (robust standard errors), 0..1.

    Returns
    -------
    The slope from a logistic fit of both; the intercept at slope 1 ("in the large").
    Undefined where the outcomes are all alike, or where the forecasts do not vary or part
    events from others without overlap.

    References
    ----------
    Cox (1958), Two further applications of a model for binary regression, Biometrika 45;
    Van Calster et al. (2016), J. Clinical Epidemiology 74, 167-176.
    """
    y, p = _pair(happened, forecast)
    if y.min() == y.max():
        reason = Undefined("no_event_or_no_other")
        return CalibrationLine(reason, reason)
    log_odds = np.asarray(special.logit(np.clip(p, SURE, 1 - SURE)))
    cluster = None if customers is None else np.unique(np.asarray(customers), return_inverse=True)
    owner = None if cluster is None else np.asarray(cluster[1], np.int64)
    ones = np.ones((y.size, 1))
    intercept = _logistic(ones, log_odds, y, owner, confidence)
    if log_odds.min() == log_odds.max():
        return CalibrationLine(Undefined("forecasts_do_not_vary"), intercept)
    design = np.column_stack([log_odds, ones[:, 0]])
    slope = _logistic(design, np.zeros_like(y), y, owner, confidence)
    return CalibrationLine(slope, intercept)


def expected_events(forecast: npt.ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """Return how many events the probabilities announce, and between which bounds by chance.

    Given right probabilities and independent rows, the count lies in the interval at its
    nominal rate (normal approximation of the Poisson binomial).
    """
    p = probabilities("forecast", forecast)
    total, half = float(p.sum()), special.ndtri((1 + confidence) / 2) * np.sqrt((p * (1 - p)).sum())
    low, high = max(0.0, total - float(half)), min(float(p.size), total + float(half))
    return Estimate(total, min(low, total), max(high, total), confidence, "poisson_binomial")


def _pair(happened: npt.ArrayLike, forecast: npt.ArrayLike) -> tuple[Floats, Floats]:
    y = events("happened", happened)
    return y, probabilities("forecast", forecast, rows=y.size)


def _binned(y: Floats, p: Floats, bins: int) -> list[tuple[float, float, float]]:
    """Return rows, sum of forecasts and events of each bin with rows, lowest forecasts first."""
    bin_of = equal_mass_bins(score_order(p), bins)
    rows = np.bincount(bin_of, minlength=bins).astype(np.float64)
    forecasts = np.bincount(bin_of, weights=p, minlength=bins)
    observed = np.bincount(bin_of, weights=y, minlength=bins)
    kept = np.flatnonzero(rows)[::-1]
    return [(float(rows[b]), float(forecasts[b]), float(observed[b])) for b in kept]


def _logistic(
    design: Floats, offset: Floats, y: Floats, owner: Integers | None, confidence: float
) -> Estimate | Undefined:
    """Return the first coefficient of a logistic fit by Newton's method, robust interval."""
    beta = np.zeros(design.shape[1])
    score = information = np.empty(0)
    for _ in range(_STEPS_MAX):
        fitted = special.expit(design @ beta + offset)
        score = design.T @ (y - fitted)
        information = (design * (fitted * (1 - fitted))[:, None]).T @ design
        if not np.all(np.isfinite(information)) or np.linalg.cond(information) > 1 / _LEAST:
            return Undefined("events_and_others_do_not_overlap")
        step = np.linalg.solve(information, score)
        # Long steps overshoot where the fit is nearly sure already.
        beta = beta + step * min(1.0, 5.0 / max(float(np.abs(step).max()), _LEAST))
        if np.abs(step).max() < 1e-10 * (1 + np.abs(beta).max()):
            break
    else:
        return Undefined("events_and_others_do_not_overlap")
    if np.abs(beta).max() > _SLOPE_MAX:
        return Undefined("events_and_others_do_not_overlap")
    residuals = design * (y - special.expit(design @ beta + offset))[:, None]
    if owner is not None:
        sums = [np.bincount(owner, weights=column) for column in residuals.T]
        residuals = np.column_stack(sums)
    inverse = np.linalg.inv(information)
    error = float(np.sqrt((inverse @ (residuals.T @ residuals) @ inverse)[0, 0]))
    half = float(special.ndtri((1 + confidence) / 2)) * error
    value = float(beta[0])
    return Estimate(value, value - half, value + half, confidence, "robust")
