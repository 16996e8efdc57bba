"""Effects of an action, each with its interval, from sums over the customers of each arm.

Enters: a table with one row per customer, or arrays, and the design. Leaves: absolute and
relative effects, the check of the split, sample sizes, and a read-out in words.
"""

from tenure.experiments.effects.aggregating import OutcomeColumns, statistics
from tenure.experiments.effects.arm_statistics import ArmStatistics, statistics_from_arrays
from tenure.experiments.effects.bayes import NormalPrior, Posterior, posterior
from tenure.experiments.effects.by_stratum import (
    StratumEffect,
    StratumEffects,
    stratum_effects,
)
from tenure.experiments.effects.compliance import ComplierEffect, complier_effect
from tenure.experiments.effects.corrections import benjamini_hochberg, holm
from tenure.experiments.effects.duration import Duration, duration
from tenure.experiments.effects.effect import Effect
from tenure.experiments.effects.group_sequential import GroupSequential
from tenure.experiments.effects.guardrails import GuardrailResult, Margin, guardrail
from tenure.experiments.effects.means import PrePeriod, mean_effect, pre_period, ratio_effect
from tenure.experiments.effects.modes import ConfidenceSequence, FixedHorizon, Mode
from tenure.experiments.effects.moments import Moments
from tenure.experiments.effects.power import (
    Baseline,
    SampleSize,
    baseline,
    customers_needed,
    detectable_effect,
    power,
    rate_baseline,
)
from tenure.experiments.effects.proportions import proportion_effect
from tenure.experiments.effects.quantiles import (
    QuantileStatistics,
    quantile_effect,
    quantile_statistics,
    quantile_statistics_from_arrays,
)
from tenure.experiments.effects.readout import mode_of, readout
from tenure.experiments.effects.readouts import (
    ArmVerdict,
    Caution,
    Comparison,
    Measured,
    Metric,
    MetricReadout,
    Readout,
    VerdictCode,
)
from tenure.experiments.effects.sample_ratio import (
    SampleRatio,
    sample_ratio,
    sequential_sample_ratio,
)
from tenure.experiments.effects.stratified import stratified_effect

__all__ = [
    "ArmStatistics",
    "ArmVerdict",
    "Baseline",
    "Caution",
    "Comparison",
    "ComplierEffect",
    "ConfidenceSequence",
    "Duration",
    "Effect",
    "FixedHorizon",
    "GroupSequential",
    "GuardrailResult",
    "Margin",
    "Measured",
    "Metric",
    "MetricReadout",
    "Mode",
    "Moments",
    "NormalPrior",
    "OutcomeColumns",
    "Posterior",
    "PrePeriod",
    "QuantileStatistics",
    "Readout",
    "SampleRatio",
    "SampleSize",
    "StratumEffect",
    "StratumEffects",
    "VerdictCode",
    "baseline",
    "benjamini_hochberg",
    "complier_effect",
    "customers_needed",
    "detectable_effect",
    "duration",
    "guardrail",
    "holm",
    "mean_effect",
    "mode_of",
    "posterior",
    "power",
    "pre_period",
    "proportion_effect",
    "quantile_effect",
    "quantile_statistics",
    "quantile_statistics_from_arrays",
    "rate_baseline",
    "ratio_effect",
    "readout",
    "sample_ratio",
    "sequential_sample_ratio",
    "statistics",
    "statistics_from_arrays",
    "stratified_effect",
    "stratum_effects",
]
