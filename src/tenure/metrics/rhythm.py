"""Each customer's own purchase rhythm: how many days usually lie between two orders.

The rule. A gap is the number of days between two consecutive days on which a customer ordered.
A customer with at least `OWN_GAPS_MIN` gaps has a rhythm of her own: the median of her gaps. All
others are judged by the typical customer's: the median, over the customers who ordered on two
days or more, of their median gaps (one vote each, so that a few heavy buyers do not
set the pace for all). Where nobody has ordered twice there is no rhythm, and it stays null.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir

from tenure.engine.relations import Relation, TableLike
from tenure.kernel import Calendar
from tenure.metrics.customer_states import customer_sums
from tenure.metrics.orders import base

OWN_GAPS_MIN = 3
"""Gaps from which a customer's own median is trusted: with fewer, one odd gap decides it."""

OWN, POPULATION = "own", "population"


def with_rhythm(
    customers: ir.Table, as_of: date, typical_gap_days: float | None = None
) -> ir.Table:
    """Return customers (as of `customer_states.customer_sums`) with their rhythm as of a date.

    Adds `tenure_days`, `days_since_last_order`, `rhythm_days`, `rhythm_source` (`own` or
    `population`), `overdue_ratio` and `expected_next_order_on`; all null without an order.

    Parameters
    ----------
    customers : their sums.
    as_of : the date.
    typical_gap_days : the typical customer's median gap; None takes that of these customers.
    """
    if typical_gap_days is None:
        joined = customers.cross_join(_typical(customers))
    else:
        joined = customers.mutate(typical_gap_days=ibis.literal(typical_gap_days, "float64"))
    has_order = joined.last_order_on.notnull()
    own = joined.order_day_count > OWN_GAPS_MIN
    today = ibis.date(as_of)
    dated = joined.mutate(
        tenure_days=today.delta(joined.first_order_on, unit="day").cast("int64"),
        days_since_last_order=today.delta(joined.last_order_on, unit="day").cast("int64"),
        rhythm_days=ibis.cases(
            (~has_order, ibis.null("float64")),
            (own, joined.median_gap_days),
            else_=joined.typical_gap_days,
        ),
    )
    known = dated.rhythm_days.notnull()
    wait = dated.rhythm_days.round().cast("int64")
    return dated.mutate(
        rhythm_source=ibis.cases(
            (~known, ibis.null("string")),
            (dated.order_day_count > OWN_GAPS_MIN, OWN),
            else_=POPULATION,
        ),
        overdue_ratio=dated.days_since_last_order.cast("float64") / dated.rhythm_days,
        # Through a timestamp, or DuckDB's date + interval comes back as one.
        expected_next_order_on=(
            dated.last_order_on.cast("timestamp") + wait.as_interval("D")
        ).date(),
    ).drop("typical_gap_days")


def typical_gap_days(
    data: TableLike,
    *,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> float | None:
    """Return the median, over customers, of their median gaps; None if nobody ordered twice.

    Parameters
    ----------
    data, columns, calendar, as_of : as for `rhythm`.

    Raises
    ------
    DataError : a needed column is missing, or there is no activity and no `as_of`.
    """
    facts = base(data, columns=columns, calendar=calendar, as_of=as_of)
    found = facts.relation.collect(_typical(customer_sums(facts)))
    typical: float | None = found["typical_gap_days"][0].as_py()
    return typical


def _typical(customers: ir.Table) -> ir.Table:
    return customers.aggregate(typical_gap_days=customers.median_gap_days.quantile(0.5))


RHYTHM_COLUMNS = (
    "customer_id",
    "first_order_on",
    "last_order_on",
    "order_count",
    "order_day_count",
    "median_gap_days",
    "mean_gap_days",
    "tenure_days",
    "days_since_last_order",
    "rhythm_days",
    "rhythm_source",
    "overdue_ratio",
    "expected_next_order_on",
)


def rhythm(
    data: TableLike,
    *,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> Relation:
    """Return the purchase rhythm of each customer with an order, one row per customer.

    Parameters
    ----------
    data : activity, as `metrics.orders.base` takes it.
    columns : canonical name to the data's own column name, where they differ.
    calendar : zone in which instants become days.
    as_of : first business day that does not count; None is the day after the last activity.

    Returns
    -------
    A relation with `RHYTHM_COLUMNS`; gaps and rhythm in days, `overdue_ratio` >= 0.

    Raises
    ------
    DataError : a needed column is missing, or there is no activity and no `as_of`.
    """
    facts = base(data, columns=columns, calendar=calendar, as_of=as_of)
    sums = customer_sums(facts)
    customers = sums.filter(sums.last_order_on.notnull())
    table = with_rhythm(customers, facts.as_of).select(*RHYTHM_COLUMNS)
    return Relation(table, facts.relation.engine)
