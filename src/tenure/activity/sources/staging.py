"""Rows that Python has to touch, on their way into a Parquet file of texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tenure.activity.sources.raw import SOURCE_ROW
from tenure.activity.sources.rejects import fresh_name
from tenure.engine.duck import literal

_BATCH_ROWS = 50_000
_BATCH_CELLS = 1_000_000


class TextStage:
    """Writes rows of texts to Parquet in batches; memory stays bounded.

    Parameters
    ----------
    scratch : the folder for the file.
    columns : the names, in order.
    """

    def __init__(self, scratch: Path, columns: Sequence[str]) -> None:
        self.rows = 0
        self._path = scratch / f"{fresh_name('stage')}.parquet"
        fields = [pa.field(name, pa.string()) for name in columns]
        self._schema = pa.schema([*fields, pa.field(SOURCE_ROW, pa.int64())])
        self._writer = pq.ParquetWriter(self._path, self._schema, compression="lz4")
        self._batch: list[Sequence[str | None]] = []
        self._numbers: list[int] = []
        self._limit = max(1, min(_BATCH_ROWS, _BATCH_CELLS // max(1, len(columns))))

    def __enter__(self) -> TextStage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._flush()
        self._writer.close()

    def add(self, cells: Sequence[str | None], source_row: int) -> None:
        """Keep one row: as many cells as there are columns, and its number."""
        self._batch.append(cells)
        self._numbers.append(source_row)
        self.rows += 1
        if len(self._batch) >= self._limit:
            self._flush()

    def view(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Name the rows written so far; call it after the stage was closed."""
        relation = fresh_name("source")
        connection.execute(
            f"CREATE TEMP VIEW {relation} AS FROM read_parquet({literal(str(self._path))})"
        )
        return relation

    def _flush(self) -> None:
        if not self._batch:
            return
        columns: list[Sequence[object]] = [*zip(*self._batch, strict=True), self._numbers]
        self._writer.write_table(
            pa.Table.from_arrays(
                [pa.array(c, f.type) for c, f in zip(columns, self._schema, strict=True)],
                schema=self._schema,
            )
        )
        self._batch.clear()
        self._numbers.clear()
