"""Engines for the two databases, set up so that both keep the same promises.

SQLite: write-ahead log, so readers and the one writer do not wait for each other; every commit
on disk before it is acknowledged; foreign keys checked. PostgreSQL: its defaults.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tenure.kernel import RecordsBusyError, RecordsError

UNIT = "tenure_unit"
"""Execution option of a connection: `reading` or `writing`."""

_EXPECTED_URL = "sqlite:///path/records.db or postgresql://user:password@host/database"
_CONNECT_SECONDS = 10
_BUSY_STATES = {"55P03", "40001", "40P01"}  # lock timeout, serialisation failure, deadlock


def records_url(given: str | sa.URL) -> sa.URL:
    """Return a checked URL, with psycopg as the driver of PostgreSQL.

    Raises
    ------
    RecordsError : no URL, or one of another database.
    """
    try:
        url = sa.make_url(given)
    except (ArgumentError, ValueError):
        raise RecordsError(
            "a records URL that cannot be read",
            _EXPECTED_URL,
            "correct `records_url`; write @ : / in a password as %40 %3A %2F",
        ) from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise RecordsError(
            f"records in {shown(url)}", _EXPECTED_URL, "correct `records_url` in the settings"
        )
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise RecordsError(
            "records in memory, which end with the process", _EXPECTED_URL, "name a file"
        )
    return url


def shown(url: sa.URL) -> str:
    """Return a URL for people, its password hidden."""
    return url.render_as_string(hide_password=True)


def records_engine(url: sa.URL, *, busy_seconds: float) -> sa.Engine:
    """Return an engine that connects when first used.

    Parameters
    ----------
    url : from `records_url`.
    busy_seconds : how long to wait for another writer.

    Raises
    ------
    RecordsError : the driver of PostgreSQL is not installed.
    """
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(url, connect_args={"timeout": busy_seconds})
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    asked = " ".join(sa.util.to_list(url.query.get("options", ())))
    try:
        return sa.create_engine(
            url,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": _CONNECT_SECONDS,
                # Beside what the URL asks for, e.g. another schema by `-c search_path=...`.
                "options": f"{asked} -c lock_timeout={int(busy_seconds * 1000)}".strip(),
            },
        )
    except (ImportError, NoSuchModuleError) as fault:
        raise RecordsError(
            f"records in {shown(url)} without a driver ({fault})",
            "the driver psycopg",
            "install it: pip install 'tenure[postgresql]'",
        ) from fault


def transaction_options(url: sa.URL, unit: str) -> dict[str, Any]:
    """Return a connection's execution options for one unit of work, `reading` or `writing`."""
    if url.get_backend_name() == "sqlite":
        return {UNIT: unit}
    if unit == "reading":
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return {"isolation_level": "READ COMMITTED", "postgresql_readonly": False}


@contextmanager
def faults_told(url: sa.URL) -> Iterator[None]:
    """Turn the database's errors into ones that say what to do, without the password."""
    try:
        yield
    except PoolTimeoutError as fault:
        raise RecordsBusyError(
            f"{shown(url)}: {fault}", "a free connection", "run fewer commands at once"
        ) from None
    except DBAPIError as fault:
        raise _error(url, fault) from fault


def _error(url: sa.URL, fault: DBAPIError) -> RecordsError:
    said = str(fault.orig).strip().splitlines() or [type(fault.orig).__name__]
    text = said[0].replace(str(url.password), "***") if url.password else said[0]
    given = f"{shown(url)}: {text}"
    if "database is locked" in text or getattr(fault.orig, "sqlstate", None) in _BUSY_STATES:
        return RecordsBusyError(
            given, "no other writer for so long", "wait for the other command, then run this again"
        )
    if "append-only" in text:
        return RecordsError(given, "no change of rows there", "add a row that says what is new")
    if isinstance(fault, sa.exc.IntegrityError):
        return RecordsError(
            given, "a row that fits those there", "correct what the message names, and repeat"
        )
    if isinstance(fault, sa.exc.ProgrammingError):
        return RecordsError(
            given, "the tables of this program", "see `tenure doctor`; was the database changed?"
        )
    if url.get_backend_name() == "sqlite":
        return RecordsError(
            given, "an SQLite file that can be read and written", _sqlite_remedy(url, text)
        )
    return RecordsError(
        given,
        "a PostgreSQL that answers",
        "check that it runs, and host, user, password and database in `records_url`",
    )


def _sqlite_remedy(url: sa.URL, text: str) -> str:
    path = Path(str(url.database))
    if "malformed" in text:
        return f"restore a copy of {path}, with its -wal file if there is one"
    if not path.parent.is_dir():
        return f"make the folder {path.parent}"
    return f"check the rights, the free space and the content of {path}"


def _prepare_sqlite(connection: Any, record: object) -> None:  # noqa: ANN401 - the driver's own
    """Set up one connection; transactions are begun by `_begin_sqlite`, never by the driver."""
    del record
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    # What is deleted is overwritten: an erased customer leaves no bytes behind.
    cursor.execute("PRAGMA secure_delete = ON")
    _enter_log(cursor)
    cursor.close()


def _enter_log(cursor: Any) -> None:  # noqa: ANN401 - the driver's own
    """Switch to the write-ahead log, for which SQLite does not wait by itself."""
    (busy_ms,) = cursor.execute("PRAGMA busy_timeout").fetchone()
    deadline = time.monotonic() + busy_ms / 1000
    while True:
        try:
            if cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",):
                return
            cursor.execute("PRAGMA journal_mode = WAL").fetchone()
        except cursor.connection.OperationalError as fault:
            if "locked" not in str(fault) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: sa.Connection) -> None:
    """Begin what the unit of work asks for; a writer takes its turn now, not at its first row."""
    if connection.get_execution_options().get(UNIT) == "writing":
        connection.exec_driver_sql("PRAGMA query_only = OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
