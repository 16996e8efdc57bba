"""Difference in differences: how much more the treated changed than those who were not.

With units and periods complete and one date for all, the two-way regression (an effect for each
unit and each period) has this simple answer: each unit's mean after less her mean before, compared
between the groups. It is an effect only if both groups would have changed alike; what can be
tested of that is tested, with the power of the test beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tenure.experiments.observational.assumptions import (
    Assumption,
    Text,
    not_testable,
    tested,
    untested,
)
from tenure.experiments.observational.contrasts import Contrast, contrast
from tenure.experiments.observational.panels import OutcomePanel
from tenure.experiments.uplift.means import CONFIDENCE, check_confidence
from tenure.kernel import Estimate, Undefined

METHOD = "difference_in_differences"


@dataclass(frozen=True, slots=True)
class PreTrend:
    """Whether the groups already moved apart before the action.

    Parameters
    ----------
    slope : by how much more the treated rose per period before, with its interval.
    p_value : the chance of such a slope where both rose alike.
    power : the chance that this test would have noticed the trend which alone explains the
        whole difference found; a test of little power proves nothing by finding nothing.
    detectable : the effect that a trend would feign which the test notices with 80 % chance.
    """

    slope: Estimate
    p_value: float
    power: float
    detectable: float


@dataclass(frozen=True, slots=True)
class Placebo:
    """The same figure as if the action had begun earlier, when it had not.

    Parameters
    ----------
    starts : number of the pretended first period.
    effect : what was found, which should be nothing.
    """

    starts: int
    effect: Estimate


@dataclass(frozen=True, slots=True)
class DifferenceInDifferences:
    """What an action changed per unit and period, as far as that can be told.

    Parameters
    ----------
    effect : Undefined with `too_few_clusters`, or with `pre_trends_differ` where the groups
        already moved apart before.
    difference : the same figure as a plain description, whether or not it is an effect.
    pre_trend : Undefined with one period before.
    placebos : by pretended date, the earliest first.
    assumptions : what must hold, and whether it was tested.
    units, clusters : treated and others.
    periods : before and with the action.
    text : what it came to, by language.
    """

    effect: Estimate | Undefined
    difference: Estimate | Undefined
    pre_trend: PreTrend | Undefined
    placebos: tuple[Placebo, ...]
    assumptions: tuple[Assumption, ...]
    units: tuple[int, int]
    clusters: tuple[int, int]
    periods: tuple[int, int]
    text: Text


def difference_in_differences(
    given: OutcomePanel, *, confidence: float = CONFIDENCE
) -> DifferenceInDifferences:
    """Return the difference in differences with all that can be tested of it.

    Parameters
    ----------
    given : outcomes by unit and period.
    confidence : nominal coverage of intervals, and 1 - the level of tests, 0..1 exclusive.
    """
    check_confidence(confidence)
    found = _changed(given)
    difference = (
        Undefined("too_few_clusters") if found is None else found.estimate(confidence, METHOD)
    )
    trend = _pre_trend(given, found, confidence)
    placebos = tuple(_placebos(given, confidence))
    effect = difference
    if isinstance(trend, PreTrend) and trend.p_value < 1 - confidence:
        effect = Undefined("pre_trends_differ")
    arms = (given.treated, ~given.treated)
    return DifferenceInDifferences(
        effect,
        difference,
        trend,
        placebos,
        (
            _parallel(trend, 1 - confidence),
            _anticipation(placebos),
            untested("no_spillover"),
            untested("nothing_else"),
        ),
        (int(arms[0].sum()), int(arms[1].sum())),
        (len(np.unique(given.cluster[arms[0]])), len(np.unique(given.cluster[arms[1]]))),
        (given.starts, given.outcome.shape[1] - given.starts),
        _text(effect, difference, trend),
    )


def _changed(given: OutcomePanel) -> Contrast | None:
    after = given.outcome[:, given.starts :].mean(axis=1)
    return contrast(after - given.before.mean(axis=1), given.treated, given.cluster)


def _pre_trend(
    given: OutcomePanel, found: Contrast | None, confidence: float
) -> PreTrend | Undefined:
    if given.starts < 2:
        return Undefined("one_period_before")
    time = np.arange(given.starts) - (given.starts - 1) / 2
    slopes = given.before @ time / float(time @ time)
    trend = contrast(slopes, given.treated, given.cluster)
    if trend is None or found is None:
        return Undefined("too_few_clusters")
    # from the middle of the periods before to the middle of those with the action
    apart = given.outcome.shape[1] / 2
    return PreTrend(
        trend.estimate(confidence, "slope_before"),
        trend.p_value,
        trend.power(found.value / apart, confidence),
        trend.detectable(confidence) * apart,
    )


def _placebos(given: OutcomePanel, confidence: float) -> Iterator[Placebo]:
    for starts in range(1, given.starts):
        found = _changed(given.until(starts))
        if found is not None:
            yield Placebo(starts, found.estimate(confidence, "placebo_date"))


def _parallel(trend: PreTrend | Undefined, level: float) -> Assumption:
    if isinstance(trend, Undefined):
        return not_testable(
            "parallel_trends",
            {
                "en": "Not tested: that needs two periods before and two clusters in each group.",
                "zh": "未检验：需要行动之前至少两期，且每组至少两个群组。",
            },
        )
    return tested(
        "parallel_trends",
        {
            "en": f"Before the action the treated rose by {trend.slope.value:+.3g} more per "
            f"period (p {trend.p_value:.3f}). A trend that alone explains the difference would "
            f"have been noticed with a chance of {trend.power:.0%}; one that feigns an effect of "
            f"{trend.detectable:.3g} with 80%.",
            "zh": f"行动之前，被处理组每期多上升 {trend.slope.value:+.3g}"
            f"（p {trend.p_value:.3f}）。若差异全由趋势造成，被发现的概率为 {trend.power:.0%}；"
            f"能造成 {trend.detectable:.3g} 虚假效果的趋势有 80% 的概率被发现。",
        },
        holds=trend.p_value >= level,
    )


def _anticipation(placebos: tuple[Placebo, ...]) -> Assumption:
    if not placebos:
        return not_testable(
            "no_anticipation",
            {
                "en": "Not tested: that needs two periods before and two clusters in each group.",
                "zh": "未检验：需要行动之前至少两期，且每组至少两个群组。",
            },
        )
    last = placebos[-1].effect
    away = sum(one.effect.low > 0 or one.effect.high < 0 for one in placebos)
    span = f"{last.low:+.3g} to {last.high:+.3g}"
    return tested(
        "no_anticipation",
        {
            "en": f"In the last period before, the treated stood {last.value:+.3g} apart "
            f"(interval {span}). Of {len(placebos)} pretended dates {away} show an effect.",
            "zh": f"行动前最后一期，被处理组的差异为 {last.value:+.3g}"
            f"（区间 {last.low:+.3g} 至 {last.high:+.3g}）。"
            f"在 {len(placebos)} 个假想日期中，有 {away} 个显示出“效果”。",
        },
        holds=last.low <= 0 <= last.high,
    )


def _text(
    effect: Estimate | Undefined,
    difference: Estimate | Undefined,
    trend: PreTrend | Undefined,
) -> Text:
    if isinstance(difference, Undefined):
        return {
            "en": "No effect can be told: each group needs at least two clusters.",
            "zh": "无法得出效果：每组至少需要两个群组。",
        }
    span = f"{difference.value:+.3g}", f"{difference.low:+.3g}", f"{difference.high:+.3g}"
    if isinstance(effect, Undefined):
        return {
            "en": f"The treated changed by {span[0]} more (interval {span[1]} to {span[2]}), but "
            "they were already moving apart before the action. That is no effect.",
            "zh": f"被处理组多变化了 {span[0]}（区间 {span[1]} 至 {span[2]}），"
            "但两组在行动之前就已经走势不同，因此这不是效果。",
        }
    weak = isinstance(trend, Undefined) or trend.power < 0.8
    warning = {
        "en": " Whether both groups would have changed alike could hardly be tested.",
        "zh": "两组是否本会同样变化，几乎无法检验。",
    }
    return {
        "en": f"The treated changed by {span[0]} more per unit and period (interval {span[1]} to "
        f"{span[2]}). It is an effect only if all assumptions hold."
        + (warning["en"] if weak else ""),
        "zh": f"被处理组每单位每期多变化了 {span[0]}（区间 {span[1]} 至 {span[2]}）。"
        f"只有所有假设成立，这才是效果。{warning['zh'] if weak else ''}",
    }
