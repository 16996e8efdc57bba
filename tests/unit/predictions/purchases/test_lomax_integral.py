from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import hyp2f1

from tenure.predictions.purchases.lomax_integral import log_lomax_integral


def integral(*arguments: float) -> float:
    columns = [np.array([float(value)]) for value in arguments]
    return float(log_lomax_integral(*columns).value[0])


@pytest.mark.parametrize(
    ("r", "alpha", "s", "beta"), [(0.55, 10.6, 0.61, 11.7), (0.6, 90, 0.7, 40), (1.5, 20, 1.2, 60)]
)
def test_it_is_the_difference_of_two_hypergeometric_functions(
    r: float, alpha: float, s: float, beta: float
) -> None:
    """As in Fader and Hardie (2005), where that difference keeps its digits."""
    x, last, age = (np.array(column) for column in ([0, 2, 7, 12], [0, 9, 20, 5], [30, 30, 25, 99]))
    found = log_lomax_integral(alpha + last, beta + last, r + x, np.full(4, s + 1), age - last)
    scale = -(r + x) * np.log(alpha + last) - (s + 1) * np.log(beta + last)
    big, small, second = (alpha, beta, s + 1) if alpha >= beta else (beta, alpha, r + x)
    power = r + s + x

    def term(time: np.ndarray) -> np.ndarray:
        ratio = (big - small) / (big + time)
        return hyp2f1(power, second, power + 1, ratio) / (big + time) ** power

    expected = np.log((term(last) - term(age)) / power)
    assert found.value + scale == pytest.approx(expected, rel=1e-9)


def test_simple_cases_have_closed_forms() -> None:
    assert integral(2, 5, 0, 0, 7) == pytest.approx(np.log(7))
    assert integral(2, 5, 3, 0, 1e12) == pytest.approx(np.log(2 / 2))
    assert integral(5, 2, 0, 1, 7) == pytest.approx(np.log(2 * np.log1p(7 / 2)))
    assert integral(1, 1, 2, 2, 1) == pytest.approx(np.log((1 - 1 / 8) / 3))
    assert integral(1, 1, 2, 2, 0) == -np.inf


@pytest.mark.parametrize("seed", range(4))
def test_random_integrals_agree_with_many_panels(seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b, span = np.exp(random.uniform(-8, 8, (3, 300)))
    p, q = np.exp(random.uniform(-4, 7, (2, 300)))
    found = log_lomax_integral(a, b, p, q, span).value
    points, weights = np.polynomial.legendre.leggauss(32)
    # Panels of equal length in log(1 + v / least), up to where all is forgotten.
    near = np.minimum(a, b)
    width = np.minimum(np.log1p(span / near), 45 / np.maximum(np.where(a < b, p, q) - 1, 1e-9))
    edges = np.linspace(0, 1, 65)
    total = np.zeros(300)
    for low, high in pairwise(edges):
        axis = width[:, None] * (low + (high - low) * (points + 1) / 2)
        v = near[:, None] * np.expm1(axis)
        logs = axis - p[:, None] * np.log1p(v / a[:, None]) - q[:, None] * np.log1p(v / b[:, None])
        total += np.exp(logs) @ weights * (high - low) / 2 * width * near
    assert found == pytest.approx(np.log(total), abs=2e-9)


def test_averages_are_the_derivatives() -> None:
    random = np.random.default_rng(5)
    a, b, span = np.exp(random.uniform(-3, 4, (3, 50)))
    p, q = np.exp(random.uniform(-2, 4, (2, 50)))
    found = log_lomax_integral(a, b, p, q, span, products=True)
    assert found.products is not None
    by_p, by_q, by_log_a, by_log_b = -found.means[0], -found.means[1], p * found.means[2], None
    by_log_b = q * found.means[3]
    h = 1e-5

    def value(da: float = 0, db: float = 0, dp: float = 0, dq: float = 0) -> np.ndarray:
        moved = (a * np.exp(da), b * np.exp(db), p + dp, q + dq)
        return log_lomax_integral(*moved, span).value

    for slope, step in ((by_p, "dp"), (by_q, "dq"), (by_log_a, "da"), (by_log_b, "db")):
        expected = (value(**{step: h}) - value(**{step: -h})) / (2 * h)
        assert slope == pytest.approx(expected, rel=1e-6, abs=1e-8)
    variance = found.products[0, 0] - found.means[0] ** 2
    ahead, behind = value(dp=1e-3), value(dp=-1e-3)
    assert variance == pytest.approx((ahead + behind - 2 * found.value) / 1e-6, rel=1e-3, abs=1e-6)


def test_extreme_scales_stay_finite() -> None:
    big, small = 1e13, 1e-13
    for a in (big, small):
        for b in (big, small):
            for p in (small, 1, 1e5):
                found = integral(a, b, p, 65, 104)
                assert np.isfinite(found) and found <= np.log(104) + 1e-9
