"""Each customer's subscriptions as they stood on the day before a date."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

ACTIVE, ENDED = "active", "ended"


def contracts_known(history: ir.Table, as_of: date) -> ir.Table:
    """Return one row per customer who ever had a contract that began before `as_of`.

    A contract runs if it covers the day before `as_of`; an end on `as_of` or later is the
    future and is not told.

    Parameters
    ----------
    history : the table `subscriptions`: each contract's states, the newest received one counts.
    as_of : business date.
    """
    today = ibis.date(as_of)
    begun = history.filter(history.started_on < today)
    newest_first = ibis.window(
        group_by=[begun.customer_id, begun.plan, begun.started_at],
        order_by=[begun.received_at.desc(), begun.subscription_id.desc()],
    )
    ranked = begun.mutate(age=ibis.row_number().over(newest_first))
    current = ranked.filter(ranked.age == 0)
    latest_first = ibis.window(
        group_by=current.customer_id,
        order_by=[current.started_at.desc(), current.plan.desc(), current.subscription_id.desc()],
    )
    placed = current.mutate(
        runs=current.ended_on.isnull() | (current.ended_on >= today),
        place=ibis.row_number().over(latest_first),
    )
    sums = placed.group_by("customer_id").aggregate(
        running=placed.count(where=placed.runs),
        subscription_plan=placed.plan.max(where=placed.place == 0),
        subscription_started_on=placed.started_on.min(),
        last_ended_on=placed.ended_on.max(where=~placed.runs),
        subscription_recurring_value=placed.recurring_value.sum(where=placed.runs),
    )
    runs = sums.running > 0
    return sums.select(
        "customer_id",
        "subscription_plan",
        "subscription_started_on",
        "subscription_recurring_value",
        subscription_status=ibis.ifelse(runs, ACTIVE, ENDED),
        subscription_ended_on=ibis.ifelse(runs, ibis.null("date"), sums.last_ended_on),
    )
