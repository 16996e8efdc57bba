"""How well the dates of next orders were told at past dates, beside the customer's median gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.kernel import Estimate, OptionError, Undefined, wilson_interval
from tenure.predictions.next_purchase.gaps import gaps_of
from tenure.predictions.next_purchase.histories import (
    Flags,
    Floats,
    Integers,
    day_number,
    days_of,
    ranked,
    table_of,
)
from tenure.predictions.next_purchase.next_order import NextOrder, Returns
from tenure.predictions.scorecards.origins import ScoredOrigin

MODEL, PAST_RATE, RECENCY = "next_order", "past_rate", "recency"
RETURNED_MIN = 30
"""Customers who came back that a verdict needs."""

NOT_RETURNED = -1

_Z = 1.6448536269514722  # 90 % two-sided


@dataclass(frozen=True, slots=True, eq=False)
class ReturnsOrigin:
    """Forecasts of one past date beside what happened; one row per customer with an order.

    Parameters
    ----------
    as_of, until : forecasts from what was known before `as_of`, outcomes in `[as_of, until)`.
    customers : their ids.
    made : the model's forecasts.
    naive_days : the simple rule's day: the last order plus the median gap, or today where that
        has passed.
    past_rate, recency : probabilities of a return by orders per day so far, and by the share of
        returners among customers as recently seen at the date before.
    actual_days : days until the next order; -1 where there was none in the window.
    """

    as_of: date
    until: date
    customers: pa.Array
    made: Returns
    naive_days: Floats
    past_rate: Floats
    recency: Floats
    actual_days: Integers

    @property
    def returned(self) -> Flags:
        """Whether each customer ordered in the window."""
        return np.asarray(self.actual_days != NOT_RETURNED)

    def scored(self) -> ScoredOrigin:
        """Return the probabilities of a return as a scorecard takes them."""
        return ScoredOrigin(
            self.as_of,
            self.until,
            self.returned.astype(np.float64),
            {
                MODEL: self.made.return_probability,
                PAST_RATE: self.past_rate,
                RECENCY: self.recency,
            },
            customers=np.asarray(self.customers.to_pylist(), dtype=object),
        )


@dataclass(frozen=True, slots=True)
class ReturnsCheck:
    """How good the dates were, over all past dates.

    Parameters
    ----------
    as_of : the past dates.
    horizon_days : length of each window.
    returned : customers who ordered in a window, over all dates; all figures are of these.
    likely_coverage, widely_coverage : share of next orders within the range; 0.5 and 0.8 or
        a little more is right, as ranges are made of whole days.
    error_days, naive_error_days : mean absolute error of the expected day, and of the simple
        rule's.
    gain_days : the simple rule's error less the model's.
    verdict : `beats`, `not_better` or `too_few_events`.
    """

    as_of: tuple[date, ...]
    horizon_days: int
    returned: int
    likely_coverage: Estimate | Undefined
    widely_coverage: Estimate | Undefined
    error_days: float
    naive_error_days: float
    gain_days: Estimate | Undefined
    verdict: str

    @property
    def text(self) -> Mapping[str, str]:
        """The verdict in one sentence, by language."""
        if not isinstance(self.gain_days, Estimate):
            return {
                "en": f"Only {self.returned} customers came back: too few to judge the dates.",
                "zh": f"只有 {self.returned} 位客户回来过：太少，无法评判预测日期。",
            }
        errors = (self.error_days, self.naive_error_days)
        if self.verdict == "beats":
            return {
                "en": "Use the expected dates: they miss by {:.1f} days on average, the "
                "customer's median gap by {:.1f}.".format(*errors),
                "zh": "可以使用预测日期：平均误差 {:.1f} 天，"
                "客户自身间隔中位数的误差为 {:.1f} 天。".format(*errors),
            }
        return {
            "en": "The customer's median gap does as well: it misses by {1:.1f} days on average, "
            "the model by {0:.1f}. Use the ranges, not the expected day.".format(*errors),
            "zh": "客户自身间隔中位数同样好：平均误差 {1:.1f} 天，模型为 {0:.1f} 天。"
            "请看日期范围，而非预测日期。".format(*errors),
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values for JSON."""
        return {
            "as_of": [day.isoformat() for day in self.as_of],
            "horizon_days": self.horizon_days,
            "returned": self.returned,
            "likely_coverage": _plain(self.likely_coverage),
            "widely_coverage": _plain(self.widely_coverage),
            "error_days": self.error_days,
            "naive_error_days": self.naive_error_days,
            "gain_days": _plain(self.gain_days),
            "verdict": self.verdict,
            "text": dict(self.text),
        }


def returns_origins(
    days: Any,  # noqa: ANN401 - any kind of table
    as_of: Sequence[date],
    *,
    horizon_days: int,
    model: NextOrder | None = None,
) -> list[ReturnsOrigin]:
    """Return forecasts at past dates beside what happened, each from what was known by then.

    Parameters
    ----------
    days : order days, as `gaps_of` takes them.
    as_of : the past dates; a window must have closed before the data end.
    horizon_days : length of the windows, at least 1.
    model : its parameters are used; it is fitted anew at each date.

    Raises
    ------
    OptionError : no date, or a window longer than the data.
    """
    table = table_of(days, ("customer_id", "occurred_on"))
    customer, names = ranked(table["customer_id"])
    day = days_of(table["occurred_on"])
    last = int(day.max(initial=0))
    late = [one for one in as_of if day_number(one) + horizon_days - 1 > last]
    if not as_of or late:
        raise OptionError(
            f"dates {', '.join(map(str, late)) or 'none'} with a horizon of {horizon_days} days",
            "at least one date whose window closed before the data end",
            "choose earlier dates or a shorter horizon",
        )
    template = NextOrder() if model is None else model
    return [
        _origin(table, customer, names, day, one, horizon_days, template) for one in sorted(as_of)
    ]


