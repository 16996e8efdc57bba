"""The words of a scorecard and the writing of its figures, in one language."""

from __future__ import annotations

from dataclasses import dataclass

import babel.numbers

from tenure.pages.texts import Texts, catalogue
from tenure.pages.values import Kind, Writer
from tenure.predictions.scorecards.figures import meaning_of
from tenure.predictions.scorecards.readings import Reading

_TINY_RATE = 0.0005
"""A change below this has no sign: with one decimal it reads as none."""


def scorecard_texts(language: str) -> Texts:
    """Return a scorecard's catalogue of one language.

    Raises
    ------
    OptionError : no such language.
    """
    return catalogue("scorecard", language)


@dataclass(frozen=True, slots=True)
class ScorecardWords:
    """Writes a scorecard's titles and figures.

    Parameters
    ----------
    texts : the scorecard's catalogue.
    writer : writes counts, dates and money; with a currency, amounts are money.
    """

    texts: Texts
    writer: Writer

    @property
    def language(self) -> str:
        """`en` or `zh`."""
        return self.texts.language

    def figure(self, name: str, value: float) -> str:
        """Return a figure's value in the form of its kind."""
        kind = meaning_of(name).kind
        if kind == "rate":
            return self.rate(value, signed=meaning_of(name).better == "zero")
        if kind == "amount":
            return self.amount(value)
        digits = 3 if kind == "number" and abs(value) < 10 else 2
        return f"{value:,.{digits}f}".replace("-", "−")

    def reading(self, name: str, found: Reading | None) -> tuple[str, str]:
        """Return a figure's value and its interval, either empty if not known."""
        if found is None or found.value is None:
            return self.texts.say("cell.undefined"), ""
        value = self.figure(name, found.value)
        if found.low is None or found.high is None:
            return value, ""
        low, high = self.figure(name, found.low), self.figure(name, found.high)
        return value, self.texts.say("cell.range", low=low, high=high)

    def skill(self, found: Reading) -> tuple[str, str]:
        """Return a skill and its interval."""
        if found.value is None:
            return self.texts.say("cell.undefined"), ""
        value = self.rate(found.value, signed=True)
        if found.low is None or found.high is None:
            return value, ""
        low, high = self.rate(found.low, signed=True), self.rate(found.high, signed=True)
        return value, self.texts.say("cell.range", low=low, high=high)

    def rate(self, value: float, *, signed: bool = False) -> str:
        """Return a rate as a percentage, with its sign if it is a change."""
        if signed and abs(value) < _TINY_RATE:
            value = 0.0
        text = self.writer.percent(value, digits=1)
        return f"+{text}" if signed and value > 0 else text

    def amount(self, value: float) -> str:
        """Return an amount: money with a currency, else a plain number."""
        if self.writer.currency is None:
            digits = 0 if abs(value) >= 1000 else 2
            return f"{value:,.{digits}f}".replace("-", "−")
        return self.writer.money(value, digits=0 if abs(value) >= 1000 else 2)

    def short_amount(self, value: float) -> str:
        """Return an amount for an axis, in as few characters as the language allows."""
        locale, currency = self.texts.locale, self.writer.currency
        digits = 0 if value == round(value) or abs(value) >= 10_000 else 1
        if currency is None:
            text = babel.numbers.format_compact_decimal(
                value, locale=locale, fraction_digits=digits
            )
        else:
            text = babel.numbers.format_compact_currency(
                value, currency, locale=locale, fraction_digits=digits
            )
        return str(text).replace("-", "−")

    def count(self, value: float) -> str:
        """Return a whole number."""
        return self.writer.write(Kind.COUNT, value)
