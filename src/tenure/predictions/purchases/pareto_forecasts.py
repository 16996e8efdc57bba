"""What the Pareto/NBD forecasts for a purchase history, at given parameters.

Given a customer who is active at T, her purchase rate is gamma distributed with r + x and
alpha + T, her dropout rate with s and beta + T, and both are independent; every forecast is the
probability that she is active times an average over these two.

References
----------
P. S. Fader, B. G. S. Hardie (2005), A Note on Deriving the Pareto/NBD Model and Related
Expressions; Fader, Hardie, Lee (2005), RFM and CLV: Using Iso-Value Curves for Customer Base
Analysis, J. Marketing Research 42(4), 415-430, doi:10.1509/jmkr.2005.42.4.415 (discounted).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tenure.kernel.scipy_library import special
from tenure.predictions.purchases.lomax_integral import log_lomax_integral
from tenure.predictions.purchases.pareto_likelihood import (
    ParetoParameters,
    ParetoRows,
    log_active,
    parameters_of,
)

FloatArray = npt.NDArray[np.float64]

_NEGLIGIBLE = 40.0
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(64)


def active(working: FloatArray, rows: ParetoRows) -> FloatArray:
    """Return the probability of being active at the age of each row."""
    return np.exp(log_active(parameters_of(working, rows.covariates), rows))


def any_purchase(working: FloatArray, rows: ParetoRows, horizon: float) -> FloatArray:
    """Return the probability of at least one purchase in the horizon.

    The next purchase of an active customer comes after v with density
    (r+x)/(alpha+T) (1 + v/(alpha+T))^-(r+x+1) (1 + v/(beta+T))^-s; its integral has no difference
    of nearly equal numbers in it.
    """
    own = parameters_of(working, rows.covariates)
    a, b = _aged(own, rows)
    shape = own.r + rows.count
    one = np.ones_like(a)
    integral = log_lomax_integral(a, b, shape + 1, own.s * one, horizon * one)
    soon = np.log(shape / a) + integral.value
    return np.exp(np.minimum(log_active(own, rows) + soon, 0.0))


def expected_purchases(working: FloatArray, rows: ParetoRows, horizon: float) -> FloatArray:
    """Return the expected number of purchases in the horizon."""
    own = parameters_of(working, rows.covariates)
    rate, b = _active_rate(own, rows)
    return rate * _mean_time(own.s, b, horizon)


def discounted_purchases(
    working: FloatArray, rows: ParetoRows, horizon: float | None, rate: float
) -> FloatArray:
    """Return expected purchases, one after time t counted exp(-rate t), up to the horizon."""
    if rate == 0 and horizon is not None:
        return expected_purchases(working, rows, horizon)
    own = parameters_of(working, rows.covariates)
    purchase_rate, b = _active_rate(own, rows)
    # Without covariates, the time depends on the age alone.
    ages, places = np.unique(b, return_inverse=True)
    return purchase_rate * _discounted_time(own.s, ages, horizon, rate)[places]


def total_moments(working: FloatArray, rows: ParetoRows, horizon: float) -> tuple[float, float]:
    """Return mean and variance of the purchases of all customers in the horizon.

    While a customer is there, she buys as a Poisson process: the second factorial moment is that
    of her rate times that of the time she stays.
    """
    own = parameters_of(working, rows.covariates)
    rate, b = _active_rate(own, rows)
    means = rate * _mean_time(own.s, b, horizon)
    a = np.exp(own.log_alpha) + rows.age
    squares = rate * (own.r + rows.count + 1) / a * _mean_square_time(own.s, b, horizon)
    variances = np.maximum(squares + means - means**2, 0.0)
    return float(rows.weights @ means), float(rows.weights @ variances)


def _aged(own: ParetoParameters, rows: ParetoRows) -> tuple[FloatArray, FloatArray]:
    """Return alpha + T and beta + T."""
    return np.exp(own.log_alpha) + rows.age, np.exp(own.log_beta) + rows.age


def _active_rate(own: ParetoParameters, rows: ParetoRows) -> tuple[FloatArray, FloatArray]:
    """Return P(active) times the mean purchase rate if active, and beta + T."""
    a, b = _aged(own, rows)
    return np.exp(log_active(own, rows)) * (own.r + rows.count) / a, b


def _mean_time(s: float, b: FloatArray, horizon: float) -> FloatArray:
    """Return the mean time that an active customer stays, within the horizon."""
    width = np.log1p(horizon / b)
    time: FloatArray = b * width * special.exprel((1 - s) * width)
    return time


def _mean_square_time(s: float, b: FloatArray, horizon: float) -> FloatArray:
    width = np.log1p(horizon / b)
    inner = special.exprel((2 - s) * width) - special.exprel((1 - s) * width)
    square: FloatArray = 2 * b**2 * width * np.maximum(inner, 0.0)
    return square


def _discounted_time(s: float, b: FloatArray, horizon: float | None, rate: float) -> FloatArray:
    """Return the integral of exp(-rate t) (1 + t/b)^-s over t, on a logarithmic axis.

    The closed form, Tricomi's function times rate^(s-1) b^s, overflows for large s and b.
    """
    pace = rate * b
    # Where rate t alone has made the integrand negligible, whatever s is; then closer, by Newton.
    width = np.log1p((_NEGLIGIBLE + 2 * np.log1p(1 / pace)) / pace)
    if horizon is not None:
        width = np.minimum(width, np.log1p(horizon / b))
    for _ in range(8):
        excess = pace * np.expm1(width) + (s - 1) * width - _NEGLIGIBLE
        slope = pace * np.exp(width) + (s - 1)
        width = np.where(
            (excess > 0) & (slope > 0), width - excess / np.maximum(slope, 1e-300), width
        )
    axis = width[:, None] * (0.5 * (_POINTS + 1))
    mass = np.exp(-pace[:, None] * np.expm1(axis) - (s - 1) * axis)
    time: FloatArray = 0.5 * b * width * np.einsum("ij,j->i", mass, _WEIGHTS)
    return time
