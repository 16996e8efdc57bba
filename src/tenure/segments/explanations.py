"""Why one customer is in a segment or not: each part of the condition with the values behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import ibis.expr.types as ir
from sqlglot import exp

from tenure.engine.relations import Relation
from tenure.kernel import OptionError
from tenure.segments.compiling import Scope, compile_condition
from tenure.segments.membership import CUSTOMER, Segments
from tenure.segments.parsing import operands

TRUE, FALSE, UNKNOWN = "true", "false", "unknown"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One part of a condition, as it stands for one customer.

    Parameters
    ----------
    text : the part's own words; for a segment within, its name.
    depth : 0 for the whole condition, one more for each step inwards.
    outcome : `true`, `false` or `unknown` (a value it needs is not known).
    values : the customer's value of each column named in a part without further parts.
    """

    text: str
    depth: int
    outcome: str
    values: Mapping[str, object]

    def as_dict(self) -> dict[str, object]:
        """Return the part as plain values for JSON."""
        values = {name: None if v is None else str(v) for name, v in self.values.items()}
        return {
            "text": self.text,
            "depth": self.depth,
            "outcome": self.outcome,
            "values": values,
        }


def explain(
    snapshot: Relation, segments: Segments, name: str, customer_id: str
) -> tuple[Explanation, ...]:
    """Return a segment's condition part by part for one customer; the first is the whole.

    The customer is a member if and only if the first outcome is `true`.

    Raises
    ------
    DefinitionError : there is no such segment.
    OptionError : the snapshot has no such customer.
    """
    table = snapshot.table
    parts = list(_parts(segments.tree(name), segments.scope(name, table), 0))
    columns = sorted({column for part in parts for column in part.columns})
    outcomes = {f"tenure_part_{n}": part.condition for n, part in enumerate(parts)}
    kept = table.mutate(**outcomes).filter(table[CUSTOMER] == customer_id)
    rows = snapshot.collect(kept.select(*columns, *outcomes)).to_pylist()
    if not rows:
        raise OptionError(
            f"customer {customer_id!r}",
            "a customer of this snapshot",
            "check the id, or take a later snapshot",
        )
    row = rows[0]
    return tuple(
        Explanation(
            part.text,
            part.depth,
            _outcome(row[f"tenure_part_{n}"]),
            {column: row[column] for column in part.columns},
        )
        for n, part in enumerate(parts)
    )


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    depth: int
    condition: ir.BooleanValue
    columns: tuple[str, ...]


def _parts(node: exp.Expr, scope: Scope, depth: int) -> Iterator[_Part]:
    while isinstance(node, exp.Paren):
        node = node.this
    inner = operands(node) if isinstance(node, exp.And | exp.Or | exp.Not) else []
    named = _named_segment(node, scope)
    columns = () if inner or named else _columns(node, scope)
    text = " ".join(node.sql(dialect="duckdb", comments=False).split())
    yield _Part(text, depth, compile_condition(node, scope.afresh()), columns)
    for part in inner:
        yield from _parts(part, scope, depth + 1)
    if named:
        yield from _parts(scope.conditions[named][0], scope.inside(named), depth + 1)


def _named_segment(node: exp.Expr, scope: Scope) -> str | None:
    if not isinstance(node, exp.Column):
        return None
    name = str(node.name).lower()
    return name if name not in scope.kinds else None


def _columns(node: exp.Expr, scope: Scope) -> tuple[str, ...]:
    names = (str(column.name).lower() for column in node.find_all(exp.Column))
    return tuple(dict.fromkeys(name for name in names if name in scope.kinds))


def _outcome(value: bool | None) -> str:
    if value is None:
        return UNKNOWN
    return TRUE if value else FALSE
