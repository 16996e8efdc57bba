"""Policy values held against the truth: intervals, and what a poor outcome model does to them.

TENURE_SIMULATED_WORLDS sets the number of logs (default 200).
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from scipy.stats import binom

from tenure.experiments.uplift.policies import Decisions, decisions, expected_rewards, policy_value
from tenure.kernel import Estimate

pytestmark = pytest.mark.slow

LOGS = int(os.environ.get("TENURE_SIMULATED_WORLDS", "200"))
ACTIONS = 5
FLOOR = 0.2


def truth(x: np.ndarray) -> np.ndarray:
    """Return the mean reward of each action, which is not linear in anything."""
    bends = np.column_stack([np.sin((1 + k) * x) * (1 + k) / 5 for k in range(ACTIONS)])
    return 1 / (1 + np.exp(-bends + 1))


def logged(random: np.random.Generator, rows: int) -> tuple[Decisions, np.ndarray]:
    x = random.normal(size=rows)
    wish = np.exp(np.column_stack([np.cos(k * x) for k in range(ACTIONS)]))
    chance = FLOOR / ACTIONS + (1 - FLOOR) * wish / wish.sum(axis=1, keepdims=True)
    action = (random.random(rows)[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    mean = truth(x)[np.arange(rows), action]
    return decisions(action, chance, (random.random(rows) < mean).astype(float)), x


def test_intervals_of_policy_values_hold_the_truth_even_with_a_poor_outcome_model():
    random = np.random.default_rng(3)
    far = random.normal(size=1_000_000)
    exact = truth(far).max(axis=1).mean()
    held = {"ips": 0, "snips": 0, "dr": 0}
    errors: dict[str, list[float]] = {"ips": [], "snips": [], "dr": [], "model alone": []}
    for _ in range(LOGS):
        seen, x = logged(random, 1500)
        rule = truth(x).argmax(axis=1)
        poor = np.tile([0.0, 0.4, 0.1, 0.5, 0.2], (len(seen), 1))
        found = policy_value(seen, rule, rewards=poor)
        for way in held:
            estimate = getattr(found, way)
            assert isinstance(estimate, Estimate)
            held[way] += estimate.low <= exact <= estimate.high
            errors[way].append(estimate.value - exact)
        errors["model alone"].append(poor[np.arange(len(seen)), rule].mean() - exact)
    rmse = {way: float(np.sqrt(np.mean(np.square(found)))) for way, found in errors.items()}
    print({way: count / LOGS for way, count in held.items()}, rmse)
    low, high = binom.ppf([0.001, 0.999], LOGS, 0.95)
    assert all(low <= count <= high for count in held.values())
    assert rmse["model alone"] > 3 * rmse["dr"]
    assert rmse["snips"] < rmse["ips"]


def test_cross_fitted_models_keep_the_interval_and_narrow_it():
    random = np.random.default_rng(4)
    exact = truth(random.normal(size=1_000_000))[:, 3].mean()
    held, narrower = 0, 0
    logs = max(20, LOGS // 5)
    for number in range(logs):
        seen, x = logged(random, 1500)
        table = {"x": x, "waves": np.sin(4 * x), "more": np.cos(x)}
        rewards = expected_rewards(table, seen, seed=number)
        found = policy_value(seen, np.full(len(seen), 3), rewards=rewards)
        assert isinstance(found.dr, Estimate)
        assert isinstance(found.ips, Estimate)
        held += found.dr.low <= exact <= found.dr.high
        narrower += found.dr.high - found.dr.low < found.ips.high - found.ips.low
    print(f"held {held} of {logs}, narrower than IPS {narrower}")
    assert held >= binom.ppf(0.001, logs, 0.95)
    assert narrower >= 0.9 * logs
