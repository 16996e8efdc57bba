"""What anybody could forecast without a model, from the columns of the snapshot.

Every rival learns from earlier dates only, and each as much as it can use: a score such as
recency becomes a probability by the best monotone curve over those dates, so that a model which
is merely calibrated does not win for that alone. A rival whose columns are missing is left out.

References
----------
Wuebben, von Wangenheim (2008), Instant Customer Base Analysis: Managerial Heuristics Often Get
It Right, J. Marketing 72(3), 82-93.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tenure.kernel import DataError, OptionError
from tenure.kernel.scipy_library import optimize
from tenure.predictions.scorecards.arrays import Flags, Floats, Integers, events, numbers
from tenure.predictions.scorecards.ordered import area_under_roc, score_order
from tenure.snapshots.columns import WINDOWS_DAYS

PAIRED_WITH = 10.0
"""Rows of the overall mean that an RFM cell's own mean is mixed with: small cells are noisy."""

_SCORES = ("recency_score", "frequency_score", "monetary_score")


@dataclass(frozen=True, slots=True, eq=False)
class EarlierDate:
    """A date before the one to forecast for, with its outcome known by then.

    Parameters
    ----------
    features : the snapshot's columns, one row per customer.
    actual : the outcome per row: 1 or 0 for events, an amount for counts and money.
    """

    features: pa.Table
    actual: npt.ArrayLike


def naive_probabilities(
    earlier: Sequence[EarlierDate], now: pa.Table, *, horizon_days: int
) -> dict[str, Floats]:
    """Return each simple rival's probabilities of an event, simplest first.

    Parameters
    ----------
    earlier : dates whose outcomes were known when `now` was made; the more the better.
    now : the snapshot's columns at the date to forecast for.
    horizon_days : length of the outcome's window, days.

    Returns
    -------
    `base_rate`, and of those whose columns are there `recency`, `overdue`, `last_period`,
    `past_rate` and `rfm_cell`; one probability per row of `now`.

    Raises
    ------
    OptionError : no earlier date.
    DataError : outcomes that are not 0 or 1, or do not fit their tables.
    """
    _check(earlier)
    outcomes = [
        events(f"actual of earlier date {i}", one.actual, rows=one.features.num_rows)
        for i, one in enumerate(earlier)
    ]
    y = np.concatenate(outcomes)
    tables = [one.features for one in earlier]
    made = {"base_rate": np.full(now.num_rows, (y.sum() + 0.5) / (y.size + 1))}
    for name, score in _scores(horizon_days).items():
        found = _everywhere(score, [*tables, now])
        if found is not None:
            curve = MonotoneCurve().fit(np.concatenate(found[:-1]), y)
            made[name] = curve.predict(found[-1])
    cells = _everywhere(_rfm_cells, [*tables, now])
    if cells is not None:
        made["rfm_cell"] = _cell_means(np.concatenate(cells[:-1]), y, cells[-1])
    return made


def naive_amounts(
    earlier: Sequence[EarlierDate], now: pa.Table, *, horizon_days: int, money: bool
) -> dict[str, Floats]:
    """Return each simple rival's expected orders or money, simplest first.

    Parameters
    ----------
    earlier, now, horizon_days : as in `naive_probabilities`.
    money : whether the amounts are net value rather than orders.

    Returns
    -------
    `mean`, and of those whose columns are there `last_period` (what came in the window nearest
    in length, carried forward), `past_rate` (repeat orders per day of tenure, times the mean
    order value for money), `scaled_past_rate` (the same, scaled to the earlier totals) and
    `rfm_cell`; one amount per row of `now`.

    Raises
    ------
    OptionError : no earlier date.
    DataError : outcomes that do not fit their tables.
    """
    _check(earlier)
    y = np.concatenate(
        [
            numbers(f"actual of earlier date {i}", one.actual, rows=one.features.num_rows)
            for i, one in enumerate(earlier)
        ]
    )
    tables = [one.features for one in earlier]
    made = {"mean": np.full(now.num_rows, y.mean())}
    window = _window(horizon_days)
    column = f"net_value_{window}_days" if money else f"order_count_{window}_days"
    if column in now.column_names:
        carried = np.nan_to_num(_column(now, column)) * horizon_days / window
        made["last_period"] = np.maximum(carried, 0.0)
    rates = _everywhere(lambda t: _expected(t, horizon_days, money=money), [*tables, now])
    if rates is not None:
        before = float(np.concatenate(rates[:-1]).sum())
        made["past_rate"] = rates[-1]
        made["scaled_past_rate"] = rates[-1] * (max(y.sum(), 0.0) / before if before else 1.0)
    cells = _everywhere(_rfm_cells, [*tables, now])
    if cells is not None:
        made["rfm_cell"] = _cell_means(np.concatenate(cells[:-1]), y, cells[-1])
    return made


