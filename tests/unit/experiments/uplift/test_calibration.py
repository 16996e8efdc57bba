import itertools

import numpy as np
import pytest

from tenure.experiments.uplift.calibration import Line, calibration_line, slope_estimate, tenths
from tenure.kernel import DataError, Estimate, Undefined


def seen(true_slope: float, customers: int = 20_000, seed: int = 1):
    random = np.random.default_rng(seed)
    predictions = 0.1 + random.normal(0, 0.05, customers)
    scores = 0.3 + true_slope * (predictions - 0.1) + random.normal(0, 0.4, customers)
    return predictions, scores


def test_how_far_predictions_come_true_is_found():
    for true_slope in (0.0, 0.5, 1.0):
        found = slope_estimate(calibration_line(*seen(true_slope)))
        assert isinstance(found, Estimate)
        assert found.low < true_slope < found.high
        assert found.high - found.low < 0.5


def test_the_line_is_that_of_least_squares():
    predictions, scores = seen(0.7, 500)
    line = calibration_line(predictions, scores)
    slope, start = np.polyfit(predictions, scores, 1)
    assert line.slope == pytest.approx(slope)
    assert line.effect - line.slope * line.centre == pytest.approx(start)


def test_bold_predictions_are_drawn_towards_the_mean_effect_but_never_made_bolder():
    half = Line(0.1, 0.3, 0.5, 0.01, 0.04, 0.0)
    drawn, spread = half.drawn(np.array([0.1, 0.3]))
    np.testing.assert_allclose(drawn, [0.3, 0.4])
    np.testing.assert_allclose(spread**2, [0.01, 0.01 + 0.04 * 0.04])
    bold = Line(0.1, 0.3, 2.0, 0.01, 0.04, 0.0)
    np.testing.assert_allclose(bold.drawn(np.array([0.3]))[0], [0.5])
    backward = Line(0.1, 0.3, -1.0, 0.01, 0.04, 0.0)
    np.testing.assert_allclose(backward.drawn(np.array([0.3, 0.0]))[0], [0.3, 0.3])
    assert Line.from_dict(half.as_dict()) == half


def test_tenths_are_of_equal_size_and_keep_ties_together():
    predictions, scores = seen(1.0)
    found = tenths(predictions, scores)
    assert [one.customers for one in found] == [2000] * 10
    assert all(a.predicted > b.predicted for a, b in itertools.pairwise(found))
    assert all(isinstance(one.found, Estimate) for one in found)
    mixed = np.random.default_rng(0).permutation(len(scores))
    again = tenths(np.round(predictions, 2)[mixed], scores[mixed])
    tied = tenths(np.round(predictions, 2), scores)
    assert [one.customers for one in again] == [one.customers for one in tied]


def test_the_same_prediction_for_all_has_no_slope():
    line = calibration_line(np.full(50, 0.2), np.random.default_rng(1).normal(size=50))
    assert slope_estimate(line) == Undefined("same_prediction_for_all")
    assert len(tenths(np.full(50, 0.2), np.zeros(50))) == 1
    with pytest.raises(DataError):
        calibration_line(np.zeros(2), np.zeros(2))
