"""The audit log through the command: newest first, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tenure.assembly import Workspace
from tenure.cli import main
from tenure.records import apply_definition
from tests.databases import ticking


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "shop", {"currency": "EUR"}, clock=ticking())


def told(workspace: Workspace, *options: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(main, ["audit", "--json", "-w", str(workspace.root), *options])
    assert done.exit_code == 0, done.output
    entries: list[dict[str, Any]] = json.loads(done.stdout)["entries"]
    return entries


def test_a_workspace_without_records_has_no_entries_and_gets_no_file(workspace: Workspace) -> None:
    assert told(workspace) == []
    assert not (workspace.root / "records.db").exists()


def test_entries_come_newest_first_and_of_one_subject_alone(workspace: Workspace) -> None:
    for name in ("welcome", "win_back", "welcome"):
        with workspace.records.writing() as connection:
            at = workspace.records.clock()
            apply_definition(connection, "strategy", name, f"{at}", at=at, by="anna")
    assert [entry["subject"] for entry in told(workspace)] == [
        "strategy:welcome",
        "strategy:win_back",
        "strategy:welcome",
    ]
    of_one = told(workspace, "--subject", "strategy:welcome")
    assert [entry["details"]["version"] for entry in of_one] == [2, 1]
    assert len(told(workspace, "--limit", "1")) == 1
    people = CliRunner().invoke(main, ["audit", "-w", str(workspace.root)])
    assert "strategy:win_back" in people.stdout
    assert "anna" in people.stdout
