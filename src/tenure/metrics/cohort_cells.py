"""From the cohorts' membership to the rows of their table, and from a cell back to its members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

import ibis.expr.types as ir
import pyarrow as pa

from tenure.kernel import Estimate, OptionError, wilson_interval
from tenure.metrics.cohort_members import Design
from tenure.metrics.orders import Base
from tenure.metrics.period_masks import PeriodCounts
from tenure.metrics.periods import Periods
from tenure.metrics.ratios import ratio
from tenure.metrics.results import COMPLETE, OPEN, UNDEFINED

COHORT = "cohort"
MEAN = "mean"


@dataclass(slots=True)
class Tally:
    """One cohort's figures, each by how many periods are known in full for those counted.

    Members of one cohort can differ in that with rolling windows; in a mean, cohorts do.
    `hits` and `revenue` are also by period number.
    """

    sizes: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    hits: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    revenue: dict[tuple[int, int], Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, other: Tally) -> None:
        """Add another cohort's figures."""
        for complete, size in other.sizes.items():
            self.sizes[complete] += size
        for key, hits in other.hits.items():
            self.hits[key] += hits
        for key, value in other.revenue.items():
            self.revenue[key] += value

    def accumulate(self) -> None:
        """Turn figures of single periods into those of a period and all later ones."""
        _accumulate(self.hits, 0)
        _accumulate(self.revenue, Decimal(0))

    def eligible(self, needed: int) -> int:
        """Count the members for whom period `needed` has ended."""
        return sum(size for complete, size in self.sizes.items() if complete > needed)

    def count_at(self, number: int, needed: int) -> int:
        """Count those of them who came back in period `number`."""
        return sum(self.hits.get((c, number), 0) for c in self.sizes if c > needed)

    def revenue_at(self, number: int, needed: int) -> Decimal:
        """Return the revenue they brought in period `number`."""
        found = (self.revenue.get((c, number), Decimal(0)) for c in self.sizes if c > needed)
        return sum(found, Decimal(0))


_Figure = TypeVar("_Figure", int, Decimal)


def _accumulate(figures: dict[tuple[int, int], _Figure], zero: _Figure) -> None:
    last: dict[int, int] = {}
    for complete, number in figures:
        last[complete] = max(number, last.get(complete, 0))
    for complete, number in last.items():
        total = zero
        for at in range(number, -1, -1):
            total += figures.get((complete, at), zero)
            figures[complete, at] = total


