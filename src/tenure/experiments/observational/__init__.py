"""Effects where nobody was held out at random: what must be believed then, and what was tried.

Enters: outcomes by unit and period. Leaves: an effect with its interval or the reason why there
is none, and each assumption in words with whether it was tested.
"""

from tenure.experiments.observational.assumptions import Assumption
from tenure.experiments.observational.difference import (
    DifferenceInDifferences,
    Placebo,
    PreTrend,
    difference_in_differences,
)
from tenure.experiments.observational.panels import OutcomePanel, outcome_panel
from tenure.experiments.observational.synthetic import SyntheticControl, synthetic_control

__all__ = [
    "Assumption",
    "DifferenceInDifferences",
    "OutcomePanel",
    "Placebo",
    "PreTrend",
    "SyntheticControl",
    "difference_in_differences",
    "outcome_panel",
    "synthetic_control",
]
