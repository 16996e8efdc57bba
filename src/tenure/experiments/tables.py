"""The records of experiments: what was started, who was assigned, who came to the decision.

All of it only grows. Rows of customers can be deleted, because a customer may ask to be erased;
nobody can change one.
"""

from __future__ import annotations

import sqlalchemy as sa

from tenure.records import METADATA, JsonText, RowId, UtcDateTime

experiments = sa.Table(
    "experiments",
    METADATA,
    sa.Column("experiment_id", RowId, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("definition_id", RowId, sa.ForeignKey("definitions.definition_id"), nullable=False),
    sa.Column("design", JsonText, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("layer", sa.Text),
    sa.Column("first_slot", sa.Integer),
    sa.Column("end_slot", sa.Integer),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("started_by", sa.Text, nullable=False),
    sa.CheckConstraint(
        "(layer IS NULL AND first_slot IS NULL AND end_slot IS NULL) OR "
        "(layer IS NOT NULL AND first_slot >= 0 AND first_slot < end_slot AND end_slot <= 1000)",
        name="slots_in_layer",
    ),
)

experiment_ends = sa.Table(
    "experiment_ends",
    METADATA,
    sa.Column(
        "experiment_id",
        RowId,
        sa.ForeignKey("experiments.experiment_id"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("ended_at", UtcDateTime, nullable=False),
    sa.Column("ended_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

assignment_intakes = sa.Table(
    "assignment_intakes",
    METADATA,
    sa.Column(
        "experiment_id",
        RowId,
        sa.ForeignKey("experiments.experiment_id"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("intake", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("units", sa.Integer, nullable=False),
    sa.Column("draw", sa.Integer),
    sa.Column("distance", sa.Float),
    sa.Column("distance_limit", sa.Float),
    sa.Column("assigned_at", UtcDateTime, nullable=False),
)

assignments = sa.Table(
    "assignments",
    METADATA,
    sa.Column("experiment_id", RowId, primary_key=True, autoincrement=False),
    sa.Column("unit_id", sa.Text, primary_key=True),
    sa.Column("intake", sa.Integer, nullable=False),
    sa.Column("stratum", sa.Text, nullable=False),
    sa.Column("arm", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(
        ["experiment_id", "intake"],
        ["assignment_intakes.experiment_id", "assignment_intakes.intake"],
    ),
)

exposures = sa.Table(
    "exposures",
    METADATA,
    sa.Column(
        "experiment_id",
        RowId,
        sa.ForeignKey("experiments.experiment_id"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("unit_id", sa.Text, primary_key=True),
    sa.Column("arm", sa.Text, nullable=False),
    sa.Column("propensity", sa.Float, nullable=False),
    sa.Column("exposed_at", UtcDateTime, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.CheckConstraint("propensity > 0 AND propensity <= 1", name="propensity_is_a_chance"),
)

unit_merges = sa.Table(
    "unit_merges",
    METADATA,
    sa.Column("merge_id", RowId, primary_key=True),
    sa.Column("experiment_id", RowId, sa.ForeignKey("experiments.experiment_id"), nullable=False),
    sa.Column("losing_id", sa.Text, nullable=False),
    sa.Column("surviving_id", sa.Text, nullable=False),
    sa.Column("arm", sa.Text, nullable=False),
    sa.Column("exposed_at", UtcDateTime),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("is_conflict", sa.Boolean, nullable=False),
    sa.Column("merged_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("experiment_id", "losing_id"),
    sa.Index(None, "experiment_id", "surviving_id"),
    sa.CheckConstraint("losing_id <> surviving_id", name="two_ids"),
)
