"""Stickiness: in how many periods customers are active, and the active ratio, named apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.calendars import period_index
from tenure.engine.relations import TableLike
from tenure.kernel import Calendar, OptionError, PeriodUnit
from tenure.metrics.customer_days import order_days
from tenure.metrics.membership import Cells, Membership, Part, count
from tenure.metrics.orders import ORDER, Base, base, within
from tenure.metrics.periods import Periods, check_window, periods, unit
from tenure.metrics.ratios import ratio
from tenure.metrics.results import COMPLETE, OPEN, UNDEFINED, Meaning, MetricResult

HISTOGRAM = "histogram"
ACTIVE_RATIO = "active_ratio"

MEANING = Meaning(
    name="stickiness",
    title={"en": "Stickiness", "zh": "客户粘性"},
    text={
        "en": "Histogram: customers by the number of distinct periods in which they were "
        "active. Active ratio, another figure of the same name: the mean number of active "
        "customers per short period over those active in the long one (DAU/MAU).",
        "zh": "直方图：按活跃周期数统计的客户数。活跃比（另一同名指标）："
        "短周期平均活跃客户数除以长周期活跃客户数（DAU/MAU）。",
    },
    formula=(
        "share(k) = customers active in exactly k periods / customers active in any; "
        "active_ratio = mean over the short periods of active customers / active customers"
    ),
    edges=(
        {
            "en": "The histogram counts only the window; a customer who came late had fewer "
            "periods to be active in.",
            "zh": "直方图只统计所选窗口；较晚的客户可活跃的周期更少。",
        },
        {
            "en": "Short periods without anybody active count as 0 in the mean.",
            "zh": "没有活跃客户的短周期在均值中按 0 计算。",
        },
        {
            "en": "A long period that has not ended is open: its ratio is unknown.",
            "zh": "尚未结束的长周期为进行中：活跃比未知。",
        },
    ),
    population="customers with the activity in the window",
)
SCHEMA = pa.schema(
    [
        pa.field("figure", pa.string()),
        pa.field("active_periods", pa.int64()),
        pa.field("period", pa.string()),
        pa.field("period_start", pa.date32()),
        pa.field("customers", pa.int64()),
        pa.field("share", pa.float64()),
        pa.field("mean_active_customers", pa.float64()),
        pa.field("active_ratio", pa.float64()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
    ]
)
_LONGER = {
    PeriodUnit.DAY: PeriodUnit.MONTH,
    PeriodUnit.WEEK: PeriodUnit.MONTH,
    PeriodUnit.MONTH: PeriodUnit.YEAR,
    PeriodUnit.QUARTER: PeriodUnit.YEAR,
}


def stickiness(
    data: TableLike,
    *,
    period: str = "day",
    from_on: date | None = None,
    to_on: date | None = None,
    within_period: str | None = None,
    kinds: Sequence[str] = (ORDER,),
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> MetricResult:
    """Return the histogram of active periods per customer, and the active ratio.

    Parameters
    ----------
    data : activity (see `orders.base`).
    period : the short period: `day`, `week`, `month` or `quarter`.
    from_on, to_on : window [from_on, to_on) of the histogram; long periods that touch it
        are shown whole in the ratio.
    within_period : the long period of the active ratio, longer than `period`; None is the
        month for days and weeks, the year for months and quarters. A week that lies in two
        months counts in each for the days it has there.
    kinds : kinds of activity that make a customer active.
    columns, calendar, as_of : see `orders.base`.

    Returns
    -------
    MetricResult; `figure` is `histogram` (rows by active_periods) or `active_ratio` (rows by
    period); `customers` can be drilled down in both.

    Raises
    ------
    OptionError : a period is unknown or too short, or the window empty.
    DataError : the data lack a column.
    """
    short = unit(period)
    long = _LONGER.get(short) if within_period is None else unit(within_period)
    order = list(PeriodUnit)
    if long is None or order.index(long) <= order.index(short):
        raise OptionError(
            f"period {period!r} within {within_period!r}",
            "a short period within a longer one, such as day within month",
            "choose a longer within_period",
        )
    check_window(from_on, to_on)
    known = base(data, columns=columns, calendar=calendar, as_of=as_of)
    shown = periods(known, long.value, from_on, to_on)
    days = _active_days(known, kinds)
    table = ibis.union(
        _histogram(within(days, from_on, to_on), short, known),
        _active(days, short, shown, known),
    )
    membership = Membership(
        known.relation,
        ("figure", "active_periods", "period"),
        (Part(table, ("customers",), ("active",)),),
        {"period": lambda name: None if name is None else shown.number(name)},
    )
    rows = list(_rows(membership.cells(), shown, short))
    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(calendar, known.as_of, active_rule="orders", period=short.value),
        table=pa.Table.from_pylist(rows, schema=SCHEMA),
        members=membership.members,
        keys=("figure", "active_periods", "period"),
        measures=("customers",),
        warnings=known.warnings,
    )


def _active_days(known: Base, kinds: Sequence[str]) -> ir.Table:
    """Return the distinct customer_id and occurred_on of activity of these kinds."""
    if tuple(kinds) == (ORDER,):
        return order_days(known, distinct=True)
    return known.of_kinds(kinds).select("customer_id", "occurred_on").distinct()


def _histogram(days: ir.Table, short: PeriodUnit, known: Base) -> ir.Table:
    each = days.select("customer_id", short=period_index(days.occurred_on, short, known.calendar))
    if short is not PeriodUnit.DAY:
        each = each.distinct()
    table = each.group_by("customer_id").aggregate(active_periods=each.short.count())
    return table.select(
        "customer_id",
        figure=ibis.literal(HISTOGRAM),
        active_periods=table.active_periods.cast("int64"),
        period=ibis.null("int64"),
        customers=ibis.literal(True),
        active=ibis.literal(0, "int64"),
    )


def _active(days: ir.Table, short: PeriodUnit, shown: Periods, known: Base) -> ir.Table:
    each = days.select(
        "customer_id",
        short=period_index(days.occurred_on, short, known.calendar),
        period=period_index(days.occurred_on, shown.unit, known.calendar),
    )
    if short is not PeriodUnit.DAY:
        each = each.distinct()
    table = each.group_by("customer_id", "period").aggregate(active=each.short.count())
    return table.select(
        "customer_id",
        figure=ibis.literal(ACTIVE_RATIO),
        active_periods=ibis.null("int64"),
        period=table.period,
        customers=ibis.literal(True),
        active=table.active.cast("int64"),
    )


def _rows(cells: Cells, shown: Periods, short: PeriodUnit) -> Iterator[dict[str, object]]:
    counts = {
        int(str(active_periods)): count(cell, "customers")
        for (figure, active_periods, _), cell in cells.items()
        if figure == HISTOGRAM
    }
    total = sum(counts.values())
    for active_periods, customers in sorted(counts.items()):
        yield {
            "figure": HISTOGRAM,
            "active_periods": active_periods,
            "customers": customers,
            "share": customers / total,
            "state": COMPLETE,
        }
    for index in shown:
        row = {"figure": ACTIVE_RATIO} | shown.names(index)
        del row["period_end"]
        yield row | _ratio(cells.get((ACTIVE_RATIO, None, index)), index, shown, short)


def _ratio(
    cell: Mapping[str, object] | None, index: int, shown: Periods, short: PeriodUnit
) -> dict[str, object]:
    if shown.is_open(index):
        return {"state": OPEN, "reason": "open_period"}
    customers = count(cell, "customers")
    mean = count(cell, "active") / _touched(shown, index, short)
    value, reason = ratio(mean, customers, "nobody_active")
    return {
        "customers": customers,
        "mean_active_customers": mean,
        "active_ratio": value,
        "state": COMPLETE if reason is None else UNDEFINED,
        "reason": reason,
    }


def _touched(shown: Periods, index: int, short: PeriodUnit) -> int:
    """Count the short periods that have a day in the long one."""
    first = shown.calendar.index(shown.calendar.start(index, shown.unit), short)
    last = shown.calendar.end(index, shown.unit) - timedelta(days=1)
    return shown.calendar.index(last, short) - first + 1
