"""The snapshot: one row per customer, made only from what had happened before a date.

Everyone is in it of whom anything was known by then: activity, an attribute or a subscription.
Everything it says of orders comes from the customers' days (see `metrics.customer_days`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

import ibis
import ibis.expr.types as ir

from tenure.activity.facts import Facts
from tenure.engine.relations import Relation
from tenure.kernel import Calendar
from tenure.metrics.customer_states import customer_sums, window_sums
from tenure.metrics.orders import Base, base
from tenure.metrics.rfm import RfmCuts, with_scores
from tenure.metrics.rhythm import with_rhythm
from tenure.metrics.stages import StageRule, stage_of
from tenure.snapshots.attributes import attribute_names, attributes_known
from tenure.snapshots.catalogue import catalogue
from tenure.snapshots.columns import WINDOWS_DAYS
from tenure.snapshots.contracts import contracts_known


def snapshot(
    facts: Facts,
    *,
    as_of: date,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    received_before: datetime | None = None,
    cuts: RfmCuts | None = None,
    stage_rule: StageRule | None = None,
    attributes: Sequence[str] | None = None,
    typical_gap_days: float | None = None,
) -> Relation:
    """Return one row per customer as of a date.

    Parameters
    ----------
    facts : the fact tables.
    as_of : business date; only what happened on earlier days counts.
    calendar : the zone in which `as_of` begins.
    received_before : only rows we had received before this naive UTC instant. None means all
        that is known now: history imported today still makes snapshots of past dates.
    cuts : RFM cut points; None takes quintiles over the customers at `as_of`.
    stage_rule : the numbers of the lifecycle stages; None takes the defaults.
    attributes : names of the attributes to show; None takes all there are.
    typical_gap_days : the rhythm of who has none of her own; None takes that of the customers.

    Returns
    -------
    A relation with the columns of `catalogue(attributes)`, one row per `customer_id`.
    """
    known = _Known(facts, received_before)
    if attributes is None:
        attributes = attribute_names(known.attributes)
    moment = day_begins_at(as_of, calendar)
    trade = base(known.activity, calendar=calendar, as_of=as_of)
    told = attributes_known(known.attributes.table, moment, attributes)
    contracts = contracts_known(known.subscriptions.table, as_of)
    people = _people(trade, [told.select("customer_id"), contracts.select("customer_id")])
    timed = with_rhythm(people, as_of, typical_gap_days)
    staged = timed.mutate(lifecycle_stage=stage_of(timed, as_of, stage_rule))
    rows = with_scores(staged, cuts)
    for part in (contracts, told):
        rows = _beside(rows, part)
    rows = rows.mutate(as_of=ibis.date(as_of))
    columns = {c.name: rows[c.name].cast(ibis.dtype(c.dtype)) for c in catalogue(attributes)}
    return Relation(rows.select(**columns), facts.engine)


def day_begins_at(day: date, calendar: Calendar) -> datetime:
    """Return the naive UTC instant at which a business day begins."""
    return datetime.combine(day, time(), calendar.zone).astimezone(UTC).replace(tzinfo=None)


class _Known:
    """The fact tables as they were known before an instant."""

    def __init__(self, facts: Facts, received_before: datetime | None) -> None:
        def cut(relation: Relation) -> Relation:
            if received_before is None:
                return relation
            limit = ibis.literal(received_before, "timestamp")
            early = relation.table.filter(relation.table.received_at < limit)
            return Relation(early, relation.engine)

        self.activity = cut(facts.activity)
        self.attributes = cut(facts.customer_attributes)
        self.subscriptions = cut(facts.subscriptions)


def _people(trade: Base, others: Sequence[ir.Table]) -> ir.Table:
    """Return every customer with what her days add up to."""
    sums, recent = customer_sums(trade, products=True), window_sums(trade, WINDOWS_DAYS)
    everyone = ibis.union(sums.select("customer_id"), *others, distinct=True)
    rows = _beside(_beside(everyone, sums), recent)
    counts = {
        name: rows[name].fill_null(0)
        for name in ("order_count", "order_day_count", *map(_orders_in, WINDOWS_DAYS))
    }
    products = {
        name: rows[name].nullif(0) for name in ("distinct_product_count", "distinct_category_count")
    }
    return _with_money(rows.mutate(**counts, **products))


def _with_money(rows: ir.Table) -> ir.Table:
    """Add the money columns: 0 without an order, null where orders carry no amounts."""
    zero = ibis.literal(0, "decimal(18, 4)")
    gross = ibis.ifelse(rows.order_count == 0, zero, rows.gross_value)
    returned = ibis.ifelse(
        gross.isnull(), ibis.null("decimal(18, 4)"), rows.returned_value.fill_null(zero)
    )
    summed = rows.mutate(gross_value=gross, returned_value=returned)
    amounts = summed.gross_value.cast("float64")
    return summed.mutate(
        repeat_order_count=ibis.greatest(summed.order_count - 1, 0),
        # Twice, or the cast is taken for superfluous while DuckDB widens a difference by a digit.
        net_value=(summed.gross_value - summed.returned_value)
        .cast("decimal(38, 4)")
        .cast("decimal(18, 4)"),
        mean_order_value=amounts / summed.order_count.cast("float64").nullif(0.0),
        return_rate=summed.returned_value.cast("float64") / amounts.nullif(0.0),
        **{
            _value_in(days): ibis.ifelse(
                summed.gross_value.isnull(),
                ibis.null("decimal(18, 4)"),
                summed[_value_in(days)].fill_null(zero).cast("decimal(18, 4)"),
            )
            for days in WINDOWS_DAYS
        },
    )


def _beside(rows: ir.Table, part: ir.Table) -> ir.Table:
    """Left-join a table of one row per customer."""
    return rows.left_join(part, "customer_id").drop("customer_id_right")


def _orders_in(days: int) -> str:
    return f"order_count_{days}_days"


def _value_in(days: int) -> str:
    return f"net_value_{days}_days"
