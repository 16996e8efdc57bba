"""Who changed what and when: a log that only grows.

It outlives the erasure of a customer, so no entry may name one or hold what a customer said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tenure.records.columns import JsonText, RowId, UtcDateTime
from tenure.records.metadata import METADATA

audit_log = sa.Table(
    "audit_log",
    METADATA,
    sa.Column("audit_id", RowId, primary_key=True),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("details", JsonText, nullable=False),
    sa.Index(None, "subject", "audit_id"),
)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change.

    Parameters
    ----------
    audit_id : counts up with the entries.
    recorded_at : when, naive UTC.
    recorded_by : who: an operator's name or a program's.
    action : what was done, in the past tense: `applied`, `withdrawn`, `planned`.
    subject : what it was done to, as `kind:name`.
    details : further plain values.
    """

    audit_id: int
    recorded_at: datetime
    recorded_by: str
    action: str
    subject: str
    details: Mapping[str, object]


def record_audit(
    connection: sa.Connection,
    action: str,
    subject: str,
    *,
    at: datetime,
    by: str,
    details: Mapping[str, object] | None = None,
) -> None:
    """Add an entry in the transaction of the change itself, so neither exists alone.

    Parameters
    ----------
    connection : of the unit of work that makes the change.
    action, subject, details : as in `AuditEntry`; none of them names a customer.
    at : when, naive UTC.
    by : who.
    """
    connection.execute(
        audit_log.insert().values(
            recorded_at=at,
            recorded_by=by,
            action=action,
            subject=subject,
            details=dict(details or {}),
        )
    )


def audit_entries(
    connection: sa.Connection, *, subject: str | None = None, limit: int = 100
) -> tuple[AuditEntry, ...]:
    """Return the last entries, newest first.

    Parameters
    ----------
    connection : of a unit of work.
    subject : only of this subject, as `kind:name`.
    limit : at most so many.
    """
    wanted = sa.select(audit_log).order_by(audit_log.c.audit_id.desc()).limit(limit)
    if subject is not None:
        wanted = wanted.where(audit_log.c.subject == subject)
    return tuple(AuditEntry(**row) for row in connection.execute(wanted).mappings())
