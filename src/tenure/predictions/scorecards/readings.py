"""One figure as read from the data: its value with an interval, or the reason why it has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tenure.kernel import Estimate, Undefined
from tenure.predictions.scorecards.arrays import Floats

_LOST_MAX = 0.05


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure's value, its interval where one is known, or why it is undefined.

    Parameters
    ----------
    value : None if undefined.
    low, high : ends of the interval at the scorecard's confidence; None if not estimated.
    reason : stable code if undefined.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    def as_dict(self) -> dict[str, float | str | None]:
        """Return the reading for JSON, without what it does not have."""
        parts = {"value": self.value, "low": self.low, "high": self.high, "reason": self.reason}
        return {k: v for k, v in parts.items() if v is not None or k == "value"}

    @classmethod
    def from_dict(cls, given: Mapping[str, object]) -> Reading:
        """Return the reading that `as_dict` wrote."""

        def number(name: str) -> float | None:
            value = given.get(name)
            return float(value) if isinstance(value, int | float) else None

        reason = given.get("reason")
        return cls(
            number("value"), number("low"), number("high"), None if not reason else str(reason)
        )

    def estimate(self, confidence: float) -> Estimate | Undefined:
        """Return the figure as the kernel's estimate, `Undefined` if it lacks an interval."""
        if self.value is None or self.low is None or self.high is None:
            return Undefined(self.reason or "no_interval")
        return Estimate(self.value, self.low, self.high, confidence, "bootstrap")


def reading(found: Estimate | Undefined | float) -> Reading:
    """Return a figure of any form as a reading."""
    if isinstance(found, Undefined):
        return Reading(None, reason=found.reason)
    if isinstance(found, Estimate):
        return Reading(found.value, found.low, found.high)
    return Reading(found) if np.isfinite(found) else Reading(None, reason="undefined")


def resampled(value: float, draws: Floats, confidence: float, *, offset: float = 0.0) -> Reading:
    """Return a figure with the percentile interval of its draws.

    Parameters
    ----------
    value : the figure from the data as they are.
    draws : the figure in each draw; not-a-number where a draw does not define it.
    confidence : nominal coverage, 0..1.
    offset : what the draws' coarser groups make of the figure less its exact value.
    """
    if not np.isfinite(value):
        return Reading(None, reason="undefined")
    known = draws[np.isfinite(draws)]
    if known.size < (1 - _LOST_MAX) * draws.size or not known.size:
        return Reading(value)
    ends = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2]) - offset
    # A shifted end may pass what the figure can be at all; no draw does.
    low, high = np.clip(ends, min(known.min(), value), max(known.max(), value))
    return Reading(value, min(float(low), value), max(float(high), value))
