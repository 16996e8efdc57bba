"""The experiment that would find a tactic's effect out, before money is spent on a belief."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from tenure.experiments.effects.power import (
    Baseline,
    customers_needed,
    detectable_effect,
    power,
    rate_baseline,
)
from tenure.kernel import Undefined
from tenure.snapshots.columns import WINDOWS_DAYS
from tenure.strategies.definition import Strategy, Tactic

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

POWER = 0.8


@dataclass(frozen=True, slots=True)
class ProposedExperiment:
    """Half get the tactic, half get nothing, by lot; read once at its end.

    Parameters
    ----------
    metric : `orders_again` (share with an order) or `net_value` (mean of all), within
        `window_days`.
    window_days : the past window that tells the metric's level and scatter today.
    baseline : the metric today among those who may have the tactic.
    effect : the difference it is made to find: what is believed of the tactic.
    power : chance to find it if it is there, 0..1.
    customers : it takes, both halves.
    available : customers who may have the tactic.
    is_enough : whether there are so many.
    detectable : the smallest difference that all available customers would find.
    days : until the last outcome is in, by the contacts that can be made a day.
    cost : of the contacts it takes, expected, money.
    power_of_plan : chance that the plan itself, beside its holdout, finds the effect; None
        where nobody is held out or contacted.
    """

    metric: str
    window_days: int
    baseline: float
    effect: float
    power: float
    customers: int
    available: int
    is_enough: bool
    detectable: float | Undefined
    days: int
    cost: float
    power_of_plan: float | None

    def as_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        found = self.detectable
        told = {"undefined": found.reason} if isinstance(found, Undefined) else found
        return {**asdict(self), "detectable": told}


def propose_experiment(
    strategy: Strategy,
    tactic: Tactic,
    past: dict[str, Floats],
    available: Flags,
    *,
    unit_cost: float,
    contacts: int,
    held_out: int,
) -> ProposedExperiment | Undefined:
    """Return the experiment that would find a believed effect.

    Parameters
    ----------
    strategy, tactic : with a prior.
    past : `order_count_<days>` and `net_value_<days>` of every customer.
    available : who may have the tactic.
    unit_cost : of one contact, expected.
    contacts : the plan makes by it.
    held_out : customers of the audience who are left alone.

    Returns
    -------
    Undefined where nothing scatters, nobody may have the tactic, or no number is enough.
    """
    prior = tactic.effect.prior
    if prior is None:
        return Undefined("no_stated_effect")
    if not available.any():
        return Undefined("nobody_available")
    window = min(WINDOWS_DAYS, key=lambda days: (abs(days - tactic.effect.within_days), days))
    is_rate = prior.scale == "probability"
    base = _baseline(past, available, window, is_rate=is_rate)
    if isinstance(base, Undefined):
        return base
    effect = prior.mean if prior.mean > 0 else prior.standard_deviation
    needed = customers_needed(base, effect, scale="absolute", target=POWER)
    if isinstance(needed, Undefined):
        return needed
    there = int(available.sum())
    halves = {"control": there // 2, "treatment": there - there // 2}
    treated = needed.customers["treatment"]
    found = None
    if contacts and held_out:
        chance = power(base, effect, {"control": held_out, "treatment": contacts}, scale="absolute")
        found = None if isinstance(chance, Undefined) else chance
    return ProposedExperiment(
        "orders_again" if is_rate else "net_value",
        window,
        base.value,
        effect,
        POWER,
        needed.total,
        there,
        needed.total <= there,
        detectable_effect(base, halves, scale="absolute", target=POWER),
        _days(strategy, tactic, treated) + tactic.effect.within_days,
        treated * unit_cost,
        found,
    )


def _baseline(
    past: dict[str, Floats], available: Flags, window: int, *, is_rate: bool
) -> Baseline | Undefined:
    if is_rate:
        return rate_baseline(float((past[f"order_count_{window}"][available] > 0).mean()))
    amounts = np.nan_to_num(past[f"net_value_{window}"][available])
    variance = float(amounts.var(ddof=1)) if amounts.size > 1 else 0.0
    return Baseline(float(amounts.mean()), variance) if variance > 0 else Undefined("no_variance")


def _days(strategy: Strategy, tactic: Tactic, contacts: int) -> int:
    """Return the days it takes to make so many contacts by a tactic; 1 without a limit."""
    rule = strategy.channel_rules().get(tactic.channel)
    team = None if tactic.team is None else strategy.team(tactic.team)
    paces = [
        tactic.contacts_per_day,
        rule.contacts_per_day if rule is not None else None,
        team.contacts_per_day if team is not None else None,
    ]
    return max(math.ceil(contacts / min((p for p in paces if p), default=max(contacts, 1))), 1)
