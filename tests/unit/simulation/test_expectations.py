"""Expected renewals by formula, held against renewals that were drawn."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.simulation.expectations import mean_renewals
from tenure.simulation.orders import renewals

TRIALS = 40_000


@pytest.mark.parametrize("shape", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("age", [0.0, 7.0, 25.0])
def test_the_formula_meets_drawn_renewals_given_the_time_since_the_last(shape: int, age: float):
    rng = np.random.default_rng(shape)
    rate, ahead = 0.1, np.array([3.0, 12.0, 60.0])
    # The first gap, given that it lasts longer than the age; then a fresh process.
    gaps = rng.gamma(shape, 1 / (shape * rate), 12 * TRIALS)
    first = gaps[gaps > age][:TRIALS] - age
    span = np.maximum(ahead[-1] - first, 0)
    full = np.full(len(first), rate), np.full(len(first), shape)
    owner, time = renewals(rng, *full, span)
    at = first[owner] + time
    for column, until in enumerate(ahead):
        drawn = (first < until) + np.bincount(owner[at < until], minlength=len(first))
        error = drawn.std() / np.sqrt(len(first))
        expected = mean_renewals(np.array([rate]), shape, np.array([age]), ahead)[0, column]
        assert abs(drawn.mean() - expected) < 4 * error


def test_nothing_is_expected_within_no_time():
    rate, age = np.array([0.2, 0.01]), np.array([3.0, 40.0])
    for shape in (1, 2, 3, 8):
        now = mean_renewals(rate, shape, age, np.array([0.0]))
        assert now == pytest.approx(np.zeros((2, 1)), abs=1e-9)


def test_renewals_keep_to_their_span_and_rate():
    rng = np.random.default_rng(1)
    rate, shape = np.array([0.5, 0.5, 1e-9]), np.array([1, 4, 1])
    owner, time = renewals(rng, rate, shape, np.array([20_000.0, 20_000.0, 20_000.0]))
    assert time.min() > 0
    assert time.max() < 20_000
    counts = np.bincount(owner, minlength=3)
    assert counts[:2] == pytest.approx([10_000, 10_000], rel=0.05)
    assert counts[2] == 0
