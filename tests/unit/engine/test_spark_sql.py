"""Spark's SQL says what DuckDB's says; this needs neither Java nor PySpark."""

from __future__ import annotations

import ibis
import pytest

from tenure.engine.spark_sql import spark_sql

TABLE = ibis.table(
    {"number": "int64", "ratio": "float64", "money": "decimal(18, 4)", "word": "string"},
    name="data",
)


def where(condition: ibis.Value) -> str:
    return spark_sql(TABLE.filter(condition)).split(" WHERE ")[1].replace("`t0`.", "")


def test_a_count_of_what_is_true_is_never_null():
    counted = TABLE.aggregate(rows=TABLE.count(where=TABLE.number > 1), all=TABLE.count())
    assert "COUNT_IF(`t0`.`number` > 1)" in spark_sql(counted)
    assert "COUNT(*)" in spark_sql(counted)


def test_null_is_null_and_nan_is_not():
    assert where(TABLE.ratio.isnull()) == "`ratio` IS NULL"
    assert where(TABLE.ratio.notnull()) in ("NOT `ratio` IS NULL", "`ratio` IS NOT NULL")


@pytest.mark.parametrize(
    "test",
    [
        TABLE.number.between(1, 2),
        TABLE.word.like("a%"),
        TABLE.word.isin(["a", "b"]),
        TABLE.word.isnull(),
    ],
)
def test_a_test_of_a_test_is_enclosed(test: ibis.Value):
    text = where(test.isnull())
    assert text.startswith("(")
    assert text.endswith(") IS NULL")


def test_a_backslash_in_a_pattern_is_a_sign_like_any_other():
    for match in (TABLE.word.like("C:\\%"), TABLE.word.ilike("C:\\%")):
        assert r"'C:\\%' ESCAPE '\001'" in where(match)


def test_division_is_in_float64():
    divided = spark_sql(TABLE.select(share=TABLE.money / 3, half=TABLE.number / 0.5))
    assert divided.count("AS DOUBLE) / CAST(") == 2
