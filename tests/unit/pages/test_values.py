from datetime import date, datetime
from decimal import Decimal

import pytest

from tenure.pages.texts import texts
from tenure.pages.values import Kind, Writer

EN, ZH = Writer(texts("en"), "USD"), Writer(texts("zh"), "CNY")


@pytest.mark.parametrize(
    ("kind", "value", "english", "chinese"),
    [
        (Kind.MONEY, Decimal("4596039.58"), "$4,596,040", "¥4,596,040"),
        (Kind.MONEY, Decimal("-12.5"), "−$12", "−¥12"),
        (Kind.UNIT_MONEY, Decimal("29.149"), "$29.15", "¥29.15"),
        (Kind.ABOUT_MONEY, 160162.4, "$160,000", "¥160,000"),
        (Kind.RATE, 0.90666, "90.7%", "90.7%"),
        (Kind.RATE, 0.00007, "< 0.1%", "< 0.1%"),
        (Kind.RATE, 0.0, "0.0%", "0.0%"),
        (Kind.POINTS, -0.0213, "−2.1 pts", "−2.1 个百分点"),
        (Kind.POINTS, -0.0001, "0.0 pts", "0.0 个百分点"),
        (Kind.RATIO, float("inf"), "∞", "∞"),
        (Kind.COUNT, 155848, "155,848", "155,848"),
        (Kind.DAYS, 3.5, "3.5", "3.5"),
        (Kind.DATE, date(2018, 1, 1), "1 Jan 2018", "2018年1月1日"),
        (Kind.INSTANT, datetime(2018, 1, 2, 9, 5), "2 Jan 2018, 09:05", "2018年1月2日 09:05"),
        (Kind.MONEY, None, "", ""),
    ],
)
def test_values_are_written_as_readers_of_the_language_expect(kind, value, english, chinese):
    assert EN.write(kind, value) == english
    assert ZH.write(kind, value) == chinese


def test_amounts_without_a_currency_are_plain_numbers():
    assert Writer(texts("en"), None).write(Kind.MONEY, Decimal("1234.5")) == "1,234"
