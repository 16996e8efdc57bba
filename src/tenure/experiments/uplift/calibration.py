"""Whether predicted uplift comes true: by tenths of the customers, and by one line through them.

A learner's largest predictions are partly luck, and whoever chooses by them chooses the luck. The
line says how much of a difference between predictions was found again in customers that the
learner had not seen; predictions are drawn towards the mean effect by that.

References
----------
Chernozhukov, Demirer, Duflo, Fernández-Val (2025), Fisher-Schultz lecture: Generic machine
learning inference on heterogeneous treatment effects, Econometrica 93(4), for the line (best
linear predictor) and the groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from tenure.experiments.uplift.means import (
    CONFIDENCE,
    check_confidence,
    customer_sums,
    mean_estimate,
)
from tenure.kernel import DataError, Estimate, Undefined
from tenure.predictions.scorecards.arrays import numbers
from tenure.predictions.scorecards.ordered import equal_mass_bins, score_order
from tenure.predictions.tables import FloatArray

TENTHS = 10


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of the customers, by predicted uplift.

    Parameters
    ----------
    customers : how many.
    predicted : their mean prediction.
    found : their mean effect.
    """

    customers: int
    predicted: float
    found: Estimate | Undefined


@dataclass(frozen=True, slots=True)
class Line:
    """Effect = `effect` + `slope` x (prediction - `centre`).

    Parameters
    ----------
    centre : mean prediction of the customers looked at.
    effect : their mean effect.
    slope : share of a difference between predictions that came true; 1 is perfect, 0 nothing.
    variance_effect, variance_slope, covariance : of the two.
    """

    centre: float
    effect: float
    slope: float
    variance_effect: float
    variance_slope: float
    covariance: float

    def drawn(
        self, predictions: FloatArray, *, slope_max: float = 1.0
    ) -> tuple[FloatArray, FloatArray]:
        """Return predictions drawn towards the mean effect, and their standard deviations.

        Parameters
        ----------
        predictions : of a learner, one per customer.
        slope_max : the slope is taken from 0 to this, so that a learner is never made bolder
            than it is; numbers that are no effects need infinity.

        Returns
        -------
        The standard deviations are of the mean effect and the slope, not of one customer's own
        effect.
        """
        apart = predictions - self.centre
        slope = min(max(self.slope, 0.0), slope_max)
        if slope == 0.0:
            spread = np.full(len(apart), self.variance_effect)
        else:
            spread = (
                self.variance_effect + apart**2 * self.variance_slope + 2 * apart * self.covariance
            )
        return self.effect + slope * apart, np.sqrt(np.maximum(spread, 0.0))

    def flat(self) -> Line:
        """Return the line that expects the mean effect of everybody."""
        return Line(self.centre, self.effect, 0.0, self.variance_effect, 0.0, 0.0)

    def as_dict(self) -> dict[str, float]:
        """Return the line as plain values for JSON."""
        return {name: float(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Line:
        """Make the line again from what `as_dict` returned."""
        return cls(**{name: float(described[name]) for name in cls.__slots__})


def tenths(
    predictions: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    groups: int = TENTHS,
    customers: npt.NDArray[np.int64] | None = None,
    confidence: float = CONFIDENCE,
) -> tuple[Tenth, ...]:
    """Return predicted against found uplift by groups of equal size, the highest first.

    Parameters
    ----------
    predictions : of a learner that did not see these customers.
    scores : their effect scores (`scores.effect_scores`).
    groups : how many; ties stay together, so there may be fewer.
    customers : number of each row's customer, where some have several.
    confidence : nominal coverage, 0..1 exclusive.
    """
    check_confidence(confidence)
    expected = numbers("predictions", predictions)
    found = numbers("scores", scores, rows=len(expected))
    place = equal_mass_bins(score_order(expected), groups)
    made = []
    for number in np.unique(place):
        rows = place == number
        effect = mean_estimate(
            found[rows],
            customers=None if customers is None else customers[rows],
            confidence=confidence,
            method="effect_scores",
        )
        made.append(Tenth(int(rows.sum()), float(expected[rows].mean()), effect))
    return tuple(made)


def calibration_line(
    predictions: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    customers: npt.NDArray[np.int64] | None = None,
) -> Line:
    """Return the line of effect on prediction, with variances that need no equal noise.

    Parameters
    ----------
    predictions, scores, customers : as in `tenths`.

    Raises
    ------
    DataError : there are fewer than three customers.
    """
    expected = numbers("predictions", predictions)
    found = numbers("scores", scores, rows=len(expected))
    if len(expected) < 3:
        raise DataError(f"{len(expected)} customers", "at least 3", "take a larger pilot")
    centre, effect = float(expected.mean()), float(found.mean())
    apart = expected - centre
    squares = float(apart @ apart)
    slope = float(apart @ found) / squares if squares > 1e-12 * max(centre**2, 1e-300) else 0.0
    noise = found - effect - slope * apart
    rows = len(expected)
    steep = apart / squares if slope else np.zeros(rows)
    on_level, on_slope = noise / rows, noise * steep
    if customers is not None:
        on_level, on_slope = (customer_sums(part, customers) for part in (on_level, on_slope))
    count = len(on_level)
    correction = count / max(count - 2, 1)
    return Line(
        centre,
        effect,
        slope,
        correction * float(on_level @ on_level),
        correction * float(on_slope @ on_slope),
        correction * float(on_slope @ on_level),
    )


def slope_estimate(line: Line, *, confidence: float = CONFIDENCE) -> Estimate | Undefined:
    """Return the slope with its interval, or why there is none.

    Parameters
    ----------
    line : from `calibration_line`.
    confidence : nominal coverage, 0..1 exclusive.
    """
    from_normal = _normal_reach(confidence)
    if line.variance_slope <= 0:
        return Undefined("same_prediction_for_all")
    reach = from_normal * line.variance_slope**0.5
    return Estimate(line.slope, line.slope - reach, line.slope + reach, confidence, "robust_line")


def _normal_reach(confidence: float) -> float:
    check_confidence(confidence)
    return NormalDist().inv_cdf(0.5 + confidence / 2)
