from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from tenure.kernel import DataError
from tenure.predictions.churn.features import Feature, FeatureKind, FeatureSpace, learn_feature

AS_OF = date(2025, 7, 1)


def space_of(table: pa.Table, *columns: str) -> FeatureSpace:
    return FeatureSpace(tuple(learn_feature(name, table[name]) for name in columns))


def encoded(table: pa.Table, *columns: str) -> list[list[float]]:
    return space_of(table, *columns).encode(table).T.tolist()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1, None, 3]), [1, np.nan, 3]),
        (pa.array([True, False, None]), [1, 0, np.nan]),
        (pa.array([1.5, float("nan"), float("inf")]), [1.5, np.nan, np.nan]),
        (pa.array(["1.50", None, "-3"]).cast(pa.decimal128(18, 4)), [1.5, np.nan, -3]),
        (pa.array([" 12.5 ", " ", "3e2"]), [12.5, np.nan, 300]),
        (pa.array([True, None, True]).cast(pa.int8()).dictionary_encode(), [1, np.nan, 1]),
    ],
)
def test_numbers_of_any_kind_become_numbers_and_unknown_stays_unknown(
    values: pa.Array, expected: list[float]
):
    (found,) = encoded(pa.table({"x": values}), "x")
    np.testing.assert_array_equal(found, expected)


def test_codes_with_leading_zeros_are_categories():
    table = pa.table({"zip": ["01067"] * 9 + ["10115"] * 9})
    assert space_of(table, "zip").features[0].kind is FeatureKind.CATEGORY


def test_dates_become_days_before_the_rows_own_date():
    table = pa.table(
        {
            "as_of": pa.array([AS_OF, AS_OF, AS_OF], pa.date32()),
            "seen_on": pa.array([date(2025, 6, 1), None, date(2025, 7, 3)], pa.date32()),
        }
    )
    np.testing.assert_array_equal(encoded(table, "seen_on"), [[30, np.nan, -2]])


def test_dates_without_an_origin_are_refused():
    table = pa.table({"seen_on": pa.array([AS_OF], pa.date32())})
    with pytest.raises(DataError, match="as_of"):
        encoded(table, "seen_on")


def test_rare_and_new_categories_are_other_and_unknown_ones_unknown():
    learnt = pa.table({"city": ["Ulm"] * 20 + ["Bonn"] * 20 + ["Rare"] * 2})
    space = space_of(learnt, "city")
    assert space.features[0].vocabulary == ("Bonn", "Ulm")
    seen = pa.table({"city": ["Ulm", "Bonn", "Rare", "New", None, " ", " Ulm"]})
    np.testing.assert_array_equal(space.encode(seen)[:, 0], [1, 0, 2, 2, np.nan, np.nan, 1])


def test_a_vocabulary_does_not_depend_on_the_order_of_rows():
    rows = [f"k{n % 50}" for n in range(1000)] + ["k3"] * 5
    forward, backward = (
        learn_feature("k", pa.chunked_array([order])) for order in (rows, rows[::-1])
    )
    assert forward == backward
    assert len(forward.vocabulary) == 30


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="b"):
        FeatureSpace((Feature("b", FeatureKind.NUMBER),)).encode(pa.table({"a": [1]}))


def test_nested_columns_are_refused():
    with pytest.raises(DataError, match="'x' of type list"):
        learn_feature("x", pa.chunked_array([[[1]]]))


def test_the_typical_customer_is_the_median_or_the_most_frequent_and_may_be_unknown():
    table = pa.table(
        {
            "n": [1, 2, 2, 9, None],
            "c": ["b"] * 5,
            "rare": pa.array([None, None, None, 7, 8]),
        }
    )
    space = space_of(table, "n", "c", "rare")
    found = space.with_typical(space.encode(table)).typical
    np.testing.assert_array_equal(found, [2, 0, np.nan])


def test_a_space_comes_back_from_plain_values():
    table = pa.table({"n": [1, 2], "rare": pa.array([None, None], pa.int64())})
    space = space_of(table, "n", "rare")
    space = space.with_typical(space.encode(table))
    again = FeatureSpace.from_dict(space.as_dict())
    assert again.as_dict() == space.as_dict()
    assert again.features[0] == space.features[0]


def test_a_number_is_told_as_what_it_stands_for():
    city = Feature("city", FeatureKind.CATEGORY, ("Bonn", "Ulm"))
    assert [city.told(n) for n in (0.0, 1.0, 2.0, np.nan)] == ["Bonn", "Ulm", None, None]
    assert Feature("n", FeatureKind.NUMBER).told(2.5) == 2.5


def test_record_batches_are_read_like_tables():
    table = pa.table({"n": [1, 2], "c": ["a", "b"]})
    space = space_of(table, "n", "c")
    (batch,) = table.to_batches()
    np.testing.assert_array_equal(space.encode(pa.table(batch)), space.encode(table))
