"""The likelihood of the BG/BB over distinct histories, with slopes and curvature.

A customer was there for k opportunities, k from the one at which she last bought (t_x) up to all
n; each k is a product of two beta-distributed chances, and the likelihood is their sum. All
arguments of the gamma functions are a parameter plus a whole number, so each is looked up.

References
----------
P. S. Fader, B. G. S. Hardie, J. Shang (2010), Customer-Base Analysis in a Discrete-Time
Noncontractual Setting, Marketing Science 29(6), 1086-1108, doi:10.1287/mksc.1100.0580, eq. 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tenure.predictions.fitting.likelihood import Evaluation
from tenure.predictions.fitting.tuples import Tuples

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

ALPHA, BETA, GAMMA, DELTA = range(4)
_HELD_AT_ONCE = 200_000
"""Histories times opportunities worked on at once."""


@dataclass(frozen=True)
class OpportunityRows:
    """Distinct histories.

    Parameters
    ----------
    count, last, age : x, t_x and n, whole numbers.
    weights : customers per row.
    """

    count: FloatArray
    last: FloatArray
    age: FloatArray
    weights: FloatArray

    def part(self, rows: slice | IntArray) -> OpportunityRows:
        """Return some of the rows."""
        return OpportunityRows(
            self.count[rows], self.last[rows], self.age[rows], self.weights[rows]
        )

    @cached_property
    def lengths(self) -> Iterable[tuple[IntArray, OpportunityRows, Lengths]]:
        """Rows of similar length, few enough to be held at once, with their lengths.

        Kept where that takes little memory, made anew each time where it would take much.
        """
        if (self.age - self.last + 1).sum() <= _HELD_AT_ONCE:
            return [(places, part, Lengths(part)) for places, part in self.parts()]
        return _Anew(self)

    def parts(self) -> Iterator[tuple[IntArray, OpportunityRows]]:
        """Yield rows of similar length, few enough to be held at once."""
        order = np.argsort(self.age - self.last, kind="stable")
        lengths = (self.age - self.last)[order] + 1
        first = 0
        while first < len(order):
            end = min(first + max(1, int(_HELD_AT_ONCE // lengths[first])), len(order))
            while end - first > 1 and (end - first) * lengths[end - 1] > 2 * _HELD_AT_ONCE:
                end = first + (end - first) // 2
            yield order[first:end], self.part(order[first:end])
            first = end


@dataclass(frozen=True)
class _Anew:
    """Parts of rows with their lengths, worked out whenever they are gone through."""

    rows: OpportunityRows

    def __iter__(self) -> Iterator[tuple[IntArray, OpportunityRows, Lengths]]:
        return ((places, part, Lengths(part)) for places, part in self.rows.parts())


def rows_of(tuples: Tuples) -> OpportunityRows:
    """Return the distinct rows of (x, t_x, n)."""
    count, last, age = tuples.columns
    return OpportunityRows(count, last, age, tuples.weights)


class _Rises(NamedTuple):
    """log Gamma(z + k) - log Gamma(z) for k = 0, 1, ... with slope and bend by z."""

    value: FloatArray
    slope: FloatArray
    bend: FloatArray


class _Tables:
    """The rises of alpha, beta, gamma + delta and so on up to the longest history.

    Parameters of shape (points, 4) make tables of shape (points, opportunities).
    """

    def __init__(self, parameters: FloatArray, longest: float, *, slopes: bool) -> None:
        alpha, beta, gamma, delta = (parameters[..., i : i + 1] for i in range(4))
        steps = np.arange(longest + 1)

        def rises(z: FloatArray) -> _Rises:
            # Over whole steps a rise is a sum, faster and as exact as the gamma functions.
            reached = z + steps
            value = _summed(np.log(reached))
            if not slopes:
                return _Rises(value, value, value)
            return _Rises(value, _summed(1 / reached), -_summed(1 / reached**2))

        self.buy, self.miss, self.any = rises(alpha), rises(beta), rises(alpha + beta)
        self.stay, self.all = rises(delta), rises(gamma + delta)
        self.gamma = gamma


def _summed(terms: FloatArray) -> FloatArray:
    """Return the sums of the first 0, 1, 2, ... terms along the last axis."""
    before = np.zeros((*terms.shape[:-1], 1))
    return np.concatenate((before, np.cumsum(terms, axis=-1)), axis=-1)


class Lengths:
    """Every number of opportunities a customer may have been there, for some rows."""

    def __init__(self, rows: OpportunityRows) -> None:
        steps = np.arange(int((rows.age - rows.last).max(initial=0)) + 1)
        last, age = rows.last.astype(np.intp)[:, None], rows.age.astype(np.intp)[:, None]
        self.count = rows.count.astype(np.intp)[:, None]
        self.possible = last + steps <= age
        self.there = np.minimum(last + steps, age)
        self.left = self.there < age
        self.missed = self.there - self.count
        # Who left did so before the next opportunity.
        self.decided = self.there + self.left

    def logs(self, tables: _Tables) -> FloatArray:
        """Return the logarithm of each length's probability, -inf where it is impossible."""
        logs = tables.buy.value[..., self.count] + tables.miss.value[..., self.missed]
        logs -= tables.any.value[..., self.there]
        logs += tables.stay.value[..., self.there]
        logs -= tables.all.value[..., self.decided]
        logs += np.where(self.left, np.log(tables.gamma)[..., None], 0.0)
        return np.where(self.possible, logs, -np.inf)


