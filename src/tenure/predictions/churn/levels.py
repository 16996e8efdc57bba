"""Warning levels that a manager can act on, each with the precision to expect of it.

Two ways to draw the line: by capacity ("the 200 you can call this week") and by threshold
("everyone above 30 %"). Beside each stands the share of those warned who are expected to leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tenure.kernel import Estimate, OptionError, Undefined
from tenure.predictions.churn.calibration import Calibration
from tenure.predictions.tables import FloatArray

HIGH, MEDIUM, LOW = "high", "medium", "low"
LEVELS: Mapping[str, Mapping[str, str]] = {
    HIGH: {"en": "high", "zh": "高"},
    MEDIUM: {"en": "medium", "zh": "中"},
    LOW: {"en": "low", "zh": "低"},
}
"""Each level for people, the most urgent first."""

_HIGH_ODDS, _MEDIUM_ODDS = 4.0, 2.0
_NOBODY = Undefined("nobody_warned")


@dataclass(frozen=True, slots=True)
class WarningLevels:
    """Probabilities from which a level begins.

    Parameters
    ----------
    medium, high : 0..1, medium <= high.

    Raises
    ------
    OptionError : a value is out of its range.
    """

    medium: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.medium <= self.high <= 1:
            raise OptionError(
                f"warning levels medium {self.medium}, high {self.high}",
                "0 <= medium <= high <= 1",
                "set the probability from which each level begins",
            )

    @classmethod
    def around(cls, share: float) -> Self:
        """Return levels at twice and four times the odds of the average customer.

        Parameters
        ----------
        share : of customers who leave, 0..1.
        """
        odds = share / max(1 - share, 1e-9)
        return cls(
            _MEDIUM_ODDS * odds / (1 + _MEDIUM_ODDS * odds),
            _HIGH_ODDS * odds / (1 + _HIGH_ODDS * odds),
        )

    def of(self, probability: FloatArray) -> npt.NDArray[np.str_]:
        """Return the level of each probability."""
        return np.where(
            probability >= self.high, HIGH, np.where(probability >= self.medium, MEDIUM, LOW)
        )

    def as_dict(self) -> dict[str, float]:
        """Return the levels as plain values for JSON."""
        return {"medium": self.medium, "high": self.high}

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Self:
        """Make the levels again from what `as_dict` returned."""
        return cls(**described)


@dataclass(frozen=True, slots=True)
class Warned:
    """Customers above a line.

    Parameters
    ----------
    name : the level, or `capacity` or `threshold`.
    threshold : the lowest probability among them; where the line lies if there are none.
    customers : how many.
    expected_precision : the share of them expected to leave, with the interval of what will be.
    rows : their places in the scores, the most urgent first; None where not asked for.
    """

    name: str
    threshold: float
    customers: int
    expected_precision: Estimate | Undefined
    rows: npt.NDArray[np.int64] | None = None


def by_capacity(
    calibration: Calibration,
    margin: FloatArray,
    capacity: int,
    *,
    value: npt.ArrayLike | None = None,
) -> Warned:
    """Return the customers to call when there is time for so many.

    Parameters
    ----------
    calibration : the model's.
    margin : log-odds of everyone who can still leave.
    capacity : how many can be called, from 1.
    value : what each is worth; then the expected loss decides, not the probability alone.
    """
    if capacity < 1:
        raise OptionError(f"capacity {capacity}", "a whole number from 1", "say how many to call")
    probability = calibration.probability(margin)
    urgency = probability if value is None else probability * np.asarray(value, dtype=np.float64)
    # of equal urgency the earlier row goes first, so the list is the same every time
    rows = np.argsort(-urgency, kind="stable")[:capacity]
    lowest = float(probability[rows].min()) if len(rows) else 1.0
    return _warned("capacity", calibration, margin, rows, lowest)


def by_threshold(
    calibration: Calibration, margin: FloatArray, threshold: float, *, name: str = "threshold"
) -> Warned:
    """Return the customers with at least this probability, the most urgent first.

    Parameters
    ----------
    calibration : the model's.
    margin : log-odds of everyone who can still leave.
    threshold : a probability, 0..1.
    name : what the line is called.
    """
    if not 0 <= threshold <= 1:
        raise OptionError(f"threshold {threshold}", "a probability, 0..1", "correct the threshold")
    probability = calibration.probability(margin)
    order = np.argsort(-probability, kind="stable")
    return _warned(
        name, calibration, margin, order[: int((probability >= threshold).sum())], threshold
    )


def by_levels(
    calibration: Calibration, margin: FloatArray, levels: WarningLevels
) -> tuple[Warned, ...]:
    """Return the customers of each level, the most urgent level first; `low` is all others.

    Parameters
    ----------
    calibration : the model's.
    margin : log-odds of everyone who can still leave.
    levels : where they begin.
    """
    level = levels.of(calibration.probability(margin))
    begins = {HIGH: levels.high, MEDIUM: levels.medium, LOW: 0.0}
    return tuple(
        _warned(name, calibration, margin, np.flatnonzero(level == name), begins[name])
        for name in LEVELS
    )


def _warned(
    name: str,
    calibration: Calibration,
    margin: FloatArray,
    rows: npt.NDArray[np.intp],
    threshold: float,
) -> Warned:
    precision = calibration.mean(margin[rows]) if len(rows) else _NOBODY
    return Warned(name, threshold, len(rows), precision, rows.astype(np.int64))
