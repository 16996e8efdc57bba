"""The lifecycle of the customer base: who is new, returning, resurrecting, dormant per period."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from tenure.engine.relations import TableLike
from tenure.kernel import Calendar
from tenure.metrics.membership import Membership, Part, count
from tenure.metrics.movements import active_by_orders, movements
from tenure.metrics.notices import left_censored
from tenure.metrics.orders import base
from tenure.metrics.period_masks import movement_cells
from tenure.metrics.periods import PERIOD_FIELDS, Periods, periods
from tenure.metrics.ratios import quick_ratio
from tenure.metrics.results import COMPLETE, OPEN, UNDEFINED, Meaning, MetricResult

MEANING = Meaning(
    name="lifecycle",
    title={"en": "Customer lifecycle", "zh": "客户生命周期"},
    text={
        "en": "Active customers of each period by where they come from, and those who stayed "
        "away. New: first order of all. Returning: also ordered in the period before. "
        "Resurrecting: ordered before, but not in the period before. Dormant: ordered in the "
        "period before, not now.",
        "zh": "各周期活跃客户的来源，以及流失的客户。新客户：首次下单；持续客户：上一周期也下单；"
        "回流客户：曾经下单，但上一周期没有；沉默客户：上一周期下单，本周期没有。",
    },
    formula=(
        "new + returning + resurrecting = active; "
        "active(n) - active(n-1) = new + resurrecting - dormant; "
        "quick_ratio = (new + resurrecting) / dormant"
    ),
    edges=(
        {
            "en": "New is judged over the whole history, never over the window shown.",
            "zh": "新客户按全部历史判断，而不是按所显示的时间窗口。",
        },
        {
            "en": "A quick ratio over nothing lost is infinite and shown as such.",
            "zh": "没有流失时，速动比为无穷大，并如实显示。",
        },
        {
            "en": "A period that has not ended is open: its figures are unknown, not 0.",
            "zh": "尚未结束的周期为进行中：数值未知，而不是 0。",
        },
    ),
)

_STATES = {
    "active": "at_end",
    "new": "new",
    "returning": "retained",
    "resurrecting": "returned",
    "dormant": "lost",
}
SCHEMA = pa.schema(
    [
        *PERIOD_FIELDS,
        *(pa.field(name, pa.int64()) for name in _STATES),
        pa.field("quick_ratio", pa.float64()),
        pa.field("quick_ratio_reason", pa.string()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
    ]
)


def lifecycle(
    data: TableLike,
    *,
    period: str = "month",
    from_on: date | None = None,
    to_on: date | None = None,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> MetricResult:
    """Return new, returning, resurrecting and dormant customers per period.

    Parameters
    ----------
    data : activity (see `orders.base`).
    period : `day`, `week`, `month`, `quarter` or `year`.
    from_on, to_on : window [from_on, to_on); periods that touch it are shown whole.
    columns, calendar, as_of : see `orders.base`.

    Returns
    -------
    MetricResult with one row per period; `dormant` is a positive count, drawn downwards.

    Raises
    ------
    OptionError : the period is unknown or the window empty.
    DataError : the data lack a column.
    """
    known = base(data, columns=columns, calendar=calendar, as_of=as_of)
    shown = periods(known, period, from_on, to_on)
    parts = [_renamed(part) for part in movements(active_by_orders(known, shown.unit))]
    membership = Membership(known.relation, ("period",), tuple(parts), {"period": shown.number})
    cells = movement_cells(known, shown.unit)
    rows = [shown.names(index) | _row(cells.get((index,)), index, shown) for index in shown]
    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(
            calendar, known.as_of, active_rule="orders", period=shown.unit.value
        ),
        table=pa.Table.from_pylist(rows, schema=SCHEMA),
        members=membership.members,
        keys=("period",),
        measures=tuple(_STATES),
        warnings=(*known.warnings, *left_censored(shown)),
    )


def _renamed(part: Part) -> Part:
    names = {name: old for name, old in _STATES.items() if old in part.counts}
    return Part(part.table.rename(names), tuple(names))


def _row(cell: Mapping[str, object] | None, index: int, shown: Periods) -> dict[str, object]:
    if shown.is_open(index):
        return {"state": OPEN, "reason": "open_period"}
    if index == shown.beginning:
        known = {name: count(cell, _STATES[name]) for name in ("active", "new")}
        return known | {"state": UNDEFINED, "reason": "no_earlier_period"}
    counts = {name: count(cell, counted) for name, counted in _STATES.items()}
    customers = quick_ratio(counts["new"] + counts["resurrecting"], counts["dormant"])
    return {
        **counts,
        "quick_ratio": customers[0],
        "quick_ratio_reason": customers[1],
        "state": COMPLETE,
        "reason": None,
    }
