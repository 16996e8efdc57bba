"""Intervals of many forecasts from few evaluations: a second-order expansion in the parameters.

Where there are many customers the parameters are known narrowly, and over that narrow range the
logarithm (or the log-odds) of any forecast is very nearly a quadratic in them. Fifteen evaluations
with four parameters give that quadratic for every row; the quantiles of a quadratic in normal
variables follow from its first three cumulants. Draws would need hundreds of evaluations.

References
----------
E. A. Cornish, R. A. Fisher (1938), Moments and Cumulants in the Specification of Distributions,
Revue de l'Institut International de Statistique 5(4), 307-320, doi:10.2307/1400905.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.kernel.scipy_library import special
from tenure.predictions.fitting.draws import Predicted, check_interval
from tenure.predictions.fitting.likelihood import Maximum

FloatArray = npt.NDArray[np.float64]

_LEAST = 1e-300
_NARROW = 0.5
"""Standard error of a logarithm up to which the expansion is trusted."""
_SKEW_MAX = 1.0
"""Beyond it the correction for skewness would overshoot."""


@dataclass(frozen=True)
class Quadratic:
    """Rows of quadratics in k independent standard normal variables.

    Parameters
    ----------
    centre : at the maximum, shape (n,).
    slopes : shape (k, n).
    bends : second derivatives, shape (k, k, n).
    """

    centre: FloatArray
    slopes: FloatArray
    bends: FloatArray

    def quantile(self, share: float) -> FloatArray:
        """Return the quantile of each row, 0 < share < 1."""
        trace = np.einsum("iin->n", self.bends)
        bent = np.einsum("ijn,jn->in", self.bends, self.slopes)
        square = np.einsum("ijn,jkn->ikn", self.bends, self.bends)
        variance = (self.slopes**2).sum(axis=0) + np.einsum("iin->n", square) / 2
        third = 3 * (self.slopes * bent).sum(axis=0) + np.einsum("ijn,jin->n", square, self.bends)
        spread = np.sqrt(variance)
        skew = np.divide(third, spread**3, out=np.zeros_like(spread), where=spread > 1e-90)
        z = float(special.ndtri(share))
        moved = z + (z**2 - 1) / 6 * np.clip(skew, -_SKEW_MAX, _SKEW_MAX)
        found: FloatArray = self.centre + trace / 2 + spread * moved
        return found

    def at(self, z: FloatArray) -> FloatArray:
        """Return each row at one point, shape (k,)."""
        found: FloatArray = (
            self.centre + z @ self.slopes + np.einsum("i,ijn,j->n", z, self.bends, z) / 2
        )
        return found


def is_narrow(maximum: Maximum) -> bool:
    """Tell whether the parameters are known well enough for an expansion."""
    widest = float(np.sqrt(np.diag(maximum.covariance).max()))
    return maximum.draws is None and not maximum.unidentified and widest < _NARROW


def quadratic(maximum: Maximum, compute: Callable[[FloatArray], FloatArray]) -> Quadratic:
    """Return a function of the parameters as a quadratic in standardised ones.

    Parameters
    ----------
    maximum : what was fitted.
    compute : the function at parameters on their natural scale, shape (n,).
    """
    axes = standard_axes(maximum)
    k = len(axes)

    def at(z: FloatArray) -> FloatArray:
        working = maximum.working + z @ axes
        is_plain = np.isin(maximum.names, maximum.plain)
        return compute(np.where(is_plain, working, np.exp(np.where(is_plain, 0.0, working))))

    unit = np.eye(k)
    centre = at(np.zeros(k))
    ahead, behind = [at(one) for one in unit], [at(-one) for one in unit]
    slopes = np.array([(a - b) / 2 for a, b in zip(ahead, behind, strict=True)])
    bends = np.empty((k, k, len(centre)))
    for i in range(k):
        bends[i, i] = ahead[i] + behind[i] - 2 * centre
        for j in range(i):
            both = at(unit[i] + unit[j])
            bends[i, j] = bends[j, i] = both - ahead[i] - ahead[j] + centre
    return Quadratic(centre, slopes, bends)


def standard_axes(maximum: Maximum) -> FloatArray:
    """Return k steps of one standard deviation each, independent of each other, as rows."""
    variances, directions = np.linalg.eigh(maximum.covariance)
    axes: FloatArray = (directions * np.sqrt(np.maximum(variances, 0.0))).T
    return axes


def expanded_intervals(
    maximum: Maximum,
    predict: Callable[[FloatArray, slice], FloatArray],
    value: FloatArray,
    *,
    interval: float,
    is_chance: bool,
    rows_at_once: int = 50_000,
) -> Predicted:
    """Return a prediction per distinct row with the interval its parameters leave open.

    Parameters
    ----------
    maximum : what was fitted; it must be narrow.
    predict : prediction for a part of the rows at given parameters (natural scale), above 0.
    value : prediction for all rows at the maximum.
    interval : nominal coverage, 0..1 exclusive.
    is_chance : the prediction is a probability.
    rows_at_once : rows whose quadratics are held.
    """
    check_interval(interval)
    low, high = np.empty_like(value), np.empty_like(value)
    tail = (1 - interval) / 2
    for first in range(0, len(value), rows_at_once):
        rows = slice(first, min(first + rows_at_once, len(value)))

        def linked(parameters: FloatArray, rows: slice = rows) -> FloatArray:
            found = np.maximum(predict(parameters, rows), _LEAST)
            if not is_chance:
                return np.log(found)
            return np.asarray(special.logit(np.minimum(found, 1 - 1e-16)), dtype=np.float64)

        surface = quadratic(maximum, linked)
        back = special.expit if is_chance else np.exp
        low[rows], high[rows] = back(surface.quantile(tail)), back(surface.quantile(1 - tail))
    return Predicted(value, np.minimum(low, value), np.maximum(high, value))


def expanded_total(
    maximum: Maximum, total: Callable[[FloatArray], float]
) -> Callable[[FloatArray], float]:
    """Return a total above 0 as a function of the parameters that needs no more evaluations.

    Parameters
    ----------
    maximum : what was fitted; it must be narrow.
    total : the total at parameters on their natural scale.
    """
    surface = quadratic(maximum, lambda p: np.log(np.maximum([total(p)], _LEAST)))
    to_standard = np.linalg.pinv(standard_axes(maximum))
    is_plain = np.isin(maximum.names, maximum.plain)

    def expanded(parameters: FloatArray) -> float:
        working = np.where(is_plain, parameters, np.log(np.where(is_plain, 1.0, parameters)))
        return float(np.exp(surface.at((working - maximum.working) @ to_standard)[0]))

    return expanded
