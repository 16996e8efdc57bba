"""What only a person can know is asked; nothing is written until it is answered."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from click.testing import CliRunner

from tenure.activity.import_results import ImportResult
from tenure.cli import main
from tenure.kernel import MappingError, QuestionError, TenureError
from tests.e2e.desk import Desk, Purchase, facts_of, issues_of


def early(purchases: list[Purchase]) -> list[Purchase]:
    """Leave only days that read both as day-month and as month-day."""
    return [p for p in purchases if p.day.day <= 12]


def written(purchases: list[Purchase], form: str) -> str:
    rows = (f"{p.customer},{p.day:{form}},{p.cds},{p.dollars}\n" for p in purchases)
    return "customer_id,order_date,quantity,line_total\n" + "".join(rows)


def asked(desk: Desk, name: str, content: str, **said: object) -> dict[str, str]:
    """Import what must be asked about; return the one question; nothing may be written."""
    with pytest.raises(QuestionError) as caught:
        desk.one(name, content, **said)
    assert desk.count("imports") == desk.count("activity") == 0
    assert not list(desk.workspace.quarantine.iterdir())
    assert not list(desk.workspace.scratch.iterdir())
    assert not list((desk.workspace.definitions / "mappings").iterdir())
    (question,) = caught.value.questions
    return question


def test_dates_that_read_both_ways_are_asked(desk: Desk, purchases: list[Purchase]):
    rows = early(purchases)
    question = asked(desk, "orders.csv", written(rows, "%d/%m/%Y"))
    assert question["code"] == "ambiguous_date_order"
    assert question["column"] == "order_date"
    assert "--date-order dmy" in question["remedy"]


@pytest.mark.parametrize(("order", "form"), [("dmy", "%d/%m/%Y"), ("mdy", "%m/%d/%Y")])
def test_the_answer_settles_them(desk: Desk, purchases: list[Purchase], order: str, form: str):
    rows = early(purchases)
    told = desk.one("orders.csv", written(rows, form), date_order=order)
    assert desk.facts() == facts_of(rows)
    assert told["detected"]["date_order"] == order


def test_one_row_above_twelve_settles_the_whole_column(desk: Desk, purchases: list[Purchase]):
    rows = [*early(purchases), next(p for p in purchases if p.day.day > 12)]
    told = desk.one("orders.csv", written(rows, "%m/%d/%Y"))
    assert desk.facts() == facts_of(rows)
    assert told["detected"]["date_order"] == "mdy"


def test_the_command_line_asks_with_exit_code_5(desk: Desk, purchases: list[Purchase]):
    path = desk.file("orders.csv", written(early(purchases), "%d/%m/%Y"))
    given = ["import", str(path), "-w", str(desk.workspace.root), "--json"]
    ran = CliRunner().invoke(main, given)
    assert ran.exit_code == 5
    error = json.loads(ran.stdout)["error"]
    assert error["code"] == "needs_answer"
    assert error["questions"][0]["code"] == "ambiguous_date_order"
    assert desk.count("imports") == 0
    answered = CliRunner().invoke(main, [*given, "--date-order", "dmy"])
    assert answered.exit_code == 0, answered.output
    assert json.loads(answered.stdout)["accepted"] == len(early(purchases))


def test_a_price_beside_quantities_is_asked(desk: Desk, baskets: list[dict]):
    rows = "".join(
        f"{b['household_id']},{b['transaction_timestamp']},{b['basket_id']},{b['product_id']},"
        f"{b['quantity']},{b['sales_value']:.2f}\n"
        for b in baskets
    )
    content = f"household_id,transaction_timestamp,basket_id,product_id,quantity,price\n{rows}"
    question = asked(desk, "lines.csv", content)
    assert question["code"] == "ambiguous_price"
    assert "unit_price=price" in question["remedy"]

    total = sum(Decimal(f"{b['sales_value']:.2f}") for b in baskets)
    told = desk.one("lines.csv", content, roles={"line_total": "price"})
    assert Decimal(told["value"]) == total


def test_a_price_said_to_be_of_one_piece_is_multiplied(desk: Desk, purchases: list[Purchase]):
    rows = "".join(f"{p.customer},{p.day},{p.cds},{p.dollars}\n" for p in purchases)
    content = f"customer_id,order_date,quantity,price\n{rows}"
    told = desk.one("orders.csv", content, roles={"unit_price": "price"})
    assert Decimal(told["value"]) == sum(p.cds * p.dollars for p in purchases)


def test_a_price_where_all_quantities_are_one_needs_no_answer(
    desk: Desk, purchases: list[Purchase]
):
    ones = [p for p in purchases if p.cds == 1]
    rows = "".join(f"{p.customer},{p.day},{p.cds},{p.dollars}\n" for p in ones)
    told = desk.one("orders.csv", f"customer_id,order_date,quantity,price\n{rows}")
    assert Decimal(told["value"]) == sum(p.dollars for p in ones)


def test_decimals_that_may_be_thousands_are_asked(desk: Desk, purchases: list[Purchase]):
    rows = "".join(f"{p.customer},{p.day},{p.cds}.125\n" for p in purchases)
    content = f"customer_id,order_date,line_total\n{rows}"
    question = asked(desk, "orders.csv", content)
    assert question["code"] == "ambiguous_decimal"
    told = desk.one("orders.csv", content, decimal=",")
    assert Decimal(told["value"]) == sum(p.cds * 1000 + 125 for p in purchases)


def test_a_file_without_headers_is_asked_for_its_customer(desk: Desk, purchases: list[Purchase]):
    rows = "".join(f"{p.customer},{p.day},{p.dollars}\n" for p in purchases)
    with pytest.raises(QuestionError) as caught:
        desk.one("orders.csv", rows)
    assert {q["code"] for q in caught.value.questions} == {"missing_role"}
    assert any("--map" in q["remedy"] and "customer" in q["remedy"] for q in caught.value.questions)
    assert desk.count("imports") == 0


def test_headers_that_say_nothing_are_asked(desk: Desk, purchases: list[Purchase]):
    rows = "".join(f"{p.customer},{p.day},{p.dollars}\n" for p in purchases)
    with pytest.raises(QuestionError) as caught:
        desk.one("orders.csv", f"alpha,beta,gamma\n{rows}")
    assert caught.value.questions[0]["code"] == "missing_role"
    roles = {"customer": "alpha", "time": "beta", "line_total": "gamma"}
    desk.one("orders.csv", f"alpha,beta,gamma\n{rows}", roles=roles)
    assert desk.count("activity") == len(purchases)


def test_amounts_in_two_currencies_are_asked(desk: Desk, purchases: list[Purchase]):
    rows = "".join(
        f"{p.customer},{p.day},{'€' if i % 2 else '£'}{p.dollars}\n"
        for i, p in enumerate(purchases)
    )
    content = f"customer_id,order_date,line_total\n{rows}"
    assert asked(desk, "orders.csv", content)["code"] == "mixed_currency"

    told = desk.one("orders.csv", content, currency="GBP")
    assert (told["accepted"], told["quarantined"]) == (22, 22)
    assert Decimal(told["value"]) == sum(p.dollars for p in purchases[::2])
    assert told["currency"] == "GBP"
    assert {i["code"] for i in told["issues"] if i["severity"] == "error"} == {"other_currency"}


def test_a_column_of_two_currencies_is_asked(desk: Desk, purchases: list[Purchase]):
    rows = "".join(
        f"{p.customer},{p.day},{p.dollars},{'EUR' if i % 2 else 'USD'}\n"
        for i, p in enumerate(purchases)
    )
    content = f"customer_id,order_date,line_total,currency\n{rows}"
    assert asked(desk, "orders.csv", content)["code"] == "mixed_currency"


@pytest.mark.parametrize("sign", ["$", "kr "])
def test_a_sign_that_many_currencies_share_is_not_guessed(
    new_desk, purchases: list[Purchase], sign: str
):
    rows = "".join(f"{p.customer},{p.day},{sign}{p.dollars}\n" for p in purchases)
    content = f"customer_id,order_date,line_total\n{rows}"
    unknown, canadian, european = new_desk(), new_desk(currency="CAD"), new_desk(currency="EUR")
    assert unknown.one("o.csv", content)["currency"] is None
    assert unknown.query("SELECT DISTINCT currency FROM activity") == [(None,)]
    expected = (44, 0) if sign == "$" else (0, 44)
    told = canadian.one("o.csv", content)
    assert (told["accepted"], told["quarantined"]) == expected
    assert european.one("o.csv", content)["quarantined"] == 44


def test_another_currency_than_the_workspace_s_is_set_aside(new_desk, purchases: list[Purchase]):
    desk = new_desk(currency="USD")
    rows = [f"{p.customer},{p.day},{p.dollars},USD\n" for p in purchases]
    rows[3] = rows[3].replace("USD", "EUR")
    told = desk.one("o.csv", "customer_id,order_date,line_total,currency\n" + "".join(rows))
    assert (told["accepted"], told["quarantined"]) == (43, 1)
    (issue,) = issues_of(told, "other_currency")
    assert (issue["row"], issue["field"], issue["given"]) == (5, "currency", "EUR")
    assert "USD" in desk.query("SELECT DISTINCT currency FROM activity")[0]


def test_files_of_one_import_cannot_bring_two_currencies(desk: Desk, purchases: list[Purchase]):
    for name, sign in (("a.csv", "€"), ("b.csv", "£")):
        rows = "".join(f"{p.customer},{p.day},{sign}{p.dollars}\n" for p in purchases)
        desk.file(f"exports/{name}", f"customer_id,order_date,line_total\n{rows}")
    told = desk.bring(desk.folder / "exports").as_dict()
    assert [s["accepted"] for s in told["sources"]] == [44, 0]
    assert Decimal(told["value"]) == sum(p.dollars for p in purchases)
    assert desk.query("SELECT DISTINCT currency FROM activity") == [("EUR",)]


def test_the_first_currency_becomes_the_workspace_s(desk: Desk, purchases: list[Purchase]):
    rows = "".join(f"{p.customer},{p.day},€{p.dollars}\n" for p in purchases[:10])
    desk.one("first.csv", f"customer_id,order_date,line_total\n{rows}")
    assert desk.workspace.settings.currency == "EUR"
    rows = "".join(f"{p.customer},{p.day},£{p.dollars}\n" for p in purchases[10:20])
    told = desk.one("second.csv", f"customer_id,order_date,line_total\n{rows}")
    assert (told["accepted"], told["quarantined"]) == (0, 10)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"roles": {"customer": "kunde"}}, "customer_id"),
        ({"roles": {"client": "customer_id"}}, "role 'client'"),
        ({"date_order": "myd"}, "date order"),
        ({"timezone": "Mars/Olympus"}, "zone"),
        ({"currency": "dollars"}, "currency"),
        ({"decimal": ";"}, "decimal"),
        ({"encoding": "klingon"}, "klingon"),
        ({"header_row": 999}, "999"),
        ({"repeats": "maybe"}, "maybe"),
        ({"order_rule": "week"}, "week"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_option_that_cannot_be_is_refused_before_anything_is_written(
    desk: Desk, purchases: list[Purchase], said: dict, expected: str
):
    with pytest.raises(TenureError) as caught:
        desk.one("orders.csv", written(purchases, "%Y-%m-%d"), **said)
    assert expected in str(caught.value)
    assert desk.count("imports") == 0


def test_a_near_column_is_named(desk: Desk, purchases: list[Purchase]):
    with pytest.raises(MappingError, match="did you mean 'customer_id'"):
        desk.one("o.csv", written(purchases, "%Y-%m-%d"), roles={"customer": "customer_ids"})


def test_the_reading_that_was_accepted_is_kept_for_the_next_file(
    desk: Desk, purchases: list[Purchase]
):
    first, second = early(purchases)[:12], early(purchases)[12:]
    desk.one("june.csv", written(first, "%d/%m/%Y"), date_order="dmy")
    assert len(list((desk.workspace.definitions / "mappings").glob("*.yaml"))) == 1
    told = desk.one("july.csv", written(second, "%d/%m/%Y"))
    assert told["detected"]["date_order"] == "dmy"
    assert desk.facts() == facts_of([*first, *second])


def test_a_kept_reading_is_not_used_for_a_file_of_another_shape(
    desk: Desk, purchases: list[Purchase]
):
    rows = early(purchases)
    desk.one("june.csv", written(rows[:12], "%d/%m/%Y"), date_order="dmy")
    other = written(rows[12:], "%d/%m/%Y").replace("order_date", "date")
    with pytest.raises(QuestionError):
        desk.one("july.csv", other)


def test_a_file_that_contradicts_the_kept_reading_is_asked(desk: Desk, purchases: list[Purchase]):
    rows = early(purchases)
    desk.one("june.csv", written(rows, "%d/%m/%Y"), date_order="dmy")
    with pytest.raises(QuestionError) as caught:
        desk.one("july.csv", written(purchases, "%m/%d/%Y"))
    assert caught.value.questions[0]["code"] == "changed_format"
    told: ImportResult = desk.bring(desk.folder / "july.csv", date_order="mdy")
    assert told.sources[0].quarantined == 0
