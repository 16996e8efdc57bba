"""Figures of several dates as one: means over dates, weighted by what happened at each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenure.predictions.scorecards.arrays import Floats, ratio

Points = tuple[tuple[float, ...], ...]
"""A curve's points, each a tuple of numbers: x, y and what else the curve has."""

CURVE_DEPTHS = tuple(i / 50 for i in range(1, 51))
"""Shares of the customers at which curves are kept."""


def mean_over_dates(values: Sequence[Floats], weights: Sequence[Floats]) -> Floats:
    """Return the weighted mean over dates; a date on which the figure is undefined is left out.

    Parameters
    ----------
    values : the figure of each date, one number per draw; not-a-number if undefined.
    weights : the weight of each date, one per draw.
    """
    total, weight = np.zeros_like(weights[0]), np.zeros_like(weights[0])
    for value, one in zip(values, weights, strict=True):
        known = np.isfinite(value)
        total += np.where(known, value * one, 0.0)
        weight += np.where(known, one, 0.0)
    return ratio(total, weight)


def mean_curve(curves: Sequence[Sequence[tuple[float, float]]], weights: Sequence[float]) -> Points:
    """Return the weighted mean of curves with the same steps; nothing of no curve."""
    if not curves:
        return ()
    heights = np.average([[y for _, y in curve] for curve in curves], axis=0, weights=weights)
    return tuple((x, float(h)) for (x, _), h in zip(curves[0], heights, strict=True))
