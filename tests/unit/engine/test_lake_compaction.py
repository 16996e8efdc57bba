"""Compaction by customer ranges: no row is lost, ranges do not overlap, order is kept."""

from __future__ import annotations

import os
import random
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.engine import lake_compaction
from tenure.engine.duck import connect
from tenure.engine.lake import Lake
from tenure.engine.lake_care import erase_rows
from tenure.engine.lake_compaction import Compacted, Layout, compact
from tenure.engine.lake_head import KeptMark
from tenure.engine.lake_layout import (
    CustomerRange,
    FileSpan,
    RowGroup,
    cut,
    read_span,
    scattered,
)

SCHEMA = pa.schema(
    [("customer_id", pa.string()), ("occurred_at", pa.int64()), ("occurred_on", pa.int64())]
)
LAYOUT = Layout("customer_id, occurred_at", {"occurred_on": "occurred_at // 10"}, range_rows=1000)
MARK = KeptMark(0, "UTC", 1, 1, 1, None, None, None, False, 0)


@pytest.fixture(params=["dealt out", "read for each range"])
def lake(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Lake:
    if request.param == "dealt out":
        monkeypatch.setattr(lake_compaction, "SCANS_MAX", 1)
    made = Lake(tmp_path / "lake", {"activity": SCHEMA}, lock_timeout_seconds=0.2)
    made.create()
    return made


def append(lake: Lake, rows: list[tuple[str | None, int]], *, shift: int = 0) -> None:
    table = pa.table(
        [[r[0] for r in rows], [r[1] for r in rows], [r[1] // 10 + shift for r in rows]],
        schema=SCHEMA,
    )
    with lake.writing() as writer:
        pq.write_table(table, writer.new_file("activity"), row_group_size=100)
        writer.commit("append")


def compacted(lake: Lake, layout: Layout = LAYOUT) -> Compacted:
    with lake.writing() as writer:
        (done,) = compact(writer, connect(), {"activity": layout}, scratch=lake.root.parent)
    return done


def rows_of(lake: Lake) -> list[tuple[str | None, int]]:
    found = (
        row for file in lake.view().files("activity") for row in pq.read_table(file).to_pylist()
    )
    return sorted(
        ((row["customer_id"], row["occurred_at"]) for row in found),
        key=lambda row: (row[0] is None, row),
    )


def spans(lake: Lake) -> list[FileSpan]:
    return [read_span(Path(file)) for file in lake.view().files("activity")]


def scattered_rows(count: int, seed: int = 1) -> list[tuple[str | None, int]]:
    chance = random.Random(seed)
    return [(f"c{chance.randrange(300):03d}", chance.randrange(10**6)) for _ in range(count)]


def test_files_hold_ranges_that_do_not_overlap_sorted_inside(lake: Lake) -> None:
    rows = scattered_rows(5000)
    append(lake, rows[:2500])
    append(lake, rows[2500:])
    done = compacted(lake)
    assert (done.files_before, done.rows) == (2, 5000)
    assert done.files_after == len(spans(lake)) == 5
    assert rows_of(lake) == sorted(rows)
    ends = sorted((span.low or "", span.high or "") for span in spans(lake))
    assert all(high < low for (_, high), (low, _) in pairwise(ends))
    for file in lake.view().files("activity"):
        found = pq.read_table(file).to_pylist()
        assert found == sorted(found, key=lambda r: (r["customer_id"], r["occurred_at"]))


def test_what_a_killed_compaction_left_is_cleared(lake: Lake) -> None:
    left = lake.root.parent / "compact-1-left" / "activity"
    left.mkdir(parents=True)
    append(lake, scattered_rows(300))
    compacted(lake)
    assert list(lake.root.parent.glob("compact-*")) == []


def test_compacting_twice_does_nothing_and_new_rows_are_worked_in(lake: Lake) -> None:
    append(lake, scattered_rows(3000))
    compacted(lake)
    head = lake.view().head
    assert compacted(lake).files_before == compacted(lake).files_after
    assert lake.view().head == head
    append(lake, [("c000", 5), ("zz", 1)])
    compacted(lake)
    assert scattered(spans(lake), LAYOUT.text()) == []
    assert rows_of(lake) == sorted([*scattered_rows(3000), ("c000", 5), ("zz", 1)])


def test_unknown_and_overwhelming_customers_are_kept(lake: Lake) -> None:
    rows = [("whale", n) for n in range(4000)] + [(None, n) for n in range(50)]
    append(lake, [*rows, *scattered_rows(500)])
    compacted(lake)
    assert len(rows_of(lake)) == 4550
    assert sum(row[0] is None for row in rows_of(lake)) == 50
    whales = [s for s in spans(lake) if s.low is not None and s.low <= "whale" <= (s.high or "")]
    assert len(whales) == 1


def test_another_way_of_counting_days_is_worth_a_rewrite(lake: Lake) -> None:
    append(lake, scattered_rows(100))
    compacted(lake)
    again = Layout(LAYOUT.order, {"occurred_on": "occurred_at // 20"}, LAYOUT.range_rows)
    before = lake.view().files("activity")
    compacted(lake, again)
    assert lake.view().files("activity") != before


@pytest.mark.parametrize(("shift", "stays"), [(0, True), (1, False)])
def test_the_mark_goes_along_unless_days_change(lake: Lake, shift: int, stays: bool) -> None:
    append(lake, scattered_rows(100), shift=shift)
    with lake.writing() as writer:
        writer.mark = replace(MARK, activity=writer.head.versions["activity"])
        writer.commit("mark")
    compacted(lake)
    head = lake.view().head
    fits = head.derived is not None and head.derived.activity == head.versions["activity"]
    assert fits == stays


def test_erasure_keeps_the_layout_and_takes_the_name_out_of_the_footers(lake: Lake) -> None:
    append(lake, [*scattered_rows(3000), ("aa-first", 1), ("zz-last", 2)])
    compacted(lake)
    for name in ("aa-first", "zz-last"):
        with lake.writing() as writer:
            assert erase_rows(writer, connect(), column="customer_id", value=name) == {
                "activity": 1
            }
        for file in lake.root.rglob("*"):
            assert not file.is_file() or name.encode() not in file.read_bytes()
    assert scattered(spans(lake), LAYOUT.text()) == []


def test_replaced_files_stay_for_readers_however_old_they_are(lake: Lake) -> None:
    append(lake, scattered_rows(100))
    (old,) = lake.view().files("activity")
    long_ago = time.time() - 100_000
    os.utime(old, (long_ago, long_ago))
    compacted(lake)
    assert lake.view().files("activity") != [old]
    assert Path(old).exists()


def test_a_death_keeps_the_mark_of_fresh_tables(lake: Lake, monkeypatch) -> None:
    append(lake, scattered_rows(10))
    with lake.writing() as writer:
        writer.mark = replace(MARK, activity=writer.head.versions["activity"])
        writer.commit("mark")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("tenure.engine.lake_writing.write_head", die)
        append(lake, scattered_rows(5))
    with lake.writing():
        pass
    head = lake.view().head
    assert head.derived is not None
    assert head.derived.activity == head.versions["activity"]


def test_a_table_takes_new_columns_when_all_its_files_go(lake: Lake) -> None:
    append(lake, scattered_rows(10))
    wider = pa.schema([*SCHEMA, ("more", pa.int64())])
    later = Lake(lake.root, {"activity": wider}, lock_timeout_seconds=0.2)
    with later.writing() as writer:
        writer.remove("activity", writer.files("activity"))
        pq.write_table(pa.table([["a"], [1], [0], [7]], schema=wider), writer.new_file("activity"))
        writer.commit("anew")
    (file,) = later.view().files("activity")
    assert pq.read_table(file).to_pylist()[0]["more"] == 7


def span(*groups: tuple[int, str, str]) -> FileSpan:
    return FileSpan(Path("x"), tuple(RowGroup(*group) for group in groups), None)


def test_cuts_follow_the_narrow_row_groups() -> None:
    tidy = span(*((100, f"c{n:03d}", f"c{n:03d}z") for n in range(50)))
    wide = span((300, "a", "z"))
    ranges = cut([tidy, wide], 1000)
    assert ranges[0].low is None
    assert ranges[-1].high is None
    assert [part.low for part in ranges[1:]] == [part.high for part in ranges[:-1]]
    assert len(ranges) == 6
    assert all(sum(part.meets(span(g)) for g in [(1, "c0", "c0")]) <= 1 for part in ranges)


@pytest.mark.parametrize("groups", [[], [(5, "a", "a")], [(500, "a", "a"), (500, "a", "a")]])
def test_what_cannot_be_cut_is_one_range(groups: list[tuple[int, str, str]]) -> None:
    assert cut([span(*groups)], 100) == [CustomerRange()]
