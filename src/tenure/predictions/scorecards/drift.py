"""Whether a model in use still meets the world it was fitted to: four monitors.

Population (do the features look as they did), calibration (does what was promised come, once its
window has closed), parameters (do refits agree), and champion against challenger. Each says
nothing while the difference is one that chance makes, however many things are watched.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from tenure.kernel import Undefined
from tenure.kernel.scipy_library import special
from tenure.predictions.scorecards.arrays import numbers, probabilities
from tenure.predictions.scorecards.findings import DriftFinding, Weight
from tenure.predictions.scorecards.population import (
    PopulationReference,
    compare_population,
)

STABILITY_NOTE = 0.1
STABILITY_ALARM = 0.25
"""Population stability index from which a shift is small, or large (Siddiqi 2006)."""

FALSE_ALARM = 0.05
"""Chance that one run of one monitor speaks although nothing has changed."""

MISSING_GAP_MIN = 0.02
CALIBRATION_GAP_MIN = 0.05
PARAMETER_MIN = 1e-12


def population_drift(reference: PopulationReference, table: object) -> tuple[DriftFinding, ...]:
    """Return the features whose distribution, or share of missing, has moved.

    The population stability index of each feature must exceed both the usual 0.1 and what two
    samples of these sizes differ by at random, all features taken together.

    Parameters
    ----------
    reference : the features at training, as `population_reference` kept them.
    table : the features now, an Arrow table; a column that is gone is told.

    References
    ----------
    Siddiqi (2006), Credit Risk Scorecards, Wiley, for the index; Yurdakul, Naranjo (2020),
    Statistical properties of the population stability index, J. Risk Model Validation 14(4):
    under no change it is (1/n + 1/m) times a chi-square with bins - 1 degrees of freedom.
    """
    compared = compare_population(reference, table)
    level = FALSE_ALARM / max(2 * len(compared), 1)
    found: list[DriftFinding] = []
    for one in compared:
        if one.now == 0:
            found.append(_gone(one.name))
            continue
        noise = float(special.chdtri(max(one.bins - 1, 1), level)) * (1 / one.then + 1 / one.now)
        threshold = max(STABILITY_NOTE, noise)
        if one.stability > threshold:
            large = one.stability > max(STABILITY_ALARM, noise)
            found.append(_moved(one.name, one.stability, threshold, large=large))
        gap, pooled = one.missing_now - one.missing_then, one.missing_pooled
        spread = np.sqrt(pooled * (1 - pooled) * (1 / one.rows_then + 1 / one.rows_now))
        least = max(MISSING_GAP_MIN, -float(special.ndtri(level / 2)) * float(spread))
        if abs(gap) > least:
            found.append(_missing(one.name, one.missing_then, one.missing_now, least))
    return tuple(found)


def calibration_drift(
    forecast: npt.ArrayLike,
    happened: npt.ArrayLike,
    *,
    until: date,
    today: date,
    gap_days: int = 0,
    confidence: float = 1 - FALSE_ALARM,
) -> tuple[DriftFinding, ...] | Undefined:
    """Return whether the events that came are as many as were announced.

    Parameters
    ----------
    forecast : probabilities given at the time.
    happened : 1 or 0 per row.
    until : end of the window they were given for.
    today : business date on which this is asked.
    gap_days : days after the window until late data have come in.
    confidence : that a right forecast is not called wrong, 0..1.

    Returns
    -------
    At most one finding; `Undefined("open_period")` while the outcome is not yet known.
    """
    if today < until + timedelta(days=gap_days):
        return Undefined("open_period")
    p = probabilities("forecast", forecast)
    y = numbers("happened", happened, rows=p.size)
    return _against("events", p.sum(), y.sum(), np.sqrt((p * (1 - p)).sum()), confidence)


def amount_drift(
    forecast: npt.ArrayLike,
    actual: npt.ArrayLike,
    *,
    until: date,
    today: date,
    gap_days: int = 0,
    confidence: float = 1 - FALSE_ALARM,
) -> tuple[DriftFinding, ...] | Undefined:
    """Return whether the orders or money that came are as much as was announced.

    The spread of the total is taken from the rows' own errors. Parameters and result are those
    of `calibration_drift`, with amounts for probabilities and events.
    """
    if today < until + timedelta(days=gap_days):
        return Undefined("open_period")
    mu = numbers("forecast", forecast)
    y = numbers("actual", actual, rows=mu.size)
    errors = y - mu
    spread = float(np.sqrt(mu.size) * errors.std(ddof=1)) if mu.size > 1 else float("inf")
    return _against("amount", mu.sum(), y.sum(), spread, confidence)


def parameter_jumps(
    before: Mapping[str, float],
    now: Mapping[str, float],
    errors_before: Mapping[str, float | None],
    errors_now: Mapping[str, float | None],
) -> tuple[DriftFinding, ...]:
    """Return the parameters that moved between two fits by more than their errors allow.

    Fits that share customers move together, so this is cautious for overlapping data.

    Parameters
    ----------
    before, now : parameters by name.
    errors_before, errors_now : their standard errors; None where the data do not identify one,
        which is told instead of compared.
    """
    names = [name for name in before if name in now]
    level = FALSE_ALARM / max(len(names), 1)
    threshold = -float(special.ndtri(level / 2))
    found = []
    for name in names:
        one, other = errors_before.get(name), errors_now.get(name)
        if one is None or other is None:
            found.append(_unidentified(name))
            continue
        error = max(float(np.hypot(one, other)), PARAMETER_MIN)
        z = (now[name] - before[name]) / error
        if abs(z) > threshold:
            found.append(_jumped(name, before[name], now[name], float(z), threshold))
    return tuple(found)


def _against(
    what: str, announced: float, came: float, spread: float, confidence: float
) -> tuple[DriftFinding, ...]:
    """Return a finding if the total is out of its interval by more than a twentieth."""
    half = float(special.ndtri((1 + confidence) / 2)) * float(spread)
    least = max(half, CALIBRATION_GAP_MIN * announced)
    if abs(came - announced) <= least:
        return ()
    ratio = came / announced if announced > 0 else float("inf")
    low, high = max(announced - half, 0.0), announced + half
    shown = f"{came:,.0f}", f"{announced:,.0f}", f"{low:,.0f}", f"{high:,.0f}"
    unit = {"events": ("events", "次事件"), "amount": ("in orders or money", "（订单或金额）")}[
        what
    ]
    return (
        DriftFinding(
            "calibration_moved",
            what,
            float(came - announced),
            least,
            {
                "en": f"{shown[0]} {unit[0]} came where {shown[1]} were announced (by chance "
                f"{shown[2]} to {shown[3]}; {_times(ratio)} as announced). Refit on newer dates.",
                "zh": f"预告 {shown[1]}{unit[1]}，实际 {shown[0]}（偶然范围 {shown[2]} 至 "
                f"{shown[3]}，为预告的 {_times(ratio)}）。请用较新的日期重新拟合。",
            },
        ),
    )


def _times(ratio: float) -> str:
    return f"{ratio:.0%}" if np.isfinite(ratio) else "∞"


def _moved(name: str, index: float, threshold: float, *, large: bool) -> DriftFinding:
    how = {"en": "has moved far", "zh": "发生了较大变化"}
    if not large:
        how = {"en": "has moved somewhat", "zh": "发生了一些变化"}
    return DriftFinding(
        "population_moved",
        name,
        index,
        threshold,
        {
            "en": f"{name} {how['en']} since the model was fitted (stability index {index:.2f}, "
            f"chance and habit allow {threshold:.2f}). Look whether its source changed; if "
            "customers did, refit.",
            "zh": f"自模型拟合以来，{name} {how['zh']}（稳定性指数 {index:.2f}，"
            f"可容许 {threshold:.2f}）。请检查数据来源；若客户确有变化，请重新拟合。",
        },
        Weight.ALARM if large else Weight.NOTE,
    )


def _missing(name: str, then: float, now: float, threshold: float) -> DriftFinding:
    return DriftFinding(
        "missing_moved",
        name,
        now - then,
        threshold,
        {
            "en": f"{name} is missing for {now:.1%} of the customers, {then:.1%} when the model "
            "was fitted. Look whether its source still delivers.",
            "zh": f"{name} 的缺失比例为 {now:.1%}，拟合时为 {then:.1%}。请检查数据来源是否正常。",
        },
    )


def _gone(name: str) -> DriftFinding:
    return DriftFinding(
        "feature_gone",
        name,
        1.0,
        0.0,
        {
            "en": f"{name} is not in the table any more, or empty. The model cannot use it.",
            "zh": f"表中已没有 {name}，或全部为空，模型无法使用。",
        },
    )


def _jumped(name: str, before: float, now: float, z: float, threshold: float) -> DriftFinding:
    return DriftFinding(
        "parameter_jumped",
        name,
        z,
        threshold,
        {
            "en": f"{name} went from {before:.4g} to {now:.4g}, {abs(z):.1f} standard errors "
            f"(chance allows {threshold:.1f}). Customers changed, or the fit did not settle: "
            "look before using it.",
            "zh": f"{name} 由 {before:.4g} 变为 {now:.4g}，相差 {abs(z):.1f} 个标准误"
            f"（偶然可容许 {threshold:.1f}）。客户有变化或拟合未稳定，使用前请核查。",
        },
    )


def _unidentified(name: str) -> DriftFinding:
    return DriftFinding(
        "parameter_not_identified",
        name,
        0.0,
        0.0,
        {
            "en": f"{name} cannot be told from the data in one of the fits, so it is not compared.",
            "zh": f"其中一次拟合的数据无法确定 {name}，因此不作比较。",
        },
        Weight.NOTE,
    )
