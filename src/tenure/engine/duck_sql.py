"""SQL for DuckDB, compiled once where the same is asked of many dates.

A model learns at eight dates, and Ibis needs a second for a large expression: so its dates are put
into variables of the connection, which DuckDB takes for constants when it plans, and the text is
kept. What is asked once is compiled with its dates, which is a fifth cheaper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

_TEXTS_MAX = 16


def sql_text(expression: ir.Table) -> str:
    """Return an expression as SQL, with its dates in it."""
    with _selects_as_written():
        return str(ibis.to_sql(expression, dialect="duckdb", pretty=False))


def sql_and_dates(expression: ir.Table) -> tuple[str, Mapping[str, str]]:
    """Return an expression as SQL over variables, and the value of each as SQL.

    Parameters
    ----------
    expression : any; what it does with its dates must not need them to be literals.
    """
    node = expression.op()
    if node.find(ops.InMemoryTable):
        return sql_text(expression), {}
    names: dict[ops.Node, ops.Node] = {}
    values: dict[str, str] = {}
    for found in node.find(ops.Literal):
        made = _as_sql(found)
        if made is not None:
            name = f"tenure_{len(names)}"
            variable = _date_in if found.dtype.is_date() else _instant_in
            names[found] = variable(name).op()
            values[name] = made
    return _text(node.replace(names) if names else node), values


@lru_cache(maxsize=_TEXTS_MAX)
def _text(node: ops.Relation) -> str:
    return sql_text(node.to_expr())


def _as_sql(found: ops.Literal) -> str | None:
    """Return a day or a naive instant as SQL; None for any other value."""
    value = found.value
    if found.dtype.is_date() and type(value) is date:
        return f"DATE '{value.isoformat()}'"
    if found.dtype.is_timestamp() and isinstance(value, datetime) and value.tzinfo is None:
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    return None


@ibis.udf.scalar.builtin(name="getvariable")  # type: ignore[untyped-decorator] # Ibis has no types
def _date_in(variable: str) -> date: ...  # type: ignore[empty-body] # the engine's own function


@ibis.udf.scalar.builtin(name="getvariable")  # type: ignore[untyped-decorator] # as above
def _instant_in(variable: str) -> datetime: ...  # type: ignore[empty-body] # as above


@contextmanager
def _selects_as_written() -> Iterator[None]:
    """Keep Ibis from merging selects: DuckDB does it too, and large expressions compile faster."""
    merged = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    try:
        yield
    finally:
        ibis.options.sql.fuse_selects = merged
