"""Synthetic control: one treated store beside a mixture of others that moved like it before.

The mixture's shares are at least 0 and sum to 1, so it never reaches beyond the others. How
surprising the gap afterwards is follows from doing the same to each of the others, to whom
nothing was done.

References
----------
Abadie, Diamond, Hainmueller (2010), Synthetic control methods for comparative case studies,
JASA 105(490), doi:10.1198/jasa.2009.ap08746; Firpo, Possebom (2018), Synthetic control method:
inference, sensitivity analysis and confidence sets, Journal of Causal Inference 6(2), for the
interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.experiments.observational.assumptions import (
    Assumption,
    Text,
    not_testable,
    tested,
    untested,
)
from tenure.experiments.observational.panels import OutcomePanel
from tenure.experiments.uplift.means import CONFIDENCE, check_confidence
from tenure.kernel import Estimate, Undefined
from tenure.kernel.scipy_library import optimize
from tenure.predictions.tables import FloatArray

METHOD = "synthetic_control"

DONORS_MIN = 3
PERIODS_BEFORE_MIN = 4

FIT_FACTOR_MAX = 2.0
"""A treated unit that is followed this much worse than the others typically are has no figure."""

_RIDGE = 1e-6  # of donors that do equally well, the even mixture is taken


@dataclass(frozen=True, slots=True)
class Gaps:
    """A treated unit beside its mixture.

    Parameters
    ----------
    weights : share of each of the others.
    gap : treated less mixture, by period.
    error_before : root mean square of the gaps before the action.
    effect : mean gap of the periods with the action.
    """

    weights: FloatArray
    gap: FloatArray
    error_before: float
    effect: float


@dataclass(frozen=True, slots=True)
class SyntheticControl:
    """What an action changed per period in the treated unit, as far as that can be told.

    Parameters
    ----------
    effect : Undefined with `too_few_donors`, `too_few_periods_before` or `poor_fit_before`.
    p_value : share of units, the treated one among them, whose gap afterwards is as large beside
        their gaps before; Undefined with the effect.
    gaps : treated beside mixture; None with too few donors or periods.
    typical_error : median of the others' own gaps before, the same way.
    assumptions : what must hold, and whether it was tested.
    donors : number of the others.
    periods : before and with the action.
    text : what it came to, by language.
    """

    effect: Estimate | Undefined
    p_value: float | Undefined
    gaps: Gaps | None
    typical_error: float | Undefined
    assumptions: tuple[Assumption, ...]
    donors: int
    periods: tuple[int, int]
    text: Text


def synthetic_control(given: OutcomePanel, *, confidence: float = CONFIDENCE) -> SyntheticControl:
    """Return the effect on the treated unit, or on the mean of several.

    Parameters
    ----------
    given : outcomes by unit and period; clusters are not looked at.
    confidence : nominal coverage of the interval, 0..1 exclusive. It needs at least
        1 / (1 - confidence) - 1 donors, 19 for 0.95.
    """
    check_confidence(confidence)
    donors = given.outcome[~given.treated]
    periods = (given.starts, given.outcome.shape[1] - given.starts)
    level = 1 - confidence
    reason = None
    if len(donors) < max(DONORS_MIN, round(1 / level, 9) - 1):
        reason = "too_few_donors"
    elif given.starts < PERIODS_BEFORE_MIN:
        reason = "too_few_periods_before"
    if reason is not None:
        undefined = Undefined(reason)
        assumptions = (
            not_testable("donors_resemble", _TOO_LITTLE[reason]),
            *(untested(code) for code in ("no_anticipation", "no_spillover", "nothing_else")),
        )
        return SyntheticControl(
            undefined,
            undefined,
            None,
            undefined,
            assumptions,
            len(donors),
            periods,
            _TOO_LITTLE[reason],
        )
    target = given.outcome[given.treated].mean(axis=0)
    gaps, others = _all_gaps(target, donors, given.starts)
    typical = float(np.median([one.error_before for one in others]))
    p_value = _rank(gaps, others)
    fits = gaps.error_before <= FIT_FACTOR_MAX * typical or gaps.error_before <= _tiny(target)
    reach = _critical(others, level) * _error(gaps)
    effect: Estimate | Undefined = Undefined("poor_fit_before")
    if fits:
        value = gaps.effect
        effect = Estimate(value, value - reach, value + reach, confidence, METHOD)
    return SyntheticControl(
        effect,
        p_value if fits else Undefined("poor_fit_before"),
        gaps,
        typical,
        (
            _resemblance(gaps, typical, fits=fits),
            _anticipation(target, donors, given.starts, level),
            untested("no_spillover"),
            untested("nothing_else"),
        ),
        len(donors),
        periods,
        _text(effect, p_value),
    )


def simplex_weights(target: FloatArray, donors: FloatArray) -> FloatArray:
    """Return shares, at least 0 and summing to 1, whose mixture of donors is nearest to a target.

    Parameters
    ----------
    target : shape (periods,).
    donors : shape (donors, periods).

    Notes
    -----
    The nearest point of a convex hull is found as a least-squares problem with unknowns of at
    least 0: for shares s w, s^2 |Aw|^2 + (s - 1)^2 is least over s at |Aw|^2 / (1 + |Aw|^2), which
    rises with |Aw|.

    References
    ----------
    Lawson, Hanson (1974), Solving least squares problems, chapter 23.
    """
    apart = (donors - target).T
    lengths = np.sqrt(np.square(apart).sum(axis=0))
    scale = max(float(lengths.min()), 1e-9 * float(lengths.max()))
    if scale == 0:
        return np.full(len(donors), 1 / len(donors))
    apart = apart / scale
    number = len(donors)
    small = np.sqrt(_RIDGE * float(np.square(apart).sum()) / number)
    system = np.vstack([apart, small * np.eye(number), np.ones(number)])
    wanted = np.concatenate([np.zeros(len(apart) + number), [1.0]])
    found, _ = optimize.nnls(system, wanted, maxiter=50 * number)
    return np.asarray(found / found.sum(), dtype=np.float64)


def _gaps(target: FloatArray, donors: FloatArray, starts: int) -> Gaps:
    weights = simplex_weights(target[:starts], donors[:, :starts])
    gap = target - weights @ donors
    before = float(np.sqrt(np.square(gap[:starts]).mean()))
    return Gaps(weights, gap, before, float(gap[starts:].mean()))


def _all_gaps(target: FloatArray, donors: FloatArray, starts: int) -> tuple[Gaps, list[Gaps]]:
    others = [
        _gaps(donor, np.delete(donors, place, axis=0), starts) for place, donor in enumerate(donors)
    ]
    return _gaps(target, donors, starts), others


def _tiny(values: FloatArray) -> float:
    return 1e-9 * (float(np.abs(values).max()) + 1e-300)


def _error(one: Gaps) -> float:
    return max(one.error_before, 1e-12)


def _surprise(one: Gaps) -> float:
    return abs(one.effect) / _error(one)


def _rank(gaps: Gaps, others: list[Gaps]) -> float:
    as_large = sum(_surprise(one) >= _surprise(gaps) for one in others)
    return (1 + as_large) / (1 + len(others))


def _critical(others: list[Gaps], level: float) -> float:
    """Return the surprise beyond which an effect would be rejected at a level."""
    ordered = sorted((_surprise(one) for one in others), reverse=True)
    return ordered[int(level * (len(others) + 1) + 1e-9) - 1]


def _resemblance(gaps: Gaps, typical: float, *, fits: bool) -> Assumption:
    used = int((gaps.weights > 0.01).sum())
    return tested(
        "donors_resemble",
        {
            "en": f"Before the action the mixture of {used} others missed the treated unit by "
            f"{gaps.error_before:.3g} per period; others are typically missed by {typical:.3g}.",
            "zh": f"行动之前，由 {used} 个单位组成的组合与被处理单位每期相差 "
            f"{gaps.error_before:.3g}；其他单位通常相差 {typical:.3g}。",
        },
        holds=fits,
    )


def _anticipation(target: FloatArray, donors: FloatArray, starts: int, level: float) -> Assumption:
    earlier = starts - max(1, starts // 3)
    if earlier < PERIODS_BEFORE_MIN:
        return not_testable("no_anticipation", _TOO_LITTLE["too_few_periods_before"])
    gaps, others = _all_gaps(target[:starts], donors[:, :starts], earlier)
    p_value = _rank(gaps, others)
    return tested(
        "no_anticipation",
        {
            "en": f"Pretending that it began {starts - earlier} periods earlier gives "
            f"{gaps.effect:+.3g} (p {p_value:.2f}).",
            "zh": f"假设提前 {starts - earlier} 期开始，得到 {gaps.effect:+.3g}"
            f"（p {p_value:.2f}）。",
        },
        holds=p_value > level,
    )


_TOO_LITTLE: dict[str, Text] = {
    "too_few_donors": {
        "en": "No effect can be told: there are too few others to compare with.",
        "zh": "无法得出效果：可供比较的其他单位太少。",
    },
    "too_few_periods_before": {
        "en": "That cannot be told: there are too few periods before the action.",
        "zh": "无法判断：行动之前的期数太少。",
    },
}


def _text(effect: Estimate | Undefined, p_value: float) -> Text:
    if isinstance(effect, Undefined):
        return {
            "en": "No effect can be told: no mixture of the others followed the treated unit "
            "before the action.",
            "zh": "无法得出效果：行动之前，没有任何其他单位的组合能够跟随被处理单位。",
        }
    span = f"{effect.value:+.3g}", f"{effect.low:+.3g}", f"{effect.high:+.3g}"
    return {
        "en": f"The treated unit stood {span[0]} per period above its mixture (interval {span[1]} "
        f"to {span[2]}; p {p_value:.3f} among the others). It is an effect only if all "
        "assumptions hold.",
        "zh": f"被处理单位每期比组合高 {span[0]}（区间 {span[1]} 至 {span[2]}；"
        f"与其他单位相比 p 为 {p_value:.3f}）。只有所有假设成立，这才是效果。",
    }
