"""Two rates: intervals by inverting the score test, so that they stay between -1 and 1.

The test, the interval of the difference and that of the ratio are one statistic, so the three
never disagree; it is the chi-square test of the two-by-two table without continuity correction.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from tenure.experiments.effects.arm_statistics import ArmStatistics
from tenure.experiments.effects.effect import Effect, figure, relative_error, undefined_effect
from tenure.experiments.effects.means import PrePeriod, mean_contrast, mean_effect
from tenure.experiments.effects.modes import FixedHorizon, Mode, check_confidence, student_quantile
from tenure.kernel import DataError, Estimate, Undefined, wilson_interval

_HALVINGS = 80
_LARGEST_RATIO = 1e12
_NORMAL = 1e18  # degrees of freedom: the normal distribution


@dataclass(frozen=True, slots=True)
class Rates:
    """Successes and customers of control and treatment.

    Parameters
    ----------
    control_successes, control_trials : of the control, successes <= trials, trials > 0.
    treatment_successes, treatment_trials : of the treatment.
    """

    control_successes: int
    control_trials: int
    treatment_successes: int
    treatment_trials: int

    @property
    def control(self) -> float:
        """The control's rate, 0..1."""
        return self.control_successes / self.control_trials

    @property
    def treatment(self) -> float:
        """The treatment's rate, 0..1."""
        return self.treatment_successes / self.treatment_trials


def proportion_effect(
    control: ArmStatistics,
    treatment: ArmStatistics,
    *,
    mode: Mode | None = None,
    pre_period: PrePeriod | None = None,
) -> Effect:
    """Return the difference of two rates with score intervals.

    Where clusters were assigned, or with a pre-period, a rate is a mean like any other.

    Parameters
    ----------
    control, treatment : the arms; every outcome is 0 or 1.
    mode, pre_period : as in `mean_effect`.

    Raises
    ------
    DataError : an outcome is neither 0 nor 1.

    References
    ----------
    Mee (1984), Biometrics 40, 1175-1176; Koopman (1984), Biometrics 40, 513-517,
    doi:10.2307/2531405; Miettinen, Nurminen (1985), Statistics in Medicine 4, 213-226,
    doi:10.1002/sim.4780040211.
    """
    mode = FixedHorizon() if mode is None else mode
    for arm in (control, treatment):
        _check_rate(arm)
    if control.clusters is not None or pre_period is not None:
        return mean_effect(control, treatment, mode=mode, pre_period=pre_period)
    arms = (control.arm, treatment.arm)
    if not (control.customers and treatment.customers):
        return undefined_effect("empty_arm", mode, arms=arms)
    if not (control.moments.count and treatment.moments.count):
        return undefined_effect("too_few_customers", mode, arms=arms)
    rates = Rates(
        round(control.moments.total("outcome")),
        control.moments.count,
        round(treatment.moments.total("outcome")),
        treatment.moments.count,
    )
    found = _scored(rates, mode, arms)
    wald = mean_contrast(control, treatment)
    if isinstance(wald, Undefined):
        return replace(found, standard_error=wald, relative_standard_error=wald)
    return replace(
        found,
        standard_error=figure(math.sqrt(wald.variance)),
        relative_standard_error=relative_error(wald),
    )


def newcombe_interval(rates: Rates, *, confidence: float = 0.95) -> Estimate:
    """Return the difference treatment - control with Newcombe's hybrid score interval.

    Parameters
    ----------
    rates : successes and trials of both arms.
    confidence : nominal coverage, 0..1 exclusive.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    """
    check_confidence(confidence)
    z = student_quantile(0.5 + confidence / 2, _NORMAL)
    one = wilson_interval(rates.control_successes, rates.control_trials, z=z)
    other = wilson_interval(rates.treatment_successes, rates.treatment_trials, z=z)
    if isinstance(one, Undefined) or isinstance(other, Undefined):
        raise DataError("an arm without customers", "at least one in each", "wait for customers")
    value = other.value - one.value
    low = value - math.hypot(other.value - other.low, one.high - one.value)
    high = value + math.hypot(other.high - other.value, one.value - one.low)
    return Estimate(value, low, high, confidence, "newcombe")


def score_difference(rates: Rates, *, z: float, confidence: float) -> Estimate:
    """Return the difference of two rates with Mee's score interval.

    Parameters
    ----------
    rates : successes and trials of both arms.
    z : standard errors to each side.
    confidence : what `z` stands for, 0..1.
    """
    value = rates.treatment - rates.control

    def beyond(difference: float) -> bool:
        gap = value - difference
        return gap * gap > z * z * _difference_variance(rates, difference)

    low = _edge(beyond, value, -1.0)
    high = _edge(beyond, value, 1.0)
    return Estimate(value, low, high, confidence, "score")


