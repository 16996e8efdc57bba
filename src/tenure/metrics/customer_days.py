"""Customer-days: one row per customer and day, from which every metric of orders is made.

The rule. An order belongs to the day of its first row, however many rows it has and on
whatever days they lie; its money and its products belong to the days of their rows. So all figures
of a day add up, and no metric needs to tell orders apart again. No column depends on what
happened later, so the days before an as-of date are the same whenever they are looked at.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.activity.contract import MONEY
from tenure.engine.relations import Relation
from tenure.kernel import Calendar
from tenure.metrics.orders import MONEY_KINDS, ORDER, REFUND, Base, canonical

CUSTOMER_DAYS = pa.schema(
    [
        pa.field("customer_id", pa.string()),
        pa.field("occurred_on", pa.date32()),
        pa.field("has_order", pa.bool_()),
        pa.field("order_count", pa.int64()),
        pa.field("order_day_number", pa.int64()),
        pa.field("gap_days", pa.int64()),
        pa.field("gross_value", MONEY),
        pa.field("returned_value", MONEY),
        pa.field("channel", pa.string()),
        pa.field("source", pa.string()),
        pa.field("new_product_count", pa.int64()),
        pa.field("new_category_count", pa.int64()),
    ]
)
"""One row per customer and day with any activity.

`has_order` tells whether a row of an order lies on the day, `order_count` how many orders began on
it. Of the days on which one began, `order_day_number` counts 1, 2, 3 and `gap_days` is the days
since the one before (null on the first). `gross_value` sums the day's order rows and
`returned_value` its refunds as a positive amount, null where no row has a value. `channel` and
`source` are those of the day's orders; of several, the first by name. `new_product_count` and
`new_category_count` count what the customer had on no earlier day.
"""


def customer_days(known: Base, *, products: bool = False) -> ir.Table:
    """Return the customer-days before the as-of date, kept ones where there are any.

    Parameters
    ----------
    known : the activity.
    products : whether new products and categories are needed; without, they are null.
    """
    if known.kept is not None:
        return _before(known.kept.days, known.as_of)
    return _days(known.table, products=products)


def order_days(known: Base, *, distinct: bool = False) -> ir.Table:
    """Return customer_id and occurred_on of the order rows.

    Parameters
    ----------
    known : the activity.
    distinct : whether each day must come once only.
    """
    if known.kept is not None:
        days = _before(known.kept.days, known.as_of)
        return days.filter(days.has_order).select("customer_id", "occurred_on")
    rows = known.orders.select("customer_id", "occurred_on")
    return rows.distinct() if distinct else rows


def days_of_activity(activity: Relation, calendar: Calendar) -> ir.Table:
    """Return all customer-days of the lake's activity, with the columns of `CUSTOMER_DAYS`.

    Each customer's days depend on her rows only, so parts of the customers can be worked
    out apart.

    Parameters
    ----------
    activity : rows of `activity.contract.ACTIVITY`.
    calendar : the business's calendar.
    """
    days = _days(canonical(activity.table, calendar), products=True)
    return days.select(
        **{field.name: days[field.name].cast(ibis.dtype(field.type)) for field in CUSTOMER_DAYS}
    )


def summed_days(days: ir.Table, *keys: str) -> ir.Table:
    """Return orders and money per customer and other keys.

    Returns
    -------
    The keys, orders, gross_value, returned_value (>= 0), net_value, first_order_on and
    last_order_on; amounts are null where nothing is known of them.
    """
    summed = days.group_by(*keys).aggregate(
        orders=counted(days.order_count.sum()),
        gross_value=days.gross_value.sum(),
        returned_value=days.returned_value.sum(),
        first_order_on=days.occurred_on.min(where=days.has_order),
        last_order_on=days.occurred_on.max(where=days.has_order),
    )
    return summed.mutate(net_value=net_value(summed.gross_value, summed.returned_value))


def counted(total: ir.NumericValue) -> ir.IntegerValue:
    """Return a sum of counts as int64 in every engine; DuckDB sums integers as 128-bit ones."""
    # through a float, exact up to 2^53: a plain cast is taken for superfluous
    return total.cast("float64").cast("int64")


def net_value(gross: ir.DecimalValue, returned: ir.DecimalValue) -> ir.DecimalValue:
    """Return gross less returned value, an unknown one taken as 0; null if both are unknown."""
    nothing = ibis.literal(0).cast("decimal(38, 4)")
    unknown = gross.isnull() & returned.isnull()
    net = ibis.coalesce(gross, nothing) - ibis.coalesce(returned, nothing)
    return unknown.ifelse(ibis.null("decimal(38, 4)"), net)


def _before(days: ir.Table, as_of: date) -> ir.Table:
    return days.filter(days.occurred_on < ibis.date(as_of))


def _days(rows: ir.Table, *, products: bool) -> ir.Table:
    parts = [_money(rows), _begun(rows)]
    if products:
        parts += [_new(rows, "product_id", "new_product_count")]
        parts += [_new(rows, "category", "new_category_count")]
    return _together(parts)


def _money(rows: ir.Table) -> ir.Table:
    ordered, refunded = rows.kind == ORDER, rows.kind == REFUND
    return rows.group_by("customer_id", "occurred_on").aggregate(
        has_order=ordered.any(),
        gross_value=rows.value.sum(where=ordered),
        returned_value=-rows.value.sum(where=refunded),
        channel=rows.channel.min(where=ordered),
        source=rows.source.min(where=ordered),
    )


def _begun(rows: ir.Table) -> ir.Table:
    """Count the orders that begin on each day, and the days since such a day before."""
    ordered = rows.filter(rows.kind == ORDER)
    each = ordered.group_by("customer_id", "order_id").aggregate(
        occurred_on=ordered.occurred_on.min()
    )
    days = each.group_by("customer_id", "occurred_on").aggregate(order_count=each.count())
    own = ibis.window(group_by="customer_id", order_by="occurred_on")
    gap = days.occurred_on.delta(days.occurred_on.lag().over(own), unit="day").cast("int64")
    return days.mutate(gap_days=gap, order_day_number=ibis.row_number().over(own) + 1)


def _new(rows: ir.Table, column: str, name: str) -> ir.Table:
    bought = rows.filter(rows.kind.isin(list(MONEY_KINDS)) & rows[column].notnull())
    first = bought.group_by("customer_id", column).aggregate(occurred_on=bought.occurred_on.min())
    return first.group_by("customer_id", "occurred_on").aggregate(**{name: first.count()})


_SUMS = ("order_count", "new_product_count", "new_category_count")
_SINGLE = ("order_day_number", "gap_days", "gross_value", "returned_value", "channel", "source")
"""Each day has at most one part that knows these."""


def _together(parts: list[ir.Table]) -> ir.Table:
    types = {field.name: ibis.dtype(field.type) for field in CUSTOMER_DAYS}
    types |= dict.fromkeys(("gross_value", "returned_value"), ibis.dtype("decimal(38, 4)"))
    filled = [
        part.select(
            **{
                name: part[name].cast(kind) if name in part.columns else ibis.null(kind)
                for name, kind in types.items()
            }
        )
        for part in parts
    ]
    rows = ibis.union(*filled)
    return rows.group_by("customer_id", "occurred_on").aggregate(
        has_order=ibis.coalesce(rows.has_order.any(), False),
        **{name: rows[name].max() for name in _SINGLE},
        **{name: ibis.coalesce(rows[name].max(), 0).cast("int64") for name in _SUMS},
    )
