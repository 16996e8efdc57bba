"""How much there is: customers, orders, and money, gross, returned and net."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.relations import TableLike
from tenure.kernel import Calendar
from tenure.metrics.membership import Membership, Part, known_money
from tenure.metrics.orders import MONEY_KINDS, ORDER, Base, base, within
from tenure.metrics.periods import check_window
from tenure.metrics.ratios import ratio
from tenure.metrics.results import COMPLETE, MONEY_SUM, UNDEFINED, Meaning, MetricResult

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


def totals(
    data: TableLike,
    *,
    from_on: date | None = None,
    to_on: date | None = None,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> MetricResult:
    """Return customers, orders and money of a window in one row.

    Parameters
    ----------
    data : activity (see `orders.base`).
    from_on, to_on : window [from_on, to_on); None is unbounded.
    columns, calendar, as_of : see `orders.base`.

    Returns
    -------
    MetricResult with one row; `customers` can be drilled down.

    Raises
    ------
    OptionError : the window is empty.
    DataError : the data lack a column.
    """
    check_window(from_on, to_on)
    known = base(data, columns=columns, calendar=calendar, as_of=as_of)
    customers = _by_customer(known, from_on, to_on)
    membership = Membership(known.relation, (), (Part(customers, ("customers",)),))
    found = known.relation.collect(
        customers.aggregate(
            customers=customers.customers.sum(),
            orders=customers.orders.sum(),
            gross=customers.gross_value.sum(),
            returned=customers.returned_value.sum(),
            first_order_on=customers.first_order_on.min(),
            last_order_on=customers.last_order_on.max(),
        )
    ).to_pylist()[0]
    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(calendar, known.as_of),
        table=pa.Table.from_pylist([_row(found, known)], schema=SCHEMA),
        members=membership.members,
        measures=("customers",),
        warnings=known.warnings,
    )


def _by_customer(known: Base, from_on: date | None, to_on: date | None) -> ir.Table:
    rows = within(known.of_kinds(MONEY_KINDS), from_on, to_on)
    ordered = rows.kind == ORDER
    table = rows.group_by("customer_id").aggregate(
        orders=rows.order_id.nunique(where=ordered),
        gross_value=rows.value.sum(where=ordered),
        returned_value=-rows.value.sum(where=~ordered),
        first_order_on=rows.occurred_on.min(where=ordered),
        last_order_on=rows.occurred_on.max(where=ordered),
    )
    return table.mutate(customers=table.orders > 0)


def _row(found: Mapping[str, object], known: Base) -> dict[str, object]:
    customers, orders = int(str(found["customers"] or 0)), int(str(found["orders"] or 0))
    money = known_money(found["gross"], found["returned"])
    return {
        "customers": customers,
        "orders": orders,
        **money,
        "first_order_on": found["first_order_on"],
        "last_order_on": found["last_order_on"],
        "mean_order_value": ratio(money["gross_value"], orders, "no_orders")[0],
        "revenue_per_customer": ratio(money["net_value"], customers, "no_orders")[0],
        "currency": known.currency,
        "state": COMPLETE if orders else UNDEFINED,
        "reason": None if orders else "no_orders",
    }
