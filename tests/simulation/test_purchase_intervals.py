"""Intervals of the purchase models cover what they say, on worlds whose truth is known.

TENURE_SIMULATED_WORLDS sets the number of worlds (default 20). With so few, chance alone moves a
share by several points, and the limits allow for it; from 400 on they are 86 to 94 %. A world
draws its customers from the model, so misfit plays no part here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from tenure.predictions.purchases.bg_nbd import BGNBD
from tenure.predictions.purchases.gamma_gamma import GammaGamma
from tenure.predictions.purchases.mbg_nbd import MBGNBD

pytestmark = pytest.mark.slow

WORLDS = int(os.environ.get("TENURE_SIMULATED_WORLDS", "20"))
CUSTOMERS = 500
HORIZON = 26.0
TRUTH = {"r": 0.8, "alpha": 8.0, "a": 0.9, "b": 2.5}
SPENDING = {"p": 6.0, "q": 4.0, "v": 15.0}
INTERVAL = 0.9


class World(NamedTuple):
    """Customers' histories in weeks, and the number of purchases in the horizon after."""

    table: dict[str, np.ndarray]
    later: int


def world(seed: int, *, leaves_at_first: bool) -> World:
    random = np.random.default_rng(seed)
    age = random.integers(10, 79, CUSTOMERS).astype(float)
    rate = random.gamma(TRUTH["r"], 1 / TRUTH["alpha"], CUSTOMERS)
    leaving = random.beta(TRUTH["a"], TRUTH["b"], CUSTOMERS)
    count, last, later = np.zeros(CUSTOMERS), np.zeros(CUSTOMERS), 0
    clock, here = np.zeros(CUSTOMERS), np.ones(CUSTOMERS, dtype=bool)
    if leaves_at_first:
        here &= random.random(CUSTOMERS) >= leaving
    while here.any():
        clock[here] += random.exponential(1 / np.maximum(rate[here], 1e-12))
        here &= clock <= age + HORIZON
        before = here & (clock <= age)
        count[before] += 1
        last[before] = clock[before]
        later += int((here & ~before).sum())
        here &= random.random(CUSTOMERS) >= leaving
    table = {
        "repeat_order_day_count": count,
        "age_at_last_order_days": last,
        "age_days": age,
    }
    return World(table, later)


def share_is_nominal(hits: list[bool]) -> bool:
    """Tell whether a share lies in 86-94 %, widened by what chance does to so few worlds."""
    by_chance = 2.6 * np.sqrt(INTERVAL * (1 - INTERVAL) / len(hits))
    return bool(abs(np.mean(hits) - INTERVAL) <= max(0.04, by_chance))


@pytest.mark.parametrize("model", [BGNBD, MBGNBD])
def test_parameters_and_total_forecast_lie_in_their_intervals(
    model: Callable[[], BGNBD | MBGNBD], record_property: Callable[[str, object], None]
):
    hits: dict[str, list[bool]] = {}
    for seed in range(WORLDS):
        made = world(seed, leaves_at_first=model is MBGNBD)
        fitted = model().fit(made.table)
        for row in fitted.summary(INTERVAL):
            truth = TRUTH[row["parameter"]]
            # An interval that is not given, since the data say nothing, counts as wide enough.
            is_in = not row["identified"] or row["low"] <= truth <= row["high"]
            hits.setdefault(row["parameter"], []).append(is_in)
        total = fitted.predict_total(made.table, HORIZON, interval=INTERVAL)
        hits.setdefault("total, outcome", []).append(total.low <= made.later <= total.high)
        if seed % 2:  # every second world is enough for the slowest part
            continue
        mean = fitted.predict_total(made.table, HORIZON, interval=INTERVAL, kind="expectation")
        hits.setdefault("total, expectation", []).append(
            mean.low <= expected_total(fitted, made) <= mean.high
        )
    found = {name: float(np.mean(each)) for name, each in hits.items()}
    for name, share in found.items():
        record_property(name, share)
    print(model.__name__, found)
    assert all(share_is_nominal(each) for each in hits.values()), found


def expected_total(fitted: BGNBD | MBGNBD, made: World) -> float:
    """Return the total that the true parameters expect after these histories."""
    knowing = type(fitted).from_dict(fitted.to_dict())
    state = knowing.maximum_.to_dict()
    state["values"] = [TRUTH[name] for name in knowing.maximum_.names]
    knowing.maximum_ = type(knowing.maximum_).from_dict(state)
    return float(knowing.predict(made.table, HORIZON).sum())


def test_spending_parameters_lie_in_their_intervals(
    record_property: Callable[[str, object], None],
):
    hits: dict[str, list[bool]] = {}
    for seed in range(max(WORLDS, 100)):
        random = np.random.default_rng(seed)
        count = random.geometric(0.3, CUSTOMERS).astype(float)
        scale = random.gamma(SPENDING["q"], 1 / SPENDING["v"], CUSTOMERS)
        value = random.gamma(SPENDING["p"] * count) / (scale * count)
        fitted = GammaGamma().fit({"repeat_order_day_count": count, "mean_repeat_value": value})
        for row in fitted.summary(INTERVAL):
            truth = SPENDING[row["parameter"]]
            hits.setdefault(row["parameter"], []).append(row["low"] <= truth <= row["high"])
    found = {name: float(np.mean(each)) for name, each in hits.items()}
    for name, share in found.items():
        record_property(name, share)
    print("GammaGamma", found)
    assert all(share_is_nominal(each) for each in hits.values()), found
