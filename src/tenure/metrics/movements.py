"""Who came, stayed, came back and left from one period to the next."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from tenure.engine.calendars import period_index
from tenure.kernel import PeriodUnit
from tenure.metrics.customer_days import customer_days, order_days, summed_days
from tenure.metrics.membership import Part
from tenure.metrics.orders import Base

PRESENT = ("at_end", "new", "returned", "retained")
ABSENT = ("at_start", "lost")

CUSTOMERS_OF = {
    "new": "new_paying_customers",
    "reactivation": "reactivated_customers",
    "expansion": "expanding_customers",
    "contraction": "contracting_customers",
}
"""The count beside each sum of revenue that came or went."""

_NOTHING = ibis.literal(0).cast("decimal(38, 4)")


def active_by_orders(base: Base, unit: PeriodUnit) -> ir.Table:
    """Return one row per customer and period with an order, and the customer's first period.

    Returns
    -------
    customer_id, period (index), first_period (index).
    """
    days = order_days(base)
    table = days.select(
        "customer_id", period=period_index(days.occurred_on, unit, base.calendar)
    ).distinct()
    own = ibis.window(group_by="customer_id")
    return table.mutate(first_period=table.period.min().over(own))


def movements(active: ir.Table) -> tuple[Part, Part]:
    """Return who moved how into each period, from who is active in which.

    Parameters
    ----------
    active : customer_id, period, first_period; one row per customer and active period.

    Returns
    -------
    The active customers of a period: `at_end`, of whom `new` (first period of all),
    `retained` (active in the period before too), `returned` (others). And the active
    customers of the period before: `at_start`, of whom `lost` (not active now).
    """
    by_time = ibis.window(group_by="customer_id", order_by="period")
    table = active.mutate(
        previous=active.period.lag().over(by_time), following=active.period.lead().over(by_time)
    )
    new = table.period == table.first_period
    retained = ibis.coalesce(table.previous == table.period - 1, False)
    present = table.select(
        "customer_id",
        "period",
        at_end=True,
        new=new,
        retained=retained,
        returned=~new & ~retained,
    )
    absent = table.select(
        "customer_id",
        period=table.period + 1,
        at_start=True,
        lost=ibis.coalesce(table.following != table.period + 1, True),
    )
    return Part(present, PRESENT), Part(absent, ABSENT)


def customer_periods(base: Base, unit: PeriodUnit) -> ir.Table:
    """Return one row per customer and period with an order or refund.

    Returns
    -------
    customer_id, period (index), orders (distinct), gross_value, returned_value (>= 0),
    net_value, and first_order_period (index; null if the customer never ordered).
    """
    days = customer_days(base)
    days = days.mutate(period=period_index(days.occurred_on, unit, base.calendar))
    table = summed_days(days, "customer_id", "period")
    table = table.filter(table.first_order_on.notnull() | table.net_value.notnull())
    period = ibis.ifelse(table.first_order_on.notnull(), table.period, ibis.null("int64"))
    return table.mutate(first_order_period=period.min().over(ibis.window(group_by="customer_id")))


def revenue_movements(table: ir.Table) -> tuple[Part, Part]:
    """Return what revenue came and went from one period to the next.

    A customer's revenue of a period is net of refunds, and 0 where refunds outweigh orders.

    Parameters
    ----------
    table : as returned by `customer_periods`.

    Returns
    -------
    By period, the revenue of customers who have some: new, reactivation (none in the period
    before), expansion, contraction. And the revenue of the period before (`start_revenue`)
    with the part of it that ended (`churned_revenue`).
    """
    by_time = ibis.window(group_by="customer_id", order_by="period")
    paying = table.filter(table.net_value > 0)
    previous = paying.period.lag().over(by_time) == paying.period - 1
    paying = paying.mutate(
        before=ibis.ifelse(
            ibis.coalesce(previous, False), paying.net_value.lag().over(by_time), _NOTHING
        ),
        stays=ibis.coalesce(paying.period.lead().over(by_time) == paying.period + 1, False),
    )
    return _came(paying), _was_there(paying)


def _came(paying: ir.Table) -> Part:
    now, before = paying.net_value, paying.before
    new = ibis.coalesce(paying.period == paying.first_order_period, False)
    kinds = {
        "new": (new, now),
        "reactivation": (~new & (before == 0), now),
        "expansion": ((before > 0) & (now > before), now - before),
        "contraction": ((before > 0) & (now < before), before - now),
    }
    counts = {CUSTOMERS_OF[kind]: condition for kind, (condition, _) in kinds.items()}
    sums = {
        f"{kind}_revenue": ibis.ifelse(condition, value, _NOTHING)
        for kind, (condition, value) in kinds.items()
    }
    table = paying.select("customer_id", "period", **counts, **sums)
    return Part(table, tuple(counts), tuple(sums))


def _was_there(paying: ir.Table) -> Part:
    table = paying.select(
        "customer_id",
        period=paying.period + 1,
        paying_before=True,
        churned_customers=~paying.stays,
        start_revenue=paying.net_value,
        churned_revenue=ibis.ifelse(paying.stays, _NOTHING, paying.net_value),
    )
    return Part(table, ("paying_before", "churned_customers"), ("start_revenue", "churned_revenue"))
