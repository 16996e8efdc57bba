"""Who is who in real rows: identifiers stay text, their spellings are one, missing is missing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.e2e.desk import Desk, Purchase, codes, issues_of

MISSING = ("", "NA", "n/a", "null", "NULL", "None", "nan", "-", "无", "未知", "匿名", "#N/A", "　")


def written(spelled: list[tuple[str, Purchase]]) -> str:
    rows = (f"{name},{p.day},{p.cds},{p.dollars}\n" for name, p in spelled)
    return "customer_id,order_date,quantity,line_total\n" + "".join(rows)


def test_leading_zeros_are_kept(desk: Desk, purchases: list[Purchase]):
    desk.one("orders.csv", written([(p.customer, p) for p in purchases]))
    assert set(desk.column("customer_id")) == {f"{n:05d}" for n in range(1, 12)}


def test_every_spelling_of_one_identifier_is_one_customer(desk: Desk, purchases: list[Purchase]):
    spellings = (
        "17850",
        "17850.0",
        " 17850",
        "17850 ",
        "１７８５０",
        "\u00a017850\u3000",
        '"17850"',
    )
    rows = [(spellings[i % len(spellings)], p) for i, p in enumerate(purchases)]
    told = desk.one("orders.csv", written(rows))
    assert set(desk.column("customer_id")) == {"17850"}
    assert (told["customers"], told["quarantined"]) == (1, 0)


def test_an_address_is_one_customer_in_any_case(desk: Desk, purchases: list[Purchase]):
    spellings = ("anna@example.org", "Anna@Example.org", "ANNA@EXAMPLE.ORG ")
    rows = [(spellings[i % 3], p) for i, p in enumerate(purchases)]
    content = written(rows).replace("customer_id", "email")
    assert desk.one("orders.csv", content)["customers"] == 1


def test_numbers_with_and_without_leading_zeros_stay_apart_and_are_told(
    desk: Desk, purchases: list[Purchase]
):
    rows = [(p.customer, p) for p in purchases[:20]]
    rows += [(p.customer.lstrip("0"), p) for p in purchases[20:24]]
    told = desk.one("orders.csv", written(rows))
    assert told["customers"] == 6
    (note,) = issues_of(told, "possible_same_customer")
    assert note["given"].startswith("1 ")


@pytest.mark.parametrize("spelled", MISSING)
def test_a_missing_customer_is_quarantined_however_it_is_spelled(
    desk: Desk, purchases: list[Purchase], spelled: str
):
    rows = [(p.customer, p) for p in purchases]
    rows[6] = (spelled, purchases[6])
    told = desk.one("orders.csv", written(rows))
    assert (told["rows_read"], told["accepted"], told["quarantined"]) == (44, 43, 1)
    (issue,) = issues_of(told, "missing_customer")
    assert (issue["row"], issue["field"]) == (8, "customer_id")
    assert Decimal(told["value"]) == sum(p.dollars for p in purchases) - purchases[6].dollars


def test_an_identifier_that_a_spreadsheet_rounded_is_quarantined(
    desk: Desk, purchases: list[Purchase]
):
    rows = [(f"6222021234567{i:03d}", p) for i, p in enumerate(purchases)]
    rows[2] = ("6.22202E+15", purchases[2])
    told = desk.one("orders.csv", written(rows))
    assert codes(told) == ["mangled_identifier"]
    assert (issues_of(told, "mangled_identifier")[0]["row"], told["quarantined"]) == (4, 1)


def test_card_numbers_of_a_workbook_keep_every_digit(desk: Desk, purchases: list[Purchase]):
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(("会员卡号", "消费日期", "实付金额"))
    for i, p in enumerate(purchases):
        book.active.append((10_000_000_000 + i, p.day, float(p.dollars)))
    book.save(desk.folder / "cards.xlsx")
    told = desk.bring(desk.folder / "cards.xlsx").as_dict()
    assert desk.column("customer_id") == [str(10_000_000_000 + i) for i in range(44)]
    assert Decimal(told["value"]) == sum(p.dollars for p in purchases)


def test_a_missing_amount_is_unknown_not_zero(desk: Desk, purchases: list[Purchase]):
    content = written([(p.customer, p) for p in purchases]).replace(",77.00\n", ",\n")
    told = desk.one("orders.csv", content)
    assert told["quarantined"] == 0
    assert desk.column("value").count(None) == 1
    assert Decimal(told["value"]) == sum(p.dollars for p in purchases) - 77
