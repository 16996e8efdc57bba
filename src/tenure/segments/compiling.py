"""A condition's syntax tree becomes an Ibis expression over the snapshot, types checked.

Unknown (null) follows SQL's three-valued logic: `net_value > 100` of a customer without amounts
is unknown, and so is its opposite. A segment named inside another means exactly
what its own condition means written in that place.

Numbers in arithmetic are float64 and a date in any operation is its day number, so no value a
customer can have makes a query fail: nothing overflows, and a division by 0 is unknown.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from functools import reduce
from operator import and_, or_

import ibis
import ibis.expr.types as ir
from sqlglot import exp

from tenure.kernel import DefinitionError
from tenure.kernel.calendars import EPOCH
from tenure.segments.parsing import MOST_DEPTH, Place, operands
from tenure.snapshots import ColumnKind

LARGEST_NUMBER = 1e15
"""Beyond it a float64 no longer counts in units."""

MOST_REFERENCES = 500
"""Segments met while one condition is compiled; each occurrence is written out in the query."""

_PLAIN_NUMBER = r"^[ \t]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t]*$"

_NUMBER, _TEXT, _DATE, _BOOLEAN = (
    ColumnKind.NUMBER,
    ColumnKind.TEXT,
    ColumnKind.DATE,
    ColumnKind.BOOLEAN,
)


@dataclass(frozen=True, slots=True)
class Typed:
    """A part of a condition: its Ibis value, its kind, and its text if it is a text literal."""

    value: ir.Value
    kind: ColumnKind
    literal: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean while a condition is compiled.

    Parameters
    ----------
    table : the snapshot, or any table with its columns.
    kinds : kind of each column by lower-case name.
    conditions : syntax tree and place of each segment by name.
    place : where the condition being compiled stands.
    path : names of the segments being compiled, outermost first.
    references : counts the segments met so far, since each may name several others.
    """

    table: ir.Table
    kinds: Mapping[str, ColumnKind]
    conditions: Mapping[str, tuple[exp.Expr, Place]]
    place: Place
    path: tuple[str, ...] = ()
    references: Iterator[int] = field(default_factory=itertools.count)

    def inside(self, name: str) -> Scope:
        """Return the scope for the segment `name`, met while compiling this one."""
        return replace(self, place=self.conditions[name][1], path=(*self.path, name))

    def afresh(self) -> Scope:
        """Return the same scope with nothing counted yet."""
        return replace(self, references=itertools.count())


def compile_condition(tree: exp.Expr, scope: Scope) -> ir.BooleanValue:
    """Return a condition as a boolean Ibis value: true, false or null (unknown).

    Raises
    ------
    DefinitionError : a name is unknown, kinds do not fit, a segment refers to itself.
    """
    return _boolean(tree, scope)


def _typed(node: exp.Expr, scope: Scope) -> Typed:
    rule = _RULES.get(type(node))
    if rule is None:
        raise scope.place.error(
            f"{_said(node)!r}", "a column, a value or a condition there", "rewrite that part", node
        )
    return rule(node, scope)


def _boolean(node: exp.Expr, scope: Scope) -> ir.BooleanValue:
    part = _typed(node, scope)
    if part.kind is not _BOOLEAN:
        raise scope.place.error(
            f"{_said(node)}, which is a {part.kind.value},",
            "something true or false",
            "compare it with a value, e.g. = or >",
            node,
        )
    return part.value


def _number(node: exp.Expr, scope: Scope) -> ir.FloatingValue:
    part = _typed(node, scope)
    if part.kind is not _NUMBER:
        raise scope.place.error(
            f"{_said(node)}, which is a {part.kind.value},",
            "a number",
            "use number(...) to read a text as a number" if part.kind is _TEXT else "use a number",
            node,
        )
    return part.value.cast("float64")


