"""Growth of the customer base, in all or by acquisition source, and what a customer cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.relations import TableLike
from tenure.kernel import Calendar, PeriodUnit
from tenure.metrics.acquisition_costs import Costs, acquisition_costs
from tenure.metrics.customer_states import customer_sums
from tenure.metrics.membership import Cells, Membership, Part, count
from tenure.metrics.movements import active_by_orders
from tenure.metrics.notices import left_censored
from tenure.metrics.orders import Base, base
from tenure.metrics.period_masks import movement_cells
from tenure.metrics.periods import PERIOD_FIELDS, Periods, periods
from tenure.metrics.ratios import ratio
from tenure.metrics.results import COMPLETE, MONEY_SUM, OPEN, Meaning, MetricResult

MEANING = Meaning(
    name="growth",
    title={"en": "Customer growth", "zh": "客户增长"},
    text={
        "en": "New and active customers per period, all customers won so far, and what a new "
        "customer cost where costs are given.",
        "zh": "各周期的新客户和活跃客户、累计客户数，以及在提供成本时每个新客户的获客成本。",
    },
    formula=(
        "cumulative(n) = cumulative(n-1) + new(n); net_growth(n) = active(n) - active(n-1); "
        "growth_rate = net_growth / active(n-1); cost_per_acquisition = cost / new"
    ),
    edges=(
        {
            "en": "A customer's source is that of the first order and never changes.",
            "zh": "客户来源以首单为准，此后不变。",
        },
        {
            "en": "A cost that was not given is unknown, not 0. Without the split by source, "
            "the cost is that of all sources given.",
            "zh": "未提供的成本为未知，而不是 0；不按来源拆分时，成本为所有已提供来源之和。",
        },
        {
            "en": "A cost counts in the period that holds its date, so give costs at least as "
            "finely as the periods shown.",
            "zh": "成本计入其日期所在的周期，因此成本的粒度不应粗于所显示的周期。",
        },
    ),
)
_COUNTS = ("new", "active", "cumulative")
SCHEMA = pa.schema(
    [
        *PERIOD_FIELDS,
        pa.field("source", pa.string()),
        pa.field("new", pa.int64()),
        pa.field("active", pa.int64()),
        pa.field("cumulative", pa.int64()),
        pa.field("net_growth", pa.int64()),
        pa.field("growth_rate", pa.float64()),
        pa.field("growth_rate_reason", pa.string()),
        pa.field("cost", MONEY_SUM),
        pa.field("cost_currency", pa.string()),
        pa.field("cost_per_acquisition", pa.float64()),
        pa.field("cost_reason", pa.string()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
    ]
)


def growth(
    data: TableLike,
    *,
    period: str = "month",
    from_on: date | None = None,
    to_on: date | None = None,
    by_source: bool = False,
    costs: TableLike | None = None,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> MetricResult:
    """Return the growth of the customer base per period, in all or by source.

    Parameters
    ----------
    data : activity (see `orders.base`); `source` is needed to split by it.
    period : `day`, `week`, `month`, `quarter` or `year`.
    from_on, to_on : window [from_on, to_on); periods that touch it are shown whole.
    by_source : a row per source of the customer's first order (null: unknown source).
    costs : table with source, period_start (date), cost, currency.
    columns, calendar, as_of : see `orders.base`.

    Returns
    -------
    MetricResult with one row per source and period; `new`, `active` and `cumulative` can be
    drilled down.

    Raises
    ------
    OptionError : the period is unknown or the window empty.
    DataError : the data lack a column, or costs of one source and period have two currencies.
    """
    known = base(data, columns=columns, calendar=calendar, as_of=as_of)
    shown = periods(known, period, from_on, to_on)
    table = _sourced(known, shown.unit, by_source=by_source)
    membership = Membership(
        known.relation,
        ("source", "period"),
        (Part(table, ("new", "active")),),
        {"period": shown.number},
    )
    cells = membership.cells() if by_source else _counted(known, shown.unit)
    paid = acquisition_costs(known.relation, costs, shown, by_source=by_source)
    rows = list(_rows(cells, shown, paid))
    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(
            calendar, known.as_of, active_rule="orders", period=shown.unit.value
        ),
        table=pa.Table.from_pylist(rows, schema=SCHEMA),
        members=lambda cell: _members(membership, cell),
        keys=("source", "period"),
        measures=_COUNTS,
        warnings=(*known.warnings, *left_censored(shown)),
    )


def _sourced(known: Base, unit: PeriodUnit, *, by_source: bool) -> ir.Table:
    active = active_by_orders(known, unit)
    if by_source:
        sources = customer_sums(known).select("customer_id", source="acquisition_source")
        active = active.join(sources, "customer_id")
    else:
        active = active.mutate(source=ibis.null("string"))
    return active.select(
        "customer_id",
        "source",
        "period",
        new=active.period == active.first_period,
        active=ibis.literal(True),
    )


def _counted(known: Base, unit: PeriodUnit) -> Cells:
    """Count the same cells without a row per customer and period."""
    moved = movement_cells(known, unit)
    return {
        (None, period): {"new": cell["new"], "active": cell["at_end"]}
        for (period,), cell in moved.items()
    }


def _members(membership: Membership, cell: Mapping[str, object]) -> pa.Table:
    if cell["measure"] != "cumulative":
        return membership.members(cell)
    table = membership.parts[0].table
    last = membership.codes["period"](cell["period"])
    source = cell["source"]
    won = table.filter(
        table.new & (table.period <= last),
        table.source.isnull() if source is None else table.source == source,
    )
    return membership.relation.collect(won.select("customer_id").order_by("customer_id"))


def _rows(cells: Cells, shown: Periods, paid: Costs) -> Iterator[dict[str, object]]:
    sources = {key[0] for key in cells} | {source for source, _ in paid}
    for source in sorted(sources, key=lambda name: (name is None, str(name))) or [None]:
        cumulative = 0
        before: int | None = None
        for index in range(shown.beginning, shown.last + 1):
            cell = cells.get((source, index))
            cumulative += count(cell, "new")
            if index >= shown.first:
                row = _row(cell, cumulative, before) | _cost_figures(cell, paid, source, index)
                if shown.is_open(index):
                    row = {"state": OPEN, "reason": "open_period"}
                yield shown.names(index) | {"source": source} | row
            before = count(cell, "active")


def _row(
    cell: Mapping[str, object] | None, cumulative: int, before: int | None
) -> dict[str, object]:
    active = count(cell, "active")
    net = None if before is None else active - before
    rate, reason = ratio(net, before, "nothing_at_start")
    return {
        "new": count(cell, "new"),
        "active": active,
        "cumulative": cumulative,
        "net_growth": net,
        "growth_rate": rate,
        "growth_rate_reason": "no_earlier_period" if before is None else reason,
        "state": COMPLETE,
    }


def _cost_figures(
    cell: Mapping[str, object] | None, paid: Costs, source: object, index: int
) -> dict[str, object]:
    if (source, index) not in paid:
        return {"cost_reason": "no_cost_given"}
    cost, currency = paid[source, index]
    each, reason = ratio(cost, count(cell, "new"), "nothing_acquired")
    return {
        "cost": cost,
        "cost_currency": currency,
        "cost_per_acquisition": each,
        "cost_reason": reason,
    }
