"""Who is in which segment: members, counts, overlaps and history over a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from sqlglot import exp

from tenure.engine.relations import Relation
from tenure.kernel import DefinitionError, Undefined
from tenure.segments.compiling import Scope, compile_condition
from tenure.segments.definitions import Segment, unique
from tenure.segments.parsing import Place, parse
from tenure.snapshots import CATALOGUE, ColumnKind
from tenure.snapshots.columns import kind_of

CUSTOMER = "customer_id"


class Segments:
    """A set of segments, parsed and checked against the columns they speak of.

    Parameters
    ----------
    definitions : the segments; names are unique.
    kinds : kind of each snapshot column by name (`snapshots.column_kinds(attributes)`).

    Raises
    ------
    DefinitionError : the first fault found; `validate` lists all of them.
    """

    def __init__(self, definitions: Iterable[Segment], kinds: Mapping[str, ColumnKind]) -> None:
        self.definitions = {one.name: one for one in unique(definitions)}
        self.kinds = dict(kinds)
        for one in self.definitions.values():
            _check_free(one, self.kinds)
        self._conditions = {
            one.name: (parse(one.expression, one.place), one.place)
            for one in self.definitions.values()
        }
        blank = _blank(self.kinds)
        for name in self.definitions:
            self.condition(name, blank)

    def __iter__(self) -> Iterable[Segment]:
        return iter(self.definitions.values())

    def __len__(self) -> int:
        return len(self.definitions)

    @property
    def names(self) -> tuple[str, ...]:
        """The segments' names, sorted."""
        return tuple(self.definitions)

    def get(self, name: str) -> Segment:
        """Return one segment.

        Raises
        ------
        DefinitionError : there is none of that name.
        """
        found = self.definitions.get(name)
        if found is None:
            raise DefinitionError(
                f"segment {name!r}",
                f"one of {', '.join(self.names) or '(none is defined)'}",
                "check the name, or define it",
            )
        return found

    def tree(self, name: str) -> exp.Expr:
        """Return the syntax tree of one segment's condition."""
        self.get(name)
        return self._conditions[name][0]

    def scope(self, name: str, table: ir.Table) -> Scope:
        """Return what names mean in one segment's condition over a table."""
        place = self.get(name).place
        return Scope(table, self.kinds, self._conditions, place, (name,))

    def condition(self, name: str, table: ir.Table) -> ir.BooleanValue:
        """Return one segment's condition over a table with the snapshot's columns.

        Null is unknown: such a customer is neither a member nor surely outside.
        """
        return compile_condition(self.tree(name), self.scope(name, table))

    def compiled(self, text: str, place: Place, table: ir.Table | None = None) -> ir.BooleanValue:
        """Return a condition that has no name of its own; it may name columns and segments.

        Parameters
        ----------
        text : the condition.
        place : where it stands.
        table : a table with the snapshot's columns; None: one without rows, to check the text.

        Raises
        ------
        DefinitionError : the text is not a valid condition.
        """
        over = _blank(self.kinds) if table is None else table
        return compile_condition(
            parse(text, place), Scope(over, self.kinds, self._conditions, place)
        )

    def member(self, name: str, table: ir.Table) -> ir.BooleanValue:
        """Return whether each row is a member; unknown counts as not a member."""
        return self.condition(name, table).fill_null(False)


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """The size of one segment.

    Parameters
    ----------
    name : the segment.
    members : customers for whom the condition is true.
    unknown : customers for whom it can be told neither way; they are not members.
    customers : customers of the snapshot.
    """

    name: str
    members: int
    unknown: int
    customers: int

    @property
    def share(self) -> float | None:
        """Members per customer, 0..1; None if there are no customers."""
        return self.members / self.customers if self.customers else None


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far two segments are the same customers.

    Parameters
    ----------
    both : members of both.
    only_first, only_second : members of one only.
    """

    both: int
    only_first: int
    only_second: int

    @property
    def jaccard(self) -> float | Undefined:
        """Members of both per member of either, 0..1; undefined if both are empty."""
        either = self.both + self.only_first + self.only_second
        return self.both / either if either else Undefined("both_segments_empty")


def validate(definitions: Iterable[Segment], kinds: Mapping[str, ColumnKind]) -> list[str]:
    """Return every fault of the segments in words, one per segment; none means all are valid."""
    every = list(definitions)
    faults: list[str] = []
    sound: dict[str, tuple[exp.Expr, Place]] = {}
    for one in every:
        try:
            _check_free(one, kinds)
            sound[one.name] = (parse(one.expression, one.place), one.place)
        except DefinitionError as error:
            faults.append(str(error))
    blank = _blank(kinds)
    for name, (tree, place) in sound.items():
        try:
            compile_condition(tree, Scope(blank, kinds, sound, place, (name,)))
        except DefinitionError as error:
            faults.append(str(error))
    return list(dict.fromkeys(faults))


def kinds_of(snapshot: ir.Table) -> dict[str, ColumnKind]:
    """Return the kind of each column of a snapshot at hand, its attributes included."""
    schema: pa.Schema = snapshot.schema().to_pyarrow()
    return {field.name: kind_of(field.type) for field in schema}


def members(snapshot: Relation, segments: Segments, name: str) -> pa.Table:
    """Return the members of a segment: `customer_id`, sorted."""
    table = snapshot.table
    found = table.filter(segments.member(name, table)).select(CUSTOMER)
    return snapshot.collect(found.order_by(CUSTOMER))


def counts(snapshot: Relation, segments: Segments) -> tuple[SegmentCount, ...]:
    """Return the size of every segment, in one pass over the snapshot."""
    sums = _sums(snapshot.table, segments)
    row = snapshot.collect(snapshot.table.aggregate(**sums)).to_pylist()[0]
    return _sizes(row, segments)


def overlap(snapshot: Relation, segments: Segments, first: str, second: str) -> Overlap:
    """Return how many members two segments share and how many each has alone."""
    table = snapshot.table
    one, two = segments.member(first, table), segments.member(second, table)
    row = snapshot.collect(
        table.aggregate(
            both=table.count(where=one & two),
            one=table.count(where=one & ~two),
            two=table.count(where=two & ~one),
        )
    ).to_pylist()[0]
    return Overlap(row["both"], row["one"], row["two"])


def history(stored: Relation, segments: Segments) -> dict[date, tuple[SegmentCount, ...]]:
    """Return the size of every segment at each frozen snapshot, oldest first.

    Parameters
    ----------
    stored : several snapshots in one table, told apart by `as_of` (`snapshots.newest`).
    segments : today's definitions, applied to what was known then.
    """
    table = stored.table
    sums = _sums(table, segments)
    rows = stored.collect(table.group_by("as_of").aggregate(**sums).order_by("as_of")).to_pylist()
    return {row["as_of"]: _sizes(row, segments) for row in rows}


def _sums(table: ir.Table, segments: Segments) -> dict[str, ir.Value]:
    sums: dict[str, ir.Value] = {"customers": table.count()}
    for number, name in enumerate(segments.names):
        condition = segments.condition(name, table)
        sums[f"members_{number}"] = table.count(where=condition.fill_null(False))
        sums[f"unknown_{number}"] = table.count(where=condition.isnull())
    return sums


def _sizes(row: Mapping[str, int], segments: Segments) -> tuple[SegmentCount, ...]:
    return tuple(
        SegmentCount(name, row[f"members_{n}"], row[f"unknown_{n}"], row["customers"])
        for n, name in enumerate(segments.names)
    )


def _blank(kinds: Mapping[str, ColumnKind]) -> ir.Table:
    """Return a table without rows, to check conditions against."""
    known = {column.name: column.dtype for column in CATALOGUE}
    plain = {"number": "float64", "text": "string", "date": "date", "boolean": "boolean"}
    types = {
        name: ibis.dtype(known[name]) if name in known else plain[kind]
        for name, kind in kinds.items()
    }
    return ibis.table(types, name="tenure_snapshot")


def _check_free(one: Segment, kinds: Mapping[str, ColumnKind]) -> None:
    if one.name in kinds:
        raise DefinitionError(
            f"segment {one.name!r} ({one.source or 'no file'}), which is also a column's name",
            "a name of its own",
            "rename the segment",
        )
