"""The likelihood of the beta-geometric models, with first and second derivatives.

A customer buys at a gamma-distributed rate (r, alpha) and may leave after each purchase with a
beta-distributed probability (a, b). BG/NBD gives the first chance to leave after the first
repeat purchase (Fader, Hardie and Lee 2005, Marketing Science 24(2), 275-284, eq. 6); MBG/NBD
already after the very first purchase (Batislam, Denizel and Filiztekin 2007, IJRM 24(3),
201-209). With k chances survived until the last purchase, both read

    L = G(r+x)/G(r) alpha^r  B(a, b+k)/B(a, b)
        [ (alpha+T)^-(r+x) + a/(b+k-1) (alpha+t_x)^-(r+x) ],

the second term only for k > 0. The parts with gamma functions depend on x alone, so they are
counted per distinct x; they are sums of logarithms, which stay exact where the difference of two
large log-gammas would not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tenure.predictions.fitting.gamma_rises import (
    digamma_rise,
    log_gamma_rise,
    trigamma_rise,
)
from tenure.predictions.fitting.likelihood import Evaluation
from tenure.predictions.fitting.tuples import Tuples, distinct

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

R, ALPHA, A, B = range(4)
EFFECTS = ((ALPHA, -1.0), (A, 1.0), (B, 1.0))
"""Which logarithm a covariate's coefficients move, and its sign: more purchases, lower alpha."""

_PART = 8_192  # rows worked on at once: they stay in the cache, and BLAS starts no threads
_SUMMED_UP_TO = 100_000


class Shape(NamedTuple):
    """The four parameters, for all customers or one array entry per row.

    Parameters
    ----------
    r, alpha : shape and (in time) rate of the gamma distribution of purchase rates.
    a, b : of the beta distribution of the probability to leave.
    """

    r: float
    alpha: float | FloatArray
    a: float | FloatArray
    b: float | FloatArray

    def at(self, rows: IntArray | slice) -> Shape:
        """Return the parameters of some rows."""
        picked = (v[rows] if isinstance(v, np.ndarray) else v for v in self[1:])
        return Shape(self.r, *picked)


class _Terms(NamedTuple):
    """Per row: value, gradient (4 rows), and the Hessian as bend * slopes slopes' + corners."""

    value: FloatArray
    gradient: FloatArray
    slopes: FloatArray
    bend: FloatArray
    corners: FloatArray


_CORNERS = ((R, R), (R, ALPHA), (ALPHA, ALPHA), (B, B))


