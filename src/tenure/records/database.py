"""The database of records: opened by URL, migrated, and worked upon in units of work."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from tenure.kernel import Clock, RecordsError, system_clock
from tenure.records.connecting import (
    faults_told,
    records_engine,
    records_url,
    shown,
    transaction_options,
)
from tenure.records.migrating import (
    SchemaState,
    check_not_newer,
    migrate,
    newest_schema,
    schema_state,
)

BUSY_SECONDS = 30.0


class Database:
    """Records behind a URL; nothing is read or written before the first unit of work.

    Several processes and threads may use one database at once. Use `Database.open` unless the
    schema shall be left as it is.

    Parameters
    ----------
    url : `sqlite:///path/records.db` or `postgresql://user:password@host/database`.
    clock : gives the current instant, naive UTC.
    busy_seconds : how long a writer waits for another.

    Raises
    ------
    RecordsError : the URL is not one of those, or PostgreSQL's driver is missing.
    """

    def __init__(
        self, url: str | sa.URL, *, clock: Clock = system_clock, busy_seconds: float = BUSY_SECONDS
    ) -> None:
        self.clock = clock
        self._url = records_url(url)
        self._engine = records_engine(self._url, busy_seconds=busy_seconds)
        self._at_work = threading.local()
        # A database that nobody holds any more closes the connections held ready.
        weakref.finalize(self, self._engine.dispose)

    @classmethod
    def open(
        cls, url: str | sa.URL, *, clock: Clock = system_clock, busy_seconds: float = BUSY_SECONDS
    ) -> Database:
        """Return the database with the schema of this program, migrating it if need be.

        Raises
        ------
        RecordsError : it cannot be reached, is not a database of records, or has the schema of
            a newer program.
        RecordsBusyError : another process held it for too long.
        """
        database = cls(url, clock=clock, busy_seconds=busy_seconds)
        try:
            state = database.state()
            check_not_newer(state, database.url)
            if not state.is_current:
                with database.writing() as connection:
                    migrate(connection, database.url)
        except BaseException:  # whatever it was, nobody else is there to close it
            database.close()
            raise
        return database

    @property
    def url(self) -> sa.URL:
        """Where it is, with its password: not for people."""
        return self._url

    @property
    def shown_url(self) -> str:
        """The URL for people, its password hidden."""
        return shown(self._url)

    @property
    def is_sqlite(self) -> bool:
        """SQLite, not PostgreSQL."""
        return self._url.get_backend_name() == "sqlite"

    def state(self) -> SchemaState:
        """Return where the schema stands; an SQLite file that is not there is not made."""
        if self.is_sqlite and not Path(str(self._url.database)).exists():
            return SchemaState("", newest_schema())
        with self.reading() as connection:
            return schema_state(connection)

    def damage(self) -> str:
        """Return what is broken in an SQLite file, in its words; empty if nothing is.

        PostgreSQL checks its own pages.
        """
        if not self.is_sqlite:
            return ""
        try:
            with self.reading() as connection:
                said = connection.exec_driver_sql("PRAGMA quick_check").scalars().all()
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        except RecordsError as error:
            return error.given
        if broken:
            return f"{len(broken)} rows refer to rows that are not there"
        return "" if said == ["ok"] else "; ".join(str(line) for line in said)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open one transaction that sees one state throughout and cannot write.

        Raises
        ------
        RecordsError : the database fails or refuses.
        """
        with self._unit("reading") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open one transaction: all of it is on disk when the block ends, or none of it.

        On SQLite writers take turns from the first line of the block on.

        Raises
        ------
        RecordsError : the database fails or refuses; nothing was written.
        RecordsBusyError : another writer held it for too long; nothing was written.
        """
        if getattr(self._at_work, "is_writing", False):
            raise RuntimeError("a writing unit of work within another would wait for itself")
        self._at_work.is_writing = True
        try:
            with self._unit("writing") as connection:
                yield connection
        finally:
            self._at_work.is_writing = False

    def forget_deleted(self) -> None:
        """Empty SQLite's write-ahead log, in which deleted rows may still be read.

        PostgreSQL overwrites them by its own vacuum, and keeps its log as it is set up to.
        """
        if self.is_sqlite:
            with faults_told(self._url), self._engine.connect() as connection:
                driver = connection.connection.driver_connection
                assert driver is not None  # it was just connected
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the connections held ready."""
        self._engine.dispose()

    @contextmanager
    def _unit(self, unit: str) -> Iterator[sa.Connection]:
        with faults_told(self._url), self._engine.connect() as opened:
            connection = opened.execution_options(**transaction_options(self._url, unit))
            with connection.begin():
                yield connection
