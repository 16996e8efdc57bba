"""What caused what: assignment and holdouts, effect estimates, and who responds to an action.

Enters: customers and their outcomes. Leaves: arms that anybody can work out again, effects with
their intervals, and rankings by what an action changes.
"""

from tenure.experiments.arms import Arm
from tenure.experiments.assignment import NOBODY, arm_expression, arm_names, assign
from tenure.experiments.balance import Balanced, assign_balanced, mahalanobis_distance
from tenure.experiments.designs import Design, Guardrail, Reading
from tenure.experiments.exclusion import Layer
from tenure.experiments.exposures import EXPOSED, Logged, exposed_units, log_exposures
from tenure.experiments.holdouts import HELD_OUT, REACHABLE, Holdout, held_out_by, season_of
from tenure.experiments.merges import Settled, conflict_count, erase_unit, merge_units
from tenure.experiments.quotas import assign_shares
from tenure.experiments.recorded_arms import arms_in_force, assign_recorded
from tenure.experiments.starting import (
    Experiment,
    all_experiments,
    end_experiment,
    experiment_named,
    running_experiments,
    start_experiment,
)

__all__ = [
    "EXPOSED",
    "HELD_OUT",
    "NOBODY",
    "REACHABLE",
    "Arm",
    "Balanced",
    "Design",
    "Experiment",
    "Guardrail",
    "Holdout",
    "Layer",
    "Logged",
    "Reading",
    "Settled",
    "all_experiments",
    "arm_expression",
    "arm_names",
    "arms_in_force",
    "assign",
    "assign_balanced",
    "assign_recorded",
    "assign_shares",
    "conflict_count",
    "end_experiment",
    "erase_unit",
    "experiment_named",
    "exposed_units",
    "held_out_by",
    "log_exposures",
    "mahalanobis_distance",
    "merge_units",
    "running_experiments",
    "season_of",
    "start_experiment",
]
