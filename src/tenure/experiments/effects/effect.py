"""What a difference between two arms comes to: absolute and relative, each with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from tenure.experiments.effects.modes import Mode
from tenure.kernel import Estimate, Undefined

Figure = float | Undefined


@dataclass(frozen=True, slots=True)
class ArmEstimate:
    """One arm's figure with its uncertainty.

    Parameters
    ----------
    arm : name of the arm.
    value, variance : the figure as it enters the comparison, and its sampling variance.
    plain, plain_variance : the arm's figure without any adjustment, and its variance.
    covariance : of `value` and `plain`.
    degrees : degrees of freedom of the variance.
    units : what was assigned: customers, or clusters.
    """

    arm: str
    value: float
    variance: float
    plain: float
    plain_variance: float
    covariance: float
    degrees: float
    units: int


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference of two arms' figures, before any interval is drawn around it.

    Parameters
    ----------
    control, treatment : names of the arms; the difference is treatment - control.
    difference, variance : the difference and its sampling variance.
    baseline, baseline_variance : control's figure, by which relative effects are divided.
    covariance : of the difference and the baseline.
    treated : the treated arm's figure.
    degrees : degrees of freedom of the variance.
    units : customers, or clusters, of both arms.
    method : how the difference was made, e.g. `welch`.
    """

    control: str
    treatment: str
    difference: float
    variance: float
    baseline: float
    baseline_variance: float
    covariance: float
    treated: float
    degrees: float
    units: int
    method: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What a treatment changed, on both scales.

    Parameters
    ----------
    control, treatment : the arms compared.
    method : how it was estimated, e.g. `welch`, `cuped`, `ratio_delta`.
    mode : how it may be read, e.g. `fixed_horizon`.
    absolute : treatment - control, in the outcome's unit.
    relative : the same per |control|; 0.05 is five percent more.
    p_value : two-sided, 0..1; below 1 - confidence exactly where the interval leaves 0 out.
    control_value, treatment_value : the arms' figures, not adjusted.
    standard_error : of the absolute effect.
    relative_standard_error : of the relative effect, by the delta method.
    units : customers, or clusters, of both arms.
    notes : stable codes of what must be known to read it.
    """

    control: str
    treatment: str
    method: str
    mode: str
    absolute: Estimate | Undefined
    relative: Estimate | Undefined
    p_value: Figure
    control_value: Figure
    treatment_value: Figure
    standard_error: Figure
    relative_standard_error: Figure
    units: int = 0
    notes: tuple[str, ...] = ()


def contrast(
    control: ArmEstimate | Undefined, treatment: ArmEstimate | Undefined, method: str
) -> Contrast | Undefined:
    """Return the difference of two independent arms, with Welch's degrees of freedom.

    References
    ----------
    Welch (1947), Biometrika 34, 28-35, doi:10.1093/biomet/34.1-2.28.
    """
    if isinstance(control, Undefined):
        return control
    if isinstance(treatment, Undefined):
        return treatment
    variance = control.variance + treatment.variance
    if variance == 0:
        return Undefined("no_variance")
    return finite(
        Contrast(
            control.arm,
            treatment.arm,
            difference=treatment.value - control.value,
            variance=variance,
            baseline=control.plain,
            baseline_variance=control.plain_variance,
            covariance=-control.covariance,
            treated=treatment.plain,
            degrees=_welch_degrees(control, treatment),
            units=control.units + treatment.units,
            method=method,
        )
    )


def effect(
    given: Contrast | Undefined, mode: Mode, *, arms: tuple[str, str], notes: tuple[str, ...] = ()
) -> Effect:
    """Return a difference with the intervals and the p-value of a mode.

    Parameters
    ----------
    given : the difference, or why there is none.
    mode : how the experiment is read, as was chosen before it started.
    arms : names of control and treatment.
    notes : codes of what must be known to read it.
    """
    if isinstance(given, Undefined):
        return undefined_effect(given.reason, mode, arms=arms, notes=notes)
    error = math.sqrt(given.variance)
    statistic = given.difference / error
    reach = mode.reach(given.degrees, given.units)
    method = given.method if mode.name == "fixed_horizon" else f"{given.method}_{mode.name}"
    return Effect(
        given.control,
        given.treatment,
        given.method,
        mode.name,
        absolute=interval(given.difference, reach * error, mode.confidence, method),
        relative=relative_interval(given, reach, mode.confidence, method),
        p_value=figure(mode.p_value(statistic, given.degrees, given.units)),
        control_value=figure(given.baseline),
        treatment_value=figure(given.treated),
        standard_error=figure(error),
        relative_standard_error=relative_error(given),
        units=given.units,
        notes=notes,
    )


def undefined_effect(
    reason: str, mode: Mode, *, arms: tuple[str, str], notes: tuple[str, ...] = ()
) -> Effect:
    """Return an effect that cannot be computed, with its reason in every figure."""
    none = Undefined(reason)
    return Effect(*arms, "none", mode.name, none, none, none, none, none, none, none, 0, notes)


def interval(value: float, half: float, confidence: float, method: str) -> Estimate | Undefined:
    """Return a symmetric interval, or why it cannot be drawn."""
    return whole(Estimate(value, value - half, value + half, confidence, method))


def whole(given: Estimate) -> Estimate | Undefined:
    """Return an estimate if its three figures are numbers, else why not."""
    if all(map(math.isfinite, (given.value, given.low, given.high))):
        return given
    return Undefined("beyond_number_range")


def figure(value: float) -> Figure:
    """Return a number, or why it is none."""
    return float(value) if math.isfinite(value) else Undefined("beyond_number_range")


def finite(given: Contrast) -> Contrast | Undefined:
    """Return a difference all of whose figures are numbers, else why not."""
    numbers = [getattr(given, field.name) for field in fields(given)]
    if all(math.isfinite(number) for number in numbers if isinstance(number, float)):
        return given
    return Undefined("beyond_number_range")


def relative_interval(
    given: Contrast, reach: float, confidence: float, method: str
) -> Estimate | Undefined:
    """Return the effect per |baseline| with Fieller's interval.

    It leaves 0 out exactly where the absolute interval does. There is none where the baseline
    itself cannot be told from 0: any percentage would then agree with the data.

    References
    ----------
    Fieller (1954), Journal of the Royal Statistical Society B 16, 175-185.
    """
    size = abs(given.baseline)
    if size == 0 or size < reach * math.sqrt(given.baseline_variance):
        return Undefined("baseline_near_zero")
    # In units of the baseline, so that no amount is too large or too small to be squared.
    lift = given.difference / size
    lift_variance = given.variance / size / size
    base_variance = given.baseline_variance / size / size
    covariance = math.copysign(1.0, given.baseline) * given.covariance / size / size
    squared = reach * reach
    bend = 1 - squared * base_variance
    if bend <= 1e-9:
        return Undefined("baseline_near_zero")
    middle = lift - squared * covariance
    # The discriminant, written without the difference of two nearly equal squares.
    inner = lift_variance - 2 * lift * covariance + lift * lift * base_variance
    inner -= squared * (base_variance * lift_variance - covariance * covariance)
    if not math.isfinite(inner):
        return Undefined("beyond_number_range")
    root = reach * math.sqrt(max(0.0, inner))
    low, high = (middle - root) / bend, (middle + root) / bend
    return whole(Estimate(lift, min(low, lift), max(high, lift), confidence, method))


def relative_error(given: Contrast) -> Figure:
    """Return the standard error of the relative effect by the delta method."""
    size = abs(given.baseline)
    if size == 0:
        return Undefined("baseline_near_zero")
    lift = given.difference / size
    sign = math.copysign(1.0, given.baseline)
    scaled = (
        given.variance + lift * lift * given.baseline_variance - 2 * sign * lift * given.covariance
    )
    return figure(math.sqrt(scaled) / size) if scaled >= 0 else Undefined("beyond_number_range")


def _welch_degrees(control: ArmEstimate, treatment: ArmEstimate) -> float:
    variance = control.variance + treatment.variance
    shares = [(arm.variance / variance) ** 2 / arm.degrees for arm in (control, treatment)]
    return 1 / sum(shares)
