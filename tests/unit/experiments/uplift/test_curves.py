import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.experiments.uplift.curves import Curve, curve_figures, qini_curve, uplift_curve
from tenure.kernel import Estimate, OptionError, Undefined

SMALL = st.integers(0, 2**32 - 1)


def rows(seed: int, customers: int = 200, levels: int = 6):
    random = np.random.default_rng(seed)
    scores = random.integers(0, levels, customers).astype(float)
    treated = (random.random(customers) < 0.5).astype(float)
    treated[:2] = (0.0, 1.0)
    outcome = random.normal(size=customers) + treated * scores
    return scores, treated, outcome


def same(one: Curve | Undefined, two: Curve | Undefined) -> None:
    assert isinstance(one, Curve)
    assert isinstance(two, Curve)
    np.testing.assert_allclose(one.depth, two.depth, rtol=1e-12)
    np.testing.assert_allclose(one.gain, two.gain, rtol=1e-9, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(SMALL)
def test_the_order_of_rows_changes_nothing_however_many_ties(seed):
    scores, treated, outcome = rows(seed, levels=1 + seed % 5)
    mixed = np.random.default_rng(seed).permutation(len(scores))
    for curve in (uplift_curve, qini_curve):
        same(
            curve(scores, treated, outcome, 0.5),
            curve(scores[mixed], treated[mixed], outcome[mixed], 0.5),
        )


@settings(max_examples=25, deadline=None)
@given(SMALL)
def test_only_the_order_of_scores_counts(seed):
    scores, treated, outcome = rows(seed)
    for curve in (uplift_curve, qini_curve):
        same(
            curve(scores, treated, outcome, 0.4),
            curve(np.exp(scores) * 7 - 3, treated, outcome, 0.4),
        )


@settings(max_examples=25, deadline=None)
@given(SMALL)
def test_every_customer_twice_gives_the_same_curve(seed):
    scores, treated, outcome = rows(seed)
    for curve in (uplift_curve, qini_curve):
        same(
            curve(scores, treated, outcome, 0.5),
            curve(np.tile(scores, 2), np.tile(treated, 2), np.tile(outcome, 2), 0.5),
        )


@settings(max_examples=25, deadline=None)
@given(SMALL)
def test_a_ranking_without_any_order_is_the_straight_line_of_treating_at_random(seed):
    _, treated, outcome = rows(seed)
    effect = outcome[treated == 1].mean() - outcome[treated == 0].mean()
    for curve in (uplift_curve, qini_curve):
        found = curve(np.zeros(len(treated)), treated, outcome)
        assert isinstance(found, Curve)
        assert found.above_random == pytest.approx(0, abs=1e-12)
        assert found.area == pytest.approx(effect / 2)


def test_the_reverse_of_a_ranking_finds_those_it_left_out():
    scores, treated, outcome = rows(5, customers=5000, levels=1000)
    one = qini_curve(scores, treated, outcome, 0.5)
    two = qini_curve(-scores, treated, outcome, 0.5)
    assert isinstance(one, Curve)
    assert isinstance(two, Curve)
    assert one.above_random > 0 > two.above_random
    assert one.above_random == pytest.approx(-two.above_random, rel=0.05)


def test_identical_rankings_have_identical_figures():
    scores, treated, outcome = rows(8, customers=800)
    one = curve_figures(scores, treated, outcome, 0.5, seed=3)
    assert one == curve_figures(scores.copy(), treated, outcome, 0.5, seed=3)


def test_unequal_chances_of_treatment_are_weighed_out():
    random = np.random.default_rng(4)
    chance = random.uniform(0.1, 0.9, 60_000)
    treated = (random.random(60_000) < chance).astype(float)
    outcome = chance * 3 + treated * 0.5  # who is likelier treated brings more anyway
    found = curve_figures(np.zeros(60_000), treated, outcome, chance, draws=40)
    assert isinstance(found.mean_effect, Estimate)
    assert found.mean_effect.value == pytest.approx(0.5, abs=0.05)
    assert found.mean_effect.low < 0.5 < found.mean_effect.high
    plain = outcome[treated == 1].mean() - outcome[treated == 0].mean()
    assert plain > 1


def test_depth_within_a_tie_takes_its_customers_in_proportion():
    scores = np.tile([2.0, 2, 1, 1, 1, 1, 0, 0], 20)
    treated = np.tile([1.0, 0, 1, 0, 1, 0, 1, 0], 20)
    outcome = np.tile([9.0, 1, 5, 1, 5, 1, 0, 0], 20)
    found = curve_figures(scores, treated, outcome, 0.5, depths=(0.25, 0.5, 0.75), draws=20)
    # the first pair's effect is 8, that of the next two pairs 4
    values = [one.value for one in found.uplift_at.values() if isinstance(one, Estimate)]
    assert values == pytest.approx([8, 6, (8 + 4 + 4) / 3])


def test_intervals_hold_what_they_promise():
    random = np.random.default_rng(12)
    held = {"qini": 0, "uplift": 0}
    worlds = 100
    for number in range(worlds):
        scores = random.random(600)
        treated = (random.random(600) < 0.5).astype(float)
        outcome = random.normal(size=600) + treated * scores
        found = curve_figures(scores, treated, outcome, 0.5, depths=(0.3,), draws=60, seed=number)
        assert isinstance(found.qini, Estimate)
        # gain at depth d is d x (1 - d/2); its area is 1/3, that of a random ranking 1/4
        held["qini"] += found.qini.low <= 1 / 3 - 1 / 4 <= found.qini.high
        uplift = found.uplift_at[0.3]
        assert isinstance(uplift, Estimate)
        held["uplift"] += uplift.low <= 0.85 <= uplift.high
    assert min(held.values()) >= 87


def test_customers_with_several_rows_are_drawn_whole():
    random = np.random.default_rng(2)
    treated = np.repeat((random.random(200) < 0.5).astype(float), 8)
    outcome = np.repeat(random.normal(size=200), 8)
    scores = np.zeros(1600)
    loose = curve_figures(scores, treated, outcome, 0.5)
    whole = curve_figures(scores, treated, outcome, 0.5, customers=np.repeat(np.arange(200), 8))
    assert isinstance(loose.mean_effect, Estimate)
    assert isinstance(whole.mean_effect, Estimate)
    narrow = loose.mean_effect.high - loose.mean_effect.low
    assert whole.mean_effect.high - whole.mean_effect.low > 2 * narrow


def test_options_out_of_range_are_refused():
    scores, treated, outcome = rows(1)
    for wrong in ({"depths": (0.0,)}, {"draws": 3}, {"confidence": 1.0}):
        with pytest.raises(OptionError):
            curve_figures(scores, treated, outcome, **wrong)  # type: ignore[arg-type]
