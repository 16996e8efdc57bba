"""Calibration: from a model's log-odds to a probability that comes true, with its interval.

Platt's straight line in log-odds, fitted where the model had not looked: on a later origin, or on
customers left out. Two numbers need few leavers and keep the order of customers, and reasons
stay additive.

The level is then moved to where it is expected at the date of use, from the levels of all dates
learnt from. The interval says how well the line is known, and how far levels move from date to
date. It is about the share who leave among customers with such a score; whether
one customer leaves is a toss of a coin with that share.

References
----------
Platt (1999), Probabilistic outputs for support vector machines, Advances in Large Margin
Classifiers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Self

import numpy as np

from tenure.kernel import Estimate
from tenure.kernel.scipy_library import special
from tenure.predictions.churn.logistic import newton, rounded
from tenure.predictions.tables import FloatArray

CONFIDENCE = 0.9
"""Nominal coverage of a probability's interval."""

LEVEL_USUAL, SLOPE_USUAL = 0.2, 0.1
"""By how much level and slope are taken to move between dates until the data show it."""

_DATES_ASSUMED = 2
_FADING = 0.7
_SEASON_SHARE = 0.75
_SEASON_DAYS = 31
_YEAR_DAYS = 365.25
_SHARE_MIN = 1e-6
_OFFSET_MAX = 5.0
_STEPS = 6
_POINTS, _REACH = 61, 4.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """A straight line in log-odds with its uncertainty.

    Parameters
    ----------
    intercept, slope : of the line; a slope of 0 means that scores say nothing.
    variance_intercept, variance_slope, covariance : of the two.
    drift_level, drift_slope : variances of what the date of use adds to the calibrated log-odds
        at the pivot, and to their slope around it.
    drift_pivot : calibrated log-odds at which a change of slope moves nothing.
    customers, leavers : on whom the line was fitted.
    """

    intercept: float
    slope: float
    variance_intercept: float
    variance_slope: float
    covariance: float
    drift_level: float
    drift_slope: float
    drift_pivot: float
    customers: int
    leavers: int

    def probability(self, margin: FloatArray) -> FloatArray:
        """Return the probability of each log-odds."""
        return np.asarray(special.expit(self.intercept + self.slope * margin), dtype=np.float64)

    def interval(
        self, margin: FloatArray, confidence: float = CONFIDENCE
    ) -> tuple[FloatArray, FloatArray]:
        """Return the ends of each probability's interval.

        Parameters
        ----------
        margin : the model's log-odds.
        confidence : nominal coverage, 0..1.
        """
        middle = self.intercept + self.slope * margin
        half = float(special.ndtri((1 + confidence) / 2)) * np.sqrt(self._variance(margin))
        return special.expit(middle - half), special.expit(middle + half)

    def mean(self, margin: FloatArray, confidence: float = CONFIDENCE) -> Estimate:
        """Return the share expected to leave among customers, with the interval of what will be.

        The interval holds the line's uncertainty, the drift, and the tosses of the coins.

        Parameters
        ----------
        margin : the model's log-odds of at least one customer.
        confidence : nominal coverage, 0..1.
        """
        p = self.probability(margin)
        away = self.intercept + self.slope * margin - self.drift_pivot
        share, steep = float(p.mean()), p * (1 - p)
        by_level = float(steep.mean())
        by_margin, by_slope = float((steep * margin).mean()), float((steep * away).mean())
        variance = (
            by_level**2 * (self.variance_intercept + self.drift_level)
            + 2 * by_level * by_margin * self.covariance
            + by_margin**2 * self.variance_slope
            + by_slope**2 * self.drift_slope
        )
        low, high = _counted(share, max(variance, 0.0), len(margin), confidence)
        return Estimate(share, min(low, share), max(high, share), confidence, "calibrated_mean")

    def moved(self, drift: Drift) -> Self:
        """Return the line at the level that is expected on the date of use."""
        return replace(
            self,
            intercept=rounded(self.intercept + drift.offset),
            drift_level=drift.level,
            drift_slope=drift.slope,
            drift_pivot=drift.pivot,
        )

    def without_signal(self, share: float) -> Self:
        """Return the calibration that gives everybody the same probability."""
        inside = min(max(share, _SHARE_MIN), 1 - _SHARE_MIN)
        return replace(
            self,
            intercept=rounded(float(special.logit(inside))),
            slope=0.0,
            variance_intercept=rounded(1 / (inside * (1 - inside) * max(self.customers, 1))),
            variance_slope=0.0,
            covariance=0.0,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the calibration as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Self:
        """Make the calibration again from what `as_dict` returned."""
        return cls(**described)

    def _variance(self, margin: FloatArray) -> FloatArray:
        away = self.intercept + self.slope * margin - self.drift_pivot
        line = (
            self.variance_intercept + 2 * margin * self.covariance + margin**2 * self.variance_slope
        )
        return np.maximum(line + self.drift_level + away**2 * self.drift_slope, 0.0)


def fit_calibration(margin: FloatArray, left: FloatArray) -> Calibration:
    """Return the line fitted to log-odds of customers that the model had not learnt from.

    Parameters
    ----------
    margin : the model's log-odds.
    left : 1 for who left, else 0; both must occur.
    """
    found, spread = _line(margin, left)
    return Calibration(
        intercept=rounded(found[0]),
        slope=rounded(found[1]),
        variance_intercept=rounded(spread[0, 0]),
        variance_slope=rounded(spread[1, 1]),
        covariance=rounded(spread[0, 1]),
        drift_level=0.0,
        drift_slope=0.0,
        drift_pivot=0.0,
        customers=len(left),
        leavers=int(left.sum()),
    )


@dataclass(frozen=True, slots=True)
class Level:
    """Who left at one date, beside what the calibrated model says.

    Parameters
    ----------
    as_of : the date; None for a plain table.
    left : 1 for who left, else 0.
    log_odds : calibrated, of each customer.
    """

    as_of: date | None
    left: FloatArray
    log_odds: FloatArray

    def offset(self) -> float:
        """Return what must be added to all log-odds so that as many are expected as left."""
        offset = 0.0
        for _ in range(_STEPS):
            p = special.expit(self.log_odds + offset)
            information = max(float((p * (1 - p)).sum()), _SHARE_MIN)
            step = float((self.left - p).sum()) / information
            offset = float(np.clip(offset + step, -_OFFSET_MAX, _OFFSET_MAX))
        return offset


@dataclass(frozen=True, slots=True)
class Drift:
    """What the date of use is expected to add to calibrated log-odds, and how surely.

    Parameters
    ----------
    offset : expected, in log-odds.
    level, slope : variances of what is added to the log-odds at the pivot, and to their slope.
    pivot : log-odds of the customers whom a change of level moves most.
    """

    offset: float
    level: float
    slope: float
    pivot: float


def drift_ahead(levels: Sequence[Level], ahead: date | None, *, learnt: int) -> Drift:
    """Return how far customers' odds are expected to move until a date, and how surely.

    The expected level is the mean of past ones, later ones weighing more, held towards the latest;
    a date of the same season in an earlier year, if there is one, weighs most. Variances are those
    among past dates, held towards what is usual. Both as if two more dates had shown it: with
    three dates hardly anything is known of how customers' odds move.

    Parameters
    ----------
    levels : oldest first, at least one.
    ahead : the date on which the model begins to be used; None for plain tables, which tell
        nothing of time and are taken as they are.
    learnt : how many of the levels, from the oldest, the model has learnt from; slopes are
        compared among these, as they are steeper there than anywhere else.
    """
    if ahead is None or any(level.as_of is None for level in levels):
        return Drift(0.0, 0.0, 0.0, 0.0)
    offsets = np.array([level.offset() for level in levels])
    weights = _FADING ** np.arange(len(levels))[::-1]
    weights = weights / weights.sum()
    expected = float(weights @ offsets) * _trust(levels, ahead)
    twins = [
        offset
        for level, offset in zip(levels, offsets, strict=True)
        if level.as_of is not None and _same_season(level.as_of, ahead)
    ]
    if twins:
        expected += _SEASON_SHARE * (float(np.mean(twins)) - expected)
    slopes = [_slope(level) for level in levels[:learnt]]
    known = [(slope, chance) for slope, chance in slopes if np.isfinite(chance)]
    wider = (1 + float((weights**2).sum())) * _few_dates(len(levels))
    return Drift(
        rounded(expected),
        rounded(wider * _spread(offsets, 0.0, LEVEL_USUAL)),
        rounded(
            wider
            * _spread(
                np.array([slope for slope, _ in known]),
                float(np.mean([chance for _, chance in known])) if known else 0.0,
                SLOPE_USUAL,
            )
        ),
        rounded(_pivot(levels[-1].log_odds)),
    )


def _few_dates(dates: int) -> float:
    """Return by how much a variance known from few dates must count more, by Student's t."""
    freedom, chance = dates - 1 + _DATES_ASSUMED, (1 + CONFIDENCE) / 2
    return float((special.stdtrit(freedom, chance) / special.ndtri(chance)) ** 2)


def _trust(levels: Sequence[Level], ahead: date) -> float:
    """Return how far the mean of past levels is followed rather than the latest alone.

    Dates whose windows overlap tell less than their number.
    """
    days = [level.as_of for level in levels if level.as_of is not None]
    window = max((ahead - days[-1]).days, 1)
    others = min(float(len(days) - 1), (days[-1] - days[0]).days / window)
    return others / (others + _DATES_ASSUMED)


def _spread(values: FloatArray, chance: float, usual: float) -> float:
    """Return the variance of values beyond chance, held towards the usual one."""
    others = max(len(values) - 1, 0)
    squares = float(((values - values.mean()) ** 2).sum()) if others else 0.0
    beyond = max(squares - others * chance, 0.0)
    return (beyond + _DATES_ASSUMED * usual**2) / (others + _DATES_ASSUMED)


def _slope(level: Level) -> tuple[float, float]:
    """Return the slope that fits a date best, and its variance by chance."""
    if not 0 < level.left.sum() < len(level.left) or np.ptp(level.log_odds) == 0:
        return 1.0, float("nan")
    found, spread = _line(level.log_odds, level.left)
    return float(found[1]), float(spread[1, 1])


def _pivot(log_odds: FloatArray) -> float:
    p = special.expit(log_odds)
    return float((p * (1 - p)) @ log_odds / max(float((p * (1 - p)).sum()), _SHARE_MIN))


def _counted(
    share: float, variance: float, customers: int, confidence: float
) -> tuple[float, float]:
    """Return the ends of the share that will be counted among so many customers.

    The expected share is uncertain by its variance, normal in log-odds; the count is binomial
    around it. Ends are shares that can occur: of 50 customers, all may leave.
    """
    inside = min(max(share, _SHARE_MIN), 1 - _SHARE_MIN)
    middle, error = float(special.logit(inside)), variance**0.5 / (inside * (1 - inside))
    points = np.linspace(-_REACH, _REACH, _POINTS)
    weights = np.exp(-(points**2) / 2)
    weights = weights / weights.sum()
    shares = special.expit(middle + error * points)

    def least(chance: float) -> int:
        low, high = 0, customers
        while low < high:
            count = (low + high) // 2
            reached = float(weights @ special.bdtr(count, customers, shares)) >= chance
            low, high = (low, count) if reached else (count + 1, high)
        return low

    outside = (1 - confidence) / 2
    return least(outside) / customers, least(1 - outside) / customers


def _line(log_odds: FloatArray, left: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return intercept and slope of the line that fits outcomes best, and their covariance."""
    design = np.column_stack([np.ones(len(log_odds)), log_odds])
    if np.ptp(log_odds) == 0:  # a line through one point has no slope
        design[:, 1] = 0.0
    # a hair of a ridge keeps separable rows finite
    ridge = np.array([0.0, 1e-3])
    found = newton(design, left, ridge)
    p = special.expit(design @ found)
    curve = (design * (p * (1 - p))[:, None]).T @ design + np.diag(ridge + 1e-12)
    return found, np.linalg.inv(curve)


def _same_season(day: date, ahead: date) -> bool:
    years = round((ahead - day).days / _YEAR_DAYS)
    return years >= 1 and abs((ahead - day).days - years * _YEAR_DAYS) <= _SEASON_DAYS
