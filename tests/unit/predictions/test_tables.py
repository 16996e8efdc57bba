"""Columns come out of every kind of table, checked."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tenure.kernel import DataError
from tenure.predictions.tables import columns_of, texts_of

MATRIX = np.array([[1.0, 10.0], [2.0, 20.0]])


@pytest.mark.parametrize(
    "table",
    [
        {"x": [1, 2], "y": (10, 20)},
        pd.DataFrame({"y": [10, 20], "x": [1, 2]}),
        pl.DataFrame({"y": [10, 20], "x": [1, 2]}),
        pa.table({"y": [10, 20], "x": [Decimal(1), Decimal(2)]}),
        MATRIX,
        np.array([(1, 10), (2, 20)], dtype=[("x", int), ("y", float)]),
    ],
    ids=["mapping", "pandas", "polars", "arrow", "matrix", "records"],
)
def test_every_kind_of_table(table: object):
    found = columns_of(table, ("x", "y"))
    assert list(found) == ["x", "y"]
    assert all(values.dtype == np.float64 for values in found.values())
    assert [values.tolist() for values in found.values()] == [[1, 2], [10, 20]]


def test_an_optional_column_is_there_or_not():
    assert list(columns_of({"x": [1]}, ("x",), optional=("w",))) == ["x"]
    assert columns_of({"x": [1], "w": [3]}, ("x",), optional=("w",))["w"].tolist() == [3]
    assert columns_of(MATRIX, ("x",), optional=("w",))["w"].tolist() == [10, 20]


def test_a_missing_column_is_named_beside_those_there_are():
    with pytest.raises(DataError, match=r"the columns a, b; expected: also x, y"):
        columns_of({"a": [1], "b": [1]}, ("x", "y"))


@pytest.mark.parametrize("shape", [(2, 1), (2, 4), (4,)])
def test_a_matrix_has_one_column_per_name(shape: tuple[int, ...]):
    with pytest.raises(DataError, match="two dimensions with the columns x, y, w"):
        columns_of(np.zeros(shape), ("x", "y"), optional=("w",))


def test_lengths_must_agree():
    with pytest.raises(DataError, match="different lengths"):
        columns_of({"x": [1, 2], "y": [1]}, ("x", "y"))


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf, -np.inf])
def test_the_first_bad_row_is_named(bad: float):
    with pytest.raises(DataError, match=rf"y = {bad} in row 1"):
        columns_of({"x": [1, 2, 3], "y": [0.0, bad, bad]}, ("x", "y"))


def test_a_signed_column_may_be_negative_but_not_infinite():
    assert columns_of({"x": [-1.0]}, ("x",), signed=("x",))["x"].tolist() == [-1]
    with pytest.raises(DataError, match="a finite number"):
        columns_of({"x": [-np.inf]}, ("x",), signed=("x",))


def test_a_column_may_lack_values_if_it_is_said():
    found = columns_of({"x": [None, 1.0]}, ("x",), missing=("x",))["x"]
    assert np.isnan(found[0]) and found[1] == 1
    with pytest.raises(DataError, match="row 2"):
        columns_of({"x": [None, 1.0, -1.0]}, ("x",), missing=("x",))


@pytest.mark.parametrize("table", [pa.table({"x": pa.array([1, None])}), {"x": ["a", "b"]}])
def test_nulls_and_texts_are_no_numbers(table: object):
    with pytest.raises(DataError, match="x"):
        columns_of(table, ("x",))


def test_a_column_is_flat():
    with pytest.raises(DataError, match="2 dimensions"):
        columns_of({"x": [[1.0, 2.0]]}, ("x",))


@pytest.mark.parametrize("table", [7, "x", None])
def test_what_is_no_table_is_refused(table: object):
    with pytest.raises(DataError, match="a pandas, Arrow or Polars table"):
        columns_of(table, ("x",))


def test_a_column_of_float64_is_not_copied():
    values = np.arange(3.0)
    assert np.shares_memory(columns_of({"x": values}, ("x",))["x"], values)


def test_texts_keep_their_values():
    for table in (
        {"s": ["a", None]},
        pa.table({"s": ["a", None]}),
        pl.DataFrame({"s": ["a", None]}),
    ):
        assert texts_of(table, "s").tolist() == ["a", None]
    with pytest.raises(DataError, match="the column s"):
        texts_of(MATRIX, "s")
