"""Values as a reader of one language sees them: money, rates, counts, days, dates.

The kind of a value says what it is; only here does a rate become a percentage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import babel.dates
import babel.numbers

from tenure.pages.texts import Texts


class Kind(StrEnum):
    """What a value is, which decides how it is written and aligned."""

    TEXT = "text"
    IDENTIFIER = "identifier"
    COUNT = "count"
    MONEY = "money"
    UNIT_MONEY = "unit_money"
    ABOUT_MONEY = "about_money"
    RATE = "rate"
    POINTS = "points"
    RATIO = "ratio"
    DAYS = "days"
    DATE = "date"
    INSTANT = "instant"
    PERIOD = "period"
    CODE = "code"


NUMERIC = frozenset(
    set(Kind) - {Kind.TEXT, Kind.IDENTIFIER, Kind.DATE, Kind.INSTANT, Kind.PERIOD, Kind.CODE}
)
"""Kinds that stand right-aligned in a column."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes values for one language and one currency.

    Parameters
    ----------
    texts : the language's catalogue.
    currency : ISO 4217 code; None writes amounts without one.
    """

    texts: Texts
    currency: str | None

    def write(self, kind: Kind, value: object) -> str:
        """Return a value as text; None is an empty text."""
        if value is None:
            return ""
        if isinstance(value, date | datetime):
            return self.day(value)
        if kind in NUMERIC and isinstance(value, int | float | Decimal):
            return self._number(kind, value)
        return str(value)

    def day(self, value: date | datetime) -> str:
        """Return a date in the language's own form; an instant keeps its minutes."""
        locale = self.texts.locale
        if isinstance(value, datetime):
            pattern = "yyyy年M月d日 HH:mm" if self.texts.language == "zh" else "d MMM yyyy, HH:mm"
            return str(babel.dates.format_datetime(value, pattern, locale=locale))
        pattern = "yyyy年M月d日" if self.texts.language == "zh" else "d MMM yyyy"
        return str(babel.dates.format_date(value, pattern, locale=locale))

    def money(self, amount: Decimal | float, *, digits: int = 0) -> str:
        """Return an amount with `digits` decimals in the report's currency."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        locale = self.texts.locale
        if self.currency is None:
            return _minus(str(babel.numbers.format_decimal(amount, pattern, locale=locale)))
        return _minus(
            str(
                babel.numbers.format_currency(
                    amount, self.currency, f"¤{pattern}", locale=locale, currency_digits=False
                )
            )
        )

    def about(self, amount: Decimal | float) -> str:
        """Return an estimated amount, rounded to three digits: more would feign precision."""
        return self.money(float(f"{float(amount):.3g}"))

    def percent(self, rate: float, *, digits: int) -> str:
        """Return a rate as a percentage with `digits` decimals."""
        pattern = "0" + ("." + "0" * digits if digits else "") + "%"
        least = 0.01 / 10**digits
        if 0 < rate < least / 2:
            # a share that is there must not read as none
            return "< " + self.percent(least, digits=digits)
        return _minus(str(babel.numbers.format_percent(rate, pattern, locale=self.texts.locale)))

    def _number(self, kind: Kind, value: float | Decimal) -> str:
        if isinstance(value, float) and not math.isfinite(value):
            return "∞" if value > 0 else ""
        locale = self.texts.locale
        if kind is Kind.MONEY:
            return self.money(value)
        if kind is Kind.ABOUT_MONEY:
            return self.about(value)
        if kind is Kind.UNIT_MONEY:
            return self.money(value, digits=2)
        if kind is Kind.RATE:
            return self.percent(float(value), digits=1)
        if kind is Kind.POINTS:
            rounded = round(float(value) * 100, 1) or 0.0
            pattern = "+0.0;-0.0" if rounded else "0.0"
            points = str(babel.numbers.format_decimal(rounded, pattern, locale=locale))
            return self.texts.say("unit.points", points=_minus(points))
        pattern = {Kind.COUNT: "#,##0", Kind.DAYS: "#,##0.#"}.get(kind, "#,##0.00")
        return _minus(str(babel.numbers.format_decimal(value, pattern, locale=locale)))


def _minus(text: str) -> str:
    return text.replace("-", "−")
