"""Gamma-Gamma: what a purchase of each customer is worth."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest

from tenure.kernel import DataError
from tenure.predictions.purchases.gamma_gamma import GammaGamma, GammaGammaLikelihood

COUNT, VALUE = "repeat_order_day_count", "mean_repeat_value"
TRUTH = {"p": 6.0, "q": 4.0, "v": 15.0}
Columns = dict[str, npt.NDArray[np.float64]]


def made(customers: int, seed: int, *, q: float = 4.0) -> Columns:
    random = np.random.default_rng(seed)
    count = random.geometric(0.3, customers).astype(float)
    scale = random.gamma(q, 1 / TRUTH["v"], customers)
    return {COUNT: count, VALUE: random.gamma(TRUTH["p"] * count) / (scale * count)}


def test_gradient_and_hessian_are_the_derivatives():
    columns = made(300, 1)
    of = GammaGammaLikelihood.of(columns[COUNT], columns[VALUE], np.linspace(1, 3, 300))
    here = np.array([0.7, 1.1, 2.0])
    found = of(here)
    assert found.hessian is not None
    for i, step in enumerate(np.eye(3) * 1e-5):
        ahead, behind = of(here + step), of(here - step)
        assert found.gradient[i] == pytest.approx((ahead.value - behind.value) / 2e-5, rel=1e-5)
        by_difference = (ahead.gradient - behind.gradient) / 2e-5
        assert found.hessian[i] == pytest.approx(by_difference, rel=1e-4, abs=1e-3)


def test_true_parameters_lie_in_their_intervals():
    for row in GammaGamma().fit(made(8000, 2)).summary(0.99):
        assert row["low"] < TRUTH[row["parameter"]] < row["high"]


def test_many_customers_start_from_a_sample_and_end_at_the_same_place():
    columns = made(60_000, 3)
    fitted = GammaGamma().fit(columns)
    alone = GammaGamma().fit(columns, weights=np.full(60_000, 2.0))
    assert fitted.maximum_.passes < 6
    assert alone.parameters_ == pytest.approx(fitted.parameters_, rel=1e-6)


def test_the_expected_value_is_drawn_towards_all_customers():
    model = GammaGamma().fit(made(5000, 4))
    p, q, v = model.maximum_.values
    everybody = p * v / (q - 1)
    found = model.predict({COUNT: [0, 1, 1000], VALUE: [np.nan, 90.0, 90.0]})
    assert found[0] == pytest.approx(everybody)
    assert everybody < found[1] < found[2] < 90
    assert found[2] == pytest.approx(90, rel=0.01)


def test_the_currency_changes_only_v():
    columns = made(500, 5)
    cents = {**columns, VALUE: columns[VALUE] * 100}
    plain, other = GammaGamma().fit(columns), GammaGamma().fit(cents)
    assert other.parameters_["v"] == pytest.approx(100 * plain.parameters_["v"], rel=1e-6)
    assert other.parameters_["q"] == pytest.approx(plain.parameters_["q"], rel=1e-6)
    assert other.predict(cents) == pytest.approx(100 * plain.predict(columns), rel=1e-6)
    shift = 500 * np.log(100)
    assert other.log_likelihood_ == pytest.approx(plain.log_likelihood_ - shift, rel=1e-9)


def test_one_time_buyers_and_worthless_purchases_do_not_enter():
    columns = made(300, 6)
    more = {
        COUNT: np.concatenate((columns[COUNT], [0, 0, 3, 2])),
        VALUE: np.concatenate((columns[VALUE], [0, np.nan, 0.0, -5.0])),
    }
    plain, other = GammaGamma().fit(columns), GammaGamma().fit(more)
    assert other.parameters_ == pytest.approx(plain.parameters_, rel=1e-9)
    assert other.maximum_.customers == 300
    assert "worthless_purchases_left_out" in other.maximum_.notes
    assert plain.maximum_.notes == ()
    assert (other.predict(more) > 0).all()


def test_a_tail_too_heavy_for_a_mean_is_noted_and_stays_finite():
    columns = made(3000, 7, q=0.6)
    model = GammaGamma().fit(columns)
    assert model.parameters_["q"] < 1
    assert "no_mean_value" in model.maximum_.notes
    found = model.predict({COUNT: [0, 1, 50], VALUE: [0.0, 30.0, 30.0]}, interval=0.9)
    assert np.isfinite(found.high).all() and (found.low >= 0).all()
    assert found.value[2] == pytest.approx(30, rel=0.05)


def test_value_that_goes_with_frequency_is_noted():
    columns = made(2000, 8)
    columns[VALUE] = columns[VALUE] * columns[COUNT]
    model = GammaGamma().fit(columns)
    assert model.correlation_ > 0.3
    assert "value_related_to_frequency" in model.maximum_.notes


@pytest.mark.parametrize("value", [25.0, 1e-6, 1e9])
def test_everybody_spends_the_same(value: float):
    columns = {COUNT: np.tile([1.0, 2, 5], 40), VALUE: np.full(120, value)}
    model = GammaGamma().fit(columns)
    assert model.maximum_.unidentified
    assert model.correlation_ == 0
    found = model.predict(columns, interval=0.9)
    assert found.value == pytest.approx(np.full(120, value), rel=0.05)
    assert np.isfinite(found.low).all() and np.isfinite(found.high).all()


def test_a_single_customer():
    model = GammaGamma().fit({COUNT: [2], VALUE: [10.0]})
    assert model.maximum_.unidentified
    assert np.isfinite(model.predict({COUNT: [2, 0], VALUE: [10.0, 0]})).all()


def test_nobody_came_back():
    with pytest.raises(DataError, match="no customer with a repeat purchase"):
        GammaGamma().fit({COUNT: [0, 0], VALUE: [np.nan, 0.0]})


def test_an_interval_surrounds_its_value():
    columns = made(500, 9)
    found = GammaGamma().fit(columns).predict(columns, interval=0.9)
    assert (found.low < found.value).all() and (found.value < found.high).all()


def test_a_saved_model_gives_the_same_bits():
    columns = made(500, 10)
    model = GammaGamma(penalty=0.1).fit(columns)
    loaded = GammaGamma.from_dict(json.loads(json.dumps(model.to_dict())))
    assert (loaded.predict(columns) == model.predict(columns)).all()
    assert loaded.correlation_ == model.correlation_
    assert "penalised" in loaded.maximum_.notes


def test_a_column_may_hold_returns_but_no_infinity():
    with pytest.raises(DataError, match="mean_repeat_value = inf in row 1"):
        GammaGamma().fit({COUNT: [1, 1], VALUE: [1.0, np.inf]})


def test_a_count_is_a_whole_number():
    with pytest.raises(DataError, match=r"repeat_order_day_count = 1\.5"):
        GammaGamma().fit({COUNT: [1.5], VALUE: [1.0]})
