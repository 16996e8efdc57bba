"""Revenue per period: order value, revenue per customer, and how much of it is retained."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from tenure.engine.relations import TableLike
from tenure.kernel import Calendar
from tenure.metrics.membership import Membership, Part, count, known_money, money
from tenure.metrics.movements import CUSTOMERS_OF, customer_periods, revenue_movements
from tenure.metrics.notices import left_censored
from tenure.metrics.orders import base
from tenure.metrics.periods import PERIOD_FIELDS, Periods, periods
from tenure.metrics.ratios import quick_ratio, ratio
from tenure.metrics.results import COMPLETE, MONEY_SUM, OPEN, UNDEFINED, Meaning, MetricResult

MEANING = Meaning(
    name="revenue",
    title={"en": "Revenue and its retention", "zh": "收入与收入留存"},
    text={
        "en": "Order value, revenue per customer, and how much of the revenue of the period "
        "before was kept: gross (without growth) and net (with it).",
        "zh": "客单价、人均收入，以及上一周期收入的留存：毛留存（不含增长）与净留存（含增长）。",
    },
    formula=(
        "gross_revenue_retention = (start - churned - contraction) / start; "
        "net_revenue_retention = (start - churned - contraction + expansion) / start; "
        "revenue_churn = 1 - gross_revenue_retention; revenue_quick_ratio = "
        "(new + reactivation + expansion) / (churned + contraction); "
        "mean_order_value = gross_value / orders; revenue_per_customer = net_value / customers"
    ),
    edges=(
        {
            "en": "Only customers with revenue in the period before count at the start; each "
            "counts at most with the revenue they had then, so gross retention is within 0..1.",
            "zh": "只统计上一周期有收入的客户；每位客户最多按当时的收入计算，"
            "因此毛留存在 0 到 1 之间。",
        },
        {
            "en": "Reactivated customers (revenue now, none in the period before, not new) are "
            "excluded from net retention and listed apart.",
            "zh": "回流客户（本周期有收入、上一周期没有且非新客户）不计入净留存，单独列出。",
        },
        {
            "en": "A customer's revenue is net of refunds, and 0 where refunds outweigh orders.",
            "zh": "客户收入已扣除退款；退款超过订单时按 0 计算。",
        },
        {
            "en": "A period that has not ended is open: its figures are unknown, not 0.",
            "zh": "尚未结束的周期为进行中：数值未知，而不是 0。",
        },
    ),
)
_FLOWS = ("new", "reactivation", "expansion", "contraction", "churned")
_COUNTS = ("customers", *CUSTOMERS_OF.values(), "churned_customers")
_MONEY = (
    "gross_value",
    "returned_value",
    "net_value",
    "start_revenue",
    *(f"{flow}_revenue" for flow in _FLOWS),
)
_RATES = (
    "mean_order_value",
    "revenue_per_customer",
    "gross_revenue_retention",
    "net_revenue_retention",
    "revenue_churn",
    "revenue_quick_ratio",
)
SCHEMA = pa.schema(
    [
        *PERIOD_FIELDS,
        pa.field("orders", pa.int64()),
        *(pa.field(name, pa.int64()) for name in _COUNTS),
        *(pa.field(name, MONEY_SUM) for name in _MONEY),
        *(pa.field(name, pa.float64()) for name in _RATES),
        pa.field("revenue_quick_ratio_reason", pa.string()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
    ]
)


def revenue(
    data: TableLike,
    *,
    period: str = "month",
    from_on: date | None = None,
    to_on: date | None = None,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> MetricResult:
    """Return revenue and its retention per period.

    Parameters
    ----------
    data : activity (see `orders.base`).
    period : `day`, `week`, `month`, `quarter` or `year`.
    from_on, to_on : window [from_on, to_on); periods that touch it are shown whole.
    columns, calendar, as_of : see `orders.base`.

    Returns
    -------
    MetricResult with one row per period: orders, customers, sums of money (exact decimals),
    customers and revenue that came, grew, shrank or left, rates, state, reason.

    Raises
    ------
    OptionError : the period is unknown or the window empty.
    DataError : the data lack a column.
    """
    known = base(data, columns=columns, calendar=calendar, as_of=as_of)
    shown = periods(known, period, from_on, to_on)
    table = customer_periods(known, shown.unit)
    everyone = Part(
        table.mutate(customers=table.orders > 0),
        ("customers",),
        ("orders", "gross_value", "returned_value"),
    )
    membership = Membership(
        known.relation,
        ("period",),
        (everyone, *revenue_movements(table)),
        {"period": shown.number},
    )
    cells = membership.cells()
    has_money = any(
        cell["gross_value"] is not None or cell["returned_value"] is not None
        for cell in cells.values()
    )
    rows = [
        shown.names(index) | _row(cells.get((index,)), index, shown, has_money=has_money)
        for index in shown
    ]
    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(
            calendar, known.as_of, active_rule="orders", period=shown.unit.value
        ),
        table=pa.Table.from_pylist(rows, schema=SCHEMA),
        members=membership.members,
        keys=("period",),
        measures=_COUNTS,
        warnings=(*known.warnings, *left_censored(shown)),
    )


def _row(
    cell: Mapping[str, object] | None, index: int, shown: Periods, *, has_money: bool
) -> dict[str, object]:
    if shown.is_open(index):
        return {"state": OPEN, "reason": "open_period"}
    customers, orders = count(cell, "customers"), count(cell, "orders")
    sold = known_money(*(money(cell, n) if has_money else None for n in _MONEY[:2]))
    row: dict[str, object] = {
        "orders": orders,
        "customers": customers,
        **sold,
        "mean_order_value": ratio(sold["gross_value"], orders, "no_orders")[0],
        "revenue_per_customer": ratio(sold["net_value"], customers, "no_orders")[0],
    }
    if not has_money:
        return row | {"state": UNDEFINED, "reason": "no_values"}
    if index == shown.beginning:
        return row | {"state": UNDEFINED, "reason": "no_earlier_period"}
    return row | {name: count(cell, name) for name in _COUNTS} | _retained(cell)


def _retained(cell: Mapping[str, object] | None) -> dict[str, object]:
    start = money(cell, "start_revenue")
    flow = {name: money(cell, f"{name}_revenue") for name in _FLOWS}
    lost = flow["churned"] + flow["contraction"]
    quick, quick_reason = quick_ratio(flow["new"] + flow["reactivation"] + flow["expansion"], lost)
    gross, reason = ratio(start - lost, start, "nothing_at_start")
    return {
        "start_revenue": start,
        **{f"{name}_revenue": value for name, value in flow.items()},
        "gross_revenue_retention": gross,
        "net_revenue_retention": ratio(start - lost + flow["expansion"], start, "")[0],
        "revenue_churn": ratio(lost, start, "")[0],
        "revenue_quick_ratio": quick,
        "revenue_quick_ratio_reason": quick_reason,
        "state": COMPLETE if reason is None else UNDEFINED,
        "reason": reason,
    }
