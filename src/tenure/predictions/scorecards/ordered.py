"""Rows put in order of a score: whatever depends on the order alone is made from sums here.

Rows of equal score form one group, as no order among them is meant; figures take a group's rows
as if shuffled. The functions take sums per group, best score first, along the last axis, so
that the same line of code serves the data and every draw of a bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.predictions.scorecards.arrays import Floats, Integers, ratio


@dataclass(frozen=True, slots=True)
class ScoreOrder:
    """In which group each row stands, the highest score in group 0.

    Parameters
    ----------
    group : group of each row.
    count : number of groups.
    """

    group: Integers
    count: int

    def sums(self, values: Floats) -> Floats:
        """Return each group's sum of a value per row."""
        return np.bincount(self.group, values, self.count).astype(np.float64)

    def coarser(self, most: int) -> ScoreOrder:
        """Return at most `most` groups, finer and finer towards the highest scores.

        Half of them are of equal size; the other half split the top, where lists are cut and
        precision is decided, in steps of equal ratio. Rows of equal score stay together.
        """
        if self.count <= most:
            return self
        middle, rows = _middles(self)
        even = np.floor(middle / rows * (most // 2))
        ratio_steps = np.floor(np.log1p(middle) / np.log1p(rows) * (most // 2 - 1))
        # Both rise with the groups, so that counting the steps numbers those that have rows.
        steps = (np.diff(even) > 0) | (np.diff(ratio_steps) > 0)
        number = np.concatenate(([0], np.cumsum(steps)))
        return ScoreOrder(np.asarray(number[self.group], np.int64), int(number[-1]) + 1)


def score_order(scores: Floats) -> ScoreOrder:
    """Return the groups of rows of equal score, the highest first."""
    distinct, inverse = np.unique(scores, return_inverse=True)
    return ScoreOrder((len(distinct) - 1 - inverse).astype(np.int64), len(distinct))


def equal_mass_bins(order: ScoreOrder, bins: int) -> Integers:
    """Return each row's bin, 0 for the highest scores, equal in size as far as ties allow.

    A group goes where its middle row goes, so that neither row order nor ties matter.
    """
    middle, rows = _middles(order)
    placed = np.minimum(np.floor(middle * bins / rows), bins - 1)
    return np.asarray(placed[order.group], np.int64)


def _middles(order: ScoreOrder) -> tuple[Floats, int]:
    """Return how many rows stand above each group's middle row, and the number of all."""
    sizes = np.bincount(order.group, minlength=order.count)
    return np.asarray(np.cumsum(sizes) - sizes / 2), max(int(sizes.sum()), 1)


def area_under_roc(rows: Floats, happened: Floats) -> Floats:
    """Return the chance that an event is scored above a non-event, ties counting half.

    Parameters
    ----------
    rows, happened : rows and events per group, best score first, shape (..., groups).

    References
    ----------
    Hanley, McNeil (1982), The meaning and use of the area under a ROC curve, Radiology 143.
    """
    others = rows - happened
    below = others.sum(-1, keepdims=True) - np.cumsum(others, -1)
    pairs = happened.sum(-1) * others.sum(-1)
    return ratio((happened * (below + others / 2)).sum(-1), pairs)


def mean_precision(rows: Floats, happened: Floats) -> Floats:
    """Return the average precision: the precision at each group, weighted by its events.

    Parameters
    ----------
    rows, happened : rows and events per group, best score first, shape (..., groups).
    """
    precision = ratio(np.cumsum(happened, -1), np.cumsum(rows, -1))
    found = np.where(happened > 0, happened * precision, 0.0)
    return ratio(found.sum(-1), happened.sum(-1))


def captured(rows: Floats, gained: Floats, taken: Floats | float) -> Floats:
    """Return how much of `gained` the best `taken` rows hold; of a cut group, its share.

    Parameters
    ----------
    rows, gained : rows and any sum per group, best score first, shape (..., groups).
    taken : number of rows taken, may be a fraction of one, shape (...,).
    """
    before = np.cumsum(rows, -1) - rows
    wanted = np.asarray(taken, np.float64)[..., None]
    share = np.clip(np.nan_to_num(ratio(wanted - before, rows)), 0.0, 1.0)
    return np.asarray((share * gained).sum(-1))


def concentration(rows: Floats, gained: Floats) -> Floats:
    """Return twice the area between the cumulative share of `gained` and the diagonal.

    1 at most; 0 if the order says nothing; below 0 if it is upside down.

    Parameters
    ----------
    rows, gained : rows and amounts per group, best score first, shape (..., groups).
    """
    cumulative = np.cumsum(gained, -1)
    area = (rows * (cumulative - gained / 2)).sum(-1)
    return ratio(2 * area, rows.sum(-1) * gained.sum(-1)) - 1
