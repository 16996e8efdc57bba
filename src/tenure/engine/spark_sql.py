"""Ibis expressions as Spark's SQL, with the meaning that the same expression has on DuckDB.

Ibis compiles both; what is here is only where its SQL for Spark gives other figures.
"""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

_NO_ESCAPE = "\x01"
"""A sign that no pattern has: Spark always takes one for the escape."""


class SparkCompiler(PySparkCompiler):  # type: ignore[misc] # Ibis ships no types
    """Ibis's compiler for Spark, mended; its methods are named after Ibis's operations."""

    __slots__ = ()

    # Ibis would ask here for an option that only its own, connected backend registers.
    visit_Field = SQLGlotCompiler.visit_Field  # noqa: N815

    def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:  # noqa: ANN401, N802
        """Leave floats to Ibis's default, which asks for no option either."""
        if dtype.is_floating():
            return None
        return super().visit_NonNullLiteral(op, value=value, dtype=dtype)

    def visit_IsNull(self, op: Any, *, arg: Any) -> Any:  # noqa: ANN401, N802
        """Test for null alone: Ibis would take NaN for null on Spark."""
        return sge.Is(this=_enclosed(arg), expression=sge.null())

    def visit_NotNull(self, op: Any, *, arg: Any) -> Any:  # noqa: ANN401, N802
        """Test for anything but null, NaN included."""
        return sg.not_(self.visit_IsNull(op, arg=arg))

    def visit_CountStar(self, op: Any, *, arg: Any, where: Any) -> Any:  # noqa: ANN401, N802
        """Count rows: where no row fits it is 0, but the sum that Ibis writes is null."""
        if where is None:
            return super().visit_CountStar(op, arg=arg, where=None)
        return self.f.count_if(where)

    def visit_StringSQLLike(  # noqa: N802
        self,
        op: Any,  # noqa: ANN401
        *,
        arg: Any,  # noqa: ANN401
        pattern: Any,  # noqa: ANN401
        escape: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Match a pattern in which a backslash stands for itself, as on DuckDB."""
        return _escaped(arg.like(pattern), escape)

    def visit_StringSQLILike(  # noqa: N802
        self,
        op: Any,  # noqa: ANN401
        *,
        arg: Any,  # noqa: ANN401
        pattern: Any,  # noqa: ANN401
        escape: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Match a pattern in letters of either case; a backslash stands for itself."""
        return _escaped(arg.ilike(pattern), escape)

    def visit_Divide(self, op: Any, *, left: Any, right: Any) -> Any:  # noqa: ANN401, N802
        """Divide in float64: Spark rounds a quotient of decimals, and takes 0.5 for one."""
        sides = (self.cast(side, dt.float64) for side in (left, right))
        return self.binop(sge.Div, *sides)


def _enclosed(part: Any) -> Any:  # noqa: ANN401
    # Spark reads no test right after another: `a BETWEEN 1 AND 2 IS NULL` is an error there.
    return part if isinstance(part, sge.Column | sge.Paren) else sge.Paren(this=part)


def _escaped(match: Any, escape: Any) -> Any:  # noqa: ANN401
    return sge.Escape(this=match, expression=sge.convert(_NO_ESCAPE) if escape is None else escape)


def spark_sql(expression: ir.Table) -> str:
    """Return the SQL that an expression compiles to on Spark.

    Raises
    ------
    ibis.common.exceptions.UnsupportedOperationError : Spark has nothing for an operation.
    """
    compiler = SparkCompiler()
    query = compiler.to_sqlglot(expression)
    return str(query.sql(dialect=compiler.dialect, unsupported_level=sg.ErrorLevel.RAISE))
