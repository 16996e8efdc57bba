"""Curves against scikit-uplift, and policy values against figures worked by hand.

The curves are those of `sklift.metrics.uplift_curve` and `qini_curve` (scikit-uplift 0.5.1, with
scikit-learn 1.9.1) for the rows below; their areas are NumPy's trapezoids of these points. There
gains are totals; here they are per customer, and for Qini per treated customer.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tenure.experiments.uplift.curves import Curve, qini_curve, uplift_curve
from tenure.experiments.uplift.policies import decisions, policy_value
from tenure.kernel import Estimate

SCORES = np.array(
    [6, 8, 8, 2, 4, 8, 0, 8, 8, 4, 4, 2, 2, 4, 6, 6, 10, 8, 6, 10, 2, 2, 6, 0, 0, 6, 4, 10, 6, 6]
)
TREATED = np.array([0, 1, 1] * 10)
BOUGHT = np.array(
    [0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0]
)
CUSTOMERS = [0, 3, 9, 17, 22, 27, 30]
UPLIFT = [0.0, 1.5, 5.625, 9.1538461538, 5.9529411765, 4.6184210526, 6.0]
QINI = [0.0, 1.0, 5.0, 7.0, 4.6, 3.25, 4.0]


def test_the_uplift_curve_is_scikit_uplifts():
    found = uplift_curve(SCORES, TREATED, BOUGHT)
    assert isinstance(found, Curve)
    np.testing.assert_allclose(found.depth * 30, CUSTOMERS)
    np.testing.assert_allclose(found.gain * 30, UPLIFT)
    assert found.area * 30 * 30 == pytest.approx(162.86339009287926)


def test_the_qini_curve_is_scikit_uplifts():
    found = qini_curve(SCORES, TREATED, BOUGHT)
    assert isinstance(found, Curve)
    np.testing.assert_allclose(found.gain * TREATED.sum(), QINI)
    assert found.area * 30 * TREATED.sum() == pytest.approx(127.0)


def test_the_qini_of_a_known_world_is_its_closed_form():
    # effect 1 - u at place u of the true ranking: gain d - d^2/2, area 1/3, at random 1/4
    number = 20_000
    place = (np.arange(number) + 0.5) / number
    treated = np.arange(number) % 2
    found = qini_curve(1 - place, treated, treated * (1 - place), 0.5)
    assert isinstance(found, Curve)
    assert found.area == pytest.approx(1 / 3, abs=1e-4)
    assert found.above_random == pytest.approx(1 / 12, abs=1e-4)


def test_policy_values_are_those_worked_by_hand():
    # four decisions, 20 times over; the rule always takes action 1
    action = np.tile([0, 1, 1, 0], 20)
    chance = np.tile([[0.5, 0.5], [0.75, 0.25], [0.2, 0.8], [0.5, 0.5]], (20, 1))
    reward = np.tile([1.0, 2.0, 4.0, 3.0], 20)
    model = np.tile([[1.0, 2.0], [1.0, 3.0], [1.0, 3.0], [2.0, 2.0]], (20, 1))
    found = policy_value(decisions(action, chance, reward), np.ones(80, dtype=int), rewards=model)
    weights = [Fraction(0), Fraction(4), Fraction(5, 4), Fraction(0)]
    ips = (weights[1] * 2 + weights[2] * 4) / 4
    snips = (weights[1] * 2 + weights[2] * 4) / sum(weights)
    dr = (2 + (3 + weights[1] * (2 - 3)) + (3 + weights[2] * (4 - 3)) + 2) / 4
    for estimate, exact in ((found.ips, ips), (found.snips, snips), (found.dr, dr)):
        assert isinstance(estimate, Estimate)
        assert estimate.value == pytest.approx(float(exact))
    effective = 20 * sum(weights) ** 2 / sum(weight**2 for weight in weights)
    assert found.effective_decisions == pytest.approx(float(effective))
