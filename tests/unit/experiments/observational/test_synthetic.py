import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from tenure.experiments.observational.panels import OutcomePanel, outcome_panel
from tenure.experiments.observational.synthetic import (
    SyntheticControl,
    simplex_weights,
    synthetic_control,
)
from tenure.kernel import Estimate, Undefined


def made(
    *, effect: float = 6.0, stores: int = 25, seed: int = 1, outside: float = 0.0
) -> OutcomePanel:
    """Return monthly takings of stores with two hidden moods; the first store has the action."""
    random = np.random.default_rng(seed)
    months = np.arange(30)
    moods = np.vstack([np.sin(months / 3), np.cumsum(random.normal(0, 0.5, 30))])
    liking = random.uniform(0, 5, (stores, 2))
    liking[0] = liking[1:5].mean(axis=0) + outside
    values = 50 + liking @ moods + random.normal(0, 0.8, (stores, 30))
    values[0] += effect * (months >= 20)
    return outcome_panel(values, np.arange(stores) == 0, 20)


def assumption(found: SyntheticControl, code: str):
    return next(one for one in found.assumptions if one.code == code)


def test_a_planted_effect_is_found_and_is_rare_among_the_others():
    found = synthetic_control(made())
    assert isinstance(found.effect, Estimate)
    assert found.effect.low < 6.0 < found.effect.high
    assert found.effect.low > 0
    assert found.p_value == pytest.approx(1 / 25)
    assert found.gaps is not None
    assert found.gaps.weights.sum() == pytest.approx(1)
    assert (found.gaps.weights >= 0).all()
    assert assumption(found, "donors_resemble").holds
    assert assumption(found, "no_anticipation").tested
    assert "only if all assumptions hold" in found.text["en"]


def test_a_unit_like_no_other_has_no_figure():
    found = synthetic_control(made(outside=12.0))
    assert found.effect == found.p_value == Undefined("poor_fit_before")
    assert assumption(found, "donors_resemble").holds is False
    assert "no mixture" in found.text["en"]


def test_too_few_others_or_periods_give_no_figure():
    panel = made(stores=12)
    few = synthetic_control(panel)
    assert few.effect == Undefined("too_few_donors")
    assert few.gaps is None
    assert isinstance(synthetic_control(panel, confidence=0.9).effect, Estimate)
    wide = made()
    short = OutcomePanel(wide.outcome[:, 17:], wide.treated, 3, wide.cluster)
    assert synthetic_control(short).effect == Undefined("too_few_periods_before")


def test_chance_of_a_false_alarm_is_as_stated():
    p_values, held = [], 0
    for seed in range(100):
        found = synthetic_control(made(effect=0.0, stores=21, seed=seed))
        if isinstance(found.effect, Estimate) and isinstance(found.p_value, float):
            p_values.append(found.p_value)
            held += found.effect.low <= 0 <= found.effect.high
    assert len(p_values) >= 90
    assert np.mean(np.array(p_values) <= 0.05) <= 0.12
    assert held >= 0.88 * len(p_values)


def test_several_treated_units_are_taken_as_their_mean():
    panel = made(stores=30)
    several = OutcomePanel(panel.outcome, np.arange(30) < 3, 20, panel.cluster)
    found = synthetic_control(several)
    assert found.donors == 27
    assert isinstance(found.effect, Estimate)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_other_mixture_is_nearer(seed):
    random = np.random.default_rng(seed)
    donors = random.normal(size=(6, 12)) * 10 ** random.uniform(-2, 4)
    target = random.dirichlet(np.ones(6)) @ donors + random.normal(size=12) * donors.std()
    found = simplex_weights(target, donors)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    scale = donors.std()

    def loss(weights: np.ndarray) -> float:
        return float(np.square((target - weights @ donors) / scale).sum())

    search = minimize(
        loss,
        np.full(6, 1 / 6),
        method="SLSQP",
        bounds=[(0, 1)] * 6,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert loss(found) <= search.fun * (1 + 1e-4) + 1e-6


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_the_others_only_orders_their_shares(seed):
    random = np.random.default_rng(seed)
    donors = random.normal(size=(9, 5))  # more others than periods: many do equally well
    target = donors.mean(axis=0)
    mixed = random.permutation(9)
    one = simplex_weights(target, donors)
    np.testing.assert_allclose(simplex_weights(target, donors[mixed]), one[mixed], atol=1e-6)


def test_a_copy_of_the_target_gets_all_and_copies_of_it_share():
    target = np.arange(5.0)
    donors = np.vstack([target + 3, target, target * 2])
    np.testing.assert_allclose(simplex_weights(target, donors), [0, 1, 0], atol=1e-3)
    same = np.tile(target, (4, 1))
    np.testing.assert_allclose(simplex_weights(target, same), [0.25] * 4)
