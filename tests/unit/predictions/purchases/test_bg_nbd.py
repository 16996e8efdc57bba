"""BG/NBD: its likelihood, its forecasts, and the data that break other implementations."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.special import hyp2f1

from tenure.kernel import DataError, OptionError
from tenure.predictions.fitting.tuples import distinct
from tenure.predictions.purchases.beta_geometric_likelihood import BetaGeometricLikelihood
from tenure.predictions.purchases.bg_nbd import BGNBD
from tenure.predictions.purchases.histories import TUPLE, histories_of

Columns = dict[str, npt.NDArray[np.float64]]


def table(count: npt.ArrayLike, last: npt.ArrayLike, age: npt.ArrayLike) -> Columns:
    return {n: np.asarray(v, dtype=float) for n, v in zip(TUPLE, (count, last, age), strict=True)}


def made(
    customers: int,
    seed: int,
    *,
    r: float = 0.6,
    alpha: float = 40.0,
    a: float = 0.8,
    b: float = 2.4,
    whole_days: bool = True,
) -> Columns:
    """Customers drawn from the model, 30 to 730 days old."""
    random = np.random.default_rng(seed)
    age = random.integers(30, 731, customers).astype(float)
    rate, leaving = random.gamma(r, 1 / alpha, customers), random.beta(a, b, customers)
    count, last = np.zeros(customers), np.zeros(customers)
    clock, here = np.zeros(customers), np.ones(customers, dtype=bool)
    while here.any():
        clock[here] += random.exponential(1 / np.maximum(rate[here], 1e-12))
        here &= clock <= age
        count[here] += 1
        last[here] = clock[here]
        here &= random.random(customers) >= leaving
    if whole_days:
        last = np.minimum(np.ceil(last), age)
    return table(count, last, age)


def known(r: float, alpha: float, a: float, b: float) -> BGNBD:
    """Return a model with given parameters."""
    state = BGNBD().fit(made(200, 0)).to_dict()
    state["fitted"]["maximum"]["values"] = [r, alpha, a, b]
    return BGNBD.from_dict(state)


def likelihood(columns: Columns, chances_before: int = 0) -> BetaGeometricLikelihood:
    groups = np.zeros(len(columns[TUPLE[0]]))
    tuples = distinct((groups, *(columns[name] for name in TUPLE)))
    return BetaGeometricLikelihood(tuples, chances_before, np.empty((1, 0)))


@pytest.mark.parametrize("chances_before", [0, 1])
@pytest.mark.parametrize("point", [(0.0, 1.0, -0.5, 0.7), (-2.0, 3.0, 1.5, -1.0)])
def test_gradient_and_hessian_are_the_derivatives(
    chances_before: int, point: tuple[float, float, float, float]
):
    of = likelihood(made(300, 1), chances_before)
    here = np.array(point)
    found = of(here)
    for i, step in enumerate(np.eye(4) * 1e-5):
        ahead, behind = of(here + step), of(here - step)
        assert found.gradient[i] == pytest.approx((ahead.value - behind.value) / 2e-5, rel=1e-5)
        assert found.hessian is not None
        by_difference = (ahead.gradient - behind.gradient) / 2e-5
        assert found.hessian[i] == pytest.approx(by_difference, rel=1e-4, abs=1e-3)


def test_covariates_have_the_right_derivatives_too():
    columns = made(300, 2)
    random = np.random.default_rng(3)
    groups = random.integers(0, 5, 300).astype(float)
    tuples = distinct((groups, *(columns[name] for name in TUPLE)))
    of = BetaGeometricLikelihood(tuples, 0, random.normal(size=(5, 2)))
    here = random.normal(size=10) / 3
    found = of(here)
    assert found.hessian is not None
    for i, step in enumerate(np.eye(10) * 1e-5):
        ahead, behind = of(here + step), of(here - step)
        assert found.gradient[i] == pytest.approx((ahead.value - behind.value) / 2e-5, rel=1e-5)
        by_difference = (ahead.gradient - behind.gradient) / 2e-5
        assert found.hessian[i] == pytest.approx(by_difference, rel=1e-4, abs=1e-3)


def test_expected_purchases_equal_the_published_closed_form():
    r, alpha, a, b, t = 0.6, 40.0, 0.8, 2.4, 90.0
    columns = made(500, 4)
    x, _, age = columns.values()
    z = t / (alpha + age + t)
    tail = hyp2f1(r + x, b + x, a + b + x - 1, z)
    bracket = 1 - ((alpha + age) / (alpha + age + t)) ** (r + x) * tail
    model = known(r, alpha, a, b)
    wanted = model.predict_active(columns) * (a + b + x - 1) / (a - 1) * bracket
    assert model.predict(columns, t) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("a", [0.999999, 1.0, 1.000001])
def test_the_forecast_is_smooth_where_the_closed_form_divides_by_zero(a: float):
    one = table([3], [50], [80])
    assert known(0.6, 40, a, 2.4).predict(one, 90) == pytest.approx(
        known(0.6, 40, 1.01, 2.4).predict(one, 90), rel=0.01
    )


def test_a_plus_b_below_one_gives_the_simulated_number():
    # Where published formulas give NaN: lifetimes takes the logarithm of a negative 2F1 here.
    r, alpha, a, b, t = 0.11, 2.24, 0.31, 0.50, 90.0
    random = np.random.default_rng(5)
    rate = random.gamma(r, 1 / (alpha + 32.57), 400_000)
    leaving = random.beta(a, b, 400_000)
    expected = (-np.expm1(-rate * leaving * t) / leaving).mean()
    found = known(r, alpha, a, b).predict(table([0], [0], [32.57]), t)
    assert found[0] == pytest.approx(expected, rel=0.02)


def test_probability_of_any_purchase_is_the_exact_closed_form():
    model, columns = known(0.6, 40, 0.8, 2.4), made(100, 6)
    x, _, age = columns.values()
    still = ((40 + age) / (40 + age + 30)) ** (0.6 + x)
    wanted = model.predict_active(columns) * (1 - still)
    assert model.predict_any(columns, 30) == pytest.approx(wanted, rel=1e-12)


def test_discounting_counts_each_purchase_when_it_happens():
    model, columns = known(0.6, 40, 0.8, 2.4), made(50, 7)
    rate, edges = 0.001, np.linspace(0, 365, 366)
    totals = np.array([model.predict(columns, edge) if edge else np.zeros(50) for edge in edges])
    middles = np.exp(-rate * (edges[1:] + edges[:-1]) / 2)
    wanted = middles @ np.diff(totals, axis=0)
    assert model.predict_discounted(columns, 365, discount_rate=rate) == pytest.approx(
        wanted, rel=1e-4
    )


def test_without_a_rate_discounting_changes_nothing():
    model, columns = known(0.6, 40, 0.8, 2.4), made(50, 8)
    assert (
        model.predict_discounted(columns, 90, discount_rate=0) == model.predict(columns, 90)
    ).all()


def test_for_ever_is_the_limit_of_long_horizons():
    model, columns = known(0.6, 40, 0.8, 2.4), made(50, 9)
    rate = np.log(1.1) / 365
    ever = model.predict_discounted(columns, discount_rate=rate)
    long = model.predict_discounted(columns, 60_000, discount_rate=rate)
    assert ever == pytest.approx(long, rel=1e-5)


def test_total_has_mean_and_spread_of_what_happens():
    r, alpha, a, b, t = 0.8, 10.0, 0.9, 2.5, 60.0
    model = known(r, alpha, a, b)
    one = table([2], [30], [40])
    random = np.random.default_rng(10)
    customers = 200_000
    rate = random.gamma(r + 2, 1 / (alpha + 40), customers)
    leaving = random.beta(a, b + 2, customers)
    here = random.random(customers) < model.predict_active(one)[0]
    clock, bought = np.zeros(customers), np.zeros(customers)
    while here.any():
        clock[here] += random.exponential(1 / rate[here])
        here &= clock <= t
        bought[here] += 1
        here &= random.random(customers) >= leaving
    rows = model._rows(histories_of(one), is_distinct=True)
    mean, variance = model._total(model.maximum_.values, rows, t)
    assert mean == pytest.approx(bought.mean(), rel=0.01)
    assert variance == pytest.approx(bought.var(), rel=0.03)


def test_the_interval_of_what_will_be_counted_is_wider_than_that_of_its_mean():
    columns = made(800, 11)
    model = BGNBD().fit(columns)
    outcome = model.predict_total(columns, 90)
    mean = model.predict_total(columns, 90, kind="expectation")
    assert outcome.value == pytest.approx(model.predict(columns, 90).sum(), rel=1e-9)
    assert outcome.low < mean.low < mean.value < mean.high < outcome.high
    assert (outcome.method, mean.method) == ("laplace_outcome", "laplace_expectation")


def test_intervals_of_customers_surround_their_values_and_repeat():
    columns = made(80, 12)
    model = BGNBD().fit(columns)
    for predict in (
        lambda **k: model.predict(columns, 90, **k),
        lambda **k: model.predict_any(columns, 90, **k),
        lambda **k: model.predict_active(columns, **k),
        lambda **k: model.predict_discounted(columns, 90, discount_rate=0.001, **k),
    ):
        found, again = predict(interval=0.9), predict(interval=0.9)
        assert found.value == pytest.approx(predict(), rel=1e-12)
        assert (found.low <= found.value).all() and (found.value <= found.high).all()
        assert (found.low == again.low).all() and (found.high == again.high).all()
    half, most = (model.predict(columns, 90, interval=share) for share in (0.5, 0.9))
    assert (most.low < half.low).all() and (half.high < most.high).all()


def test_every_kind_of_table_gives_the_same():
    columns = made(200, 13)
    model = BGNBD().fit(columns)
    wanted = model.predict(columns, 30)
    whole = {name: values.astype(int) for name, values in columns.items()}
    for other in (
        pd.DataFrame(columns),
        pl.DataFrame(columns),
        pa.table(columns),
        pa.table(whole),
        np.stack(list(columns.values()), axis=1),
        histories_of(columns),
    ):
        assert (model.predict(other, 30) == wanted).all()
        assert (BGNBD().fit(other).maximum_.values == model.maximum_.values).all()


def test_a_saved_model_is_small_and_gives_the_same_bits():
    columns = made(2000, 14)
    model = BGNBD(penalty=0.5).fit(columns)
    text = json.dumps(model.to_dict())
    loaded = BGNBD.from_dict(json.loads(text))
    assert len(text) < 3000
    assert loaded.get_params() == model.get_params()
    assert (loaded.predict(columns, 90) == model.predict(columns, 90)).all()
    first, second = (m.predict(columns, 90, interval=0.9) for m in (model, loaded))
    assert (first.low == second.low).all()


def test_a_penalty_pulls_towards_the_middle_and_says_so():
    columns = made(60, 15)
    plain, pulled = BGNBD().fit(columns), BGNBD(penalty=5.0).fit(columns)
    assert abs(np.log(pulled.parameters_["b"])) < abs(np.log(plain.parameters_["b"]))
    assert "penalised" in pulled.maximum_.notes
    assert pulled.log_likelihood_ < plain.log_likelihood_


def test_a_penalty_knows_no_unit():
    columns = made(60, 16)
    hours = {**columns, TUPLE[1]: columns[TUPLE[1]] * 24, TUPLE[2]: columns[TUPLE[2]] * 24}
    by_day, by_hour = (BGNBD(penalty=2.0).fit(each) for each in (columns, hours))
    assert by_hour.parameters_["alpha"] == pytest.approx(24 * by_day.parameters_["alpha"])
    assert by_hour.parameters_["r"] == pytest.approx(by_day.parameters_["r"])


def test_summary_names_each_parameter_with_its_interval():
    rows = BGNBD().fit(made(1000, 17)).summary()
    assert [row["parameter"] for row in rows] == ["r", "alpha", "a", "b"]
    assert all(row["low"] < row["value"] < row["high"] and row["identified"] for row in rows)


# What other implementations cannot take


def every_prediction(model: BGNBD, columns: Columns, horizon: float) -> list[npt.NDArray]:
    ranges = model.predict(columns, horizon, interval=0.9)
    total = model.predict_total(columns, horizon)
    return [
        model.predict_active(columns),
        model.predict_any(columns, horizon),
        model.predict(columns, horizon),
        model.predict(columns, 50 * horizon),
        model.predict_discounted(columns, discount_rate=0.1 / horizon),
        ranges.low,
        ranges.high,
        np.array([total.low, total.value, total.high]),
    ]


def assert_all_finite(model: BGNBD, columns: Columns, horizon: float = 90.0) -> None:
    for values in every_prediction(model, columns, horizon):
        assert np.isfinite(values).all()
        assert (values >= 0).all()
    fitted = [model.maximum_.values, model.maximum_.covariance, [model.log_likelihood_]]
    assert all(np.isfinite(np.asarray(values)).all() for values in fitted)


def appended(columns: Columns, rows: list[tuple[float, float, float]]) -> Columns:
    return {
        name: np.concatenate((columns[name], [row[i] for row in rows]))
        for i, name in enumerate(TUPLE)
    }


def test_customers_with_thousands_of_purchases():
    columns = appended(made(1000, 20), [(400, 700, 705), (900, 729, 730), (2000, 300, 700)])
    model = BGNBD().fit(columns)
    assert model.maximum_.converged
    assert_all_finite(model, columns)
    assert model.predict(columns, 90)[-2] == pytest.approx(900 / 730 * 90, rel=0.15)


def test_almost_nobody_leaves():
    columns = made(3000, 24, a=0.01, b=50)
    model = BGNBD().fit(columns)
    assert model.maximum_.converged
    assert {"a", "b"} <= set(model.maximum_.unidentified)
    assert model.summary()[2]["standard_error"] is None
    assert_all_finite(model, columns)
    assert model.predict_active(columns).mean() > 0.98


def test_customers_who_are_nearly_alike():
    columns = made(3000, 22, r=20, alpha=400)
    model = BGNBD().fit(columns)
    assert model.maximum_.converged and not model.maximum_.unidentified
    row = model.summary()[0]
    assert row["low"] < 20 < row["high"]
    assert_all_finite(model, columns)


def test_fifty_customers():
    columns = made(50, 23, a=0.3, b=0.5)
    model = BGNBD().fit(columns)
    assert model.maximum_.converged
    assert_all_finite(model, columns)


def test_only_one_time_buyers_are_named_as_unidentified():
    columns = table(np.zeros(500), np.zeros(500), np.arange(500))
    model = BGNBD().fit(columns)
    assert model.maximum_.unidentified == ("r", "alpha", "a", "b")
    assert "no_repeat_purchases" in model.maximum_.notes
    assert_all_finite(model, columns)
    # Nothing in 124,750 days: at most about three in as many days to come.
    total = model.predict_total(columns, 250)
    assert total.low >= 0 and 0 < total.value < 1 and total.high < 5


@pytest.mark.parametrize("rows", [[(0, 0, 0)] * 30, [(2, 0, 0), (1, 0, 0)]])
def test_customers_of_today(rows: list[tuple[float, float, float]]):
    columns = appended(made(500, 24), rows)
    model = BGNBD().fit(columns)
    assert model.maximum_.converged
    assert_all_finite(model, columns)


def test_nothing_but_customers_of_today():
    columns = table([0, 0], [0, 0], [0, 0])
    assert_all_finite(BGNBD().fit(columns), columns)


def test_continuous_time_stamps():
    columns = made(2000, 25, whole_days=False)
    columns[TUPLE[2]] += np.random.default_rng(0).random(2000)
    model = BGNBD().fit(columns)
    assert model.maximum_.converged
    rows = model.summary()
    truth = {"r": 0.6, "alpha": 40.0, "a": 0.8, "b": 2.4}
    for row in rows:
        assert row["low"] * 0.8 < truth[row["parameter"]] < row["high"] * 1.25
    few = {name: values[:300] for name, values in columns.items()}
    assert_all_finite(model, few)


def test_a_single_customer():
    columns = table([3], [40], [60])
    model = BGNBD().fit(columns)
    assert model.maximum_.unidentified
    assert_all_finite(model, columns)


def test_predicting_for_nobody_returns_nothing():
    model = BGNBD().fit(made(100, 26))
    assert len(model.predict(table([], [], []), 90)) == 0
    assert len(model.predict_active(table([], [], []))) == 0


# What is refused


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (([1.5], [1], [2]), "repeat_order_day_count = 1.5 in row 0"),
        (([1], [3], [2]), "age_at_last_order_days = 3.0 in row 0"),
        (([0, 0], [0, 1], [2, 2]), "age_at_last_order_days = 1.0 in row 1"),
        (([1, -1], [1, 1], [2, 2]), "repeat_order_day_count = -1.0 in row 1"),
        (([1], [np.nan], [2]), "age_at_last_order_days = nan in row 0"),
        (([1], [1], [np.inf]), "age_days = inf in row 0"),
        (([], [], []), "no rows"),
    ],
)
def test_an_impossible_row_is_named(rows: tuple[list[float], ...], says: str):
    with pytest.raises(DataError, match=says):
        BGNBD().fit(table(*rows))


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="age_days"):
        BGNBD().fit({TUPLE[0]: [1], TUPLE[1]: [1]})


def test_an_unfitted_model_says_so():
    with pytest.raises(DataError, match="never fitted"):
        BGNBD().predict(table([1], [1], [2]), 90)


@pytest.mark.parametrize("horizon", [0, -1, np.nan, np.inf])
def test_a_horizon_is_a_positive_number(horizon: float):
    model = BGNBD().fit(made(100, 27))
    with pytest.raises(OptionError, match="horizon"):
        model.predict(made(10, 0), horizon)


def test_for_ever_needs_a_discount_rate():
    model = BGNBD().fit(made(100, 28))
    with pytest.raises(OptionError, match="discount_rate"):
        model.predict_discounted(made(10, 0), discount_rate=0)


@pytest.mark.parametrize("interval", [0, 1, 90])
def test_an_interval_is_a_share(interval: float):
    model = BGNBD().fit(made(100, 29))
    with pytest.raises(OptionError, match="interval"):
        model.predict(made(10, 0), 90, interval=interval)


def test_as_many_weights_as_rows():
    with pytest.raises(DataError, match="weights"):
        BGNBD().fit(made(100, 30), weights=[1, 2])


def test_a_negative_penalty_is_refused():
    with pytest.raises(OptionError, match="penalty"):
        BGNBD(penalty=-1).fit(made(100, 31))
