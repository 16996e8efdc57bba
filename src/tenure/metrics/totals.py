"""How much there is: customers, orders, and money, gross, returned and net."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.calendars import period_index
from tenure.engine.relations import TableLike
from tenure.kernel import Calendar
from tenure.metrics.customer_days import customer_days, summed_days
from tenure.metrics.membership import Cells, Membership, Part, known_money
from tenure.metrics.orders import Base, base, within
from tenure.metrics.periods import PERIOD_FIELDS, Periods, check_window, periods
from tenure.metrics.ratios import ratio
from tenure.metrics.results import COMPLETE, MONEY_SUM, OPEN, UNDEFINED, Meaning, MetricResult

MEANING = Meaning(
    name="totals",
    title={"en": "Totals", "zh": "总览"},
    text={
        "en": "Customers with at least one order, their distinct orders, and the value of "
        "orders (gross), of refunds (returned), and of both (net).",
        "zh": "至少有一笔订单的客户数、不重复订单数，以及订单金额（总额）、退款金额和净额。",
    },
    formula=(
        "net_value = gross_value - returned_value; mean_order_value = gross_value / orders; "
        "revenue_per_customer = net_value / customers"
    ),
    edges=(
        {
            "en": "An order of several lines is one order. Without an order column, an order "
            "is a customer's day.",
            "zh": "一笔订单有多行时只算一笔；没有订单号时，同一客户同一天算一笔。",
        },
        {
            "en": "A refund lowers net value on the day of the refund; it takes no order away.",
            "zh": "退款在发生当日减少净额，但不减少订单数。",
        },
        {
            "en": "Without amounts, money is unknown, not 0.",
            "zh": "没有金额时，金额为未知，而不是 0。",
        },
    ),
)
SCHEMA = pa.schema(
    [
        pa.field("customers", pa.int64()),
        pa.field("orders", pa.int64()),
        pa.field("gross_value", MONEY_SUM),
        pa.field("returned_value", MONEY_SUM),
        pa.field("net_value", MONEY_SUM),
        pa.field("first_order_on", pa.date32()),
        pa.field("last_order_on", pa.date32()),
        pa.field("mean_order_value", pa.float64()),
        pa.field("revenue_per_customer", pa.float64()),
        pa.field("currency", pa.string()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
    ]
)
PERIOD_SCHEMA = pa.schema([*PERIOD_FIELDS, *SCHEMA])


def totals(
    data: TableLike,
    *,
    period: str | None = None,
    from_on: date | None = None,
    to_on: date | None = None,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> MetricResult:
    """Return customers, orders and money, in one row or one per period.

    Parameters
    ----------
    data : activity (see `orders.base`).
    period : `day` .. `year` for a row per period; None for one row over the window.
    from_on, to_on : window [from_on, to_on); None is unbounded. With `period`, periods that
        touch it are shown whole.
    columns, calendar, as_of : see `orders.base`.

    Returns
    -------
    MetricResult; `customers` can be drilled down.

    Raises
    ------
    OptionError : the period is unknown or the window empty.
    DataError : the data lack a column.
    """
    check_window(from_on, to_on)
    known = base(data, columns=columns, calendar=calendar, as_of=as_of)
    if period is None:
        table = _by_customer(within(customer_days(known), from_on, to_on))
        rows = [_row(_found(known, table, ()).get((), {}), known)]
        keys: tuple[str, ...] = ()
        membership = Membership(known.relation, keys, (Part(table, ("customers",)),))
    else:
        shown = periods(known, period, from_on, to_on)
        days = customer_days(known)
        index = period_index(days.occurred_on, shown.unit, calendar)
        table = _by_customer(days.mutate(period=index), "period")
        keys = ("period",)
        found = _found(known, table, keys)
        rows = [_period_row(found.get((number,), {}), known, shown, number) for number in shown]
        membership = Membership(
            known.relation, keys, (Part(table, ("customers",)),), {"period": shown.number}
        )
    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(calendar, known.as_of, period=period),
        table=pa.Table.from_pylist(rows, schema=PERIOD_SCHEMA if keys else SCHEMA),
        members=membership.members,
        keys=keys,
        measures=("customers",),
        warnings=known.warnings,
    )


def _by_customer(days: ir.Table, *keys: str) -> ir.Table:
    table = summed_days(days, "customer_id", *keys)
    return table.mutate(customers=table.orders > 0)


_TOGETHER: Mapping[str, Callable[[list[Any]], object]] = {
    "first_order_on": min,
    "last_order_on": max,
}
"""How figures of several parts of the customers become one; all others add up."""


def _found(known: Base, table: ir.Table, keys: tuple[str, ...]) -> Cells:
    """Return the figures of each period (or of all), put together from parts of the customers."""
    found: Cells = {}
    for part in known.relation.parts(_summed(table, keys)):
        for row in known.relation.collect(part).to_pylist():
            cell = found.setdefault(tuple(row.pop(key) for key in keys), {})
            for name, value in row.items():
                known_values = [v for v in (cell.get(name), value) if v is not None]
                cell[name] = _TOGETHER.get(name, sum)(known_values) if known_values else None
    return found


def _summed(table: ir.Table, keys: tuple[str, ...]) -> ir.Table:
    grouped = table.group_by(list(keys)) if keys else table
    return grouped.aggregate(
        customers=table.customers.sum(),
        orders=table.orders.sum(),
        gross=table.gross_value.sum(),
        returned=table.returned_value.sum(),
        first_order_on=table.first_order_on.min(),
        last_order_on=table.last_order_on.max(),
    )


def _period_row(
    found: Mapping[str, object], known: Base, shown: Periods, number: int
) -> dict[str, object]:
    if shown.is_open(number):
        return shown.names(number) | {"state": OPEN, "reason": "open_period"}
    return shown.names(number) | _row(found, known)


def _row(found: Mapping[str, object], known: Base) -> dict[str, object]:
    customers, orders = int(str(found.get("customers") or 0)), int(str(found.get("orders") or 0))
    money = known_money(found.get("gross"), found.get("returned"))
    return {
        "customers": customers,
        "orders": orders,
        **money,
        "first_order_on": found.get("first_order_on"),
        "last_order_on": found.get("last_order_on"),
        "mean_order_value": ratio(money["gross_value"], orders, "no_orders")[0],
        "revenue_per_customer": ratio(money["net_value"], customers, "no_orders")[0],
        "currency": known.currency,
        "state": COMPLETE if orders else UNDEFINED,
        "reason": None if orders else "no_orders",
    }
