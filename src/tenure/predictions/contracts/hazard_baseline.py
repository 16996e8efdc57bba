"""How the hazard of a contract depends on its age alone: stretches of periods that share one.

References
----------
P. D. Allison (1982), Discrete-Time Methods for the Analysis of Event Histories, Sociological
Methodology 13, 61-98, doi:10.2307/270718; F. E. Harrell (2001), Regression Modeling Strategies,
section 2.4.5 (restricted cubic spline).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tenure.kernel import OptionError
from tenure.predictions.contracts.risk_table import RiskTable

FloatArray = npt.NDArray[np.float64]

DUMMIES, SMOOTH, CONSTANT = "dummies", "smooth", "constant"
BASELINES = (DUMMIES, SMOOTH, CONSTANT)
_SINGLE_UP_TO = 36
_STRETCH = 1.1
"""Smooth: each of the first periods stands alone, later ones in stretches 10 % longer each."""
_KNOTS, _MOST = (0.05, 0.35, 0.65, 0.95), 0.995


@dataclass(frozen=True)
class Baseline:
    """Stretches of periods with one hazard each, and the columns that stand for them.

    Parameters
    ----------
    starts : renewals before each stretch, ascending from 0; it ends where the next begins, and
        the last one never.
    columns : shape (stretches, coefficients).
    names : of the coefficients.
    """

    starts: FloatArray
    columns: FloatArray
    names: tuple[str, ...]

    def lengths(self, entry: FloatArray, duration: FloatArray) -> FloatArray:
        """Return how many periods after `entry` up to `duration` lie in each stretch."""
        ends = np.append(self.starts[1:], np.inf)
        upto = np.minimum(duration[:, None], ends)
        found: FloatArray = np.maximum(upto - np.maximum(entry[:, None], self.starts), 0.0)
        return found

    def places(self, duration: FloatArray) -> npt.NDArray[np.intp]:
        """Return the stretch in which each period lies."""
        return np.searchsorted(self.starts, duration, side="left") - 1

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "starts": self.starts.tolist(),
            "columns": self.columns.tolist(),
            "names": list(self.names),
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Baseline:
        """Make it again from what `to_dict` returned."""
        return cls(
            np.array(described["starts"]), np.array(described["columns"]), tuple(described["names"])
        )


def baseline(kind: str, table: RiskTable, endings_min: float) -> Baseline:
    """Return the stretches for what was observed.

    Parameters
    ----------
    kind : `dummies`, a hazard for each period, neighbours joined until each stretch has seen
        enough endings; `smooth`, a restricted cubic spline of the logarithm of the period;
        `constant`, one hazard.
    table : contracts at risk and ended per period.
    endings_min : endings that a stretch of dummies needs.

    Raises
    ------
    OptionError : there is no such kind.
    """
    if kind not in BASELINES:
        raise OptionError(f"baseline {kind!r}", f"one of {', '.join(BASELINES)}", "choose one")
    if kind == CONSTANT:
        return Baseline(np.zeros(1), np.ones((1, 1)), ("log_odds",))
    if kind == DUMMIES:
        starts = _joined(table, endings_min)
        return Baseline(starts, np.eye(len(starts)), _stretch_names(starts))
    return _smooth(table)


def _joined(table: RiskTable, endings_min: float) -> FloatArray:
    """Return starts of stretches that have each seen enough endings, and renewals."""
    starts, ended, stayed = [0.0], 0.0, 0.0
    for period, (one, other) in enumerate(zip(table.ended, table.stayed, strict=True), start=1):
        ended, stayed = ended + one, stayed + other
        if ended >= endings_min and stayed > 0:
            starts.append(float(period))
            ended = stayed = 0.0
    # What is left over, or the end itself, belongs to the last whole stretch.
    return np.array(starts[:-1] if len(starts) > 1 else starts)


def _stretch_names(starts: FloatArray) -> tuple[str, ...]:
    ends = [*(int(start) for start in starts[1:]), None]
    names = []
    for start, end in zip(starts, ends, strict=True):
        first = int(start) + 1
        names.append(
            f"log_odds[{first}+]"
            if end is None
            else f"log_odds[{first}]"
            if end == first
            else f"log_odds[{first}-{end}]"
        )
    return tuple(names)


def _smooth(table: RiskTable) -> Baseline:
    last = len(table.at_risk)
    starts = [0]
    while starts[-1] + 1 < last:
        length = 1 if starts[-1] < _SINGLE_UP_TO else int(starts[-1] * (_STRETCH - 1))
        starts.append(min(starts[-1] + max(length, 1), last - 1))
    begins = np.array(starts, dtype=np.float64)
    middles = (begins + 1 + np.append(begins[1:], last)) / 2
    logs = np.log(middles)
    spline = _spline(logs, _knots(table))
    columns = np.column_stack([np.ones_like(logs), spline])
    names = ("log_odds", *(f"log_odds[spline {i}]" for i in range(1, columns.shape[1])))
    return Baseline(begins, columns, names)


def _knots(table: RiskTable) -> FloatArray:
    """Return knots at fixed shares of the logarithmic span in which nearly all renewals lie.

    They do not follow the endings: knots that chase them add variance that no error tells of.
    """
    reached = np.cumsum(table.at_risk)
    last = int(np.searchsorted(reached, _MOST * reached[-1])) + 1
    return np.unique(np.log(last) * np.array(_KNOTS))


def _spline(logs: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the columns of a spline that is a straight line beyond its outer knots."""
    if len(logs) < 2:
        return np.empty((len(logs), 0))
    columns = [logs]
    if len(knots) > 2:
        last, before = knots[-1], knots[-2]

        def cube(knot: float) -> FloatArray:
            risen: FloatArray = np.maximum(logs - knot, 0.0) ** 3
            return risen

        for knot in knots[:-2]:
            bent = cube(knot) - cube(before) * (last - knot) / (last - before)
            columns.append(bent + cube(last) * (before - knot) / (last - before))
    table = np.column_stack(columns)
    spread = table.std(axis=0)
    standard: FloatArray = (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return standard
