from __future__ import annotations

from fractions import Fraction
from math import log

import numpy as np
import pytest
from scipy.special import digamma, gammaln, polygamma

from tenure.predictions.fitting.gamma_rises import digamma_rise, log_gamma_rise, trigamma_rise

Z = [1e-13, 0.3, 5.0, 39.999, 40.001, 900.0, 1e7, 1e13]


@pytest.mark.parametrize("z", Z)
def test_rises_over_whole_steps_are_sums(z: float) -> None:
    steps = np.arange(0.0, 30)
    terms = [Fraction(z) + k for k in range(29)]
    logs = np.concatenate(([0.0], np.cumsum([log(term) for term in terms])))
    inverse = np.concatenate(([0.0], np.cumsum([float(1 / term) for term in terms])))
    squares = np.concatenate(([0.0], -np.cumsum([float(1 / term**2) for term in terms])))
    assert log_gamma_rise(z, steps) == pytest.approx(logs, rel=1e-13, abs=1e-13)
    assert digamma_rise(z, steps) == pytest.approx(inverse, rel=1e-12)
    assert trigamma_rise(z, steps) == pytest.approx(squares, rel=1e-12)


@pytest.mark.parametrize("z", [0.3, 5.0, 39.999, 40.001, 120.0])
def test_rises_between_whole_steps_are_differences(z: float) -> None:
    y = np.array([0.01, 0.7, 33.3, 1e4])
    assert log_gamma_rise(z, y) == pytest.approx(gammaln(z + y) - gammaln(z), rel=1e-10)
    assert digamma_rise(z, y) == pytest.approx(digamma(z + y) - digamma(z), rel=1e-9)
    assert trigamma_rise(z, y) == pytest.approx(polygamma(1, z + y) - polygamma(1, z), rel=1e-8)


def test_large_arguments_keep_small_steps() -> None:
    """Where a difference of the functions themselves would be nothing but rounding."""
    assert log_gamma_rise(1e12, 1e-3) == pytest.approx(1e-3 * log(1e12), rel=1e-12)
    assert digamma_rise(1e12, 1e-3) == pytest.approx(1e-15, rel=1e-9)
    assert trigamma_rise(1e12, 1e-3) == pytest.approx(-1e-27, rel=1e-9)


def test_arrays_are_broadcast() -> None:
    assert log_gamma_rise(np.array([[1.0], [50.0]]), np.array([1.0, 2, 3])).shape == (2, 3)
