"""The true figures again, by the way a user goes: `tenure import`, then `tenure metrics`.

Source: the data's true-figures page, as in `test_cdnow.py` and `test_complete_journey.py`. The
Complete Journey is imported as shipped: naive times that count UTC, into a workspace on UTC.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tenure.cli import main
from tests.golden import test_cdnow, test_complete_journey

Rows = list[dict[str, Any]]


def tenure(*arguments: str) -> dict[str, Any]:
    ran = CliRunner().invoke(main, [*arguments, "--json"])
    assert ran.exit_code == 0, ran.output
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def figures(workspace: Path, name: str, *options: str) -> Rows:
    rows: Rows = tenure("metrics", name, "-w", str(workspace), *options)["rows"]
    return rows


def quarters(rows: Rows) -> list[list[str]]:
    names = ("at_start", "at_end", "new", "retained", "returned")
    return [
        [row["period"], *(str(row[n]) for n in names), f"{row['retention_rate']:.6f}"]
        for row in rows
        if row["state"] == "complete"
    ]


def cohorts(rows: Rows) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["row"] == "cohort" and row["cohort_size"]:
            found.setdefault(row["cohort"], []).append(str(row["count"]))
    return {label: " ".join(counts) for label, counts in found.items()}


@pytest.fixture(scope="module")
def cdnow(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("cdnow") / "workspace"
    told = tenure("import", str(shared_data / "CDNOW_master.txt"), "-w", str(workspace))
    assert (told["rows_read"], told["accepted"], told["quarantined"]) == (69_659, 69_659, 0)
    assert (told["customers"], told["orders"]) == (23_570, 67_591)
    assert told["value"] == "2500315.63"
    assert told["first_at"] == "1997-01-01T00:00:00Z"
    assert told["last_at"] == "1998-06-30T00:00:00Z"
    return workspace


def test_cdnow_totals(cdnow: Path):
    (row,) = figures(cdnow, "totals")
    assert (row["customers"], row["orders"]) == (23_570, 67_591)
    assert (row["gross_value"], row["net_value"]) == ("2500315.63", "2500315.63")
    assert (row["first_order_on"], row["last_order_on"]) == ("1997-01-01", "1998-06-30")


def test_cdnow_months(cdnow: Path):
    found = [
        (row["period"], str(row["customers"]), Decimal(row["net_value"]))
        for row in figures(cdnow, "totals", "--period", "month")
    ]
    wanted = test_cdnow.lines(test_cdnow.MONTHS)
    assert found == [(month, n, Decimal(value)) for month, n, value in wanted]


def test_cdnow_repeat(cdnow: Path):
    row = next(r for r in figures(cdnow, "repeat") if r["reading"] == "in_window")
    assert (row["repeat_customers"], row["customers"]) == (11_516, 23_570)
    assert round(row["rate"], 6) == 0.488587


def test_cdnow_repeat_with_every_row_an_order(shared_data: Path, tmp_path: Path):
    file, workspace = str(shared_data / "CDNOW_master.txt"), tmp_path / "rows"
    told = tenure("import", file, "-w", str(workspace), "--orders", "row")
    assert told["orders"] == 69_659
    row = next(r for r in figures(workspace, "repeat") if r["reading"] == "in_window")
    assert (row["repeat_customers"], round(row["rate"], 6)) == (11_662, 0.494782)


def test_cdnow_retention(cdnow: Path):
    found = quarters(figures(cdnow, "retention", "--period", "quarter"))
    assert found == test_cdnow.lines(test_cdnow.RETENTION)


def test_cdnow_cohorts(cdnow: Path):
    assert cohorts(figures(cdnow, "cohorts")) == test_cdnow.COHORTS


def test_cdnow_twice_changes_nothing(cdnow: Path, shared_data: Path):
    told = tenure("import", str(shared_data / "CDNOW_master.txt"), "-w", str(cdnow))
    assert (told["accepted"], told["duplicate"]) == (0, 69_659)
    assert figures(cdnow, "totals")[0]["orders"] == 67_591


@pytest.fixture(scope="module")
def journey(complete_journey: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("journey") / "workspace"
    tenure("init", str(workspace), "--timezone", "UTC", "--currency", "USD")
    told = tenure("import", str(complete_journey / "transactions.parquet"), "-w", str(workspace))
    counted = ("rows_read", "accepted", "duplicate", "quarantined")
    assert [told[name] for name in counted] == [1_469_307, 1_469_307, 0, 0]
    assert (told["customers"], told["orders"]) == (2_469, 155_848)
    assert (told["value"], told["currency"]) == ("4596039.58", "USD")
    return workspace


@pytest.mark.slow
def test_complete_journey_totals(journey: Path):
    (row,) = figures(journey, "totals")
    assert (row["customers"], row["orders"]) == (2_469, 155_848)
    assert row["net_value"] == "4596039.58"


@pytest.mark.slow
def test_complete_journey_months(journey: Path):
    known = test_complete_journey.JANUARY_KNOWN.isoformat()
    found = [
        (row["period"], row["orders"], row["customers"], Decimal(row["net_value"]))
        for row in figures(journey, "revenue", "--as-of", known)
    ]
    wanted = test_complete_journey.lines(test_complete_journey.MONTHS)
    assert found == [(m, int(o), int(c), Decimal(v)) for m, o, c, v in wanted]


@pytest.mark.slow
def test_complete_journey_repeat(journey: Path):
    row = next(r for r in figures(journey, "repeat") if r["reading"] == "in_window")
    assert (row["repeat_customers"], row["customers"]) == (2_438, 2_469)
    assert round(row["rate"], 6) == 0.987444


@pytest.mark.slow
def test_complete_journey_retention(journey: Path):
    known = test_complete_journey.QUARTER_KNOWN.isoformat()
    found = quarters(figures(journey, "retention", "--period", "quarter", "--as-of", known))
    assert found == test_complete_journey.lines(test_complete_journey.RETENTION)


@pytest.mark.slow
def test_complete_journey_cohorts(journey: Path):
    known = test_complete_journey.JANUARY_KNOWN.isoformat()
    assert cohorts(figures(journey, "cohorts", "--as-of", known)) == test_complete_journey.COHORTS


@pytest.mark.slow
def test_complete_journey_in_the_shop_s_own_zone_lies_in_2017(
    complete_journey: Path, tmp_path: Path
):
    workspace = tmp_path / "workspace"
    tenure("init", str(workspace), "--timezone", "America/New_York")
    file = str(complete_journey / "transactions.parquet")
    tenure("import", file, "-w", str(workspace), "--timezone", "UTC")
    (row,) = figures(workspace, "totals")
    assert (row["first_order_on"], row["last_order_on"]) == ("2017-01-01", "2017-12-31")
    assert (row["orders"], row["net_value"]) == (155_848, "4596039.58")
