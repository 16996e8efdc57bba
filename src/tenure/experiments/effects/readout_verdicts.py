"""What an experiment comes to: one code and one text per arm, and for the whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tenure.experiments.designs import Design
from tenure.experiments.effects.modes import Mode
from tenure.experiments.effects.readout_cautions import is_early
from tenure.experiments.effects.readouts import (
    ArmVerdict,
    Comparison,
    MetricReadout,
    VerdictCode,
)
from tenure.experiments.effects.sample_ratio import SampleRatio
from tenure.experiments.effects.words import reason_text, sample_ratio_text, verdict_text
from tenure.kernel import Undefined

_BEST_FIRST = tuple(VerdictCode)


def verdicts(
    design: Design, metrics: Sequence[MetricReadout], *, mode: Mode, as_of: date
) -> tuple[ArmVerdict, ...]:
    """Return each treated arm's verdict, as if the split were sound."""
    return tuple(
        _verdict(design, metrics, place, mode=mode, as_of=as_of)
        for place in range(len(design.arms) - 1)
    )


def experiment_verdict(
    design: Design,
    metrics: Sequence[MetricReadout],
    arms: Sequence[ArmVerdict],
    split: SampleRatio,
) -> ArmVerdict:
    """Return the last word: the best arm's, unless the split is broken or nobody is held out."""
    control = design.arm_names[0]
    if split.is_broken and split.customers.get(control, 0) > 0:
        return ArmVerdict(control, VerdictCode.SAMPLE_RATIO_BROKEN, sample_ratio_text(split))
    primary = metrics[0]

    def rank(place: int) -> tuple[int, float]:
        found = primary.comparisons[place].effect.absolute
        gain = 0.0 if isinstance(found, Undefined) else found.value
        return _BEST_FIRST.index(arms[place].code), -_signed(primary, gain)

    return arms[min(range(len(arms)), key=rank)]


def _verdict(
    design: Design, metrics: Sequence[MetricReadout], place: int, *, mode: Mode, as_of: date
) -> ArmVerdict:
    main = metrics[0].comparisons[place]
    harmed = _guardrails(metrics, place, "broken")
    unclear = (
        *_guardrails(metrics, place, "unclear"),
        *_guardrails(metrics, place, "not_measurable"),
    )
    code = _code(main, mode, early=is_early(design, mode, as_of))
    named = harmed
    if code is not VerdictCode.NOT_MEASURABLE and code is not VerdictCode.WORSE and harmed:
        code = VerdictCode.GUARDRAIL_BROKEN
    elif code is VerdictCode.BETTER and unclear:
        code, named = VerdictCode.BETTER_GUARDRAIL_UNCLEAR, unclear
    absolute = main.effect.absolute
    reason = absolute.reason if isinstance(absolute, Undefined) else ""
    text = verdict_text(
        code,
        arm=main.treatment,
        effect=main.text,
        guardrails=tuple(one.metric.title for one in named),
        reason=reason_text(reason),
        end=design.ends_on,
    )
    return ArmVerdict(main.treatment, code, text)


def _code(main: Comparison, mode: Mode, *, early: bool) -> VerdictCode:
    if main.finding == "not_measurable":
        return VerdictCode.NOT_MEASURABLE
    if early:
        return VerdictCode.TOO_EARLY
    if main.finding == "better":
        return VerdictCode.BETTER
    if main.finding == "worse":
        return VerdictCode.WORSE
    return VerdictCode.NO_DIFFERENCE_SHOWN if _is_last(mode) else VerdictCode.KEEP_RUNNING


def _is_last(mode: Mode) -> bool:
    """Tell whether no further look is to come."""
    if mode.name == "group_sequential":
        looks: tuple[float, ...] = getattr(mode, "looks", ())
        return bool(looks) and looks[-1] >= 1
    return mode.name == "fixed_horizon"


def _guardrails(
    metrics: Sequence[MetricReadout], place: int, state: str
) -> tuple[MetricReadout, ...]:
    return tuple(
        one
        for one in metrics
        if one.role == "guardrail"
        and (held := one.comparisons[place].guardrail) is not None
        and held.state == state
    )


def _signed(metric: MetricReadout, gain: float) -> float:
    return gain if metric.metric.better == "higher" else -gain