def _literal(node: exp.Literal, scope: Scope) -> Typed:
    if node.is_string:
        return Typed(ibis.literal(str(node.this)), _TEXT, str(node.this))
    try:
        number = float(node.this)
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST_NUMBER:
        raise scope.place.error(
            f"the number {node.this}", f"at most {LARGEST_NUMBER:.0f}", "use a smaller one", node
        )
    return Typed(ibis.literal(number, "float64"), _NUMBER)


def _name(node: exp.Column, scope: Scope) -> Typed:
    name = str(node.name).lower()
    kind = scope.kinds.get(name)
    if kind is not None:
        column = scope.table[name]
        return Typed(_day_number(column) if kind is _DATE else column, kind)
    if name in scope.conditions:
        return Typed(_segment(name, node, scope), _BOOLEAN)
    raise _unknown(name, [*scope.kinds, *scope.conditions], "column or segment", node, scope)


def _segment(name: str, node: exp.Expr, scope: Scope) -> ir.BooleanValue:
    if name in scope.path or len(scope.path) >= MOST_DEPTH:
        raise scope.place.error(
            " -> ".join((*scope.path, name)),
            "segments that do not lead back to themselves",
            "take one of these references out",
            node,
        )
    if next(scope.references) >= MOST_REFERENCES:
        raise scope.place.error(
            f"more than {MOST_REFERENCES} segments inside one another",
            "a simpler condition",
            "write the repeated part once",
            node,
        )
    return _boolean(scope.conditions[name][0], scope.inside(name))


def _unknown(
    name: str, known: Iterable[str], what: str, node: exp.Expr, scope: Scope
) -> DefinitionError:
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "list the columns by `tenure snapshot --columns`"
    return scope.place.error(f"{name!r}", f"a known {what}", hint, node)


def _all(node: exp.Expr, scope: Scope) -> Typed:
    join = and_ if isinstance(node, exp.And) else or_
    return Typed(_balanced([_boolean(part, scope) for part in operands(node)], join), _BOOLEAN)


def _balanced(
    parts: list[ir.BooleanValue],
    join: Callable[[ir.BooleanValue, ir.BooleanValue], ir.BooleanValue],
) -> ir.BooleanValue:
    # A chain of a thousand conditions stays ten levels deep, far from any recursion limit.
    while len(parts) > 2:
        parts = [reduce(join, parts[i : i + 2]) for i in range(0, len(parts), 2)]
    return reduce(join, parts)


def _compare(node: exp.Binary, scope: Scope) -> Typed:
    left, right = _alike(node, [node.this, node.expression], scope)
    if left.kind is _BOOLEAN and not isinstance(node, exp.EQ | exp.NEQ):
        raise scope.place.error(
            f"{_said(node)}", "= or <> between truths", "order numbers, dates or texts only", node
        )
    return Typed(_COMPARISONS[type(node)](left.value, right.value), _BOOLEAN)


def _between(node: exp.Between, scope: Scope) -> Typed:
    value, low, high = _alike(node, [node.this, node.args["low"], node.args["high"]], scope)
    return Typed(value.value.between(low.value, high.value), _BOOLEAN)


def _in(node: exp.In, scope: Scope) -> Typed:
    if not node.expressions:
        raise scope.place.error(_said(node), "at least one value", "write in ('a', 'b')", node)
    value, *choices = _alike(node, [node.this, *node.expressions], scope)
    return Typed(value.value.isin([choice.value for choice in choices]), _BOOLEAN)


def _like(node: exp.Binary, scope: Scope) -> Typed:
    value, pattern = _alike(node, [node.this, node.expression], scope)
    if value.kind is not _TEXT or pattern.literal is None:
        raise scope.place.error(
            _said(node),
            "a text like 'pattern'",
            "quote the pattern: % is any text, _ one sign",
            node,
        )
    match = value.value.ilike if isinstance(node, exp.ILike) else value.value.like
    return Typed(match(pattern.literal), _BOOLEAN)


