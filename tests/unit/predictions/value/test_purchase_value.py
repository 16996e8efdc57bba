from __future__ import annotations

import json

import numpy as np
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.value.purchase_value import PURCHASE_MODELS, PurchaseValue
from tests.unit.predictions.value.made_customers import HORIZON_DAYS, Made, customers


@pytest.fixture(scope="module")
def made() -> Made:
    return customers()


@pytest.fixture(scope="module")
def model(made: Made) -> PurchaseValue:
    return PurchaseValue().fit(made.table)


def test_the_total_is_what_then_came(made: Made, model: PurchaseValue) -> None:
    found = model.predict(made.table, HORIZON_DAYS, is_discounted=False)
    assert found.sum() == pytest.approx(made.value.sum(), rel=0.08)
    total = model.predict_total(made.table, HORIZON_DAYS)
    assert total.value == pytest.approx(found.sum())
    assert total.low < made.value.sum() < total.high
    assert 0.02 < (total.high - total.low) / total.value < 0.25


def test_customers_are_ordered_by_what_they_bring(made: Made, model: PurchaseValue) -> None:
    found = model.predict(made.table, HORIZON_DAYS)
    best = np.argsort(-found)[: len(found) // 5]
    assert made.value[best].sum() > 0.6 * made.value.sum()


@pytest.mark.parametrize("name", PURCHASE_MODELS)
def test_every_purchase_model_serves(made: Made, name: str) -> None:
    found = PurchaseValue(name).fit(made.table).predict(made.table, HORIZON_DAYS)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(made.value.sum(), rel=0.25)


def test_value_is_orders_times_value_margin_and_net_share(made: Made) -> None:
    gross = np.full(len(made.value), 10.0)
    table = {**made.table, "gross_value": gross, "net_value": gross * 0.9}
    whole = PurchaseValue().fit(table)
    half = PurchaseValue(margin=0.5).fit(made.table)
    one = whole.predict(made.table, 90.0)
    assert half.predict(made.table, 90.0) == pytest.approx(one / 0.9 / 2)
    assert whole.net_share_ == pytest.approx(0.9)
    orders = whole.predict_orders(made.table, 90.0)
    each = whole.value_.predict(made.table)
    plain = whole.predict(made.table, 90.0, is_discounted=False)
    assert plain == pytest.approx(orders * each * 0.9)


def test_later_money_counts_less(made: Made, model: PurchaseValue) -> None:
    plain = model.predict(made.table, 365.0, is_discounted=False).sum()
    discounted = model.predict(made.table, 365.0).sum()
    dear = PurchaseValue(discount_rate_per_year=1.0).fit(made.table).predict(made.table, 365.0)
    assert dear.sum() < discounted < plain
    assert discounted > plain / 1.1
    assert model.predict(made.table, None).sum() > discounted


def test_for_ever_needs_a_discount(made: Made, model: PurchaseValue) -> None:
    with pytest.raises(OptionError, match="discount_rate"):
        model.predict(made.table, None, is_discounted=False)


def test_intervals_hold_the_expectation(made: Made, model: PurchaseValue) -> None:
    few = {name: values[:200] for name, values in made.table.items()}
    found = model.predict(few, 90.0, interval=0.9)
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
    assert found.value == pytest.approx(model.predict(few, 90.0))
    narrow = model.predict(few, 90.0, interval=0.5)
    assert (narrow.high - narrow.low < found.high - found.low).mean() > 0.95


def test_a_level_multiplies_forecasts(made: Made, model: PurchaseValue) -> None:
    higher = model.at_level(1.1)
    assert higher.predict(made.table, 90.0) == pytest.approx(1.1 * model.predict(made.table, 90.0))
    assert model.level_ == 1.0


def test_a_saved_model_values_bit_for_bit_alike(made: Made, model: PurchaseValue) -> None:
    text = json.dumps(model.to_dict())
    again = PurchaseValue.from_dict(json.loads(text))
    np.testing.assert_array_equal(again.predict(made.table), model.predict(made.table))
    assert len(text) < 5_000


def test_what_cannot_be_valued_is_said(made: Made) -> None:
    once = {name: np.zeros(20) for name in made.table} | {"age_days": np.full(20, 50.0)}
    with pytest.raises(DataError, match="repeat purchase"):
        PurchaseValue().fit(once)
    with pytest.raises(OptionError, match="purchases 'nbd'"):
        PurchaseValue("nbd").fit(made.table)
    with pytest.raises(OptionError, match="margin"):
        PurchaseValue(margin=2.0).fit(made.table)


def test_parameters_can_be_read_and_set() -> None:
    model = PurchaseValue(margin=0.3)
    assert model.get_params()["margin"] == 0.3
    assert model.set_params(purchases="mbg_nbd").purchases == "mbg_nbd"
