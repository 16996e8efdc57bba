"""What the report counts over the snapshot and the facts: stages, overdue, concentration, sources.

Each function takes relations, runs one expression and returns a small table.
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.relations import Relation
from tenure.metrics.customer_days import customer_days, net_value
from tenure.metrics.orders import base
from tenure.metrics.results import MONEY_SUM
from tenure.metrics.rhythm import OWN

DUE_RATIO = 1.0
OVERDUE_RATIO = 1.5
"""Half again the usual gap: the line that the segment `overdue_now` draws."""
LONG_OVERDUE_RATIO = 3.0
"""Three times the usual gap: from here on the lifecycle stage is lapsed."""
UNUSUAL_SHARE = 0.05
"""Silence is unusual if at most one in twenty of the customer's own gaps was as long."""
BANDS = ("on_time", "due", "overdue_recently", "overdue_long", "no_rhythm")
EDGES: dict[str, tuple[float, float]] = {
    "on_time": (0.0, DUE_RATIO),
    "due": (DUE_RATIO, OVERDUE_RATIO),
    "overdue_recently": (OVERDUE_RATIO, LONG_OVERDUE_RATIO),
    "overdue_long": (LONG_OVERDUE_RATIO, 1e9),
}
"""Lateness of each band as a multiple of the rhythm, (above, up to]."""

TOP_SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
FOLLOW_UP_DAYS = 90
"""Each source's customers are compared over the same length of time after their first order."""

BAND_SCHEMA = pa.schema(
    [
        pa.field("band", pa.string()),
        pa.field("customers", pa.int64()),
        pa.field("net_value_365_days", MONEY_SUM),
        pa.field("net_value", MONEY_SUM),
        pa.field("usual_customers", pa.float64()),
        pa.field("usual_net_value_365_days", pa.float64()),
    ]
)

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


def overdue_bands(activity: Relation, snapshot: Relation, as_of: date) -> pa.Table:
    """Return customers and their value by how late they are, and how many usually are.

    Late is common: a customer whose median gap is 4 days waits 6 days and more now and then.
    So each band also gets the customers that would be in it on any given day if all kept the
    rhythm of their past: the sum, over customers, of the share of their days between two orders
    that they spent in that band. What is above it is more than chance.

    Parameters
    ----------
    activity, snapshot : relations of one engine.
    as_of : first business day that does not count.

    Returns
    -------
    band (one of `BANDS`), customers, net_value_365_days, net_value, usual_customers,
    usual_net_value_365_days (both null for `no_rhythm`).
    """
    table = snapshot.table.filter(snapshot.table.order_count > 0)
    banded = table.mutate(band=_band(table))
    now = banded.group_by("band").aggregate(
        customers=banded.count(),
        net_value_365_days=banded.net_value_365_days.sum().cast(_MONEY),
        net_value=banded.net_value.sum().cast(_MONEY),
    )
    usual = activity.collect(_usual(activity, table, as_of)).to_pylist()[0]
    rows = snapshot.collect(now).to_pylist()
    for row in rows:
        row["usual_customers"] = usual.get(f"{row['band']}_customers")
        row["usual_net_value_365_days"] = usual.get(f"{row['band']}_value")
    return pa.Table.from_pylist(rows, BAND_SCHEMA)


def _usual(activity: Relation, people: ir.Table, as_of: date) -> ir.Table:
    """Return one row: customers and value that each band of `EDGES` holds on any given day."""
    gapped = customer_days(base(activity, as_of=as_of))
    own = people.filter(people.rhythm_source == OWN).select(
        "customer_id", "rhythm_days", "net_value_365_days"
    )
    gaps = gapped.filter(gapped.gap_days.notnull()).inner_join(own, "customer_id")
    days = gaps.gap_days.cast("float64")

    def within(ratio: float) -> ir.FloatingValue:
        return ibis.least(days, (gaps.rhythm_days * ratio).floor())

    spent = {name: (within(high) - within(low)).sum() for name, (low, high) in EDGES.items()}
    each = gaps.group_by("customer_id").aggregate(
        all_days=days.sum(), value=gaps.net_value_365_days.max().cast("float64"), **spent
    )
    shares = {name: each[name] / each.all_days for name in EDGES}
    return each.aggregate(
        **{f"{name}_customers": share.sum() for name, share in shares.items()},
        **{f"{name}_value": (share * each.value).sum() for name, share in shares.items()},
    )