def _is(node: exp.Is, scope: Scope) -> Typed:
    if not isinstance(node.expression, exp.Null):
        raise scope.place.error(_said(node), "is null or is not null", "compare by =", node)
    return Typed(_typed(node.this, scope).value.isnull(), _BOOLEAN)


def _null(node: exp.Null, scope: Scope) -> Typed:
    raise scope.place.error(
        "null as a value", "is null or is not null", "nothing equals null; test by `is null`", node
    )


def _arithmetic(node: exp.Binary, scope: Scope) -> Typed:
    left, right = _typed(node.this, scope), _typed(node.expression, scope)
    dates = (left.kind is _DATE, right.kind is _DATE)
    if any(dates) and isinstance(node, exp.Add | exp.Sub):
        return _moved(node, left, right, scope)
    return Typed(
        _operate(node, _number(node.this, scope), _number(node.expression, scope)), _NUMBER
    )


def _operate(node: exp.Expr, left: ir.FloatingValue, right: ir.FloatingValue) -> ir.FloatingValue:
    if isinstance(node, exp.Div):
        return left / right.nullif(0.0)
    if isinstance(node, exp.Mul):
        return left * right
    return left + right if isinstance(node, exp.Add) else left - right


def _moved(node: exp.Binary, left: Typed, right: Typed, scope: Scope) -> Typed:
    kinds = (left.kind, right.kind)
    if kinds == (_DATE, _DATE) and isinstance(node, exp.Sub):
        return Typed(_operate(node, left.value, right.value), _NUMBER)
    if kinds == (_DATE, _NUMBER) or (kinds == (_NUMBER, _DATE) and isinstance(node, exp.Add)):
        days = [part.value.cast("float64") for part in (left, right)]
        return Typed(_operate(node, *days), _DATE)
    raise scope.place.error(
        f"{_said(node)} ({kinds[0].value} and {kinds[1].value})",
        "date + days, date - days or date - date",
        "add or take away a number of days",
        node,
    )


def _case(node: exp.Case, scope: Scope) -> Typed:
    if node.this is not None:
        raise scope.place.error(
            _said(node), "case when CONDITION then ...", "put the comparison after `when`", node
        )
    tests = [_boolean(branch.this, scope) for branch in node.args["ifs"]]
    values = [branch.args["true"] for branch in node.args["ifs"]]
    default = node.args.get("default")
    parts = _alike(node, values if default is None else [*values, default], scope)
    branches = [(test, part.value) for test, part in zip(tests, parts, strict=False)]
    if default is None:
        return Typed(ibis.cases(*branches), parts[0].kind)
    return Typed(ibis.cases(*branches, else_=parts[-1].value), parts[0].kind)


def _coalesce(node: exp.Coalesce, scope: Scope) -> Typed:
    parts = _alike(node, [node.this, *node.expressions], scope)
    return Typed(ibis.coalesce(*(part.value for part in parts)), parts[0].kind)


def _lower(node: exp.Lower, scope: Scope) -> Typed:
    part = _typed(node.this, scope)
    if part.kind is not _TEXT:
        raise scope.place.error(_said(node), "lower of a text", "use it on a text column", node)
    return Typed(part.value.lower(), _TEXT)


def _function(node: exp.Anonymous, scope: Scope) -> Typed:
    name = str(node.this).lower()
    if name != "number":
        raise _unknown(name, ("abs", "lower", "coalesce", "number"), "function", node, scope)
    if len(node.expressions) != 1:
        raise scope.place.error(_said(node), "number(one text)", "name one column", node)
    part = _typed(node.expressions[0], scope)
    if part.kind is not _TEXT:
        return Typed(_number(node.expressions[0], scope), _NUMBER)
    # Engines differ in what they take for a number: 1_000, 7d, nan. So the form is said here.
    plain = ibis.ifelse(part.value.re_search(_PLAIN_NUMBER), part.value, ibis.null("string"))
    number = plain.try_cast("float64")
    return Typed(ibis.ifelse(number.isinf(), ibis.null("float64"), number), _NUMBER)


