from __future__ import annotations

import numpy as np
import pytest

from tenure.kernel import Estimate, OptionError, Undefined
from tenure.predictions.churn.calibration import Calibration
from tenure.predictions.churn.levels import (
    LEVELS,
    WarningLevels,
    by_capacity,
    by_levels,
    by_threshold,
)

PLAIN = Calibration(0.0, 1.0, 0.001, 0.001, 0.0, 0.0, 0.0, 0.0, 1000, 300)
MARGIN = np.array([-3.0, 2.0, 0.0, 1.0, -1.0, 2.0])


def test_levels_begin_at_twice_and_four_times_the_average_odds():
    levels = WarningLevels.around(0.2)
    assert levels.medium / (1 - levels.medium) == pytest.approx(0.5)
    assert levels.high / (1 - levels.high) == pytest.approx(1.0)
    assert list(levels.of(np.array([0.1, 0.34, 0.5]))) == ["low", "medium", "high"]


@pytest.mark.parametrize("share", [0.0, 1e-9, 0.999999, 1.0])
def test_levels_stay_in_order_at_the_ends(share: float):
    levels = WarningLevels.around(share)
    assert 0 <= levels.medium <= levels.high <= 1


def test_capacity_takes_the_most_urgent_first_and_ties_in_order():
    warned = by_capacity(PLAIN, MARGIN, 3)
    assert warned.rows is not None
    assert warned.rows.tolist() == [1, 5, 3]
    assert warned.threshold == pytest.approx(1 / (1 + np.exp(-1)))
    assert warned.customers == 3


def test_capacity_counts_what_is_at_stake_where_values_are_known():
    value = np.array([1000.0, 1, 1, 1, 1, 1])
    assert by_capacity(PLAIN, MARGIN, 1, value=value).rows.tolist() == [0]


def test_more_capacity_than_customers_is_everybody():
    assert by_capacity(PLAIN, MARGIN, 99).customers == 6


def test_the_expected_precision_is_the_mean_probability_with_an_interval():
    warned = by_threshold(PLAIN, MARGIN, 0.5)
    assert warned.rows is not None
    assert warned.rows.tolist() == [1, 5, 3, 2]
    found = warned.expected_precision
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(PLAIN.probability(MARGIN[[1, 5, 3, 2]]).mean())
    assert 0 < found.low < found.value < found.high <= 1


def test_nobody_above_a_line_has_no_precision():
    assert by_threshold(PLAIN, MARGIN, 0.99).expected_precision == Undefined("nobody_warned")
    assert by_capacity(PLAIN, np.zeros(0), 5).customers == 0


def test_levels_part_everyone():
    parts = by_levels(PLAIN, MARGIN, WarningLevels(0.4, 0.8))
    assert [part.name for part in parts] == list(LEVELS)
    assert [part.customers for part in parts] == [2, 2, 2]
    assert sorted(np.concatenate([part.rows for part in parts])) == list(range(6))


@pytest.mark.parametrize(
    "call",
    [
        lambda: by_capacity(PLAIN, MARGIN, 0),
        lambda: by_threshold(PLAIN, MARGIN, 1.5),
        lambda: WarningLevels(0.6, 0.5),
    ],
)
def test_numbers_out_of_range_are_refused(call: object):
    with pytest.raises(OptionError):
        call()
