"""DuckDB as the laptop's engine: named sources in, Ibis expressions compiled to its SQL, Arrow out.

Ibis is used as a compiler only: its DuckDB backend calls methods that DuckDB 2.0 removed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from tenure.engine.duck_sql import sql_and_dates, sql_text

BATCH_ROWS = 50_000
"""Rows handed to a function at a time: some tens of MB of a wide table."""

_NAMES = itertools.count(1)


def connect(
    *,
    memory_limit_mb: int | None = None,
    threads: int | None = None,
    temp_folder: Path | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a private in-memory DuckDB that counts time in UTC and never goes online.

    Parameters
    ----------
    memory_limit_mb : most memory it may take, in MB; None leaves DuckDB's default (80 %).
    threads : number of threads; None takes all cores.
    temp_folder : where it spills; None lets it choose.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "TimeZone": "UTC",
    }
    if memory_limit_mb is not None:
        config["memory_limit"] = f"{memory_limit_mb}MB"
    if threads is not None:
        config["threads"] = threads
    if temp_folder is not None:
        config["temp_directory"] = str(temp_folder)
    connection = duckdb.connect(config=config)
    # Progress is counted for `query_progress` and never printed: the output is the caller's.
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    return connection


class DuckDBEngine:
    """Runs Ibis expressions over named sources.

    Parameters
    ----------
    connection : an open connection, used and owned by this engine; None opens a private one.
    """

    name = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection | None = None) -> None:
        self.connection = connection if connection is not None else connect()

    def attach_files(self, name: str, files: Sequence[str], schema: pa.Schema) -> ir.Table:
        """Name a list of Parquet files (none is an empty table) and return its relation.

        Parameters
        ----------
        name : name of the relation.
        files : absolute paths.
        schema : the table's columns, in order.
        """
        if not files:
            return self.attach_arrow(name, schema.empty_table())
        columns = ", ".join(quote(field.name) for field in schema)
        listed = ", ".join(literal(file) for file in files)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {quote(name)} AS "
            f"SELECT {columns} FROM read_parquet([{listed}])"
        )
        return ibis.table(ibis.Schema.from_pyarrow(schema), name=name)

    def attach_arrow(self, name: str, table: pa.Table) -> ir.Table:
        """Name an Arrow table and return its relation; the data are not copied."""
        self.connection.register(name, table)
        return self.describe(name)

    def attach_object(self, data: object) -> ir.Table:
        """Name any object that speaks Arrow's C stream (pandas, Polars, Arrow) and return it."""
        return self.attach_arrow(f"tenure_data_{next(_NAMES)}", pa.table(data))

    def attach_query(self, sql: str) -> ir.Table:
        """Name the rows of a SQL text (a file reader, say) and return its relation."""
        name = f"tenure_data_{next(_NAMES)}"
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {quote(name)} AS {sql}")
        return self.describe(name)

    def describe(self, name: str) -> ir.Table:
        """Return the relation of a table or view that the connection already knows."""
        empty = self.connection.sql(f"SELECT * FROM {quote(name)} LIMIT 0").to_arrow_table()
        return ibis.table(ibis.Schema.from_pyarrow(empty.schema), name=name)

    def sql(self, expression: ir.Table) -> str:
        """Return the SQL that an expression compiles to here."""
        return sql_text(expression)

    def collect(self, expression: ir.Table, *, again: bool = False) -> pa.Table:
        """Run an expression and return its rows.

        Row order is the expression's own; sort last where order matters.

        Parameters
        ----------
        expression : what to run.
        again : whether the same will be asked of other dates, so that its text is worth keeping.
        """
        self._attach_memtables(expression)
        sql = self._dated(expression) if again else self.sql(expression)
        return self.connection.sql(sql).to_arrow_table()

    def keep(self, name: str, expression: ir.Table, *others: ir.Table) -> ir.Table:
        """Work expressions out, one after the other, into one table, and return its relation.

        Parameters
        ----------
        name : of the table; one of that name is replaced.
        expression, others : of the same columns.
        """
        begin = f"CREATE OR REPLACE TEMP TABLE {quote(name)} AS"
        for part in (expression, *others):
            self._attach_memtables(part)
            self.connection.execute(f"{begin} {self.sql(part)}")
            begin = f"INSERT INTO {quote(name)}"
        return self.describe(name)

    def write_files(self, expression: ir.Table, new_file: Callable[[], Path]) -> int:
        """Run an expression straight into Parquet files (here one) and return its row count.

        Parameters
        ----------
        expression : what to write.
        new_file : returns a new path for each file.
        """
        path = new_file()
        self._attach_memtables(expression)
        done = first_row(
            self.connection,
            f"COPY ({self.sql(expression)}) TO {literal(str(path))} "
            "(FORMAT parquet, COMPRESSION zstd)",
        )
        return int(done[0]) if done else 0

    def map_batches(
        self,
        expression: ir.Table,
        function: Callable[[pa.Table], pa.Table],
        schema: pa.Schema,
        new_file: Callable[[], Path],
    ) -> int:
        """Run an expression through a function, batch by batch, into one Parquet file.

        Parameters
        ----------
        expression : the rows to hand over.
        function : takes some of the rows and returns a table of `schema`; which rows come
            together is not said, so each must be answered from itself.
        schema : of what the function returns.
        new_file : returns a new path for each file.

        Returns
        -------
        Number of rows written.
        """
        self._attach_memtables(expression)
        rows = 0
        with pq.ParquetWriter(new_file(), schema, compression="zstd") as writer:
            source = self.connection.sql(self.sql(expression)).to_arrow_reader(BATCH_ROWS)
            for batch in source:
                made = function(pa.Table.from_batches([batch])).cast(schema)
                writer.write_table(made)
                rows += made.num_rows
        return rows

    def _attach_memtables(self, expression: ir.Table) -> None:
        for node in expression.op().find(ops.InMemoryTable):
            self.connection.register(node.name, node.data.to_pyarrow(node.schema))

    def _dated(self, expression: ir.Table) -> str:
        """Set an expression's dates as variables, and return its SQL over them."""
        sql, dates = sql_and_dates(expression)
        for name, value in dates.items():
            self.connection.execute(f"SET VARIABLE {name} = {value}")
        return sql


def first_row(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] = ()
) -> tuple[Any, ...]:
    """Run a statement whole and return its first row; empty if it has none.

    DuckDB refuses other work on a connection whose result was not fetched to its end.
    """
    rows = connection.execute(sql, list(parameters)).fetchall()
    return tuple(rows[0]) if rows else ()


def quote(name: str) -> str:
    """Return a name quoted as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text quoted as a SQL string."""
    return "'" + text.replace("'", "''") + "'"
