"""How far outcomes lie from expectations: intervals learnt from what happened at an earlier date.

A conformal interval by size of the expectation: customers of about the same expected value are
one group, and the group's quantiles of outcome / expectation hold for customers like them. It
covers whatever scatters: chance, the model's errors, and large orders alike.

References
----------
Vovk, Gammerman, Shafer (2005), Algorithmic Learning in a Random World, section 4.5 (conformal
prediction by categories); Lei et al. (2018), Distribution-free predictive inference for
regression, JASA 113, doi:10.1080/01621459.2017.1307116.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.predictions.fitting.draws import Predicted, check_interval
from tenure.predictions.tables import FloatArray

GROUPS_MAX = 25
GROUP_MIN = 40
"""Customers of a group; with fewer its outer quantiles are guesses."""

_LEAST = 1e-9


@dataclass(frozen=True)
class OutcomeSpread:
    """Outcome over expectation at the ends of the interval, by expectation.

    Parameters
    ----------
    log_expected : where groups lie, rising.
    low, high : ends of the ratio in each group.
    interval : nominal coverage, 0..1.
    """

    log_expected: FloatArray
    low: FloatArray
    high: FloatArray
    interval: float

    def around(self, expected: FloatArray) -> Predicted:
        """Return expectations with the interval of what will happen, low <= value <= high.

        Parameters
        ----------
        expected : at least 0.
        """
        place = np.log(np.maximum(expected, _LEAST))
        low = np.interp(place, self.log_expected, self.low) * expected
        high = np.interp(place, self.log_expected, self.high) * expected
        return Predicted(expected, np.minimum(low, expected), np.maximum(high, expected))

    def as_dict(self) -> dict[str, Any]:
        """Return the groups as plain values for JSON."""
        return {
            "log_expected": self.log_expected.tolist(),
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "interval": self.interval,
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> OutcomeSpread:
        """Make the groups again from what `as_dict` returned."""
        arrays = (np.array(described[n], np.float64) for n in ("log_expected", "low", "high"))
        place, low, high = arrays
        return cls(place, low, high, float(described["interval"]))


def learn_spread(
    expected: FloatArray, actual: FloatArray, *, interval: float = 0.9
) -> OutcomeSpread | None:
    """Return how far outcomes of an earlier date lay from what was expected of them.

    Parameters
    ----------
    expected : forecasts made at that date, at least 0.
    actual : what then happened, at least 0.
    interval : nominal coverage, 0..1. Where more customers than it leaves out brought nothing,
        the interval begins at 0 and leaves out the largest outcomes only.

    Returns
    -------
    None where there are fewer than `GROUP_MIN` customers.
    """
    check_interval(interval)
    if len(expected) < GROUP_MIN:
        return None
    count = int(np.clip(len(expected) // GROUP_MIN, 1, GROUPS_MAX))
    # Equal expectations stay in one group, so nothing depends on the order of rows.
    cuts = np.unique(np.quantile(expected, np.linspace(0, 1, count + 1)[1:-1], method="lower"))
    cell = np.searchsorted(cuts, expected, side="left")
    place, low, high = [], [], []
    for group in (cell == number for number in np.unique(cell)):
        middle = float(np.median(expected[group]))
        ratio = np.sort(actual[group] / np.maximum(expected[group], _LEAST))
        ends = _ends(ratio, interval)
        place.append(np.log(max(middle, _LEAST)))
        low.append(ends[0])
        high.append(ends[1])
    rising, first = np.unique(place, return_index=True)
    return OutcomeSpread(rising, np.array(low)[first], np.array(high)[first], interval)


def _ends(ratio: FloatArray, interval: float) -> tuple[float, float]:
    """Return the ends of the interval in a sorted group, with room for the next customer."""
    count = len(ratio)
    left_out = 1 - interval
    nothing = float((ratio <= 0).mean())
    below = 0.0 if nothing >= left_out / 2 else left_out / 2
    above = left_out - below
    high = ratio[min(int(np.ceil((1 - above) * (count + 1))) - 1, count - 1)]
    low = 0.0 if below == 0 else ratio[max(int(np.floor(below * (count + 1))) - 1, 0)]
    return float(low), float(high)