@dataclass(frozen=True)
class BetaGeometricLikelihood:
    """Log-likelihood at working parameters: log r, log alpha, log a, log b, then coefficients.

    Parameters
    ----------
    tuples : distinct rows (group, x, t_x, T); the group numbers a row of `design`.
    chances_before : chances to leave before the first repeat purchase: 0 in BG/NBD, 1 in MBG/NBD.
    design : covariates of each group, shape (groups, covariates).
    """

    tuples: Tuples
    chances_before: int
    design: FloatArray

    @cached_property
    def _kinds(self) -> tuple[Tuples, IntArray]:
        """Distinct (group, x), and the group of each as an index."""
        group, count, _, _ = self.tuples.columns
        kinds = distinct((group, count), self.tuples.weights)
        return kinds, kinds.columns[0].astype(np.int64)

    @cached_property
    def _groups(self) -> IntArray:
        return self.tuples.columns[0].astype(np.int64)

    def sample(self, count: int) -> BetaGeometricLikelihood | None:
        """Return the likelihood of about `count` customers, scaled up; None if there are few."""
        if len(self.tuples) <= 2 * count:
            return None
        return BetaGeometricLikelihood(self.tuples.sample(count), self.chances_before, self.design)

    def __call__(self, working: FloatArray) -> Evaluation:
        """Return the log-likelihood with gradient and Hessian."""
        shape = shape_at(working, self.design)
        kinds, kind_groups = self._kinds
        sums = _Sums(len(self.design))
        sums.add(
            self._of_counts(kinds.columns[1], shape.at(kind_groups)), kinds.weights, kind_groups
        )
        _, count, last, age = self.tuples.columns
        for first in range(0, len(self.tuples), _PART):
            rows = slice(first, first + _PART)
            groups = self._groups[rows] if len(self.design) > 1 else None
            own = shape if groups is None else shape.at(groups)
            terms = self._of_times(count[rows], last[rows], age[rows], own)
            sums.add(terms, self.tuples.weights[rows], groups)
        return sums.evaluation(self.design)

    def _of_counts(self, count: FloatArray, shape: Shape) -> _Terms:
        """Return what depends on x: G(r+x)/G(r) and B(a, b+k)/B(a, b)."""
        survived = count + self.chances_before
        rate, rate_1, rate_2 = _rising(shape.r, count)
        kept, kept_1, kept_2 = _rising(shape.b, survived)
        both, both_1, both_2 = _rising(shape.a + shape.b, survived)
        r, a, b = shape.r, shape.a, shape.b
        none = np.zeros_like(count)
        first = (r * rate_1, none, -a * both_1, b * (kept_1 - both_1))
        # The Hessian's cross term of a and b, and its corners, from the chain rule of logarithms.
        corner_a = -a * a * both_2 - a * both_1
        corner_b = b * b * (kept_2 - both_2) + b * (kept_1 - both_1)
        cross = -a * b * both_2
        gradient = np.stack([np.broadcast_to(v, count.shape) for v in first])
        second = np.zeros((4, 4, len(count)))
        second[R, R] = r * r * rate_2 + r * rate_1
        second[A, A], second[B, B], second[A, B] = corner_a, corner_b, cross
        second[B, A] = cross
        return _Terms(rate + kept - both, gradient, none, none, second)

    def _of_times(
        self, count: FloatArray, last: FloatArray, age: FloatArray, shape: Shape
    ) -> _Terms:
        """Return what depends on the times: alpha^r [...], by the model's last factor."""
        r, alpha, a, b = shape
        events = count + r
        since_age, since_last = alpha + age, alpha + last
        stretch = np.log1p((age - last) / since_last)
        odds, slope_b = dropout_terms(count + self.chances_before, a, b)
        odds += events * stretch
        value, chance = _softplus(odds)
        log_share = -np.log1p(age / alpha)
        value += events * log_share - count * np.log(alpha)
        at_age, at_last = alpha / since_age, alpha / since_last
        moved = at_age - at_last
        slopes = np.empty((4, len(count)))
        slopes[R] = r * stretch
        slopes[ALPHA] = events * moved
        slopes[A] = 1.0
        slopes[B] = slope_b
        gradient = slopes * chance
        gradient[R] += r * log_share
        gradient[ALPHA] += r - events * at_age
        bent = at_age * (1 - at_age)
        corners = np.empty((4, len(count)))
        corners[0] = gradient[R]
        corners[1] = r * (1 - at_age) + r * moved * chance
        corners[2] = events * ((bent - at_last * (1 - at_last)) * chance - bent)
        corners[3] = slope_b * (1 + slope_b) * chance
        return _Terms(value, gradient, slopes, chance * (1 - chance), corners)