def _date(node: exp.Expr, scope: Scope) -> Typed:
    inner = node.this
    is_date = isinstance(node, exp.Date) or node.args["to"].is_type("date")
    if not is_date or not isinstance(inner, exp.Literal) or len(list(node.iter_expressions())) > 2:
        raise scope.place.error(_said(node), "date '2026-01-31'", "quote the day", node)
    return _day(str(inner.this), node, scope)


def _day(text: str, node: exp.Expr, scope: Scope) -> Typed:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise scope.place.error(
            f"the date {text!r}", "year-month-day", "write it like '2026-01-31'", node
        ) from error
    return Typed(ibis.literal(float((day - EPOCH).days), "float64"), _DATE)


def _interval(node: exp.Interval, scope: Scope) -> Typed:
    unit = str(node.args.get("unit") or "").upper().rstrip("S")
    try:
        days = float(node.this.this) * {"DAY": 1, "WEEK": 7}[unit]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise scope.place.error(
            _said(node), "interval '30' day (or week)", "count in days", node
        ) from error
    return _literal(exp.Literal(this=str(days), is_string=False), scope)


def _alike(node: exp.Expr, nodes: list[exp.Expr], scope: Scope) -> list[Typed]:
    """Return parts of one kind; a text literal beside a date is read as a date."""
    parts = [_typed(part, scope) for part in nodes]
    if any(part.kind is _DATE for part in parts):
        parts = [
            part if part.literal is None else _day(part.literal, at, scope)
            for part, at in zip(parts, nodes, strict=True)
        ]
    kinds = list(dict.fromkeys(part.kind for part in parts))
    if len(kinds) > 1:
        raise scope.place.error(
            f"{_said(node)}, which sets a {kinds[0].value} beside a {kinds[1].value},",
            "values of one kind",
            _mixed_hint(kinds),
            node,
        )
    return parts


def _mixed_hint(kinds: list[ColumnKind]) -> str:
    if set(kinds) == {_NUMBER, _TEXT}:
        return "write numbers without quotes; read a text as a number by number(...)"
    return "compare numbers with numbers, texts with texts, dates with dates"


def _day_number(column: ir.Value) -> ir.FloatingValue:
    day = column.cast("date")
    return day.delta(ibis.date(EPOCH), unit="day").cast("float64")


def _said(node: exp.Expr) -> str:
    text = " ".join(node.sql(dialect="duckdb", comments=False).split())
    return text if len(text) <= 80 else text[:77] + "..."


_COMPARISONS: dict[type[exp.Expr], Callable[[ir.Value, ir.Value], ir.BooleanValue]] = {
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
}

_RULES: dict[type[exp.Expr], Callable[..., Typed]] = {
    **dict.fromkeys((exp.And, exp.Or), _all),
    exp.Not: lambda node, scope: Typed(~_boolean(node.this, scope), _BOOLEAN),
    exp.Paren: lambda node, scope: _typed(node.this, scope),
    exp.Column: _name,
    exp.Literal: _literal,
    exp.Boolean: lambda node, scope: Typed(ibis.literal(bool(node.this)), _BOOLEAN),
    **dict.fromkeys(_COMPARISONS, _compare),
    exp.Between: _between,
    exp.In: _in,
    **dict.fromkeys((exp.Like, exp.ILike), _like),
    exp.Is: _is,
    exp.Null: _null,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div), _arithmetic),
    exp.Neg: lambda node, scope: Typed(-_number(node.this, scope), _NUMBER),
    exp.Abs: lambda node, scope: Typed(_number(node.this, scope).abs(), _NUMBER),
    exp.Lower: _lower,
    exp.Coalesce: _coalesce,
    exp.Case: _case,
    exp.Anonymous: _function,
    **dict.fromkeys((exp.Date, exp.Cast), _date),
    exp.Interval: _interval,
}
