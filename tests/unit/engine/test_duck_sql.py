"""SQL with its dates in variables: compiled once, and the same figures as with them written in."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from tenure.engine import duck_sql
from tenure.engine.duck import DuckDBEngine

DAYS = [date(2025, 1, 1) + timedelta(days=n) for n in range(40)]


@pytest.fixture
def engine() -> DuckDBEngine:
    return DuckDBEngine()


@pytest.fixture
def days(engine: DuckDBEngine) -> ir.Table:
    instants = [datetime(2025, 1, 1, 6) + timedelta(hours=7 * n) for n in range(40)]
    return engine.attach_arrow("days", pa.table({"day": DAYS, "at": instants}))


def before(days: ir.Table, day: date, instant: datetime) -> ir.Table:
    """Rows of both kinds of literal, in a filter, a value and a list."""
    early = days.filter((days.day < ibis.date(day)) & (days["at"] >= ibis.literal(instant)))
    return early.select(
        "day",
        since=(ibis.date(day) - early.day).cast("string"),
        listed=early.day.isin([day - timedelta(days=1), date(2025, 1, 3)]),
    ).order_by("day")


@pytest.mark.parametrize("day", [date(2025, 1, 9), date(2025, 2, 1), date(2024, 1, 1)])
def test_rows_are_those_of_the_sql_with_its_dates(
    engine: DuckDBEngine, days: ir.Table, day: date
) -> None:
    asked = before(days, day, datetime(2025, 1, 2, 3, 4, 5, 678901))
    written = engine.connection.sql(engine.sql(asked)).to_arrow_table()
    assert engine.collect(asked, again=True).equals(written)
    assert (written.num_rows > 0) == (day > DAYS[0])


def test_another_day_is_not_compiled_again(
    engine: DuckDBEngine, days: ir.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = []
    monkeypatch.setattr(
        duck_sql,
        "sql_text",
        lambda asked, text=duck_sql.sql_text: compiled.append(1) or text(asked),
    )
    duck_sql._text.cache_clear()
    counts = [
        engine.collect(before(days, day, datetime(2025, 1, 1)), again=True).num_rows
        for day in DAYS[5:9]
    ]
    assert counts == [5, 6, 7, 8]
    assert len(compiled) == 1


def test_data_brought_along_are_not_kept(engine: DuckDBEngine) -> None:
    for size in (3, 5):
        rows = ibis.memtable(pa.table({"day": DAYS[:size]}))
        found = engine.collect(rows.filter(rows.day < ibis.date(DAYS[-1])), again=True)
        assert found.num_rows == size
    assert not duck_sql.sql_and_dates(rows.filter(rows.day < ibis.date(DAYS[-1])))[1]


def test_a_filter_by_a_variable_is_a_constant_of_the_plan(
    engine: DuckDBEngine, days: ir.Table
) -> None:
    asked = days.filter(days.day < ibis.date(date(2025, 1, 9)))
    engine.collect(asked, again=True)
    sql, dates = duck_sql.sql_and_dates(asked)
    assert dates == {"tenure_0": "DATE '2025-01-09'"}
    plan = engine.connection.sql(f"EXPLAIN {sql}").fetchall()[0][1]
    assert "2025-01-09" in plan and "getvariable" not in plan
