"""Changes to the lake that appear all at once: add files, replace files, commit, undo.

Used only under the lake's write lock. The Delta log makes each table's change atomic; the
head, moved last, makes the change of several tables atomic.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake._internal import RemoveAction
from deltalake.transaction import AddAction, CommitProperties

from tenure.engine.lake_head import (
    SOURCE_TABLE,
    Head,
    KeptMark,
    sync_file,
    sync_folder,
    write_head,
)
from tenure.kernel import LakeError


@dataclass(slots=True)
class _Change:
    added: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)


class LakeWriter:
    """One writer's pending changes over a head.

    Parameters
    ----------
    root : the lake's folder.
    schemas : columns of every known table.
    head : the head that the changes build on.
    configuration : Delta settings of new tables.

    Its attribute `mark` says what the kept tables are made from; the next commit writes it
    into the head. None drops it. Left alone it stays as it was, and no longer fits once the
    activity has moved on.
    """

    def __init__(
        self,
        root: Path,
        schemas: Mapping[str, pa.Schema],
        head: Head,
        configuration: dict[str, str | None],
    ) -> None:
        self.root = root
        self.head = head
        self.mark: KeptMark | None = head.derived
        self.schemas = schemas
        self._configuration = configuration
        self._changes: dict[str, _Change] = {}

    def files(self, table: str) -> list[Path]:
        """Return a table's files as of the head, without pending changes."""
        version = self.head.versions.get(table)
        if version is None:
            return []
        uris = DeltaTable(self.root / table, version=version).file_uris()
        return sorted(Path(uri) for uri in uris)

    @property
    def is_changed(self) -> bool:
        """Whether a commit would change any table."""
        return any(change.added or change.removed for change in self._changes.values())

    def pending_files(self, table: str) -> list[Path]:
        """Return a table's files as they will be after the commit."""
        change = self._changes.get(table, _Change())
        return sorted({*self.files(table), *change.added} - set(change.removed))

    def files_at(self, table: str, version: int) -> set[Path]:
        """Return a table's files at an earlier version.

        Raises
        ------
        DeltaError : the log no longer reaches back to it.
        """
        return {Path(u) for u in DeltaTable(self.root / table, version=version).file_uris()}

    def new_file(self, table: str) -> Path:
        """Return the path of a file to be written for a table and add it to the change."""
        folder = self.root / table
        folder.mkdir(exist_ok=True)
        path = folder / f"part-{uuid.uuid4()}.parquet"
        self._change(table).added.append(path)
        return path

    def remove(self, table: str, files: Iterable[Path]) -> None:
        """Take files out of a table; their bytes stay until `sweep`."""
        self._change(table).removed.extend(files)

    def commit(self, reason: str, *, same_facts: bool = False) -> Head:
        """Make all pending changes the present and return the new head.

        Parameters
        ----------
        reason : short text kept in the logs; must not name a customer.
        same_facts : the kept tables fit the activity after the change as they did before it:
            their mark moves on with the activity's version.

        Raises
        ------
        LakeError : an added file does not have the table's columns.
        """
        versions = dict(self.head.versions)
        for table, change in self._changes.items():
            versions[table] = self._commit_table(table, change, reason)
            for path in change.removed:
                os.utime(path)  # readers' grace counts from here (`sweep`)
        if same_facts:
            self.mark = _moved(self.mark, self.head.versions, versions)
        head = Head(self.head.generation + 1, versions, self.mark)
        write_head(self.root, head)
        self.head = head
        self._changes = {}
        return head

    def undo_unfinished(self) -> None:
        """Roll tables back to the head where a writer died between log and head."""
        versions = dict(self.head.versions)
        for table in self._tables_on_disk():
            log = DeltaTable(self.root / table)
            wanted = self.head.versions.get(table, 0)
            if log.version() > wanted:
                log.restore(wanted)
                versions[table] = DeltaTable(self.root / table).version()
        if versions != dict(self.head.versions):
            self.mark = _moved(self.mark, self.head.versions, versions)
            self.head = Head(self.head.generation + 1, versions, self.mark)
            write_head(self.root, self.head)

    def discard_uncommitted(self) -> None:
        """Delete the files of changes that were not committed."""
        for change in self._changes.values():
            for path in change.added:
                path.unlink(missing_ok=True)
        self._changes = {}

    def sweep(self, *, older_than_seconds: float) -> int:
        """Delete data files that the head does not name and return how many bytes were freed.

        Parameters
        ----------
        older_than_seconds : files written or replaced more recently stay, for readers of an
            earlier head.
        """
        freed = 0
        limit = time.time() - older_than_seconds
        for table in self._tables_on_disk():
            alive = set(self.files(table))
            for path in (self.root / table).glob("*.parquet"):
                status = path.stat()
                if path not in alive and status.st_mtime <= limit:
                    freed += status.st_size
                    path.unlink()
        return freed

    def _change(self, table: str) -> _Change:
        if table not in self.schemas:
            raise LakeError(f"table {table!r}", f"one of {sorted(self.schemas)}", "check the name")
        return self._changes.setdefault(table, _Change())

    def _tables_on_disk(self) -> list[str]:
        return sorted(p.parent.name for p in self.root.glob("*/_delta_log"))

    def _commit_table(self, table: str, change: _Change, reason: str) -> int:
        log = self._log(table)
        schema = Schema.from_arrow(self.schemas[table])
        # A table may take new columns when all its files go; the log then removes them itself.
        anew = log.schema() != schema and set(change.removed) >= set(self.files(table))
        actions: list[AddAction | RemoveAction] = []
        if not anew:
            actions += [_removal(path.name, path.stat().st_size) for path in change.removed]
        for path in change.added:
            self._check_columns(table, path)
            sync_file(path)
            actions.append(_addition(path))
        log.create_write_transaction(
            actions,
            mode="overwrite" if anew else "append",
            schema=schema if anew else log.schema(),
            partition_by=[],
            commit_properties=CommitProperties(custom_metadata={"reason": reason}),
        )
        version = DeltaTable(self.root / table).version()
        sync_file(self.root / table / "_delta_log" / f"{version:020d}.json")
        sync_folder(self.root / table / "_delta_log")
        sync_folder(self.root / table)
        return version

    def _log(self, table: str) -> DeltaTable:
        folder = self.root / table
        if not (folder / "_delta_log").exists():
            DeltaTable.create(folder, self.schemas[table], configuration=self._configuration)
        return DeltaTable(folder)

    def _check_columns(self, table: str, path: Path) -> None:
        found = pq.read_schema(path)
        expected = self.schemas[table]
        if found.names != expected.names or found.types != expected.types:
            raise LakeError(
                f"a file for {table} with columns {_columns(found)}",
                _columns(expected),
                "write exactly the table's columns, in order",
            )


def _moved(
    mark: KeptMark | None, before: Mapping[str, int], after: Mapping[str, int]
) -> KeptMark | None:
    if mark is None or mark.activity != before.get(SOURCE_TABLE):
        return mark
    return replace(mark, activity=after[SOURCE_TABLE])


def _columns(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)


def _addition(path: Path) -> AddAction:
    rows = pq.read_metadata(path).num_rows
    status = path.stat()
    return AddAction(
        path.name,
        status.st_size,
        {},
        int(status.st_mtime * 1000),
        True,
        json.dumps({"numRecords": rows}),
    )


def _removal(name: str, size_bytes: int) -> RemoveAction:
    return RemoveAction(name, True, int(time.time() * 1000), size_bytes, {})