class _Sums:
    """Sums of value, gradient and Hessian, one per group."""

    def __init__(self, groups: int) -> None:
        self.value = 0.0
        self.gradient = np.zeros((groups, 4))
        self.hessian = np.zeros((groups, 4, 4))

    def add(self, terms: _Terms, weights: FloatArray, groups: IntArray | None) -> None:
        """Add weighted rows; without groups, all to the first."""
        self.value += float(terms.value @ weights)
        if groups is None:
            self._add_all(terms, weights)
            return
        size = len(self.gradient)
        for i in range(4):
            self.gradient[:, i] += np.bincount(groups, terms.gradient[i] * weights, size)
        rows = terms.corners if terms.corners.ndim == 3 else _whole(terms)
        for i in range(4):
            for j in range(i, 4):
                total = np.bincount(groups, rows[i, j] * weights, size)
                self.hessian[:, i, j] += total
                self.hessian[:, j, i] += total if i != j else 0.0

    def _add_all(self, terms: _Terms, weights: FloatArray) -> None:
        # Dots of one row each: BLAS starts threads for a matrix, and waits for a busy processor.
        bent = terms.bend * weights
        found = self.hessian[0]
        for i in range(4):
            self.gradient[0, i] += terms.gradient[i] @ weights
            scaled = terms.slopes[i] * bent
            for j in range(i, 4):
                found[i, j] += scaled @ terms.slopes[j]
                found[j, i] = found[i, j]
        for (i, j), corner in zip(_CORNERS, terms.corners, strict=True):
            found[i, j] += corner @ weights
            found[j, i] = found[i, j]

    def evaluation(self, design: FloatArray) -> Evaluation:
        """Return the sums by the working parameters: four logarithms, then coefficients."""
        count = design.shape[1]
        if not count:
            return Evaluation(self.value, self.gradient.sum(axis=0), self.hessian.sum(axis=0))
        gradient = [self.gradient.sum(axis=0)]
        hessian = np.zeros((4 + 3 * count, 4 + 3 * count))
        hessian[:4, :4] = self.hessian.sum(axis=0)
        for place, (i, sign) in enumerate(EFFECTS):
            gradient.append(sign * (self.gradient[:, i] @ design))
            own = slice(4 + place * count, 4 + (place + 1) * count)
            hessian[own, :4] = sign * (design.T @ self.hessian[:, i])
            hessian[:4, own] = hessian[own, :4].T
            for other_place, (j, other_sign) in enumerate(EFFECTS):
                other = slice(4 + other_place * count, 4 + (other_place + 1) * count)
                weighted = design * self.hessian[:, i, j][:, None]
                hessian[own, other] = sign * other_sign * (design.T @ weighted)
        return Evaluation(self.value, np.concatenate(gradient), hessian)


def shape_at(working: FloatArray, design: FloatArray) -> Shape:
    """Return the parameters at a working point; one per group where there are covariates."""
    r, alpha, a, b = np.exp(working[:4])
    count = design.shape[1]
    if not count:
        return Shape(float(r), float(alpha), float(a), float(b))
    own = [float(r), alpha, a, b]
    for place, (i, sign) in enumerate(EFFECTS):
        coefficients = working[4 + place * count : 4 + (place + 1) * count]
        own[i] = own[i] * np.exp(np.clip(sign * (design @ coefficients), -30, 30))
    return Shape(*own)


def dropout_terms(
    survived: FloatArray, a: float | FloatArray, b: float | FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return log(a / (b + k - 1)) and its slope by log b; -inf and 0 where k = 0."""
    later = b + np.maximum(survived, 1.0) - 1
    odds = np.where(survived > 0, np.log(a / later), -np.inf)
    slope: FloatArray = np.where(survived > 0, -b / later, 0.0)
    return odds, slope


def _softplus(odds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log(1 + e^z) and e^z / (1 + e^z), for any z."""
    small = np.exp(-np.abs(odds))
    chance = 1 / (1 + small)
    return np.maximum(odds, 0) + np.log1p(small), np.where(odds >= 0, chance, small * chance)


def _whole(terms: _Terms) -> FloatArray:
    """Return each row's Hessian, shape (4, 4, rows)."""
    rows: FloatArray = terms.slopes[:, None] * (terms.slopes[None] * terms.bend)
    for (i, j), corner in zip(_CORNERS, terms.corners, strict=True):
        rows[i, j] += corner
        rows[j, i] += corner if i != j else 0.0
    return rows


def _rising(
    start: float | FloatArray, count: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log(G(c+n)/G(c)) and its first two derivatives by c."""
    if not isinstance(start, np.ndarray) and count.max(initial=0) <= _SUMMED_UP_TO:
        terms = start + np.arange(int(count.max(initial=0)))
        upto = count.astype(np.int64)
        sums = (np.log(terms), 1 / terms, -1 / terms**2)
        return tuple(np.concatenate(([0.0], np.cumsum(v)))[upto] for v in sums)  # type: ignore[return-value]
    return log_gamma_rise(start, count), digamma_rise(start, count), trigamma_rise(start, count)