def order_counts(snapshot: Relation) -> pa.Table:
    """Return customers by number of orders: `orders` is `1` or `2+`."""
    table = snapshot.table.filter(snapshot.table.order_count > 0)
    grouped = table.mutate(orders=ibis.ifelse(table.order_count == 1, "1", "2+"))
    return snapshot.collect(grouped.group_by("orders").aggregate(customers=grouped.count()))


def unusual_silence(activity: Relation, snapshot: Relation, as_of: date) -> pa.Table:
    """Return how many overdue customers are silent unusually long even for themselves.

    Returns
    -------
    One row: customers, net_value_365_days.
    """
    unusual = _unusually_silent(activity, snapshot, as_of)
    return snapshot.collect(
        unusual.aggregate(
            customers=unusual.count(),
            net_value_365_days=unusual.net_value_365_days.sum().cast(_MONEY),
        )
    )


def overdue_customers(activity: Relation, snapshot: Relation, as_of: date, top: int) -> pa.Table:
    """Return the unusually silent customers of the highest value in the last 365 days.

    Overdue customers of whose own past gaps at most `UNUSUAL_SHARE` were as long as the
    silence now: for one who orders daily, two days are late but nothing unusual.

    Parameters
    ----------
    activity, snapshot : relations of one engine.
    as_of : first business day that does not count.
    top : most rows to return.

    Returns
    -------
    customer_id, net_value_365_days, order_count, last_order_on, rhythm_days,
    days_since_last_order, overdue_days, overdue_ratio, longest_gap_days, long_gaps, gaps.
    """
    listed = _unusually_silent(activity, snapshot, as_of)
    # ids break ties, so that the same data list the same customers
    ordered = listed.order_by(ibis.desc(listed.net_value_365_days.fill_null(0)), listed.customer_id)
    return snapshot.collect(ordered.limit(top))


def _unusually_silent(activity: Relation, snapshot: Relation, as_of: date) -> ir.Table:
    late = snapshot.table.filter(_is_overdue(snapshot.table)).select(
        "customer_id",
        "net_value_365_days",
        "order_count",
        "last_order_on",
        "rhythm_days",
        "days_since_last_order",
        "overdue_ratio",
    )
    gapped = customer_days(base(activity, as_of=as_of))
    past = gapped.filter(gapped.gap_days.notnull()).select("customer_id", "gap_days")
    joined = past.inner_join(late.select("customer_id", "days_since_last_order"), "customer_id")
    each = joined.group_by("customer_id").aggregate(
        gaps=joined.count(),
        long_gaps=joined.count(where=joined.gap_days >= joined.days_since_last_order),
        longest_gap_days=joined.gap_days.max(),
    )
    both = late.inner_join(each, "customer_id")
    listed = both.mutate(overdue_days=both.days_since_last_order - both.rhythm_days)
    return listed.filter(listed.long_gaps <= listed.gaps * UNUSUAL_SHARE)


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
    people, days = snapshot.table, customer_days(base(activity, as_of=as_of))
    value = net_value(days.gross_value, days.returned_value)
    money = days.filter(value.notnull()).select("customer_id", "occurred_on", value=value)
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
    # a cast, as the literal alone compiles to a decimal
    return sums.mutate(top_share=ibis.literal(str(share)).cast("float64"))


def _is_overdue(table: ir.Table) -> ir.BooleanValue:
    return ibis.coalesce(
        (table.rhythm_source == OWN) & (table.overdue_ratio > OVERDUE_RATIO), False
    )


def _band(table: ir.Table) -> ir.StringValue:
    own = ibis.coalesce(table.rhythm_source == OWN, False)
    ratio = table.overdue_ratio
    return ibis.cases(
        (~own, "no_rhythm"),
        (ratio <= DUE_RATIO, "on_time"),
        (ratio <= OVERDUE_RATIO, "due"),
        (ratio <= LONG_OVERDUE_RATIO, "overdue_recently"),
        else_="overdue_long",
    )
