"""What a read-out holds, from the split down to each arm's effect on each metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from tenure.experiments.effects.arm_statistics import ArmStatistics
from tenure.experiments.effects.bayes import Posterior
from tenure.experiments.effects.by_stratum import StratumEffects
from tenure.experiments.effects.compliance import ComplierEffect
from tenure.experiments.effects.effect import Effect
from tenure.experiments.effects.guardrails import Better, GuardrailResult
from tenure.experiments.effects.quantiles import QuantileStatistics
from tenure.experiments.effects.sample_ratio import SampleRatio
from tenure.kernel import Estimate, OptionError, Undefined

Text = Mapping[str, str]
MetricKind = Literal["mean", "rate", "ratio", "quantile"]
Role = Literal["primary", "secondary", "guardrail"]
Adjustment = Literal["none", "pre_period", "strata"]
Finding = Literal["better", "worse", "no_difference_shown", "not_measurable"]


class VerdictCode(StrEnum):
    """What a read-out can come to, for one arm and for the experiment."""

    BETTER = "better"
    BETTER_GUARDRAIL_UNCLEAR = "better_guardrail_unclear"
    NO_DIFFERENCE_SHOWN = "no_difference_shown"
    KEEP_RUNNING = "keep_running"
    TOO_EARLY = "too_early"
    GUARDRAIL_BROKEN = "guardrail_broken"
    WORSE = "worse"
    NOT_MEASURABLE = "not_measurable"
    SAMPLE_RATIO_BROKEN = "sample_ratio_broken"


@dataclass(frozen=True, slots=True)
class Metric:
    """What is compared, settled before the start.

    Parameters
    ----------
    name : as in the design.
    title : by language.
    kind : `mean` per customer, `rate` (0 or 1 per customer), `ratio` of sums, or `quantile`.
    better : whether a higher or a lower figure is the better one.
    unit : behind amounts, e.g. a currency; empty for none.
    adjust : `pre_period` (CUPED, by the covariate), `strata`, or `none`.
    covariate_until : the day from which on nothing counts in the covariate; needed for
        `pre_period`.
    """

    name: str
    title: Text
    kind: MetricKind = "mean"
    better: Better = "higher"
    unit: str = ""
    adjust: Adjustment = "none"
    covariate_until: date | None = None

    def __post_init__(self) -> None:
        if self.adjust != "none" and self.kind == "quantile":
            raise OptionError(
                f"metric {self.name!r}: a quantile adjusted by {self.adjust}",
                "no adjustment of a quantile",
                "leave `adjust` out",
            )
        if self.adjust == "strata" and self.kind == "ratio":
            raise OptionError(
                f"metric {self.name!r}: a ratio adjusted by strata",
                "strata with means and rates",
                "leave `adjust` out, or adjust by the pre-period",
            )


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric with what was counted of it.

    Parameters
    ----------
    metric : what it is.
    arms : one entry per arm; of quantiles, their statistics.
    """

    metric: Metric
    arms: tuple[ArmStatistics, ...] | tuple[QuantileStatistics, ...]


@dataclass(frozen=True, slots=True)
class Caution:
    """Something a reader has to know: a code for programs, a text for people."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class Comparison:
    """One arm against the control on one metric.

    Parameters
    ----------
    treatment : the arm.
    effect : of being assigned to it (intention to treat), adjusted as the metric says.
    unadjusted : the same without the adjustment; None if there was none.
    corrected_p_value : after correcting for the other comparisons of the same role.
    finding : what it shows, by the corrected p-value.
    total : the effect times the customers of the arm: what would not have come without it.
    posterior : the Bayesian read-out, with its prior.
    guardrail : whether the margin was held; None where the metric is none.
    complier : effect on who took part because of the arm; None where that was not recorded.
    by_stratum : who gained and who lost; None where there are no strata.
    text : what it shows, in a sentence.
    """

    treatment: str
    effect: Effect
    unadjusted: Effect | None
    corrected_p_value: float | Undefined
    finding: Finding
    total: Estimate | Undefined
    posterior: Posterior | Undefined
    guardrail: GuardrailResult | None
    complier: ComplierEffect | None
    by_stratum: StratumEffects | None
    text: Text


@dataclass(frozen=True, slots=True)
class MetricReadout:
    """One metric of an experiment.

    Parameters
    ----------
    metric : what it is.
    role : `primary`, `secondary` or `guardrail`.
    comparisons : each arm against the control, in the design's order.
    pre_period_theta, variance_ratio : of the adjustment by the pre-period, if it was made.
    cap : amount at which outcomes were cut, over all arms; None if none were.
    warnings : what a reader has to know of this metric.
    """

    metric: Metric
    role: Role
    comparisons: tuple[Comparison, ...]
    pre_period_theta: float | None
    variance_ratio: float | None
    cap: float | None
    warnings: tuple[Caution, ...]


@dataclass(frozen=True, slots=True)
class ArmVerdict:
    """What one arm comes to over all metrics."""

    arm: str
    code: VerdictCode
    text: Text


@dataclass(frozen=True, slots=True)
class Readout:
    """An experiment as it reads at a date.

    Parameters
    ----------
    experiment : its name.
    as_of : the day up to which was counted, exclusive.
    mode : how it is read: `fixed_horizon`, `confidence_sequence` or `group_sequential`.
    mode_settings : what was settled for it, e.g. `tuning_customers`, or `looks` and `spending`.
    confidence : of every interval, 0..1.
    correction : of p-values over several comparisons of a role.
    sample_ratio : the check of the split; where it is broken nothing below may be acted on.
    verdict : the experiment's last word, with the arm it speaks of.
    arms : each arm's own.
    metrics : primary, then secondary, then guardrails.
    warnings : what a reader has to know of the whole.
    """

    experiment: str
    as_of: date
    mode: str
    mode_settings: Mapping[str, Any]
    confidence: float
    correction: str
    sample_ratio: SampleRatio
    verdict: ArmVerdict
    arms: tuple[ArmVerdict, ...]
    metrics: tuple[MetricReadout, ...]
    warnings: tuple[Caution, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the read-out as plain values for JSON, in this order."""
        plain_values: dict[str, Any] = plain(self)
        return plain_values


def plain(value: Any) -> Any:  # noqa: ANN401 - any part of a result, down to its leaves
    """Return a result as plain values for JSON; an undefined figure as its reason."""
    if isinstance(value, Undefined):
        return {"undefined": value.reason}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, StrEnum) else value