def score_lift(rates: Rates, *, z: float, confidence: float) -> Estimate | Undefined:
    """Return the relative difference of two rates with Koopman's score interval.

    Parameters
    ----------
    rates, z, confidence : as in `score_difference`.

    Returns
    -------
    Undefined if nobody of the control succeeded, or the ratio has no upper end.
    """
    if rates.control_successes == 0:
        return Undefined("baseline_near_zero")
    ratio = rates.treatment / rates.control

    def beyond(logarithm: float) -> bool:
        given = math.exp(logarithm)
        gap = rates.treatment - given * rates.control
        return gap * gap > z * z * _ratio_variance(rates, given)

    furthest = math.log(_LARGEST_RATIO)
    if not beyond(furthest):
        return Undefined("baseline_near_zero")
    start = math.log(ratio) if ratio > 0 else -furthest
    low = math.exp(_edge(beyond, start, -furthest)) if beyond(-furthest) else 0.0
    high = math.exp(_edge(beyond, start, furthest))
    return Estimate(ratio - 1, min(low, ratio) - 1, max(high, ratio) - 1, confidence, "score")


def _scored(rates: Rates, mode: Mode, arms: tuple[str, str]) -> Effect:
    units = rates.control_trials + rates.treatment_trials
    z = mode.reach(_NORMAL, units)
    pooled = _difference_variance(rates, 0.0)
    p_value: float | Undefined = Undefined("no_variance")
    if pooled > 0:
        statistic = (rates.treatment - rates.control) / math.sqrt(pooled)
        p_value = mode.p_value(statistic, _NORMAL, units)
    return Effect(
        *arms,
        method="score",
        mode=mode.name,
        absolute=score_difference(rates, z=z, confidence=mode.confidence),
        relative=score_lift(rates, z=z, confidence=mode.confidence),
        p_value=p_value,
        control_value=rates.control,
        treatment_value=rates.treatment,
        standard_error=Undefined("no_variance"),
        relative_standard_error=Undefined("no_variance"),
        units=units,
    )


def _edge(beyond: Callable[[float], bool], inside: float, furthest: float) -> float:
    """Return where an interval that holds `inside` ends on the way to `furthest`."""
    if not beyond(furthest):
        return furthest
    outside = furthest
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if beyond(middle):
            outside = middle
        else:
            inside = middle
    return inside


def _difference_variance(rates: Rates, difference: float) -> float:
    """Return the variance of the difference of rates where they differ by `difference`.

    The likeliest such rates solve a cubic, in closed form: Miettinen and Nurminen, appendix I.
    """
    x1, n1 = rates.treatment_successes, rates.treatment_trials
    x2, n2 = rates.control_successes, rates.control_trials
    total, successes = n1 + n2, x1 + x2
    if difference == 0:
        rate = successes / total
        return rate * (1 - rate) * (1 / n1 + 1 / n2)
    l2 = (n1 + 2 * n2) * difference - total - successes
    l1 = (n2 * difference - total - 2 * x2) * difference + successes
    l0 = x2 * difference * (1 - difference)
    q = (l2 / (3 * total)) ** 3 - l1 * l2 / (6 * total * total) + l0 / (2 * total)
    squared = (l2 / (3 * total)) ** 2 - l1 / (3 * total)
    p = math.copysign(math.sqrt(max(squared, 0.0)), q if q != 0 else 1.0)
    turned = 0.0 if p == 0 else q / (p * p * p)
    angle = (math.pi + math.acos(min(1.0, max(-1.0, turned)))) / 3
    second = 2 * p * math.cos(angle) - l2 / (3 * total)
    second = min(max(second, 0.0, -difference), 1.0, 1.0 - difference)
    first = second + difference
    return max(0.0, first * (1 - first)) / n1 + max(0.0, second * (1 - second)) / n2


def _ratio_variance(rates: Rates, ratio: float) -> float:
    """Return the variance of treatment - ratio * control where the rates have that ratio."""
    x1, n1 = rates.treatment_successes, rates.treatment_trials
    x2, n2 = rates.control_successes, rates.control_trials
    a = (n1 + n2) * ratio
    b = n1 * ratio + x1 + n2 + x2 * ratio
    c = x1 + x2
    # The smaller root, written so that nothing cancels.
    second = 2 * c / (b + math.sqrt(max(b * b - 4 * a * c, 0.0)))
    first = min(1.0, ratio * second)
    return max(0.0, first * (1 - first)) / n1 + ratio * ratio * max(0.0, second * (1 - second)) / n2


def _check_rate(arm: ArmStatistics) -> None:
    moments = arm.moments
    if not moments.count:
        return
    rate = moments.mean("outcome")
    place = moments.quantities.index("outcome")
    # Only noughts and ones scatter by exactly rate * (1 - rate), and have as many buyers as sum.
    around = moments.products[place][place]
    expected = moments.count * rate * (1 - rate)
    if abs(around - expected) > 1e-6 * max(1.0, moments.count) or not -1e-9 <= rate <= 1 + 1e-9:
        raise DataError(
            f"outcomes of arm {arm.arm!r} with mean {rate:.6g} and other values than 0 and 1",
            "0 or 1 for every customer",
            "compare means instead, or make the outcome 0 or 1",
        )
