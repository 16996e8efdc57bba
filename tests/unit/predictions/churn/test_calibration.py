from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit

from tenure.predictions.churn.calibration import Calibration, drift_variance, fit_calibration

RANDOM = np.random.default_rng(11)


def made(rows: int, intercept: float = -0.4, slope: float = 1.3) -> tuple[np.ndarray, np.ndarray]:
    margin = RANDOM.normal(-1, 1, rows)
    left = (RANDOM.random(rows) < expit(intercept + slope * margin)).astype(float)
    return margin, left


def test_the_line_is_found_within_its_own_error():
    fitted = fit_calibration(*made(20_000))
    assert fitted.intercept == pytest.approx(-0.4, abs=3 * fitted.variance_intercept**0.5)
    assert fitted.slope == pytest.approx(1.3, abs=3 * fitted.variance_slope**0.5)


def test_calibrated_probabilities_sum_to_the_leavers():
    margin, left = made(3000)
    fitted = fit_calibration(margin, left)
    assert fitted.probability(margin).sum() == pytest.approx(left.sum(), abs=0.01)
    assert (fitted.customers, fitted.leavers) == (3000, left.sum())


def test_intervals_hold_the_true_share_as_often_as_they_say():
    points = np.array([-3.0, -1.0, 1.0])
    truth = expit(-0.4 + 1.3 * points)
    held = []
    for _ in range(400):
        low, high = fit_calibration(*made(400)).interval(points)
        held.append((low <= truth) & (truth <= high))
    assert np.abs(np.mean(held, axis=0) - 0.9).max() < 0.05


def test_the_mean_holds_what_comes_as_often_as_it_says():
    held = []
    for _ in range(400):
        fitted = fit_calibration(*made(1000))
        margin, left = made(150)
        urgent = np.argsort(-margin)[:40]
        found = fitted.mean(margin[urgent])
        held.append(found.low <= left[urgent].mean() <= found.high)
    # shares of 40 come in steps, so a little more than nominal
    assert 0.86 <= np.mean(held) <= 0.97


def test_more_drift_makes_wider_intervals():
    fitted = fit_calibration(*made(5000))
    drifting = Calibration(**{**fitted.as_dict(), "drift_variance": 0.1})
    steady, moved = fitted.mean(np.array([0.0, 1.0])), drifting.mean(np.array([0.0, 1.0]))
    assert moved.low < steady.low < steady.value < steady.high < moved.high
    assert moved.value == steady.value


def test_drift_is_nothing_where_levels_differ_by_chance_and_found_where_they_move():
    def levels(moves: list[float]) -> list[tuple[float, np.ndarray]]:
        made_levels = []
        for move in moves:
            margin = RANDOM.normal(-1, 1, 4000)
            left = RANDOM.random(4000) < expit(margin + move)
            made_levels.append((float(left.sum()), expit(margin)))
        return made_levels

    assert drift_variance(levels([0.0] * 6)) < 0.004
    assert drift_variance(levels([0.3, -0.3, 0.3, -0.3])) == pytest.approx(0.12, rel=0.6)
    assert drift_variance(levels([0.3])) == 0.0


def test_without_a_signal_everybody_has_the_same_probability():
    margin, left = made(500)
    flat = fit_calibration(margin, left).without_signal(0.2)
    np.testing.assert_allclose(flat.probability(margin), 0.2)
    low, high = flat.interval(margin)
    assert (low < 0.2).all()
    assert (high > 0.2).all()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_hopeless_rows_stay_finite(share: float):
    margin = np.linspace(-5, 5, 50)
    fitted = fit_calibration(margin, (margin > 0).astype(float))
    assert np.isfinite(fitted.interval(np.array([-1e3, 0, 1e3]))).all()
    assert np.isfinite(fitted.without_signal(share).probability(margin)).all()
    constant = fit_calibration(np.zeros(50), (margin > 0).astype(float))
    assert constant.probability(np.zeros(1))[0] == pytest.approx(0.5)


def test_it_comes_back_bit_for_bit():
    fitted = fit_calibration(*made(200))
    assert Calibration.from_dict(json.loads(json.dumps(fitted.as_dict()))) == fitted
