from __future__ import annotations

import pytest

IDENTIFIERS = {
    "17850": "17850",
    "00017": "00017",
    "17850.0": "17850",
    " 17850 ": "17850",
    "\u300017850\u00a0": "17850",
    "\u200b17850\ufeff": "17850",
    "１７８５０": "17850",
    "Ａ－１": "A-1",
    "7590-VHVEG": "7590-VHVEG",
    "Bob@Example.com": "bob@example.com",
    "张三": "张三",
    "粤B·12345": "粤B·12345",
    "1E5": "1E5",
    "1.5": "1.5",
}
MISSING = [None, "", "  ", "NA", "n/a", "#N/A", "NULL", "None", "nan", "-", "--", "(blank)",
           "Unknown", "无", "空", "未知", "散客", "\u3000", "ＮＡ"]  # fmt: skip


def test_an_identifier_stays_text_in_one_form(read) -> None:
    result = read("customer_id|date", *((text, "2024-03-25") for text in IDENTIFIERS))
    assert result.column("customer_id") == list(IDENTIFIERS.values())


def test_spelled_out_missing_customers_are_missing(read) -> None:
    result = read("customer_id|date", *((text, "2024-03-25") for text in MISSING))
    assert set(result.column("fault_code")) == {"missing_customer"}
    assert set(result.column("fault_field")) == {"customer_id"}
    assert result.column("fault_given") == [text or "" for text in MISSING]


@pytest.mark.parametrize("header", ["customer_id|date|order_id", "order_id|date|customer_id"])
def test_a_number_that_a_spreadsheet_has_rounded_is_a_fault(read, header) -> None:
    row = read(header, "1.23E+10|2024-03-25|A1").rows[0]
    assert row["fault_code"] == "mangled_identifier"
    assert row["fault_given"] == "1.23E+10"


def test_a_rounded_product_number_costs_no_sale(read) -> None:
    row = read("customer_id|date|barcode", "A1|2024-03-25|5.01E+12").rows[0]
    assert (row["fault_code"], row["product_id"]) == (None, "5.01E+12")


def test_numbers_that_differ_by_leading_zeros_are_told_not_merged(read) -> None:
    result = read("customer_id|date", "007|2024-03-25", "7|2024-03-25", "8|2024-03-25")
    assert "possible_same_customer" in result.notes
    assert result.column("customer_id") == ["007", "7", "8"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [("  Gift ", "Gift"), ("\u3000礼品 ", "礼品"), ("n/a", None), ("无", None), ("", None),
     ("a very long name of a category ", "a very long name of a category")],
)  # fmt: skip
def test_free_text_is_trimmed_and_missing_where_it_says_so(read, text, kept) -> None:
    result = read("customer_id|date|category", ("A", "2024-03-25", text), ("A", "2024-03-25", "x"))
    assert result.rows[0]["category"] == kept


def test_a_row_differs_from_another_by_any_column(read) -> None:
    result = read("customer_id|date|remark", "A|2024-03-25|x", "A|2024-03-25|y", "A|2024-03-25|x")
    first, second, third = result.column("raw_key")
    assert first == third != second
