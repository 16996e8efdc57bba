from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.fitting.draws import Predicted
from tenure.predictions.purchases.bg_bb import BGBB
from tenure.predictions.purchases.bg_bb_likelihood import OpportunityRows, evaluate, log_active
from tenure.predictions.purchases.histories import histories_of

X, LAST, AGE = "repeat_order_day_count", "age_at_last_order_days", "age_days"
Columns = dict[str, npt.NDArray[np.float64]]
TRUTH = {"alpha": 1.2, "beta": 1.5, "gamma": 0.8, "delta": 4.0}


def buyers(size: int, seed: int = 0) -> tuple[Columns, npt.NDArray[np.bool_]]:
    """Simulate customers from the model, and tell who is there at the end."""
    random = np.random.default_rng(seed)
    age = random.integers(1, 25, size)
    buy = random.beta(TRUTH["alpha"], TRUTH["beta"], size)
    leave = random.beta(TRUTH["gamma"], TRUTH["delta"], size)
    there = random.geometric(np.maximum(leave, 1e-12)) - 1
    steps = np.arange(1, 25)
    bought = random.random((size, 24)) < buy[:, None]
    bought &= (steps <= age[:, None]) & (steps <= there[:, None])
    count = bought.sum(axis=1)
    last = np.where(count > 0, 24 - np.argmax(bought[:, ::-1], axis=1), 0)
    data = {X: count.astype(float), LAST: last.astype(float), AGE: age.astype(float)}
    return data, there >= age


def values(found: object) -> list[npt.NDArray[np.float64]]:
    if isinstance(found, Predicted):
        return [found.low, found.value, found.high]
    return [np.asarray(found)]


@pytest.mark.parametrize("working", [(0.2, -0.3, -0.4, 1.0), (1, -2, 0.3, 4), (-3, 3, 2, -1)])
def test_gradient_and_curvature_are_those_of_the_value(working: tuple[float, ...]) -> None:
    data, _ = buyers(80)
    weights = np.random.default_rng(1).uniform(0, 2, 80)
    rows = OpportunityRows(data[X], data[LAST], data[AGE], weights)
    point = np.array(working, dtype=float)
    found = evaluate(point, rows)
    assert found.hessian is not None
    for i, step in enumerate(np.eye(4) * 1e-5):
        ahead, behind = evaluate(point + step, rows), evaluate(point - step, rows)
        slope = (ahead.value - behind.value) / 2e-5
        assert found.gradient[i] == pytest.approx(slope, rel=1e-6, abs=1e-5)
        bends = (ahead.gradient - behind.gradient) / 2e-5
        assert found.hessian[i] == pytest.approx(bends, rel=1e-5, abs=1e-4)


def test_probabilities_of_all_histories_add_up_to_1() -> None:
    """Of the 2^n purchase sequences, C(t_x - 1, x - 1) share a history."""
    total = 0.0
    for last in range(7):
        for count in range(min(last, 1), last + 1):
            ways = np.prod([(last - 1 - i) / (i + 1) for i in range(count - 1)]) if count else 1.0
            row = OpportunityRows(*(np.array([float(v)]) for v in (count, last, 6, 1)))
            total += ways * np.exp(evaluate(np.log([1.2, 0.75, 0.66, 2.8]), row).value)
    assert total == pytest.approx(1, rel=1e-12)


def test_forecasts_agree_with_simulated_customers() -> None:
    random = np.random.default_rng(3)
    size, horizon, rate = 400_000, 6, 0.1
    parameters = np.array([1.2, 1.5, 0.8, 4.0])
    model = BGBB().fit(buyers(3000)[0])
    for count, last, age in ((3, 5, 8), (0, 0, 4), (2, 2, 2)):
        row = OpportunityRows(*(np.array([float(v)]) for v in (count, last, age, 1)))
        chance = np.exp(log_active(parameters, row))[0]
        buy = random.beta(1.2 + count, 1.5 + age - count, size)
        leave = random.beta(0.8, 4.0 + age, size)
        there = (random.geometric(leave) - 1) * (random.random(size) < chance)
        steps = np.arange(1, horizon + 1)
        bought = (random.random((size, horizon)) < buy[:, None]) & (steps <= there[:, None])
        model.maximum_.values[:] = parameters
        data = {X: [count], LAST: [last], AGE: [age]}
        mean, variance = model._total(
            parameters, model._rows(histories_of(data), is_distinct=True), 6
        )
        for found, expected in (
            (model.predict(data, horizon)[0], bought.sum(axis=1).mean()),
            (model.predict_any(data, horizon)[0], bought.any(axis=1).mean()),
            (
                model.predict_discounted(data, horizon, discount_rate=rate)[0],
                (bought * np.exp(-rate * steps)).sum(axis=1).mean(),
            ),
            (mean, bought.sum(axis=1).mean()),
            (variance, bought.sum(axis=1).var()),
        ):
            assert found == pytest.approx(expected, rel=0.02)


