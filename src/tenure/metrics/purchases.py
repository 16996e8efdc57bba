"""The statistics that purchase models are fitted to: how often, how lately, for how long.

Counted in order days, so that two orders of one day are one purchase, as the models take them.
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

TUPLE = ("repeat_order_day_count", "age_at_last_order_days", "age_days")
"""What a purchase model knows of a customer."""


def purchase_statistics(
    data: TableLike,
    *,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> Relation:
    """Return the purchase history of each customer with an order in four figures.

    Parameters
    ----------
    data : activity, as `metrics.orders.base` takes it.
    columns : canonical name to the data's own column name, where they differ.
    calendar : zone in which instants become days.
    as_of : first business day that does not count; None is the day after the last activity.

    Returns
    -------
    A relation of customer_id, repeat_order_day_count (order days after the first, x >= 0),
    age_at_last_order_days (from the first order day to the last, t_x), age_days (from the
    first order day to `as_of`, T >= 1) and mean_repeat_value (gross value per repeat order
    day; null without one, or where none has an amount).

    Raises
    ------
    DataError : a needed column is missing, or there is no activity and no `as_of`.

    References
    ----------
    Fader, Hardie, Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2).
    """
    known = base(data, columns=columns, calendar=calendar, as_of=as_of)
    sums = customer_sums(known)
    table = sums.filter(sums.first_order_on.notnull())
    repeats = table.order_day_count - 1
    return Relation(
        table.select(
            "customer_id",
            repeat_order_day_count=repeats,
            age_at_last_order_days=_days(table.last_order_on, table.first_order_on),
            age_days=_days(ibis.date(known.as_of), table.first_order_on),
            mean_repeat_value=table.repeat_value.cast("float64")
            / repeats.cast("float64").nullif(0.0),
        ),
        known.relation.engine,
    )


def purchase_tuples(statistics: Relation) -> Relation:
    """Return the distinct histories of `purchase_statistics` and how many customers have each.

    Returns
    -------
    A relation of the columns of `TUPLE` and customers: all that the likelihood depends on.
    """
    table = statistics.table
    return Relation(
        table.group_by(list(TUPLE)).aggregate(customers=table.count()), statistics.engine
    )


def _days(later: ir.DateValue, earlier: ir.DateValue) -> ir.IntegerValue:
    return later.delta(earlier, unit="day").cast("int64")
