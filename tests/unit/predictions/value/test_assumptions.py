from __future__ import annotations

import json

import pyarrow as pa
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.value.assumptions import ValueAssumptions
from tenure.predictions.value.past_value import PAST_VALUE, past_value

GIVEN = ValueAssumptions(0.4, 0.08, 5.0, (("ads", 12.5), ("friends", 0.0)))


def test_a_year_of_daily_discounting_is_the_yearly_rate() -> None:
    import math

    assert math.exp(365.25 * GIVEN.discount_rate_per_day) == pytest.approx(1.08)


def test_costs_go_by_source() -> None:
    assert GIVEN.costs_of(["ads", "friends", "street", None]).tolist() == [12.5, 0.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("margin", 0.0),
        ("margin", 1.2),
        ("discount_rate_per_year", -0.1),
        ("acquisition_cost", -1.0),
        ("acquisition_cost", float("nan")),
    ],
)
def test_settings_out_of_range_are_named(name: str, value: float) -> None:
    with pytest.raises(OptionError, match=name):
        ValueAssumptions(**{name: value})


def test_a_source_s_cost_is_checked_too() -> None:
    with pytest.raises(OptionError, match="acquisition_cost"):
        ValueAssumptions(acquisition_cost_by_source=(("ads", -2.0),))


def test_settings_survive_as_text() -> None:
    assert ValueAssumptions.from_dict(json.loads(json.dumps(GIVEN.as_dict()))) == GIVEN


def test_assumptions_are_said_in_both_languages() -> None:
    said = GIVEN.texts()
    assert any("40%" in one["en"] for one in said)
    assert any("8.0%" in one["zh"] for one in said)
    assert any("ads 12.50" in one["en"] for one in said)
    assert "no margin was set" in ValueAssumptions().texts()[0]["en"]
    assert len(ValueAssumptions().texts()) == 2


def test_past_value_is_margin_less_the_cost_of_winning() -> None:
    table = pa.table(
        {
            "customer_id": ["a", "b", "c"],
            "net_value": pa.array([100.0, 0.0, None]).cast(pa.decimal128(18, 4)),
            "acquisition_source": ["ads", None, "ads"],
        }
    )
    made = past_value(table, GIVEN)
    assert made.schema == PAST_VALUE
    assert made["margin_value"].to_pylist() == [40.0, 0.0, None]
    assert made["past_value"].to_pylist() == [27.5, -5.0, None]
    assert made["acquisition_cost"].to_pylist() == [12.5, 5.0, 12.5]


def test_past_value_needs_values() -> None:
    with pytest.raises(DataError, match="net_value"):
        past_value(pa.table({"customer_id": ["a"]}))
