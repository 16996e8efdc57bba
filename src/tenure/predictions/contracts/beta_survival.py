"""Survival of a beta-distributed chance of leaving: log B(a, b + y) - log B(a, b), and slopes.

B is Euler's beta function. Large a and b, where customers hardly differ or hardly anybody leaves,
keep their digits.

References
----------
P. S. Fader, B. G. S. Hardie (2007), How to Project Customer Retention, J. Interactive Marketing
21(1), 76-90, doi:10.1002/dir.20074 (y = t); Fader, Hardie, Liu, Davin, Steenburgh (2018), "How to
Project Customer Retention" Revisited, 43, 1-16, doi:10.1016/j.intmar.2018.01.002 (y = t^c).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tenure.kernel.scipy_library import special
from tenure.predictions.fitting.gamma_rises import digamma_rise, log_gamma_rise, trigamma_rise

FloatArray = npt.NDArray[np.float64]


class BetaSurvival(NamedTuple):
    """Log-survival with its derivatives by a, b and y; each an array over y.

    Parameters
    ----------
    value : log B(a, b + y) - log B(a, b), at most 0.
    slopes : first derivatives, shape (3, n).
    bends : second derivatives, shape (3, 3, n).
    """

    value: FloatArray
    slopes: FloatArray
    bends: FloatArray


def log_beta_survival(a: npt.ArrayLike, b: npt.ArrayLike, y: FloatArray) -> FloatArray:
    """Return log B(a, b + y) - log B(a, b).

    Parameters
    ----------
    a, b : above 0; anything that can be broadcast against `y`.
    y : at least 0, at most 1e130.
    """
    # The ratio of gamma functions is symmetric in a and y; the smaller one loses fewer digits.
    rise, rest = np.minimum(a, y), np.maximum(a, y)
    value: FloatArray = np.minimum(log_gamma_rise(b, rise) - log_gamma_rise(b + rest, rise), 0.0)
    return value


def beta_survival(a: float, b: float, y: FloatArray) -> BetaSurvival:
    """Return the log-survival with first and second derivatives."""
    total, reached = a + b, b + y
    rise_total, rise_b = digamma_rise(total, y), digamma_rise(b, y)
    bend_total, bend_b = trigamma_rise(total, y), trigamma_rise(b, y)
    bend_y = -trigamma_rise(reached, a)
    across = -np.asarray(special.polygamma(1, a + reached), dtype=np.float64)
    return BetaSurvival(
        log_beta_survival(a, b, y),
        np.array([-rise_total, rise_b - rise_total, -digamma_rise(reached, a)]),
        np.array(
            [
                [-bend_total, -bend_total, across],
                [-bend_total, bend_b - bend_total, bend_y],
                [across, bend_y, bend_y],
            ]
        ),
    )
