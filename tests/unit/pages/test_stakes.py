import math

import pytest

from tenure.kernel import Estimate, Undefined
from tenure.pages.stakes import PeriodFact, change_against_before, point_value


def period(at_start, retained, active=100, net_value=5000.0):
    return PeriodFact(at_start, retained, active, net_value)


def test_one_point_is_worth_the_compounded_difference():
    worth = point_value([period(100, 80)] * 5, horizon=3)
    # 100 customers x 50 each x ((.81 - .8) + (.81^2 - .8^2) + (.81^3 - .8^3))
    assert worth.estimate.value == pytest.approx(100 * 50 * (0.01 + 0.0161 + 0.019441))
    assert worth.one_period == pytest.approx(100 * 0.01 * 50)
    assert (worth.active_now, worth.horizon, worth.periods) == (100, 3, 5)


def test_equal_periods_leave_no_range_and_differing_ones_hold_the_estimate():
    same = point_value([period(100, 80)] * 6, horizon=12).estimate
    assert same.low == pytest.approx(same.value) and same.high == pytest.approx(same.value)
    uneven = [period(100, 70 + i, net_value=4000 + 300 * i) for i in range(8)]
    spread = point_value(uneven, horizon=12).estimate
    assert spread.low < spread.value < spread.high
    assert point_value(uneven, horizon=12).estimate == spread


def test_few_periods_give_the_range_between_them_by_name():
    worth = point_value([period(100, 70), period(100, 80)], horizon=4).estimate
    assert worth.method == "range_of_periods" and worth.low < worth.value < worth.high


def test_retention_cannot_pass_one():
    worth = point_value([period(100, 100)] * 4, horizon=12)
    assert worth.estimate.value == 0


def test_only_the_last_twelve_periods_count():
    old, new = [period(100, 10)] * 20, [period(100, 80)] * 12
    assert point_value(old + new, horizon=4) == point_value(new, horizon=4)


def test_nothing_known_is_undefined_not_zero():
    assert point_value([], horizon=4) == Undefined("no_complete_period")
    assert change_against_before([period(100, 50)]) == Undefined("no_period_before")


def test_a_usual_swing_is_no_change_and_a_fall_is_one():
    before = [period(1000, kept) for kept in (800, 810, 790, 805, 795)]
    usual = change_against_before([*before, period(1000, 788)])
    fall = change_against_before([*before, period(1000, 700)])
    assert usual.low < 0 < usual.high
    assert fall.high < 0 and fall.value == pytest.approx(-0.1)


def test_prediction_interval_equals_the_formula():
    before = [period(1000, kept) for kept in (800, 810, 790, 805, 795)]
    found = change_against_before([*before, period(1000, 788)])
    sd = math.sqrt(sum((x - 0.8) ** 2 for x in (0.8, 0.81, 0.79, 0.805, 0.795)) / 4)
    assert found.high - found.value == pytest.approx(2.7764 * sd * math.sqrt(1.2))


def test_with_few_periods_newcombes_interval_is_taken():
    # Newcombe (1998), table II (a): 56/70 against 48/80, method 10: 0.0524 to 0.3339
    found = change_against_before([period(80, 48), period(70, 56)])
    assert isinstance(found, Estimate)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
