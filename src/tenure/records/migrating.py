"""Bringing a database to the schema of this program, from Python, without a configuration file.

Migrations are numbered scripts inside the package (`migrations/versions/NNNN_words.py`), one
line of them. All that is missing runs in one transaction: after a crash the schema is the old one
or the new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from tenure.kernel import RecordsError
from tenure.records.connecting import shown
from tenure.records.turns import take_turn

VERSION_TABLE = "tenure_schema"
SCRIPTS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Where a database's schema stands.

    Parameters
    ----------
    found : number of the last migration it has had; empty: none.
    newest : number of the newest migration that this program knows.
    """

    found: str
    newest: str

    @property
    def is_current(self) -> bool:
        """Nothing has to be done."""
        return self.found == self.newest

    @property
    def is_newer(self) -> bool:
        """A later program has migrated it."""
        return self.found > self.newest


def newest_schema() -> str:
    """Return the number of the newest migration, e.g. `0002`."""
    return max(path.name[:4] for path in (SCRIPTS / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def schema_state(connection: sa.Connection) -> SchemaState:
    """Return where a database's schema stands, without changing it."""
    found = ""
    if sa.inspect(connection).has_table(VERSION_TABLE):
        version = sa.table(VERSION_TABLE, sa.column("version_num"))
        found = connection.execute(sa.select(version.c.version_num)).scalar() or ""
    return SchemaState(found, newest_schema())


def check_not_newer(state: SchemaState, url: sa.URL) -> None:
    """Refuse a database that a later program has migrated.

    Raises
    ------
    RecordsError : its schema is newer than this program.
    """
    if state.is_newer:
        raise RecordsError(
            f"{shown(url)} with schema {state.found}",
            f"schema {state.newest} at most, the newest that this program knows",
            "run the newer Tenure that migrated it, or restore a copy from before",
        )


def migrate(connection: sa.Connection, url: sa.URL, *, to: str = "head") -> None:
    """Run the migrations that are missing, within the caller's writing transaction.

    Two programs that begin at once take turns; the second finds nothing left to do.

    Parameters
    ----------
    connection : of a writing unit of work.
    url : for error messages.
    to : number of the migration to go to; `head`: the newest.

    Raises
    ------
    RecordsError : the schema is newer than this program.
    """
    from alembic import command  # noqa: PLC0415 - slow to load, and a migrated database needs none
    from alembic.config import Config  # noqa: PLC0415 - as above

    take_turn(connection, "migration")
    state = schema_state(connection)
    check_not_newer(state, url)
    if to == "head" and state.is_current:
        return
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
