"""The three rules for when a customer counts as active: orders, own rhythm, subscription."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from tenure.engine.calendars import period_index
from tenure.engine.relations import Relation, TableLike, relation
from tenure.kernel import Calendar, DataError, OptionError, PeriodUnit
from tenure.metrics.customer_days import order_days
from tenure.metrics.movements import active_by_orders
from tenure.metrics.orders import Base, base
from tenure.metrics.periods import unit
from tenure.metrics.results import Text
from tenure.metrics.rhythm import OWN_GAPS_MIN


@dataclass(frozen=True, slots=True)
class Activeness:
    """Who is active in which period.

    Parameters
    ----------
    base : the data it was made from.
    table : customer_id, period (index), first_period (index); one row per active period.
    note : the rule in words, by language.
    """

    base: Base
    table: ir.Table
    note: Text


def by_orders(
    data: TableLike,
    period: str,
    columns: Mapping[str, str] | None,
    calendar: Calendar,
    as_of: date | None,
) -> Activeness:
    """Active in a period: at least one order in it."""
    known = base(data, columns=columns, calendar=calendar, as_of=as_of)
    note = {
        "en": "Active: at least one order in the period.",
        "zh": "活跃：该周期内至少有一笔订单。",
    }
    return Activeness(known, active_by_orders(known, unit(period)), note)


def by_rhythm(
    data: TableLike,
    period: str,
    columns: Mapping[str, str] | None,
    calendar: Calendar,
    as_of: date | None,
    factor: float,
    fallback_days: int | None,
) -> Activeness:
    """Active at a period's end: the last order is no longer ago than the own rhythm allows."""
    if factor <= 0 or (fallback_days is not None and fallback_days <= 0):
        raise OptionError(
            f"rhythm_factor {factor}, fallback_days {fallback_days}", "above 0", "raise it"
        )
    known = base(data, columns=columns, calendar=calendar, as_of=as_of)
    days = _order_days(known)
    fallback = _typical_gap_days(known, days) if fallback_days is None else float(fallback_days)
    table = _alive_at_ends(known, unit(period), days, factor, fallback)
    note = {
        "en": f"Active: at the period's end the last order is at most {factor:g} times the "
        f"customer's own median gap ago; with fewer than {OWN_GAPS_MIN} gaps by then, the gap is "
        f"taken as {fallback:g} days.",
        "zh": f"活跃：周期结束时，距最近一笔订单不超过该客户自身购买间隔中位数的 {factor:g} 倍；"
        f"届时间隔少于 {OWN_GAPS_MIN} 个的客户按 {fallback:g} 天计算。",
    }
    return Activeness(known, table, note)


def by_contract(
    subscriptions: TableLike | None, period: str, calendar: Calendar, as_of: date | None
) -> Activeness:
    """Active at a period's end: a contract covers the period's last day."""
    if subscriptions is None:
        raise OptionError(
            "active_rule 'subscription' without contracts",
            "a table with customer_id, started_on and ended_on",
            "pass subscriptions=...",
        )
    source = relation(subscriptions)
    contracts = _contracts(source)
    known = _contract_base(source, contracts, calendar, as_of)
    note = {
        "en": "Active: a contract covers the period's last day.",
        "zh": "活跃：合同覆盖该周期的最后一天。",
    }
    return Activeness(known, _covered_ends(known, unit(period), contracts), note)


def _order_days(known: Base) -> ir.Table:
    """Return each customer's order days, each with the gaps' number and median by that day."""
    days = order_days(known, distinct=True)
    by_time = ibis.window(group_by="customer_id", order_by="occurred_on")
    gap = days.occurred_on.delta(days.occurred_on.lag().over(by_time), unit="day")
    days = days.mutate(
        gap_days=gap.cast("float64"),
        next_on=days.occurred_on.lead().over(by_time),
        first_on=days.occurred_on.min().over(ibis.window(group_by="customer_id")),
    )
    so_far = ibis.window(
        group_by="customer_id", order_by="occurred_on", preceding=None, following=0
    )
    return days.mutate(
        gaps=days.gap_days.count().over(so_far),
        median_gap_days=days.gap_days.quantile(0.5).over(so_far),
    )


def _typical_gap_days(known: Base, days: ir.Table) -> float:
    """Return the median over customers of their median gap, as `rhythm` judges strangers."""
    own = days.group_by("customer_id").aggregate(gap_days=days.gap_days.quantile(0.5))
    found = known.relation.collect(own.aggregate(typical=own.gap_days.quantile(0.5)))
    typical = found["typical"][0].as_py()
    if typical is None:
        raise OptionError(
            "active_rule 'rhythm' on data in which nobody ordered on two days",
            "fallback_days, the days between two orders to assume",
            "pass fallback_days, or use active_rule 'orders'",
        )
    return float(typical)


