"""Wilson's interval, against published figures, and no number where there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.kernel import Estimate, Undefined, wilson_interval


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3 (score).
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_newcombes_examples(successes: int, trials: int, low: float, high: float) -> None:
    estimate = wilson_interval(successes, trials)
    assert isinstance(estimate, Estimate)
    assert (round(estimate.low, 4), round(estimate.high, 4)) == (low, high)


def test_a_rate_over_nothing_is_undefined() -> None:
    assert wilson_interval(0, 0) == Undefined("nothing_at_start")


@given(st.integers(1, 10_000), st.data())
def test_the_interval_holds_its_estimate(trials: int, data: st.DataObject) -> None:
    estimate = wilson_interval(data.draw(st.integers(0, trials)), trials)
    assert isinstance(estimate, Estimate)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
