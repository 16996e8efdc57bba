"""Contracts as durations: how many renewals each has lived through, as known on a date.

A contract ends in period k if it does not live to its k-th renewal, the day k periods after its
start. A period counts only once its renewal day has passed: who cancels early in a period is
else seen at once, while those who stay through it are not, and leaving would look too frequent.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.relations import Relation, TableLike, relation
from tenure.kernel import DataError, OptionError

_OPTIONAL = {
    "plan": "string",
    "started_at": "timestamp",
    "received_at": "timestamp",
    "subscription_id": "string",
}
_FAR = date(9999, 12, 31)


def contract_durations(
    subscriptions: TableLike,
    *,
    as_of: date,
    period_months: int = 1,
    period_days: int | None = None,
    observed_from: date | None = None,
    gap_days: int = 0,
    received_before: datetime | None = None,
) -> Relation:
    """Return each contract's length in renewal periods, from what was known before a date.

    Parameters
    ----------
    subscriptions : the table `subscriptions`, or any with `customer_id`, `started_on` and
        `ended_on` (the first day without the contract; null while it runs). Of several states of
        one customer, plan and start, the newest received one counts.
    as_of : business date; starts and ends on it or later are the future and are not told.
    period_months : months from one renewal to the next, at least 1.
    period_days : days from one renewal to the next, at least 1; None takes months.
    observed_from : first day from which every running contract is on record. Contracts that
        ended by then are left out, and older ones enter with the renewals they had behind them.
        None: all contracts are known from their start.
    gap_days : a contract of a customer that begins at most so many days after her last one ended
        continues it, as a change of plan does; at least 0. Of so many days before `as_of` no
        renewal is told.
    received_before : only rows received before this naive UTC instant; None takes all.

    Returns
    -------
    One row per contract: `customer_id`, `plan` (at its start), `started_on`, `ended_on` (null if
    not before `as_of`), `duration_periods` (the period it ended in, from 1 on, or the renewals
    it has lived through, from 0 on), `ended` (whether that period's renewal day has passed) and
    `entry_periods` (renewals behind it when it came under observation).

    Raises
    ------
    OptionError : a period or gap is out of its range.
    DataError : a needed column is missing.
    """
    _check(period_months, period_days, gap_days)
    source = relation(subscriptions)
    spells = _joined(_current(_with_defaults(source.table), as_of, received_before), gap_days)
    if observed_from is not None:
        spells = spells.filter(
            spells.ended_on.isnull() | (spells.ended_on > ibis.date(observed_from))
        )

    def renewals_before(until: ir.DateColumn) -> ir.IntegerColumn:
        return _renewals(spells.started_on, until, period_months, period_days)

    # What follows within the gap may still come: of the last days nothing is settled yet.
    lived = renewals_before(ibis.date(as_of - timedelta(days=gap_days)))
    ended_in = 1 + renewals_before(ibis.coalesce(spells.ended_on, ibis.date(as_of)))
    ended = spells.ended_on.notnull() & (ended_in <= lived)
    entry: ir.IntegerValue = ibis.literal(0, "int64")
    if observed_from is not None:
        # Who runs on the first day watched has lived through the renewal of that day.
        behind = renewals_before(ibis.date(observed_from + timedelta(days=1)))
        entry = ibis.ifelse(spells.started_on < ibis.date(observed_from), behind, 0)
    table = spells.select(
        "customer_id",
        "plan",
        "started_on",
        "ended_on",
        duration_periods=ibis.ifelse(ended, ended_in, lived),
        ended=ended,
        entry_periods=ibis.least(entry, lived),
    )
    return Relation(table, source.engine)


def duration_counts(durations: Relation) -> pa.Table:
    """Return contracts counted by duration: all that the models without covariates need.

    Parameters
    ----------
    durations : what `contract_durations` returned.

    Returns
    -------
    `duration_periods`, `ended`, `entry_periods` and `customers` (contracts alike), sorted.
    """
    table = durations.table
    alike = table.group_by("duration_periods", "ended", "entry_periods").aggregate(
        customers=table.count()
    )
    return durations.collect(alike.order_by("duration_periods", "ended", "entry_periods"))


def _check(period_months: int, period_days: int | None, gap_days: int) -> None:
    for name, value, least in (
        ("period_months", period_months, 1),
        ("period_days", 1 if period_days is None else period_days, 1),
        ("gap_days", gap_days, 0),
    ):
        if value < least:
            raise OptionError(f"{name} {value}", f"a whole number from {least} on", "correct it")


def _with_defaults(table: ir.Table) -> ir.Table:
    missing = [n for n in ("customer_id", "started_on", "ended_on") if n not in table.columns]
    if missing:
        raise DataError(
            f"a table with the columns {', '.join(table.columns)}",
            f"also {', '.join(missing)}",
            "add the column, or rename the one that holds it",
        )
    absent = {n: ibis.null(t) for n, t in _OPTIONAL.items() if n not in table.columns}
    return table.mutate(**absent).select("customer_id", "started_on", "ended_on", *_OPTIONAL)


def _current(history: ir.Table, as_of: date, received_before: datetime | None) -> ir.Table:
    """Return the newest known state of each contract begun before a date, its future untold."""
    begun = history.filter(history.started_on < ibis.date(as_of))
    if received_before is not None:
        limit = ibis.literal(received_before, "timestamp")
        begun = begun.filter(begun.received_at < limit)
    newest_first = ibis.window(
        group_by=[begun.customer_id, begun.plan, begun.started_on, begun.started_at],
        order_by=[begun.received_at.desc(), begun.subscription_id.desc()],
    )
    ranked = begun.mutate(age=ibis.row_number().over(newest_first))
    newest = ranked.filter(ranked.age == 0)
    is_past = newest.ended_on < ibis.date(as_of)
    return newest.mutate(ended_on=ibis.ifelse(is_past, newest.ended_on, ibis.null("date")))


def _joined(contracts: ir.Table, gap_days: int) -> ir.Table:
    """Return contracts of a customer that follow on each other, or overlap, as one."""
    table = contracts.mutate(covers_until=ibis.coalesce(contracts.ended_on, ibis.date(_FAR)))

    def so_far(rows: ir.Table) -> ibis.expr.builders.WindowBuilder:
        order = [rows.started_on, rows.plan, rows.subscription_id]
        return ibis.window(group_by="customer_id", order_by=order, preceding=None, following=0)

    table = table.mutate(covered=table.covers_until.max().over(so_far(table)))
    in_order = ibis.window(
        group_by="customer_id", order_by=[table.started_on, table.plan, table.subscription_id]
    )
    table = table.mutate(covered_before=table.covered.lag().over(in_order))
    follows = table.started_on <= table.covered_before + ibis.interval(days=gap_days)
    table = table.mutate(begins=ibis.ifelse(follows.fill_null(False), 0, 1))
    table = table.mutate(spell=table.begins.sum().over(so_far(table)))
    ended_on = table.covers_until.max()
    return (
        table.group_by("customer_id", "spell")
        .aggregate(
            plan=table.plan.max(where=table.begins == 1),
            started_on=table.started_on.min(),
            last_ended_on=ended_on,
        )
        .mutate(ended_on=lambda t: t.last_ended_on.nullif(ibis.date(_FAR)))
    )


def _renewals(
    start: ir.DateColumn, until: ir.DateColumn, months: int, days: int | None
) -> ir.IntegerColumn:
    """Return how many renewal days after `start` lie before `until`."""
    if days is not None:
        passed = until.delta(start, unit="day").cast("int64") - 1
        return ibis.greatest(passed // days, 0).cast("int64")
    last = until - ibis.interval(days=1)
    between = (last.year() - start.year()) * 12 + last.month() - start.month()
    # A start on the 31st renews on the last day of a shorter month.
    is_reached = (start.day() <= last.day()) | (until.day() == 1)
    whole = between - ibis.ifelse(is_reached, 0, 1)
    return ibis.greatest(whole // months, 0).cast("int64")
