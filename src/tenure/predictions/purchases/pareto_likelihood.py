"""The likelihood of the Pareto/NBD over distinct histories, with slopes and curvature.

With a = alpha + t_x, b = beta + t_x and span = T - t_x, a customer's likelihood is

    Gamma(r+x)/Gamma(r) alpha^r beta^s a^-(r+x) b^-s
        { (1 + span/a)^-(r+x) (1 + span/b)^-s  +  s/b I(a, b, r+x, s+1, span) }

The first term in braces says that she is still active at T, the second that she left at some time
after t_x; I is the integral of `lomax_integral`. All terms are positive, so nothing cancels, and
the share of the first is the probability that she is active.

References
----------
D. C. Schmittlein, D. G. Morrison, R. Colombo (1987), Counting Your Customers, Management Science
33(1), 1-24, doi:10.1287/mnsc.33.1.1; P. S. Fader, B. G. S. Hardie (2005), A Note on Deriving the
Pareto/NBD Model and Related Expressions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tenure.predictions.fitting.gamma_rises import digamma_rise, log_gamma_rise, trigamma_rise
from tenure.predictions.fitting.likelihood import Evaluation
from tenure.predictions.purchases.lomax_integral import log_lomax_integral

FloatArray = npt.NDArray[np.float64]

_PART = 8_192
"""Rows whose 4 x 4 curvatures are held at once; for so few, BLAS starts no threads."""

R, ALPHA, S, BETA = range(4)


@dataclass(frozen=True)
class ParetoRows:
    """Distinct histories, with covariates where there are any.

    Parameters
    ----------
    count, last, age : x, t_x and T.
    weights : customers per row.
    covariates : shape (rows, k); k may be 0.
    """

    count: FloatArray
    last: FloatArray
    age: FloatArray
    weights: FloatArray
    covariates: FloatArray

    def part(self, rows: slice) -> ParetoRows:
        """Return some of the rows."""
        return ParetoRows(
            self.count[rows],
            self.last[rows],
            self.age[rows],
            self.weights[rows],
            self.covariates[rows],
        )

    @cached_property
    def span(self) -> FloatArray:
        """T - t_x; never below 0 by rounding."""
        return np.maximum(self.age - self.last, 0.0)

    @cached_property
    def counts(self) -> tuple[FloatArray, npt.NDArray[np.intp]]:
        """Distinct counts, and for each row the place of its own."""
        values, places = np.unique(self.count, return_inverse=True)
        return values, places


@dataclass(frozen=True)
class ParetoParameters:
    """Parameters of each row: the shapes are shared, the scales differ by covariates.

    Parameters
    ----------
    r, s : shapes of the purchase rate and of the dropout rate.
    log_alpha, log_beta : logarithms of the scales, one per row.
    """

    r: float
    s: float
    log_alpha: FloatArray
    log_beta: FloatArray


def parameters_of(working: FloatArray, covariates: FloatArray) -> ParetoParameters:
    """Return each row's parameters.

    Parameters
    ----------
    working : logarithms of r, alpha, s, beta; then k coefficients of the purchase rate and k of
        the dropout rate: alpha exp(-c'z) and beta exp(-d'z), so that a positive one means more.
    covariates : shape (rows, k).
    """
    k = covariates.shape[1]
    purchase, dropout = working[4 : 4 + k], working[4 + k :]
    return ParetoParameters(
        float(np.exp(working[R])),
        float(np.exp(working[S])),
        working[ALPHA] - covariates @ purchase,
        working[BETA] - covariates @ dropout,
    )


def log_active(parameters: ParetoParameters, rows: ParetoRows) -> FloatArray:
    """Return the logarithm of the probability that each row's customers are active at T."""
    r, s = parameters.r, parameters.s
    a, b = np.exp(parameters.log_alpha) + rows.last, np.exp(parameters.log_beta) + rows.last
    span = rows.span
    integral = log_lomax_integral(a, b, r + rows.count, np.full_like(a, s + 1), span)
    stayed = -(r + rows.count) * np.log1p(span / a) - s * np.log1p(span / b)
    active: FloatArray = stayed - np.logaddexp(stayed, np.log(s / b) + integral.value)
    return active


def log_likelihood(working: FloatArray, rows: ParetoRows) -> float:
    """Return the log-likelihood at the working parameters."""
    own = parameters_of(working, rows.covariates)
    r, s = own.r, own.s
    alpha, beta = np.exp(own.log_alpha), np.exp(own.log_beta)
    a, b = alpha + rows.last, beta + rows.last
    shape = r + rows.count
    integral = log_lomax_integral(a, b, shape, np.full_like(a, s + 1), rows.span)
    stayed = -shape * np.log1p(rows.span / a) - s * np.log1p(rows.span / b)
    counts, places = rows.counts
    values = log_gamma_rise(r, counts)[places] - rows.count * np.log(a)
    values -= r * np.log1p(rows.last / alpha) + s * np.log1p(rows.last / beta)
    values += np.logaddexp(stayed, np.log(s / b) + integral.value)
    return float((values * rows.weights).sum())


def evaluate(working: FloatArray, rows: ParetoRows) -> Evaluation:
    """Return the log-likelihood at the working parameters, with gradient and Hessian."""
    k = rows.covariates.shape[1]
    value, gradient, hessian = 0.0, np.zeros(4 + 2 * k), np.zeros((4 + 2 * k, 4 + 2 * k))
    r = float(np.exp(working[R]))
    counts, places = rows.counts
    rises = np.array([log_gamma_rise(r, counts), digamma_rise(r, counts), trigamma_rise(r, counts)])
    for first in range(0, len(rows.count), _PART):
        piece = slice(first, first + _PART)
        part = rows.part(piece)
        values, slopes, bends = _of_part(working, part, rises[:, places[piece]])
        found = _with_covariates(slopes * part.weights, bends * part.weights, part.covariates)
        value += float(values @ part.weights)
        gradient += found[0]
        hessian += found[1]
    return Evaluation(value, gradient, hessian)


