from __future__ import annotations

import json

import numpy as np
import pytest

from tenure.kernel import DataError, Estimate, Undefined
from tenure.predictions.contracts.shifted_beta_geometric import ShiftedBetaGeometric
from tenure.predictions.value.assumptions import ValueAssumptions
from tenure.predictions.value.contract_value import CONTRACT_VALUES, contract_values
from tenure.predictions.value.retention_value import (
    CustomerBase,
    Moments,
    RetentionValue,
    continuous_moments,
    renewal_moments,
)
from tenure.predictions.value.value_of_retention import (
    value_of_contract_retention,
    value_of_retention,
)
from tests.unit.predictions.value.made_customers import Made, customers

GIVEN = ValueAssumptions(margin=0.4)


@pytest.fixture(scope="module")
def made() -> Made:
    return customers(2500, seed=17)


@pytest.fixture(scope="module")
def found(made: Made) -> RetentionValue:
    return value_of_retention(made.table, GIVEN)


def constant(hazard: float) -> CustomerBase:
    """Return 100 customers of 10 a year who all leave at one rate."""
    return CustomerBase(
        np.array([100.0]), np.array([10.0]), lambda years: np.exp(-hazard * years)[None, :]
    )


def test_value_of_a_constant_rate_of_leaving_is_known_in_closed_form() -> None:
    base = constant(0.3)
    year, life = continuous_moments()
    assert base.retention() == pytest.approx(np.exp(-0.3))
    assert base.value(life, 0.1) == pytest.approx(1000 / 0.4, rel=1e-8)
    assert base.value(year, 0.1) == pytest.approx(1000 / 0.4 * (1 - np.exp(-0.4)), rel=1e-10)


def test_a_point_more_is_a_point_more() -> None:
    base = constant(0.3)
    slower = base.slowed(0.01)
    assert slower is not None
    assert base.retention(slower) - base.retention() == pytest.approx(0.01, abs=1e-9)
    # Of an exponential life, leaving slowed by c is leaving at c times the rate.
    assert base.value(continuous_moments()[1], 0.1, slower) == pytest.approx(
        1000 / (0.3 * slower + 0.1), rel=1e-8
    )


def test_retention_cannot_rise_beyond_one() -> None:
    assert constant(0.02).slowed(0.05) is None
    assert constant(0.02).slowed(0.01) is not None


def test_renewals_come_at_whole_periods() -> None:
    year, life = renewal_moments(0.25)
    assert year.years.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert life.years[-1] == 50.0
    assert isinstance(year, Moments)


def test_the_model_finds_the_true_retention(found: RetentionValue, made: Made) -> None:
    assert isinstance(found.active, Estimate)
    assert isinstance(found.retention, Estimate)
    assert found.active.value == pytest.approx(made.active.sum(), rel=0.12)
    assert 0.4 < found.retention.low < found.retention.value < found.retention.high < 0.95


def test_a_point_is_worth_more_over_a_lifetime_than_within_a_year(found: RetentionValue) -> None:
    for figure in (found.point_year, found.point_lifetime, found.value_year):
        assert isinstance(figure, Estimate)
        assert 0 < figure.low <= figure.value <= figure.high
    assert isinstance(found.value_year, Estimate)
    assert isinstance(found.value_lifetime, Estimate)
    assert isinstance(found.point_year, Estimate)
    assert isinstance(found.point_lifetime, Estimate)
    assert found.point_year.value < found.point_lifetime.value
    # In a year a point keeps at most a hundredth of the active customers, half the year on average.
    assert isinstance(found.active, Estimate)
    mean = found.value_year.value / found.active.value
    assert found.point_year.value < 0.01 * found.active.value * mean


def test_the_popular_figure_stands_beside_the_own_one(found: RetentionValue) -> None:
    own = found.five_points_share
    assert isinstance(own, Estimate)
    for language in ("en", "zh"):
        text = found.popular_text[language]
        assert "25%" in text
        assert "95%" in text
        assert f"{own.value:.1%}" in text


def test_everything_assumed_is_said_in_both_languages(found: RetentionValue) -> None:
    said = found.as_dict()
    assert json.loads(json.dumps(said))["customers"] == 2500
    assert len(said["assumptions"]) >= 4
    assert all(one["en"] and one["zh"] for one in said["assumptions"])
    assert any("40%" in one["en"] for one in said["assumptions"])
    assert f"{found.point_year.value:,.0f}" in found.text["en"]  # type: ignore[union-attr]


def test_margin_scales_money_and_nothing_else(found: RetentionValue, made: Made) -> None:
    whole = value_of_retention(made.table, ValueAssumptions(margin=0.8))
    for name, times in (("point_lifetime", 2.0), ("retention", 1.0), ("five_points_share", 1.0)):
        one, other = getattr(found, name), getattr(whole, name)
        assert other.value == pytest.approx(times * one.value, rel=1e-9)


