from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.fitting.draws import Predicted
from tenure.predictions.purchases.pareto_forecasts import (
    active,
    any_purchase,
    discounted_purchases,
    expected_purchases,
    total_moments,
)
from tenure.predictions.purchases.pareto_likelihood import ParetoRows, evaluate
from tenure.predictions.purchases.pareto_nbd import ParetoNBD

X, LAST, AGE = "repeat_order_day_count", "age_at_last_order_days", "age_days"
Columns = dict[str, npt.NDArray[np.float64]]


def histories(
    size: int, seed: int = 0, *, r: float = 0.7, alpha: float = 30, s: float = 0.8, beta: float = 90
) -> Columns:
    """Simulate customers from the model itself, in days with fractions."""
    random = np.random.default_rng(seed)
    age = random.uniform(60, 400, size)
    rate, leaving = random.gamma(r, 1 / alpha, size), random.gamma(s, 1 / beta, size)
    lived = np.minimum(age, random.exponential(1 / np.maximum(leaving, 1e-300)))
    count = random.poisson(rate * lived)
    last = np.where(count > 0, lived * random.beta(np.maximum(count, 1), 1), 0.0)
    return {X: count.astype(float), LAST: last, AGE: age}


def rows(*histories: tuple[float, float, float]) -> ParetoRows:
    count, last, age = np.array(histories, dtype=float).T
    return ParetoRows(count, last, age, np.ones(len(count)), np.empty((len(count), 0)))


def values(found: object) -> list[npt.NDArray[np.float64]]:
    if isinstance(found, Predicted):
        return [found.low, found.value, found.high]
    return [np.asarray(found)]


@pytest.mark.parametrize(
    "working",
    [(-0.5, -2.0, -0.3, -1.0), (1.0, 2.0, 3.0, 4.0), (-3.0, 1.0, -2.0, -4.0)],
)
@pytest.mark.parametrize("covariates", [0, 2])
def test_gradient_and_curvature_are_those_of_the_value(
    working: tuple[float, ...], covariates: int
) -> None:
    data, random = histories(60), np.random.default_rng(1)
    table = random.normal(size=(60, covariates))
    part = ParetoRows(data[X], data[LAST] / 200, data[AGE] / 200, random.uniform(0, 2, 60), table)
    point = np.append(working, random.normal(size=2 * covariates) / 3)
    found = evaluate(point, part)
    assert found.hessian is not None
    for i, step in enumerate(np.eye(len(point)) * 1e-5):
        ahead, behind = evaluate(point + step, part), evaluate(point - step, part)
        assert found.gradient[i] == pytest.approx(
            (ahead.value - behind.value) / 2e-5, rel=1e-6, abs=1e-5
        )
        bends = (ahead.gradient - behind.gradient) / 2e-5
        assert found.hessian[i] == pytest.approx(bends, rel=1e-5, abs=1e-4)


def test_the_likelihood_is_the_published_customer() -> None:
    """x = 2, t_x = 30.43, T = 38.86 at the CDNOW estimates, by direct numerical integration."""
    r, alpha, s, beta = 0.553, 10.578, 0.606, 11.669
    found = evaluate(np.log([r, alpha, s, beta]), rows((2, 30.43, 38.86))).value
    u = np.linspace(30.43, 38.86, 200_001)
    inside = (alpha + u) ** -(r + 2) * (beta + u) ** -(s + 1)
    left = s * np.trapezoid(inside, u)
    stayed = (alpha + 38.86) ** -(r + 2) * (beta + 38.86) ** -s
    expected = np.log(r * (r + 1) * alpha**r * beta**s * (stayed + left))
    assert found == pytest.approx(expected, abs=1e-9)