def _of_part(
    working: FloatArray, rows: ParetoRows, rises: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return each row's log-likelihood and its derivatives by log r, log alpha, log s, log beta."""
    own = parameters_of(working, rows.covariates)
    r, s = own.r, own.s
    alpha, beta = np.exp(own.log_alpha), np.exp(own.log_beta)
    a, b = alpha + rows.last, beta + rows.last
    braces = _Braces(r, s, a, b, rows)
    # log(a / alpha) and log(b / beta)
    late_a, late_b = np.log1p(rows.last / alpha), np.log1p(rows.last / beta)
    value = rises[0] - r * late_a - s * late_b - rows.count * np.log(a) + braces.value
    # By r, log a, s and log b; alpha^r and beta^s also change with log alpha and log beta.
    slope = braces.slopes
    slope[R] += rises[1] - late_a
    slope[ALPHA] -= r + rows.count
    slope[S] -= late_b
    slope[BETA] -= s
    bend = braces.bends
    bend[R, R] += rises[2]
    bend[R, ALPHA] -= 1
    bend[S, BETA] -= 1
    share_a, share_b = alpha / a, beta / b
    by = np.array([np.full_like(a, r), share_a, np.full_like(a, s), share_b])
    slopes = slope * by
    bends = bend * by * by[:, None]
    bends[R, R] += slopes[R]
    bends[S, S] += slopes[S]
    bends[ALPHA, ALPHA] += slopes[ALPHA] * (1 - share_a)
    bends[BETA, BETA] += slopes[BETA] * (1 - share_b)
    slopes[ALPHA] += r
    slopes[BETA] += s
    bends[R, ALPHA] += r
    bends[S, BETA] += s
    for i in range(4):
        for j in range(i):
            bends[i, j] = bends[j, i]
    return value, slopes, bends


class _Braces:
    """The logarithm of the braces, with derivatives by r, log a, s and log b (upper half)."""

    def __init__(self, r: float, s: float, a: FloatArray, b: FloatArray, rows: ParetoRows) -> None:
        p, span = r + rows.count, rows.span
        one = np.ones_like(a)
        log_a, log_b = np.log1p(span / a), np.log1p(span / b)
        share_a, share_b = span / (a + span), span / (b + span)
        stayed = -p * log_a - s * log_b
        integral = log_lomax_integral(a, b, p, one * (s + 1), span, products=True)
        left = np.log(s / b) + integral.value
        self.value = np.logaddexp(stayed, left)
        active = np.exp(stayed - self.value)
        gone = 1 - active
        of_stayed = np.array([-log_a, p * share_a, -log_b, s * share_b])
        of_left, bends_left = _of_integral(p, s, integral.means, integral.products)
        self.slopes = active * of_stayed + gone * of_left
        bends = gone * bends_left
        bends[R, ALPHA] += active * share_a
        bends[S, BETA] += active * share_b
        bends[ALPHA, ALPHA] -= active * p * share_a * (1 - share_a)
        bends[BETA, BETA] -= active * s * share_b * (1 - share_b)
        # The curvature of log(u + v) adds the variance of the slopes between its two terms.
        apart = of_stayed - of_left
        bends += active * gone * apart * apart[:, None]
        self.bends = bends


def _of_integral(
    p: FloatArray, s: float, means: FloatArray, products: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Return derivatives of log(s/b I) by r, log a, s and log b."""
    if products is None:
        raise ValueError("the integral came without its products")
    order = [0, 2, 1, 3]  # log a, share a, log b, share b
    mean = means[order]
    spread = products[np.ix_(order, order)] - mean * mean[:, None]
    factor = np.array([-np.ones_like(p), p, -np.ones_like(p), np.full_like(p, s + 1)])
    slopes = factor * mean
    bends = factor * factor[:, None] * spread
    slopes[S] += 1 / s
    slopes[BETA] -= 1
    bends[S, S] -= 1 / s**2
    bends[R, ALPHA] += mean[1]
    bends[S, BETA] += mean[3]
    bends[ALPHA, ALPHA] -= p * (mean[1] - products[2, 2])
    bends[BETA, BETA] -= (s + 1) * (mean[3] - products[3, 3])
    return slopes, bends


def _with_covariates(
    slopes: FloatArray, bends: FloatArray, covariates: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Sum weighted derivatives over the rows, with those by the coefficients behind them."""
    gradient, hessian = slopes.sum(axis=1), bends.sum(axis=2)
    if not covariates.shape[1]:
        return gradient, hessian
    scales = (ALPHA, BETA)
    # By einsum: for a matrix product BLAS starts threads, and waits for a busy processor.
    by_scale = -np.concatenate([np.einsum("k,kz->z", slopes[i], covariates) for i in scales])
    across = -np.hstack([np.einsum("jk,kz->jz", bends[:, i], covariates) for i in scales])
    inner = np.block(
        [
            [np.einsum("kz,kw->zw", bends[i, j][:, None] * covariates, covariates) for j in scales]
            for i in scales
        ]
    )
    return (
        np.concatenate((gradient, by_scale)),
        np.block([[hessian, across], [across.T, inner]]),
    )
