from __future__ import annotations

import json
import pickle

import numpy as np
import pyarrow as pa
import pytest

from tenure.kernel import DataError
from tenure.predictions.value.boosted_value import BoostedValue


def date_rows(count: int, seed: int) -> tuple[pa.Table, np.ndarray]:
    """Return customers of whom city and frequency decide the chance, and basket the amount."""
    random = np.random.default_rng(seed)
    frequency = random.gamma(1.5, 2.0, count)
    basket = random.lognormal(3.0, 0.6, count)
    city = random.choice(["Ulm", "Bonn", "Kiel"], count)
    chance = 1 / (1 + np.exp(1.5 - 0.5 * frequency + (city == "Ulm")))
    value = (random.random(count) < chance) * basket * random.gamma(3.0, 1 / 3.0, count)
    table = pa.table(
        {
            "customer_id": [f"c{i}" for i in range(count)],
            "frequency": frequency,
            "basket": basket,
            "attr_city": city,
            "empty": pa.nulls(count, pa.float64()),
        }
    )
    return table, value


@pytest.fixture(scope="module")
def model() -> BoostedValue:
    tables, values = zip(*(date_rows(2500, seed) for seed in (1, 2, 3)), strict=True)
    return BoostedValue().fit(tables, values)


def test_both_parts_are_found(model: BoostedValue) -> None:
    table, value = date_rows(4000, 9)
    found = model.predict(table)
    assert found.sum() == pytest.approx(value.sum(), rel=0.08)
    assert np.corrcoef(found, value)[0, 1] > 0.5
    chance = model.predict_chance(table)
    assert chance.mean() == pytest.approx((value > 0).mean(), abs=0.03)
    flat = np.full(len(value), value.mean())
    assert np.abs(found - value).mean() < 0.85 * np.abs(flat - value).mean()


def test_the_same_data_and_seed_give_the_same_model(model: BoostedValue) -> None:
    tables, values = zip(*(date_rows(2500, seed) for seed in (1, 2, 3)), strict=True)
    again = BoostedValue().fit(tables, values)
    assert json.dumps(again.to_dict()) == json.dumps(model.to_dict())


def test_a_saved_model_values_bit_for_bit_alike(model: BoostedValue) -> None:
    table, _ = date_rows(300, 8)
    text = json.dumps(model.to_dict())
    again = BoostedValue.from_dict(json.loads(text))
    np.testing.assert_array_equal(again.predict(table), model.predict(table))
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(model)).predict(table), model.predict(table)
    )
    assert len(text) < 1_000_000


def test_a_row_s_value_is_its_own(model: BoostedValue) -> None:
    table, _ = date_rows(300, 8)
    np.testing.assert_array_equal(model.predict(table.slice(17, 1)), model.predict(table)[17:18])
    assert len(model.predict(table.slice(0, 0))) == 0


def test_one_date_is_enough_to_learn_from() -> None:
    table, value = date_rows(4000, 4)
    found = BoostedValue().fit([table], [value]).predict(table)
    assert found.sum() == pytest.approx(value.sum(), rel=0.05)


def test_too_few_buyers_are_said() -> None:
    table, value = date_rows(400, 4)
    rare = np.where(np.arange(400) < 30, value, 0.0)
    with pytest.raises(DataError, match="at least 50"):
        BoostedValue().fit([table], [rare])
