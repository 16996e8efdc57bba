"""The records of plans; who got what in each lies in the lake (`plan_decisions.py`)."""

from __future__ import annotations

import sqlalchemy as sa

from tenure.records import METADATA, JsonText, RowId, UtcDateTime

plans = sa.Table(
    "plans",
    METADATA,
    sa.Column("plan_number", RowId, primary_key=True),
    sa.Column("plan_id", sa.String(16), nullable=False, unique=True),
    sa.Column("definition_id", RowId, sa.ForeignKey("definitions.definition_id"), nullable=False),
    sa.Column("strategy", sa.Text, nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("occasion", sa.Integer, nullable=False),
    sa.Column("content", JsonText, nullable=False),
    sa.Column("planned_at", UtcDateTime, nullable=False),
    sa.Column("planned_by", sa.Text, nullable=False),
    sa.CheckConstraint("occasion >= 1", name="occasion_from_one"),
    sa.Index(None, "strategy", "as_of"),
)
