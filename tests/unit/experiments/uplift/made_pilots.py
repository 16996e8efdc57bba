"""Pilots with planted effects, small and the same every time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tenure.experiments.uplift.pilots import Pilot, pilot


@dataclass(frozen=True)
class Made:
    """A pilot, and the truth behind it."""

    table: pa.Table
    treated: np.ndarray
    outcome: np.ndarray
    effect: np.ndarray
    propensity: np.ndarray

    @property
    def pilot(self) -> Pilot:
        return pilot(self.table, self.treated, self.outcome, self.propensity)


def made(
    customers: int = 4000,
    *,
    seed: int = 1,
    strength: float = 1.0,
    amounts: bool = False,
    uneven: bool = False,
) -> Made:
    """Return a pilot whose effect depends on a number, a category and what is unknown of both.

    Parameters
    ----------
    strength : of what differs between customers; 0 leaves the same effect for all.
    amounts : spend instead of a purchase.
    uneven : chances of treatment that depend on a column, as a floor leaves them.
    """
    random = np.random.default_rng(seed)
    number = random.normal(size=customers)
    spend = random.gamma(1.0, 50.0, customers)
    place = random.choice(["north", "south", "west"], customers)
    effect = 0.05 + strength * (0.12 * (place == "south") - 0.06 * (place == "west"))
    effect = effect + strength * 0.08 * np.tanh(number)
    level = 1 / (1 + np.exp(1.2 - 0.5 * np.log1p(spend) / 4 + 0.6 * number))
    propensity = np.where(place == "north", 0.3, 0.6) if uneven else np.full(customers, 0.5)
    treated = (random.random(customers) < propensity).astype(float)
    chance = np.clip(level + treated * effect, 0.0, 1.0)
    outcome = (random.random(customers) < chance).astype(float)
    if amounts:
        outcome = 40 * level + treated * 40 * effect + random.normal(0, 8, customers)
        effect = 40 * effect
    spend[random.random(customers) < 0.1] = np.nan
    named = [None if random.random() < 0.05 else one for one in place.tolist()]
    table = pa.table({"number": number, "spend": spend, "place": pa.array(named)})
    return Made(table, treated, outcome, effect, propensity)
