from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.activity.contract import Role
from tenure.activity.reading.numbers import bare_number, general_number, quick_number
from tenure.engine.duck import connect, literal

HEADER = "customer_id|date|amount"


def amounts(read, *texts: str, **options):
    rows = [("A", "2024-03-25", text) for text in texts]
    return read(HEADER, *rows, **options)


FIGURES = {
    "1234.5": "1234.5",
    "1,234.50": "1234.5",
    "12,34,567.50": "1234567.5",
    "1'234.50": "1234.5",
    "1 234.50": "1234.5",
    "1\u00a0234.50": "1234.5",
    "1\u202f234.50": "1234.5",
    "$1,234.50": "1234.5",
    "1234.50 USD": "1234.5",
    "US$ 12.50": "12.5",
    "￥１，２３４．５０": "1234.5",
    "RMB12.50": "12.5",
    "12.50元": "12.5",
    " 12.50 ": "12.5",
    "1.25e3": "1250",
    "+12.50": "12.5",
    ".5": "0.5",
    "0.00": "0",
    "(12.50)": "-12.5",
    "($12.50)": "-12.5",
    "12.50-": "-12.5",
    "-$12.50": "-12.5",
    "$-12.50": "-12.5",
    "−12.50": "-12.5",
}


def test_figures_as_people_write_them(read) -> None:
    result = amounts(read, *FIGURES)
    expected = [Decimal(value) for value in FIGURES.values()]
    assert result.questions == ["mixed_currency"]
    assert result.column("value") == expected
    assert result.column("kind") == ["refund" if value < 0 else "order" for value in expected]


@pytest.mark.parametrize(
    ("text", "value"),
    [("1234,5", "1234.5"), ("1.234,50", "1234.5"), ("€ 1.234.567,50", "1234567.5"), ("12", "12"),
     ("1 234,50 €", "1234.5"), ("1.234", "1234"), ("-7,00", "-7")],
)  # fmt: skip
def test_a_decimal_comma_is_told_by_the_column(read, text, value) -> None:
    result = amounts(read, text, "9,99", "19,5")
    assert result.format(Role.LINE_TOTAL).decimal == ","
    assert result.column("value")[0] == Decimal(value)


BAD_FIGURES = {
    "12%": "bad_number",
    "twelve": "bad_number",
    "1,5": "bad_number",
    "12 50": "bad_number",
    "1-2": "bad_number",
    "1.2.3": "bad_number",
    "--5": "bad_number",
    "123456789012345678": "number_out_of_range",
    "1e30": "number_out_of_range",
}


def test_what_is_no_figure_is_a_fault(read) -> None:
    result = amounts(read, *["9.99"] * 20, *BAD_FIGURES)
    faulty = result.rows[20:]
    assert [row["fault_code"] for row in faulty] == list(BAD_FIGURES.values())
    assert [row["fault_given"] for row in faulty] == list(BAD_FIGURES)
    assert {row["fault_field"] for row in faulty} == {"amount"}


def test_a_missing_figure_is_unknown_and_no_fault(read) -> None:
    result = amounts(read, "9.99", "", "-", "N/A", "null", "无", " ")
    assert result.column("value") == [Decimal("9.99")] + [None] * 6
    assert set(result.column("fault_code")) == {None}


def test_figures_that_read_both_ways_are_asked(read) -> None:
    result = amounts(read, "1,234", "5,678", "12")
    (question,) = result.proposal.questions
    assert (question.code, question.column) == ("ambiguous_decimal", "amount")
    assert amounts(read, "1,234", decimal=".").column("value") == [Decimal(1234)]
    assert amounts(read, "1,234", decimal=",").column("value") == [Decimal("1.234")]


def test_evidence_far_beyond_the_sample_is_found(read) -> None:
    result = amounts(read, *["1,234"] * 6_000, "1,234.50")
    assert result.questions == []
    assert result.rows[0]["value"] == Decimal(1234)


def test_another_column_of_the_file_tells_the_decimal_sign(read) -> None:
    result = read("customer_id|date|quantity|amount", ("A", "2024-03-25", "1,500", "12,75"))
    assert result.questions == []
    assert result.column("quantity") == [Decimal("1.5")]


def test_the_currency_of_cells_and_headers_is_found(read) -> None:
    assert amounts(read, "12.50 €").proposal.mapping.currency == "EUR"
    assert read("客户编号|日期|金额（元）", "A|2024-03-25|12.50").proposal.mapping.currency == "CNY"
    dollars = read("customer_id|date|Amount (USD)", "A|2024-03-25|12.50")
    assert dollars.proposal.mapping.currency == "USD"


def test_a_sign_that_several_currencies_share_means_the_workspaces(read) -> None:
    result = amounts(read, "$12.50", workspace_currency="CAD")
    assert result.proposal.mapping.currency is None
    assert result.column("currency") == ["CAD"]
    assert result.column("fault_code") == [None]


def test_an_amount_in_another_currency_is_a_fault(read) -> None:
    result = amounts(read, "12.50", "€12.50", workspace_currency="USD")
    assert result.column("fault_code") == [None, "other_currency"]
    stated = read("customer_id|date|amount|currency", "A|2024-03-25|5|USD", "A|2024-03-25|5|eur",
                  workspace_currency="USD")  # fmt: skip
    assert stated.column("fault_code") == [None, "other_currency"]


def test_mixed_currencies_are_asked_where_the_workspace_has_none(read) -> None:
    assert amounts(read, "12.50 EUR", "12.50 USD").questions == ["mixed_currency"]
    assert amounts(read, "12.50 EUR", "12.50 USD", workspace_currency="EUR").questions == []


CONNECTION = connect()
DECIMALS = st.decimals(min_value=-(10**12), max_value=10**12, places=2)


@settings(max_examples=60, deadline=None)
@given(figure=DECIMALS, decimal=st.sampled_from(".,"),
       group=st.sampled_from(["", " ", "'", "other"]),
       sign=st.sampled_from(["{}", "€{}", "{} EUR", "¥ {}", "{}元"]),
       negative=st.sampled_from(["-{}", "({})", "{}-"]))  # fmt: skip
def test_every_formatted_figure_reads_back(figure, decimal, group, sign, negative) -> None:
    separator = {"other": "," if decimal == "." else "."}.get(group, group)
    swap = str.maketrans({",": separator, ".": decimal})
    text = f"{abs(figure):,.2f}".translate(swap)
    text = sign.format(negative.format(text) if figure < 0 else text)
    raw = literal(text)
    row = CONNECTION.execute(
        f"SELECT coalesce({quick_number(raw, decimal)}, {general_number('bare', decimal)}) "
        f"FROM (SELECT {bare_number(raw)} AS bare)"
    ).fetchone()
    assert row == (figure,)
