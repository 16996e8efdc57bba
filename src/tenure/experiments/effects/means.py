"""Means, rates and ratios of an arm, adjusted or not, as one linear form of its customers.

Every figure here is, to first order, a mean over customers of a weighted sum of what is known
of them: that is the delta method, and what makes the customer (or the cluster) its unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tenure.experiments.effects.arm_statistics import ArmStatistics
from tenure.experiments.effects.effect import ArmEstimate, Contrast, Effect, contrast, effect
from tenure.experiments.effects.modes import FixedHorizon, Mode
from tenure.experiments.effects.moments import Moments, Quantity, merged
from tenure.kernel import OptionError, Undefined

Kind = Literal["mean", "ratio"]
Weights = dict[Quantity, float]


@dataclass(frozen=True, slots=True)
class PrePeriod:
    """How outcomes are adjusted by what the same customers did before the experiment.

    Parameters
    ----------
    theta : what is taken off the outcome per unit of the covariate; 0 takes nothing off.
    level : the covariate's figure over all arms.
    variance_ratio : variance left per variance before, 0..1, over all arms.
    """

    theta: float
    level: float
    variance_ratio: float


def mean_effect(
    control: ArmStatistics,
    treatment: ArmStatistics,
    *,
    mode: Mode | None = None,
    pre_period: PrePeriod | None = None,
) -> Effect:
    """Return the difference of means per customer: Welch's, or CUPED's with a pre-period.

    Parameters
    ----------
    control, treatment : the arms. Where clusters were assigned, they are the units.
    mode : how the experiment is read; None is once, at its end, with 95 %.
    pre_period : the adjustment, from `pre_period`.
    """
    mode = FixedHorizon() if mode is None else mode
    arms = (control.arm, treatment.arm)
    return effect(mean_contrast(control, treatment, pre_period=pre_period), mode, arms=arms)


def ratio_effect(
    control: ArmStatistics,
    treatment: ArmStatistics,
    *,
    mode: Mode | None = None,
    pre_period: PrePeriod | None = None,
) -> Effect:
    """Return the difference of ratios of sums, e.g. of spend per order, by the delta method.

    The customer is the unit: her orders are not independent of each other.

    Parameters
    ----------
    control, treatment, mode, pre_period : as in `mean_effect`.

    References
    ----------
    Deng, Knoblich, Lu (2018), Applying the delta method in metric analytics, KDD,
    doi:10.1145/3219819.3219919.
    """
    mode = FixedHorizon() if mode is None else mode
    arms = (control.arm, treatment.arm)
    found = mean_contrast(control, treatment, kind="ratio", pre_period=pre_period)
    return effect(found, mode, arms=arms)


def mean_contrast(
    control: ArmStatistics,
    treatment: ArmStatistics,
    *,
    kind: Kind = "mean",
    pre_period: PrePeriod | None = None,
) -> Contrast | Undefined:
    """Return the difference of two arms' means or ratios, before an interval is drawn.

    Parameters
    ----------
    control, treatment : the arms.
    kind : `mean` per customer, or `ratio` of the sums of outcome and denominator.
    pre_period : the adjustment, from `pre_period`.
    """
    method = "welch" if kind == "mean" else "ratio_delta"
    if control.clusters is not None:
        method = f"cluster_{'mean' if kind == 'mean' else 'ratio'}"
    if pre_period is not None:
        method = "cuped" if control.clusters is None else f"cuped_{method}"
    return contrast(
        arm_estimate(control, kind=kind, pre_period=pre_period),
        arm_estimate(treatment, kind=kind, pre_period=pre_period),
        method,
    )


def arm_estimate(
    arm: ArmStatistics, *, kind: Kind = "mean", pre_period: PrePeriod | None = None
) -> ArmEstimate | Undefined:
    """Return one arm's mean or ratio, with its sampling variance.

    Parameters
    ----------
    arm : the arm's statistics.
    kind, pre_period : as in `mean_contrast`.
    """
    units = arm.units
    if arm.customers == 0:
        return Undefined("empty_arm")
    if units.count < 2:
        return Undefined("too_few_customers")
    plain = _linear(units, "outcome", _divisor(arm, kind, "denominator"))
    if isinstance(plain, Undefined):
        return plain
    value, weights = plain
    adjusted, adjusted_weights = value, weights
    if pre_period is not None and pre_period.theta != 0:
        before = _linear(units, "covariate", _divisor(arm, kind, "covariate_denominator"))
        if isinstance(before, Undefined):
            return before
        adjusted = value - pre_period.theta * (before[0] - pre_period.level)
        adjusted_weights = {
            **weights,
            **{name: -pre_period.theta * weight for name, weight in before[1].items()},
        }
    count = units.count
    return ArmEstimate(
        arm.arm,
        adjusted,
        _settled(units, adjusted_weights) / count,
        plain=value,
        plain_variance=_settled(units, weights) / count,
        covariance=units.combined(adjusted_weights, weights) / count,
        degrees=float(count - 1),
        units=count,
    )


def pre_period(
    arms: Sequence[ArmStatistics],
    *,
    measured_until: date,
    exposed_from: date,
    kind: Kind = "mean",
) -> PrePeriod:
    """Return the CUPED adjustment: theta is pooled over all arms, within each of them.

    Pooling over every arm keeps the figures of the control the same whichever arm it is
    compared with. Theta is 0 where nobody, or everybody alike, did anything before.

    Parameters
    ----------
    arms : all arms of the experiment, with the quantity `covariate`.
    measured_until : the day from which on nothing counts in the covariate.
    exposed_from : the first day on which a customer could be treated.
    kind : `mean`, or `ratio` with a covariate that is divided by its own denominator.

    Raises
    ------
    OptionError : the covariate reaches into the experiment, so that the treatment may have
        changed it; what is then taken off is a part of the effect.

    References
    ----------
    Deng, Xu, Kohavi, Walker (2013), Improving the sensitivity of online controlled experiments
    by utilizing pre-experiment data, WSDM, doi:10.1145/2433396.2433413.
    """
    if measured_until > exposed_from:
        raise OptionError(
            f"a covariate measured until {measured_until}, treatment from {exposed_from} on",
            "a covariate that ends before anybody can be treated",
            "measure it until the first day of the experiment at most",
        )
    usable = [arm for arm in arms if arm.units.count >= 2]
    together = merged((arm.units for arm in usable), usable[0].units.quantities) if usable else None
    if together is None:
        return PrePeriod(0.0, 0.0, 1.0)
    before = _linear(together, "covariate", _divisor(usable[0], kind, "covariate_denominator"))
    after = _linear(together, "outcome", _divisor(usable[0], kind, "denominator"))
    if isinstance(before, Undefined) or isinstance(after, Undefined):
        return PrePeriod(0.0, 0.0, 1.0)
    spare = [arm.units.count - 1 for arm in usable]
    pooled = [
        sum(
            weight * arm.units.combined(one, other)
            for weight, arm in zip(spare, usable, strict=True)
        )
        for one, other in ((before[1], before[1]), (after[1], before[1]), (after[1], after[1]))
    ]
    spread, shared, noise = pooled
    if not all(map(math.isfinite, (*pooled, before[0]))):
        return PrePeriod(0.0, 0.0, 1.0)
    if spread <= 0 or noise <= 0 or _settled(together, before[1]) == 0:
        return PrePeriod(0.0, before[0], 1.0)
    return PrePeriod(shared / spread, before[0], max(0.0, 1 - shared / spread * shared / noise))


def _divisor(arm: ArmStatistics, kind: Kind, denominator: Quantity) -> Quantity | None:
    """Return what sums are divided by: nothing for means of customers, members in clusters."""
    if kind == "ratio":
        return denominator
    return None if arm.clusters is None else "members"


def _linear(
    units: Moments, top: Quantity, bottom: Quantity | None
) -> tuple[float, Weights] | Undefined:
    """Return a mean or a ratio of means, and the weights that make it linear in the units."""
    if bottom is None:
        return units.mean(top), {top: 1.0}
    divisor = units.mean(bottom)
    if divisor == 0:
        return Undefined("nothing_to_divide_by")
    value = units.mean(top) / divisor
    return value, {top: 1 / divisor, bottom: -value / divisor}


def _settled(units: Moments, weights: Weights) -> float:
    """Return the variance of a linear form; 0 where it is nothing but rounding."""
    if all(units.is_constant(name) for name, weight in weights.items() if weight != 0):
        return 0.0
    return units.combined(weights)
