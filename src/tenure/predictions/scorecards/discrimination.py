"""How well a score tells events from non-events: AUC with its interval, precision, lift, gain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tenure.kernel import Estimate, OptionError, Undefined
from tenure.kernel.scipy_library import special
from tenure.predictions.scorecards.arrays import Floats, events, numbers, ratio
from tenure.predictions.scorecards.ordered import (
    ScoreOrder,
    area_under_roc,
    captured,
    mean_precision,
    score_order,
)

ONE_CLASS = "no_event_or_no_other"
"""Reason of a figure that needs both events and non-events."""


def auc(
    happened: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    customers: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Estimate | Undefined:
    """Return the area under the ROC curve with DeLong's interval, made on the logit scale.

    Parameters
    ----------
    happened : 1 where the event happened, else 0.
    scores : any numbers, higher meaning more likely; ties count half.
    customers : whom each row is about; rows of one customer are then not taken as
        independent. None: each row is another customer.
    confidence : nominal coverage, 0..1.

    References
    ----------
    DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44, 837-845; Sun, Xu (2014), IEEE Signal
    Processing Letters 21, for the fast form; Obuchowski (1997), Biometrics 53, for clusters.
    """
    y = events("happened", happened)
    order = score_order(numbers("scores", scores, rows=y.size))
    value = float(area_under_roc(order.sums(np.ones_like(y)), order.sums(y)))
    if not np.isfinite(value):
        return Undefined(ONE_CLASS)
    fewest = min(y.sum(), y.size - y.sum())
    if value in (0.0, 1.0):
        # No pair out of order leaves no variance to estimate; the rarer class alone bounds it.
        bound = float(((1 - confidence) / 2) ** (1 / fewest))
        low, high = (bound, 1.0) if value == 1.0 else (0.0, 1 - bound)
        return Estimate(value, low, high, confidence, "exact_bound")
    error = _standard_error(_influence(y, order, value), customers)
    half = special.ndtri((1 + confidence) / 2) * error / (value * (1 - value))
    low, high = (
        special.expit(special.logit(value) - half),
        special.expit(special.logit(value) + half),
    )
    return Estimate(value, float(low), float(high), confidence, "delong")


def auc_difference(
    happened: npt.ArrayLike,
    scores: npt.ArrayLike,
    others: npt.ArrayLike,
    *,
    customers: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Estimate | Undefined:
    """Return the AUC of `scores` less that of `others` on the same rows, with its interval.

    Parameters
    ----------
    happened, customers, confidence : as in `auc`.
    scores, others : two scores of the same rows.

    References
    ----------
    DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44, 837-845.
    """
    y = events("happened", happened)
    parts = []
    for name, given in (("scores", scores), ("others", others)):
        order = score_order(numbers(name, given, rows=y.size))
        value = float(area_under_roc(order.sums(np.ones_like(y)), order.sums(y)))
        if not np.isfinite(value):
            return Undefined(ONE_CLASS)
        parts.append((value, _influence(y, order, value)))
    difference = parts[0][0] - parts[1][0]
    error = _standard_error(parts[0][1] - parts[1][1], customers)
    half = float(special.ndtri((1 + confidence) / 2)) * error
    return Estimate(difference, difference - half, difference + half, confidence, "delong")


def average_precision(happened: npt.ArrayLike, scores: npt.ArrayLike) -> float | Undefined:
    """Return the area under the precision-recall curve, summed in steps.

    Parameters
    ----------
    happened : 1 where the event happened, else 0.
    scores : any numbers, higher meaning more likely.
    """
    y = events("happened", happened)
    order = score_order(numbers("scores", scores, rows=y.size))
    value = float(mean_precision(order.sums(np.ones_like(y)), order.sums(y)))
    return value if np.isfinite(value) else Undefined("no_event")


def gain(
    happened: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    depth: float,
    weight: npt.ArrayLike | None = None,
) -> float | Undefined:
    """Return the share of all events that stand among the best-scored rows.

    Parameters
    ----------
    happened : 1 where the event happened, else 0; or amounts of any size from 0.
    scores : any numbers, higher meaning more likely; ties at the edge count in part.
    depth : how many rows to take: a float is a share of them (to 1.0), an int a number.
    weight : what an event of each row counts, its value say; None counts each as 1.
    """
    y = numbers("happened", happened)
    order = score_order(numbers("scores", scores, rows=y.size))
    gained = y if weight is None else y * numbers("weight", weight, rows=y.size)
    taken = rows_at(depth, y.size)
    found = captured(order.sums(np.ones_like(y)), order.sums(gained), taken)
    share = float(ratio(found, gained.sum()))
    return share if np.isfinite(share) else Undefined("no_event")


def lift(
    happened: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    depth: float,
    weight: npt.ArrayLike | None = None,
) -> float | Undefined:
    """Return how many times more events the best-scored rows hold than as many at random.

    Parameters are those of `gain`; `weight` gives the value-weighted lift.
    """
    y = numbers("happened", happened)
    share = gain(y, scores, depth=depth, weight=weight)
    return share if isinstance(share, Undefined) else share * y.size / rows_at(depth, y.size)


def gain_curve(
    happened: npt.ArrayLike, scores: npt.ArrayLike, depths: Sequence[float]
) -> list[tuple[float, float]]:
    """Return (share of rows taken, share of events found) at each depth; empty without events."""
    y = numbers("happened", happened)
    if y.sum() == 0:
        return []
    order = score_order(numbers("scores", scores, rows=y.size))
    edges = np.concatenate(([0.0], np.cumsum(order.sums(np.ones_like(y)))))
    found = np.concatenate(([0.0], np.cumsum(order.sums(y)))) / y.sum()
    taken = np.array([rows_at(depth, y.size) for depth in depths])
    shares = np.interp(taken, edges, found)
    return list(zip((taken / y.size).tolist(), shares.tolist(), strict=True))


def rows_at(depth: float, rows: int) -> float:
    """Return how many rows a depth means: a share of them (float to 1), or a number (int).

    Raises
    ------
    OptionError : the depth is neither.
    """
    whole = isinstance(depth, int)
    if whole and not isinstance(depth, bool) and depth >= 1:
        return float(min(depth, rows))
    if not whole and 0 < depth <= 1:
        return depth * rows
    raise OptionError(
        f"depth {depth!r}",
        "a share of the customers (above 0, to 1.0) or a whole number of customers",
        "give 0.1 for the best tenth, or 200 for the best two hundred",
    )


def _influence(y: Floats, order: ScoreOrder, value: float) -> Floats:
    """Return each row's contribution to the error of the AUC (its centred placement)."""
    positives, rows = order.sums(y), order.sums(np.ones_like(y))
    others = rows - positives
    total, rest = positives.sum(), others.sum()
    below = (rest - np.cumsum(others) + others / 2) / rest
    above = (np.cumsum(positives) - positives / 2) / total
    # DeLong divides by n - 1 within each class.
    of_event = (below - value) / np.sqrt(total * max(total - 1, 1))
    of_other = (above - value) / np.sqrt(rest * max(rest - 1, 1))
    return np.asarray(np.where(y == 1, of_event[order.group], of_other[order.group]))


def _standard_error(influence: Floats, customers: npt.ArrayLike | None) -> float:
    if customers is None:
        return float(np.sqrt(np.square(influence).sum()))
    _, cluster = np.unique(np.asarray(customers), return_inverse=True)
    per_customer = np.bincount(cluster, weights=influence)
    return float(np.sqrt(np.square(per_customer).sum()))
