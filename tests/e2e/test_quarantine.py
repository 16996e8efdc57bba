"""Rows that cannot be facts: set aside whole, each with line and remedy, mended and imported."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from tenure.assembly import import_into
from tenure.cli import main
from tenure.kernel import QuestionError
from tests.e2e.desk import Desk, Fact, Purchase, facts_of, issues_of

HEADER = "customer_id,order_date,quantity,line_total"


def rows_of(purchases: list[Purchase]) -> list[str]:
    return [f"{p.customer},{p.day},{p.cds},{p.dollars}" for p in purchases]


def text(rows: list[str], header: str = HEADER) -> str:
    return "\n".join((header, *rows, ""))


def quarantined(told: dict) -> list[dict[str, str]]:
    with Path(told["quarantine_file"]).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("row", "code", "field", "given"),
    [
        (",1997-05-01,1,9.77", "missing_customer", "customer_id", "(empty)"),
        ("00008,,1,9.77", "missing_time", "order_date", "(empty)"),
        ("00008,unknown,1,9.77", "missing_time", "order_date", "unknown"),
        ("00008,1997-02-30,1,9.77", "bad_time", "order_date", "1997-02-30"),
        ("00008,yesterday,1,9.77", "bad_time", "order_date", "yesterday"),
        ("00008,1997-05-01 25:61:00,1,9.77", "bad_time", "order_date", "1997-05-01 25:61:00"),
        ("00008,2031-05-01,1,9.77", "future_time", "order_date", "2031-05-01"),
        ("00008,1900-01-01,1,9.77", "time_out_of_range", "order_date", "1900-01-01"),
        ("00008,1970-01-01,1,9.77", "time_out_of_range", "order_date", "1970-01-01"),
        ("00008,1997-05-01,1,nine", "bad_number", "line_total", "nine"),
        ("00008,1997-05-01,1,9.77%", "bad_number", "line_total", "9.77%"),
        ("00008,1997-05-01,1,9.7.7", "bad_number", "line_total", "9.7.7"),
        ("00008,1997-05-01,one,9.77", "bad_number", "quantity", "one"),
        (
            "00008,1997-05-01,1,13800138000138000138",
            "number_out_of_range",
            "line_total",
            "13800138000138000138",
        ),
        ("00008,1997-05-01,1,1e308", "number_out_of_range", "line_total", "1e308"),
        ("00008,1997-05-01,1,Infinity", "bad_number", "line_total", "Infinity"),
        ("00008,1997-05-01,1,=1+1", "bad_number", "line_total", "=1+1"),
    ],
)
def test_each_fault_names_line_field_and_what_was_given(
    desk: Desk, purchases: list[Purchase], row: str, code: str, field: str, given: str
):
    rows = rows_of(purchases)
    rows.insert(20, row)
    told = desk.one("orders.csv", text(rows))
    assert desk.facts() == facts_of(purchases)
    assert (told["rows_read"], told["accepted"], told["quarantined"]) == (45, 44, 1)
    (issue,) = [i for i in told["issues"] if i["severity"] == "error"]
    assert (issue["code"], issue["row"]) == (code, 22)
    assert (issue["field"], issue["given"], issue["source"]) == (field, given, "orders.csv")
    (kept,) = quarantined(told)
    assert list(kept.values())[: row.count(",") + 1] == [
        f"'{cell}" if cell.startswith("=") else cell for cell in row.split(",")
    ]
    assert (kept["tenure_line"], kept["tenure_code"]) == ("22", code)
    assert kept["tenure_expected"] == issue["expected"]
    assert kept["tenure_to_do"] == issue["remedy"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("00008,1997-05-01,1,9.77,and,too,many", "too_many_columns"),
        ('00008,"1997-05-01" x,1,9.77', "bad_quoting"),
    ],
)
def test_a_row_that_cannot_be_split_is_kept_as_it_stands(
    desk: Desk, purchases: list[Purchase], row: str, code: str
):
    rows = rows_of(purchases)
    rows.insert(20, row)
    told = desk.one("orders.csv", text(rows))
    assert desk.facts() == facts_of(purchases)
    (issue,) = issues_of(told, code)
    assert (issue["row"], told["quarantined"]) == (22, 1)
    assert quarantined(told)[0]["tenure_raw"].strip() == row


def test_bytes_of_another_encoding_set_one_row_aside(desk: Desk, purchases: list[Purchase]):
    lines = [f"{row},Köln" for row in rows_of(purchases)]
    data = text(lines, HEADER + ",store").encode().splitlines(keepends=True)
    data[9] = data[9].decode().encode("latin-1")
    told = desk.one("orders.csv", b"".join(data))
    assert told["detected"]["encoding"] == "utf-8"
    (issue,) = issues_of(told, "undecodable")
    assert (issue["row"], told["accepted"]) == (10, 43)


def test_the_quarantine_file_can_be_mended_and_imported(desk: Desk, purchases: list[Purchase]):
    rows = rows_of(purchases)
    rows[2] = rows[2].replace("1997-01-12", "soon")
    rows[7] = rows[7].replace("00003", "")
    told = desk.one("orders.csv", text(rows))
    assert (told["accepted"], told["quarantined"]) == (42, 2)

    path = Path(told["quarantine_file"])
    mended = path.read_text(encoding="utf-8-sig")
    mended = mended.replace("soon,5", "1997-01-12,5").replace("\n,1997-11-25", "\n00003,1997-11-25")
    desk.file("mended.csv", mended)
    again = desk.bring(desk.folder / "mended.csv").as_dict()
    assert desk.facts() == facts_of(purchases)
    assert (again["accepted"], again["quarantined"]) == (2, 0)
    assert not any(column.startswith("tenure_") for column in again["detected"]["mapping"].values())
    assert not issues_of(again, "unused_columns")


def test_a_quarantine_file_that_is_not_mended_says_the_same_again(
    desk: Desk, purchases: list[Purchase]
):
    rows = rows_of(purchases)
    rows[2] = rows[2].replace("77.00", "a lot")
    rows[7] = rows[7].replace("00003", "")
    told = desk.one("orders.csv", text(rows))
    again = desk.bring(Path(told["quarantine_file"])).as_dict()
    assert (again["accepted"], again["quarantined"]) == (0, 2)
    assert issues_of(again, "bad_number")[0]["given"] == "a lot"


def test_a_quarantine_file_without_one_readable_date_is_asked_about(
    desk: Desk, purchases: list[Purchase]
):
    rows = rows_of(purchases)
    rows[2] = rows[2].replace("1997-01-12", "soon")
    told = desk.one("orders.csv", text(rows))
    with pytest.raises(QuestionError, match="no longer holds dates"):
        desk.bring(Path(told["quarantine_file"]))


def test_a_mended_row_is_the_fact_that_the_whole_file_would_have_given(
    new_desk, purchases: list[Purchase]
):
    whole, mended = new_desk(), new_desk()
    whole.one("orders.csv", text(rows_of(purchases)))
    rows = rows_of(purchases)
    rows[2] = rows[2].replace("1997-01-12", "soon")
    told = mended.one("orders.csv", text(rows))
    content = Path(told["quarantine_file"]).read_text(encoding="utf-8-sig")
    mended.one("mended.csv", content.replace("soon", "1997-01-12"))
    assert mended.all_facts() == whole.all_facts()


FORMULAS = ("=cmd|'/c calc'!A1", "+1+cmd", "-2+3+cmd", "@SUM(A1)", "\t=1", "＝1＋1")


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_are_inert_in_the_quarantine_and_in_exports(
    desk: Desk, purchases: list[Purchase], formula: str
):
    rows = [f"{row},shop" for row in rows_of(purchases)]
    rows[4] = f'"{formula}x","1997-05-01","1","9.77","{formula}"'
    rows[5] = f'00008,soon,1,9.77,"{formula}"'
    told = desk.one("orders.csv", text(rows, HEADER + ",source"))
    assert (told["accepted"], told["quarantined"]) == (43, 1)
    output = desk.folder / "snapshot.csv"
    ran = CliRunner().invoke(
        main, ["snapshot", "-w", str(desk.workspace.root), "--output", str(output)]
    )
    assert ran.exit_code == 0, ran.output
    cells = []
    for path in (Path(told["quarantine_file"]), output):
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells += [cell for line in csv.reader(file) for cell in line]
    bare = formula.strip()
    assert any(bare in cell for cell in cells)
    for cell in cells:
        if bare in cell:
            assert cell.startswith("'"), cell


def test_every_faulty_row_is_in_the_file_though_only_some_are_listed(
    desk: Desk, purchases: list[Purchase]
):
    rows = [f",{p.day},{p.cds},{p.dollars}" for p in purchases] * 30
    path = desk.file("orders.csv", text([*rows_of(purchases), *rows]))
    told = import_into(desk.workspace, [path]).as_dict()
    assert (told["quarantined"], told["accepted"]) == (1320, 44)
    assert len(told["issues"]) == 1000
    assert told["issue_count"] >= 1320
    assert len(quarantined(told)) == 1320


def test_a_wholly_faulty_file_accepts_nothing_and_says_why(desk: Desk, purchases: list[Purchase]):
    told = desk.one("orders.csv", text([f"NA,{p.day},1,{p.dollars}" for p in purchases]))
    assert (told["accepted"], told["quarantined"], told["value"]) == (0, 44, None)
    assert desk.facts() == []


def test_a_row_counted_late_keeps_its_day_in_the_business_s_zone(
    new_desk, purchases: list[Purchase]
):
    desk = new_desk(timezone="America/New_York")
    rows = [f"{p.customer},{p.day}T03:30:00Z,{p.cds},{p.dollars}" for p in purchases[:1]]
    desk.one("orders.csv", text(rows))
    (fact,) = desk.facts()
    assert fact == Fact("00001", fact.occurred_on, "order", 1, purchases[0].dollars)
    assert str(fact.occurred_on) == "1996-12-31"
