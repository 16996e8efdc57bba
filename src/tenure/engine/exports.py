"""A table into a file for people: CSV with inert cells, or Parquet."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tenure.kernel import OptionError
from tenure.kernel.cells import inert_cell

_BATCH_ROWS = 10_000


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table as .csv (UTF-8 with BOM, no cell a formula) or .parquet.

    Parameters
    ----------
    table : any table; unknown values become empty cells.
    path : its suffix chooses the form; an existing file is replaced whole.

    Raises
    ------
    OptionError : another suffix.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise OptionError(f"file {str(path)!r}", "a .csv or .parquet file", "change the suffix")
    draft = path.with_name(path.name + ".part")
    if suffix == ".parquet":
        pq.write_table(table, draft, compression="zstd")
    else:
        with draft.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([inert_cell(name) for name in table.column_names])
            for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
                for row in batch.to_pylist():
                    writer.writerow([_text(value) for value in row.values()])
    draft.replace(path)


def _text(value: object) -> str:
    return "" if value is None else inert_cell(str(value))
