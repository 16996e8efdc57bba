"""Laws of the purchase models: every number is finite, and sizes are in their order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.predictions.purchases.bg_nbd import BGNBD
from tenure.predictions.purchases.gamma_gamma import GammaGamma
from tenure.predictions.purchases.mbg_nbd import MBGNBD

COUNT, LAST, AGE = "repeat_order_day_count", "age_at_last_order_days", "age_days"
VALUE = "mean_repeat_value"

ages = st.one_of(st.integers(0, 3000).map(float), st.floats(0, 3000), st.just(0.0))
counts = st.one_of(st.integers(0, 5), st.integers(0, 5000))
histories = st.lists(
    st.tuples(counts, st.floats(0, 1), ages, st.floats(0.01, 1e6)), min_size=1, max_size=40
)
shapes = st.floats(1e-6, 1e6)
models = pytest.mark.parametrize("model", [BGNBD, MBGNBD])


def table(rows: list[tuple[int, float, float, float]]) -> dict[str, np.ndarray]:
    count, share, age, value = np.array(rows).T
    return {COUNT: count, LAST: np.where(count > 0, share * age, 0.0), AGE: age, VALUE: value}


def known(model: type[BGNBD | MBGNBD], parameters: list[float]) -> BGNBD | MBGNBD:
    """Return a model with given parameters."""
    state = model().fit({COUNT: [1, 2], LAST: [3, 4], AGE: [5, 6]}).to_dict()
    state["fitted"]["maximum"]["values"] = parameters
    return model.from_dict(state)


def assert_in(values: np.ndarray, low: float = 0.0, high: float = np.inf) -> None:
    assert np.isfinite(values).all()
    assert ((low <= values) & (values <= high)).all()


@models
@settings(max_examples=25)
@given(rows=histories)
def test_a_fit_to_any_histories_is_finite(
    model: type[BGNBD | MBGNBD], rows: list[tuple[int, float, float, float]]
):
    columns = table(rows)
    fitted = model().fit(columns)
    found = fitted.maximum_
    for values in (found.values, found.covariance, np.array([found.log_likelihood])):
        assert np.isfinite(values).all()
    horizon = max(float(columns[AGE].mean()), 1e-3)
    assert_in(fitted.predict_active(columns), high=1.0)
    assert_in(fitted.predict_any(columns, horizon), high=1.0)
    assert_in(fitted.predict(columns, horizon))
    assert_in(fitted.predict_discounted(columns, discount_rate=0.1 / horizon))


@models
@settings(max_examples=10)
@given(rows=histories)
def test_intervals_of_any_histories_are_finite_and_in_order(
    model: type[BGNBD | MBGNBD], rows: list[tuple[int, float, float, float]]
):
    columns = table(rows[:10])
    fitted = model().fit(columns)
    horizon = max(float(columns[AGE].mean()), 1e-3)
    found = fitted.predict(columns, horizon, interval=0.9)
    assert_in(found.low)
    assert_in(found.high)
    assert (found.low <= found.value).all() and (found.value <= found.high).all()
    total = fitted.predict_total(columns, horizon)
    assert 0 <= total.low <= total.value <= total.high < np.inf


@models
@settings(max_examples=60)
@given(rows=histories, parameters=st.lists(shapes, min_size=4, max_size=4))
def test_forecasts_of_any_parameters_are_finite_and_in_order(
    model: type[BGNBD | MBGNBD],
    rows: list[tuple[int, float, float, float]],
    parameters: list[float],
):
    columns, fitted = table(rows), known(model, parameters)
    r, alpha, _, _ = parameters
    active, some = fitted.predict_active(columns), fitted.predict_any(columns, 90)
    expected, longer = fitted.predict(columns, 90), fitted.predict(columns, 365)
    discounted = fitted.predict_discounted(columns, 90, discount_rate=0.001)
    assert_in(active, high=1.0)
    assert_in(some, high=1.0)
    slack = 1e-6 * (r + columns[COUNT]) / (alpha + columns[AGE]) * 365
    assert (some <= active + 1e-12).all()
    assert_in(expected)
    assert (some <= expected + slack).all()
    assert (expected <= longer + slack).all()
    assert (discounted <= expected + slack).all()
    # Nobody buys more than someone who never leaves.
    assert (expected <= 90 * (r + columns[COUNT]) / (alpha + columns[AGE]) + slack).all()


@settings(max_examples=60)
@given(rows=histories)
def test_values_of_any_spending_are_finite(rows: list[tuple[int, float, float, float]]):
    columns = table(rows)
    columns[COUNT][0] = max(columns[COUNT][0], 1.0)
    fitted = GammaGamma().fit(columns)
    assert np.isfinite(fitted.maximum_.values).all()
    found = fitted.predict(columns, interval=0.9)
    assert_in(found.low)
    assert_in(found.high)
    assert (found.low <= found.value).all() and (found.value <= found.high).all()
