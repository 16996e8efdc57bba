"""Every accepted row leads back to the very line of the file it came from."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
from click.testing import CliRunner
from openpyxl import load_workbook

from tenure.assembly import trace
from tenure.cli import main
from tests.e2e.desk import Desk, Purchase
from tests.e2e.test_containers import workbook

HEADER = "customer_id,order_date,quantity,line_total"


def messy(purchases: list[Purchase]) -> str:
    """Write purchases with blank lines, a title, faulty rows and cells of several lines."""
    lines = ["CD shop", "", HEADER + ",remark"]
    for i, p in enumerate(purchases):
        lines += [""] if i % 7 == 3 else []
        lines += [f"NA,{p.day},1,1.00,", "00001,1,2,3,4,5,6"] if i % 11 == 5 else []
        remark = '"one\ntwo\n\nthree"' if i % 4 == 1 else "one"
        lines.append(f"{p.customer},{p.day},{p.cds},{p.dollars},{remark}")
    return "\n".join((*lines, "Total,,,1444.02,", ""))


def test_every_fact_of_a_messy_text_leads_to_its_line(desk: Desk, purchases: list[Purchase]):
    told = desk.one("orders.csv", messy(purchases))
    assert (told["accepted"], told["quarantined"], told["skipped"]) == (44, 8, 2)
    lines = (desk.folder / "orders.csv").read_text().split("\n")
    for customer in {p.customer for p in purchases}:
        for fact in trace(desk.workspace, customer):
            cells = lines[fact["source_row"] - 1].split(",")
            assert fact["source_file"] == "orders.csv"
            assert cells[:2] == [customer, str(fact["occurred_on"])]
            assert cells[3] == f"{fact['value']:.2f}"


def test_every_quarantined_row_names_its_line(desk: Desk, purchases: list[Purchase]):
    told = desk.one("orders.csv", messy(purchases))
    lines = messy(purchases).split("\n")
    with Path(told["quarantine_file"]).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            line = lines[int(row["tenure_line"]) - 1]
            assert line.startswith(row["customer_id"] or row["tenure_raw"].strip())
    assert {issue["row"] for issue in told["issues"] if issue["row"]} <= set(
        range(1, len(lines) + 1)
    )


def test_a_fact_of_a_sheet_leads_to_its_row(desk: Desk, purchases: list[Purchase]):
    path = workbook(desk.folder / "o.xlsx", {"1997": purchases}, (("A title",), ()))
    desk.bring(path)
    sheet = load_workbook(path)["1997"]
    for customer, value, row in desk.query("SELECT customer_id, value, source_row FROM activity"):
        assert sheet.cell(row, 1).value == customer
        assert f"{sheet.cell(row, 4).value:.2f}" == f"{value:.2f}"


def test_a_fact_of_parquet_leads_to_its_record(desk: Desk, complete_journey: Path):
    table = pq.read_table(complete_journey / "transactions.parquet").slice(1000, 300)
    pq.write_table(table, desk.folder / "part.parquet")
    desk.bring(desk.folder / "part.parquet")
    records = table.to_pylist()
    for customer, order, row in desk.query(
        "SELECT customer_id, order_id, source_row FROM activity"
    ):
        record = records[row - 1]
        assert (str(record["household_id"]), str(record["basket_id"])) == (customer, order)


def test_a_fact_of_json_lines_leads_to_its_line(desk: Desk, purchases: list[Purchase]):
    lines = [
        json.dumps({"customer_id": p.customer, "order_date": str(p.day), "total": str(p.dollars)})
        for p in purchases
    ]
    lines.insert(9, "")
    desk.one("orders.jsonl", "\n".join((*lines, "")))
    for customer, row in desk.query("SELECT customer_id, source_row FROM activity"):
        assert json.loads(lines[row - 1])["customer_id"] == customer


def test_the_command_names_file_and_line(desk: Desk, purchases: list[Purchase]):
    desk.one("orders.csv", messy(purchases))
    ran = CliRunner().invoke(main, ["trace", "00002", "-w", str(desk.workspace.root), "--json"])
    found = json.loads(ran.stdout)
    lines = messy(purchases).split("\n")
    assert found["customer"] == "00002"
    assert len(found["activity"]) == 2
    for fact in found["activity"]:
        assert fact["source_file"] == "orders.csv"
        assert lines[fact["source_row"] - 1].startswith("00002,1997-01-12")


def test_facts_of_several_imports_name_their_own_file(desk: Desk, purchases: list[Purchase]):
    def text(rows: list[Purchase]) -> str:
        return "\n".join((HEADER, *(f"{p.customer},{p.day},1,{p.dollars}" for p in rows), ""))

    desk.one("first.csv", text(purchases[:5]))
    desk.one("second.csv", text(purchases[3:12]))
    files = [f["source_file"] for f in trace(desk.workspace, "00003")]
    assert files == ["first.csv", "first.csv"] + ["second.csv"] * 4
