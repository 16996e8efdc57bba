from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from tenure.kernel import DataError
from tenure.predictions.churn.features import Feature, FeatureKind, FeatureSpace
from tenure.predictions.churn.logistic import LogisticRegression, fit_logistic, newton

RANDOM = np.random.default_rng(3)
SPACE = FeatureSpace(
    (
        Feature("days", FeatureKind.NUMBER),
        Feature("city", FeatureKind.CATEGORY, ("a", "b")),
        Feature("constant", FeatureKind.NUMBER),
    )
)


def made(rows: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    days = RANDOM.gamma(2, 30, rows)
    days[::10] = np.nan
    city = RANDOM.integers(0, 3, rows).astype(float)
    matrix = np.column_stack([days, city, np.full(rows, 4.0)])
    p = expit(-1 + 0.02 * np.nan_to_num(days, nan=40) + (city == 1))
    return matrix, (RANDOM.random(rows) < p).astype(float)


MATRIX, LEFT = made()
FITTED = fit_logistic(SPACE, MATRIX, LEFT)


def test_newton_finds_the_maximum_that_a_general_optimiser_finds():
    design = np.column_stack([np.ones(300), RANDOM.normal(size=(300, 3))])
    left = (RANDOM.random(300) < expit(design @ [0.3, 1, -2, 0])).astype(float)
    penalty = np.array([0.0, 1, 1, 1])

    def loss(weights: np.ndarray) -> float:
        margin = design @ weights
        return float(
            np.logaddexp(0, margin).sum() - left @ margin + (penalty * weights**2).sum() / 2
        )

    best = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(newton(design, left, penalty), best, atol=1e-5)


def test_newton_stays_finite_where_a_column_separates_the_rows():
    design = np.column_stack([np.ones(100), np.repeat([-1.0, 1.0], 50)])
    found = newton(design, np.repeat([0.0, 1.0], 50), np.array([0.0, 1e-3]))
    assert np.isfinite(found).all()


def test_the_mean_of_the_probabilities_is_the_share_of_leavers():
    assert expit(FITTED.margin(MATRIX)).mean() == pytest.approx(LEFT.mean(), abs=1e-9)


def test_contributions_add_up_to_the_margin():
    parts = FITTED.contributions(MATRIX)
    np.testing.assert_allclose(parts.sum(axis=1) + FITTED.intercept, FITTED.margin(MATRIX))
    np.testing.assert_allclose(parts.mean(axis=0), 0, atol=0.05)
    assert not parts[:, 2].any()


def test_it_finds_the_law_behind_the_rows():
    late, early = FITTED.margin(np.array([[150.0, 0, 4], [20.0, 0, 4]]))
    assert late > early + 1
    b, a = FITTED.margin(np.array([[40.0, 1, 4], [40.0, 0, 4]]))
    assert b - a == pytest.approx(1, abs=0.4)


def test_numbers_far_outside_the_training_rows_do_not_run_away():
    far, edge = FITTED.margin(np.array([[1e12, 0, 4], [1e6, 0, 4]]))
    assert far == edge


def test_a_rows_margin_does_not_depend_on_the_rows_beside_it():
    whole = FITTED.margin(MATRIX)
    single = np.concatenate([FITTED.margin(MATRIX[n : n + 1]) for n in range(50)])
    np.testing.assert_array_equal(single, whole[:50])


def test_it_comes_back_bit_for_bit():
    again = LogisticRegression.from_dict(json.loads(json.dumps(FITTED.as_dict())))
    np.testing.assert_array_equal(again.margin(MATRIX), FITTED.margin(MATRIX))


def test_one_label_only_cannot_be_learnt_from():
    with pytest.raises(DataError, match="of whom 0 left"):
        fit_logistic(SPACE, MATRIX, np.zeros(len(MATRIX)))
