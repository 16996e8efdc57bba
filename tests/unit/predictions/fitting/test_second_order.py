from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import norm

from tenure.predictions.fitting.draws import row_intervals, total_interval
from tenure.predictions.fitting.likelihood import Maximum
from tenure.predictions.fitting.second_order import (
    expanded_intervals,
    expanded_total,
    is_narrow,
    quadratic,
)

FloatArray = npt.NDArray[np.float64]
COVARIANCE = np.array([[0.02, 0.012, 0.0], [0.012, 0.03, -0.004], [0.0, -0.004, 0.01]])
KNOWN = Maximum(
    ("a", "b", "c"),
    np.array([2.0, 0.5, 0.3]),
    np.array([np.log(2), np.log(0.5), 0.3]),
    ("c",),
    (0.1, 0.1, 0.1),
    COVARIANCE,
    -1.0,
    10.0,
    True,
)
ROWS = np.linspace(0.1, 9, 40)


def test_the_logarithm_of_a_product_of_powers_is_log_normal() -> None:
    """Then the expansion is exact: straight in the logarithms, without skewness."""

    def predict(p: FloatArray, rows: slice) -> FloatArray:
        return p[0] ** 2 / p[1] * ROWS[rows]

    value = predict(KNOWN.values, slice(None))
    found = expanded_intervals(KNOWN, predict, value, interval=0.9, is_chance=False)
    spread = np.sqrt([2, -1, 0] @ COVARIANCE @ [2, -1, 0])
    assert found.low == pytest.approx(value * np.exp(-norm.ppf(0.95) * spread), rel=1e-9)
    assert found.high == pytest.approx(value * np.exp(norm.ppf(0.95) * spread), rel=1e-9)


@pytest.mark.parametrize("is_chance", [False, True])
def test_bent_functions_agree_with_many_draws(is_chance: bool) -> None:
    def predict(p: FloatArray, rows: slice) -> FloatArray:
        a, b, c = p
        some = np.exp(-a * ROWS[rows] ** b / 3 + c)
        return some / (1 + some) if is_chance else some + a * b

    value = predict(KNOWN.values, slice(None))
    found = expanded_intervals(
        KNOWN, predict, value, interval=0.9, is_chance=is_chance, rows_at_once=17
    )
    drawn = row_intervals(KNOWN, predict, value, interval=0.9, draws=40_000)
    width = drawn.high - drawn.low
    assert (np.abs(found.low - drawn.low) < 0.03 * width).all()
    assert (np.abs(found.high - drawn.high) < 0.03 * width).all()
    assert (found.low <= value).all() and (value <= found.high).all()


def test_a_certain_chance_stays_certain() -> None:
    value = np.array([1.0, 0.0])
    found = expanded_intervals(KNOWN, lambda p, rows: value, value, interval=0.9, is_chance=True)
    assert found.high[0] == 1 and found.low[0] == pytest.approx(1) and found.high[1] < 1e-200
    assert np.isfinite(found.low).all() and np.isfinite(found.high).all()


def test_a_total_is_expanded_once_for_all_draws() -> None:
    calls = []

    def total(p: FloatArray) -> float:
        calls.append(p)
        return float((p[0] * ROWS ** p[1]).sum() * np.exp(p[2]))

    expanded = expanded_total(KNOWN, total)
    assert len(calls) == 10 and expanded(KNOWN.values) == pytest.approx(total(KNOWN.values))

    def moments(of: object) -> object:
        return lambda p: (of(p), of(p))  # type: ignore[operator]

    one, other = (total_interval(KNOWN, moments(of), interval=0.9) for of in (total, expanded))  # type: ignore[arg-type]
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=2)


def test_quantiles_follow_the_skewness() -> None:
    """z + z^2 / 10 has the exact quantile q + q^2 / 10 far enough to the right."""
    surface = quadratic(KNOWN, lambda p: np.log(p[:1]))
    bent = replace(
        surface, centre=np.zeros(1), slopes=np.array([[1.0], [0], [0]]), bends=np.zeros((3, 3, 1))
    )
    bent.bends[0, 0] = 0.2
    for share in (0.05, 0.25, 0.75, 0.95):
        z = norm.ppf(share)
        assert bent.quantile(share)[0] == pytest.approx(z + z**2 / 10, abs=0.02)
    assert bent.at(np.array([2.0, 5, 5]))[0] == pytest.approx(2.4)


def test_only_narrow_parameters_are_expanded() -> None:
    assert is_narrow(KNOWN)
    assert not is_narrow(replace(KNOWN, covariance=COVARIANCE * 30))
    assert not is_narrow(replace(KNOWN, unidentified=("a",)))
    assert not is_narrow(replace(KNOWN, draws=np.ones((2, 3))))
