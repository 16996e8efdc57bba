"""Which database a workspace keeps its records in, its check-up, and erasure from it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from tenure.engine.lake_care import Finding
from tenure.experiments import erase_unit
from tenure.kernel import Clock, RecordsError
from tenure.records import (
    AuditEntry,
    Database,
    SchemaState,
    audit_entries,
    record_audit,
    records_url,
)
from tenure.settings import RECORDS_FILE, Settings


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


def erase_recorded(
    root: Path, settings: Settings, clock: Clock, customer_id: str
) -> dict[str, int]:
    """Delete every row of a customer from the records, with the bytes.

    Returns
    -------
    Rows deleted, by table; empty if the workspace has no records yet.
    """
    if not _has_records(root, settings, clock):
        return {}
    database = open_records(root, settings, clock)
    try:
        with database.writing() as connection:
            erased = erase_unit(connection, customer_id)
            for table in customer_tables(connection):
                wanted = table.delete().where(table.c.customer_id == customer_id)
                erased[table.name] = connection.execute(wanted).rowcount
            # The log outlives the customer: it says that one was erased, not who.
            record_audit(
                connection, "erased", "customers", at=clock(), by="erase", details={"rows": erased}
            )
        database.forget_deleted()
    finally:
        database.close()
    return erased


def customer_tables(connection: sa.Connection) -> list[sa.TableClause]:
    """Return the tables that have a column `customer_id`, whichever room laid them."""
    inspector = sa.inspect(connection)
    return [
        sa.table(name, sa.column("customer_id"))
        for name in sorted(inspector.get_table_names())
        if any(column["name"] == "customer_id" for column in inspector.get_columns(name))
    ]


def audit_trail(
    root: Path, settings: Settings, clock: Clock, *, subject: str | None = None, limit: int = 100
) -> tuple[AuditEntry, ...]:
    """Return who changed what, newest first; empty if the workspace has no records yet.

    Parameters
    ----------
    root, settings, clock : of the workspace.
    subject : only of this subject, as `kind:name`.
    limit : at most so many.

    Raises
    ------
    RecordsError : the records cannot be reached, or a newer program has migrated them.
    """
    if not _has_records(root, settings, clock):
        return ()
    database = open_records(root, settings, clock)
    try:
        with database.reading() as connection:
            return audit_entries(connection, subject=subject, limit=limit)
    finally:
        database.close()


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
    folder = Path(str(database.url.database)).parent
    if not state.found and database.is_sqlite and not folder.is_dir():
        return [Finding("records", "fault", f"{database.shown_url}: there is no folder {folder}")]
    is_own_file = not settings.records_url and not state.found
    return [_schema_finding(RECORDS_FILE if is_own_file else database.shown_url, state)]


def _has_records(root: Path, settings: Settings, clock: Clock) -> bool:
    """Tell whether there are records, making none."""
    database = Database(workspace_records_url(root, settings), clock=clock)
    try:
        return bool(database.state().found)
    finally:
        database.close()


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
