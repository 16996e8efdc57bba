"""Calibration: from a model's log-odds to a probability that comes true, with its interval.

Platt's straight line in log-odds, fitted where the model had not looked: on a later origin, or on
customers left out. Two numbers need few leavers and keep the order of customers, and reasons
stay additive.

The interval says how well the line is known, and how much the level of churn moved between the
training origins. It is about the share who leave among customers with such a score; whether
one customer leaves is a toss of a coin with that share.

References
----------
Platt (1999), Probabilistic outputs for support vector machines, Advances in Large Margin
Classifiers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy.special import expit, logit, ndtri

from tenure.kernel import Estimate
from tenure.predictions.churn.logistic import newton, rounded
from tenure.predictions.tables import FloatArray

CONFIDENCE = 0.9
"""Nominal coverage of a probability's interval."""

_SHARE_MIN = 1e-6


@dataclass(frozen=True, slots=True)
class Calibration:
    """A straight line in log-odds with its uncertainty.

    Parameters
    ----------
    intercept, slope : of the line; a slope of 0 means that scores say nothing.
    variance_intercept, variance_slope, covariance : of the two.
    drift_variance : by how much the level of churn moved between origins, squared log-odds.
    customers, leavers : on whom the line was fitted.
    """

    intercept: float
    slope: float
    variance_intercept: float
    variance_slope: float
    covariance: float
    drift_variance: float
    customers: int
    leavers: int

    def probability(self, margin: FloatArray) -> FloatArray:
        """Return the probability of each log-odds."""
        return np.asarray(expit(self.intercept + self.slope * margin), dtype=np.float64)

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
        half = float(ndtri((1 + confidence) / 2)) * np.sqrt(self._variance(margin))
        return expit(middle - half), expit(middle + half)

    def mean(self, margin: FloatArray, confidence: float = CONFIDENCE) -> Estimate:
        """Return the share expected to leave among customers, with the interval of what will be.

        The interval holds the line's uncertainty, the drift, and the tosses of the coins.

        Parameters
        ----------
        margin : the model's log-odds of at least one customer.
        confidence : nominal coverage, 0..1.
        """
        p = self.probability(margin)
        share = float(p.mean())
        steep = p * (1 - p)
        d_intercept, d_slope = float(steep.mean()), float((steep * margin).mean())
        variance = (
            d_intercept**2 * (self.variance_intercept + self.drift_variance)
            + 2 * d_intercept * d_slope * self.covariance
            + d_slope**2 * self.variance_slope
            + float(steep.mean()) / len(margin)
        )
        # on the log-odds of the share, so that both ends stay within 0 and 1
        inside = min(max(share, _SHARE_MIN), 1 - _SHARE_MIN)
        half = float(ndtri((1 + confidence) / 2)) * variance**0.5 / (inside * (1 - inside))
        middle = float(logit(inside))
        low, high = float(expit(middle - half)), float(expit(middle + half))
        return Estimate(share, min(low, share), max(high, share), confidence, "calibrated_mean")

    def without_signal(self, share: float) -> Self:
        """Return the calibration that gives everybody the same probability."""
        inside = min(max(share, _SHARE_MIN), 1 - _SHARE_MIN)
        spread = 1 / (inside * (1 - inside) * max(self.customers, 1))
        return type(self)(
            rounded(float(logit(inside))),
            0.0,
            rounded(spread),
            0.0,
            0.0,
            self.drift_variance,
            self.customers,
            self.leavers,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the calibration as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Self:
        """Make the calibration again from what `as_dict` returned."""
        return cls(**described)

    def _variance(self, margin: FloatArray) -> FloatArray:
        line = (
            self.variance_intercept
            + 2 * margin * self.covariance
            + margin**2 * self.variance_slope
            + self.drift_variance
        )
        return np.maximum(line, 0.0)


def fit_calibration(margin: FloatArray, left: FloatArray) -> Calibration:
    """Return the line fitted to log-odds of customers that the model had not learnt from.

    Parameters
    ----------
    margin : the model's log-odds.
    left : 1 for who left, else 0; both must occur.
    """
    design = np.column_stack([np.ones(len(margin)), margin])
    if np.ptp(margin) == 0:  # a line through one point has no slope
        design[:, 1] = 0.0
    # a hair of a ridge towards slope 0 keeps separable rows finite
    found = newton(design, left, np.array([0.0, 1e-3]))
    p = expit(design @ found)
    curve = (design * (p * (1 - p))[:, None]).T @ design + np.diag([1e-12, 1e-3])
    spread = np.linalg.inv(curve)
    return Calibration(
        intercept=rounded(found[0]),
        slope=rounded(found[1]),
        variance_intercept=rounded(spread[0, 0]),
        variance_slope=rounded(spread[1, 1]),
        covariance=rounded(spread[0, 1]),
        drift_variance=0.0,
        customers=len(left),
        leavers=int(left.sum()),
    )


def drift_variance(levels: Sequence[tuple[float, FloatArray]]) -> float:
    """Return how far apart origins lie in level, beyond chance, as a variance of log-odds.

    Parameters
    ----------
    levels : per origin, the number who left and the calibrated probability of each customer.

    References
    ----------
    DerSimonian, Laird (1986), Meta-analysis in clinical trials, Controlled Clinical Trials 7.
    """
    offsets, variances = [], []
    for left, p in levels:
        information = float((p * (1 - p)).sum())
        if information > 0:
            # one Newton step from the expected to the actual number
            offsets.append((left - float(p.sum())) / information)
            variances.append(1 / information)
    if len(offsets) < 2:
        return 0.0
    weights = 1 / np.array(variances)
    centre = float((weights * offsets).sum() / weights.sum())
    excess = float((weights * (np.array(offsets) - centre) ** 2).sum()) - (len(offsets) - 1)
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    return rounded(max(0.0, excess / scale))
