"""Which database a workspace keeps its records in, and whether it is in order."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from tenure.engine.lake_care import Finding
from tenure.kernel import Clock, RecordsError
from tenure.records import Database, SchemaState, records_url
from tenure.settings import Settings

RECORDS_FILE = "records.db"


def workspace_records_url(root: Path, settings: Settings) -> sa.URL:
    """Return the URL of a workspace's records: the setting, or a file in its folder.

    Parameters
    ----------
    root : the workspace's folder; a relative path of an SQLite file begins there.
    settings : of the workspace.

    Raises
    ------
    RecordsError : the setting is no URL of SQLite or PostgreSQL.
    """
    if not settings.records_url:
        return sa.URL.create("sqlite", database=str(root / RECORDS_FILE))
    url = records_url(settings.records_url)
    if url.get_backend_name() == "sqlite":
        return url.set(database=str(root / str(url.database)))
    return url


def open_records(root: Path, settings: Settings, clock: Clock) -> Database:
    """Return a workspace's records, migrated to the schema of this program.

    Raises
    ------
    RecordsError : they cannot be reached, or a newer program has migrated them.
    """
    return Database.open(
        workspace_records_url(root, settings),
        clock=clock,
        busy_seconds=settings.lock_timeout_seconds,
    )


def check_records(root: Path, settings: Settings, clock: Clock) -> list[Finding]:
    """Check that the records can be reached and have this program's schema; changes nothing."""
    try:
        database = Database(workspace_records_url(root, settings), clock=clock)
        try:
            state = database.state()
            damage = database.damage() if state.found else ""
        finally:
            database.close()
    except RecordsError as error:
        return [Finding("records", "fault", str(error))]
    if damage:
        return [Finding("records", "fault", f"{database.shown_url}: {damage}")]
    return [_schema_finding(database.shown_url, state)]


def _schema_finding(url: str, state: SchemaState) -> Finding:
    if not state.found:
        return Finding("records", "ok", f"{url}, none yet: made when first used")
    if state.is_newer:
        detail = (
            f"{url} has schema {state.found}, and this program knows {state.newest} at most; "
            "run the newer Tenure that migrated it"
        )
        return Finding("records", "fault", detail)
    if not state.is_current:
        detail = f"{url} has schema {state.found}; brought to {state.newest} when next used"
        return Finding("records", "warning", detail)
    return Finding("records", "ok", f"{url}, schema {state.found}")
