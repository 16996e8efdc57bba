"""Averages over a beta distribution that hold where the closed forms fail.

The published forecasts of the beta-geometric models use Gauss's 2F1 with the third argument
a + b + x - 1 and divide by a - 1. They break down at a = 1 and for a + b < 1, and lose digits for
frequent buyers. The same quantity is an average of a smooth function over the beta-distributed
dropout probability, and that average is taken here directly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_TAIL = 26.0  # the integrand is followed until it has fallen by exp(-26)
_STEP = 0.5  # of the log-odds, at most; the error falls as exp(-2 pi^2 / step) or so
_COARSE_TAIL = 13.0
_COARSE_STEP = 0.7
_NODES_MAX = 400
_NEWTON_STEPS = 5
NEARLY_ZERO = 1e-290
"""Stands for the end at 0, so that f(p) / p needs no special case."""


class BetaRule(NamedTuple):
    """Nodes and weights for averages over beta distributions, one distribution per row.

    Parameters
    ----------
    nodes : places in (0, 1), shape (rows, nodes); the first and last are the ends.
    weights : of the same shape; the average of f is sum(weights * f(nodes)).
    """

    nodes: FloatArray
    weights: FloatArray


def beta_rule(a: npt.ArrayLike, b: npt.ArrayLike, *, coarse: bool = False) -> BetaRule:
    """Return a rule for averages over Beta(a, b), exact for straight lines.

    Parameters
    ----------
    a, b : both > 0, of any size; arrays of one length.
    coarse : five digits instead of ten, from a third of the nodes.

    Returns
    -------
    The trapezoid rule on the log-odds, which converges exponentially for analytic functions
    (Trefethen and Weideman 2014, SIAM Review 56(3)). The straight line through the function's
    ends is averaged exactly, so that what is left vanishes at both ends and the tails are short
    even for a or b near 0.
    """
    a, b = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (a, b))
    a, b = (np.broadcast_to(v, np.broadcast_shapes(a.shape, b.shape)) for v in (a, b))
    rise, fall = a + 1, b + 1
    centre = np.log(rise) - np.log(fall)
    tail, step_max = (_COARSE_TAIL, _COARSE_STEP) if coarse else (_TAIL, _STEP)
    low, high = centre - _reach(rise, fall, tail), centre + _reach(fall, rise, tail)
    step = np.minimum(step_max, step_max * 1.1 * np.sqrt(1 / rise + 1 / fall))
    count = min(int(np.ceil(((high - low) / step).max(initial=1.0))) + 1, _NODES_MAX)
    odds = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, count)
    nodes = 1 / (1 + np.exp(-odds))
    # log p and log(1 - p) from the log-odds, without cancellation
    height = -rise[:, None] * np.logaddexp(0, -odds) - fall[:, None] * np.logaddexp(0, odds)
    inner = np.exp(height - height.max(axis=1, keepdims=True))
    inner /= inner.sum(axis=1, keepdims=True)
    mean = a / (a + b)
    scale = mean * b / (a + b + 1)
    other = 1 / (1 + np.exp(odds))
    inner *= scale[:, None] / (nodes * other)
    at_zero = (1 - mean) - (inner * other).sum(axis=1)
    at_one = mean - (inner * nodes).sum(axis=1)
    ends = np.full((len(a), 1), NEARLY_ZERO), np.ones((len(a), 1))
    return BetaRule(
        np.hstack((ends[0], nodes, ends[1])),
        np.hstack((at_zero[:, None], inner, at_one[:, None])),
    )


def _reach(own: FloatArray, other: FloatArray, tail: float) -> FloatArray:
    """Return how far from its peak p^rise (1 - p)^fall, over the log-odds, has fallen enough.

    Parameters
    ----------
    own, other : rise and fall for the side below the peak, fall and rise for the one above.
    tail : how far its logarithm is to fall.
    """
    share = own / (own + other)
    far = np.sqrt(2 * tail / (own * (1 - share)))
    for _ in range(_NEWTON_STEPS):  # of a convex function: from the first step on, never short
        left = np.expm1(-far)
        fallen = (own + other) * np.log1p(share * left) + own * far
        slope = -own * (1 - share) * left / (1 + share * left)
        far = far + (tail - fallen) / slope
    return far
