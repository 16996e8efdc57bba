"""The lake: tables of facts as Parquet files under a Delta log, read without locks.

Enters: Parquet files written by an engine. Leaves: consistent lists of files. Every reader
sees all tables as of one head; writers are in `lake_writing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from tenure.engine.lake_head import Head, read_head, write_head, write_lock
from tenure.engine.lake_writing import LakeWriter
from tenure.engine.relations import Engine, Relation
from tenure.kernel import LakeError

# No statistics of column values go into the log: they would keep ids of erased customers.
_CONFIGURATION: dict[str, str | None] = {"delta.dataSkippingNumIndexedCols": "0"}


@dataclass(frozen=True, slots=True)
class LakeView:
    """All tables as of one head: a reader's whole world, unmoved by what is written meanwhile."""

    lake: Lake
    head: Head

    def files(self, table: str) -> list[str]:
        """Return the absolute paths of a table's files, sorted."""
        version = self.head.versions.get(table)
        if version is None:
            return []
        return sorted(self.lake.delta(table, version).file_uris())

    def rows(self, table: str) -> int:
        """Return how many rows a table has, as its log says."""
        version = self.head.versions.get(table)
        if version is None:
            return 0
        actions = self.lake.delta(table, version).get_add_actions(flatten=True)
        return sum(pa.table(actions).column("num_records").to_pylist())

    def relation(self, engine: Engine, table: str) -> Relation:
        """Return a table as a relation of the given engine."""
        schema = self.lake.schemas[table]
        return Relation(engine.attach_files(table, self.files(table), schema), engine)


class Lake:
    """The tables of one workspace on disk.

    Parameters
    ----------
    root : the lake's folder.
    schemas : columns of every table that this version of Tenure knows.
    lock_timeout_seconds : how long a writer waits for another one.
    """

    def __init__(
        self, root: Path, schemas: Mapping[str, pa.Schema], *, lock_timeout_seconds: float = 600
    ) -> None:
        self.root = root.resolve()
        self.schemas = schemas
        self.lock_timeout_seconds = lock_timeout_seconds

    def create(self) -> None:
        """Make an empty lake; an existing one is left as it is."""
        self.root.mkdir(parents=True, exist_ok=True)
        if not (self.root / "HEAD.json").exists():
            write_head(self.root, Head())

    def view(self) -> LakeView:
        """Return the present state, for reading."""
        return LakeView(self, read_head(self.root))

    def delta(self, table: str, version: int | None = None) -> DeltaTable:
        """Open a table's Delta log at a version (None: the newest, finished or not).

        Raises
        ------
        LakeError : the log is missing or damaged.
        """
        try:
            return DeltaTable(self.root / table, version=version)
        except (DeltaError, TableNotFoundError, OSError) as fault:
            raise LakeError(
                f"table {table} at version {version}: {fault}",
                "a readable Delta log",
                "run `tenure doctor`; restore the lake's folder from a backup",
            ) from fault

    @contextmanager
    def writing(self, *, timeout_seconds: float | None = None) -> Iterator[LakeWriter]:
        """Hold the write lock and collect changes; they appear together at `commit`.

        Leaving the block without a commit undoes everything.

        Parameters
        ----------
        timeout_seconds : how long to wait for another writer; None: as long as the lake says.
        """
        timeout = self.lock_timeout_seconds if timeout_seconds is None else timeout_seconds
        with write_lock(self.root, timeout):
            writer = LakeWriter(self.root, self.schemas, read_head(self.root), _CONFIGURATION)
            writer.undo_unfinished()
            try:
                yield writer
            finally:
                writer.discard_uncommitted()
