"""For whom an action changes something: learners, rankings judged, and the value of a policy.

Enters: a pilot whose treatment was random with known chances, or a log of decisions with theirs.
Leaves: a verdict that may refuse, effects that a plan may count on, and values with intervals.
"""

from tenure.experiments.uplift.calibration import Line, Tenth, calibration_line, tenths
from tenure.experiments.uplift.curves import (
    Curve,
    CurveFigures,
    curve_figures,
    qini_curve,
    uplift_curve,
)
from tenure.experiments.uplift.learners import (
    DRLearner,
    SLearner,
    TLearner,
    UpliftLearner,
    XLearner,
    make_learner,
)
from tenure.experiments.uplift.pilots import Pilot, pilot
from tenure.experiments.uplift.policies import (
    Decisions,
    PolicyValue,
    decisions,
    expected_rewards,
    policy_gain,
    policy_value,
)
from tenure.experiments.uplift.targeting import (
    Candidate,
    TargetingOptions,
    TargetingVerdict,
    judge_targeting,
)
from tenure.experiments.uplift.targeting_words import VerdictCode
from tenure.experiments.uplift.uplift_model import UpliftModel
from tenure.experiments.uplift.verdict_tables import verdict_as_dict

__all__ = [
    "Candidate",
    "Curve",
    "CurveFigures",
    "DRLearner",
    "Decisions",
    "Line",
    "Pilot",
    "PolicyValue",
    "SLearner",
    "TLearner",
    "TargetingOptions",
    "TargetingVerdict",
    "Tenth",
    "UpliftLearner",
    "UpliftModel",
    "VerdictCode",
    "XLearner",
    "calibration_line",
    "curve_figures",
    "decisions",
    "expected_rewards",
    "judge_targeting",
    "make_learner",
    "pilot",
    "policy_gain",
    "policy_value",
    "qini_curve",
    "tenths",
    "uplift_curve",
    "verdict_as_dict",
]