def test_the_maximum_lies_near_the_truth_and_ranks_who_is_there() -> None:
    data, there = buyers(20_000)
    model = BGBB().fit(data)
    assert model.maximum_.converged and not model.maximum_.unidentified
    for name, error in zip(model.maximum_.names, model.maximum_.standard_errors, strict=True):
        assert error is not None and abs(model.parameters_[name] - TRUTH[name]) < 3.5 * error
    active = model.predict_active(data)
    assert active.mean() == pytest.approx(there.mean(), abs=0.02)
    for low in (0.1, 0.4, 0.7):
        band = (active > low) & (active < low + 0.2)
        assert active[band].mean() == pytest.approx(there[band].mean(), abs=0.04)


def test_more_opportunities_are_more() -> None:
    data, _ = buyers(500)
    model = BGBB().fit(data)
    near, far = model.predict(data, 1), model.predict(data, 12)
    assert (near > 0).all() and (far > near).all() and (far < 12).all()
    assert model.predict_any(data, 1) == pytest.approx(near, rel=1e-9)
    endless = model.predict_discounted(data, discount_rate=0.05)
    assert (endless > model.predict_discounted(data, 12, discount_rate=0.05)).all()
    assert model.predict_discounted(data, 12, discount_rate=0) == pytest.approx(far)
    low, value, high = values(model.predict(data, 12, interval=0.9))
    assert (low <= value).all() and (value <= high).all() and (low < high).all()
    total = model.predict_total(data, 12)
    assert total.value == pytest.approx(far.sum()) and total.low < total.value < total.high


@pytest.mark.parametrize("rate", [0.0, 1e-3, 0.05])
def test_long_sums_go_on_as_short_ones(rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    data, _ = buyers(50)
    model = BGBB().fit(data)
    averaged = model.predict_discounted(data, 3000, discount_rate=rate)
    monkeypatch.setattr("tenure.predictions.purchases.bg_bb._SUMMED", 3000)
    summed = model.predict_discounted(data, 3000, discount_rate=rate)
    assert averaged == pytest.approx(summed, rel=1e-6)


HOSTILE: Mapping[str, Columns] = {
    "one customer": {X: [3], LAST: [4], AGE: [9]},
    "nobody came back": {X: [0, 0], LAST: [0, 0], AGE: [4, 9]},
    "no opportunity yet": {X: [0, 0], LAST: [0, 0], AGE: [0, 0]},
    "all buy always": {X: [9] * 40, LAST: [9] * 40, AGE: [9] * 40},
    "all buy once and go": {X: [1] * 40, LAST: [1] * 40, AGE: [20] * 40},
    "many opportunities": {X: [0, 700, 3, 90], LAST: [0, 999, 3, 200], AGE: [1000] * 4},
    "tiny weights": {X: [0, 1], LAST: [0, 2], AGE: [5, 5], "customers": [1e-9, 1e-9]},
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_number_is_ever_without_end(data: Columns) -> None:
    model = BGBB().fit(data)
    also = {X: [0, 999, 1, 50], LAST: [0, 1000, 1000, 50], AGE: [0, 1000, 1000, 900]}
    for table in (data, also):
        for found in (
            model.predict_active(table),
            model.predict_any(table, 90),
            model.predict(table, 90, interval=0.9),
            model.predict_discounted(table, discount_rate=1e-4),
        ):
            for part in values(found):
                assert np.isfinite(part).all() and (part >= 0).all()
    text = json.dumps({"model": model.to_dict(), "summary": model.summary()}, allow_nan=False)
    again = BGBB.from_dict(json.loads(text)["model"])
    assert np.array_equal(again.predict(also, 9), model.predict(also, 9))


def test_what_is_unidentified_is_named() -> None:
    assert BGBB().fit(HOSTILE["nobody came back"]).maximum_.unidentified == tuple(TRUTH)
    always = BGBB().fit(HOSTILE["all buy always"])
    assert set(always.maximum_.unidentified) >= {"alpha", "delta"}
    assert always.predict({X: [9], LAST: [9], AGE: [9]}, 10)[0] == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({X: [1], LAST: [1.5], AGE: [4]}, "age_at_last_order_days = 1.5"),
        ({X: [1], LAST: [1], AGE: [4.5]}, "age_days = 4.5"),
        ({X: [3], LAST: [2], AGE: [4]}, "repeat_order_day_count = 3"),
        ({X: [0], LAST: [0], AGE: [10_001]}, "at most 10,000"),
    ],
)
def test_impossible_rows_are_named(data: dict[str, list[float]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        BGBB().fit(data)


def test_a_horizon_is_a_whole_number_of_opportunities() -> None:
    model = BGBB().fit(buyers(50)[0])
    for horizon in (1.5, 20_000):
        with pytest.raises(OptionError, match="whole number of opportunities"):
            model.predict(buyers(5)[0], horizon)
