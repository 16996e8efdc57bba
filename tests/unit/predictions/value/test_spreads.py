from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.predictions.value.spreads import GROUP_MIN, OutcomeSpread, learn_spread


def drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return expectations and outcomes: none with a chance that falls with the expectation."""
    random = np.random.default_rng(seed)
    expected = random.lognormal(2, 1.2, count)
    buys = random.random(count) < np.clip(expected / 40, 0.05, 0.98)
    chance = np.clip(expected / 40, 0.05, 0.98)
    return expected, buys * random.gamma(1.5, expected / chance / 1.5)


def test_new_outcomes_lie_within_as_often_as_said() -> None:
    spread = learn_spread(*drawn(6000, 1))
    assert spread is not None
    expected, actual = drawn(6000, 2)
    made = spread.around(expected)
    inside = (actual >= made.low) & (actual <= made.high)
    assert 0.88 <= inside.mean() <= 0.95
    large = expected > np.quantile(expected, 0.9)
    assert 0.85 <= inside[large].mean() <= 0.96


def test_where_nothing_is_common_the_interval_begins_at_nothing() -> None:
    spread = learn_spread(*drawn(6000, 1))
    assert spread is not None
    made = spread.around(np.array([2.0, 400.0]))
    assert made.low[0] == 0.0
    assert made.low[1] > 0.0


def test_where_nothing_is_common_only_the_largest_outcomes_are_left_out() -> None:
    # Half bring nothing, the rest evenly up to 1: nine tenths lie below 0.8.
    actual = np.concatenate([np.zeros(1000), np.linspace(0, 1, 1000)])
    spread = learn_spread(np.full(2000, 0.25), actual)
    assert spread is not None
    assert spread.around(np.array([0.25])).high[0] == pytest.approx(0.8, abs=0.01)


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=30))
def test_ends_never_cross_and_are_finite(values: list[float]) -> None:
    spread = learn_spread(*drawn(200, 3), interval=0.8)
    assert spread is not None
    made = spread.around(np.array(values))
    assert (made.low <= made.value).all()
    assert (made.value <= made.high).all()
    assert np.isfinite(made.high).all()


def test_few_customers_teach_nothing() -> None:
    assert learn_spread(*drawn(GROUP_MIN - 1, 1)) is None


def test_equal_expectations_are_one_group() -> None:
    spread = learn_spread(np.full(500, 3.0), np.arange(500.0) / 100)
    assert spread is not None
    assert len(spread.log_expected) == 1
    assert spread.around(np.array([3.0])).high[0] == pytest.approx(4.75, abs=0.05)


def test_a_spread_survives_as_text() -> None:
    spread = learn_spread(*drawn(1000, 1))
    assert spread is not None
    again = OutcomeSpread.from_dict(json.loads(json.dumps(spread.as_dict())))
    asked = np.array([0.0, 1.0, 50.0])
    np.testing.assert_array_equal(again.around(asked).high, spread.around(asked).high)
