"""A whole world streamed to files, block by block, in memory that does not grow with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from tenure.activity.contract import FACT_TABLES
from tenure.kernel import Progress, ProgressSink, silent
from tenure.simulation.blocks import Block, BlockMaker
from tenure.simulation.exports import export_files
from tenure.simulation.parameters import import_rows, write_parameters
from tenure.simulation.truth import CAMPAIGNS_TRUTH, CUSTOMERS_TRUTH
from tenure.simulation.world import BLOCK_CUSTOMERS, World

ROWS_PER_FILE = 6_000_000
ROW_GROUP_ROWS_MAX = 184_320
"""A block is one row group, and cut into several only beyond half more than is usual."""

TRUTH_TABLES = {"customers": CUSTOMERS_TRUTH, "campaigns": CAMPAIGNS_TRUTH}

# Texts that (nearly) never repeat, and instants: a dictionary of them is work for nothing.
_PLAIN = frozenset(
    {
        "activity_id",
        "attribute_id",
        "subscription_id",
        "order_id",
        "source_row",
        "occurred_at",
        "known_at",
        "started_at",
        "ended_at",
        "value",
    }
)

_WITH_STATISTICS = frozenset(
    {"customer_id", "occurred_at", "occurred_on", "known_at", "started_at", "started_on"}
)
"""Columns that rows are found by; those of the others would take a quarter of the time."""

_WRITE_BATCH_ROWS = 65_536

NewFile = Callable[[str], Path]
"""Takes a table's name and returns the path of its next file."""


def blocks(world: World) -> Iterator[Block]:
    """Yield every block of a calibrated world, in order."""
    maker = BlockMaker(world)
    first_rows = dict.fromkeys(FACT_TABLES, 1)
    for number in range(world.blocks):
        block = maker.make(number, first_rows)
        for table, rows in block.facts.items():
            first_rows[table] += len(rows)
        yield block


@dataclass(frozen=True, slots=True)
class Written:
    """What a world's files hold.

    Parameters
    ----------
    rows : by fact table, or by export file.
    files : number of files, by the same.
    truth_rows : by truth table.
    orders : number of orders.
    """

    rows: dict[str, int]
    files: dict[str, int]
    truth_rows: dict[str, int]
    orders: int


def write_facts(
    world: World, new_file: NewFile, truth: Path, *, progress: ProgressSink = silent
) -> Written:
    """Write a world's facts as files of the lake and, apart from them, the truth.

    Parameters
    ----------
    world : calibrated.
    new_file : names the next file of a fact table.
    truth : existing folder that gets the truth.
    progress : receives the progress, in customers.
    """
    with ParquetFiles(FACT_TABLES, new_file) as facts:

        def keep(block: Block) -> None:
            for table, rows in block.facts.items():
                facts.write(table, rows)

        known, orders = _stream(world, keep, truth, progress)
        facts.write("imports", import_rows(world, facts.rows))
    return _told(world, Written(facts.rows, facts.files, known, orders), truth)


def write_exports(
    world: World, folder: Path, truth: Path, *, progress: ProgressSink = silent
) -> Written:
    """Write a world as the raw exports of its business and, apart from them, the truth.

    Parameters
    ----------
    world : calibrated.
    folder : existing folder that gets `orders.csv`, `events.csv`, `customers.csv` and, with
        plans, `subscriptions.csv`.
    truth, progress : as of `write_facts`.
    """
    with export_files(world, folder) as files:
        known, orders = _stream(world, files.write, truth, progress)
    counted = dict.fromkeys(files.rows, 1)
    return _told(world, Written(files.rows, counted, known, orders), truth)


def _stream(
    world: World, keep: Callable[[Block], None], truth: Path, progress: ProgressSink
) -> tuple[dict[str, int], int]:
    """Hand on every block, write its truth, and return the truth's rows and the orders."""
    orders = 0

    def file_of(table: str) -> Path:
        return truth / f"{table}.parquet"

    def store(block: Block) -> int:
        keep(block)
        for table, rows in block.truth.items():
            known.write(table, rows)
        return min(world.customers, (block.number + 1) * BLOCK_CUSTOMERS)

    # Files are written by a second thread while the next block is made.
    with (
        ParquetFiles(TRUTH_TABLES, file_of, rows_per_file=sys.maxsize) as known,
        ThreadPoolExecutor(max_workers=1) as writing,
    ):
        stored: Future[int] | None = None
        for block in blocks(world):
            _wait(stored, world, progress)
            stored = writing.submit(store, block)
            orders += block.orders
        _wait(stored, world, progress)
    return known.rows, orders


def _wait(stored: Future[int] | None, world: World, progress: ProgressSink) -> None:
    if stored is not None:
        progress(Progress("simulating", stored.result(), world.customers, "customers"))


def _told(world: World, written: Written, truth: Path) -> Written:
    write_parameters(
        world,
        truth / "truth.json",
        rows=written.rows,
        truth_rows=written.truth_rows,
        orders=written.orders,
    )
    return written


class ParquetFiles:
    """Tables written as Parquet files of bounded size; a context that closes them.

    Parameters
    ----------
    schemas : columns of each table.
    new_file : names the next file of a table.
    rows_per_file : a file is closed when it has as many rows.
    """

    def __init__(
        self,
        schemas: Mapping[str, pa.Schema],
        new_file: NewFile,
        *,
        rows_per_file: int = ROWS_PER_FILE,
    ) -> None:
        self.rows = dict.fromkeys(schemas, 0)
        self.files = dict.fromkeys(schemas, 0)
        self._schemas = schemas
        self._new_file = new_file
        self._rows_per_file = rows_per_file
        self._open: dict[str, pq.ParquetWriter] = {}
        self._rows_open: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for writer in self._open.values():
            writer.close()
        self._open = {}

    def write(self, table: str, rows: pa.Table) -> None:
        """Append rows to a table; an empty table is nothing."""
        if not len(rows):
            return
        if table not in self._open:
            path = self._new_file(table)
            self._open[table] = parquet_writer(path, rows.schema)
            self._rows_open[table] = 0
            self.files[table] += 1
        groups = -(-len(rows) // ROW_GROUP_ROWS_MAX)
        self._open[table].write_table(rows, row_group_size=-(-len(rows) // groups))
        self.rows[table] += len(rows)
        self._rows_open[table] += len(rows)
        if self._rows_open[table] >= self._rows_per_file:
            self._open.pop(table).close()


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Return a writer whose files show plain texts where rows hold dictionaries."""
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=[name for name in schema.names if name not in _PLAIN],
        write_statistics=[name for name in schema.names if name in _WITH_STATISTICS],
        write_batch_size=_WRITE_BATCH_ROWS,
        store_schema=False,
        store_decimal_as_integer=True,
    )
