"""What a reader of an experiment has to be told beside its figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tenure.experiments.designs import Design
from tenure.experiments.effects.arm_statistics import ArmStatistics
from tenure.experiments.effects.means import mean_effect
from tenure.experiments.effects.modes import Mode
from tenure.experiments.effects.moments import Moments
from tenure.experiments.effects.readouts import Caution, Comparison, Measured, MetricReadout
from tenure.experiments.effects.sample_ratio import SampleRatio
from tenure.experiments.effects.stratified import can_stratify
from tenure.experiments.effects.words import caution_text, reason_text
from tenure.kernel import Undefined

FEWEST_BUYERS = 200
"""Customers with an outcome, per arm, below which intervals of skewed amounts are too narrow."""

FEWEST_CLUSTERS = 30
"""Clusters per arm below which their scatter is hardly known."""

_UNBALANCED = 0.001


def metric_cautions(
    design: Design, given: Measured, comparisons: Sequence[Comparison], *, is_adjusted: bool
) -> tuple[Caution, ...]:
    """Return what has to be known of one metric."""
    found = []
    arms = [one for one in given.arms if isinstance(one, ArmStatistics)]
    if given.metric.kind in ("mean", "ratio"):
        found += [
            _caution("few_buyers", arm=one.arm, count=one.buyers, limit=FEWEST_BUYERS)
            for one in arms
            if one.customers and one.buyers < FEWEST_BUYERS
        ]
    found += [
        _caution("few_clusters", arm=one.arm, count=one.clusters.count, limit=FEWEST_CLUSTERS)
        for one in arms
        if one.clusters is not None and one.customers and one.clusters.count < FEWEST_CLUSTERS
    ]
    found += [
        _caution("missing_outcomes", arm=one.arm, count=one.missing)
        for one in given.arms
        if one.missing
    ]
    cap = next((one.cap for one in arms if one.cap is not None), None)
    if cap is not None:
        count = sum(one.capped for one in arms)
        found.append(_caution("outcomes_cut", cap=f"{cap:,.2f}", count=count))
    if given.metric.adjust == "pre_period":
        if not is_adjusted:
            found.append(_refused(design, given))
        elif _is_unbalanced(arms):
            found.append(_caution("covariate_unbalanced"))
    if given.metric.adjust == "strata" and arms and not can_stratify(*arms):
        found.append(_caution("strata_refused"))
    if any("small_strata_merged" in one.effect.notes for one in comparisons):
        found.append(_caution("small_strata_merged"))
    return tuple(found)


def whole_cautions(
    design: Design,
    metrics: Sequence[MetricReadout],
    split: SampleRatio,
    *,
    mode: Mode,
    as_of: date,
) -> tuple[Caution, ...]:
    """Return what has to be known of the whole experiment."""
    found = []
    if isinstance(split.p_value, Undefined):
        reason = dict(reason_text(split.p_value.reason))
        found.append(_caution("sample_ratio_unchecked", reason=reason))
    if is_early(design, mode, as_of):
        found.append(_caution("read_early", as_of=as_of, end=design.ends_on))
    corrected = sum(len(one.comparisons) for one in metrics if one.role != "guardrail")
    if corrected > 1:
        found.append(_caution("several_comparisons", count=corrected))
    return tuple(found)


def is_early(design: Design, mode: Mode, as_of: date) -> bool:
    """Tell whether an experiment that is read once is read before its end."""
    is_once = mode.name == "fixed_horizon"
    return is_once and design.ends_on is not None and as_of < design.ends_on


def _caution(code: str, **values: object) -> Caution:
    return Caution(code, caution_text(code, **values))


def _refused(design: Design, given: Measured) -> Caution:
    return _caution(
        "pre_period_refused",
        until=given.metric.covariate_until or "?",
        start=design.starts_on or "?",
    )


def _is_unbalanced(arms: Sequence[ArmStatistics]) -> bool:
    """Tell whether the covariate, as an outcome, differs between arms as it hardly may."""
    swapped = [_with_covariate(one) for one in arms if one.moments.count]
    for one in swapped[1:]:
        p_value = mean_effect(swapped[0], one).p_value
        if not isinstance(p_value, Undefined) and p_value < _UNBALANCED:
            return True
    return False


def _with_covariate(arm: ArmStatistics) -> ArmStatistics:
    """Return an arm with the covariate in the outcome's place."""
    return ArmStatistics(
        arm.arm,
        arm.customers,
        _swapped(arm.moments),
        clusters=None if arm.clusters is None else _swapped(arm.clusters),
    )


def _swapped(given: Moments) -> Moments:
    wanted = [given.quantities.index("covariate")]
    names = ["outcome"]
    if "members" in given:
        wanted.append(given.quantities.index("members"))
        names.append("members")
    return Moments(
        given.count,
        tuple("members" if name == "members" else "outcome" for name in names),
        tuple(given.means[place] for place in wanted),
        tuple(tuple(given.products[i][j] for j in wanted) for i in wanted),
    )