def test_forecasts_agree_with_simulated_customers() -> None:
    working = np.log([0.553, 10.578, 0.606, 11.669])
    random = np.random.default_rng(7)
    size, horizon, rate = 400_000, 39.0, 0.01
    for x, last, age in ((2.0, 30.43, 38.86), (0.0, 0.0, 38.86), (4.0, 10.0, 39.0)):
        row = rows((x, last, age))
        chance = float(active(working, row)[0])
        speed = random.gamma(0.553 + x, 1 / (10.578 + age), size)
        leaving = random.gamma(0.606, 1 / (11.669 + age), size)
        stays = np.minimum(horizon, random.exponential(1 / leaving)) * (
            random.random(size) < chance
        )
        bought = random.poisson(speed * stays)
        discounted = chance * speed * -np.expm1(-(rate + leaving) * horizon) / (rate + leaving)
        mean, variance = total_moments(working, row, horizon)
        for found, expected in (
            (any_purchase(working, row, horizon)[0], (bought > 0).mean()),
            (expected_purchases(working, row, horizon)[0], bought.mean()),
            (
                discounted_purchases(working, row, horizon, rate)[0],
                discounted.mean(),
            ),
            (mean, bought.mean()),
            (variance, bought.var()),
        ):
            assert found == pytest.approx(expected, rel=0.03)


def test_the_maximum_lies_near_the_truth() -> None:
    truth = {"r": 0.7, "alpha": 30, "s": 0.8, "beta": 90}
    model = ParetoNBD().fit(histories(6000))
    assert model.maximum_.converged and not model.maximum_.unidentified
    for name, error in zip(model.maximum_.names, model.maximum_.standard_errors, strict=True):
        assert error is not None
        assert abs(np.log(model.parameters_[name] / truth[name])) < 3 * error / truth[name]


@pytest.mark.parametrize("unit", [1 / 7, 24.0, 86_400.0])
def test_the_unit_of_time_changes_nothing(unit: float) -> None:
    data = histories(500)
    one, other = (
        ParetoNBD().fit({X: data[X], LAST: data[LAST] * by, AGE: data[AGE] * by})
        for by in (1.0, unit)
    )
    expected = {n: v * (unit if n in ("alpha", "beta") else 1) for n, v in one.parameters_.items()}
    assert other.parameters_ == pytest.approx(expected, rel=1e-7)
    moved = {X: data[X], LAST: data[LAST] * unit, AGE: data[AGE] * unit}
    assert other.predict(moved, 90 * unit) == pytest.approx(one.predict(data, 90), rel=1e-7)


def test_order_and_weights_change_nothing() -> None:
    data = {name: np.rint(column) for name, column in histories(800).items()}
    data[LAST] = np.where(data[X] > 0, np.minimum(np.maximum(data[LAST], 1), data[AGE]), 0)
    shuffled = np.random.default_rng(2).permutation(800)
    rows_, places = np.unique(np.column_stack(list(data.values())), axis=0, return_inverse=True)
    counted = dict(zip(data, rows_.T, strict=True), customers=np.bincount(places.ravel()))
    one = ParetoNBD().fit(data).parameters_
    for other in ({name: column[shuffled] for name, column in data.items()}, counted):
        assert ParetoNBD().fit(other).parameters_ == pytest.approx(one, rel=1e-9)
    given = {name: column for name, column in counted.items() if name != "customers"}
    assert ParetoNBD().fit(given, counted["customers"]).parameters_ == pytest.approx(one, rel=1e-9)


def test_more_horizon_is_more_and_less_rate_is_more() -> None:
    data = histories(300)
    model = ParetoNBD().fit(data)
    near, far = (np.asarray(model.predict(data, days)) for days in (30, 365))
    assert (near > 0).all() and (far > near).all()
    endless, patient = (
        np.asarray(model.predict_discounted(data, discount_rate=rate)) for rate in (1e-3, 1e-4)
    )
    assert (patient > endless).all()
    finite = np.asarray(model.predict_discounted(data, 365, discount_rate=1e-3))
    assert (finite < endless).all() and (finite < far).all()
    assert model.predict_discounted(data, 365, discount_rate=0) == pytest.approx(far)
    assert (np.asarray(model.predict_any(data, 30)) < np.asarray(model.predict_active(data))).all()


def test_intervals_hold_the_value() -> None:
    data = histories(200)
    model = ParetoNBD().fit(data)
    for found in (
        model.predict_active(data, interval=0.9),
        model.predict_any(data, 90, interval=0.9),
        model.predict(data, 90, interval=0.9),
        model.predict_discounted(data, discount_rate=1e-3, interval=0.9),
    ):
        low, value, high = values(found)
        assert (low <= value).all() and (value <= high).all() and (low < high).all()
    total = model.predict_total(data, 90)
    assert total.value == pytest.approx(np.asarray(model.predict(data, 90)).sum())
    assert total.low < total.value < total.high


