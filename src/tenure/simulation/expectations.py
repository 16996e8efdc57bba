"""What the truth expects of each customer after the as-of date, by formula and not by drawing.

A customer who is still there leaves with her own hazard; until then her orders go on as the
renewal process that they are. Of Erlang gaps with shape k, each gap is k exponential stages;
how many of them are done is known only in part, from the time since her last order.

References
----------
D. R. Cox (1962), Renewal Theory, chapters 2 and 4.
"""

from __future__ import annotations

import math

import numpy as np

from tenure.simulation.customers import Customers
from tenure.simulation.seasons import Floats, Integers, Season
from tenure.simulation.world import HORIZONS_DAYS, World

_STEP_DAYS = 10
"""Leaving is followed in steps of so many days, cut short at each horizon."""


def expected_orders(
    world: World, season: Season, people: Customers, last_order: Floats
) -> dict[int, Floats]:
    """Return each customer's mean number of orders in the days from the as-of date on.

    Parameters
    ----------
    world, season, people : whose.
    last_order : season days at which each one's own process renewed last, before the as-of date.

    Returns
    -------
    By horizon in days; 0 for those who have left.
    """
    there = np.flatnonzero(people.is_there(season))
    after = np.union1d(np.arange(0.0, max(HORIZONS_DAYS), _STEP_DAYS), HORIZONS_DAYS)
    edges = season.effective(season.days + after)
    elapsed = edges - edges[0]
    stays = survival(world, season, people, there, (after[:-1] + after[1:]) / 2)
    gained = np.zeros((len(there), len(after) - 1))
    for shape in np.unique(people.shape[there]):
        mine = people.shape[there] == shape
        rate = people.rate[there[mine]]
        age = edges[0] - last_order[there[mine]]
        gained[mine] = np.diff(mean_renewals(rate, int(shape), age, elapsed), axis=1)
    running = np.cumsum(gained * stays, axis=1)
    found = {}
    for horizon in HORIZONS_DAYS:
        found[horizon] = np.zeros(len(people))
        found[horizon][there] = running[:, np.searchsorted(after, horizon) - 1]
    return found


def survival(
    world: World, season: Season, people: Customers, there: Integers, after_days: Floats
) -> Floats:
    """Return the probability of being there still, by customer and days after the as-of date."""
    if not world.plans:
        return np.exp(-people.hazard[there, None] * after_days)
    renewals = _renewals_by(world, season, people, there, after_days)
    return np.asarray((1 - people.period_hazard[there, None]) ** renewals, dtype=np.float64)


def expected_recurring(world: World, season: Season, people: Customers) -> dict[int, Floats]:
    """Return the mean recurring value of periods that begin within each horizon, by customer."""
    there = np.flatnonzero(people.is_there(season))
    price = np.array([p.recurring_cents for p in world.plans])[people.plan[there]] / 100
    stay = 1 - people.period_hazard[there]
    found = {}
    for horizon in HORIZONS_DAYS:
        periods = _renewals_by(world, season, people, there, np.array([float(horizon)]))[:, 0]
        found[horizon] = np.zeros(len(people))
        # stay + stay^2 + ... + stay^periods
        found[horizon][there] = price * stay * (1 - stay**periods) / (1 - stay)
    return found


def mean_renewals(rate: Floats, shape: int, age: Floats, elapsed: Floats) -> Floats:
    """Return the mean number of renewals within each time from now, by process and time.

    With N stages done in a Poisson process of rate shape * rate, and j stages done of the
    present gap, the renewals are floor((N + j) / shape), whose mean is
    (mean N + j - mean of (N + j) mod shape) / shape. The remainder's mean is a finite Fourier
    sum; each of its terms dies out as time goes on.

    Parameters
    ----------
    rate : renewals per unit of time.
    shape : of the Erlang gaps.
    age : time since the last renewal.
    elapsed : times from now.
    """
    stage_rate = shape * rate
    stages = stage_rate[:, None] * elapsed
    if shape == 1:
        return np.asarray(stages, dtype=np.float64)
    done = _stages_done(stage_rate * age, shape)
    mean_done = done @ np.arange(shape)
    remainder = np.full(stages.shape, (shape - 1) / 2)
    for turn in range(1, shape // 2 + 1):
        root = np.exp(2j * np.pi * turn / shape)
        # Sum over r of r * root^-r is shape / (root^-1 - 1).
        weight = (done @ root ** np.arange(shape)) / (1 / root - 1)
        term = (weight[:, None] * np.exp(stages * (root - 1))).real
        remainder += term if 2 * turn == shape else 2 * term
    return np.asarray((stages + mean_done[:, None] - remainder) / shape, dtype=np.float64)


def _stages_done(waited: Floats, shape: int) -> Floats:
    """Return the probabilities of 0 .. shape - 1 stages done when no renewal came while waiting."""
    logs = np.log(np.maximum(waited, 1e-300))[:, None] * np.arange(shape)
    logs -= np.array([math.lgamma(number + 1) for number in range(shape)])
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float64)


def _renewals_by(
    world: World, season: Season, people: Customers, there: Integers, after_days: Floats
) -> Floats:
    """Return how often each contract comes up for renewal within days after the as-of date."""
    length = np.array([p.period_days for p in world.plans])[people.plan[there]]
    age = season.days - people.started[there]
    begun = np.floor(age / length)
    by_then = np.floor((age[:, None] + after_days) / length[:, None])
    return np.asarray(by_then - begun[:, None], dtype=np.float64)
