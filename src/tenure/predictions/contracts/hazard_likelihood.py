"""The likelihood of the discrete-time hazard: a pooled logistic regression, stretch by stretch.

All periods of a stretch share one hazard for a contract, so a contract is a few cells with how
many of its periods lie in each, not a row per period.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.predictions.contracts.hazard_baseline import Baseline
from tenure.predictions.fitting.likelihood import Evaluation
from tenure.predictions.fitting.tuples import Tuples

FloatArray = npt.NDArray[np.float64]

_HELD_AT_ONCE = 65_536
"""Rows times stretches worked on at once: they stay in the processor's cache."""
_LOG_ODDS_MAX = 340.0
"""Two of them together are still a double."""


@dataclass(frozen=True)
class HazardRows:
    """Contracts at an age, or stretches of their lives.

    Parameters
    ----------
    entry, duration : periods from one to the other were at risk.
    ended : 1 if the contract ended in the last of them.
    weights : contracts per row.
    numbers : covariates, shape (rows, k).
    """

    entry: FloatArray
    duration: FloatArray
    ended: FloatArray
    weights: FloatArray
    numbers: FloatArray

    def part(self, rows: slice) -> HazardRows:
        """Return some of the rows."""
        return HazardRows(
            self.entry[rows],
            self.duration[rows],
            self.ended[rows],
            self.weights[rows],
            self.numbers[rows],
        )


def rows_of(alike: Tuples) -> HazardRows:
    """Return the distinct rows of (entry, duration, ended, covariates)."""
    entry, duration, ended, *numbers = alike.columns
    table = np.column_stack(numbers) if numbers else np.empty((len(alike), 0))
    return HazardRows(entry, duration, ended, alike.weights, table)


def parts(rows: HazardRows, own: Baseline) -> Iterator[slice]:
    """Yield slices of rows, few enough to be held at once."""
    size = max(1, _HELD_AT_ONCE // len(own.starts))
    for first in range(0, len(rows.entry), size):
        yield slice(first, min(first + size, len(rows.entry)))


def odds_of(point: FloatArray, rows: HazardRows, own: Baseline) -> FloatArray:
    """Return the odds of the hazard, shape (rows, stretches).

    Parameters
    ----------
    point : coefficients of the baseline, then of the covariates.
    rows : the contracts.
    own : the baseline.
    """
    count = own.columns.shape[1]
    effects = np.einsum("ij,j->i", rows.numbers, point[count:])
    effect = np.clip(effects, -_LOG_ODDS_MAX, _LOG_ODDS_MAX)
    level = np.clip(own.columns @ point[:count], -_LOG_ODDS_MAX, _LOG_ODDS_MAX)
    odds: FloatArray = np.exp(effect)[:, None] * np.exp(level)
    return odds


def evaluate(point: FloatArray, rows: HazardRows, own: Baseline) -> Evaluation:
    """Return the log-likelihood with gradient and Hessian; it is concave.

    Parameters
    ----------
    point, rows, own : as in `odds_of`.
    """
    count, effects = own.columns.shape[1], rows.numbers.shape[1]
    value = 0.0
    by_stretch, bend_stretch = np.zeros(len(own.starts)), np.zeros(len(own.starts))
    by_effect, across = np.zeros(effects), np.zeros((len(own.starts), effects))
    bend_effect = np.zeros((effects, effects))
    for part in parts(rows, own):
        some = rows.part(part)
        odds = odds_of(point, some, own)
        lengths = own.lengths(some.entry, some.duration) * some.weights[:, None]
        (gone,) = np.nonzero(some.ended)
        places = own.places(some.duration[gone])
        weights = some.weights[gone]
        value += float(weights @ np.log(odds[gone, places]))
        value -= float((lengths * np.log1p(odds)).sum())
        # From here on, odds are first hazards, then hazards times what was at risk.
        odds /= 1 + odds
        spread = -odds
        spread += 1
        odds *= lengths
        spread *= odds
        residual = -odds
        residual[gone, places] += weights
        by_stretch += residual.sum(axis=0)
        bend_stretch += spread.sum(axis=0)
        # By einsum: for a matrix product BLAS starts threads, and waits for a busy processor.
        by_effect += np.einsum("i,ij->j", residual.sum(axis=1), some.numbers)
        across += np.einsum("ij,ik->jk", spread, some.numbers)
        weighed = spread.sum(axis=1)[:, None] * some.numbers
        bend_effect += np.einsum("ij,ik->jk", weighed, some.numbers)
    columns = own.columns
    hessian = np.empty((count + effects, count + effects))
    hessian[:count, :count] = -(columns.T * bend_stretch) @ columns
    hessian[:count, count:] = -columns.T @ across
    hessian[count:, :count] = hessian[:count, count:].T
    hessian[count:, count:] = -bend_effect
    return Evaluation(value, np.concatenate((by_stretch @ columns, by_effect)), hessian)
