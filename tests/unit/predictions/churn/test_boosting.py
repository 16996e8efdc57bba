from __future__ import annotations

import pickle

import numpy as np

from tenure.predictions.churn.boosting import BoostingOptions, Trees, fit_trees
from tenure.predictions.churn.features import Feature, FeatureKind, FeatureSpace

RANDOM = np.random.default_rng(4)
SPACE = FeatureSpace(
    (Feature("days", FeatureKind.NUMBER), Feature("city", FeatureKind.CATEGORY, ("a", "b")))
)


def made(rows: int) -> tuple[np.ndarray, np.ndarray]:
    matrix = np.column_stack([RANDOM.gamma(2, 30, rows), RANDOM.integers(0, 3, rows)])
    p = np.where(matrix[:, 0] > 60, 0.6, 0.1) + 0.2 * (matrix[:, 1] == 1)
    left = (RANDOM.random(rows) < p).astype(float)
    matrix[::7, 0] = np.nan
    return matrix, left


MATRIX, LEFT = made(2000)
HELD = made(1000)
OPTIONS = BoostingOptions(rounds_max=200)
TREES = fit_trees(SPACE, MATRIX, LEFT, OPTIONS, until_best_on=HELD)


def test_the_same_rows_and_seed_make_the_same_text():
    assert fit_trees(SPACE, MATRIX, LEFT, OPTIONS, until_best_on=HELD).text == TREES.text


def test_another_seed_makes_other_trees():
    other = BoostingOptions(rounds_max=200, seed=1)
    assert fit_trees(SPACE, MATRIX, LEFT, other, until_best_on=HELD).text != TREES.text


def test_growing_stops_where_held_rows_fit_best():
    assert 1 <= TREES.rounds < 200
    assert fit_trees(SPACE, MATRIX, LEFT, OPTIONS, rounds=7).rounds == 7


def test_contributions_add_up_to_the_margin_but_for_a_constant():
    rest = TREES.margin(MATRIX) - TREES.contributions(MATRIX).sum(axis=1)
    np.testing.assert_allclose(rest, rest[0], atol=1e-9)


def test_it_finds_the_law_behind_the_rows():
    late, early = TREES.margin(np.array([[150.0, 0], [20.0, 0]]))
    assert late > early + 1


def test_trees_come_back_from_their_text_and_through_a_pickle_bit_for_bit():
    for again in (Trees(TREES.text), pickle.loads(pickle.dumps(TREES))):
        np.testing.assert_array_equal(again.margin(MATRIX), TREES.margin(MATRIX))
        np.testing.assert_array_equal(again.contributions(MATRIX), TREES.contributions(MATRIX))


def test_no_rows_are_no_scores():
    empty = np.zeros((0, 2))
    assert TREES.margin(empty).shape == (0,)
    assert TREES.contributions(empty).shape == (0, 2)
