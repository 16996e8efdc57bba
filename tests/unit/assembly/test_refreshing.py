"""When a refresh happens by itself, what it leaves behind, and how a killed one goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tenure.activity.contract import ACTIVITY
from tenure.assembly import (
    Workspace,
    check_workspace,
    erase_customer,
    kept_building,
    refresh,
    refresh_if_due,
    refreshing,
)
from tenure.cli import main
from tenure.metrics.kept import KeptActivity

CUSTOMERS = 400


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "workspace", {"currency": "EUR", "refresh_from_rows": 500})
    append(made, CUSTOMERS)
    return made


def append(workspace: Workspace, rows: int, *, order: str = "o") -> None:
    table = pa.Table.from_pylist(
        [
            {
                "activity_id": f"{order}{n}",
                "customer_id": f"c{n:04d}",
                "occurred_at": datetime(2024, 1 + n % 12, 1),
                "occurred_on": date(2024, 1 + n % 12, 1),
                "kind": "order",
                "value": Decimal(n),
                "currency": "EUR",
                "order_id": f"{order}{n}",
            }
            for n in range(rows)
        ],
        schema=ACTIVITY,
    )
    with workspace.lake.writing() as writer:
        pq.write_table(table, writer.new_file("activity"), row_group_size=20)
        writer.commit("append")


def is_kept(workspace: Workspace) -> bool:
    return isinstance(workspace.facts().activity, KeptActivity)


def kept_finding(workspace: Workspace) -> str:
    return next(f.state for f in check_workspace(workspace) if f.check == "kept tables")


def test_a_small_workspace_keeps_nothing_until_it_is_asked(workspace: Workspace) -> None:
    refresh_if_due(workspace)
    assert not is_kept(workspace)
    assert refresh(workspace).reason == "nothing is kept yet"
    assert is_kept(workspace)
    append(workspace, 10, order="p")
    assert (is_kept(workspace), kept_finding(workspace)) == (False, "warning")
    refresh_if_due(workspace)
    assert (is_kept(workspace), kept_finding(workspace)) == (True, "ok")


def test_a_large_workspace_keeps_by_itself(workspace: Workspace) -> None:
    append(workspace, 101, order="p")
    refresh_if_due(workspace)
    assert is_kept(workspace)


def test_an_import_brings_kept_tables_up_to_date(workspace: Workspace, tmp_path: Path) -> None:
    refresh(workspace)
    file = tmp_path / "orders.csv"
    file.write_text("order_id,customer_id,order_date,line_total\nx1,c0001,2024-12-05,10.50\n")
    run = CliRunner().invoke(main, ["import", str(file), "-w", str(workspace.root)])
    assert run.exit_code == 0, run.output
    assert is_kept(workspace)
    told = CliRunner().invoke(main, ["refresh", "--json", "-w", str(workspace.root)])
    assert json.loads(told.stdout)["mode"] == "none"


def test_a_busy_workspace_is_read_without_them(workspace: Workspace) -> None:
    refresh(workspace)
    append(workspace, 10, order="p")
    with workspace.lake.writing():
        refresh_if_due(workspace)
        assert not is_kept(workspace)
        told = CliRunner().invoke(main, ["metrics", "totals", "--json", "-w", str(workspace.root)])
    assert json.loads(told.stdout)["rows"][0]["orders"] == CUSTOMERS + 10


def test_an_import_is_done_though_memory_was_too_small_for_what_follows(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refresh(workspace)

    def overflow(*_: object, **__: object) -> None:
        raise duckdb.OutOfMemoryException("Out of Memory Error: 953.6 MiB/953.6 MiB used")

    monkeypatch.setattr("tenure.assembly.refreshing.build", overflow)
    file = tmp_path / "orders.csv"
    file.write_text("order_id,customer_id,order_date,line_total\nx1,c0001,2024-12-05,10.50\n")
    run = CliRunner().invoke(main, ["import", str(file), "-w", str(workspace.root)])
    assert run.exit_code == 0, run.output
    assert (is_kept(workspace), kept_finding(workspace)) == (False, "warning")
    told = CliRunner().invoke(main, ["refresh", "-w", str(workspace.root)])
    assert told.exit_code == 3 and "memory_limit_mb" in told.stderr


def test_a_workspace_that_cannot_be_written_is_read_without_them(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh(workspace)
    append(workspace, 10, order="p")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tenure.engine.lake.write_lock", refuse)
    refresh_if_due(workspace)
    assert not is_kept(workspace)


def test_a_killed_refresh_goes_on_where_it_stopped(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "BUCKET_ROWS", 40)
    written: list[str] = []
    write = kept_building._write

    def die_at_the_ninth(engine, path, rows):
        if len(written) == 8:
            raise KeyboardInterrupt
        written.append(path.name)
        write(engine, path, rows)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(kept_building, "_write", die_at_the_ninth)
        refresh(workspace)
    assert not is_kept(workspace)
    first, written = written, []

    def note(engine, path, rows):
        written.append(path.name)
        write(engine, path, rows)

    monkeypatch.setattr(kept_building, "_write", note)
    refresh(workspace)
    assert len(written) > 8
    assert set(written).isdisjoint(first)
    assert is_kept(workspace)


def test_what_a_killed_refresh_left_is_no_part_of_another_plan(workspace: Workspace) -> None:
    stray = workspace.scratch / "refresh-other"
    stray.mkdir()
    (stray / "customer_days-00000.parquet").write_bytes(b"not even Parquet")
    refresh(workspace)
    assert not stray.exists()
    assert is_kept(workspace)


def test_tables_of_other_definitions_are_made_anew_and_do_not_stop_an_erasure(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh(workspace)
    for module in ("kept_tables", "refreshing", "kept_building"):
        monkeypatch.setattr(f"tenure.assembly.{module}.DEFINITION", 2)
    assert not is_kept(workspace)
    assert refresh(workspace).reason == "the definitions have changed"
    for module in ("kept_tables", "refreshing", "kept_building"):
        monkeypatch.setattr(f"tenure.assembly.{module}.DEFINITION", 3)
    erase_customer(workspace, "c0003")
    assert workspace.lake.view().head.derived is None
    assert not list((workspace.root / "lake" / "customer_days").glob("*.parquet"))


def test_erasure_between_import_and_refresh_keeps_the_tables(workspace: Workspace) -> None:
    refresh(workspace)
    append(workspace, 10, order="p")
    erase_customer(workspace, "c0003")
    assert is_kept(workspace)


def test_unsorted_activity_is_laid_out_first(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "SCATTERED_ROWS_MAX", 100)
    for letter in "pqrst":
        append(workspace, 40, order=letter)
    before = workspace.lake.view().files("activity")
    refresh(workspace)
    assert workspace.lake.view().files("activity") != before


def test_equal_plans_have_equal_names(workspace: Workspace) -> None:
    plan = kept_building.Build([], [], workspace.calendar, 1, 1)
    assert plan.key() == replace(plan).key()
    assert plan.key() != replace(plan, generation=2).key()
