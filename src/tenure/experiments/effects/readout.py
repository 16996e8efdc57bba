"""An experiment read as it was designed: the split first, then each metric, then what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tenure.experiments.designs import Design, Guardrail
from tenure.experiments.effects.arm_statistics import ArmStatistics
from tenure.experiments.effects.bayes import NormalPrior, posterior
from tenure.experiments.effects.by_stratum import StratumEffects, stratum_effects
from tenure.experiments.effects.compliance import ComplierEffect, complier_effect
from tenure.experiments.effects.corrections import Correction, corrected
from tenure.experiments.effects.effect import Effect, undefined_effect, whole
from tenure.experiments.effects.group_sequential import GroupSequential
from tenure.experiments.effects.guardrails import Margin, guardrail
from tenure.experiments.effects.means import Kind, PrePeriod, mean_effect, pre_period, ratio_effect
from tenure.experiments.effects.modes import ConfidenceSequence, FixedHorizon, Mode
from tenure.experiments.effects.proportions import proportion_effect
from tenure.experiments.effects.quantiles import QuantileStatistics, quantile_effect
from tenure.experiments.effects.readout_cautions import metric_cautions, whole_cautions
from tenure.experiments.effects.readout_verdicts import experiment_verdict, verdicts
from tenure.experiments.effects.readouts import (
    Comparison,
    Finding,
    Measured,
    Metric,
    MetricReadout,
    Readout,
    Role,
)
from tenure.experiments.effects.sample_ratio import (
    SampleRatio,
    sample_ratio,
    sequential_sample_ratio,
)
from tenure.experiments.effects.stratified import can_stratify, stratified_effect
from tenure.experiments.effects.words import effect_text
from tenure.kernel import Estimate, OptionError, Undefined


def readout(
    design: Design,
    measured: Sequence[Measured],
    *,
    as_of: date,
    planned_customers: int | None = None,
    looks: tuple[float, ...] = (),
    customers: Mapping[str, int] | None = None,
    correction: Correction = "holm",
    prior: NormalPrior | None = None,
) -> Readout:
    """Return an experiment as it reads at a date.

    Parameters
    ----------
    design : arms (the first is the control), metrics, guardrails and mode, as settled before.
    measured : the metrics with what was counted; those of the design that are absent are shown
        as not measured, others are left out.
    as_of : the day up to which was counted, exclusive.
    planned_customers : of all arms, at which a confidence sequence is to be tightest.
    looks : share of the plan at each look so far, the last is now; for `group_sequential`.
    customers : units assigned to each arm, from the assignments; None takes those of the
        primary metric.
    correction : of p-values over several comparisons of one role.
    prior : of the Bayesian figures; None is no effect on average, 30 % as standard deviation.

    Raises
    ------
    OptionError : looks are missing for a group-sequential design.
    DataError : outcomes of a rate are not 0 or 1.
    """
    mode = mode_of(design, planned_customers=planned_customers, looks=looks)
    by_name = {one.metric.name: one for one in measured}
    roles: list[tuple[str, Role]] = [(design.primary_metric, "primary")]
    roles += [(name, "secondary") for name in design.secondary_metrics]
    roles += [(one.metric, "guardrail") for one in design.guardrails]
    plan = _Plan(design, mode, correction, prior)
    metrics = [_metric(plan, by_name.get(name), name, role) for name, role in roles]
    metrics = _findings(plan, metrics)
    primary = by_name.get(design.primary_metric)
    counted = customers if customers is not None else _counts(plan, primary)
    split = _split(plan, counted)
    arms = verdicts(design, metrics, mode=mode, as_of=as_of)
    verdict = experiment_verdict(design, metrics, arms, split)
    cautions = whole_cautions(design, metrics, split, mode=mode, as_of=as_of)
    return Readout(
        design.name,
        as_of,
        mode.name,
        _settings(mode),
        mode.confidence,
        correction,
        split,
        verdict,
        arms,
        tuple(metrics),
        cautions,
    )


def mode_of(
    design: Design, *, planned_customers: int | None = None, looks: tuple[float, ...] = ()
) -> Mode:
    """Return how a design is read.

    Parameters
    ----------
    design, planned_customers, looks : as in `readout`.

    Raises
    ------
    OptionError : looks are missing for a group-sequential design.
    """
    confidence = 1 - design.reading.alpha
    if design.reading.mode == "confidence_sequence":
        if planned_customers is None:
            return ConfidenceSequence(confidence)
        return ConfidenceSequence(confidence, tuning_customers=planned_customers)
    if design.reading.mode == "group_sequential":
        if not looks:
            raise OptionError(
                f"experiment {design.name!r} read in groups, without looks",
                "the share of the planned customers at each look so far",
                "pass e.g. looks=(0.25, 0.5) at the second of four",
            )
        return GroupSequential(looks, confidence)
    return FixedHorizon(confidence)


def _settings(mode: Mode) -> dict[str, Any]:
    """Return what a mode was given beside its confidence."""
    if isinstance(mode, ConfidenceSequence):
        return {"tuning_customers": mode.tuning_customers}
    if isinstance(mode, GroupSequential):
        return {"looks": mode.looks, "spending": mode.spending}
    return {}


@dataclass(frozen=True, slots=True)
class _Plan:
    design: Design
    mode: Mode
    correction: Correction
    prior: NormalPrior | None

    @property
    def control(self) -> str:
        return self.design.arm_names[0]

    @property
    def treatments(self) -> tuple[str, ...]:
        return self.design.arm_names[1:]

    def guardrail(self, metric: str) -> Guardrail:
        return next(one for one in self.design.guardrails if one.metric == metric)

    def settled(self, metric: Metric, role: Role) -> Metric:
        """Return a metric with the direction that the design gives its guardrail."""
        if role != "guardrail":
            return metric
        return replace(metric, better=self.guardrail(metric.name).better)


def _metric(plan: _Plan, given: Measured | None, name: str, role: Role) -> MetricReadout:
    if given is None:
        title = name.replace("_", " ")
        metric = plan.settled(Metric(name, {"en": title, "zh": title}), role)
        found = tuple(
            _comparison(plan, metric, role, arm, None, None, None) for arm in plan.treatments
        )
        return MetricReadout(metric, role, found, None, None, None, ())
    given = replace(given, metric=plan.settled(given.metric, role))
    by_arm = {one.arm: one for one in given.arms}
    every = [one for one in given.arms if isinstance(one, ArmStatistics)]
    adjustment = _pre_period(plan, given.metric, every)
    comparisons = tuple(
        _comparison(
            plan, given.metric, role, arm, by_arm.get(plan.control), by_arm.get(arm), adjustment
        )
        for arm in plan.treatments
    )
    return MetricReadout(
        given.metric,
        role,
        comparisons,
        None if adjustment is None else adjustment.theta,
        None if adjustment is None else adjustment.variance_ratio,
        next((one.cap for one in every if one.cap is not None), None),
        metric_cautions(plan.design, given, comparisons, is_adjusted=adjustment is not None),
    )


def _pre_period(plan: _Plan, metric: Metric, every: list[ArmStatistics]) -> PrePeriod | None:
    """Return the adjustment; None where none is wanted or it has to be refused."""
    start, until = plan.design.starts_on, metric.covariate_until
    if metric.adjust != "pre_period" or start is None or until is None or until > start:
        return None
    kind: Kind = "ratio" if metric.kind == "ratio" else "mean"
    if not every or any("covariate" not in one.units for one in every):
        return None
    return pre_period(every, measured_until=until, exposed_from=start, kind=kind)


_Statistics = ArmStatistics | QuantileStatistics


def _comparison(
    plan: _Plan,
    metric: Metric,
    role: Role,
    arm: str,
    control: _Statistics | None,
    treatment: _Statistics | None,
    adjustment: PrePeriod | None,
) -> Comparison:
    arms = (plan.control, arm)
    unadjusted: Effect | None = None
    complier = within = None
    if control is None or treatment is None:
        reason = "not_measured" if control is None and treatment is None else "empty_arm"
        reason = "no_holdout" if control is None and treatment is not None else reason
        found = undefined_effect(reason, plan.mode, arms=arms)
    elif control.customers == 0:
        found = undefined_effect("no_holdout", plan.mode, arms=arms)
    elif isinstance(control, QuantileStatistics) or isinstance(treatment, QuantileStatistics):
        found = _quantile(plan, control, treatment)
    else:
        plainly = _effect(plan, metric, control, treatment, None)
        found = plainly
        if adjustment is not None:
            found, unadjusted = _effect(plan, metric, control, treatment, adjustment), plainly
        elif metric.adjust == "strata" and can_stratify(control, treatment):
            found, unadjusted = stratified_effect(control, treatment, mode=plan.mode), plainly
        if metric.kind in ("mean", "rate"):
            complier, within = _extras(plan, metric, control, treatment)
    held = None
    if role == "guardrail":
        margin = Margin(plan.guardrail(metric.name).margin, "absolute")
        held = guardrail(found, margin=margin, better=metric.better)
    return Comparison(
        arm,
        found,
        unadjusted,
        found.p_value,
        "not_measurable",
        _total(metric, found, treatment),
        posterior(found, prior=plan.prior, better=metric.better, confidence=plan.mode.confidence),
        held,
        complier,
        within,
        effect_text(arm, plan.control, metric, found.absolute, found.relative),
    )


def _extras(
    plan: _Plan, metric: Metric, control: ArmStatistics, treatment: ArmStatistics
) -> tuple[ComplierEffect | None, StratumEffects | None]:
    """Return what was recorded beside the main result: taking part, and strata."""
    complier = within = None
    if "received" in control.moments:
        complier = complier_effect(control, treatment, mode=plan.mode)
    if control.strata and treatment.strata and can_stratify(control, treatment):
        within = stratum_effects(control, treatment, is_rate=metric.kind == "rate", mode=plan.mode)
    return complier, within


def _quantile(plan: _Plan, control: _Statistics, treatment: _Statistics) -> Effect:
    if isinstance(control, QuantileStatistics) and isinstance(treatment, QuantileStatistics):
        return quantile_effect(control, treatment, mode=plan.mode)
    raise OptionError(
        f"arms {control.arm!r} and {treatment.arm!r} with different statistics",
        "quantile statistics of both arms, or of none",
        "aggregate all arms alike",
    )


def _effect(
    plan: _Plan,
    metric: Metric,
    control: ArmStatistics,
    treatment: ArmStatistics,
    adjustment: PrePeriod | None,
) -> Effect:
    if metric.kind == "quantile":
        raise OptionError(
            f"metric {metric.name!r}: a quantile from sums",
            "quantile statistics",
            "aggregate with quantile_statistics",
        )
    compare = {"mean": mean_effect, "rate": proportion_effect, "ratio": ratio_effect}[metric.kind]
    return compare(control, treatment, mode=plan.mode, pre_period=adjustment)


def _total(metric: Metric, found: Effect, treatment: _Statistics | None) -> Estimate | Undefined:
    if metric.kind not in ("mean", "rate"):
        return Undefined("no_total")
    if isinstance(found.absolute, Undefined) or treatment is None:
        return found.absolute if isinstance(found.absolute, Undefined) else Undefined("empty_arm")
    one, number = found.absolute, treatment.customers
    return whole(
        replace(one, value=one.value * number, low=one.low * number, high=one.high * number)
    )


def _findings(plan: _Plan, metrics: list[MetricReadout]) -> list[MetricReadout]:
    """Correct p-values over the comparisons of each role, and say what they show."""
    roles: tuple[Role, ...] = ("primary", "secondary", "guardrail")
    adjusted: dict[tuple[str, str, str], float | Undefined] = {}
    for role in roles:
        own: dict[tuple[str, str, str], float | Undefined] = {
            (role, one.metric.name, comparison.treatment): comparison.effect.p_value
            for one in metrics
            if one.role == role
            for comparison in one.comparisons
        }
        # A guardrail must not be missed: correcting would only hide harm.
        adjusted |= corrected(own, "none" if role == "guardrail" else plan.correction)
    return [
        replace(
            one,
            comparisons=tuple(
                _found(
                    plan, one, comparison, adjusted[one.role, one.metric.name, comparison.treatment]
                )
                for comparison in one.comparisons
            ),
        )
        for one in metrics
    ]


def _found(
    plan: _Plan, metric: MetricReadout, given: Comparison, p_value: float | Undefined
) -> Comparison:
    finding: Finding = "no_difference_shown"
    absolute = given.effect.absolute
    if isinstance(absolute, Undefined):
        finding = "not_measurable"
    elif not isinstance(p_value, Undefined) and p_value < plan.design.reading.alpha:
        is_better = (absolute.value > 0) == (metric.metric.better == "higher")
        finding = "better" if is_better else "worse"
    return replace(given, corrected_p_value=p_value, finding=finding)


def _counts(plan: _Plan, primary: Measured | None) -> dict[str, int]:
    """Return what was assigned per arm: clusters where clusters were, else customers."""
    if primary is None:
        return {}
    counts = {}
    for one in primary.arms:
        if isinstance(one, ArmStatistics):
            counts[one.arm] = one.units.count if one.clusters is not None else one.customers
        else:
            counts[one.arm] = one.units if plan.design.is_clustered else one.customers
    return counts


def _split(plan: _Plan, counted: Mapping[str, int]) -> SampleRatio:
    weights = {arm.name: float(arm.weight) for arm in plan.design.arms}
    if plan.mode.name == "fixed_horizon":
        return sample_ratio(counted, weights)
    return sequential_sample_ratio(counted, weights)