class MonotoneCurve:
    """The best curve from a score to a probability that only rises, or only falls.

    The direction is the one in which the score orders the outcomes better; a missing score has
    a probability of its own. No probability is surer than the number of rows allows: it stays
    1 / (rows + 2) away from 0 and 1.
    """

    def __init__(self) -> None:
        self.rises_ = True
        self.scores_: Floats = np.zeros(0)
        self.probabilities_: Floats = np.zeros(0)
        self.missing_ = 0.5

    def fit(self, scores: Floats, happened: Floats) -> MonotoneCurve:
        """Fit the curve.

        Parameters
        ----------
        scores : one per row, not-a-number where missing.
        happened : 1 or 0 per row.
        """
        known = np.isfinite(scores)
        base = (happened.sum() + 0.5) / (happened.size + 1)
        gone = happened[~known]
        self.missing_ = float((gone.sum() + base) / (gone.size + 1))
        x, y = scores[known], happened[known]
        if not x.size:
            return self
        order = score_order(x)
        rows, positive = order.sums(np.ones_like(x)), order.sums(y)
        auc = float(area_under_roc(rows, positive))
        self.rises_ = not auc < 0.5
        # groups run from the highest score down
        fitted = optimize.isotonic_regression(
            positive / rows, weights=rows, increasing=not self.rises_
        ).x
        edge = 1 / (x.size + 2)
        self.scores_ = np.unique(x)
        self.probabilities_ = np.clip(np.asarray(fitted)[::-1], edge, 1 - edge)
        return self

    def predict(self, scores: Floats) -> Floats:
        """Return a probability per score; between fitted scores it runs straight."""
        made = np.full(scores.shape, self.missing_)
        known = np.isfinite(scores)
        if self.scores_.size:
            made[known] = np.interp(scores[known], self.scores_, self.probabilities_)
        return made


def _check(earlier: Sequence[EarlierDate]) -> None:
    if not earlier:
        raise OptionError(
            "no earlier date",
            "at least one date whose outcome was known before the one to forecast for",
            "begin the backtest one date later",
        )


def _scores(horizon_days: int) -> Mapping[str, Callable[[pa.Table], Floats | None]]:
    window = _window(horizon_days)
    return {
        "recency": lambda table: _optional(table, "days_since_last_order"),
        "overdue": lambda table: _optional(table, "overdue_ratio"),
        "last_period": lambda table: _optional(table, f"order_count_{window}_days"),
        "past_rate": _past_rate,
    }


def _window(horizon_days: int) -> int:
    """Return the trailing window whose length is nearest to the horizon."""
    if horizon_days < 1:
        raise OptionError(f"horizon_days = {horizon_days}", "1 or more", "give the horizon in days")
    return min(WINDOWS_DAYS, key=lambda days: (abs(days - horizon_days), days))


def _everywhere(
    make: Callable[[pa.Table], Floats | None], tables: Sequence[pa.Table]
) -> list[Floats] | None:
    found = [make(table) for table in tables]
    kept = [one for one in found if one is not None]
    return kept if len(kept) == len(tables) else None


def _optional(table: pa.Table, name: str) -> Floats | None:
    return _column(table, name) if name in table.column_names else None


def _past_rate(table: pa.Table) -> Floats | None:
    if not {"repeat_order_count", "tenure_days"} <= set(table.column_names):
        return None
    return _column(table, "repeat_order_count") / np.maximum(_column(table, "tenure_days"), 1.0)


def _expected(table: pa.Table, horizon_days: int, *, money: bool) -> Floats | None:
    rate = _past_rate(table)
    if rate is None or (money and "mean_order_value" not in table.column_names):
        return None
    each = _column(table, "mean_order_value") if money else np.ones(table.num_rows)
    return np.maximum(np.nan_to_num(rate * horizon_days * each), 0.0)


def _rfm_cells(table: pa.Table) -> Floats | None:
    if not set(_SCORES) <= set(table.column_names):
        return None
    digits = [np.nan_to_num(_column(table, name)) for name in _SCORES]
    return np.asarray((digits[0] * 6 + digits[1]) * 6 + digits[2])


def _cell_means(cells: Floats, y: Floats, asked: Floats) -> Floats:
    """Return each asked cell's mean, mixed with the overall mean as if by some rows of it."""
    names, index = np.unique(cells, return_inverse=True)
    count = np.bincount(index, minlength=names.size)
    mean = y.mean()
    means = (np.bincount(index, y, names.size) + PAIRED_WITH * mean) / (count + PAIRED_WITH)
    place: Integers = np.minimum(np.searchsorted(names, asked), names.size - 1)
    known: Flags = names[place] == asked
    return np.asarray(np.where(known, means[place], mean))


def _column(table: pa.Table, name: str) -> Floats:
    """Return a numeric column as doubles, not-a-number where it is null."""
    try:
        column = pc.cast(table[name], pa.float64())
    except pa.ArrowInvalid as fault:
        raise DataError(
            f"column {name} of type {table.schema.field(name).type}",
            "numbers, as the snapshot's catalogue has them",
            "hand over the snapshot's own columns",
        ) from fault
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)
