"""The quarantine folder: what is erased from it, and which files are its own."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from tenure.activity.quarantine import erase_quarantined, naming_pattern, without_added
from tenure.activity.sources import RawSource
from tenure.engine.duck import connect

ADDED = ("tenure_line", "tenure_code", "tenure_field", "tenure_given", "tenure_expected",
         "tenure_to_do", "tenure_raw")  # fmt: skip


def write(folder: Path, *rows: tuple[str, ...]) -> Path:
    path = folder / "20260101-abc.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([("customer_id", "order_date", "line_total"), *rows])
    return path


def ids(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[0] for row in csv.reader(file)][1:]


@pytest.mark.parametrize(
    "spelled", ["17850", " 17850 ", "１７８５０", "17850.0", "Customer 17850", "'17850"]
)
def test_every_spelling_of_a_customer_is_erased(tmp_path: Path, spelled: str):
    path = write(tmp_path, (spelled, "soon", "1"), ("00002", "soon", "1"))
    assert erase_quarantined(tmp_path, "17850") == 1
    assert ids(path) == ["00002"]
    assert spelled not in path.read_text(encoding="utf-8-sig")


def test_an_address_is_erased_in_any_case(tmp_path: Path):
    path = write(tmp_path, ("Anna@Example.ORG", "soon", "1"), ("hanna@example.org", "soon", "1"))
    assert erase_quarantined(tmp_path, "anna@example.org") == 1
    assert ids(path) == ["hanna@example.org"]


@pytest.mark.parametrize("other", ["117850", "178501", "A-17850", "17850-2", "1.17850"])
def test_a_longer_id_is_another_customer(tmp_path: Path, other: str):
    write(tmp_path, (other, "soon", "1"))
    assert erase_quarantined(tmp_path, "17850") == 0


def test_a_cell_of_any_length_can_be_read_again(tmp_path: Path):
    path = write(tmp_path, ("00001", "x" * 200_000, "1"), ("00002", "soon", "1"))
    assert erase_quarantined(tmp_path, "00002") == 1
    assert ids(path) == ["00001"]


def test_nothing_is_left_of_the_draft(tmp_path: Path):
    path = write(tmp_path, ("00001", "soon", "1"))
    erase_quarantined(tmp_path, "00001")
    assert list(tmp_path.iterdir()) == [path]


def test_an_id_of_pattern_characters_means_itself():
    assert naming_pattern("a.b*").search("x a.b* y")
    assert not naming_pattern("a.b*").search("axb")


@pytest.fixture
def source() -> RawSource:
    columns = ("customer_id", *ADDED)
    return RawSource(
        "mended.csv", "mended.csv", "given", columns, 1, "utf-8", ",", None, 1, None, "0" * 64
    )


def test_a_mended_file_has_the_columns_and_cells_of_its_source(source: RawSource):
    connection = connect()
    row = {name: ["'=1+1"] for name in source.columns} | {"source_row": [2]}
    connection.register("given", pa.table(row))
    mended = without_added(connection, source)
    assert mended.columns == ("customer_id",)
    assert connection.execute(f"FROM {mended.relation}").fetchall() == [("=1+1", 2)]


def test_a_file_with_columns_of_such_names_by_chance_stays_as_it_is(source: RawSource):
    other = replace(source, columns=("customer_id", "tenure_months"))
    assert without_added(connect(), other) is other
