"""Spark as the engine beyond one machine: the lake's files in, the same expressions, Arrow out."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from tenure.engine.spark_sessions import set_for_figures, spark_session
from tenure.engine.spark_sql import spark_sql

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

_ENGINES = itertools.count(1)
_NAMES = itertools.count(1)
_GLOB = re.compile(r"([\\{}\[\]*?])")


class SparkEngine:
    """Runs Ibis expressions over named sources on Spark.

    Parameters
    ----------
    session : the session to use; None starts this process's own with `spark_session`.
    scratch : folder for what is worked out once, readable by every worker of the session;
        None takes a temporary folder of this machine.
    """

    name = "spark"

    def __init__(self, session: SparkSession | None = None, *, scratch: Path | None = None) -> None:
        self.session = spark_session() if session is None else session
        set_for_figures(self.session)
        # The session is shared, so an engine's names must not meet those of another.
        self._mark = f"tenure_{os.getpid()}_{next(_ENGINES)}"
        parent = Path(tempfile.gettempdir()) if scratch is None else scratch
        self._folder = parent.resolve() / f"spark-{os.getpid()}-{self._mark}"
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

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
        reader = self.session.read.schema(_struct(schema))
        return self._named(name, reader.parquet(*(_GLOB.sub(r"\\\1", file) for file in files)))

    def attach_arrow(self, name: str, table: pa.Table) -> ir.Table:
        """Name an Arrow table and return its relation; the data are sent to Spark."""
        frame = self.session.createDataFrame(table, _struct(table.schema))
        return self._named(name, frame)

    def attach_object(self, data: object) -> ir.Table:
        """Name a Spark DataFrame, or any object that speaks Arrow's C stream, and return it."""
        name = f"data_{next(_NAMES)}"
        if hasattr(data, "createOrReplaceTempView"):
            return self._named(name, data)  # type: ignore[arg-type] # only DataFrames have it
        return self.attach_arrow(name, pa.table(data))

    def describe(self, name: str) -> ir.Table:
        """Return the relation of a table or view that the session already knows."""
        return _relation(name, self.session.table(name))

    def sql(self, expression: ir.Table) -> str:
        """Return the SQL that an expression compiles to here."""
        return spark_sql(expression)

    def collect(self, expression: ir.Table, *, again: bool = False) -> pa.Table:
        """Run an expression and return its rows.

        Row order is the expression's own; sort last where order matters. Spark plans each anew.
        """
        with self._frame(expression) as frame:
            found = frame.toArrow()
        return found.cast(_nullable(found.schema))

    def keep(self, name: str, expression: ir.Table, *others: ir.Table) -> ir.Table:
        """Work expressions of the same columns out, into files, and return their relation."""
        folder = self._folder / f"{name}-{next(_NAMES)}"
        for part in (expression, *others):
            with self._frame(part) as frame:
                frame.write.mode("append").parquet(str(folder))
                schema = frame.schema
        return self._named(name, self.session.read.schema(schema).parquet(str(folder)))

    def write_files(self, expression: ir.Table, new_file: Callable[[], Path]) -> int:
        """Run an expression straight into Parquet files and return its row count.

        Parameters
        ----------
        expression : its columns are written with the types of its own schema.
        new_file : returns a new path for each file; files may come from several workers.
        """
        with self._frame(expression) as frame:
            typed = _cast(frame, ibis.Schema.to_pyarrow(expression.schema()))
            return self._write(typed, new_file)

    def map_batches(
        self,
        expression: ir.Table,
        function: Callable[[pa.Table], pa.Table],
        schema: pa.Schema,
        new_file: Callable[[], Path],
    ) -> int:
        """Run an expression through a function on the workers, into Parquet files.

        Parameters
        ----------
        expression : the rows to hand over.
        function : takes some of the rows and returns a table of `schema`; the workers need
            this package, and it goes to them by pickling.
        schema : of what the function returns.
        new_file : returns a new path for each file.
        """

        def mapped(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
            for batch in batches:
                yield from function(pa.Table.from_batches([batch])).cast(schema).to_batches()

        with self._frame(expression) as frame:
            return self._write(frame.mapInArrow(mapped, _struct(schema)), new_file)

    def _write(self, frame: DataFrame, new_file: Callable[[], Path]) -> int:
        folder = self._folder / f"files-{next(_NAMES)}"
        frame.write.option("compression", "zstd").parquet(str(folder))
        parts = sorted(folder.glob("*.parquet"))
        rows = {part: pq.read_metadata(part).num_rows for part in parts}
        # Workers without rows leave empty files; one of them is kept if there are no others.
        for part in [part for part in parts if rows[part]] or parts[:1]:
            shutil.move(part, new_file())
        shutil.rmtree(folder)
        return sum(rows.values())

    @contextmanager
    def _frame(self, expression: ir.Table) -> Iterator[DataFrame]:
        """Yield an expression as a DataFrame; its small tables in memory are there meanwhile."""
        names = []
        try:
            for node in expression.op().find(ops.InMemoryTable):
                table = node.data.to_pyarrow(node.schema)
                frame = self.session.createDataFrame(table, _struct(table.schema))
                frame.createOrReplaceTempView(node.name)
                names.append(node.name)
            yield self.session.sql(self.sql(expression))
        finally:
            for name in names:
                self.session.catalog.dropTempView(name)

    def _named(self, name: str, frame: DataFrame) -> ir.Table:
        view = f"{self._mark}_{name}"
        frame.createOrReplaceTempView(view)
        return _relation(view, frame)


def _relation(name: str, frame: DataFrame) -> ir.Table:
    from pyspark.sql.pandas.types import to_arrow_schema  # noqa: PLC0415 - heavy, and an extra

    schema = _nullable(to_arrow_schema(frame.schema))
    return ibis.table(ibis.Schema.from_pyarrow(schema), name=name)


def _struct(schema: pa.Schema) -> StructType:
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415 - heavy, and an extra

    return from_arrow_schema(_nullable(schema), prefer_timestamp_ntz=True)


def _cast(frame: DataFrame, schema: pa.Schema) -> DataFrame:
    fields = _struct(schema).fields
    return frame.select(*(frame[f"`{f.name}`"].cast(f.dataType).alias(f.name) for f in fields))


def _nullable(schema: pa.Schema) -> pa.Schema:
    """Return a schema whose columns may all be null, as DuckDB's are."""
    return pa.schema([pa.field(field.name, field.type) for field in schema])
