"""Activity whose customer-days and customer states are kept: the same figures, read sooner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import ibis.expr.types as ir

from tenure.engine.relations import Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptActivity(Relation):
    """Activity with the tables that were made from it; metrics read those where they can.

    Parameters
    ----------
    table, engine : as for any relation; the raw activity.
    days : the columns of `customer_days.CUSTOMER_DAYS`, made from exactly this activity.
    states : the columns of `customer_states.CUSTOMER_STATES`, made from these days.
    first_on, last_on : first and last day with activity; None if there is none.
    currency : the only currency; None if there is none or several.
    mixed_currencies : whether amounts are in several currencies.
    origin_month : index of the calendar month that bit 0 of the states' months stands for.
    bounds : customers at which the tables are cut to be worked on in parts, sorted.
    """

    days: ir.Table
    states: ir.Table
    first_on: date | None
    last_on: date | None
    currency: str | None
    mixed_currencies: bool
    origin_month: int
    bounds: tuple[str, ...] = ()

    def parts(self, expression: ir.Table, beside: Sequence[ir.Table] = ()) -> Iterator[ir.Table]:
        """Return an expression over the kept tables once for each range of customers.

        Parameters
        ----------
        expression : over the kept tables and those beside them.
        beside : further tables with a `customer_id`, to be cut alike.
        """
        if not self.bounds:
            yield expression
            return
        for low, high in pairwise((None, *self.bounds, None)):
            ranged = {
                table.op(): _between(table, low, high).op()
                for table in (self.days, self.states, *beside)
            }
            yield expression.op().replace(ranged).to_expr()


def _between(table: ir.Table, low: str | None, high: str | None) -> ir.Table:
    if low is not None:
        table = table.filter(table.customer_id >= low)
    if high is not None:
        table = table.filter(table.customer_id < high)
    return table
