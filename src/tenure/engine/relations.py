"""Any table a caller may hold, as one thing: an Ibis relation and the engine that runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.duck import DuckDBEngine, literal
from tenure.kernel import DataError


class Engine(Protocol):
    """What runs an Ibis expression: the same figures from every engine."""

    name: str

    def attach_files(self, name: str, files: Sequence[str], schema: pa.Schema) -> ir.Table:
        """Name a list of Parquet files (none is an empty table) and return its relation."""

    def attach_arrow(self, name: str, table: pa.Table) -> ir.Table:
        """Name an Arrow table and return its relation."""

    def attach_object(self, data: object) -> ir.Table:
        """Name any object that speaks Arrow's C stream and return its relation."""

    def describe(self, name: str) -> ir.Table:
        """Return the relation of a table or view that the engine already knows."""

    def sql(self, expression: ir.Table) -> str:
        """Return the SQL that an expression compiles to."""

    def collect(self, expression: ir.Table, *, again: bool = False) -> pa.Table:
        """Run an expression and return its rows; `again` if other dates of it will be asked."""

    def keep(self, name: str, expression: ir.Table, *others: ir.Table) -> ir.Table:
        """Work expressions out once, inside the engine, and return the relation of all rows."""

    def write_files(self, expression: ir.Table, new_file: Callable[[], Path]) -> int:
        """Run an expression into Parquet files and return its row count."""

    def map_batches(
        self,
        expression: ir.Table,
        function: Callable[[pa.Table], pa.Table],
        schema: pa.Schema,
        new_file: Callable[[], Path],
    ) -> int:
        """Run an expression through a function, batch by batch, into Parquet files."""


@runtime_checkable
class ArrowStream(Protocol):
    """A DataFrame of any library that speaks Arrow's C stream (pandas, Polars, Arrow)."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Export the data."""


@dataclass(frozen=True, slots=True)
class Relation:
    """An Ibis table and the engine that can run expressions over it."""

    table: ir.Table
    engine: Engine

    def collect(self, expression: ir.Table, *, again: bool = False) -> pa.Table:
        """Run an expression built on `table` and return its rows.

        Parameters
        ----------
        expression : what to run.
        again : whether the same will be asked of other dates, so that its text is worth keeping.
        """
        return self.engine.collect(expression, again=again)

    def parts(self, expression: ir.Table) -> Iterable[ir.Table]:
        """Return an expression in parts, one after the other to be run in less memory.

        Only for figures that add up over customers: each part sees some of them, whole.
        """
        return (expression,)


TableLike: TypeAlias = Relation | ir.Table | ArrowStream | str | Path
"""What every metric takes: a relation, an Ibis table, a DataFrame, an Arrow table or a path."""

_READERS = {".parquet": "read_parquet", ".csv": "read_csv", ".tsv": "read_csv"}


def relation(data: TableLike) -> Relation:
    """Return data of any accepted form as a relation.

    Parameters
    ----------
    data : a Relation (returned as it is); an Ibis table on Ibis's DuckDB backend or made by
        `ibis.memtable`; a pandas, Polars or Arrow table; a path of a .parquet, .csv or .tsv file.

    Raises
    ------
    DataError : the form is none of these.
    """
    if isinstance(data, Relation):
        return data
    if isinstance(data, ir.Table):
        return Relation(data, _engine_of(data))
    if isinstance(data, str | Path):
        return _from_path(Path(data))
    if isinstance(data, ArrowStream):
        engine = DuckDBEngine()
        return Relation(engine.attach_object(data), engine)
    raise DataError(
        f"data of type {type(data).__name__}",
        "an Ibis table, a pandas, Polars or Arrow table, or a path",
        "convert it to one of these, e.g. pyarrow.table(data)",
    )


def _from_path(path: Path) -> Relation:
    reader = _READERS.get(path.suffix.lower())
    if reader is None or not path.exists():
        raise DataError(
            f"path {str(path)!r}",
            "an existing .parquet, .csv or .tsv file with clean columns",
            "check the path; import files with any mess in them by `tenure import`",
        )
    engine = DuckDBEngine()
    return Relation(engine.attach_query(f"SELECT * FROM {reader}({literal(str(path))})"), engine)


def _engine_of(table: ir.Table) -> Engine:
    operation = table.op()
    if operation.find(ops.UnboundTable):
        raise DataError(
            f"an unbound Ibis table ({table.get_name() if table.has_name() else 'expression'})",
            "a table with data behind it",
            "build it from a connection, or hand over Relation(table, engine)",
        )
    if not operation.find(ops.DatabaseTable):
        return DuckDBEngine()
    backend = table.get_backend()
    if backend.name != "duckdb":
        raise DataError(
            f"an Ibis table on the {backend.name} backend",
            "one on DuckDB",
            "hand over Relation(table, engine) with an engine of that kind",
        )
    return DuckDBEngine(backend.con)
