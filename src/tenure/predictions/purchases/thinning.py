"""Future purchases of an active customer who may leave after each one.

Given a rate l and a probability p to leave after a purchase, purchases at time s ahead happen at
the rate l exp(-l p s). With l gamma distributed (shape R = r + x, rate A = alpha + T) this becomes
(R / A) (1 + p s / A)^-(R + 1), and all forecasts are averages over the beta-distributed p. They
equal the closed forms with Gauss's 2F1 (Fader, Hardie and Lee 2005, eq. 10) where those hold, and
stay finite and exact where they do not.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tenure.predictions.fitting.special import BetaRule

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_PART = 512  # rows worked on at once, each with all nodes of its rule
_TIME_NODES, _TIME_NODES_PER_LENGTH, _TIME_NODES_PER_FALL = 8.0, 2.5, 0.3
_NEGLIGIBLE = 35.0  # exp(-35) of a purchase
_SERIES_BELOW = 1e-4


def expected_purchases(
    events: FloatArray, since: FloatArray, horizon: float, rule: BetaRule, kinds: IntArray
) -> FloatArray:
    """Return the expected number of purchases within a horizon.

    Parameters
    ----------
    events : R = r + x per row.
    since : A = alpha + T per row.
    horizon : time ahead.
    rule : averages over the probability to leave, one row per kind of customer.
    kinds : the rule's row for each row.
    """

    def at(nodes: FloatArray, rows: slice) -> FloatArray:
        found = np.log1p(nodes * (horizon / since[rows, None]))
        found *= -events[rows, None]
        np.expm1(found, out=found)
        found /= nodes
        return np.negative(found, out=found)

    return _averaged(at, rule, kinds)


def discounted_purchases(
    events: FloatArray,
    since: FloatArray,
    horizon: float | None,
    discount_rate: float,
    rule: BetaRule,
    kinds: IntArray,
) -> FloatArray:
    """Return expected purchases discounted continuously to today.

    Parameters
    ----------
    events, since, rule, kinds : as in `expected_purchases`.
    horizon : time ahead; None for ever.
    discount_rate : per unit of time; > 0 where there is no horizon.
    """
    if discount_rate == 0 and horizon is not None:
        return expected_purchases(events, since, horizon, rule, kinds)
    end = _NEGLIGIBLE / discount_rate
    if horizon is not None:
        end = min(end, horizon)
    # Time runs on the scale of log(1 + s / A): there the rate falls evenly for young and old.
    length = np.log1p(end / since)
    nodes = _TIME_NODES + _TIME_NODES_PER_LENGTH * min(float(length.max(initial=0.0)), 30.0)
    nodes += _TIME_NODES_PER_FALL * discount_rate * end
    points, weights = np.polynomial.legendre.leggauss(int(nodes))
    total = np.zeros_like(events)
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        ahead = np.expm1(length * point)

        def at(nodes: FloatArray, rows: slice, ahead: FloatArray = ahead) -> FloatArray:
            found = np.log1p(nodes * ahead[rows, None])
            found *= -(events[rows, None] + 1)
            return np.exp(found, out=found)

        rate = _averaged(at, rule, kinds) * events
        total += weight * length * (1 + ahead) * np.exp(-discount_rate * since * ahead) * rate
    return total


def second_factorial_moment(
    events: FloatArray, since: FloatArray, horizon: float, rule: BetaRule, kinds: IntArray
) -> FloatArray:
    """Return E[Y (Y - 1)] of the number Y of purchases within a horizon.

    Two purchases at s1 < s2 have the joint density l^2 (1 - p) exp(-l p s2).

    Parameters
    ----------
    events, since, horizon, rule, kinds : as in `expected_purchases`.
    """

    def at(nodes: FloatArray, rows: slice) -> FloatArray:
        r, z = events[rows, None], nodes * (horizon / since[rows, None])
        safe = np.maximum(z, _SERIES_BELOW / (r + 1) / 2)
        gone = np.log1p(safe) * -r
        two = -np.expm1(gone) - np.exp(gone) * r * (safe / (1 + safe))
        share = two / (safe * safe)
        series = r * (r + 1) / 2 * (1 - 2 / 3 * (r + 2) * z)
        share = np.where((r + 1) * z < _SERIES_BELOW, series, share)
        found: FloatArray = 2 * (1 - nodes) * share * (horizon / since[rows, None]) ** 2
        return found

    return _averaged(at, rule, kinds)


def _averaged(
    at: Callable[[FloatArray, slice], FloatArray], rule: BetaRule, kinds: IntArray
) -> FloatArray:
    found = np.empty(len(kinds))
    for first in range(0, len(kinds), _PART):
        rows = slice(first, first + _PART)
        own = kinds[rows]
        found[rows] = np.einsum("ij,ij->i", at(rule.nodes[own], rows), rule.weights[own])
    return np.maximum(found, 0.0, out=found)  # rounding may leave a hair below
