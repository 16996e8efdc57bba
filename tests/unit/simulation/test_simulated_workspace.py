"""The command: a workspace on which everything works, or exports of which every row is accepted."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tenure.assembly import Workspace, customers_as_of, import_into, metric
from tests.unit.cli.conftest import tenure

RULES = {"shop": "orders", "service": "rhythm", "subscription": "subscription"}


def simulate(*arguments: str) -> dict:
    ran = tenure("simulate", "--customers", "300", "--json", *arguments)
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)


@pytest.mark.parametrize("kind", RULES)
def test_metrics_and_the_snapshot_work_on_a_made_business(kind: str, tmp_path: Path):
    root = tmp_path / "made"
    told = simulate("--kind", kind, "-w", str(root))
    workspace = Workspace.open(root)
    assert workspace.settings.active_rule == RULES[kind]
    assert workspace.settings.as_of == told["as_of"] == "2026-01-01"
    assert metric(workspace, "totals").table["orders"][0].as_py() == told["orders"]
    for name in ("retention", "lifecycle", "rfm"):
        assert metric(workspace, name).table.num_rows > 0
    snapshot = customers_as_of(workspace).snapshot
    assert 250 <= snapshot.collect(snapshot.table).num_rows <= 300


def test_the_summary_is_what_the_lake_and_the_truth_hold(tmp_path: Path):
    root = tmp_path / "made"
    told = simulate("-w", str(root))
    assert told["truth"] == str(tmp_path / "made-truth")
    workspace = Workspace.open(root)
    facts = workspace.facts()
    for table, count in told["rows"].items():
        relation = getattr(facts, table)
        assert relation.collect(relation.table.count().as_table())[0][0].as_py() == count
    truth = Path(told["truth"])
    assert {path.name for path in truth.iterdir()} == {
        "customers.parquet",
        "campaigns.parquet",
        "truth.json",
    }
    for table, count in told["truth_rows"].items():
        assert pq.read_metadata(truth / f"{table}.parquet").num_rows == count
    parameters = json.loads((truth / "truth.json").read_text())
    assert parameters["world"]["customers"] == 300
    assert parameters["rows"] == told["rows"]
    imports = facts.imports.collect(facts.imports.table).to_pylist()
    assert {row["import_id"]: row["accepted"] for row in imports} == {
        "simulated": told["rows"]["activity"],
        "simulated-customer_attributes": told["rows"]["customer_attributes"],
    }


def test_a_made_workspace_passes_its_check_up(tmp_path: Path):
    simulate("-w", str(tmp_path / "made"))
    ran = tenure("doctor", "-w", str(tmp_path / "made"), "--json")
    states = {finding["check"]: finding["state"] for finding in json.loads(ran.stdout)["findings"]}
    assert set(states.values()) == {"ok"}


@pytest.mark.parametrize("kind", RULES)
def test_every_row_of_the_exports_is_accepted(kind: str, tmp_path: Path):
    told = simulate("--kind", kind, "--files", str(tmp_path / "files"))
    zone = {"shop": "Europe/Berlin", "service": "Asia/Shanghai"}.get(kind, "America/New_York")
    workspace = Workspace.create(tmp_path / "imported", {"timezone": zone})
    result = import_into(workspace, [tmp_path / "files"])
    found = {Path(source.source).name: source for source in result.sources}
    assert {name: source.accepted for name, source in found.items()} == told["rows"]
    assert {name: source.rows_read for name, source in found.items()} == told["rows"]


def test_exports_and_workspace_of_one_seed_tell_the_same_story(tmp_path: Path):
    simulate("-w", str(tmp_path / "made"))
    simulate("--files", str(tmp_path / "files"), "--truth", str(tmp_path / "truth"))
    imported = Workspace.create(tmp_path / "imported", {"timezone": "Europe/Berlin"})
    import_into(imported, [tmp_path / "files"])
    columns = "customer_id, occurred_at, occurred_on, kind, value, order_id, product_id, quantity"
    rows = [
        workspace.facts()
        .engine.connection.sql(f"SELECT {columns} FROM activity ORDER BY ALL")
        .to_arrow_table()
        for workspace in (Workspace.open(tmp_path / "made"), imported)
    ]
    assert rows[0].equals(rows[1])


def test_the_truth_never_enters_the_workspace(tmp_path: Path):
    root = tmp_path / "made"
    ran = tenure("simulate", "-w", str(root), "--truth", str(root / "truth"), "--json")
    assert ran.exit_code == 2
    assert json.loads(ran.stdout)["error"]["code"] == "bad_option"
    assert not root.exists()


def test_the_current_folder_can_become_the_workspace(tmp_path: Path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    told = simulate("-w", ".")
    assert Path(told["truth"]) == tmp_path / "here-truth"


@pytest.mark.parametrize("option", ["--workspace", "--files", "--truth"])
def test_a_folder_with_something_in_it_is_left_alone(option: str, tmp_path: Path):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "notes.txt").write_text("mine")
    other = ["--workspace", str(tmp_path / "made")] if option == "--truth" else []
    ran = tenure("simulate", "--customers", "10", option, str(taken), *other)
    assert ran.exit_code == 2
    assert "taken" in ran.stderr
    assert [path.name for path in taken.iterdir()] == ["notes.txt"]
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["--customers", "0"], "--customers 0"),
        (["--as-of", "soon"], "--as-of 'soon'"),
        (["--files", "a", "--workspace", "b"], "--files and --workspace"),
    ],
)
def test_a_wrong_option_is_told_clearly(arguments: list[str], given: str, tmp_path: Path):
    ran = tenure("simulate", *arguments, "--truth", str(tmp_path / "truth"))
    assert ran.exit_code == 2
    assert given in ran.stderr
