from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tenure.engine.lake import Lake
from tenure.engine.relations import Relation
from tenure.snapshots import SNAPSHOTS, freeze, frozen_snapshots, snapshot, thaw
from tests.unit.snapshots.facts_made import act, attribute, by_customer, facts

FEB_10, MAR_10 = date(2024, 2, 10), date(2024, 3, 10)


@pytest.fixture
def stored(tmp_path: Path) -> Relation:
    """February as made twice, and March; the second February knows one order more."""
    first = facts(
        [act("a", date(2024, 1, 1))],
        attributes=[attribute("a", "City", "Ulm", datetime(2024, 1, 1))],
    )
    second = facts([act("a", date(2024, 1, 1)), act("b", date(2024, 1, 2))])
    files = []
    for number, (known, as_of, made) in enumerate(
        [
            (first, FEB_10, datetime(2024, 2, 10, 1)),
            (second, FEB_10, datetime(2024, 2, 11, 1)),
            (second, MAR_10, datetime(2024, 3, 10, 1)),
        ]
    ):
        rows = freeze(snapshot(known, as_of=as_of), made_at=made, received_before=made)
        files.append(str(tmp_path / f"{number}.parquet"))
        known.engine.write_files(rows, lambda: Path(files[-1]))
    engine = second.engine
    return Relation(engine.attach_files("snapshots", files, SNAPSHOTS), engine)


def test_rows_have_exactly_the_tables_columns(tmp_path: Path) -> None:
    known = facts(
        [act("a", date(2024, 1, 1))],
        attributes=[attribute("a", "City", "Ulm", datetime(2024, 1, 1))],
    )
    rows = freeze(snapshot(known, as_of=FEB_10), made_at=datetime(2024, 2, 10))
    known.engine.write_files(rows, lambda: tmp_path / "rows.parquet")
    found = pq.read_schema(tmp_path / "rows.parquet")
    assert found.names == SNAPSHOTS.names
    assert found.types == SNAPSHOTS.types


def test_the_lake_takes_them(tmp_path: Path) -> None:
    known = facts([act("a", date(2024, 1, 1))])
    lake = Lake(tmp_path / "lake", {"snapshots": SNAPSHOTS})
    lake.create()
    with lake.writing() as writer:
        rows = freeze(snapshot(known, as_of=FEB_10), made_at=datetime(2024, 2, 10))
        known.engine.write_files(rows, lambda: writer.new_file("snapshots"))
        writer.commit("snapshot")
    back = thaw(lake.view().relation(known.engine, "snapshots"))
    assert by_customer(back) == by_customer(snapshot(known, as_of=FEB_10))


def test_what_comes_back_is_what_was_kept() -> None:
    known = facts(
        [act("a", date(2024, 1, 1), "12.34"), act("a", date(2024, 1, 9))],
        attributes=[attribute("a", "City", "Ulm", datetime(2024, 1, 1))],
    )
    fresh = snapshot(known, as_of=FEB_10)
    kept = known.engine.collect(freeze(fresh, made_at=datetime(2024, 2, 10)))
    back = thaw(
        Relation(known.engine.attach_arrow("kept", kept), known.engine), attributes=["City"]
    )
    assert by_customer(back) == by_customer(fresh)


def test_the_last_made_snapshot_of_a_date_is_read(stored: Relation) -> None:
    assert list(by_customer(thaw(stored, as_of=FEB_10))) == ["a", "b"]
    assert by_customer(thaw(stored, as_of=date(2024, 5, 5))) == {}


def test_every_kept_snapshot_is_listed(stored: Relation) -> None:
    listed = frozen_snapshots(stored)
    assert [(s.as_of, s.customers) for s in listed] == [(FEB_10, 1), (FEB_10, 2), (MAR_10, 2)]


def test_an_attribute_unknown_then_is_null(stored: Relation) -> None:
    rows = by_customer(thaw(stored, as_of=FEB_10, attributes=["City"]))
    assert rows["a"]["attr_city"] is None
