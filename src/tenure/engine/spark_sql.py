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


class SparkCompiler(PySparkCompiler):  # type: ignore[misc] # Ibis ships no types
    """Ibis's compiler for Spark, mended; its methods are named after Ibis's operations."""

    __slots__ = ()

    # Ibis would ask here for an option that only its own, connected backend registers.
    visit_Field = SQLGlotCompiler.visit_Field  # noqa: N815
    # Ibis would take NaN for null on Spark.
    visit_IsNull = SQLGlotCompiler.visit_IsNull  # noqa: N815
    visit_NotNull = SQLGlotCompiler.visit_NotNull  # noqa: N815

    def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:  # noqa: ANN401, N802
        """Leave floats to Ibis's default, which asks for no option either."""
        if dtype.is_floating():
            return None
        return super().visit_NonNullLiteral(op, value=value, dtype=dtype)

    def visit_CountStar(self, op: Any, *, arg: Any, where: Any) -> Any:  # noqa: ANN401, N802
        """Count rows: where no row fits it is 0, but the sum that Ibis writes is null."""
        if where is None:
            return super().visit_CountStar(op, arg=arg, where=None)
        return self.f.count_if(where)

    def visit_Divide(self, op: Any, *, left: Any, right: Any) -> Any:  # noqa: ANN401, N802
        """Divide in float64: Spark rounds a quotient of decimals, and takes 0.5 for one."""
        sides = (self.cast(side, dt.float64) for side in (left, right))
        return self.binop(sge.Div, *sides)


def spark_sql(expression: ir.Table) -> str:
    """Return the SQL that an expression compiles to on Spark.

    Raises
    ------
    ibis.common.exceptions.UnsupportedOperationError : Spark has nothing for an operation.
    """
    compiler = SparkCompiler()
    query = compiler.to_sqlglot(expression)
    return str(query.sql(dialect=compiler.dialect, unsupported_level=sg.ErrorLevel.RAISE))
