"""Column types that hold the same values, exactly, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

MONEY_DIGITS = 4
_SCALE = 10**MONEY_DIGITS
MONEY_MOST = Decimal(10**14)

RowId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""A primary key that the database counts up: SQLite does so for `INTEGER` alone."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant in UTC with microseconds; given aware or naive (UTC), returned naive."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware instant into the naive one in UTC."""
        del dialect
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(UTC).replace(tzinfo=None)


class Money(TypeDecorator[Decimal]):
    """An exact amount with four digits behind the point, below 10**14.

    PostgreSQL holds `NUMERIC(18, 4)`; SQLite, which has no decimals, whole ten-thousandths.
    Sums, comparisons and orders are exact on both. Products are not: multiply in Python.
    """

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return what the database stores."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.BigInteger())
        return dialect.type_descriptor(sa.Numeric(14 + MONEY_DIGITS, MONEY_DIGITS))

    def process_bind_param(
        self, value: Decimal | int | None, dialect: Dialect
    ) -> Decimal | int | None:
        """Check that nothing would be rounded, and scale for SQLite.

        Raises
        ------
        ValueError : not a decimal or whole number, more than four digits, or too large.
        """
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise ValueError(f"money given as {value!r}, expected a Decimal")
        amount = Decimal(value)
        if not amount.is_finite() or abs(amount) >= MONEY_MOST:
            raise ValueError(f"money {value}, expected less than {MONEY_MOST} either way")
        scaled = amount * _SCALE
        if scaled != scaled.to_integral_value():
            raise ValueError(f"money {value}, expected at most {MONEY_DIGITS} digits")
        return int(scaled) if dialect.name == "sqlite" else amount

    def process_result_value(self, value: Decimal | int | None, dialect: Dialect) -> Decimal | None:
        """Return the amount with its four digits."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return Decimal(value).scaleb(-MONEY_DIGITS)
        return Decimal(value).quantize(Decimal(1).scaleb(-MONEY_DIGITS))


class JsonText(TypeDecorator[Any]):
    """Plain values as JSON text with sorted keys: equal values are equal texts."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """Return the text; `None` stays a null.

        Raises
        ------
        ValueError : a number that JSON cannot say (infinite, not a number).
        TypeError : a value that JSON cannot say.
        """
        del dialect
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        """Return the plain values of the text."""
        del dialect
        return None if value is None else json.loads(value)


def json_text(value: object) -> str:
    """Return plain values as one line of JSON with sorted keys."""
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
