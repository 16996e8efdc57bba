"""Records that could not be split into columns, kept in a table so that none is lost."""

from __future__ import annotations

import itertools

import duckdb
import pyarrow as pa

_NAMES = itertools.count(1)
_BATCH_ROWS = 10_000
_SCHEMA = pa.schema(
    [
        pa.field("source_row", pa.int64()),
        pa.field("raw", pa.string()),
        pa.field("code", pa.string()),
        pa.field("given", pa.string()),
        pa.field("expected", pa.string()),
        pa.field("remedy", pa.string()),
    ]
)


def fresh_name(kind: str) -> str:
    """Return a name for a relation that no other source of this process uses."""
    return f"tenure_{kind}_{next(_NAMES)}"


class Rejects:
    """Collects rejected records in batches into one table.

    Parameters
    ----------
    connection : where the table is made, on the first record.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.count = 0
        self._connection = connection
        self._table: str | None = None
        self._batch: list[tuple[int, str, str, str, str, str]] = []

    def add(self, row: int, raw: str, code: str, given: str, expected: str, remedy: str) -> None:
        """Keep one record: its line, its text, and why it was rejected."""
        self._batch.append((row, raw, code, given, expected, remedy))
        self.count += 1
        if len(self._batch) >= _BATCH_ROWS:
            self._flush()

    def add_query(self, sql: str) -> None:
        """Keep the rows of a query that has the table's six columns."""
        self._flush()
        done = self._connection.execute(f"INSERT INTO {self._made()} {sql}").fetchone()
        self.count += int(done[0]) if done else 0

    def finish(self) -> str | None:
        """Return the table's name, or None if nothing was rejected."""
        self._flush()
        return self._table if self.count else None

    def _made(self) -> str:
        if self._table is None:
            self._table = fresh_name("rejected")
            empty = fresh_name("batch")
            self._connection.register(empty, _SCHEMA.empty_table())
            self._connection.execute(f"CREATE TEMP TABLE {self._table} AS FROM {empty}")
            self._connection.unregister(empty)
        return self._table

    def _flush(self) -> None:
        if not self._batch:
            return
        columns = [list(column) for column in zip(*self._batch, strict=True)]
        batch, name = pa.table(columns, schema=_SCHEMA), fresh_name("batch")
        self._connection.register(name, batch)
        self._connection.execute(f"INSERT INTO {self._made()} FROM {name}")
        self._connection.unregister(name)
        self._batch.clear()
