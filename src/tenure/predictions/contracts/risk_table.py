"""Contracts at risk and ended per renewal period: all that a survival model learns from.

A contract is at risk in period k if it came to that period's renewal under observation. The
likelihood of any discrete duration model, with censoring and delayed entry, is a product over
the periods of the hazard to the power of those who ended and one minus it for those who stayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError
from tenure.predictions.tables import columns_of, row_error

FloatArray = npt.NDArray[np.float64]

DURATION, ENDED, ENTRY, CUSTOMERS = "duration_periods", "ended", "entry_periods", "customers"
PERIODS_MAX = 20_000
"""More renewals than any contract has seen; guards the memory."""


@dataclass(frozen=True)
class Durations:
    """Contracts as they were observed, one entry per row.

    Parameters
    ----------
    duration : the period a contract ended in (from 1 on), or the renewals it has lived through.
    ended : whether it ended.
    entry : renewals behind it when it came under observation.
    weights : contracts each row stands for.
    """

    duration: FloatArray
    ended: npt.NDArray[np.bool_]
    entry: FloatArray
    weights: FloatArray

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.duration)


def durations_of(data: object, weights: npt.ArrayLike | None = None) -> Durations:
    """Read contract durations from any table and check them.

    Parameters
    ----------
    data : `duration_periods` and `ended`; `entry_periods` and `customers` if it has them.
    weights : contracts each row stands for; goes before the table's column `customers`.

    Raises
    ------
    DataError : a column is missing or a row is impossible; it names the first one.
    """
    found = columns_of(data, (DURATION, ENDED), optional=(ENTRY, CUSTOMERS))
    duration, ended = found[DURATION], found[ENDED]
    entry = found.get(ENTRY, np.zeros(len(duration)))
    own = found.get(CUSTOMERS, np.ones(len(duration)))
    if weights is not None:
        own = columns_of({CUSTOMERS: weights, DURATION: duration}, (CUSTOMERS, DURATION))[CUSTOMERS]
    _first_wrong(ENDED, ended, (ended != 0) & (ended != 1), "0 or 1, or false or true")
    is_ended = ended == 1
    _first_wrong(
        DURATION, duration, is_ended & (duration < 1), "the period a contract ended in, from 1"
    )
    for name, values in ((DURATION, duration), (ENTRY, entry)):
        _first_wrong(name, values, values != np.floor(values), "a whole number of periods")
    _first_wrong(DURATION, duration, duration > PERIODS_MAX, f"at most {PERIODS_MAX:,} periods")
    too_late = (entry > duration) | (is_ended & (entry >= duration))
    _first_wrong(ENTRY, entry, too_late, "an entry before the end")
    return Durations(duration, is_ended, entry, own)


def _first_wrong(
    name: str, values: FloatArray, wrong: npt.NDArray[np.bool_], expected: str
) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        raise row_error(name, row, values[row], expected)


@dataclass(frozen=True)
class RiskTable:
    """What happened in each period.

    Parameters
    ----------
    at_risk : contracts that came to the renewal of period 1, 2, ... under observation.
    ended : those of them that ended then.
    contracts : contracts in all, also those that never came to a renewal.
    """

    at_risk: FloatArray
    ended: FloatArray
    contracts: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "at_risk": self.at_risk.tolist(),
            "ended": self.ended.tolist(),
            "contracts": self.contracts,
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> RiskTable:
        """Make it again from what `to_dict` returned."""
        return cls(
            np.array(described["at_risk"]),
            np.array(described["ended"]),
            float(described["contracts"]),
        )

    @property
    def stayed(self) -> FloatArray:
        """Contracts that were renewed, per period."""
        return self.at_risk - self.ended

    @property
    def periods(self) -> FloatArray:
        """The periods' numbers: 1, 2, ..."""
        return np.arange(1.0, len(self.at_risk) + 1)

    @property
    def hazard(self) -> float:
        """The share of renewals refused over all periods, kept off 0 and 1."""
        return float((self.ended.sum() + 0.5) / (self.at_risk.sum() + 1.0))


def risk_table(durations: Durations) -> RiskTable:
    """Count contracts at risk and ended per period.

    Raises
    ------
    DataError : no contract has come to a renewal.
    """
    last = int(durations.duration.max()) if len(durations) else 0
    if not last or not durations.weights.sum() > 0:
        raise DataError(
            "no contract that came to a renewal",
            "at least one contract with duration_periods of 1 or more",
            "wait for the first renewals, or take a shorter renewal period",
        )
    size = last + 2
    duration, entry = durations.duration.astype(np.intp), durations.entry.astype(np.intp)
    weights = durations.weights
    changes = np.bincount(entry + 1, weights, size) - np.bincount(duration + 1, weights, size)
    ended = np.bincount(duration, weights * durations.ended, size)
    at_risk = np.cumsum(changes)[1 : last + 1]
    return RiskTable(
        np.maximum(at_risk, 0.0), np.asarray(ended[1 : last + 1]), float(weights.sum())
    )
