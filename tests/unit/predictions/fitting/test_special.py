"""Averages over beta distributions, against exact moments and numerical integrals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import betaln, hyp2f1

from tenure.predictions.fitting.special import beta_rule

SHAPES = [(0.8, 2.4), (0.01, 0.01), (0.3, 0.5), (1.0, 1.0), (0.8, 2003.0), (500.0, 900.0), (3, 0.1)]


@pytest.mark.parametrize(("a", "b"), SHAPES)
@pytest.mark.parametrize("power", [0, 1, 2, 5])
def test_moments_are_exact(a: float, b: float, power: int):
    nodes, weights = beta_rule(a, b)
    wanted = np.exp(betaln(a + power, b) - betaln(a, b))
    assert (weights * nodes**power).sum() == pytest.approx(wanted, rel=1e-7)


# SciPy's 2F1 is NaN for the larger shapes far from 0.
@pytest.mark.parametrize(("a", "b"), [*SHAPES[:4], (5.0, 9.0), SHAPES[-1]])
@pytest.mark.parametrize(("events", "ahead"), [(0.6, 20.0), (30.0, 0.5), (3.0, 1e-6)])
def test_expected_purchases_equal_an_integral_of_gauss_2f1(
    a: float, b: float, events: float, ahead: float
):
    nodes, weights = beta_rule(a, b)
    found = (weights * -np.expm1(-events * np.log1p(nodes * ahead)) / nodes).sum()
    points, by = np.polynomial.legendre.leggauss(200)
    length = np.log1p(ahead)
    times = np.expm1(length * (points + 1) / 2)
    rates = events * hyp2f1(events + 1, a, a + b, -times)
    wanted = (by / 2 * length * (1 + times)) @ rates
    assert found == pytest.approx(wanted, rel=1e-6)


def test_a_coarse_rule_has_fewer_nodes_and_five_digits():
    fine, coarse = beta_rule(0.8, 12.4), beta_rule(0.8, 12.4, coarse=True)
    assert coarse.nodes.size < fine.nodes.size / 2
    found, wanted = ((rule.weights / (1 + 5 * rule.nodes)).sum() for rule in (coarse, fine))
    assert found == pytest.approx(wanted, rel=1e-5)


def test_one_row_per_distribution():
    rule = beta_rule(0.5, np.array([1.0, 10.0, 1e7]))
    means = (rule.weights * rule.nodes).sum(axis=1)
    assert means == pytest.approx([0.5 / 1.5, 0.5 / 10.5, 0.5 / (0.5 + 1e7)], rel=1e-9)


def test_any_shape_is_finite():
    shapes = np.exp(np.random.default_rng(0).uniform(-30, 30, (2, 2000)))
    rule = beta_rule(*shapes)
    assert np.isfinite(rule.weights).all()
    assert ((rule.nodes > 0) & (rule.nodes <= 1)).all()
    assert rule.weights.sum(axis=1) == pytest.approx(np.ones(2000), rel=1e-9)
