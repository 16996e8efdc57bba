"""Each customer's gaps between order days in a few sums: all that her rhythm depends on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from tenure.engine.relations import Relation, TableLike
from tenure.kernel import Calendar
from tenure.metrics.customer_days import counted, customer_days
from tenure.metrics.orders import base
from tenure.metrics.rhythm import OWN_GAPS_MIN
from tenure.predictions.next_purchase.histories import (
    Floats,
    day_number,
    days_of,
    ranked,
    table_of,
)

GAPS = ("gap_count", "log_gap_sum", "log_gap_square_sum", "silent_days")
"""Gaps, the sums of their logarithms and of those squared, and days since the last order."""

_STEPS = 1_000_000  # logarithms are summed in whole millionths: exact in any order and engine


def gap_statistics(
    data: TableLike,
    *,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> Relation:
    """Return the gaps of each customer with an order.

    Parameters
    ----------
    data : activity, as `metrics.orders.base` takes it.
    columns : canonical name to the data's own column name, where they differ.
    calendar : zone in which instants become days.
    as_of : first business day that does not count; None is the day after the last activity.

    Returns
    -------
    A relation of customer_id, the columns of `GAPS`, and last_order_on. A gap is the days
    between two consecutive order days, at least 1.
    """
    known = base(data, columns=columns, calendar=calendar, as_of=as_of)
    days = customer_days(known)
    logs = days.gap_days.cast("float64").ln()
    sums = days.group_by("customer_id").aggregate(
        gap_count=days.gap_days.count(),
        log_gap_sum=_in_steps(logs).sum(),
        log_gap_square_sum=_in_steps(logs * logs).sum(),
        last_order_on=days.occurred_on.max(where=days.order_day_number.notnull()),
    )
    sums = sums.filter(sums.last_order_on.notnull())
    table = sums.select(
        "customer_id",
        gap_count=counted(sums.gap_count),
        log_gap_sum=_back(sums.log_gap_sum),
        log_gap_square_sum=_back(sums.log_gap_square_sum),
        silent_days=ibis.date(known.as_of).delta(sums.last_order_on, unit="day").cast("int64"),
        last_order_on=sums.last_order_on,
    )
    return Relation(table, known.relation.engine)


def gaps_of(days: Any, as_of: date | None = None) -> pa.Table:  # noqa: ANN401 - any kind of table
    """Return the same as `gap_statistics` from a table of order days, in memory.

    Parameters
    ----------
    days : an Arrow, pandas or Polars table or a mapping with `customer_id` and `occurred_on`
        (date), a row per order or order line.
    as_of : first day that does not count; None is the day after the last order.

    Returns
    -------
    The columns of `gap_statistics`, and `naive_gap_days`: the customer's median gap, or, of
    those with fewer than three, the median over customers.
    """
    table = table_of(days, ("customer_id", "occurred_on"))
    day = days_of(table["occurred_on"])
    limit = (int(day.max()) + 1 if len(day) else 0) if as_of is None else day_number(as_of)
    table, day = table.filter(pa.array(day < limit)), day[day < limit]
    customer, names = ranked(table["customer_id"])
    earliest = int(day.min(initial=limit))
    width = limit - earliest + 1
    distinct = np.unique(customer * width + day - earliest)
    customer, day = distinct // width, distinct % width + earliest
    first = np.concatenate(([True], customer[1:] != customer[:-1]))[: len(day)]
    gaps = np.diff(day, prepend=0)[~first]
    owner = customer[~first]
    logs = np.log(gaps)
    count = np.bincount(owner, minlength=len(names))
    last = day[np.append(np.flatnonzero(first)[1:] - 1, len(day) - 1)] if len(day) else day
    return pa.table(
        {
            "customer_id": names,
            "gap_count": count,
            "log_gap_sum": _summed(owner, logs, len(names)),
            "log_gap_square_sum": _summed(owner, logs * logs, len(names)),
            "silent_days": limit - last,
            "last_order_on": pa.array(last.astype(np.int32)).cast(pa.date32()),
            "naive_gap_days": _naive(owner, gaps.astype(np.float64), count),
        }
    )


def _in_steps(logs: ir.NumericValue) -> ir.IntegerValue:
    return (logs * _STEPS).round().cast("int64")


def _back(steps: ir.NumericValue) -> ir.NumericValue:
    return ibis.coalesce(steps.cast("float64"), 0.0) / _STEPS


def _summed(owner: np.ndarray, values: Floats, count: int) -> Floats:
    whole = np.bincount(owner, np.round(values * _STEPS), count)
    return np.asarray(whole / _STEPS, dtype=np.float64)


def _naive(owner: np.ndarray, gaps: Floats, count: np.ndarray) -> Floats:
    """Return each customer's median gap, or the typical customer's."""
    order = np.lexsort((gaps, owner))
    ordered = gaps[order]
    starts = np.concatenate(([0], np.cumsum(count)))[:-1]
    has = count > 0
    middle = (np.maximum(count - 1, 0)) / 2
    low = np.minimum(starts + np.floor(middle).astype(np.int64), max(len(gaps) - 1, 0))
    high = np.minimum(starts + np.ceil(middle).astype(np.int64), max(len(gaps) - 1, 0))
    if not len(gaps):
        return np.zeros(len(count))
    median = (ordered[low] + ordered[high]) / 2
    typical = float(np.median(median[has]))
    return np.where(count >= OWN_GAPS_MIN, median, typical)