def test_weights_stand_for_customers(made: Made) -> None:
    few = {name: values[:300] for name, values in made.table.items()}
    twice = {name: np.tile(values, 2) for name, values in few.items()}
    weighted = value_of_retention({**few, "customers": np.full(300, 2.0)}, GIVEN, draws=20)
    expanded = value_of_retention(twice, GIVEN, draws=20)
    assert isinstance(weighted.point_lifetime, Estimate)
    assert isinstance(expanded.point_lifetime, Estimate)
    assert weighted.point_lifetime.value == pytest.approx(expanded.point_lifetime.value, rel=1e-3)


@pytest.mark.parametrize(
    ("count", "value", "reason"),
    [(0.0, np.nan, "nobody_returned"), (2.0, np.nan, "no_amounts")],
)
def test_what_cannot_be_told_has_its_reason(count: float, value: float, reason: str) -> None:
    table = {
        "repeat_order_day_count": np.full(40, count),
        "age_at_last_order_days": np.full(40, 30.0 if count else 0.0),
        "age_days": np.full(40, 60.0),
        "mean_repeat_value": np.full(40, value),
    }
    found = value_of_retention(table, GIVEN)
    assert found.point_year == Undefined(reason)
    assert found.text["en"]
    assert found.popular_text["zh"]
    assert found.as_dict()["point_year"] == {"undefined": reason}


def contracts_fit() -> ShiftedBetaGeometric:
    table = {
        "duration_periods": [1.0, 2.0, 3.0, 4.0, 6.0, 12.0],
        "ended": [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
        "customers": [90.0, 60.0, 45.0, 30.0, 40.0, 300.0],
    }
    return ShiftedBetaGeometric().fit(table)


def test_contracts_bring_their_recurring_value_while_they_last() -> None:
    model = contracts_fit()
    table = {
        "customer_id": ["a", "a", "b"],
        "duration_periods": [3.0, 0.0, 3.0],
        "recurring_value": [10.0, 20.0, 10.0],
    }
    made = contract_values(model, table, ValueAssumptions(0.5, 0.0), horizon_periods=6)
    assert made.schema == CONTRACT_VALUES
    each = model.predict_tenure({"duration_periods": [3.0, 0.0]}, horizon=6)
    assert made["customer_id"].to_pylist() == ["a", "b"]
    assert made["expected_value"].to_pylist() == pytest.approx(
        [5.0 * each[0] + 10.0 * each[1], 5.0 * each[0]]
    )
    assert made["expected_renewals"].to_pylist() == pytest.approx([each.sum(), each[0]])
    renewed = model.predict_renewal({"duration_periods": [3.0, 0.0]})
    assert made["renewal_probability"].to_pylist() == pytest.approx(
        [1 - (1 - renewed[0]) * (1 - renewed[1]), renewed[0]]
    )
    dear = contract_values(model, table, ValueAssumptions(1.0, 0.5), horizon_periods=1)
    half_a_month = 1.5 ** (-1 / 24)
    assert dear["expected_value"][1].as_py() == pytest.approx(10.0 * renewed[0] * half_a_month)
    ever = contract_values(model, table, ValueAssumptions(0.5, 0.1), horizon_periods=None)
    assert ever["expected_renewals"].null_count == 2
    assert (ever["expected_value"].to_numpy() > made["expected_value"].to_numpy()).all()


def test_a_contract_needs_a_customer() -> None:
    table = {"customer_id": [None], "duration_periods": [1.0], "recurring_value": [1.0]}
    with pytest.raises(DataError, match="customer_id"):
        contract_values(contracts_fit(), table)


def test_retention_of_contracts_is_that_of_their_curve() -> None:
    model = contracts_fit()
    ages = {"duration_periods": np.array([0.0] * 50 + [6.0] * 150)}
    found = value_of_contract_retention(model, ages, np.full(200, 30.0), GIVEN, draws=50)
    renewed = np.asarray(model.predict_survival(ages, 12))
    assert isinstance(found.retention, Estimate)
    assert found.retention.value == pytest.approx(renewed.mean(), rel=1e-6)
    assert isinstance(found.point_lifetime, Estimate)
    assert isinstance(found.point_year, Estimate)
    assert 0 < found.point_year.value < found.point_lifetime.value
    with pytest.raises(DataError, match="recurring values"):
        value_of_contract_retention(model, ages, [1.0], GIVEN)


def test_the_cost_of_winning_is_set_beside_a_point_and_in_no_value(
    made: Made, found: RetentionValue
) -> None:
    paid = value_of_retention(made.table, ValueAssumptions(margin=0.4, acquisition_cost=25.0))
    assert found.replacement_cost == Undefined("no_acquisition_cost")
    assert found.replacement_text is None
    assert paid.replacement_cost.value == pytest.approx(0.01 * 25 * paid.active.value)
    assert paid.replacement_cost.low < paid.replacement_cost.value < paid.replacement_cost.high
    assert (paid.point_year, paid.value_lifetime) == (found.point_year, found.value_lifetime)
    assert f"{paid.replacement_cost.value:,.0f}" in paid.as_dict()["replacement_text"]["zh"]