def check_returns(origins: Sequence[ReturnsOrigin]) -> ReturnsCheck:
    """Return how good the dates were.

    Parameters
    ----------
    origins : of `returns_origins`.
    """
    rows = [
        (
            one.actual_days[one.returned],
            one.made.median[one.returned],
            np.minimum(one.naive_days, (one.until - one.as_of).days - 1)[one.returned],
            _within(one, one.made.likely_low, one.made.likely_high),
            _within(one, one.made.widely_low, one.made.widely_high),
        )
        for one in origins
    ]
    actual, told, naive, likely, widely = (
        np.concatenate([np.asarray(row[i], np.float64) for row in rows]) for i in range(5)
    )
    count = len(actual)
    own, simple = np.abs(told - actual), np.abs(naive - actual)
    who = np.concatenate([np.asarray(o.customers.to_pylist())[o.returned] for o in origins])
    gain = _mean_difference(simple - own, who)
    verdict = "too_few_events"
    if isinstance(gain, Estimate):
        verdict = "beats" if gain.low > 0 else "not_better"
    return ReturnsCheck(
        tuple(one.as_of for one in origins),
        (origins[0].until - origins[0].as_of).days,
        count,
        wilson_interval(int(likely.sum()), count),
        wilson_interval(int(widely.sum()), count),
        float(own.mean()) if count else 0.0,
        float(simple.mean()) if count else 0.0,
        gain,
        verdict,
    )


def _origin(
    table: pa.Table,
    customer: Integers,
    names: pa.Array,
    day: Integers,
    as_of: date,
    horizon: int,
    template: NextOrder,
) -> ReturnsOrigin:
    gaps = gaps_of(table, as_of)
    made = NextOrder(**template.get_params()).fit(gaps).forecast(gaps, horizon)
    start = day_number(as_of)
    window = (day >= start) & (day < start + horizon)
    beyond = start + horizon
    first, began = np.full(len(names), beyond), np.full(len(names), beyond)
    np.minimum.at(first, customer[window], day[window])
    np.minimum.at(began, customer, day)
    ids = gaps["customer_id"].combine_chunks()
    place = pc.index_in(ids, value_set=names).to_numpy()
    silent = gaps["silent_days"].to_numpy().astype(np.float64)
    rate = (gaps["gap_count"].to_numpy() + 1) / (start - began[place])
    return ReturnsOrigin(
        as_of,
        as_of + timedelta(days=horizon),
        ids,
        made,
        np.maximum(gaps["naive_gap_days"].to_numpy() - silent, 0.0),
        np.asarray(-np.expm1(-rate * horizon), dtype=np.float64),
        _by_recency(gaps_of(table, as_of - timedelta(days=horizon)), ids, silent, horizon),
        np.where(first < beyond, first - start, NOT_RETURNED)[place],
    )


def _by_recency(earlier: pa.Table, now: pa.Array, silent: Floats, horizon: int) -> Floats:
    """Return the share of returners among customers as recently seen one horizon before."""
    if earlier.num_rows < RETURNED_MIN:
        return np.full(len(silent), 0.5)
    then = earlier["silent_days"].to_numpy().astype(np.float64)
    place = pc.index_in(earlier["customer_id"].combine_chunks(), value_set=now).to_numpy()
    returned = silent[place] <= horizon  # her last order lies within the window before now
    cuts = np.unique(np.quantile(then, np.linspace(0, 1, 11)[1:-1]))
    cell = np.searchsorted(cuts, then)
    count = np.bincount(cell, minlength=len(cuts) + 1)
    hits = np.bincount(cell, returned, len(cuts) + 1)
    share = (hits + returned.mean()) / (count + 1)
    return np.asarray(share[np.searchsorted(cuts, silent)], dtype=np.float64)


def _within(one: ReturnsOrigin, low: Floats, high: Floats) -> Flags:
    inside = one.made.expected & (one.actual_days >= low) & (one.actual_days <= high)
    return inside[one.returned]


def _mean_difference(differences: Floats, who: np.ndarray) -> Estimate | Undefined:
    """Return the mean with its 90 % interval; a customer's dates are one draw, not several."""
    if len(differences) < RETURNED_MIN:
        return Undefined("too_few_returned")
    mean = float(differences.mean())
    _, group = np.unique(who, return_inverse=True)
    parts = np.bincount(group, differences - mean)
    error = float(np.sqrt((parts**2).sum())) / len(differences)
    return Estimate(mean, mean - _Z * error, mean + _Z * error, 0.9, "clustered_normal")


def _plain(figure: Estimate | Undefined) -> dict[str, Any]:
    if isinstance(figure, Undefined):
        return {"undefined": figure.reason}
    return {
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "confidence": figure.confidence,
    }
