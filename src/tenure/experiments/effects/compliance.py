"""The effect on who took part because of being asked: an extra beside that of asking."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tenure.experiments.effects.arm_statistics import ArmStatistics
from tenure.experiments.effects.effect import Figure, figure, interval
from tenure.experiments.effects.modes import FixedHorizon, Mode
from tenure.experiments.effects.moments import Quantity
from tenure.kernel import Estimate, Undefined

WEAKEST_STATISTIC = 10.0
"""Squared statistic of the difference in taking part below which Wald's interval misleads."""


@dataclass(frozen=True, slots=True)
class ComplierEffect:
    """What the treatment changed for customers who received it because of their arm.

    Parameters
    ----------
    control, treatment : the arms.
    control_received, treatment_received : shares who received the treatment, 0..1.
    took_part : difference of these shares: the compliers.
    absolute : the effect on a complier; Undefined where too few took part because of the arm.
    p_value : two-sided.

    Notes
    -----
    Holds if the assignment changes outcomes only through the treatment received, and nobody
    does the opposite of what the arm says. The effect of being assigned is the main result.
    """

    control: str
    treatment: str
    control_received: Figure
    treatment_received: Figure
    took_part: Estimate | Undefined
    absolute: Estimate | Undefined
    p_value: Figure


def complier_effect(
    control: ArmStatistics, treatment: ArmStatistics, *, mode: Mode | None = None
) -> ComplierEffect:
    """Return the complier average effect with Wald's interval.

    Parameters
    ----------
    control, treatment : the arms, with the quantity `received`.
    mode : how the experiment is read; None is once, at its end, with 95 %.

    References
    ----------
    Angrist, Imbens, Rubin (1996), JASA 91, 444-455, doi:10.1080/01621459.1996.10476902;
    Staiger, Stock (1997), Econometrica 65, 557-586, for the limit of `WEAKEST_STATISTIC`.
    """
    mode = FixedHorizon() if mode is None else mode
    arms = (control, treatment)
    reason = None
    if any(arm.customers == 0 for arm in arms):
        reason = "empty_arm"
    elif any(arm.units.count < 2 for arm in arms):
        reason = "too_few_customers"
    if reason is not None:
        none = Undefined(reason)
        return ComplierEffect(control.arm, treatment.arm, none, none, none, none, none)
    divisor: Quantity | None = None if control.clusters is None else "members"
    shares = [_share(arm, "received", divisor) for arm in arms]
    outcomes = [_share(arm, "outcome", divisor) for arm in arms]
    units = sum(arm.units.count for arm in arms)
    degrees = float(units - 2)
    took_part = shares[1] - shares[0]
    spread = sum(_variance(arm, "received", 0.0, divisor) for arm in arms)
    reach = mode.reach(degrees, units)
    first = interval(took_part, reach * math.sqrt(spread), mode.confidence, "welch")
    found: Estimate | Undefined = Undefined("too_few_took_part")
    p_value: Figure = Undefined("too_few_took_part")
    if took_part * took_part > WEAKEST_STATISTIC * spread:
        value = (outcomes[1] - outcomes[0]) / took_part
        variance = sum(_variance(arm, "outcome", value, divisor) for arm in arms)
        error = math.sqrt(variance) / abs(took_part)
        found = interval(value, reach * error, mode.confidence, "wald")
        p_value = Undefined("no_variance")
        if error > 0:
            p_value = figure(mode.p_value(value / error, degrees, units))
        else:
            found = Undefined("no_variance")
    return ComplierEffect(
        control.arm,
        treatment.arm,
        figure(shares[0]),
        figure(shares[1]),
        first,
        found,
        p_value,
    )


def _share(arm: ArmStatistics, quantity: Quantity, divisor: Quantity | None) -> float:
    value = arm.units.mean(quantity)
    return value if divisor is None else value / arm.units.mean(divisor)


def _variance(
    arm: ArmStatistics, quantity: Quantity, slope: float, divisor: Quantity | None
) -> float:
    """Return the variance of the mean of `quantity - slope * received`."""
    weights: dict[Quantity, float] = {quantity: 1.0}
    if slope:
        weights["received"] = -slope
    size = 1.0
    if divisor is not None:
        size = arm.units.mean(divisor)
        level = _share(arm, quantity, divisor) - slope * _share(arm, "received", divisor)
        weights[divisor] = -level
    return arm.units.combined(weights) / size / size / arm.units.count
