"""Definitions in versions, and the audit log; both only grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tenure.records.appending import forbid_changes
from tenure.records.columns import JsonText, RowId, UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "definitions",
        sa.Column("definition_id", RowId, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean, nullable=False),
        sa.Column("applied_at", UtcDateTime, nullable=False),
        sa.Column("applied_by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("definition_id", name=op.f("pk_definitions")),
        sa.UniqueConstraint(
            "kind", "name", "version", name=op.f("uq_definitions_kind_name_version")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_definitions_version_from_one")),
        sa.CheckConstraint("kind <> '' AND name <> ''", name=op.f("ck_definitions_named")),
    )
    op.create_table(
        "audit_log",
        sa.Column("audit_id", RowId, nullable=False),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("details", JsonText, nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_subject_audit_id"), "audit_log", ["subject", "audit_id"])
    forbid_changes(op.get_bind(), "definitions")
    forbid_changes(op.get_bind(), "audit_log")
