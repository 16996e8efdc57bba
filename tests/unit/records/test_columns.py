"""Amounts, instants and plain values come back exactly as they were given, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from tenure.kernel import RecordsError
from tenure.records import Database, JsonText, Money, RowId, UtcDateTime

TABLE = sa.Table(
    "samples",
    sa.MetaData(),
    sa.Column("id", RowId, primary_key=True),
    sa.Column("amount", Money),
    sa.Column("happened_at", UtcDateTime),
    sa.Column("plain", JsonText),
)


def kept(database: Database, column: str, values: list[Any]) -> list[Any]:
    """Write values into a column and return what is read back."""
    with database.writing() as connection:
        TABLE.create(connection)
        connection.execute(TABLE.insert(), [{column: value} for value in values])
    with database.reading() as connection:
        wanted = sa.select(TABLE.c[column]).order_by(TABLE.c.id)
        return list(connection.execute(wanted).scalars())


def test_amounts_are_exact_to_the_fourth_digit(database: Database) -> None:
    amounts = ["0", "0.1", "-0.0001", "12.3456", "99999999999999.9999", "-99999999999999.9999"]
    given = [Decimal(text) for text in amounts]
    found = kept(database, "amount", [*given, 7, None])
    assert found == [*given, Decimal(7), None]
    assert [str(one) for one in found[:3]] == ["0.0000", "0.1000", "-0.0001"]


def test_amounts_add_up_compare_and_sort_in_the_database(database: Database) -> None:
    kept(database, "amount", [Decimal("0.1")] * 10 + [Decimal("-5"), Decimal("10.0001")])
    with database.reading() as connection:
        amount = TABLE.c.amount
        total = connection.execute(sa.select(sa.func.sum(amount))).scalar_one()
        above = connection.execute(
            sa.select(sa.func.count()).where(amount > Decimal("0.0999"))
        ).scalar_one()
        ordered = list(connection.execute(sa.select(amount).order_by(amount)).scalars())
    assert total == Decimal("6.0001")
    assert above == 11
    assert ordered == sorted(ordered)


@pytest.mark.parametrize(
    "amount",
    [0.1, True, "3", Decimal("0.00001"), Decimal("1e14"), Decimal("NaN"), Decimal("Infinity")],
)
def test_an_amount_that_would_be_rounded_is_refused(database: Database, amount: object) -> None:
    with pytest.raises((sa.exc.StatementError, RecordsError), match="money"):
        kept(database, "amount", [amount])


def test_instants_keep_their_microseconds_and_become_utc(database: Database) -> None:
    naive = datetime(2026, 3, 29, 1, 59, 59, 999999)
    shanghai = datetime(2026, 3, 29, 9, 59, 59, 1, tzinfo=timezone(timedelta(hours=8)))
    found = kept(database, "happened_at", [naive, shanghai, naive.replace(tzinfo=UTC), None])
    assert found == [naive, datetime(2026, 3, 29, 1, 59, 59, 1), naive, None]


def test_instants_compare_in_the_database(database: Database) -> None:
    at = datetime(2026, 1, 1)
    kept(database, "happened_at", [at, at + timedelta(microseconds=1), at + timedelta(days=1)])
    with database.reading() as connection:
        later = sa.select(sa.func.count()).where(TABLE.c.happened_at > at)
        assert connection.execute(later).scalar_one() == 2


def test_plain_values_come_back_and_equal_ones_are_equal_texts(database: Database) -> None:
    values = [{"b": 1, "a": [1, 2.5, "王", None, True]}, {}, [], "text", 0, None]
    assert kept(database, "plain", values) == values
    with database.writing() as connection:
        connection.execute(
            TABLE.insert(), [{"plain": {"x": 1, "y": 2}}, {"plain": {"y": 2, "x": 1}}]
        )
        one, other = connection.exec_driver_sql(
            "SELECT plain FROM samples ORDER BY id DESC LIMIT 2"
        ).scalars()
        assert one == other == '{"x":1,"y":2}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_json_cannot_say_is_refused(database: Database, value: object) -> None:
    with pytest.raises((sa.exc.StatementError, RecordsError)):
        kept(database, "plain", [{"x": value}])
