"""How far log-gamma and its derivatives rise from z to z + y, with all digits for large z.

The difference of two log-gammas of ten million keeps eight digits at best. From z = 40 on,
Stirling's series is differenced term by term instead; there, these terms are exact enough.

References
----------
M. Abramowitz, I. A. Stegun (1964), Handbook of Mathematical Functions, 6.1.40, 6.3.18, 6.4.12.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tenure.kernel.scipy_library import special

FloatArray = npt.NDArray[np.float64]

_SERIES_FROM = 40.0


def log_gamma_rise(z: npt.ArrayLike, y: npt.ArrayLike) -> FloatArray:
    """Return log Gamma(z + y) - log Gamma(z)."""
    z, y = np.broadcast_arrays(np.asarray(z, dtype=np.float64), np.asarray(y, dtype=np.float64))

    def rest(x: FloatArray) -> FloatArray:
        square = 1 / x**2
        tail: FloatArray = (1 / 12 - square * (1 / 360 - square / 1260)) / x
        return tail

    large = np.maximum(z, _SERIES_FROM)
    by_series = (large - 0.5) * np.log1p(y / large) + y * (np.log(large + y) - 1)
    by_series += rest(large + y) - rest(large)
    exact = special.gammaln(z + y) - special.gammaln(z)
    rise: FloatArray = np.where(z >= _SERIES_FROM, by_series, exact)
    return rise


def digamma_rise(z: npt.ArrayLike, y: npt.ArrayLike) -> FloatArray:
    """Return psi(z + y) - psi(z)."""
    z, y = np.broadcast_arrays(np.asarray(z, dtype=np.float64), np.asarray(y, dtype=np.float64))

    def rest(x: FloatArray) -> FloatArray:
        square = 1 / x**2
        tail: FloatArray = -0.5 / x - square * (1 / 12 - square * (1 / 120 - square / 252))
        return tail

    large = np.maximum(z, _SERIES_FROM)
    by_series = np.log1p(y / large) + (rest(large + y) - rest(large))
    exact = special.digamma(z + y) - special.digamma(z)
    rise: FloatArray = np.where(z >= _SERIES_FROM, by_series, exact)
    return rise


def trigamma_rise(z: npt.ArrayLike, y: npt.ArrayLike) -> FloatArray:
    """Return psi'(z + y) - psi'(z)."""
    z, y = np.broadcast_arrays(np.asarray(z, dtype=np.float64), np.asarray(y, dtype=np.float64))

    def rest(x: FloatArray) -> FloatArray:
        square = 1 / x**2
        tail: FloatArray = square * (0.5 + (1 / 6 - square * (1 / 30 - square / 42)) / x)
        return tail

    large = np.maximum(z, _SERIES_FROM)
    by_series = -y / large / (large + y) + (rest(large + y) - rest(large))
    rise: FloatArray = np.where(z >= _SERIES_FROM, by_series, _trigamma(z + y) - _trigamma(z))
    return rise


def _trigamma(z: npt.ArrayLike) -> FloatArray:
    return np.asarray(special.polygamma(1, z), dtype=np.float64)