def test_covariates_are_found() -> None:
    random = np.random.default_rng(4)
    lively, years = random.integers(0, 2, 6000), random.normal(2020, 2, 6000)
    faster, slower = histories(6000, 1, alpha=15), histories(6000, 2, alpha=30)
    data = {name: np.where(lively, faster[name], slower[name]) for name in faster}
    source = np.where(lively, "shop", "ad")
    table = {**data, "source": source, "year": years}
    model = ParetoNBD(covariates=("source", "year")).fit(table)
    found = model.parameters_
    level, sign = ("ad", -1) if (lively == 1).sum() >= 3000 else ("shop", 1)
    assert found[f"alpha[source={level}]"] == pytest.approx(sign * np.log(2), abs=0.12)
    assert abs(found[f"beta[source={level}]"]) < 0.25 and abs(found["alpha[year]"]) < 0.06
    assert list(found)[4:] == [
        *(f"alpha[source={level}]", "alpha[year]"),
        *(f"beta[source={level}]", "beta[year]"),
    ]
    moved = ParetoNBD(covariates=("source", "year")).fit({**table, "year": (years - 2020) * 12})
    assert moved.log_likelihood_ == pytest.approx(model.log_likelihood_, rel=1e-9)
    assert moved.parameters_["alpha[year]"] == pytest.approx(found["alpha[year]"], rel=1e-5)
    pair = {X: [1, 1], LAST: [40, 40], AGE: [90, 90], "source": ["ad", "shop"], "year": [2020] * 2}
    slow, fast = model.predict(pair, 90)
    assert fast != slow
    again = ParetoNBD.from_dict(json.loads(json.dumps(model.to_dict())))
    assert np.array_equal(again.predict(pair, 90), model.predict(pair, 90))
    with pytest.raises(DataError, match="source"):
        model.predict(data, 90)


def test_without_a_repeat_purchase_nothing_is_identified() -> None:
    data = {X: np.zeros(200), LAST: np.zeros(200), AGE: np.linspace(10, 300, 200)}
    model = ParetoNBD().fit(data)
    assert model.maximum_.unidentified == ("r", "alpha", "s", "beta")
    assert "no_repeat_purchases" in model.maximum_.notes
    total = model.predict_total(data, 90)
    assert 0 < total.value < 1 and total.low == 0 and 1 <= total.high < 20


def test_where_nobody_leaves_the_dropout_is_unidentified() -> None:
    random = np.random.default_rng(1)
    age = np.full(2000, 300.0)
    count = random.poisson(random.gamma(2, 0.02, 2000) * age)
    last = np.where(count > 0, age * random.beta(np.maximum(count, 1), 1), 0.0)
    model = ParetoNBD().fit({X: count, LAST: last, AGE: age})
    assert set(model.maximum_.unidentified) <= {"s", "beta"} and model.maximum_.unidentified
    assert model.parameters_["r"] == pytest.approx(2, rel=0.2)
    bought = np.asarray(model.predict({X: count, LAST: last, AGE: age}, 100))
    assert bought.sum() == pytest.approx(count.sum() / 3, rel=0.05)


