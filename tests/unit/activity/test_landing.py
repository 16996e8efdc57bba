"""What lands: a clean file is moved, a repeated one written anew; its figures are the file's."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tenure.activity.contract import FACT_TABLES
from tenure.activity.landing import Landed, land
from tenure.activity.staging import Landing
from tenure.engine.lake import Lake

HEADER = "customer_id|order_date|quantity|line_total"
FIRST = "00001|1997-01-01|1|11.77"
SECOND = "00002|1997-01-12|1|12.00"
NOW = datetime(2026, 11, 21, 12)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake", FACT_TABLES)
    lake.create()
    return lake


def landed(lake: Lake, staged) -> Landed:
    with lake.writing() as writer:
        found = land(
            staged.connection, writer, staged.stage, staged.identity, Landing("i", NOW, NOW)
        )
        writer.commit("test")
    return found


def test_a_clean_file_is_moved_into_the_lake(lake: Lake, stage):
    staged = stage(HEADER, FIRST, SECOND)
    inode = staged.stage.path.stat().st_ino
    found = landed(lake, staged)
    (file,) = lake.view().files("activity")
    assert Path(file).stat().st_ino == inode
    assert not staged.stage.path.exists()
    assert (found.accepted, found.customers, found.orders) == (2, 2, 2)
    assert found.value == Decimal("23.77")
    assert (found.first_at, found.last_at) == (datetime(1997, 1, 1), datetime(1997, 1, 12))


def test_a_file_with_repeats_is_written_anew(lake: Lake, stage):
    staged = stage(HEADER, FIRST, SECOND, FIRST)
    found = landed(lake, staged)
    assert staged.stage.path.exists()
    assert (found.accepted, found.customers, found.orders) == (3, 2, 2)
    assert found.value == Decimal("35.54")


def test_nothing_new_writes_nothing(lake: Lake, stage):
    landed(lake, stage(HEADER, FIRST))
    known = tuple(Path(file) for file in lake.view().files("activity"))
    assert landed(lake, stage(HEADER, FIRST, known=known)) == Landed()
    assert len(lake.view().files("activity")) == 1


def test_without_a_commit_nothing_has_landed(lake: Lake, stage):
    staged = stage(HEADER, FIRST)
    with lake.writing() as writer:
        land(staged.connection, writer, staged.stage, staged.identity, Landing("i", NOW, NOW))
    assert lake.view().files("activity") == []
    assert not list((lake.root / "activity").glob("*.parquet"))


def test_contracts_have_no_orders(lake: Lake, stage):
    rows = ("1|2020-01-01|gold|9.50", "2|2020-02-01|gold|9.50")
    found = landed(lake, stage("customer_id|start_date|plan|monthly_fee", *rows))
    assert (found.accepted, found.customers, found.orders) == (2, 2, 0)
    assert found.value == Decimal("19.00")
    assert found.last_at == datetime(2020, 2, 1)


def test_attributes_beside_orders_are_kept_where_they_change(lake: Lake, stage):
    header = "customer_id|order_date|line_total|city"
    rows = ("1|2020-01-01|5|Rome", "1|2020-02-01|5|Rome", "1|2020-03-01|5|", "1|2020-04-01|5|Bari")
    staged = stage(header, *rows)
    assert landed(lake, staged).accepted == 4
    files = lake.view().files("customer_attributes")
    kept = staged.connection.execute(
        "SELECT known_at, value FROM read_parquet(?) ORDER BY known_at", [files]
    ).fetchall()
    assert kept == [(datetime(2020, 1, 1), "Rome"), (datetime(2020, 4, 1), "Bari")]
