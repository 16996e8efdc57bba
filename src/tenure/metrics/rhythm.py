"""Each customer's own purchase rhythm: how many days usually lie between two orders.

The rule. A gap is the number of days between two consecutive days on which a customer ordered.
A customer with at least `OWN_GAPS_MIN` gaps has a rhythm of her own: the median of her gaps. All
others are judged by the typical customer's: the median, over the customers who ordered on two
days or more, of their median gaps (one vote each, so that a few heavy buyers do not
set the pace for all). Where nobody has ordered twice there is no rhythm, and it stays null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from tenure.engine.relations import Relation, TableLike
from tenure.kernel import Calendar
from tenure.kernel.calendars import EPOCH
from tenure.metrics.orders import base

OWN_GAPS_MIN = 3
"""Gaps from which a customer's own median is trusted: with fewer, one odd gap decides it."""

OWN, POPULATION = "own", "population"


def distinct_orders(rows: ir.Table, extra: Sequence[str] = ()) -> ir.Table:
    """Return one row per customer's order from order rows: its first day, value and `extra` texts.

    However many rows an order was split into, the result is the same.
    """
    return rows.group_by("customer_id", "order_id").aggregate(
        ordered_on=rows.occurred_on.min(),
        ordered_at=rows.occurred_at.min(),
        value=rows.value.sum(),
        **{name: rows[name].min() for name in extra},
    )


def with_gaps(orders: ir.Table) -> ir.Table:
    """Return orders with `gap_days` since the customer's previous order day and `is_first/_last`.

    The gap is null on the first order and on further orders of one day, so that each
    order day after the first holds exactly one gap.
    """
    window = ibis.window(
        group_by=orders.customer_id,
        order_by=[orders.ordered_on, orders.ordered_at, orders.order_id],
    )
    previous = orders.ordered_on.lag().over(window)
    return orders.mutate(
        gap_days=orders.ordered_on.delta(previous, unit="day").cast("int64").nullif(0),
        is_first=previous.isnull(),
        is_last=orders.ordered_on.lead().over(window).isnull(),
    )


def rhythm_sums(gapped: ir.Table) -> dict[str, ir.Value]:
    """Return the aggregates per customer that rhythm and stages are judged by."""
    gap = gapped.gap_days
    day = gapped.ordered_on.delta(ibis.date(EPOCH), unit="day").cast("float64")
    return {
        "first_order_on": gapped.ordered_on.min(),
        "last_order_on": gapped.ordered_on.max(),
        "order_count": gapped.count(),
        "order_day_count": gap.count() + 1,
        "median_gap_days": gap.cast("float64").quantile(0.5),
        "mean_gap_days": gap.cast("float64").mean(),
        "mean_repeat_day": day.mean(where=gap.notnull()),
    }


def with_rhythm(customers: ir.Table, as_of: date) -> ir.Table:
    """Return customers (with the columns of `rhythm_sums`) with their rhythm as of a date.

    Adds `tenure_days`, `days_since_last_order`, `rhythm_days`, `rhythm_source` (`own` or
    `population`), `overdue_ratio` and `expected_next_order_on`; all null without an order.
    """
    typical = customers.aggregate(typical_gap_days=customers.median_gap_days.quantile(0.5))
    joined = customers.cross_join(typical)
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
    gapped = with_gaps(distinct_orders(facts.orders))
    customers = gapped.group_by("customer_id").aggregate(**rhythm_sums(gapped))
    table = with_rhythm(customers, facts.as_of).select(*RHYTHM_COLUMNS)
    return Relation(table, facts.relation.engine)
