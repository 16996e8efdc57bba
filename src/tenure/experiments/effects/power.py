"""How many customers an experiment needs, and what it can find, from the customers' own scatter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tenure.experiments.effects.arm_statistics import ArmStatistics
from tenure.experiments.effects.group_sequential import (
    GroupSequential,
    crossing_probability,
    spent_boundaries,
)
from tenure.experiments.effects.means import Kind, PrePeriod, arm_estimate
from tenure.experiments.effects.modes import FixedHorizon, Mode
from tenure.kernel import OptionError, Undefined
from tenure.kernel.scipy_library import special

Scale = Literal["absolute", "relative"]

MOST_CUSTOMERS = 10**12
_HALVINGS = 100


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is known before an experiment of one metric and its scatter between customers.

    Parameters
    ----------
    value : the metric now.
    unit_variance : variance of the metric from `n` units, times `n`.
    members : customers per unit; above 1 where whole clusters are assigned.
    is_rate : the outcome is 0 or 1, so that its scatter changes with the rate.
    """

    value: float
    unit_variance: float
    members: float = 1.0
    is_rate: bool = False


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How many customers find an effect at a given rate.

    Parameters
    ----------
    customers : by arm, whole numbers.
    effect : the effect to be found, absolute, in the metric's unit.
    power : chance to find it if it is there, 0..1.
    mode : how the experiment is read.
    """

    customers: dict[str, int]
    effect: float
    power: float
    mode: str

    @property
    def total(self) -> int:
        """Customers of both arms."""
        return sum(self.customers.values())


def rate_baseline(rate: float) -> Baseline | Undefined:
    """Return the baseline of a rate, 0..1; it needs no data but the rate."""
    if not 0 < rate < 1:
        return Undefined("no_variance")
    return Baseline(rate, rate * (1 - rate), is_rate=True)


def baseline(
    customers: ArmStatistics, *, kind: Kind = "mean", pre_period: PrePeriod | None = None
) -> Baseline | Undefined:
    """Return what past customers say of a metric: its value and its scatter.

    Parameters
    ----------
    customers : statistics of customers like those of the experiment, over as long a time.
    kind : `mean`, or `ratio` of outcome and denominator.
    pre_period : the adjustment that will be made; it lessens the scatter.
    """
    found = arm_estimate(customers, kind=kind, pre_period=pre_period)
    if isinstance(found, Undefined):
        return found
    variance = found.variance * found.units
    if not (0 < variance < math.inf and math.isfinite(found.plain)):
        return Undefined("no_variance" if variance == 0 else "beyond_number_range")
    members = 1.0 if customers.clusters is None else customers.clusters.mean("members")
    return Baseline(found.plain, variance, members)


def power(
    given: Baseline,
    effect: float,
    customers: Mapping[str, int],
    *,
    scale: Scale = "relative",
    mode: Mode | None = None,
) -> float | Undefined:
    """Return the chance to find an effect with given numbers of customers.

    Parameters
    ----------
    given : the metric and its scatter.
    effect : the effect that is there; relative 0.05 is five percent more.
    customers : of the two arms, control first.
    scale : of `effect`.
    mode : how the experiment is read; None is once, at its end, with 95 %. A confidence
        sequence is counted at the end alone: looks before only add to its power.
    """
    mode = FixedHorizon() if mode is None else mode
    counts = _two(customers)
    difference = _absolute(given, effect, scale)
    if isinstance(difference, Undefined):
        return difference
    if min(counts) <= 0:
        return Undefined("no_holdout")
    return _power(given, difference, counts, mode)


def customers_needed(
    given: Baseline,
    effect: float,
    *,
    scale: Scale = "relative",
    target: float = 0.8,
    shares: Mapping[str, float] | None = None,
    mode: Mode | None = None,
) -> SampleSize | Undefined:
    """Return how many customers are needed to find an effect.

    Parameters
    ----------
    given, effect, scale, mode : as in `power`.
    target : the power wanted, 0..1 exclusive.
    shares : of the two arms, control first; None is half and half. They need not sum to 1.

    Returns
    -------
    Undefined if an arm has no share, there is no effect to find, or no number is enough.
    """
    mode = FixedHorizon() if mode is None else mode
    _check_power(target)
    shares = {"control": 0.5, "treatment": 0.5} if shares is None else shares
    parts = _two(shares)
    difference = _absolute(given, effect, scale)
    if isinstance(difference, Undefined):
        return difference
    if min(parts) <= 0:
        return Undefined("no_holdout")
    if difference == 0:
        return Undefined("no_effect_to_find")
    halves = [part / sum(parts) for part in parts]

    def found(total: float) -> float:
        return _power(given, difference, (total * halves[0], total * halves[1]), mode)

    low, high = 0.0, 4 * given.members / min(halves)
    while found(high) < target:
        low, high = high, high * 2
        if high > MOST_CUSTOMERS:
            return Undefined("never_enough_customers")
    for _ in range(_HALVINGS):
        if high - low <= 1e-9 * high:
            break
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) >= target else (middle, high)
    counts = {arm: math.ceil(high * half - 1e-6) for arm, half in zip(shares, halves, strict=True)}
    return SampleSize(counts, difference, target, mode.name)


def detectable_effect(
    given: Baseline,
    customers: Mapping[str, int],
    *,
    scale: Scale = "relative",
    target: float = 0.8,
    mode: Mode | None = None,
) -> float | Undefined:
    """Return the smallest gain that is found at a given rate.

    Parameters
    ----------
    given, customers, scale, mode : as in `power`.
    target : the power wanted, 0..1 exclusive.

    Returns
    -------
    Above 0. Undefined if an arm has no customers, or a rate would have to rise above 1.
    """
    mode = FixedHorizon() if mode is None else mode
    _check_power(target)
    counts = _two(customers)
    if min(counts) <= 0:
        return Undefined("no_holdout")
    if scale == "relative" and given.value == 0:
        return Undefined("baseline_near_zero")
    most = 1 - given.value if given.is_rate else math.inf
    low, high = 0.0, min(most, math.sqrt(given.unit_variance * given.members / min(counts)))
    while _power(given, high, counts, mode) < target:
        if high >= most or high > 1e300:
            return Undefined("nothing_detectable")
        low, high = high, min(most, high * 2)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (
            (low, middle) if _power(given, middle, counts, mode) >= target else (middle, high)
        )
    return high / abs(given.value) if scale == "relative" else high


def with_variance_ratio(given: Baseline, ratio: float) -> Baseline:
    """Return a baseline whose scatter is lessened, e.g. by CUPED's variance ratio 1 - rho**2.

    Parameters
    ----------
    given : the baseline.
    ratio : variance left per variance before, 0..1.
    """
    if not 0 < ratio <= 1:
        raise OptionError(
            f"variance ratio {ratio}", "above 0, at most 1", "pass 1 - correlation**2"
        )
    return replace(given, unit_variance=given.unit_variance * ratio)


def _absolute(given: Baseline, effect: float, scale: Scale) -> float | Undefined:
    if not math.isfinite(effect):
        raise OptionError(f"effect {effect}", "a number", "pass e.g. 0.05 for five percent")
    difference = effect * abs(given.value) if scale == "relative" else effect
    if scale == "relative" and given.value == 0:
        return Undefined("baseline_near_zero")
    if given.is_rate and not 0 <= given.value + difference <= 1:
        return Undefined("rate_beyond_one")
    return difference


def _power(given: Baseline, difference: float, counts: tuple[float, float], mode: Mode) -> float:
    treated = given.unit_variance
    if given.is_rate:
        rate = given.value + difference
        # What CUPED takes off a rate's variance it takes off the treated arm's alike.
        treated *= max(rate * (1 - rate), 0.0) / (given.value * (1 - given.value))
    units = tuple(count / given.members for count in counts)
    error = math.sqrt(given.unit_variance / units[0] + treated / units[1])
    drift = abs(difference) / error
    if isinstance(mode, GroupSequential):
        edges = spent_boundaries(mode.looks, 1 - mode.confidence, mode.spending)
        return crossing_probability(mode.looks, edges, drift=min(drift, 1e3))
    reach = mode.reach(max(sum(units) - 2, 1.0), int(sum(units)))
    return float(special.ndtr(drift - reach) + special.ndtr(-drift - reach))


def _two(given: Mapping[str, float]) -> tuple[float, float]:
    values = tuple(given.values())
    if len(values) != 2 or not all(0 <= value < math.inf for value in values):
        raise OptionError(
            f"arms {dict(given)}", "two arms, control first, from 0 up", "compare arms in pairs"
        )
    return values[0], values[1]


def _check_power(target: float) -> None:
    if not 0 < target < 1:
        raise OptionError(f"power {target}", "between 0 and 1", "pass 0.8")
