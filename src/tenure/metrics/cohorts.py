"""Cohort retention: who comes back how many periods after the start, as a table of cohorts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa

from tenure.engine.relations import TableLike
from tenure.kernel import Calendar
from tenure.metrics.cohort_cells import CohortTable
from tenure.metrics.cohort_members import WINDOW_DAYS, Design, parse_brackets, starters, visits
from tenure.metrics.notices import left_censored
from tenure.metrics.orders import CANONICAL, base
from tenure.metrics.period_masks import period_counts, period_masks
from tenure.metrics.periods import Periods, periods
from tenure.metrics.results import MONEY_SUM, Meaning, MetricResult, Text

MEANING = Meaning(
    name="cohorts",
    title={"en": "Cohort retention", "zh": "同期群留存"},
    text={
        "en": "Customers who started in the same period, and the share of them active again "
        "n periods later.",
        "zh": "在同一周期开始的客户，以及其中 n 个周期后再次活跃的比例。",
    },
    formula=(
        "rate(n) = count(n) / eligible(n); as revenue: revenue(n) / revenue(0) of the eligible "
        "(with brackets, name period 0 too); "
        "relative_to_previous(n) = count(n) / count(n-1) of those eligible at n"
    ),
    edges=(
        {
            "en": "The start is the first one in the whole history, never in the window shown.",
            "zh": "起始按全部历史中的第一次计算，而不是所显示窗口中的第一次。",
        },
        {
            "en": "Eligible are the members whose period n has ended; without any, the cell is "
            "open: unknown, not 0.",
            "zh": "只有第 n 个周期已结束的成员才计入分母；没有这样的成员时，该格为进行中：未知，"
            "而不是 0。",
        },
        {
            "en": "The mean row is weighted over eligible members of closed cohorts: cohorts "
            "nobody came back from count, cohorts without members do not.",
            "zh": "均值行按已结束同期群的合格成员加权：无人回购的同期群计入，没有成员的不计入。",
        },
        {
            "en": "Where start and return are the same activity, the start itself counts in "
            "period 0; otherwise only returns after the start count.",
            "zh": "起始与回访为同一行为时，起始本身计入第 0 周期；否则只统计起始之后的回访。",
        },
        {
            "en": "An occurrence is a distinct order, or for events without one a customer's day.",
            "zh": "一次发生指一笔不同的订单；没有订单号的事件按客户的一天计算。",
        },
    ),
    population="customers with the start activity",
)
SCHEMA = pa.schema(
    [
        pa.field("row", pa.string()),
        pa.field("attribute", pa.string()),
        pa.field("cohort", pa.string()),
        pa.field("cohort_start", pa.date32()),
        pa.field("period_number", pa.int64()),
        pa.field("period_to", pa.int64()),
        pa.field("cohort_size", pa.int64()),
        pa.field("eligible", pa.int64()),
        pa.field("count", pa.int64()),
        pa.field("revenue", MONEY_SUM),
        pa.field("rate", pa.float64()),
        pa.field("rate_low", pa.float64()),
        pa.field("rate_high", pa.float64()),
        pa.field("relative_to_previous", pa.float64()),
        pa.field("relative_reason", pa.string()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
    ]
)


def cohorts(
    data: TableLike,
    *,
    period: str = "month",
    from_on: date | None = None,
    to_on: date | None = None,
    mode: str = "exact",
    brackets: str | Sequence[tuple[int, int]] = (),
    window: str = "calendar",
    recurring: bool = False,
    start_kinds: Sequence[str] = ("order",),
    return_kinds: Sequence[str] = ("order",),
    min_occurrences: int = 1,
    amount: str = "customers",
    by: str | None = None,
    attributes: TableLike | None = None,
    merge_periods: bool = False,
    last_number: int | None = None,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> MetricResult:
    """Return cohort retention, one row per cohort and period number.

    Parameters
    ----------
    data : activity (see `orders.base`).
    period : `day`, `week`, `month`, `quarter` or `year`.
    from_on, to_on : window [from_on, to_on) of the cohorts' starts.
    mode : `exact`: back in period n. `unbounded`: back in period n or any later one.
        `bracket`: back anywhere in a range of periods.
    brackets : for `bracket`: `1,2-4,5-8` or ((1, 1), (2, 4), (5, 8)).
    window : `calendar`: period n is the n-th calendar period after the start's. `rolling`:
        windows of 1, 7, 30, 90 or 365 times 24 hours on the business's clock from each
        customer's own start (from midnight where only days are known).
    recurring : a customer is in the cohort of every period with a start, not only the first.
    start_kinds, return_kinds : kinds of activity that start, and that count as a return.
    min_occurrences : how often a customer must come in a period (bracket) to count, 1 or more.
    amount : `customers` or `revenue` (net value of orders and refunds).
    by : column of `data` (its value on the customer's first day) or, with `attributes`, an
        attribute's name: cohorts are split by its value.
    attributes : table with customer_id and the column `by`, or with customer_id, name, value
        and optionally known_at (the newest known at the as-of date holds).
    merge_periods : show only one row per attribute value over all cohorts (the means).
    last_number : highest period number shown.
    columns, calendar, as_of : see `orders.base`.

    Returns
    -------
    MetricResult; `row` is `cohort` or `mean`. A cell is named by attribute, cohort (None in a
    mean) and period_number; `count`, `eligible` and `cohort_size` can be drilled down.

    Raises
    ------
    OptionError : an option is unknown, out of range, or does not go with another.
    DataError : the data lack a column.
    """
    design = Design(
        mode,
        parse_brackets(brackets),
        window,
        recurring,
        tuple(start_kinds),
        tuple(return_kinds),
        min_occurrences,
        amount,
        by,
    )
    extra = (by,) if by and attributes is None and by not in CANONICAL else ()
    known = base(data, columns=columns, calendar=calendar, as_of=as_of, extra=extra)
    shown = periods(known, period, from_on, to_on)
    starts = starters(known, shown, design, attributes)
    masks = period_masks(known, shown.unit) if design.is_plain else None
    table = CohortTable(
        known,
        shown,
        design,
        starts,
        visits(known, shown, design, starts),
        None if masks is None else period_counts(masks),
    )
    rows = list(table.rows(merge_periods=merge_periods, last_number=last_number))
    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(
            calendar, known.as_of, period=shown.unit.value, note=_note(design, shown)
        ),
        table=pa.Table.from_pylist(rows, schema=SCHEMA),
        members=table.members,
        keys=("attribute", "cohort", "period_number"),
        measures=("count", "eligible", "cohort_size"),
        warnings=(*known.warnings, *(() if recurring else left_censored(shown))),
    )


def _note(design: Design, shown: Periods) -> Text:
    days = WINDOW_DAYS[shown.unit]
    rolling = design.window == "rolling"
    starts, returns = "/".join(design.start_kinds), "/".join(design.return_kinds)
    return {
        "en": f"Start: {'every' if design.recurring else 'first'} {starts}. Return: {returns}, "
        f"at least {design.min_occurrences} in a period. Mode: {design.mode}. "
        + (f"Windows of {days} x 24 h from each start." if rolling else "Calendar periods."),
        "zh": f"起始：{'每次' if design.recurring else '首次'} {starts}；回访：{returns}，"
        f"每周期至少 {design.min_occurrences} 次；方式：{design.mode}；"
        + (f"从各自起始起每 {days}×24 小时为一窗口。" if rolling else "按日历周期。"),
    }
