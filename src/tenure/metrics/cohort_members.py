"""Who starts in which cohort, and who comes back in which period after: the cohorts' membership."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import pairwise

import ibis
import ibis.expr.types as ir

from tenure.engine.calendars import period_index
from tenure.engine.relations import TableLike
from tenure.kernel import DataError, OptionError, PeriodUnit
from tenure.metrics.orders import MONEY_KINDS, ORDER, Base, same_engine, value_on_first_day
from tenure.metrics.periods import Periods

MODES = ("exact", "unbounded", "bracket")
WINDOWS = ("calendar", "rolling")
AMOUNTS = ("customers", "revenue")

WINDOW_DAYS = {
    PeriodUnit.DAY: 1,
    PeriodUnit.WEEK: 7,
    PeriodUnit.MONTH: 30,
    PeriodUnit.QUARTER: 90,
    PeriodUnit.YEAR: 365,
}
"""Length of a rolling window in days of 24 hours."""

_HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Design:
    """The choices that make a cohort table; see `cohorts.cohorts` for each.

    Raises
    ------
    OptionError : a choice is unknown, out of range, or does not go with another.
    """

    mode: str
    brackets: tuple[tuple[int, int], ...]
    window: str
    recurring: bool
    start_kinds: tuple[str, ...]
    return_kinds: tuple[str, ...]
    min_occurrences: int
    amount: str
    by: str | None

    def __post_init__(self) -> None:
        _one_of("mode", self.mode, MODES)
        _one_of("window", self.window, WINDOWS)
        _one_of("amount", self.amount, AMOUNTS)
        if self.min_occurrences < 1:
            raise OptionError(
                f"min_occurrences {self.min_occurrences}", "1 or more", "raise min_occurrences"
            )
        if not self.start_kinds or not self.return_kinds:
            raise OptionError("an empty list of kinds", "at least one kind", "name a kind")
        if (self.mode == "bracket") != bool(self.brackets):
            raise OptionError(
                f"mode {self.mode!r} with {len(self.brackets)} brackets",
                "brackets with mode 'bracket', and only there",
                "pass brackets such as '1,2-4,5-8', or choose another mode",
            )

    @property
    def is_plain(self) -> bool:
        """Whether it is only told who ordered in which calendar period."""
        kinds = (*self.start_kinds, *self.return_kinds)
        return (
            (self.mode, self.window, self.amount) == ("exact", "calendar", "customers")
            and set(kinds) == {ORDER}
            and self.by is None
            and self.min_occurrences == 1
            and not self.recurring
        )

    @property
    def same_activity(self) -> bool:
        """Whether coming back is the same activity as starting."""
        return set(self.start_kinds) == set(self.return_kinds)


def parse_brackets(given: str | Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return brackets as (first, last) period numbers, from these or from `1,2-4,5-8`."""
    try:
        pairs = _pairs(given) if isinstance(given, str) else [(int(a), int(b)) for a, b in given]
    except ValueError:
        pairs = [(-1, -1)]
    ends = [number for pair in pairs for number in pair]
    ordered = all(a <= b for a, b in pairs) and all(a[1] < b[0] for a, b in pairwise(pairs))
    if not ordered or min(ends, default=0) < 0:
        raise OptionError(
            f"brackets {given!r}",
            "ascending period numbers without overlap, such as '1,2-4,5-8'",
            "mend the brackets",
        )
    return tuple(pairs)


def _pairs(text: str) -> list[tuple[int, int]]:
    parts = [part.strip().partition("-") for part in text.split(",") if part.strip()]
    return [(int(low), int(high or low)) for low, _, high in parts]


def _one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise OptionError(f"{name} {value!r}", f"one of {', '.join(allowed)}", "choose one")


def starters(known: Base, shown: Periods, design: Design, attributes: TableLike | None) -> ir.Table:
    """Return who starts in which cohort.

    Returns
    -------
    customer_id, cohort (period index of the start), started_at (local clock), attribute
    (text), and complete: number of periods since the start that are known in full.
    """
    rows = known.of_kinds(design.start_kinds)
    rows = rows.mutate(cohort=period_index(rows.occurred_on, shown.unit, known.calendar))
    keys = ["customer_id", "cohort"] if design.recurring else ["customer_id"]
    wanted = {"started_at": rows.local_at.min(), "cohort": rows.cohort.min()}
    from_data = design.by is not None and attributes is None
    if from_data:
        wanted["attribute"] = value_on_first_day(rows, rows[design.by])
    table = rows.group_by(keys).aggregate(**{k: v for k, v in wanted.items() if k not in keys})
    if not from_data:
        table = _with_attribute(known, table, design.by, attributes)
    table = table.filter((table.cohort >= shown.first) & (table.cohort <= shown.last))
    return table.mutate(complete=_complete(table, known, shown, design)).select(
        "customer_id", "cohort", "started_at", "attribute", "complete"
    )


def _with_attribute(
    known: Base, table: ir.Table, by: str | None, attributes: TableLike | None
) -> ir.Table:
    if by is None or attributes is None:
        return table.mutate(attribute=ibis.null("string"))
    values = _attribute_values(known, by, attributes)
    return table.left_join(values, "customer_id").select(*table.columns, "attribute")


