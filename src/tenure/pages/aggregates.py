"""What the report counts over the snapshot and the facts: stages, overdue, concentration, sources.

Each function takes relations, runs one expression and returns a small table.
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.relations import Relation

DUE_RATIO = 1.0
OVERDUE_RATIO = 1.5
"""Half again the usual gap: the line that the segment `overdue_now` draws."""
LONG_OVERDUE_RATIO = 3.0
"""Three times the usual gap: from here on the lifecycle stage is lapsed."""
BANDS = ("on_time", "due", "overdue_recently", "overdue_long", "no_rhythm")
TOP_SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
FOLLOW_UP_DAYS = 90
"""Each source's customers are compared over the same length of time after their first order."""

_MONEY = "decimal(38, 4)"


def by_group(snapshot: Relation, column: str) -> pa.Table:
    """Return customers and value per value of a snapshot column, e.g. `lifecycle_stage`.

    Returns
    -------
    The column, customers, net_value_365_days, net_value.
    """
    table = snapshot.table.filter(snapshot.table[column].notnull())
    return snapshot.collect(
        table.group_by(column).aggregate(
            customers=table.count(),
            net_value_365_days=table.net_value_365_days.sum().cast(_MONEY),
            net_value=table.net_value.sum().cast(_MONEY),
        )
    )


def overdue_bands(snapshot: Relation) -> pa.Table:
    """Return customers and their value by how late they are by their own rhythm.

    Returns
    -------
    band (one of `BANDS`), customers, net_value_365_days, net_value.
    """
    table = snapshot.table.filter(snapshot.table.order_count > 0)
    banded = table.mutate(band=_band(table))
    return snapshot.collect(
        banded.group_by("band").aggregate(
            customers=banded.count(),
            net_value_365_days=banded.net_value_365_days.sum().cast(_MONEY),
            net_value=banded.net_value.sum().cast(_MONEY),
        )
    )


def order_counts(snapshot: Relation) -> pa.Table:
    """Return customers by number of orders: `orders` is `1` or `2+`."""
    table = snapshot.table.filter(snapshot.table.order_count > 0)
    grouped = table.mutate(orders=ibis.ifelse(table.order_count == 1, "1", "2+"))
    return snapshot.collect(grouped.group_by("orders").aggregate(customers=grouped.count()))


def overdue_customers(snapshot: Relation, top: int) -> pa.Table:
    """Return the overdue customers of the highest value in the last 365 days.

    Parameters
    ----------
    snapshot : one row per customer.
    top : most rows to return.

    Returns
    -------
    customer_id, net_value_365_days, order_count, last_order_on, rhythm_days,
    expected_next_order_on, days_since_last_order, overdue_days, overdue_ratio.
    """
    table = snapshot.table.filter(_is_overdue(snapshot.table))
    listed = table.select(
        "customer_id",
        "net_value_365_days",
        "order_count",
        "last_order_on",
        "rhythm_days",
        "expected_next_order_on",
        "days_since_last_order",
        "overdue_ratio",
        overdue_days=table.days_since_last_order - table.rhythm_days,
    )
    # ids break ties, so that the same data list the same customers
    ordered = listed.order_by(ibis.desc(listed.net_value_365_days.fill_null(0)), listed.customer_id)
    return snapshot.collect(ordered.limit(top))


def concentration(snapshot: Relation) -> pa.Table:
    """Return how much of the last 365 days' net value the top customers bring.

    Returns
    -------
    top_share, customers, net_value_365_days, total_value, overdue_customers,
    overdue_net_value_365_days; one row per share of `TOP_SHARES`.
    """
    table = snapshot.table.filter(snapshot.table.order_count_365_days > 0)
    ranked = table.mutate(
        place=ibis.row_number().over(
            order_by=[ibis.desc(table.net_value_365_days.fill_null(0)), table.customer_id]
        )
        + 1,
        of=table.count().over(ibis.window()),
        total=table.net_value_365_days.sum().over(ibis.window()),
        is_overdue=_is_overdue(table),
    )
    parts = [_top(ranked, share) for share in TOP_SHARES]
    result = snapshot.collect(ibis.union(*parts, distinct=False))
    return result.sort_by("top_share")


def source_value(activity: Relation, snapshot: Relation, as_of: date) -> pa.Table:
    """Return what customers of each source brought in the days after their first order.

    Only customers whose first order is at least `FOLLOW_UP_DAYS` before `as_of` count, so
    that all are seen equally long.

    Parameters
    ----------
    activity, snapshot : relations of one engine.
    as_of : first business day that does not count.

    Returns
    -------
    source, customers, mean_value, error (standard error of the mean).
    """
    facts, people = activity.table, snapshot.table
    money = facts.filter(facts.kind.isin(["order", "refund"])).select(
        "customer_id", "occurred_on", "value"
    )
    cut = ibis.date(as_of - timedelta(days=FOLLOW_UP_DAYS))
    seen = people.filter(people.first_order_on <= cut).select(
        "customer_id", "first_order_on", source=people.acquisition_source
    )
    joined = money.inner_join(seen, "customer_id")
    age_days = joined.occurred_on.delta(joined.first_order_on, unit="day")
    within = joined.filter((age_days >= 0) & (age_days < FOLLOW_UP_DAYS))
    each = within.group_by("customer_id", "source").aggregate(
        amount=within.value.sum().cast("float64")
    )
    by_source = each.group_by("source").aggregate(
        customers=each.count(),
        mean_value=each.amount.mean(),
        error=each.amount.std(how="sample") / each.count().cast("float64").sqrt(),
    )
    return activity.collect(by_source.order_by("source"))


def _top(ranked: ir.Table, share: float) -> ir.Table:
    inside = ranked.filter(ranked.place <= (ranked.of.cast("float64") * share).ceil())
    value = inside.net_value_365_days.cast(_MONEY)
    sums = inside.aggregate(
        customers=inside.count(),
        net_value_365_days=value.sum(),
        total_value=inside.total.max().cast(_MONEY),
        overdue_customers=inside.is_overdue.sum(),
        overdue_net_value_365_days=value.sum(where=inside.is_overdue).cast(_MONEY),
    )
    return sums.mutate(top_share=ibis.literal(share, "float64"))


def _is_overdue(table: ir.Table) -> ir.BooleanValue:
    return ibis.coalesce(
        (table.rhythm_source == "own") & (table.overdue_ratio > OVERDUE_RATIO), False
    )


def _band(table: ir.Table) -> ir.StringValue:
    own = ibis.coalesce(table.rhythm_source == "own", False)
    ratio = table.overdue_ratio
    return ibis.cases(
        (~own, "no_rhythm"),
        (ratio <= DUE_RATIO, "on_time"),
        (ratio <= OVERDUE_RATIO, "due"),
        (ratio <= LONG_OVERDUE_RATIO, "overdue_recently"),
        else_="overdue_long",
    )
