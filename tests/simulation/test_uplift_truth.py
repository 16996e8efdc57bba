"""Targeting held against planted effects: what a plan earns, and that empty worlds are refused.

TENURE_SIMULATED_WORLDS sets the number of worlds (default 12 empty ones), and
TENURE_SIMULATED_CUSTOMERS the size of the planted pilot (default 30,000).
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from scipy.stats import binom

from tenure.experiments.uplift.pilots import pilot
from tenure.experiments.uplift.targeting import TargetingOptions, judge_targeting
from tenure.experiments.uplift.uplift_model import UpliftModel
from tenure.kernel import Estimate
from tests.simulation.planted_responders import responders

pytestmark = pytest.mark.slow

WORLDS = int(os.environ.get("TENURE_SIMULATED_WORLDS", "12"))
CUSTOMERS = int(os.environ.get("TENURE_SIMULATED_CUSTOMERS", "30000"))
DEPTH = 0.3
LINEAR = TargetingOptions(learners=(("s", "linear"), ("dr", "linear")), curve_draws=20)
MIXED = TargetingOptions(learners=(("t", "linear"), ("s", "boosted")), curve_draws=20)


def test_a_plan_learned_from_a_pilot_earns_most_of_what_the_truth_itself_would():
    shop = responders(CUSTOMERS, seed=0)
    treated, ordered = shop.piloted(seed=0)
    model = UpliftModel(depth=DEPTH).fit(shop.table, treated, ordered, 0.5, options=MIXED)
    assert model.verdict_["code"] == "target"
    later = responders(50_000, seed=1000)
    effect, _ = model.predict_effects(later.table)
    oracle = later.earned(later.effect, DEPTH)
    plan = later.earned(effect, DEPTH)
    at_risk = later.earned(-later.chance, DEPTH)  # the true risk, better than any model's
    print(f"share of the oracle {plan / oracle:.3f}; beside most at risk {plan / at_risk:.2f}")
    assert plan >= 0.8 * oracle
    assert plan >= 1.5 * at_risk
    assert plan >= 1.5 * DEPTH * later.effect.mean()
    # whoever is chosen by the largest predictions responds as predicted, not less
    best = np.argsort(-effect)[: int(DEPTH * len(effect))]
    assert effect[best].mean() == pytest.approx(later.effect[best].mean(), rel=0.25)


def test_worlds_where_all_respond_alike_are_refused():
    alarms, held = 0, 0
    for world in range(WORLDS):
        shop = responders(2000, seed=world, strength=0.0)
        treated, ordered = shop.piloted(seed=world)
        given = pilot(shop.table, treated, ordered, 0.5)
        verdict = judge_targeting(given, options=LINEAR)
        alarms += not verdict.refused
        assert isinstance(verdict.everybody, Estimate)
        held += verdict.everybody.low <= shop.effect.mean() <= verdict.everybody.high
    print(f"false alarms {alarms} of {WORLDS}; mean effect held {held}")
    assert alarms <= binom.ppf(0.999, WORLDS, 0.05)
    assert held >= binom.ppf(0.001, WORLDS, 0.95)


def test_worlds_where_nothing_has_an_effect_are_refused_for_amounts_too():
    alarms = 0
    for world in range(WORLDS):
        shop = responders(2000, seed=500 + world, strength=0.0)
        random = np.random.default_rng(world)
        treated, ordered = shop.piloted(seed=world)
        spend = ordered * random.lognormal(3.0, 1.0, len(ordered))
        verdict = judge_targeting(pilot(shop.table, treated, spend, 0.5), options=LINEAR)
        alarms += not verdict.refused
    print(f"false alarms {alarms} of {WORLDS}")
    assert alarms <= binom.ppf(0.999, WORLDS, 0.05)