@dataclass(frozen=True, slots=True)
class CohortTable:
    """A cohort table to be.

    Parameters
    ----------
    known, shown, design : the data, the cohorts' periods, the choices.
    starts, visits : the membership (see `cohort_members`).
    counts : the same membership counted at once, where the design allows it.
    """

    known: Base
    shown: Periods
    design: Design
    starts: ir.Table
    visits: ir.Table
    counts: PeriodCounts | None = None

    def rows(self, *, merge_periods: bool, last_number: int | None) -> Iterator[dict[str, object]]:
        """Yield the rows: per attribute value its cohorts by time, then their weighted mean."""
        tallies = self._tallies()
        for attribute in sorted({key[0] for key in tallies}, key=lambda a: (a is None, a)):
            own = sorted((c, tally) for (a, c), tally in tallies.items() if a == attribute)
            mean = Tally()
            for cohort, tally in own:
                if not self.shown.is_open(cohort):
                    mean.add(tally)
                if not merge_periods:
                    yield from self._row(attribute, cohort, tally, last_number)
            yield from self._row(attribute, None, mean, last_number)

    def members(self, cell: Mapping[str, object]) -> pa.Table:
        """Return the customers of a cell; of a mean, those of all its cohorts."""
        label, measure = cell["cohort"], cell["measure"]
        if label is None and self.design.recurring:
            raise OptionError(
                "a mean over recurring cohorts, which counts a customer once per cohort",
                "one cohort",
                "drill down a cohort's cell",
            )
        number = int(str(cell["period_number"]))
        table = self.visits if measure == "count" else self.starts
        if measure == "count":
            table = table.filter(self._counts_at(table, number))
        if measure != "cohort_size":
            table = table.filter(table.complete > self._needed(number))
        if label is None:
            forming = self.known.calendar.index(self.known.as_of, self.shown.unit)
            table = table.filter(table.cohort < forming)
        else:
            table = table.filter(table.cohort == self.shown.number(label))
        value = cell["attribute"]
        table = table.filter(
            table.attribute.isnull() if value is None else table.attribute == value
        )
        return self.known.relation.collect(
            table.select("customer_id").distinct().order_by("customer_id")
        )

    def _counts_at(self, table: ir.Table, number: int) -> ir.BooleanValue:
        if self.design.mode == "unbounded":
            return table["last"] & (table.number >= number)
        return table.hit & (table.number == number)

    def _needed(self, number: int) -> int:
        """Return the period that must have ended for period `number` (or its bracket) to count."""
        return dict(self.design.brackets).get(number, number)

    def _tallies(self) -> dict[tuple[str | None, int], Tally]:
        tallies: dict[tuple[str | None, int], Tally] = defaultdict(Tally)
        if self.design.by is None:
            tallies.update({(None, cohort): Tally() for cohort in self.shown})
        if self.counts is not None:
            return self._counted(tallies, self.counts)
        collect = self.known.relation.collect
        keys = ["attribute", "cohort", "complete"]
        sizes = self.starts.group_by(keys).aggregate(size=self.starts.customer_id.count())
        for row in collect(sizes).to_pylist():
            tallies[row["attribute"], row["cohort"]].sizes[row["complete"]] = int(row["size"])
        unbounded = self.design.mode == "unbounded"
        hit = self.visits["last" if unbounded else "hit"]
        counted = self.visits.group_by([*keys, "number"]).aggregate(
            hits=hit.cast("int64").sum(), revenue=self.visits.revenue.sum()
        )
        for row in collect(counted).to_pylist():
            tally, key = tallies[row["attribute"], row["cohort"]], (row["complete"], row["number"])
            tally.hits[key] = int(row["hits"])
            if row["revenue"] is not None:
                tally.revenue[key] = row["revenue"]
        if unbounded:
            for tally in tallies.values():
                tally.accumulate()
        return tallies

    def _counted(
        self, tallies: dict[tuple[str | None, int], Tally], counts: PeriodCounts
    ) -> dict[tuple[str | None, int], Tally]:
        closed = self.known.calendar.index(self.known.as_of, self.shown.unit) - 1
        for cohort in self.shown:
            if cohort in counts.sizes:
                tallies[None, cohort].sizes[closed - cohort + 1] = counts.sizes[cohort]
        for (cohort, period), hits in counts.active.items():
            if (None, cohort) in tallies:
                tallies[None, cohort].hits[closed - cohort + 1, period - cohort] = hits
        return tallies

    def _row(
        self, attribute: str | None, cohort: int | None, tally: Tally, last_number: int | None
    ) -> Iterator[dict[str, object]]:
        names: dict[str, object] = {"row": MEAN, "attribute": attribute}
        if cohort is not None:
            start = self.shown.calendar.start(cohort, self.shown.unit)
            names |= {"row": COHORT, "cohort": self.shown.label(cohort), "cohort_start": start}
        forming = cohort is not None and self.shown.is_open(cohort)
        if not forming:
            names["cohort_size"] = sum(tally.sizes.values())
        previous: int | None = None
        for number in self._numbers(cohort, tally, last_number):
            place = {"period_number": number, "period_to": self._period_to(number)}
            if forming:
                yield names | place | {"state": OPEN, "reason": "open_period"}
            else:
                yield names | place | self._figures(tally, number, previous)
            previous = number

    def _numbers(self, cohort: int | None, tally: Tally, last_number: int | None) -> list[int]:
        """List the period numbers that have begun."""
        if self.design.window == "rolling":
            last = max(tally.sizes, default=0)
        else:
            now = self.known.calendar.index(self.known.as_of - timedelta(days=1), self.shown.unit)
            last = now - (self.shown.first if cohort is None else cohort)
        last = last if last_number is None else min(last, last_number)
        if self.design.mode == "bracket":
            return [low for low, _ in self.design.brackets if low <= last]
        return list(range(last + 1))

    def _period_to(self, number: int) -> int | None:
        return None if self.design.mode == "unbounded" else self._needed(number)

    def _figures(self, tally: Tally, number: int, previous: int | None) -> dict[str, object]:
        if not tally.sizes:
            return {"state": UNDEFINED, "reason": "empty_cohort"}
        needed = self._needed(number)
        eligible = tally.eligible(needed)
        if not eligible:
            return {"state": OPEN, "reason": "open_period"}
        if self.design.amount == "revenue":
            figures = self._revenue_figures(tally, number, previous, needed)
        else:
            figures = _count_figures(tally, number, previous, needed)
        return {
            "eligible": eligible,
            "count": tally.count_at(number, needed),
            "state": COMPLETE if figures.get("reason") is None else UNDEFINED,
            **figures,
        }

    def _revenue_figures(
        self, tally: Tally, number: int, previous: int | None, needed: int
    ) -> dict[str, object]:
        if not tally.revenue:
            return {"reason": "no_values"}
        value = tally.revenue_at(number, needed)
        has_first = self.design.mode != "bracket" or (0, 0) in self.design.brackets
        first = tally.revenue_at(0, needed) if has_first else None
        rate, reason = ratio(value, first, "nothing_at_start")
        before = None if previous is None else tally.revenue_at(previous, needed)
        relative = _relative(value, before)
        reason = reason if has_first else "no_period_0"
        return {"revenue": value, "rate": rate, "reason": reason, **relative}


def _count_figures(
    tally: Tally, number: int, previous: int | None, needed: int
) -> dict[str, object]:
    count = tally.count_at(number, needed)
    share = wilson_interval(count, tally.eligible(needed))
    before = None if previous is None else tally.count_at(previous, needed)
    figures = _relative(count, before)
    if isinstance(share, Estimate):
        figures |= {"rate": share.value, "rate_low": share.low, "rate_high": share.high}
    return figures


def _relative(value: int | Decimal, before: int | Decimal | None) -> dict[str, object]:
    if before is None:
        return {"relative_to_previous": None, "relative_reason": "no_previous_period"}
    relative, reason = ratio(value, before, "nothing_before")
    return {"relative_to_previous": relative, "relative_reason": reason}