def _alive_at_ends(
    known: Base, size: PeriodUnit, days: ir.Table, factor: float, fallback: float
) -> ir.Table:
    calendar = known.calendar
    first = period_index(days.occurred_on, size, calendar)
    own = days.gaps >= OWN_GAPS_MIN
    gap_days = ibis.ifelse(own, days.median_gap_days, ibis.literal(fallback, "float64"))
    allowed = (gap_days * factor).floor().cast("int64")
    stays = days.select(
        "customer_id",
        "occurred_on",
        # the first period end on or after the next order belongs to that order
        until=ibis.coalesce(
            period_index(days.next_on, size, calendar) - 1, _last_index(known, size)
        ),
        start=first,
        first_period=period_index(days.first_on, size, calendar),
        allowed=allowed,
    )
    stays = stays.filter(stays.until >= stays.start)
    ends = _period_ends(known, size)
    ago = ends.period_end.delta(stays.occurred_on, unit="day").cast("int64")
    joined = stays.join(
        ends,
        [ends.period >= stays.start, ends.period <= stays.until, ago <= stays.allowed],
    )
    return joined.select("customer_id", "period", "first_period")


def _last_index(known: Base, size: PeriodUnit) -> int:
    return known.calendar.index(known.as_of - timedelta(days=1), size)


def _period_ends(known: Base, size: PeriodUnit) -> ir.Table:
    first = known.calendar.index(known.first_on or known.as_of, size)
    indices = range(first, _last_index(known, size) + 1)
    return ibis.memtable(
        [{"period": index, "period_end": known.calendar.end(index, size)} for index in indices],
        schema=ibis.schema({"period": "int64", "period_end": "date"}),
    )


def _contracts(source: Relation) -> ir.Table:
    table = source.table
    missing = {"customer_id", "started_on", "ended_on"} - set(table.columns)
    if missing:
        raise DataError(
            f"contracts without {', '.join(sorted(missing))}",
            "customer_id, started_on, ended_on",
            "rename or add the columns",
        )
    if "received_at" in table.columns:
        # several states of one contract may have been learned; the newest holds
        key = [name for name in ("customer_id", "plan", "started_on") if name in table.columns]
        table = table.group_by(key).aggregate(
            newest=table.received_at.max(),
            ended_on=table.ended_on.argmax(table.received_at),
            open_ended=table.ended_on.isnull().argmax(table.received_at),
        )
        table = table.mutate(ended_on=table.open_ended.ifelse(ibis.null("date"), table.ended_on))
    return table.filter(table.customer_id.notnull() & table.started_on.notnull()).select(
        customer_id=table.customer_id.cast("string"),
        started_on=table.started_on.cast("date"),
        ended_on=table.ended_on.cast("date"),
    )


def _contract_base(
    source: Relation, contracts: ir.Table, calendar: Calendar, as_of: date | None
) -> Base:
    row = source.collect(
        contracts.aggregate(
            low=contracts.started_on.min(),
            high=contracts.started_on.max(),
            ended=contracts.ended_on.max(),
        )
    ).to_pylist()[0]
    if as_of is None:
        if row["low"] is None:
            raise DataError("no contracts", "at least one, or an as-of date", "pass as_of")
        as_of = max(day for day in (row["high"], row["ended"]) if day) + timedelta(days=1)
    begun = row["low"] is not None and row["low"] < as_of
    return Base(
        relation=source,
        table=contracts,
        calendar=calendar,
        as_of=as_of,
        first_on=row["low"] if begun else None,
        last_on=as_of - timedelta(days=1) if begun else None,
    )


def _covered_ends(known: Base, size: PeriodUnit, contracts: ir.Table) -> ir.Table:
    first = contracts.mutate(
        first_period=period_index(
            contracts.started_on.min().over(ibis.window(group_by="customer_id")),
            size,
            known.calendar,
        )
    )
    ends = _period_ends(known, size)
    return (
        first.join(
            ends,
            [
                first.started_on < ends.period_end,
                # ended_on is the first day without: on the period's last day it must be later
                ibis.coalesce(first.ended_on >= ends.period_end, True),
            ],
        )
        .select("customer_id", "period", "first_period")
        .distinct()
    )
