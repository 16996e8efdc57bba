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
    low = centre - _reach(rise, fall, -1.0, tail)
    high = centre + _reach(rise, fall, 1.0, tail)
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


def _reach(rise: FloatArray, fall: FloatArray, side: float, tail: float) -> FloatArray:
    """Return how far from its peak p^rise (1 - p)^fall, over the log-odds, is negligible."""
    centre = np.log(rise) - np.log(fall)
    peak = (rise + fall) * np.logaddexp(0, centre)

    def fallen(distance: FloatArray) -> FloatArray:
        there: FloatArray = (rise + fall) * np.logaddexp(0, centre + side * distance)
        there -= peak + side * rise * distance + tail
        return there

    far = np.ones_like(rise)
    while bool((fallen(far) < 0).any()):
        far = np.where(fallen(far) < 0, 2 * far, far)
    near = np.zeros_like(far)
    for _ in range(8):  # a width need not be exact
        middle = (near + far) / 2
        is_short = fallen(middle) < 0
        near, far = np.where(is_short, middle, near), np.where(is_short, far, middle)
    return np.asarray(far)
