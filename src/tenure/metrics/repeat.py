"""The repeat purchase rate, in both of its readings, told apart by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.calendars import period_index
from tenure.engine.relations import TableLike
from tenure.kernel import Calendar, Estimate, OptionError, wilson_interval
from tenure.metrics.customer_days import customer_days
from tenure.metrics.membership import Cells, Membership, Part, count
from tenure.metrics.notices import left_censored
from tenure.metrics.orders import Base, base, within
from tenure.metrics.periods import Periods, periods
from tenure.metrics.results import COMPLETE, OPEN, UNDEFINED, Meaning, MetricResult

IN_WINDOW = "in_window"
EQUAL_FOLLOW_UP = "equal_follow_up"

MEANING = Meaning(
    name="repeat",
    title={"en": "Repeat purchase rate", "zh": "复购率"},
    text={
        "en": "In the window: of the customers with an order, the share with at least two. "
        "With equal follow-up: of the customers of a cohort, the share who ordered again "
        "within the same number of days after their first order.",
        "zh": "窗口口径：有订单的客户中至少有两笔订单的比例。"
        "等长跟踪口径：同期群客户在首单后相同天数内再次下单的比例。",
    },
    formula=(
        "in_window = customers with >= 2 orders / customers with >= 1 order; equal_follow_up = "
        "customers with a second order by first order + h days / customers followed h days"
    ),
    edges=(
        {
            "en": "With equal follow-up, only customers whose h days have passed are counted; "
            "a cohort without any is open: unknown, not 0.",
            "zh": "等长跟踪口径只统计已满 h 天的客户；没有这样客户的同期群为进行中：未知，"
            "而不是 0。",
        },
        {
            "en": "In the window, late customers had less time to come back, so the rate of a "
            "growing business looks too low.",
            "zh": "窗口口径中，较晚的客户回购时间更短，因此增长中的业务看起来偏低。",
        },
        {
            "en": "A second order on the day of the first counts if it is another order.",
            "zh": "首单当天的另一笔订单也算复购。",
        },
    ),
)
SCHEMA = pa.schema(
    [
        pa.field("reading", pa.string()),
        pa.field("cohort", pa.string()),
        pa.field("cohort_start", pa.date32()),
        pa.field("horizon_days", pa.int64()),
        pa.field("customers", pa.int64()),
        pa.field("repeat_customers", pa.int64()),
        pa.field("rate", pa.float64()),
        pa.field("rate_low", pa.float64()),
        pa.field("rate_high", pa.float64()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
    ]
)
_MEASURES = ("repeat_customers", "customers")
_ALL = -1  # stands for "all cohorts" among period indices


def repeat(
    data: TableLike,
    *,
    period: str = "month",
    from_on: date | None = None,
    to_on: date | None = None,
    horizon_days: int = 90,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> MetricResult:
    """Return the repeat purchase rate in the window, and by cohort with equal follow-up.

    Parameters
    ----------
    data : activity (see `orders.base`).
    period : length of a cohort: `day`, `week`, `month`, `quarter` or `year`.
    from_on, to_on : window [from_on, to_on): of the orders for the first reading, of the
        first orders for the second.
    horizon_days : days after the first order within which a second one counts, 1 or more.
    columns, calendar, as_of : see `orders.base`.

    Returns
    -------
    MetricResult; `reading` is `in_window` (one row) or `equal_follow_up` (a row per cohort,
    and one over all with cohort None).

    Raises
    ------
    OptionError : an option is out of its range.
    DataError : the data lack a column.
    """
    if horizon_days < 1:
        raise OptionError(f"horizon_days {horizon_days}", "1 or more", "raise horizon_days")
    known = base(data, columns=columns, calendar=calendar, as_of=as_of)
    shown = periods(known, period, from_on, to_on)
    followed = _followed(known, shown, horizon_days)
    everyone = followed.mutate(cohort=ibis.literal(_ALL, "int64"))
    table = ibis.union(_in_window(known, from_on, to_on), followed, everyone)
    membership = Membership(
        known.relation,
        ("reading", "cohort"),
        (Part(table, _MEASURES),),
        {"cohort": lambda label: _ALL if label is None else shown.number(label)},
    )
    rows = list(_rows(membership.cells(), shown, horizon_days))
    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(
            calendar, known.as_of, active_rule="orders", period=shown.unit.value
        ),
        table=pa.Table.from_pylist(rows, schema=SCHEMA),
        members=membership.members,
        keys=("reading", "cohort"),
        measures=_MEASURES,
        warnings=(*known.warnings, *left_censored(shown)),
    )


def _in_window(known: Base, from_on: date | None, to_on: date | None) -> ir.Table:
    days = _begun(known)
    days = within(days, from_on, to_on)
    table = days.group_by("customer_id").aggregate(orders=days.order_count.sum())
    return table.select(
        "customer_id",
        reading=ibis.literal(IN_WINDOW),
        cohort=ibis.literal(_ALL, "int64"),
        repeat_customers=table.orders >= 2,
        customers=table.orders >= 1,
    )


def _begun(known: Base) -> ir.Table:
    """Return the customer-days on which an order begins."""
    days = customer_days(known)
    return days.filter(days.order_count > 0)


def _followed(known: Base, shown: Periods, horizon_days: int) -> ir.Table:
    days = _begun(known)
    first = days.group_by("customer_id").aggregate(first_on=days.occurred_on.min())
    joined = days.join(first, "customer_id")
    horizon = joined.first_on + ibis.interval(days=horizon_days)
    table = joined.group_by("customer_id", "first_on").aggregate(
        early_orders=joined.order_count.sum(where=joined.occurred_on <= horizon)
    )
    table = table.mutate(cohort=period_index(table.first_on, shown.unit, known.calendar))
    # day first_on + h itself must have passed
    full = table.first_on + ibis.interval(days=horizon_days) < ibis.date(known.as_of)
    table = table.filter(full & table.cohort.between(shown.first, shown.last))
    return table.select(
        "customer_id",
        reading=ibis.literal(EQUAL_FOLLOW_UP),
        cohort=table.cohort,
        repeat_customers=table.early_orders >= 2,
        customers=ibis.literal(True),
    )


def _rows(cells: Cells, shown: Periods, horizon_days: int) -> Iterator[dict[str, object]]:
    yield {"reading": IN_WINDOW} | _figures(cells.get((IN_WINDOW, _ALL)), "no_orders")
    followed: dict[str, object] = {"reading": EQUAL_FOLLOW_UP, "horizon_days": horizon_days}
    for cohort in shown:
        start = shown.calendar.start(cohort, shown.unit)
        row = followed | {"cohort": shown.label(cohort), "cohort_start": start}
        known_from = start + timedelta(days=horizon_days)
        if shown.is_open(cohort) or known_from >= shown.as_of:
            yield row | {"state": OPEN, "reason": "open_period"}
        else:
            yield row | _figures(cells.get((EQUAL_FOLLOW_UP, cohort)), "empty_cohort")
    yield followed | _figures(cells.get((EQUAL_FOLLOW_UP, _ALL)), "no_full_follow_up")


def _figures(cell: Mapping[str, object] | None, otherwise: str) -> dict[str, object]:
    counts: dict[str, object] = {name: count(cell, name) for name in _MEASURES}
    rate = wilson_interval(count(cell, "repeat_customers"), count(cell, "customers"))
    if not isinstance(rate, Estimate):
        return counts | {"state": UNDEFINED, "reason": otherwise}
    interval = {"rate": rate.value, "rate_low": rate.low, "rate_high": rate.high}
    return counts | interval | {"state": COMPLETE}
