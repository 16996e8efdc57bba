"""In which periods each customer ordered, as the bits of a few integers: counts in one pass.

A customer's periods fit in a row of her own, so cohorts and lifecycle need no row per customer and
period, no join and no window: they are sums of bits. The customers behind a count are
found by the plain definition (`movements`, `cohort_members`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import ibis.expr.types as ir

from tenure.engine.calendars import period_index
from tenure.engine.relations import Relation
from tenure.kernel import PeriodUnit
from tenure.metrics.customer_days import order_days
from tenure.metrics.customer_states import has_states
from tenure.metrics.masks import MASK_BITS, MASK_WORDS, mask_bits, mask_names
from tenure.metrics.membership import Cells, Membership
from tenure.metrics.movements import active_by_orders, movements
from tenure.metrics.orders import Base

_PERIODS_MAX = MASK_BITS * MASK_WORDS


@dataclass(frozen=True, slots=True)
class PeriodMasks:
    """Each customer's periods with an order row.

    Parameters
    ----------
    relation : runs the expressions.
    table : customer_id, first_period (index), and the words of the mask (see `masks`).
    origin : index of the period of bit 0 of the first word.
    last : index of the last period with activity.
    """

    relation: Relation
    table: ir.Table
    origin: int
    last: int

    def bit(self, period: int) -> ir.IntegerValue:
        """Return 1 if the customer ordered in a period, else 0."""
        word, place = divmod(period - self.origin, MASK_BITS)
        return (self.table[mask_names(MASK_WORDS)[word]] >> place) & 1


def period_masks(known: Base, unit: PeriodUnit) -> PeriodMasks | None:
    """Return the customers' periods as masks; None if their span does not fit in one.

    Parameters
    ----------
    known : the activity.
    unit : length of a period.
    """
    if known.first_on is None or known.last_on is None:
        return None
    first, last = (known.calendar.index(day, unit) for day in (known.first_on, known.last_on))
    by_calendar_month = unit is PeriodUnit.MONTH and known.calendar.month_start_day == 1
    kept = known.kept
    if (
        kept is not None
        and by_calendar_month
        and has_states(known)
        and last - kept.origin_month < _PERIODS_MAX
    ):
        states, origin = kept.states, kept.origin_month
        began = states.filter(states.first_order_on.notnull())
        table = began.select(
            "customer_id",
            *mask_names(MASK_WORDS),
            first_period=period_index(began.first_order_on, unit, known.calendar),
        )
        return PeriodMasks(known.relation, table, origin, last)
    if last - first >= _PERIODS_MAX:
        return None
    rows = order_days(known)
    indexed = rows.select(
        "customer_id", period=period_index(rows.occurred_on, unit, known.calendar)
    )
    words = (last - first) // MASK_BITS + 1
    table = indexed.group_by("customer_id").aggregate(
        first_period=indexed.period.min(), **mask_bits(indexed.period - first, words)
    )
    return PeriodMasks(known.relation, table, first, last)


def movement_cells(known: Base, unit: PeriodUnit) -> Cells:
    """Count who moved how into each period: the cells of `movements.movements`.

    Parameters
    ----------
    known : the activity.
    unit : length of a period.
    """
    masks = period_masks(known, unit)
    if masks is not None:
        return period_counts(masks).movements()
    plain = Membership(known.relation, ("period",), movements(active_by_orders(known, unit)))
    return plain.cells()


@dataclass(frozen=True, slots=True)
class PeriodCounts:
    """How many customers ordered when, by the period of their first order.

    Parameters
    ----------
    sizes : customers by first period.
    active : by (first period, period), customers who ordered in the period.
    retained : likewise, those who also ordered in the period before.
    """

    sizes: dict[int, int]
    active: dict[tuple[int, int], int]
    retained: dict[tuple[int, int], int]

    def movements(self) -> Cells:
        """Return who moved how into each period, as `movements.movements` counts them."""
        present, kept = _by_period(self.active.items()), _by_period(self.retained.items())
        cells: Cells = {}
        for period in {*present, *(period + 1 for period in present)}:
            new, active = self.sizes.get(period, 0), present.get(period, 0)
            before, retained = present.get(period - 1, 0), kept.get(period, 0)
            cells[(period,)] = {
                "at_end": active,
                "new": new,
                "retained": retained,
                "returned": active - new - retained,
                "at_start": before,
                "lost": before - retained,
            }
        return cells


def _by_period(counts: Iterable[tuple[tuple[int, int], int]]) -> dict[int, int]:
    summed: dict[int, int] = {}
    for (_, period), customers in counts:
        if customers:
            summed[period] = summed.get(period, 0) + customers
    return summed


def period_counts(masks: PeriodMasks) -> PeriodCounts:
    """Count customers by first period and period, in one query."""
    table, periods = masks.table, range(masks.origin, masks.last + 1)
    bits = {period: masks.bit(period) for period in periods}
    figures = {f"active_{period}": bit.sum() for period, bit in bits.items()}
    figures |= {
        f"retained_{period}": (bits[period] & bits[period - 1]).sum()
        for period in periods
        if period > masks.origin
    }
    found = masks.relation.collect(
        table.group_by("first_period").aggregate(customers=table.count(), **figures)
    )
    counts = PeriodCounts({}, {}, {})
    for row in found.to_pylist():
        first = int(row.pop("first_period"))
        counts.sizes[first] = int(row.pop("customers"))
        for name, customers in row.items():
            kind, period = name.split("_")
            if customers:
                getattr(counts, kind)[first, int(period)] = int(customers)
    return counts
