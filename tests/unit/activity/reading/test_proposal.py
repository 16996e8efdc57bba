from __future__ import annotations

import pytest

from tenure.activity.reading import ReadingOptions
from tenure.kernel import MappingError

NO_HEADER = "column_1|column_2|column_3"
LINES = ("00001|19970101|11.77", "00002|19970112|12.00")


def test_without_headers_the_needed_roles_are_asked_with_what_the_columns_look_like(read) -> None:
    result = read(NO_HEADER, *LINES)
    assert result.questions == ["missing_role", "missing_role"]
    assert "'column_2'" in result.proposal.questions[0].given
    assert "whole numbers" in result.proposal.questions[0].given


def test_without_headers_what_a_person_says_is_enough(read) -> None:
    said = {"customer": "column_1", "time": "column_2", "line_total": "column_3"}
    result = read(NO_HEADER, *LINES, roles=said)
    assert result.questions == []
    assert [str(value) for value in result.column("value")] == ["11.7700", "12.0000"]


def test_a_file_without_any_customer_is_asked_about(read) -> None:
    result = read("order_id|order date|amount", "D1|2024-03-25|9.90")
    (question,) = result.proposal.questions
    assert question.code == "missing_role"
    assert "customer" in question.remedy


def test_what_a_person_says_wins_over_the_headers(read) -> None:
    result = read("customer_id|email|date", "A|a@b.co|2024-03-25",
                  roles={"customer": "EMAIL", "attribute.code": "customer_id"})  # fmt: skip
    assert result.column("customer_id") == ["a@b.co"]
    assert result.rows[0]["attributes"] == [{"key": "code", "value": "A"}]


def test_an_unknown_column_is_refused_with_the_nearest_name(read) -> None:
    with pytest.raises(MappingError, match="did you mean 'customer_id'"):
        read("customer_id|date", "A|2024-03-25", roles={"customer": "custmer_id"})


def test_one_column_cannot_play_two_roles(read) -> None:
    with pytest.raises(MappingError, match="twice"):
        read("customer_id|date", "A|2024-03-25", roles={"customer": "date", "time": "date"})


@pytest.mark.parametrize(
    "wrong", [{"roles": {"custommer": "x"}}, {"roles": {"attribute.": "x"}},
              {"date_order": "myd"}, {"decimal": ";"}]
)  # fmt: skip
def test_options_that_mean_nothing_are_refused(wrong) -> None:
    with pytest.raises(MappingError):
        ReadingOptions(**wrong)


def test_two_columns_that_hint_alike_are_asked_about(read) -> None:
    header = "customer_id|date|net revenue eu|net revenue us"
    result = read(header, "A|2024-03-25|9.90|1.10")
    (question,) = result.proposal.questions
    assert question.code == "ambiguous_role"
    assert "net revenue eu" in question.given
    assert "net revenue us" in question.given


PRICES = [f"C{i}|2024-03-25|P{i % 5}|{1 + i % 3}|{{}}" for i in range(30)]


def test_a_price_beside_a_quantity_is_asked_about_with_the_evidence(read) -> None:
    level = [line.format("9.90") for line in PRICES]
    result = read("customer_id|date|sku|quantity|price", *level)
    (question,) = result.proposal.questions
    assert question.code == "ambiguous_price"
    assert "for 5 of 5 products" in question.given
    assert "unit_price=price" in question.remedy
    assert "line_total=price" in question.remedy
    growing = [line.format(1 + i % 3) for i, line in enumerate(PRICES)]
    (question,) = read("customer_id|date|sku|quantity|price", *growing).proposal.questions
    assert "for 0 of 5 products" in question.given


@pytest.mark.parametrize(("role", "value"), [("unit_price", "20.0000"), ("line_total", "10.0000")])
def test_the_answer_about_a_price_decides_the_value(read, role, value) -> None:
    result = read("customer_id|date|quantity|price", "A|2024-03-25|2|10", roles={role: "price"})
    assert result.questions == []
    assert str(result.rows[0]["value"]) == value


def test_a_price_that_cannot_be_either_is_not_asked_about(read) -> None:
    single = read("customer_id|date|quantity|price", "A|2024-03-25|1|10", "B|2024-03-25|1|5")
    assert single.questions == []
    alone = read("customer_id|date|价格", "A|2024-03-25|10")
    assert alone.questions == []
    assert alone.roles["line_total"] == "价格"
    beside = read("customer_id|date|quantity|price|total", "A|2024-03-25|2|10|20")
    assert beside.roles["unit_price"] == "price"


def test_the_value_is_the_total_else_quantity_times_price_less_discount(read) -> None:
    total = read("customer_id|date|quantity|unit price|total", "A|2024-03-25|2|10|18",
                 "A|2024-03-25|2|10|20")  # fmt: skip
    assert [str(v) for v in total.column("value")] == ["18.0000", "20.0000"]
    assert "totals_disagree" in total.notes
    made = read("customer_id|date|quantity|unit price|discount", "A|2024-03-25|2|10|3",
                "A|2024-03-25|2|10|-3", "A|2024-03-25|2|10|")  # fmt: skip
    assert [str(v) for v in made.column("value")] == ["17.0000", "17.0000", "20.0000"]


def test_large_figures_are_multiplied_exactly_or_left_unknown(read) -> None:
    result = read("customer_id|date|quantity|unit price", "A|2024-03-25|1000000|99999.99",
                  "A|2024-03-25|99999999999|99999999999")  # fmt: skip
    assert [v and str(v) for v in result.column("value")] == ["99999990000.0000", None]


def test_an_empty_table_is_proposed_without_a_fault(read) -> None:
    result = read("customer_id|order date|amount")
    assert result.rows == []
    assert result.roles["customer"] == "customer_id"