def log_active(parameters: FloatArray, rows: OpportunityRows) -> FloatArray:
    """Return the logarithm of the probability that each row's customers were there to the end.

    Parameters
    ----------
    parameters : alpha, beta, gamma, delta.
    rows : distinct histories.
    """
    tables = _Tables(parameters, rows.age.max(initial=0.0), slopes=False)
    found = np.empty(len(rows.count))
    for places, _, lengths in rows.lengths:
        logs = lengths.logs(tables)
        stayed = np.where(lengths.left, -np.inf, logs).max(axis=1)
        found[places] = np.minimum(stayed - _log_sum(logs), 0.0)
    return found


def log_likelihoods(working: FloatArray, rows: OpportunityRows) -> FloatArray:
    """Return the log-likelihood at many points.

    Parameters
    ----------
    working : logarithms of the parameters, shape (points, 4).
    rows : distinct histories.
    """
    found = np.zeros(len(working))
    cells = max(int((rows.age - rows.last + 1).sum()), 1)
    size = max(1, _HELD_AT_ONCE // cells)
    for first in range(0, len(working), size):
        points = slice(first, first + size)
        tables = _Tables(np.exp(working[points]), rows.age.max(initial=0.0), slopes=False)
        for _, part, lengths in rows.lengths:
            found[points] += (_log_sum(lengths.logs(tables)) * part.weights).sum(axis=-1)
    return found


def evaluate(working: FloatArray, rows: OpportunityRows) -> Evaluation:
    """Return the log-likelihood at the parameters' logarithms, with gradient and Hessian."""
    parameters = np.exp(working)
    tables = _Tables(parameters, rows.age.max(initial=0.0), slopes=True)
    value, gradient, hessian = 0.0, np.zeros(4), np.zeros((4, 4))
    for _, part, lengths in rows.lengths:
        logs = lengths.logs(tables)
        total = _log_sum(logs)
        value += float(total @ part.weights)
        shares = np.exp(logs - total[:, None])
        slopes = _slopes(lengths, tables)
        means = np.einsum("ijk,jk->ij", slopes, shares)
        gradient += means @ part.weights
        shares *= part.weights[:, None]
        hessian += np.einsum("ikl,jkl->ij", slopes * shares, slopes)
        hessian -= np.einsum("ik,jk->ij", means * part.weights, means)
        hessian += _bends(lengths, tables, shares)
    # From the parameters to their logarithms.
    by = parameters[:, None] * parameters
    return Evaluation(value, gradient * parameters, hessian * by + np.diag(gradient * parameters))


def _log_sum(logs: FloatArray) -> FloatArray:
    highest = logs.max(axis=-1)
    total: FloatArray = highest + np.log(np.exp(logs - highest[..., None]).sum(axis=-1))
    return total


def _slopes(lengths: Lengths, tables: _Tables) -> FloatArray:
    """Return derivatives of each length's log-probability, shape (4, rows, lengths)."""
    any_slope, all_slope = tables.any.slope[lengths.there], tables.all.slope[lengths.decided]
    return np.array(
        [
            tables.buy.slope[lengths.count] - any_slope,
            tables.miss.slope[lengths.missed] - any_slope,
            lengths.left / tables.gamma - all_slope,
            tables.stay.slope[lengths.there] - all_slope,
        ]
    )


def _bends(lengths: Lengths, tables: _Tables, shares: FloatArray) -> FloatArray:
    """Return the second derivatives of the log-probabilities, averaged under the shares."""
    found = np.zeros((4, 4))
    any_bend = float((tables.any.bend[lengths.there] * shares).sum())
    all_bend = float((tables.all.bend[lengths.decided] * shares).sum())
    found[:2, :2] -= any_bend
    found[2:, 2:] -= all_bend
    found[ALPHA, ALPHA] += (tables.buy.bend[lengths.count] * shares).sum()
    found[BETA, BETA] += (tables.miss.bend[lengths.missed] * shares).sum()
    found[GAMMA, GAMMA] -= (lengths.left * shares).sum() / float(tables.gamma[0]) ** 2
    found[DELTA, DELTA] += (tables.stay.bend[lengths.there] * shares).sum()
    return found
