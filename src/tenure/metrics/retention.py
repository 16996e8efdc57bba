"""Retention and churn from period to period, under a named rule for who is active."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from tenure.engine.relations import TableLike
from tenure.kernel import Calendar, Estimate, OptionError, wilson_interval
from tenure.metrics.activeness import Activeness, by_contract, by_orders, by_rhythm
from tenure.metrics.membership import Membership, count
from tenure.metrics.movements import ABSENT, PRESENT, movements
from tenure.metrics.notices import left_censored
from tenure.metrics.period_masks import movement_cells
from tenure.metrics.periods import PERIOD_FIELDS, Periods, periods
from tenure.metrics.results import COMPLETE, OPEN, UNDEFINED, Meaning, MetricResult

ACTIVE_RULES = ("orders", "rhythm", "subscription")

MEANING = Meaning(
    name="retention",
    title={"en": "Customer retention", "zh": "客户留存率"},
    text={
        "en": "Of the customers active in the period before, the share still active now.",
        "zh": "上一周期的活跃客户中，本周期仍然活跃的比例。",
    },
    formula=(
        "retention_rate = retained / at_start; churn_rate = 1 - retention_rate; "
        "textbook_retention_rate = (at_end - new) / at_start"
    ),
    edges=(
        {
            "en": "The textbook rate counts customers who came back as kept, so it is never "
            "lower and can pass 100 %.",
            "zh": "教科书口径把回流客户也算作留存，因此不会更低，并可能超过 100%。",
        },
        {
            "en": "A period that has not ended is open: its figures are unknown, not 0.",
            "zh": "尚未结束的周期为进行中：数值未知，而不是 0。",
        },
        {
            "en": "The first period of the data has no period before it, so no rate.",
            "zh": "数据的第一个周期之前没有周期，因此没有留存率。",
        },
        {
            "en": "Intervals are Wilson's, 95 %.",
            "zh": "区间为 95% 的 Wilson 区间。",
        },
    ),
)

_COUNTS = ("at_start", "retained", "new", "returned", "at_end", "lost")
_RATES = (
    "retention_rate",
    "retention_rate_low",
    "retention_rate_high",
    "textbook_retention_rate",
    "churn_rate",
    "churn_rate_low",
    "churn_rate_high",
)
SCHEMA = pa.schema(
    [
        *PERIOD_FIELDS,
        *(pa.field(name, pa.int64()) for name in _COUNTS),
        *(pa.field(name, pa.float64()) for name in _RATES),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
    ]
)


def retention(
    data: TableLike,
    *,
    period: str = "month",
    from_on: date | None = None,
    to_on: date | None = None,
    active_rule: str = "orders",
    rhythm_factor: float = 2.0,
    fallback_days: int | None = None,
    subscriptions: TableLike | None = None,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> MetricResult:
    """Return retention and churn per period.

    Parameters
    ----------
    data : activity (see `orders.base`); not read if `active_rule` is `subscription`.
    period : `day`, `week`, `month`, `quarter` or `year`.
    from_on, to_on : window [from_on, to_on); periods that touch it are shown whole.
    active_rule : `orders`: active in a period with at least one order in it. `rhythm`: active
        at a period's end if the last order before it is not longer ago than
        `rhythm_factor` times the customer's own median gap between order days, as known by
        that order. `subscription`: active at a period's end if a contract covers the
        period's last day.
    rhythm_factor : factor on the median gap, above 0.
    fallback_days : gap in days taken for customers with fewer than `rhythm.OWN_GAPS_MIN` gaps
        by then; None takes the typical customer's (named in the definition), which can
        change with later data: pass it to keep past figures still.
    subscriptions : contracts with customer_id, started_on and ended_on (first day without).
    columns, calendar, as_of : see `orders.base`.

    Returns
    -------
    MetricResult with one row per period: at_start, retained, new, returned, at_end, lost
    (all can be drilled down), the rates with Wilson intervals, state, reason.

    Raises
    ------
    OptionError : an option is out of its range, or the rule lacks its table.
    DataError : the data lack a column.
    """
    if active_rule not in ACTIVE_RULES:
        raise OptionError(
            f"active_rule {active_rule!r}", f"one of {', '.join(ACTIVE_RULES)}", "choose one"
        )
    if active_rule == "subscription":
        active = by_contract(subscriptions, period, calendar, as_of)
    elif active_rule == "rhythm":
        active = by_rhythm(data, period, columns, calendar, as_of, rhythm_factor, fallback_days)
    else:
        active = by_orders(data, period, columns, calendar, as_of)
    return _result(active, periods(active.base, period, from_on, to_on), active_rule)


def _result(active: Activeness, shown: Periods, active_rule: str) -> MetricResult:
    membership = Membership(
        active.base.relation, ("period",), movements(active.table), {"period": shown.number}
    )
    counted = active_rule == "orders"
    cells = movement_cells(active.base, shown.unit) if counted else membership.cells()
    rows = [shown.names(index) | _row(cells.get((index,)), index, shown) for index in shown]
    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(
            shown.calendar,
            shown.as_of,
            active_rule=active_rule,
            period=shown.unit.value,
            note=active.note,
        ),
        table=pa.Table.from_pylist(rows, schema=SCHEMA),
        members=membership.members,
        keys=("period",),
        measures=("retained", *(name for name in (*PRESENT, *ABSENT) if name != "retained")),
        warnings=(*active.base.warnings, *left_censored(shown)),
    )


def _row(cell: Mapping[str, object] | None, index: int, shown: Periods) -> dict[str, object]:
    first = index == shown.beginning
    if shown.is_open(index):
        start = None if first else count(cell, "at_start")
        return {"at_start": start, "state": OPEN, "reason": "open_period"}
    if first:
        known = {name: count(cell, name) for name in ("new", "at_end")}
        return known | {"state": UNDEFINED, "reason": "no_earlier_period"}
    start = count(cell, "at_start")
    counts: dict[str, object] = {name: count(cell, name) for name in _COUNTS}
    kept = wilson_interval(count(cell, "retained"), start)
    if not isinstance(kept, Estimate):
        return counts | {"state": UNDEFINED, "reason": kept.reason}
    return {
        **counts,
        "retention_rate": kept.value,
        "retention_rate_low": kept.low,
        "retention_rate_high": kept.high,
        "textbook_retention_rate": (count(cell, "at_end") - count(cell, "new")) / start,
        "churn_rate": 1 - kept.value,
        "churn_rate_low": 1 - kept.high,
        "churn_rate_high": 1 - kept.low,
        "state": COMPLETE,
        "reason": None,
    }
