"""One row out of the engine, leaving nothing unfinished behind."""

from __future__ import annotations

import duckdb


def figures(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    """Run a query of one row of counts and return them, NULL as 0.

    `fetchone` would leave the result open, and DuckDB 2 then refuses the next relation.
    """
    (row,) = connection.execute(sql).fetchall()
    return tuple(int(value or 0) for value in row)
