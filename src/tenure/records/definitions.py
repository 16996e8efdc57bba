"""Definitions as text, in versions that are never rewritten.

A strategy, an experiment or a segment is YAML. Applying a text that differs from the version in
force adds the next version; applying the same text changes nothing; withdrawing adds a version
that says so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tenure.records.audit import record_audit
from tenure.records.columns import RowId, UtcDateTime
from tenure.records.metadata import METADATA
from tenure.records.turns import take_turn

definitions = sa.Table(
    "definitions",
    METADATA,
    sa.Column("definition_id", RowId, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("is_withdrawn", sa.Boolean, nullable=False),
    sa.Column("applied_at", UtcDateTime, nullable=False),
    sa.Column("applied_by", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.UniqueConstraint("kind", "name", "version"),
    sa.CheckConstraint("version >= 1", name="version_from_one"),
    sa.CheckConstraint("kind <> '' AND name <> ''", name="named"),
)


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of one definition.

    Parameters
    ----------
    definition_id : the row that other records refer to.
    kind : `strategy`, `experiment`, `segment` ...
    name : its name within the kind.
    version : counts up from 1.
    text : as it was given, sign for sign; empty if withdrawn.
    digest : SHA-256 of the text, in hexadecimal.
    is_withdrawn : this version says that there is none any more.
    applied_at : when, naive UTC.
    applied_by : who.
    note : why, in the words of who applied it.
    """

    definition_id: int
    kind: str
    name: str
    version: int
    text: str
    digest: str
    is_withdrawn: bool
    applied_at: datetime
    applied_by: str
    note: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying did.

    Parameters
    ----------
    definition : the version in force afterwards.
    is_new : a version was added; False: the text was in force already.
    """

    definition: Definition
    is_new: bool


def apply_definition(
    connection: sa.Connection,
    kind: str,
    name: str,
    text: str,
    *,
    at: datetime,
    by: str,
    note: str = "",
) -> Applied:
    """Put a text in force as the next version, with its entry in the audit log.

    Parameters
    ----------
    connection : of a writing unit of work.
    kind, name, text : the definition; the room it belongs to has checked the text.
    at : when, naive UTC.
    by : who.
    note : why.
    """
    return _add_version(connection, kind, name, text, at=at, by=by, note=note, is_withdrawn=False)


def withdraw_definition(
    connection: sa.Connection, kind: str, name: str, *, at: datetime, by: str, note: str = ""
) -> Applied | None:
    """Add a version that says the definition is no longer in force; None if there was none."""
    if current_definition(connection, kind, name) is None:
        return None
    return _add_version(connection, kind, name, "", at=at, by=by, note=note, is_withdrawn=True)


def current_definition(connection: sa.Connection, kind: str, name: str) -> Definition | None:
    """Return the version in force, or None if there is none or it was withdrawn."""
    latest = _latest(connection, kind, name)
    return None if latest is None or latest.is_withdrawn else latest


def current_definitions(connection: sa.Connection, kind: str) -> tuple[Definition, ...]:
    """Return the version in force of each definition of a kind, by name."""
    newest = (
        sa.select(definitions.c.name, sa.func.max(definitions.c.version).label("version"))
        .where(definitions.c.kind == kind)
        .group_by(definitions.c.name)
        .subquery()
    )
    wanted = (
        sa.select(definitions)
        .join(
            newest,
            (definitions.c.name == newest.c.name) & (definitions.c.version == newest.c.version),
        )
        .where(definitions.c.kind == kind, sa.not_(definitions.c.is_withdrawn))
    )
    found = [Definition(**row) for row in connection.execute(wanted).mappings()]
    # Sorted here: databases order texts by their own locale.
    return tuple(sorted(found, key=lambda one: one.name))


def definition_history(connection: sa.Connection, kind: str, name: str) -> tuple[Definition, ...]:
    """Return every version of one definition, oldest first, withdrawals among them."""
    wanted = (
        sa.select(definitions)
        .where(definitions.c.kind == kind, definitions.c.name == name)
        .order_by(definitions.c.version)
    )
    return tuple(Definition(**row) for row in connection.execute(wanted).mappings())


def digest_of(text: str) -> str:
    """Return the SHA-256 of a definition's text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _latest(connection: sa.Connection, kind: str, name: str) -> Definition | None:
    wanted = (
        sa.select(definitions)
        .where(definitions.c.kind == kind, definitions.c.name == name)
        .order_by(definitions.c.version.desc())
        .limit(1)
    )
    row = connection.execute(wanted).mappings().one_or_none()
    return None if row is None else Definition(**row)


def _add_version(
    connection: sa.Connection,
    kind: str,
    name: str,
    text: str,
    *,
    at: datetime,
    by: str,
    note: str,
    is_withdrawn: bool,
) -> Applied:
    take_turn(connection, f"definition:{kind}:{name}")
    latest = _latest(connection, kind, name)
    digest = digest_of(text)
    if latest is not None and (latest.digest, latest.is_withdrawn) == (digest, is_withdrawn):
        return Applied(latest, is_new=False)
    values = {
        "kind": kind,
        "name": name,
        "version": 1 if latest is None else latest.version + 1,
        "text": text,
        "digest": digest,
        "is_withdrawn": is_withdrawn,
        "applied_at": at,
        "applied_by": by,
        "note": note,
    }
    connection.execute(definitions.insert().values(**values))
    record_audit(
        connection,
        "withdrawn" if is_withdrawn else "applied",
        f"{kind}:{name}",
        at=at,
        by=by,
        details={"version": values["version"], "digest": digest, "note": note},
    )
    added = _latest(connection, kind, name)
    assert added is not None  # written in this transaction
    return Applied(added, is_new=True)
