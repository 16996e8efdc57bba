"""Experiments that were started, their assignments, exposures and merged units."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tenure.records.appending import forbid_changes
from tenure.records.columns import JsonText, RowId, UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    _make_experiments()
    _make_assignments()
    _make_exposures()
    connection = op.get_bind()
    for table in ("experiments", "experiment_ends", "assignment_intakes"):
        forbid_changes(connection, table)
    # Rows of customers may be deleted, when one asks to be erased.
    for table in ("assignments", "exposures", "unit_merges"):
        forbid_changes(connection, table, changes=("UPDATE",))


def _make_experiments() -> None:
    op.create_table(
        "experiments",
        sa.Column("experiment_id", RowId, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("definition_id", RowId, nullable=False),
        sa.Column("design", JsonText, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("layer", sa.Text),
        sa.Column("first_slot", sa.Integer),
        sa.Column("end_slot", sa.Integer),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("experiment_id", name=op.f("pk_experiments")),
        sa.UniqueConstraint("name", name=op.f("uq_experiments_name")),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["definitions.definition_id"],
            name=op.f("fk_experiments_definition_id"),
        ),
        sa.CheckConstraint(
            "(layer IS NULL AND first_slot IS NULL AND end_slot IS NULL) OR "
            "(layer IS NOT NULL AND first_slot >= 0 AND first_slot < end_slot "
            "AND end_slot <= 1000)",
            name=op.f("ck_experiments_slots_in_layer"),
        ),
    )
    op.create_table(
        "experiment_ends",
        sa.Column("experiment_id", RowId, nullable=False, autoincrement=False),
        sa.Column("ended_at", UtcDateTime, nullable=False),
        sa.Column("ended_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("experiment_id", name=op.f("pk_experiment_ends")),
        _of_experiment("experiment_ends"),
    )


def _make_assignments() -> None:
    op.create_table(
        "assignment_intakes",
        sa.Column("experiment_id", RowId, nullable=False, autoincrement=False),
        sa.Column("intake", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("units", sa.Integer, nullable=False),
        sa.Column("draw", sa.Integer),
        sa.Column("distance", sa.Float),
        sa.Column("distance_limit", sa.Float),
        sa.Column("assigned_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("experiment_id", "intake", name=op.f("pk_assignment_intakes")),
        _of_experiment("assignment_intakes"),
    )
    op.create_table(
        "assignments",
        sa.Column("experiment_id", RowId, nullable=False, autoincrement=False),
        sa.Column("unit_id", sa.Text, nullable=False),
        sa.Column("intake", sa.Integer, nullable=False),
        sa.Column("stratum", sa.Text, nullable=False),
        sa.Column("arm", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("experiment_id", "unit_id", name=op.f("pk_assignments")),
        sa.ForeignKeyConstraint(
            ["experiment_id", "intake"],
            ["assignment_intakes.experiment_id", "assignment_intakes.intake"],
            name=op.f("fk_assignments_experiment_id_intake"),
        ),
    )


def _make_exposures() -> None:
    op.create_table(
        "exposures",
        sa.Column("experiment_id", RowId, nullable=False, autoincrement=False),
        sa.Column("unit_id", sa.Text, nullable=False),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("propensity", sa.Float, nullable=False),
        sa.Column("exposed_at", UtcDateTime, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("experiment_id", "unit_id", name=op.f("pk_exposures")),
        _of_experiment("exposures"),
        sa.CheckConstraint(
            "propensity > 0 AND propensity <= 1", name=op.f("ck_exposures_propensity_is_a_chance")
        ),
    )
    op.create_table(
        "unit_merges",
        sa.Column("merge_id", RowId, nullable=False),
        sa.Column("experiment_id", RowId, nullable=False),
        sa.Column("losing_id", sa.Text, nullable=False),
        sa.Column("surviving_id", sa.Text, nullable=False),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("exposed_at", UtcDateTime),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("is_conflict", sa.Boolean, nullable=False),
        sa.Column("merged_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("merge_id", name=op.f("pk_unit_merges")),
        _of_experiment("unit_merges"),
        sa.UniqueConstraint(
            "experiment_id", "losing_id", name=op.f("uq_unit_merges_experiment_id_losing_id")
        ),
        sa.CheckConstraint("losing_id <> surviving_id", name=op.f("ck_unit_merges_two_ids")),
    )
    op.create_index(
        op.f("ix_unit_merges_experiment_id_surviving_id"),
        "unit_merges",
        ["experiment_id", "surviving_id"],
    )


def _of_experiment(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["experiment_id"],
        ["experiments.experiment_id"],
        name=op.f(f"fk_{table}_experiment_id"),
    )
