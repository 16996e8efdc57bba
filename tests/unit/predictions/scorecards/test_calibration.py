import numpy as np
import pytest

from tenure.kernel import DataError, Undefined
from tenure.predictions.scorecards.calibration import (
    brier_parts,
    brier_score,
    calibration_error_by_chance,
    calibration_line,
    expected_calibration_error,
    expected_events,
    log_loss,
    reliability,
)

HAPPENED = [0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0]
FORECAST = [0.1, 0.4, 0.35, 0.8, 0.8, 0.2, 0.4, 0.55, 0.05, 0.35, 0.9, 0.6]


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(7)
    forecast = np.round(rng.beta(1, 4, 400), 2)
    return (rng.random(400) < forecast**0.8).astype(float), forecast


def test_brier_and_log_loss_are_those_of_scikit_learn(sample):
    # scikit-learn 1.9.1: brier_score_loss, log_loss
    assert brier_score(HAPPENED, FORECAST) == pytest.approx(0.1225, abs=1e-14)
    assert log_loss(HAPPENED, FORECAST) == pytest.approx(0.39452124167505515, abs=1e-14)
    assert brier_score(*sample) == pytest.approx(0.16347275, abs=1e-14)
    assert log_loss(*sample) == pytest.approx(0.489624030864333, abs=1e-13)


def test_a_sure_forecast_that_fails_costs_much_but_not_infinitely():
    assert 30 < log_loss([1, 0], [0.0, 0.0]) * 2 < 40


def test_the_parts_of_brier_add_up_and_use_the_best_monotone_recalibration(sample):
    parts = brier_parts(*sample)
    assert parts.brier == pytest.approx(
        parts.miscalibration - parts.discrimination + parts.uncertainty, abs=1e-15
    )
    # scikit-learn 1.9.1: brier_score_loss of IsotonicRegression().fit(p, y).predict(p)
    assert parts.brier - parts.miscalibration == pytest.approx(0.1551311275821601, abs=1e-14)
    small = brier_parts(HAPPENED, FORECAST)
    assert small.brier - small.miscalibration == pytest.approx(0.08333333333333333, abs=1e-15)
    assert small.uncertainty == pytest.approx(5 / 12 * 7 / 12)


def test_a_constant_forecast_of_the_base_rate_has_neither_fault_nor_merit():
    parts = brier_parts(HAPPENED, np.full(12, 5 / 12))
    assert parts.miscalibration == parts.discrimination == 0.0
    assert parts.brier == pytest.approx(parts.uncertainty)


def test_the_slope_is_that_of_an_unpenalised_logistic_regression(sample):
    # scikit-learn 1.9.1: LogisticRegression(C=inf) on the logit, clipped at 1e-6
    line = calibration_line(*sample)
    assert line.slope.value == pytest.approx(0.84096998, abs=1e-7)
    assert line.slope.low < 1 < line.slope.high


def test_forecasts_scaled_on_the_logit_scale_are_found_out():
    rng = np.random.default_rng(2)
    log_odds = rng.normal(-1, 1.2, 40_000)
    happened = (rng.random(40_000) < 1 / (1 + np.exp(-log_odds))).astype(float)
    extreme = calibration_line(happened, 1 / (1 + np.exp(-2 * log_odds)))
    assert extreme.slope.low < 0.5 < extreme.slope.high
    shifted = calibration_line(happened, 1 / (1 + np.exp(-log_odds + 0.7)))
    assert shifted.intercept.low < 0.7 < shifted.intercept.high
    assert shifted.slope.low < 1 < shifted.slope.high


def test_the_intercept_makes_expected_and_observed_events_equal(sample):
    happened, forecast = sample
    line = calibration_line(happened, forecast)
    log_odds = np.log(np.clip(forecast, 1e-6, 1) / np.clip(1 - forecast, 1e-6, 1))
    moved = 1 / (1 + np.exp(-(log_odds + line.intercept.value)))
    assert moved.sum() == pytest.approx(happened.sum(), rel=1e-6)


def test_repeated_rows_of_a_customer_do_not_make_the_slope_surer(sample):
    happened, forecast = (np.tile(part, 3) for part in sample)
    once = calibration_line(*sample).slope
    aware = calibration_line(happened, forecast, customers=np.tile(np.arange(400), 3)).slope
    assert aware.high - aware.low == pytest.approx(once.high - once.low)


@pytest.mark.parametrize(
    ("happened", "forecast", "slope", "intercept"),
    [
        ([0, 0, 0], [0.1, 0.2, 0.3], "no_event_or_no_other", "no_event_or_no_other"),
        ([0, 1, 0], [0.3, 0.3, 0.3], "forecasts_do_not_vary", None),
        ([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8], "events_and_others_do_not_overlap", None),
    ],
)
def test_a_line_that_the_data_cannot_tell_is_undefined(happened, forecast, slope, intercept):
    line = calibration_line(happened, forecast)
    assert line.slope == Undefined(slope)
    assert line.intercept == Undefined(intercept) if intercept else np.isfinite(line.intercept.low)


def test_reliability_counts_every_row_once_and_keeps_ties_together(sample):
    happened, forecast = sample
    bins = reliability(happened, forecast)
    assert sum(one.rows for one in bins) == 400
    assert sum(one.rows * one.observed.value for one in bins) == pytest.approx(happened.sum())
    assert sum(one.rows * one.forecast for one in bins) == pytest.approx(forecast.sum())
    assert [one.forecast for one in bins] == sorted(one.forecast for one in bins)
    assert all(one.observed.method == "wilson" for one in bins)
    assert len(reliability(happened, np.full(400, 0.2))) == 1


def test_the_calibration_error_is_the_mean_gap_over_bins_of_equal_size():
    # four bins: .05 .1 .2 with 0 events; .35 .35 .4 .4 with 1; .55 .6 with 1; .8 .8 .9 with 3
    expected = (abs(0.35 - 0) + abs(1.5 - 1) + abs(1.15 - 1) + abs(2.5 - 3)) / 12
    assert expected_calibration_error(HAPPENED, FORECAST, bins=4) == pytest.approx(expected)


def test_true_probabilities_show_about_the_calibration_error_that_chance_makes():
    rng = np.random.default_rng(11)
    forecast = rng.beta(2, 5, 2_000)
    measured = [
        expected_calibration_error((rng.random(2_000) < forecast).astype(float), forecast)
        for _ in range(100)
    ]
    assert np.mean(measured) == pytest.approx(calibration_error_by_chance(forecast), rel=0.06)


def test_the_announced_number_of_events_covers_what_comes_at_its_rate():
    rng = np.random.default_rng(3)
    forecast = rng.beta(1, 6, 500)
    announced = expected_events(forecast, confidence=0.9)
    came = (rng.random((2_000, 500)) < forecast).sum(1)
    inside = np.mean((came >= announced.low) & (came <= announced.high))
    assert announced.value == pytest.approx(forecast.sum())
    assert 0.88 < inside < 0.93


def test_what_is_no_probability_is_refused():
    with pytest.raises(DataError, match=r"forecast\[1\] = 1.2"):
        brier_score([0, 1], [0.2, 1.2])
