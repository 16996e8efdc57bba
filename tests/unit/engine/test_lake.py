"""The lake: several tables change together or not at all, and what is erased is gone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.engine import lake_writing
from tenure.engine.duck import DuckDBEngine, connect
from tenure.engine.lake import Lake
from tenure.engine.lake_care import check_up, erase_rows
from tenure.engine.lake_compaction import Compacted, Layout, compact
from tenure.kernel import LakeError, WorkspaceBusyError

SCHEMAS = {
    "orders": pa.schema([("customer_id", pa.string()), ("value", pa.decimal128(18, 4))]),
    "visits": pa.schema([("customer_id", pa.string())]),
}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = Lake(tmp_path / "lake", SCHEMAS, lock_timeout_seconds=0.2)
    made.create()
    return made


def append(lake: Lake, *customers: str) -> None:
    with lake.writing() as writer:
        fill(writer, *customers)
        writer.commit("test")


def fill(writer: lake_writing.LakeWriter, *customers: str) -> None:
    values = [Decimal(1)] * len(customers)
    orders = pa.table([list(customers), values], schema=SCHEMAS["orders"])
    pq.write_table(orders, writer.new_file("orders"))
    visits = pa.table([list(customers)], schema=SCHEMAS["visits"])
    pq.write_table(visits, writer.new_file("visits"))


def compacted(lake: Lake, **layouts: Layout) -> list[Compacted]:
    chosen = {table: layouts.get(table, Layout()) for table in SCHEMAS}
    with lake.writing() as writer:
        return compact(writer, connect(), chosen, scratch=lake.root.parent)


def customers(lake: Lake, table: str = "orders") -> list[str]:
    relation = lake.view().relation(DuckDBEngine(), table)
    return sorted(relation.collect(relation.table).column("customer_id").to_pylist())


def test_a_new_lake_is_empty_and_readable(lake: Lake) -> None:
    assert customers(lake) == []


def test_committed_tables_appear_together(lake: Lake) -> None:
    append(lake, "a", "b")
    append(lake, "c")
    assert customers(lake) == customers(lake, "visits") == ["a", "b", "c"]


def test_a_reader_keeps_its_view_while_others_write_and_compact(lake: Lake) -> None:
    append(lake, "a")
    view, engine = lake.view(), DuckDBEngine()
    append(lake, "b")
    compacted(lake)
    relation = view.relation(engine, "orders")
    assert relation.collect(relation.table).column("customer_id").to_pylist() == ["a"]


def test_leaving_without_commit_changes_nothing_and_leaves_no_file(lake: Lake) -> None:
    append(lake, "a")
    before = sorted(lake.root.rglob("*.parquet"))
    with pytest.raises(RuntimeError), lake.writing() as writer:
        fill(writer, "b")
        raise RuntimeError
    assert customers(lake) == ["a"]
    assert sorted(lake.root.rglob("*.parquet")) == before


@pytest.mark.parametrize("survived", [0, 1])
def test_a_death_between_log_and_head_is_undone_by_the_next_writer(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, survived: int
) -> None:
    append(lake, "a")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt), lake.writing() as writer:
        fill(writer, "lost")
        patch.setattr(lake_writing.LakeWriter, "discard_uncommitted", lambda _: None)
        if survived:
            patch.setattr(lake_writing, "write_head", die)
        else:
            patch.setattr(lake_writing, "sync_folder", die)
        writer.commit("test")
    assert customers(lake) == customers(lake, "visits") == ["a"]
    append(lake, "b")
    assert customers(lake) == customers(lake, "visits") == ["a", "b"]


def test_a_second_writer_waits_and_then_says_who_is_in_the_way(lake: Lake) -> None:
    with lake.writing(), pytest.raises(WorkspaceBusyError, match="another process"), lake.writing():
        pass


def test_a_file_with_other_columns_is_refused(lake: Lake) -> None:
    with pytest.raises(LakeError, match="customer_id string"), lake.writing() as writer:
        pq.write_table(pa.table({"x": [1]}), writer.new_file("visits"))
        writer.commit("test")


def test_compaction_keeps_the_rows_and_sorts_them(lake: Lake) -> None:
    append(lake, "c", "a")
    append(lake, "b")
    done = compacted(lake, orders=Layout("customer_id"))
    assert [(t.table, t.files_before, t.rows) for t in done] == [("orders", 2, 3), ("visits", 2, 3)]
    (file,) = lake.view().files("orders")
    assert pq.read_table(file).column("customer_id").to_pylist() == ["a", "b", "c"]


def test_erasure_removes_the_bytes_from_every_file_of_the_lake(lake: Lake) -> None:
    append(lake, "keep-1", "secret-person")
    append(lake, "keep-2")
    compacted(lake)
    append(lake, "secret-person")
    with lake.writing() as writer:
        deleted = erase_rows(writer, connect(), column="customer_id", value="secret-person")
    assert deleted == {"orders": 2, "visits": 2}
    assert customers(lake) == customers(lake, "visits") == ["keep-1", "keep-2"]
    for path in lake.root.rglob("*"):
        if path.is_file():
            assert b"secret-person" not in path.read_bytes(), path


def test_a_check_up_finds_a_missing_file(lake: Lake) -> None:
    append(lake, "a")
    Path(lake.view().files("orders")[0]).unlink()
    states = {finding.check: finding.state for finding in check_up(lake, connect())}
    assert states == {"table orders": "fault", "table visits": "ok"}


def test_a_damaged_head_is_told(lake: Lake) -> None:
    (lake.root / "HEAD.json").write_text("{")
    with pytest.raises(LakeError, match=r"HEAD\.json"):
        lake.view()
