"""Taking turns: work that reads and then writes what it read must not run twice at once."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa


def take_turn(connection: sa.Connection, name: str) -> None:
    """Wait until no other transaction holds this name, and hold it to the end of this one.

    On SQLite a writing unit of work is alone already. On PostgreSQL it is an advisory lock.

    Parameters
    ----------
    connection : of a writing unit of work.
    name : what is to be read and changed, e.g. `definition:strategy:welcome`.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(turn_number(name))))


def turn_number(name: str) -> int:
    """Return the 64-bit number by which PostgreSQL knows the name."""
    digest = hashlib.sha256(f"tenure:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