HOSTILE: Mapping[str, Columns] = {
    "one customer": {X: [3], LAST: [10], AGE: [20]},
    "one customer who bought once": {X: [0], LAST: [0], AGE: [20]},
    "bought today": {X: [0, 0, 2], LAST: [0, 0, 5], AGE: [0, 0, 5]},
    "all bought today": {X: [0, 0], LAST: [0, 0], AGE: [0, 0]},
    "whales": {X: [0, 1, 400, 900, 2000], LAST: [0, 9, 99, 88, 100], AGE: [100] * 5},
    "all alike": {X: [5] * 40, LAST: [50] * 40, AGE: [60] * 40},
    "published troubles": {X: [221, 0, 1], LAST: [103.43, 0, 3], AGE: [103.57, 90, 90]},
    "seconds": {X: [3, 0, 1], LAST: [3.1e7, 0, 5e6], AGE: [3.2e7, 3e7, 2e7]},
    "all gone early": {X: [30] * 20 + [0] * 20, LAST: [3] * 20 + [0] * 20, AGE: [900] * 40},
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_number_is_ever_without_end(data: Columns) -> None:
    model = ParetoNBD().fit(data)
    also = {X: [0, 5000, 1, 221], LAST: [0, 1, 1e5, 103.43], AGE: [0, 1e4, 1e5, 103.57]}
    for table in (data, also):
        found = [
            model.predict_active(table),
            model.predict_any(table, 90),
            model.predict(table, 90, interval=0.9),
            model.predict_discounted(table, discount_rate=1e-4),
        ]
        for part in (part for one in found for part in values(one)):
            assert np.isfinite(part).all() and (part >= 0).all()
        assert all((np.asarray(chance) <= 1).all() for chance in found[:2])
    json.dumps({"model": model.to_dict(), "summary": model.summary()}, allow_nan=False)


def test_parameters_at_which_others_overflow() -> None:
    working = np.log([0.55, 10.6, 64, 7721])
    row = rows((221, 103.43, 103.57), (0, 0, 90), (3, 40, 90))
    found = discounted_purchases(working, row, None, 1e-4)
    assert np.isfinite(found).all() and (found > 0).all()
    # Dropout is nearly exponential here, with rate s / (beta + T).
    rate = active(working, row) * (0.55 + row.count) / (10.6 + row.age)
    assert found == pytest.approx(rate / (64 / (7721 + row.age) + 1e-4), rel=0.02)


def test_a_saved_model_predicts_bit_for_bit_the_same() -> None:
    data = histories(300)
    model = ParetoNBD(penalty=0.01).fit(data)
    again = ParetoNBD.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again.summary() == model.summary() and again.get_params() == model.get_params()
    one, other = (m.predict(data, 90, interval=0.9) for m in (model, again))
    for mine, theirs in zip(values(one), values(other), strict=True):
        assert np.array_equal(mine, theirs)
    assert len(json.dumps(model.to_dict())) < 60_000


def test_the_sample_that_begins_a_large_search_leaves_no_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = histories(3000)
    whole = ParetoNBD().fit(data)
    for name, value in (("_SAMPLED_FROM", 1000), ("_SAMPLE", 500)):
        monkeypatch.setattr(f"tenure.predictions.purchases.pareto_nbd.{name}", value)
    sampled = ParetoNBD().fit(data)
    assert sampled.parameters_ == pytest.approx(whole.parameters_, rel=1e-6)
    assert sampled.maximum_.passes < whole.maximum_.passes


def test_what_is_wrong_is_named() -> None:
    model = ParetoNBD().fit(histories(50))
    data: dict[str, Any] = {X: [1], LAST: [5], AGE: [9]}
    for wrong in (
        lambda: model.predict(data, 0),
        lambda: model.predict_any(data, float("inf")),
        lambda: model.predict_discounted(data, discount_rate=0),
        lambda: model.predict_discounted(data, 9, discount_rate=-1),
        lambda: model.predict_active(data, interval=1),
    ):
        with pytest.raises(OptionError):
            wrong()
    with pytest.raises(DataError, match="never fitted"):
        ParetoNBD().predict_active(data)
    with pytest.raises(DataError, match=LAST):
        ParetoNBD().fit({X: [1], LAST: [10], AGE: [9]})


def test_many_rows_are_told_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond some thousand rows intervals come from an expansion instead of draws."""
    model = ParetoNBD().fit(histories(6000))
    assert model.maximum_.draws is None
    data = histories(40, 9)
    drawn = [model.predict_active(data, interval=0.9), model.predict(data, 90, interval=0.9)]
    total = model.predict_total(data, 90)
    monkeypatch.setattr("tenure.predictions.purchases.purchase_model._EXPANDED_FROM", 10)
    expanded = [model.predict_active(data, interval=0.9), model.predict(data, 90, interval=0.9)]
    for one, other in zip(drawn, expanded, strict=True):
        width = one.high - one.low
        assert np.array_equal(one.value, other.value)
        assert (np.abs(one.low - other.low) < 0.2 * width).all()  # 400 draws are not exact
        assert (np.abs(one.high - other.high) < 0.2 * width).all()
    again = model.predict_total(data, 90)
    assert (again.low, again.high) == pytest.approx((total.low, total.high), rel=0.02)
