"""Tables that only grow: triggers in the database itself refuse what would rewrite them.

Called by migrations. The rule then holds for whoever writes, with any program.
"""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa

Change = Literal["UPDATE", "DELETE"]

_FUNCTION = """
CREATE OR REPLACE FUNCTION tenure_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = '23000';
END $$
"""


def forbid_changes(
    connection: sa.Connection, table: str, *, changes: tuple[Change, ...] = ("UPDATE", "DELETE")
) -> None:
    """Make the database refuse to update, or also to delete, rows of a table.

    Parameters
    ----------
    connection : within the migration's transaction.
    table : name of the table.
    changes : what is refused. A table with customers in it leaves `DELETE` open, because a
        customer may ask to be erased.
    """
    if connection.dialect.name == "sqlite":
        for change in changes:
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    connection.exec_driver_sql(_FUNCTION)
    for change in changes:
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION tenure_append_only()"
        )
    if "DELETE" in changes:
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION tenure_append_only()"
        )


def permit_changes(
    connection: sa.Connection, table: str, *, changes: tuple[Change, ...] = ("UPDATE", "DELETE")
) -> None:
    """Undo `forbid_changes`, for a migration that must rewrite rows; it forbids them again."""
    is_sqlite = connection.dialect.name == "sqlite"
    names = [f"{table}_no_{change.lower()}" for change in changes]
    if "DELETE" in changes and not is_sqlite:
        names.append(f"{table}_no_truncate")
    for name in names:
        connection.exec_driver_sql(f"DROP TRIGGER {name}{'' if is_sqlite else f' ON {table}'}")
