import numpy as np
import pytest

from tenure.kernel import OptionError, Undefined
from tenure.predictions.scorecards.amounts import (
    amount_errors,
    decile_chart,
    interval_coverage,
    normalised_gini,
    poisson_deviance,
    rank_correlation,
    share_in_top,
)
from tenure.predictions.scorecards.discrimination import auc

ACTUAL = [0, 0, 10, 0, 35, 5, 0, 80, 0, 12.0]
FORECAST = [1, 3, 8, 3, 20, 9, 0.5, 40, 2, 15]


def test_errors_are_those_of_scikit_learn_and_scipy():
    # scikit-learn 1.9.1: mean_absolute_error, root_mean_squared_error; SciPy 1.17.1: spearmanr
    errors = amount_errors(ACTUAL, FORECAST)
    assert errors.mean_absolute_error == pytest.approx(7.35)
    assert errors.root_mean_squared_error == pytest.approx(13.701277312717965)
    assert rank_correlation(ACTUAL, FORECAST) == pytest.approx(0.9273210372571158)


def test_the_poisson_deviance_is_that_of_scikit_learn_and_least_for_the_mean():
    # scikit-learn 1.9.1: mean_poisson_deviance
    assert poisson_deviance(ACTUAL, FORECAST) == pytest.approx(6.230621319079281)
    around = [poisson_deviance(ACTUAL, np.full(10, level)) for level in (13.2, 14.2, 15.2)]
    assert around[1] == min(around)
    with pytest.raises(OptionError, match="a forecast of 0"):
        poisson_deviance([1, 2], [0, 1])


def test_bias_and_total_error_have_the_sign_of_the_forecast():
    errors = amount_errors(ACTUAL, FORECAST)
    assert errors.bias == pytest.approx((101.5 - 142) / 10)
    assert errors.total_error == pytest.approx(101.5 / 142 - 1)


def test_forecasting_nothing_for_everybody_stands_beside_the_absolute_error():
    errors = amount_errors(ACTUAL, FORECAST)
    assert errors.zero_share == 0.5
    assert errors.absolute_error_of_zero == pytest.approx(14.2)
    nothing = amount_errors([0, 0], [1, 1])
    assert nothing.total_error == Undefined("nothing_came")


def test_the_gini_of_events_is_twice_the_auc_less_one():
    rng = np.random.default_rng(4)
    scores = np.round(rng.normal(size=300), 1)
    happened = (rng.random(300) < 0.2).astype(float)
    expected = 2 * auc(happened, scores).value - 1
    assert normalised_gini(happened, scores) == pytest.approx(expected)


def test_the_gini_is_one_for_the_true_order_and_minus_one_upside_down():
    assert normalised_gini(ACTUAL, ACTUAL) == pytest.approx(1)
    assert normalised_gini(ACTUAL, [-a for a in ACTUAL]) == pytest.approx(-1)
    assert normalised_gini(ACTUAL, np.ones(10)) == pytest.approx(0)
    assert normalised_gini([3, 3], [1, 2]) == Undefined("all_amounts_alike")
    assert rank_correlation([3, 3], [1, 2]) == Undefined("all_amounts_alike")


def test_the_gini_is_the_area_between_the_curve_and_the_diagonal():
    # by the trapezoid over customers sorted by forecast
    ordered = np.array([80, 35, 12, 5, 10, 0, 0, 0, 0, 0]) / 142
    best = np.array([80, 35, 12, 10, 5, 0, 0, 0, 0, 0]) / 142

    def area(shares):
        curve = np.concatenate(([0], np.cumsum(shares)))
        return ((curve[1:] + curve[:-1]) / 2).mean() - 0.5

    assert normalised_gini(ACTUAL, FORECAST) == pytest.approx(area(ordered) / area(best))


def test_the_top_tenth_holds_its_share_of_the_total():
    assert share_in_top(ACTUAL, FORECAST) == pytest.approx(80 / 142)
    assert share_in_top(ACTUAL, np.ones(10), top=0.1) == pytest.approx(0.1)
    assert share_in_top([0, 0], [1, 2]) == Undefined("nothing_came")


def test_the_decile_chart_holds_every_row_and_both_totals():
    rows = decile_chart(ACTUAL, FORECAST, bins=5)
    assert [row.rows for row in rows] == [2, 2, 2, 2, 2] or sum(row.rows for row in rows) == 10
    assert sum(row.rows * row.forecast for row in rows) == pytest.approx(101.5)
    assert sum(row.rows * row.actual for row in rows) == pytest.approx(142)
    assert rows[-1].actual == pytest.approx((80 + 35) / 2)
    assert rows[-1].error == pytest.approx(np.std([80, 35], ddof=1) / np.sqrt(2))


def test_coverage_counts_the_ends_of_the_interval():
    inside = interval_coverage([0, 1, 2, 3], [0, 0, 0, 0], [0, 1, 1, 5])
    assert inside.value == 0.75
    assert inside.low < 0.75 < inside.high
