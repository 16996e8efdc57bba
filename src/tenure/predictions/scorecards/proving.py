"""The proof that no feature or score looks into the future: delete the future and compare.

What a correct feature says as of a date cannot change when every fact from that date on is
deleted. So the features are made twice, from all facts and from those of before, and compared
cell by cell inside the engine. A difference names its column and its customers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import ibis
import ibis.expr.types as ir

from tenure.activity.facts import Facts, order_lines
from tenure.engine.relations import Relation, TableLike, relation
from tenure.kernel import Calendar, DataError
from tenure.predictions.scorecards.findings import LeakageCheck, LeakageFinding, Weight
from tenure.snapshots.snapshot import day_begins_at

EXAMPLES_MAX = 3
FUTURE_DELETED = "future_deleted"
_TITLE = {
    "en": "Everything after the cut-off deleted, every cell compared",
    "zh": "删除截止日期之后的全部数据，并逐格比较",
}
_CUT = "cut__"
_REMEDY = {
    "en": "Make it only from what was known before the date, or leave it out.",
    "zh": "只用该日期之前已知的信息计算，或将其删除。",
}
_NAMES = itertools.count(1)


@dataclass(frozen=True, slots=True)
class FutureProof:
    """What deleting the future changed.

    Parameters
    ----------
    as_of : the cut-off; facts of this day and later were deleted.
    deleted : rows deleted (of subscriptions also ends blanked), by fact table.
    customers : number of customers compared.
    columns : the columns compared.
    findings : what changed; nothing is the proof.
    """

    as_of: date
    deleted: Mapping[str, int]
    customers: int
    columns: tuple[str, ...]
    findings: tuple[LeakageFinding, ...]

    @property
    def holds(self) -> bool:
        """Whether not one cell changed, although there was something to delete."""
        return not self.findings

    def as_dict(self) -> dict[str, object]:
        """Return the proof as plain values for JSON."""
        return {
            "as_of": self.as_of.isoformat(),
            "deleted": dict(self.deleted),
            "customers": self.customers,
            "columns": list(self.columns),
            "holds": self.holds,
            "findings": [finding.as_dict() for finding in self.findings],
        }

    @property
    def check(self) -> LeakageCheck:
        """The proof as one check of a scorecard."""
        return LeakageCheck(FUTURE_DELETED, _TITLE, self.findings)


def without_future(
    facts: Facts,
    *,
    as_of: date,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    received_before: datetime | None = None,
) -> Facts:
    """Return the facts as if nothing had happened or been learned from a date on.

    Parameters
    ----------
    facts : the fact tables.
    as_of : activity of this business date and later is deleted, attributes known from its
        beginning on, subscriptions that start then; an end that lies then is blanked.
    calendar : the zone in which `as_of` begins.
    received_before : also delete what was received at this naive UTC instant or later; for
        features that go by what had been received.
    """
    moment = ibis.literal(day_begins_at(as_of, calendar), "timestamp")

    def known(relation: Relation) -> ir.Table:
        table = relation.table
        if received_before is None:
            return table
        return table.filter(table.received_at < ibis.literal(received_before, "timestamp"))

    activity = known(facts.activity)
    past = activity.filter(activity.occurred_on < ibis.date(as_of))
    attributes = known(facts.customer_attributes)
    told_at = ibis.coalesce(attributes.known_at, attributes.received_at)
    contracts = known(facts.subscriptions)
    begun = contracts.filter(contracts.started_on < ibis.date(as_of))
    ended = begun.ended_on < ibis.date(as_of)
    engine = facts.engine
    return Facts(
        engine,
        Relation(past, engine),
        Relation(order_lines(past), engine),
        Relation(attributes.filter(told_at < moment), engine),
        Relation(
            begun.mutate(
                ended_at=ibis.ifelse(ended, begun.ended_at, ibis.null("timestamp")),
                ended_on=ibis.ifelse(ended, begun.ended_on, ibis.null("date")),
            ),
            engine,
        ),
        Relation(known(facts.imports), engine),
    )


def prove_no_future(
    make: Callable[[Facts], TableLike],
    facts: Facts,
    *,
    as_of: date,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    key: str = "customer_id",
    tolerance: float = 0.0,
    received_before: datetime | None = None,
) -> FutureProof:
    """Delete everything from a date on and compare what is made of the rest, cell by cell.

    Parameters
    ----------
    make : returns features or scores as of `as_of` from facts: one row per customer.
    facts : the fact tables, on either engine; the comparison runs there too.
    as_of, calendar, received_before : what is deleted, as in `without_future`.
    key : the column that names the customer.
    tolerance : relative difference of real numbers that does not count; 0 compares bits.

    Returns
    -------
    The proof. If nothing lies after the date it says so in a finding, as nothing is proved.

    Raises
    ------
    DataError : a table has no such key, or has a key twice.
    """
    cut = without_future(facts, as_of=as_of, calendar=calendar, received_before=received_before)
    # The first is worked out before the second is made: both may use the same names inside.
    whole = _kept(make(facts), facts)
    part = _kept(make(cut), facts)
    for table in (whole, part):
        _check_key(table, key)
    deleted = _deleted(facts, cut)
    columns = tuple(
        c for c in dict.fromkeys((*whole.table.columns, *part.table.columns)) if c != key
    )
    joined = _side_by_side(whole.table, part.table, key, columns)
    changed = {c: _differs(joined, c, tolerance) for c in columns}
    both = joined[key].notnull() & joined[_CUT + key].notnull()
    counts = facts.engine.collect(
        joined.aggregate(
            rows=joined.count(),
            vanish=joined.count(where=joined[_CUT + key].isnull()),
            appear=joined.count(where=joined[key].isnull()),
            **{f"c{i}": joined.count(where=changed[c] & both) for i, c in enumerate(columns)},
        )
    ).to_pylist()[0]
    found = [_rows_finding(facts, joined, key, counts, as_of)]
    for i, column in enumerate(columns):
        if counts[f"c{i}"]:
            rows = joined.filter(changed[column] & both)
            of = int(counts[f"c{i}"]), int(counts["rows"])
            found.append(_column_finding(facts, rows, key, column, of, as_of))
    if not sum(deleted.values()):
        found.append(_nothing_deleted(as_of))
    kept = tuple(one for one in found if one is not None)
    return FutureProof(as_of, deleted, int(counts["rows"]), columns, kept)


def _kept(made: TableLike, facts: Facts) -> Relation:
    given, engine = relation(made), facts.engine
    name = f"future_proof_{next(_NAMES)}"
    if given.engine is engine:
        return Relation(engine.keep(name, given.table), engine)
    return Relation(engine.attach_arrow(name, given.collect(given.table)), engine)


def _check_key(given: Relation, key: str) -> None:
    table = given.table
    if key not in table.columns:
        raise DataError(
            f"a table with the columns {', '.join(table.columns)}",
            f"one with the customer's id in {key!r}",
            "name the column that holds the id by `key`",
        )
    counts = given.collect(table.aggregate(rows=table.count(), keys=table[key].nunique()))
    rows, keys = (int(counts[name][0].as_py()) for name in ("rows", "keys"))
    if rows != keys:
        raise DataError(
            f"{rows} rows of {keys} customers", "one row per customer", "make one row of each"
        )


def _side_by_side(whole: ir.Table, part: ir.Table, key: str, columns: tuple[str, ...]) -> ir.Table:
    schemas = whole.schema(), part.schema()

    def complete(table: ir.Table, prefix: str) -> ir.Table:
        # A column that only one side has is compared with nothing known.
        cells = {
            prefix + c: table[c]
            if c in table.columns
            else ibis.null(next(s[c] for s in schemas if c in s))
            for c in columns
        }
        return table.select(**{prefix + key: table[key]}, **cells)

    left, right = complete(whole, ""), complete(part, _CUT)
    return left.outer_join(right, left[key] == right[_CUT + key])


def _differs(joined: ir.Table, column: str, tolerance: float) -> ir.BooleanValue:
    one, other = joined[column], joined[_CUT + column]
    differs = ~one.identical_to(other)
    if tolerance > 0 and one.type().is_floating() and other.type().is_floating():
        far = (one - other).abs() > tolerance * ibis.greatest(one.abs(), other.abs())
        return differs & (far | one.isnull() | other.isnull() | one.isnan() | other.isnan())
    return differs


def _deleted(facts: Facts, cut: Facts) -> dict[str, int]:
    made: dict[str, int] = {}
    for name in ("activity", "customer_attributes", "subscriptions"):
        before, after = getattr(facts, name), getattr(cut, name)
        if name == "subscriptions":
            ends = [_count(one, one.table.ended_on.notnull()) for one in (before, after)]
            made[name] = ends[0] - ends[1] + _count(before) - _count(after)
        else:
            made[name] = _count(before) - _count(after)
    return made


def _count(given: Relation, where: ir.BooleanValue | None = None) -> int:
    counted = given.table.aggregate(rows=given.table.count(where=where))
    return int(given.collect(counted)["rows"][0].as_py())


def _rows_finding(
    facts: Facts, joined: ir.Table, key: str, counts: Mapping[str, int], as_of: date
) -> LeakageFinding | None:
    vanish, appear = int(counts["vanish"]), int(counts["appear"])
    if not vanish + appear:
        return None
    names = ibis.coalesce(joined[key].cast("string"), joined[_CUT + key].cast("string"))
    either = joined.filter(joined[key].isnull() | joined[_CUT + key].isnull())
    listed = facts.engine.collect(either.select(name=names).order_by("name").limit(EXAMPLES_MAX))
    who = ", ".join(map(str, listed["name"].to_pylist()))
    return LeakageFinding(
        "future_chooses_customers",
        None,
        {
            "en": f"Of {counts['rows']} customers, {vanish + appear} vanish or appear when the "
            f"facts from {as_of} on are deleted, e.g. {who}: the future decides who is counted.",
            "zh": f"删除 {as_of} 起的数据后，{counts['rows']} 位客户中有 {vanish + appear} 位"
            f"消失或出现（如 {who}）：统计对象取决于未来。",
        },
        {
            "en": "Count exactly those of whom something was known before the date.",
            "zh": "只统计该日期之前已知的客户。",
        },
        Weight.PROOF,
    )


def _column_finding(
    facts: Facts, rows: ir.Table, key: str, column: str, of: tuple[int, int], as_of: date
) -> LeakageFinding:
    count, customers = of
    shown = rows.select(
        name=rows[key].cast("string"),
        one=rows[column].cast("string"),
        other=rows[_CUT + column].cast("string"),
    )
    listed = facts.engine.collect(shown.order_by("name").limit(EXAMPLES_MAX)).to_pylist()
    told = "; ".join(f"{one['name']}: {one['one']} → {one['other']}" for one in listed)
    return LeakageFinding(
        "future_changes_it",
        column,
        {
            "en": f"{column} changes for {count} of {customers} customers when the facts from "
            f"{as_of} on are deleted, e.g. {told}.",
            "zh": f"删除 {as_of} 起的数据后，{customers} 位客户中有 {count} 位的 {column} "
            f"发生变化，如 {told}。",
        },
        _REMEDY,
        Weight.PROOF,
    )


def _nothing_deleted(as_of: date) -> LeakageFinding:
    return LeakageFinding(
        "nothing_deleted",
        None,
        {
            "en": f"No fact lies at or after {as_of}, so nothing was proved.",
            "zh": f"{as_of} 及以后没有任何数据，因此未能证明什么。",
        },
        {
            "en": "Prove it at an earlier date, with facts after it.",
            "zh": "请选择其后仍有数据的较早日期。",
        },
        Weight.NOTE,
    )
