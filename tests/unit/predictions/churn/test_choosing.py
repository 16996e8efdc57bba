from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from tenure.kernel import DataError
from tenure.predictions.churn.choosing import (
    ColumnRemark,
    choose_features,
    is_point_in_time,
    separation,
)

RANDOM = np.random.default_rng(5)
ROWS = 400
LEFT = (RANDOM.random(ROWS) < 0.3).astype(float)


def table(**columns: object) -> pa.Table:
    return pa.table({"customer_id": [f"c{n}" for n in range(ROWS)], **columns})


def chosen(given: pa.Table, **options: object) -> tuple[tuple[str, ...], dict[str, str]]:
    space, remarks = choose_features([given], [LEFT], **options)  # type: ignore[arg-type]
    return space.columns, {remark.column: remark.code for remark in remarks}


def test_the_customers_id_is_never_a_feature_and_needs_no_remark():
    assert chosen(table(visits=RANDOM.poisson(3, ROWS))) == (("visits",), {})


@pytest.mark.parametrize("name", ["user_id", "customerID", "email", "Phone", "会员编号"])
def test_identifiers_are_refused_by_name(name: str):
    columns, remarks = chosen(table(**{"visits": RANDOM.poisson(3, ROWS), name: range(ROWS)}))
    assert columns == ("visits",)
    assert remarks == {name: "identifier"}


def test_texts_that_hardly_repeat_are_refused():
    notes = [f"note {n}" for n in range(ROWS)]
    assert chosen(table(visits=RANDOM.poisson(3, ROWS), note=notes)) == (
        ("visits",),
        {"note": "too_many_values"},
    )


def test_a_column_filled_in_after_leaving_is_refused_by_its_effect():
    told = {
        "closing_balance": np.where(LEFT == 1, 0.0, RANDOM.gamma(2, 50, ROWS)),
        "farewell": pa.array(np.where(LEFT == 1, "letter", None).tolist()),
        "visits": RANDOM.poisson(3, ROWS),
    }
    columns, remarks = chosen(table(**told))
    assert columns == ("visits",)
    assert set(remarks.values()) == {"knows_the_future"}
    assert set(remarks) == {"closing_balance", "farewell"}


def test_a_column_whose_name_sounds_of_leaving_is_used_but_pointed_at():
    columns, remarks = chosen(table(cancel_reason_count=RANDOM.poisson(1, ROWS)))
    assert columns == ("cancel_reason_count",)
    assert remarks == {"cancel_reason_count": "suspect_name"}


def test_a_person_may_know_better():
    assert chosen(table(user_id=np.arange(ROWS) % 7), keep=("user_id",))[0] == ("user_id",)


def test_constants_dates_without_origin_and_nested_columns_are_refused():
    given = table(
        visits=RANDOM.poisson(3, ROWS),
        country=["DE"] * ROWS,
        born_on=pa.array([date(1990, 1, 1)] * ROWS),
        tags=pa.array([["a"]] * ROWS),
    )
    assert chosen(given) == (
        ("visits",),
        {"country": "constant", "born_on": "date_without_origin", "tags": "unreadable"},
    )


def test_the_snapshots_own_columns_are_trusted_and_empty_ones_left_out_silently():
    given = table(
        days_since_last_order=LEFT * 100 + np.arange(ROWS) % 5,
        distinct_product_count=pa.nulls(ROWS, pa.int64()),
        change_90_days_overdue_ratio=RANDOM.normal(size=ROWS),
        rfm_segment=["champions", "lost"] * (ROWS // 2),
    )
    columns, remarks = chosen(given)
    assert columns == ("days_since_last_order", "change_90_days_overdue_ratio")
    assert remarks == {}


def test_an_attribute_is_not_trusted():
    assert is_point_in_time("order_count")
    assert is_point_in_time("change_30_days_net_value_90_days")
    assert not is_point_in_time("attr_city")
    assert not is_point_in_time("change_30_days_attr_city")


def test_an_attribute_known_at_later_dates_only_is_unknown_before():
    early, late = (
        table(visits=RANDOM.poisson(3, ROWS)),
        table(visits=RANDOM.poisson(3, ROWS), attr_city=["Ulm", "Bonn"] * (ROWS // 2)),
    )
    space, _ = choose_features([early, late], [LEFT, LEFT])
    assert space.columns == ("visits", "attr_city")


def test_nothing_left_to_learn_from_is_an_error():
    with pytest.raises(DataError, match="at least one"):
        chosen(table(country=["DE"] * ROWS))
    with pytest.raises(DataError, match="mood"):
        chosen(table(visits=RANDOM.poisson(3, ROWS)), columns=("mood",))


def test_separation_is_one_half_for_noise_and_one_for_a_copy():
    assert separation(LEFT * 3, LEFT, categorical=False) == 1.0
    assert separation(-LEFT, LEFT, categorical=False) == 1.0
    assert separation(np.zeros(ROWS), LEFT, categorical=False) == 0.5
    assert separation(np.where(LEFT == 1, np.nan, 1.0), LEFT, categorical=False) == 1.0
    noise = separation(RANDOM.integers(0, 4, ROWS).astype(float), LEFT, categorical=True)
    assert noise < 0.6


@pytest.mark.parametrize("language", ["en", "zh"])
def test_remarks_speak_both_languages_and_come_back(language: str):
    remark = ColumnRemark("farewell", "knows_the_future", True, 0.9987)
    assert "farewell" in remark.text(language)
    assert "0.999" in remark.text(language)
    assert ColumnRemark.from_dict(remark.as_dict()) == remark
