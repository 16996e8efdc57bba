"""How far to believe a model: figures on past dates, simple rivals beside it, and a verdict.

Enters: arrays of what was predicted and what then happened, and tables of what was known.
Leaves: a scorecard with a verdict in words, and findings of leakage and of drift.
"""

from tenure.predictions.scorecards.champions import challenge
from tenure.predictions.scorecards.drift import (
    amount_drift,
    calibration_drift,
    parameter_jumps,
    population_drift,
)
from tenure.predictions.scorecards.findings import (
    DriftFinding,
    LeakageCheck,
    LeakageFinding,
    Weight,
)
from tenure.predictions.scorecards.folds import customers_apart, dates_apart
from tenure.predictions.scorecards.judging import ScorecardOptions, scorecard
from tenure.predictions.scorecards.late_cutoff import jump
from tenure.predictions.scorecards.leakage import suspects
from tenure.predictions.scorecards.money import ContactPlan
from tenure.predictions.scorecards.origins import RankedOrigin, ScoredOrigin
from tenure.predictions.scorecards.population import PopulationReference, population_reference
from tenure.predictions.scorecards.proving import FutureProof, prove_no_future, without_future
from tenure.predictions.scorecards.rankings import Pairs, pairs
from tenure.predictions.scorecards.readings import Reading
from tenure.predictions.scorecards.rival_lists import naive_lists
from tenure.predictions.scorecards.rivals import EarlierDate, naive_amounts, naive_probabilities
from tenure.predictions.scorecards.scorecard import OriginSummary, Scorecard
from tenure.predictions.scorecards.verdicts import Verdict, VerdictCode

__all__ = [
    "ContactPlan",
    "DriftFinding",
    "EarlierDate",
    "FutureProof",
    "LeakageCheck",
    "LeakageFinding",
    "OriginSummary",
    "Pairs",
    "PopulationReference",
    "RankedOrigin",
    "Reading",
    "Scorecard",
    "ScorecardOptions",
    "ScoredOrigin",
    "Verdict",
    "VerdictCode",
    "Weight",
    "amount_drift",
    "calibration_drift",
    "challenge",
    "customers_apart",
    "dates_apart",
    "jump",
    "naive_amounts",
    "naive_lists",
    "naive_probabilities",
    "pairs",
    "parameter_jumps",
    "population_drift",
    "population_reference",
    "prove_no_future",
    "scorecard",
    "suspects",
    "without_future",
]
