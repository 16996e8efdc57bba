from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest
from scipy.special import expit

from tenure.predictions.churn.calibration import (
    Calibration,
    Drift,
    Level,
    drift_ahead,
    fit_calibration,
)

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
    # shares of 40 come in steps, so more than nominal
    assert 0.88 <= np.mean(held) <= 0.98


def test_more_drift_makes_wider_intervals():
    fitted = fit_calibration(*made(5000))
    drifting = Calibration(**{**fitted.as_dict(), "drift_level": 0.1})
    many = np.linspace(-1.0, 1.0, 500)
    steady, moved = fitted.mean(many), drifting.mean(many)
    assert moved.low < steady.low < steady.value < steady.high < moved.high
    assert moved.value == steady.value


def levels(moves: list[float], days: list[date], slopes: list[float] | None = None) -> list[Level]:
    made_levels = []
    for move, day, slope in zip(moves, days, slopes or [1.0] * len(moves), strict=True):
        margin = RANDOM.normal(-1, 1, 20_000)
        left = (RANDOM.random(20_000) < expit(slope * margin + move)).astype(float)
        made_levels.append(Level(day, left, margin))
    return made_levels


def ahead(found: list[Level], day: date) -> Drift:
    return drift_ahead(found, day, learnt=len(found) - 1)


QUARTERS = [date(2025, 1, 1) + timedelta(days=91 * number) for number in range(7)]


def test_a_levels_offset_is_what_brings_the_expected_number_to_the_actual():
    (level,) = levels([0.7], QUARTERS[:1])
    assert level.offset() == pytest.approx(0.7, abs=0.05)
    assert expit(level.log_odds + level.offset()).sum() == pytest.approx(level.left.sum())
    assert np.isfinite(Level(None, np.zeros(5), np.zeros(5)).offset())


def test_a_steady_level_stays_and_its_variance_falls_with_every_date():
    few, many = (ahead(levels([0.0] * n, QUARTERS[:n]), date(2026, 10, 5)) for n in (2, 7))
    assert abs(few.offset) < 0.03
    assert abs(many.offset) < 0.03
    assert few.level > 2 * many.level > 0
    assert few.slope > many.slope > 0


def test_later_levels_weigh_more():
    rising, falling = (
        ahead(levels(moves, QUARTERS[:3]), QUARTERS[3]).offset
        for moves in ([-0.4, 0.0, 0.4], [0.4, 0.0, -0.4])
    )
    assert 0.03 < rising < 0.1
    assert -0.1 < falling < -0.03


def test_windows_that_overlap_tell_less_than_their_number():
    weeks = [date(2025, 7, 1) - timedelta(days=7 * n) for n in (3, 2, 1, 0)]
    moves = [0.6, 0.6, 0.6, 0.0]
    apart, close = (
        ahead(levels(moves, days), days[-1] + timedelta(days=91)).offset
        for days in (QUARTERS[:4], weeks)
    )
    assert 0 < close < apart / 2


def test_the_same_season_of_an_earlier_year_weighs_most():
    seasons = [0.4, 0.0, -0.4, 0.0]
    found = ahead(levels(seasons, QUARTERS[:4]), date(2025, 12, 31))
    assert found.offset > 0.2
    assert found.level > 0.05
    assert ahead(levels(seasons, QUARTERS[:4]), date(2025, 11, 1)).offset < 0.1


def test_slopes_that_differ_between_dates_make_the_ends_less_sure():
    steady, turning = (
        ahead(levels([0.0] * 4, QUARTERS[:4], slopes), date(2026, 1, 1))
        for slopes in ([1.0] * 4, [0.6, 1.4, 0.6, 1.0])
    )
    assert turning.slope > 5 * steady.slope


def test_hopeless_dates_are_passed_over():
    none = Level(QUARTERS[0], np.zeros(50), np.zeros(50))
    found = drift_ahead([none, *levels([0.0], QUARTERS[1:2])], QUARTERS[3], learnt=2)
    assert np.isfinite([found.offset, found.level, found.slope, found.pivot]).all()


def test_a_plain_table_has_no_drift():
    found = drift_ahead([Level(None, np.ones(10), np.zeros(10))], None, learnt=1)
    assert found == Drift(0.0, 0.0, 0.0, 0.0)


def test_the_interval_of_a_short_list_holds_shares_that_can_occur():
    fitted = fit_calibration(*made(5000))
    found = fitted.mean(np.full(4, 3.5))
    assert (found.low * 4) % 1 == 0
    assert found.high == 1.0


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