def _attribute_values(known: Base, by: str, attributes: TableLike) -> ir.Table:
    """Return one value per customer: of a history, the newest known at the as-of date."""
    table = same_engine(known.relation, attributes)
    if {"customer_id", "name", "value"} <= set(table.columns):
        table = table.filter(table["name"] == by)
        if "known_at" not in table.columns:
            return table.group_by(customer_id=table.customer_id.cast("string")).aggregate(
                attribute=table["value"].cast("string").max()
            )
        midnight = datetime.combine(known.as_of, time(), known.calendar.zone)
        before = (midnight - midnight.utcoffset()).replace(tzinfo=None)  # type: ignore[operator]
        table = table.filter(table.known_at < ibis.literal(before, "timestamp"))
        each = table.group_by("customer_id", "known_at").aggregate(
            attribute=table["value"].cast("string").max()
        )
        return each.group_by(customer_id=each.customer_id.cast("string")).aggregate(
            attribute=each.attribute.argmax(each.known_at)
        )
    if {"customer_id", by} <= set(table.columns):
        return table.group_by(customer_id=table.customer_id.cast("string")).aggregate(
            attribute=table[by].cast("string").max()
        )
    raise DataError(
        f"attributes with the columns {', '.join(table.columns)}",
        f"customer_id and {by}, or customer_id, name and value",
        "rename the columns",
    )


def _complete(table: ir.Table, known: Base, shown: Periods, design: Design) -> ir.IntegerValue:
    closed = known.calendar.index(known.as_of, shown.unit) - 1
    calendar = ibis.literal(closed) - table.cohort + 1
    if design.window == "calendar":
        return calendar.cast("int64")
    midnight = ibis.literal(datetime.combine(known.as_of, time()), "timestamp")
    lived = midnight.delta(table.started_at, unit="second").cast("int64")
    windows = (lived // _window_seconds(shown.unit)).cast("int64")
    # a cohort that still takes members is open as a whole
    windows = ibis.ifelse(calendar >= 1, windows, ibis.literal(0, "int64"))
    if design.mode == "unbounded":
        # one denominator for all numbers, or the rate could rise
        return windows.min().over(ibis.window(group_by="cohort"))
    return windows


def _window_seconds(unit: PeriodUnit) -> int:
    return WINDOW_DAYS[unit] * 24 * _HOUR_SECONDS


def visits(known: Base, shown: Periods, design: Design, starts: ir.Table) -> ir.Table:
    """Return who is there in which period after the start.

    Returns
    -------
    customer_id, cohort, attribute, complete, number (periods since the start; of a bracket
    its first), hit (came often enough), last (no later hit), revenue (net; null unless asked).
    """
    kinds = design.return_kinds
    if design.amount == "revenue":
        kinds = (*kinds, *(kind for kind in MONEY_KINDS if kind not in kinds))
    rows = known.of_kinds(kinds)
    if design.window == "calendar" and design.same_activity:
        each = _by_calendar(rows, known, shown, design, starts)
    else:
        each = _since_start(rows, known, shown, design, starts)
    if design.mode == "bracket":
        each = _in_brackets(each, design)
    each = each.mutate(hit=each.occurrences >= design.min_occurrences)
    if design.mode != "unbounded":
        return each.mutate(last=each.hit)
    own = ibis.window(group_by=["customer_id", "cohort"])
    latest = each.hit.ifelse(each.number, ibis.null("int64")).max().over(own)
    return each.mutate(last=ibis.coalesce(each.hit & (each.number == latest), False))


_EACH = ("customer_id", "cohort", "attribute", "complete", "number")


def _by_calendar(
    rows: ir.Table, known: Base, shown: Periods, design: Design, starts: ir.Table
) -> ir.Table:
    # no activity of this kind lies before the start, so whole periods can be counted first
    rows = rows.mutate(period=period_index(rows.occurred_on, shown.unit, known.calendar))
    per_period = rows.group_by("customer_id", "period").aggregate(**_figures(rows, design))
    joined = starts.join(per_period, "customer_id")
    joined = joined.mutate(number=joined.period - joined.cohort)
    return joined.filter(joined.number >= 0).select(*_EACH, "occurrences", "revenue")


def _since_start(
    rows: ir.Table, known: Base, shown: Periods, design: Design, starts: ir.Table
) -> ir.Table:
    joined = starts.join(rows, "customer_id")
    joined = joined.filter(joined.local_at >= joined.started_at)
    if design.window == "calendar":
        number = period_index(joined.occurred_on, shown.unit, known.calendar) - joined.cohort
    else:
        lived = joined.local_at.delta(joined.started_at, unit="second").cast("int64")
        number = (lived // _window_seconds(shown.unit)).cast("int64")
    joined = joined.mutate(number=number)
    return joined.group_by(list(_EACH)).aggregate(**_figures(joined, design))


def _figures(rows: ir.Table, design: Design) -> dict[str, ir.Value]:
    came = rows.kind.isin(list(design.return_kinds))
    occurrences = came.cast("int64").max()
    if design.min_occurrences > 1:
        # distinct counts cost much more, so only where once is not enough
        occurrences = rows.order_id.nunique(where=came)
    revenue = ibis.null("decimal(38, 4)")
    if design.amount == "revenue":
        revenue = rows.value.sum(where=rows.kind.isin(list(MONEY_KINDS)))
    return {"occurrences": occurrences, "revenue": revenue}


def _in_brackets(each: ir.Table, design: Design) -> ir.Table:
    cases = [(each.number.between(low, high), low) for low, high in design.brackets]
    each = each.mutate(number=ibis.cases(*cases, else_=ibis.null("int64")).cast("int64"))
    each = each.filter(each.number.notnull())
    return each.group_by(list(_EACH)).aggregate(
        occurrences=each.occurrences.sum(), revenue=each.revenue.sum()
    )
