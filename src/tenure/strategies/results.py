"""What a strategy really brought: against its holdout, in money, with what is not known.

Who was planned for and who was held out were told apart at random before anything was sent, so
whatever differs between them later was caused by the plan. A person held out counts under the
tactic that she would have got; what was sent but never arrived counts as sent (intention to
treat).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from tenure.experiments.effects.arm_statistics import ArmStatistics, statistics_from_arrays
from tenure.experiments.effects.corrections import holm
from tenure.experiments.effects.effect import Effect
from tenure.experiments.effects.guardrails import GuardrailResult, Margin, guardrail
from tenure.experiments.effects.means import mean_effect, pre_period
from tenure.experiments.effects.proportions import proportion_effect
from tenure.experiments.effects.readouts import plain
from tenure.experiments.effects.sample_ratio import SampleRatio, sample_ratio
from tenure.kernel import DataError, Estimate, Undefined
from tenure.kernel.scipy_library import special

HELD_OUT, PLANNED = "held_out", "planned"
ARMS = (HELD_OUT, PLANNED)

FEW_PEOPLE = 200
"""Below so many with an order in an arm, an interval of money is too narrow at times."""


Texts = npt.NDArray[np.str_]
FloatArray = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Followed:
    """The people of a plan and what became of them; arrays, one entry each.

    Parameters
    ----------
    tactic : the tactic that was planned, or that a person held out would have got.
    is_held_out : left alone so that the effect can be measured.
    outcome : net revenue in the days after the decision.
    before : net revenue in as many days before it, or more.
    spent : what was spent on each.
    group : what the people are told apart by, e.g. their lifecycle stage.
    harms : for each guardrail, whether it happened to each (0 or 1).
    """

    tactic: Texts
    is_held_out: Flags
    outcome: FloatArray
    before: FloatArray
    spent: FloatArray
    group: Texts
    harms: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the lengths."""
        columns = (self.is_held_out, self.outcome, self.before, self.spent, self.group)
        lengths = {len(self.tactic), *map(len, columns), *map(len, self.harms.values())}
        if len(lengths) != 1:
            raise DataError(
                f"columns of {sorted(lengths)} entries", "one entry per person", "align them"
            )


@dataclass(frozen=True, slots=True)
class Part:
    """The effect on one tactic's people, or on one group of them.

    Parameters
    ----------
    name : of the tactic or group.
    people, held_out : how many were planned for, and held out.
    effect : on the net revenue of one person.
    brought : margin that would not have come otherwise, over all people planned for.
    spent : on all of them.
    earned : `brought` less `spent`.
    chance_of_loss : that less was earned than nothing, 0..1, from the data alone.
    corrected_p_value : of the effect, after the number of parts looked at (Holm).
    """

    name: str
    people: int
    held_out: int
    effect: Effect
    brought: Estimate | Undefined
    spent: float
    earned: Estimate | Undefined
    chance_of_loss: float | Undefined
    corrected_p_value: float | Undefined


@dataclass(frozen=True, slots=True)
class Harm:
    """What happened to a guardrail.

    Parameters
    ----------
    metric : the guardrail.
    effect : on the share of people to whom it happened.
    result : whether its margin was held.
    """

    metric: str
    effect: Effect
    result: GuardrailResult


