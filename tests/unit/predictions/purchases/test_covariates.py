"""Covariates known when a customer was won: as numbers, and as effects in BG/NBD."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.purchases.bg_nbd import BGNBD
from tenure.predictions.purchases.covariates import (
    LEVELS_MAX,
    MISSING,
    Covariates,
    learn_covariates,
)
from tenure.predictions.purchases.mbg_nbd import MBGNBD

COUNT, LAST, AGE = "repeat_order_day_count", "age_at_last_order_days", "age_days"


def made(customers: int, seed: int, effect: float = 0.7, *, leaves_at_first: bool = False):
    """Customers of two sources; those of the shop buy exp(effect) times as often."""
    random = np.random.default_rng(seed)
    from_shop = random.random(customers) < 0.4
    age = random.integers(20, 100, customers).astype(float)
    rate = random.gamma(0.9, np.exp(effect * from_shop) / 12)
    leaving = random.beta(0.8, 2.5, customers)
    count, last = np.zeros(customers), np.zeros(customers)
    clock = np.zeros(customers)
    here = random.random(customers) >= leaving if leaves_at_first else age > 0
    while here.any():
        clock[here] += random.exponential(1 / np.maximum(rate[here], 1e-12))
        here &= clock <= age
        count[here] += 1
        last[here] = clock[here]
        here &= random.random(customers) >= leaving
    return {
        COUNT: count,
        LAST: last,
        AGE: age,
        "source": np.where(from_shop, "shop", "web").astype(object),
        "is_shop": from_shop.astype(float),
    }


def design(covariates: Covariates, columns: dict[str, list[object]]) -> list[list[float]]:
    """Return what each row's covariates enter as."""
    groups, numbers = covariates.groups(columns, len(next(iter(columns.values()))))
    return numbers[groups.astype(int)].tolist()


def test_the_most_common_level_is_the_reference():
    found = learn_covariates({"source": ["a", "b", "b", None]}, ["source"], None)
    assert found.names == (f"source={MISSING}", "source=a")
    wanted = [[0, 0], [0, 1], [1, 0], [0, 0]]
    assert design(found, {"source": ["b", "a", None, "new"]}) == wanted


def test_weights_decide_which_level_is_the_most_common():
    found = learn_covariates({"source": ["a", "b", "b"]}, ["source"], np.array([5.0, 1.0, 1.0]))
    assert found.names == ("source=b",)


def test_a_number_enters_in_standard_deviations():
    found = learn_covariates({"first_value": [10.0, 30.0]}, ["first_value"], None)
    assert design(found, {"first_value": [20.0, 40.0]}) == [[0.0], [2.0]]


def test_a_number_that_never_varies_does_no_harm():
    found = learn_covariates({"first_value": [7, 7]}, ["first_value"], None)
    assert design(found, {"first_value": [7, 8]}) == [[0.0], [1.0]]


def test_a_category_with_a_single_level_does_no_harm():
    table = made(400, 1)
    table["source"] = np.full(400, "web", dtype=object)
    fitted = BGNBD(covariates=("source",)).fit(table)
    assert fitted.parameters_["r"] == pytest.approx(BGNBD().fit(table).parameters_["r"], rel=1e-3)


def test_too_many_levels_are_refused():
    with pytest.raises(OptionError, match="different values"):
        learn_covariates({"id": [str(i) for i in range(LEVELS_MAX + 1)]}, ["id"], None)


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="campaign"):
        BGNBD(covariates=("campaign",)).fit(made(50, 0))


def test_customers_with_equal_covariates_form_a_group():
    table = {"a": ["x", "y", "x", "y"], "b": [1.0, 2.0, 1.0, 3.0]}
    groups, numbers = learn_covariates(table, ["a", "b"], None).groups(table, 4)
    assert groups[0] == groups[2] and len(set(groups)) == len(numbers) == 3


def test_covariates_come_back_from_json():
    found = learn_covariates({"a": ["x", "y", "y"], "b": [1, 2, 4]}, ["a", "b"], None)
    assert Covariates.from_list(json.loads(json.dumps(found.to_list()))) == found


@pytest.mark.parametrize("model", [BGNBD, MBGNBD])
def test_an_effect_on_the_rate_is_found(model: type[BGNBD | MBGNBD]):
    table = made(6000, 3, effect=0.7, leaves_at_first=model is MBGNBD)
    fitted = model(covariates=("source",), covariate_penalty=0.1).fit(table)
    found = {row["parameter"]: row for row in fitted.summary()}["alpha[source=shop]"]
    assert found["low"] < 0.7 < found["high"]
    assert found["standard_error"] < 0.15


def test_more_purchases_are_expected_where_the_effect_says_so():
    table = made(3000, 4, effect=0.8)
    fitted = BGNBD(covariates=("source",)).fit(table)
    same = {COUNT: [2, 2], LAST: [30, 30], AGE: [50, 50], "source": ["web", "shop"]}
    web, shop = fitted.predict(same, 26)
    assert shop > web


def test_a_column_of_texts_and_one_of_zeros_and_ones_say_the_same():
    table = made(3000, 5)
    by_text = BGNBD(covariates=("source",), covariate_penalty=0).fit(table)
    by_number = BGNBD(covariates=("is_shop",), covariate_penalty=0).fit(table)
    assert by_text.log_likelihood_ == pytest.approx(by_number.log_likelihood_, abs=1e-3)
    assert by_text.predict(table, 26) == pytest.approx(by_number.predict(table, 26), rel=1e-3)


def test_a_strong_penalty_takes_the_effects_away():
    table = made(1000, 6)
    plain = BGNBD().fit(table)
    shrunk = BGNBD(covariates=("source",), covariate_penalty=1e9).fit(table)
    assert shrunk.parameters_["alpha[source=shop]"] == pytest.approx(0, abs=1e-4)
    assert shrunk.predict(table, 26) == pytest.approx(plain.predict(table, 26), rel=1e-3)
    assert "penalised" in shrunk.maximum_.notes


def test_effects_are_in_the_interval_too():
    table = made(300, 7)
    fitted = BGNBD(covariates=("source",)).fit(table)
    found = fitted.predict(table, 26, interval=0.9)
    assert found.value == pytest.approx(fitted.predict(table, 26), rel=1e-12)
    assert (found.low < found.value).all() and (found.value < found.high).all()


def test_a_continuous_covariate_gives_every_customer_a_distribution_of_their_own():
    table = made(500, 8)
    table["first_value"] = np.random.default_rng(0).gamma(2.0, 20.0, 500)
    fitted = BGNBD(covariates=("first_value",)).fit(table)
    assert np.isfinite(fitted.predict(table, 26)).all()
    assert fitted.maximum_.converged
    total = fitted.predict_total(table, 26)
    assert total.low < total.value < total.high


def test_a_saved_model_with_covariates_predicts_the_same():
    table = made(300, 9)
    fitted = BGNBD(covariates=("source",)).fit(table)
    loaded = BGNBD.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert (loaded.predict(table, 26) == fitted.predict(table, 26)).all()
    assert loaded.get_params() == fitted.get_params()
