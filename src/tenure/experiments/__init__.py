"""What caused what: assignment and holdouts, effect estimates, and who responds to an action.

Enters: customers and their outcomes. Leaves: arms that anybody can work out again, effects with
their intervals, and rankings by what an action changes.

Each name loads when it is asked for.
"""

from typing import TYPE_CHECKING

from tenure.kernel.late_doors import late_doors

if TYPE_CHECKING:
    from tenure.experiments.arms import Arm
    from tenure.experiments.assignment import NOBODY, arm_expression, arm_names, assign
    from tenure.experiments.balance import Balanced, assign_balanced, mahalanobis_distance
    from tenure.experiments.design_text import design_text, read_design
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
    "design_text",
    "end_experiment",
    "erase_unit",
    "experiment_named",
    "exposed_units",
    "held_out_by",
    "log_exposures",
    "mahalanobis_distance",
    "merge_units",
    "read_design",
    "running_experiments",
    "season_of",
    "start_experiment",
]

__getattr__ = late_doors(
    __name__,
    {
        "EXPOSED": "tenure.experiments.exposures",
        "HELD_OUT": "tenure.experiments.holdouts",
        "NOBODY": "tenure.experiments.assignment",
        "REACHABLE": "tenure.experiments.holdouts",
        "Arm": "tenure.experiments.arms",
        "Balanced": "tenure.experiments.balance",
        "Design": "tenure.experiments.designs",
        "Experiment": "tenure.experiments.starting",
        "Guardrail": "tenure.experiments.designs",
        "Holdout": "tenure.experiments.holdouts",
        "Layer": "tenure.experiments.exclusion",
        "Logged": "tenure.experiments.exposures",
        "Reading": "tenure.experiments.designs",
        "Settled": "tenure.experiments.merges",
        "all_experiments": "tenure.experiments.starting",
        "arm_expression": "tenure.experiments.assignment",
        "arm_names": "tenure.experiments.assignment",
        "arms_in_force": "tenure.experiments.recorded_arms",
        "assign": "tenure.experiments.assignment",
        "assign_balanced": "tenure.experiments.balance",
        "assign_recorded": "tenure.experiments.recorded_arms",
        "assign_shares": "tenure.experiments.quotas",
        "conflict_count": "tenure.experiments.merges",
        "design_text": "tenure.experiments.design_text",
        "end_experiment": "tenure.experiments.starting",
        "erase_unit": "tenure.experiments.merges",
        "experiment_named": "tenure.experiments.starting",
        "exposed_units": "tenure.experiments.exposures",
        "held_out_by": "tenure.experiments.holdouts",
        "log_exposures": "tenure.experiments.exposures",
        "mahalanobis_distance": "tenure.experiments.balance",
        "merge_units": "tenure.experiments.merges",
        "read_design": "tenure.experiments.design_text",
        "running_experiments": "tenure.experiments.starting",
        "season_of": "tenure.experiments.holdouts",
        "start_experiment": "tenure.experiments.starting",
    },
)