@dataclass(frozen=True, slots=True)
class StrategyResult:
    """What a strategy brought.

    Parameters
    ----------
    strategy : its name.
    decided_on, counted_until : the day of the decision, and the first day not counted.
    currency : of all amounts.
    margin : share of revenue that is left.
    split : whether people were told apart as planned; if not, nothing else may be believed.
    whole : over all tactics.
    tactics, groups : by tactic, and by group of people.
    harms : the guardrails.
    fixed_cost : spent besides what is spent per person, already within `whole`.
    """

    strategy: str
    decided_on: date
    counted_until: date
    currency: str
    margin: float
    split: SampleRatio
    whole: Part
    tactics: tuple[Part, ...]
    groups: tuple[Part, ...]
    harms: tuple[Harm, ...]
    fixed_cost: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain values for JSON."""
        told: dict[str, Any] = plain(self)
        return told


def strategy_result(
    followed: Followed,
    *,
    strategy: str,
    decided_on: date,
    counted_until: date,
    currency: str,
    margin: float,
    holdout_share: float,
    fixed_cost: float = 0.0,
    guardrails: Mapping[str, float] | None = None,
) -> StrategyResult:
    """Return what a plan brought, from its people and what became of them.

    Parameters
    ----------
    followed : everybody planned for or held out.
    strategy, decided_on, counted_until, currency, margin : as in `StrategyResult`.
    holdout_share : share that was to be held out, 0..1.
    fixed_cost : spent besides what is spent per person.
    guardrails : tolerated rise of each harm's share, above 0.

    Returns
    -------
    Without anybody held out every effect is undefined: it cannot be measured, and is not 0.
    """
    counts = {
        HELD_OUT: int(followed.is_held_out.sum()),
        PLANNED: int((~followed.is_held_out).sum()),
    }
    split = sample_ratio(counts, {HELD_OUT: holdout_share, PLANNED: 1 - holdout_share})

    def part(name: str, rows: Flags, cost: float = 0.0) -> Part:
        return _part(name, followed, rows, margin=margin, cost=cost, day=decided_on)

    everybody = np.ones(len(followed.tactic), dtype=np.bool_)
    tolerated = guardrails or {}
    return StrategyResult(
        strategy=strategy,
        decided_on=decided_on,
        counted_until=counted_until,
        currency=currency,
        margin=margin,
        split=split,
        whole=part("all", everybody, fixed_cost),
        tactics=_corrected(
            [part(name, followed.tactic == name) for name in _names(followed.tactic)]
        ),
        groups=_corrected([part(name, followed.group == name) for name in _names(followed.group)]),
        harms=tuple(
            _harm(metric, followed, values, tolerated[metric])
            for metric, values in followed.harms.items()
            if metric in tolerated
        ),
        fixed_cost=fixed_cost,
    )


def _part(
    name: str, followed: Followed, rows: Flags, *, margin: float, cost: float, day: date
) -> Part:
    held = followed.is_held_out[rows]
    arms = statistics_from_arrays(
        np.where(held, HELD_OUT, PLANNED),
        followed.outcome[rows],
        covariate=followed.before[rows],
        arms=ARMS,
    )
    adjusted = pre_period(arms, measured_until=day, exposed_from=day)
    found = mean_effect(*arms, pre_period=adjusted)
    people = int((~held).sum())
    spent = float(followed.spent[rows][~held].sum()) + cost
    brought = _scaled(found, people * margin)
    return Part(
        name,
        people,
        int(held.sum()),
        found,
        brought,
        spent,
        _less(brought, spent),
        _chance_of_loss(found, people * margin, spent),
        found.p_value,
    )


def _harm(metric: str, followed: Followed, values: FloatArray, margin: float) -> Harm:
    arms: tuple[ArmStatistics, ...] = statistics_from_arrays(
        np.where(followed.is_held_out, HELD_OUT, PLANNED), values, arms=ARMS
    )
    found = proportion_effect(*arms)
    return Harm(metric, found, guardrail(found, margin=Margin(margin, "absolute"), better="lower"))


def _corrected(parts: list[Part]) -> tuple[Part, ...]:
    found = holm({part.name: part.effect.p_value for part in parts})
    return tuple(replace(part, corrected_p_value=found[part.name]) for part in parts)


def _scaled(found: Effect, times: float) -> Estimate | Undefined:
    one = found.absolute
    if isinstance(one, Undefined):
        return one
    low, high = sorted((one.low * times, one.high * times))
    return Estimate(one.value * times, low, high, one.confidence, one.method)


def _less(brought: Estimate | Undefined, spent: float) -> Estimate | Undefined:
    if isinstance(brought, Undefined):
        return brought
    return Estimate(
        brought.value - spent,
        brought.low - spent,
        brought.high - spent,
        brought.confidence,
        brought.method,
    )


def _chance_of_loss(found: Effect, times: float, spent: float) -> float | Undefined:
    """Return the chance that what was brought is below what was spent, nothing believed before."""
    error = found.standard_error
    if isinstance(found.absolute, Undefined):
        return found.absolute
    if isinstance(error, Undefined):
        return error
    if not error * times > 0:
        return Undefined("no_variance")
    return float(special.ndtr((spent - found.absolute.value * times) / (error * times)))


def _names(column: Texts) -> list[str]:
    return sorted(set(column.tolist()))
