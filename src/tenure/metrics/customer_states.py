"""Customer states: what a customer's days add up to, whatever the date they are looked at from.

A state holds all of a customer's days, so it is true for any as-of date after the last of them.
"""

from __future__ import annotations

from datetime import timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.activity.contract import MONEY
from tenure.engine.calendars import period_index
from tenure.kernel import Calendar, PeriodUnit
from tenure.kernel.calendars import EPOCH
from tenure.metrics.customer_days import counted, customer_days, net_value
from tenure.metrics.masks import MASK_WORDS, mask_bits, mask_names
from tenure.metrics.orders import NO_VALUE, ORDER, REFUND, Base

CUSTOMER_STATES = pa.schema(
    [
        pa.field("customer_id", pa.string()),
        pa.field("first_activity_on", pa.date32()),
        pa.field("last_activity_on", pa.date32()),
        pa.field("first_order_on", pa.date32()),
        pa.field("last_order_on", pa.date32()),
        pa.field("order_count", pa.int64()),
        pa.field("order_day_count", pa.int64()),
        pa.field("median_gap_days", pa.float64()),
        pa.field("mean_gap_days", pa.float64()),
        pa.field("mean_repeat_day", pa.float64()),
        pa.field("gross_value", MONEY),
        pa.field("returned_value", MONEY),
        pa.field("repeat_value", MONEY),
        pa.field("first_channel", pa.string()),
        pa.field("last_channel", pa.string()),
        pa.field("acquisition_source", pa.string()),
        pa.field("distinct_product_count", pa.int64()),
        pa.field("distinct_category_count", pa.int64()),
        *(pa.field(name, pa.int64()) for name in mask_names(MASK_WORDS)),
    ]
)
"""One row per customer with any activity.

Order days are those on which an order begins; gaps lie between them. `mean_repeat_day` is the
mean of the order days after the first, in days since 1970. `gross_value`, `returned_value` (>= 0)
and `repeat_value` (gross value of the order days after the first) are null where nothing is known.
Channel and source are those of the first and last order day. Bit b of `periods_w` tells
whether a row of an order lies in calendar month `origin_month + 62 w + b`.
"""


def customer_states(days: ir.Table, origin_month: int) -> ir.Table:
    """Return the states of customers from all their days, with the columns of `CUSTOMER_STATES`.

    Parameters
    ----------
    days : with the columns of `customer_days.CUSTOMER_DAYS`.
    origin_month : index of the calendar month (12 x year + month - 1) of bit 0; no later than
        the first order.
    """
    month = period_index(days.occurred_on, PeriodUnit.MONTH, Calendar())
    masks = mask_bits(month - origin_month, MASK_WORDS, where=days.has_order)
    sums = days.group_by("customer_id").aggregate(**_sums(days), **masks)
    return _typed(sums)


def customer_sums(known: Base, *, products: bool = False) -> ir.Table:
    """Return the states as of a base's date, without the months: kept ones if they are true then.

    Parameters
    ----------
    known : the activity.
    products : whether products and categories are to be counted; without, they can be null.
    """
    names = [n for n in CUSTOMER_STATES.names if n not in mask_names(MASK_WORDS)]
    if has_states(known):
        return known.kept.states.select(*names)  # type: ignore[union-attr] # checked just above
    days = customer_days(known, products=products)
    return _typed(days.group_by("customer_id").aggregate(**_sums(days)))


def order_sums(known: Base) -> ir.Table:
    """Return what `customer_sums` says of orders and money, for less where nothing is kept.

    Parameters
    ----------
    known : the activity.

    Returns
    -------
    customer_id, last_order_on, order_count, gross_value and returned_value of the customers
    with an order.
    """
    names = ("customer_id", "last_order_on", "order_count", "gross_value", "returned_value")
    if known.kept is not None:
        sums = customer_sums(known)
        return sums.filter(sums.last_order_on.notnull()).select(*names)
    rows, ordered = known.table, known.orders
    each = ordered.group_by("customer_id", "order_id").aggregate(began_on=ordered.occurred_on.min())
    counted_orders = each.group_by("customer_id").aggregate(
        last_order_on=each.began_on.max(), order_count=each.count()
    )
    money = rows.group_by("customer_id").aggregate(
        gross_value=rows.value.sum(where=rows.kind == ORDER),
        returned_value=-rows.value.sum(where=rows.kind == REFUND),
    )
    return counted_orders.join(money, "customer_id").select(*names)


def has_states(known: Base) -> bool:
    """Tell whether the kept states hold just the activity before the as-of date."""
    kept = known.kept
    return kept is not None and (kept.last_on is None or kept.last_on < known.as_of)


def _sums(days: ir.Table) -> dict[str, ir.Value]:
    begins = days.order_count > 0
    gap = days.gap_days
    day = days.occurred_on.delta(ibis.date(EPOCH), unit="day").cast("float64")
    first = days.order_day_number == 1
    # an argmax would pass over a null
    last_channel = ibis.coalesce(days.channel, NO_VALUE).argmax(days.occurred_on, where=begins)
    return {
        "first_activity_on": days.occurred_on.min(),
        "last_activity_on": days.occurred_on.max(),
        "first_order_on": days.occurred_on.min(where=begins),
        "last_order_on": days.occurred_on.max(where=begins),
        "order_count": counted(days.order_count.sum()),
        "order_day_count": days.count(where=begins),
        "median_gap_days": gap.cast("float64").quantile(0.5),
        "mean_gap_days": gap.cast("float64").mean(),
        "mean_repeat_day": day.mean(where=gap.notnull()),
        "gross_value": days.gross_value.sum(),
        "returned_value": days.returned_value.sum(),
        "repeat_value": days.gross_value.sum(where=gap.notnull()),
        "first_channel": days.channel.max(where=first),
        "last_channel": last_channel.nullif(NO_VALUE),
        "acquisition_source": days.source.max(where=first),
        "distinct_product_count": counted(days.new_product_count.sum()),
        "distinct_category_count": counted(days.new_category_count.sum()),
    }


def _typed(sums: ir.Table) -> ir.Table:
    return sums.select(
        **{
            field.name: sums[field.name].cast(ibis.dtype(field.type))
            for field in CUSTOMER_STATES
            if field.name in sums.columns
        }
    )


def window_sums(known: Base, windows_days: tuple[int, ...]) -> ir.Table:
    """Return orders and net value of the last days before the as-of date, by customer.

    Parameters
    ----------
    known : the activity.
    windows_days : lengths of the windows in days.

    Returns
    -------
    customer_id and, for each window, order_count_<n>_days and net_value_<n>_days (null where
    no amount is known); only customers with activity in the longest window.
    """
    opens = {days: ibis.date(known.as_of - timedelta(days=days)) for days in windows_days}
    days = customer_days(known)
    recent = days.filter(days.occurred_on >= opens[max(windows_days)])
    figures: dict[str, ir.Value] = {}
    for length, start in opens.items():
        inside = recent.occurred_on >= start
        figures[f"order_count_{length}_days"] = recent.order_count.sum(where=inside)
        figures[f"gross_{length}"] = recent.gross_value.sum(where=inside)
        figures[f"returned_{length}"] = recent.returned_value.sum(where=inside)
    sums = recent.group_by("customer_id").aggregate(**figures)
    return sums.select(
        "customer_id",
        **{
            f"order_count_{length}_days": counted(sums[f"order_count_{length}_days"])
            for length in windows_days
        },
        **{
            f"net_value_{length}_days": net_value(
                sums[f"gross_{length}"], sums[f"returned_{length}"]
            )
            for length in windows_days
        },
    )
