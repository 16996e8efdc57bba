"""Plans of strategies, as they were made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tenure.records.appending import forbid_changes
from tenure.records.columns import JsonText, RowId, UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "plans",
        sa.Column("plan_number", RowId, nullable=False),
        sa.Column("plan_id", sa.String(16), nullable=False),
        sa.Column("definition_id", RowId, nullable=False),
        sa.Column("strategy", sa.Text, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("occasion", sa.Integer, nullable=False),
        sa.Column("content", JsonText, nullable=False),
        sa.Column("planned_at", UtcDateTime, nullable=False),
        sa.Column("planned_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("plan_number", name=op.f("pk_plans")),
        sa.UniqueConstraint("plan_id", name=op.f("uq_plans_plan_id")),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definitions.definition_id"], name=op.f("fk_plans_definition_id")
        ),
        sa.CheckConstraint("occasion >= 1", name=op.f("ck_plans_occasion_from_one")),
    )
    op.create_index(op.f("ix_plans_strategy_as_of"), "plans", ["strategy", "as_of"])
    forbid_changes(op.get_bind(), "plans")
