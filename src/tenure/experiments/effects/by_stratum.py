"""Who gained and who lost: the effect within each stratum, and whether the strata differ at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenure.experiments.effects.arm_statistics import ArmStatistics
from tenure.experiments.effects.corrections import benjamini_hochberg
from tenure.experiments.effects.effect import Effect, Figure, figure
from tenure.experiments.effects.means import mean_effect
from tenure.experiments.effects.modes import FixedHorizon, Mode
from tenure.experiments.effects.moments import Moments, empty_moments
from tenure.experiments.effects.proportions import proportion_effect
from tenure.experiments.effects.stratified import can_stratify
from tenure.kernel import DataError, Undefined
from tenure.kernel.scipy_library import special


@dataclass(frozen=True, slots=True)
class StratumEffect:
    """The effect within one stratum.

    Parameters
    ----------
    stratum : its name.
    effect : of being assigned, among its customers.
    corrected_p_value : after correcting for the number of strata (Benjamini-Hochberg).
    """

    stratum: str
    effect: Effect
    corrected_p_value: float | Undefined


@dataclass(frozen=True, slots=True)
class StratumEffects:
    """Effects within strata, and whether they differ.

    Parameters
    ----------
    strata : one per stratum, by name.
    difference_p_value : Cochran's test that all strata have one effect; where it is large, what
        looks like a gain of some and a loss of others may be chance.
    """

    strata: tuple[StratumEffect, ...]
    difference_p_value: Figure


def stratum_effects(
    control: ArmStatistics,
    treatment: ArmStatistics,
    *,
    is_rate: bool = False,
    mode: Mode | None = None,
) -> StratumEffects:
    """Return the effect within each stratum.

    Strata have to be known before the start. They are looked at after the whole, and to learn
    from: a gain of one among many strata needs an experiment of its own.

    Parameters
    ----------
    control, treatment : the arms, aggregated with a stratum.
    is_rate : outcomes are 0 or 1.
    mode : how the experiment is read; None is once, at its end, with 95 %.

    Raises
    ------
    DataError : the statistics have no strata, or clusters were assigned.

    References
    ----------
    Cochran (1954), The combination of estimates from different experiments, Biometrics 10,
    101-129.
    """
    mode = FixedHorizon() if mode is None else mode
    if not can_stratify(control, treatment):
        raise DataError(
            f"statistics of {control.arm!r} and {treatment.arm!r} without strata, or of clusters",
            "customers assigned one by one, by stratum",
            "name a stratum when you aggregate, and no cluster",
        )
    compare: Callable[..., Effect] = proportion_effect if is_rate else mean_effect
    ones, others = dict(control.strata), dict(treatment.strata)
    effects = {
        name: compare(_arm(control, ones.get(name)), _arm(treatment, others.get(name)), mode=mode)
        for name in sorted({*ones, *others})
    }
    corrected = benjamini_hochberg({name: one.p_value for name, one in effects.items()})
    return StratumEffects(
        tuple(StratumEffect(name, one, corrected[name]) for name, one in effects.items()),
        _difference(list(effects.values())),
    )


def _arm(arm: ArmStatistics, moments: Moments | None) -> ArmStatistics:
    """Return the customers of one stratum as an arm of their own."""
    held = empty_moments(arm.moments.quantities) if moments is None else moments
    return ArmStatistics(arm.arm, held.count, held)


def _difference(effects: list[Effect]) -> Figure:
    known = [
        (one.absolute.value, one.standard_error)
        for one in effects
        if not isinstance(one.absolute, Undefined) and not isinstance(one.standard_error, Undefined)
    ]
    if len(known) < 2:
        return Undefined("too_few_strata")
    # Weights relative to the surest stratum, so that no variance is too small to divide by.
    least = min(error for _, error in known)
    weights = [(least / error) ** 2 for _, error in known]
    middle = sum(weight * value for weight, (value, _) in zip(weights, known, strict=True)) / sum(
        weights
    )
    scaled = [(value - middle) / error for value, error in known]
    return figure(float(special.chdtrc(len(known) - 1, sum(one * one for one in scaled))))
