from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from tenure.experiments.bandits import (
    BernoulliArm,
    NormalArm,
    drawn_arms,
    sampled_shares,
    thompson_shares,
)
from tenure.kernel import DataError, OptionError


def chance_of_second(one: tuple[int, int], two: tuple[int, int]) -> float:
    """Return P(second rate > first) for whole beta laws, exactly.

    Cook (2005), Exact calculation of beta inequalities: a finite sum for whole numbers.
    """

    def beta(a: int, b: int) -> Fraction:
        return Fraction(1, a * comb(a + b - 1, a))

    (a, b), (c, d) = one, two
    return float(
        sum(beta(a + i, b + d) / ((d + i) * beta(1 + i, d) * beta(a, b)) for i in range(c))
    )


@settings(max_examples=20, deadline=None)
@given(*(st.integers(0, 60) for _ in range(4)))
def test_the_chance_to_be_best_is_the_exact_sum(s1, f1, s2, f2):
    found = thompson_shares([BernoulliArm(s1, f1), BernoulliArm(s2, f2)], floor=0.0)
    exact = chance_of_second((s1 + 1, f1 + 1), (s2 + 1, f2 + 1))
    assert found.best[1] == pytest.approx(exact, abs=2e-4)


def test_the_chance_of_two_normal_laws_is_the_closed_form():
    arms = [NormalArm(50, 3.0, 4.0, prior_deviation=1e6), NormalArm(80, 3.3, 9.0, 0.0, 1e6)]
    found = thompson_shares(arms, floor=0.0)
    exact = norm.cdf(0.3 / (4 / 50 + 9 / 80) ** 0.5)
    assert found.best[1] == pytest.approx(exact, abs=1e-4)


def test_what_is_believed_beforehand_is_weighed_by_how_surely():
    arm = NormalArm(10, 2.0, 10.0, prior_mean=0.0, prior_deviation=1.0)
    assert arm.place == pytest.approx((1.0, 0.5**0.5))
    assert NormalArm(0, 0.0, 0.0, 0.7, 2.0).place == pytest.approx((0.7, 2.0))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=6))
def test_no_arm_gets_less_than_the_floor_and_all_sum_to_one(counts):
    arms = [BernoulliArm(*pair) for pair in counts]
    found = thompson_shares(arms, floor=0.1)
    assert min(found.propensity) >= 0.1
    assert sum(found.propensity) == pytest.approx(1)
    turned = thompson_shares(arms[::-1], floor=0.1)
    assert turned.propensity[::-1] == pytest.approx(found.propensity)


def test_equal_arms_get_equal_shares_even_if_they_are_one_object():
    arm = BernoulliArm(5, 9)
    assert thompson_shares([arm] * 4).propensity == pytest.approx([0.25] * 4)


def test_monte_carlo_agrees_and_names_its_seed():
    arms = [BernoulliArm(30, 70), BernoulliArm(38, 62), BernoulliArm(20, 40)]
    exact = thompson_shares(arms)
    found = sampled_shares(arms, seed=7, draws=40_000)
    assert found.propensity == pytest.approx(exact.propensity, abs=0.01)
    assert found.method == "monte_carlo(seed=7, draws=40000)"
    assert found == sampled_shares(arms, seed=7, draws=40_000)
    amounts = [NormalArm(5, 1.0, 4.0), NormalArm(9, 2.0, 3.0)]
    drawn = sampled_shares(amounts, seed=1, draws=40_000)
    assert drawn.best == pytest.approx(thompson_shares(amounts).best, abs=0.01)


def test_customers_are_drawn_with_the_logged_shares():
    shares = thompson_shares([BernoulliArm(3, 7), BernoulliArm(6, 4), BernoulliArm(1, 1)])
    arms = drawn_arms(shares, 100_000, seed=2)
    found = np.bincount(arms, minlength=3) / 100_000
    assert found == pytest.approx(shares.propensity, abs=0.006)
    np.testing.assert_array_equal(arms, drawn_arms(shares, 100_000, seed=2))


def test_the_better_arm_is_found_and_the_worse_keeps_its_floor():
    random = np.random.default_rng(3)
    rates, seen = np.array([0.10, 0.14, 0.10]), np.zeros((3, 2))
    for week in range(30):
        shares = thompson_shares([BernoulliArm(*row) for row in seen], floor=0.05)
        arms = drawn_arms(shares, 400, seed=week)
        bought = random.random(400) < rates[arms]
        seen[:, 0] += np.bincount(arms[bought], minlength=3)
        seen[:, 1] += np.bincount(arms[~bought], minlength=3)
    last = thompson_shares([BernoulliArm(*row) for row in seen], floor=0.05)
    assert last.propensity[1] > 0.8
    assert min(last.propensity) >= 0.05


def test_impossible_figures_are_refused():
    fine = BernoulliArm(1, 1)
    with pytest.raises(DataError, match="at least two arms"):
        thompson_shares([fine])
    with pytest.raises(DataError, match="one kind"):
        thompson_shares([fine, NormalArm(5, 1.0, 1.0)])
    with pytest.raises(OptionError, match="floor"):
        thompson_shares([fine, fine], floor=0.6)
    with pytest.raises(OptionError, match="draws"):
        sampled_shares([fine, fine], seed=1, draws=10)
    for wrong in (BernoulliArm(-1, 1), BernoulliArm(1, 1, 0.0), BernoulliArm(float("nan"), 1)):
        with pytest.raises(DataError):
            thompson_shares([fine, wrong])
    amount = NormalArm(5, 1.0, 1.0)
    for bad in (NormalArm(1, 1.0, 1.0), NormalArm(5, 1.0, 0.0), NormalArm(5, 1.0, 1.0, 0.0, 0.0)):
        with pytest.raises(DataError):
            thompson_shares([amount, bad])
