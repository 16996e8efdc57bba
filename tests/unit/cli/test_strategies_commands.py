"""Strategies from the command line: from a ready one to a version in force, and back as text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import tenure


@pytest.fixture
def file(workspace: Path, request: pytest.FixtureRequest) -> Path:
    """A strategy of its own for each test, outside of the workspace's folder."""
    name = "s_" + request.node.name.removeprefix("test_")[:60]
    made = tenure("strategies", "new", "rescue", "--name", name, "-w", str(workspace), "--json")
    assert made.exit_code == 0, made.output
    path = Path(json.loads(made.output)["file"])
    moved = workspace.parent / path.name
    path.rename(moved)
    return moved


def asked(*arguments: str, code: int = 0) -> dict:
    ran = tenure(*arguments, "--json")
    assert ran.exit_code == code, ran.output
    return json.loads(ran.output)


def test_a_ready_strategy_is_sound_here_and_says_whom_it_reaches(file, workspace):
    (found,) = asked("validate", str(file), "-w", str(workspace))["strategies"]
    assert found["is_sound"]
    assert found["issues"] == []
    audience = found["audience"]
    assert 0 < audience["members"] < audience["customers"]
    assert [one["name"] for one in audience["tactics"]] == ["call", "reminder", "voucher"]
    assert all(one["eligible"] <= audience["members"] for one in audience["tactics"])


def test_what_was_applied_comes_back_sign_for_sign(file, workspace, tmp_path):
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n", 3) + "# 备注 \n".encode())
    (done,) = asked("apply", str(file), "-w", str(workspace))["applied"]
    assert (done["version"], done["is_new"]) == (1, True)
    ran = tenure("export", file.stem, "-w", str(workspace), "--output", str(tmp_path / "back.yaml"))
    assert ran.exit_code == 0, ran.output
    assert (tmp_path / "back.yaml").read_bytes() == file.read_bytes()
    (again,) = asked("apply", str(tmp_path / "back.yaml"), "-w", str(workspace))["applied"]
    assert (again["version"], again["is_new"]) == (1, False)


def test_each_change_is_a_version_and_old_ones_stay(file, workspace):
    first = file.read_text()
    asked("apply", str(file), "-w", str(workspace), "--by", "ann", "--note", "first try")
    file.write_text(first.replace("money: 4000", "money: 4500"))
    (compared,) = asked("diff", str(file), "-w", str(workspace))["strategies"]
    assert compared["changes"] == [
        {"field": "budget.money", "change": "changed", "before": 4000, "after": 4500}
    ]
    (done,) = asked("apply", str(file), "-w", str(workspace), "--by", "bob")["applied"]
    assert done["version"] == 2
    assert [change["field"] for change in done["changes"]] == ["budget.money"]
    versions = asked("strategies", "history", file.stem, "-w", str(workspace))["versions"]
    assert [(one["version"], one["applied_by"]) for one in versions] == [(1, "ann"), (2, "bob")]
    assert versions[0]["note"] == "first try"
    old = asked("export", file.stem, "--version", "1", "-w", str(workspace))
    assert old["text"] == first


def test_only_layout_is_no_change(file, workspace):
    asked("apply", str(file), "-w", str(workspace))
    file.write_text("# another comment\n" + file.read_text())
    (compared,) = asked("diff", str(file), "-w", str(workspace))["strategies"]
    assert compared["changes"] == []
    assert not compared["is_same_text"]


def test_a_fault_keeps_every_file_from_being_applied(file, workspace):
    bad = file.with_name("bad.yaml")
    bad.write_text(
        file.read_text()
        .replace("audience: overdue_now", "audience: overdue_no")
        .replace(f"name: {file.stem}", "name: bad")
        .replace("money: 4000", "money: 4000\n  mony: 1")
    )
    error = asked("apply", str(file), str(bad), "-w", str(workspace), code=2)["error"]
    assert error["code"] == "bad_definition"
    assert "mony" in error["given"]
    assert "bad.yaml" in error["given"]
    assert asked("apply", str(file), "-w", str(workspace))["applied"][0]["is_new"]


def test_an_audience_of_nobody_is_a_clear_error(file, workspace):
    text = file.read_text().replace("audience: overdue_now", "audience: tenure_days < 0")
    file.write_text(text)
    line = next(n for n, one in enumerate(text.splitlines(), 1) if one.startswith("audience"))
    found = asked("validate", str(file), "-w", str(workspace), code=2)["strategies"][0]
    (issue,) = [one for one in found["issues"] if one["severity"] == "error"]
    assert (issue["row"], issue["given"]) == (line, "an audience of nobody")
    ran = tenure("apply", str(file), "-w", str(workspace))
    assert ran.exit_code == 2
    assert f"line {line}" in ran.stderr
    assert "nobody" in ran.stderr


def test_every_fault_of_a_file_is_printed_with_its_line(file, workspace):
    file.write_text(
        file.read_text()
        .replace("holdout_share: 0.1", "holdout_share: 3")
        .replace("channel: sms", "channel: sm")
        .replace("worth: mean_order_value", "worth: mean_order_valu", 1)
    )
    ran = tenure("validate", str(file), "-w", str(workspace))
    assert ran.exit_code == 2
    assert "did you mean sms?" in ran.stdout
    assert "holdout_share: 3" in ran.stdout


def test_two_files_of_one_name_are_a_fault(file, workspace):
    other = file.with_name("other.yaml")
    other.write_text(file.read_text())
    found = asked("validate", str(file), str(other), "-w", str(workspace), code=2)["strategies"]
    assert found[0]["is_sound"]
    assert found[1]["issues"][0]["code"] == "repeated_name"


def test_a_withdrawn_strategy_is_not_in_force(file, workspace):
    asked("apply", str(file), "-w", str(workspace))
    asked("strategies", "withdraw", file.stem, "-w", str(workspace))
    names = [one["name"] for one in asked("strategies", "list", "-w", str(workspace))["strategies"]]
    assert file.stem not in names
    error = asked("export", file.stem, "-w", str(workspace), code=2)["error"]
    assert file.stem in error["given"]


def test_without_files_the_folder_is_taken(workspace, make_workspace):
    root = make_workspace()
    error = asked("validate", "-w", str(root), code=2)["error"]
    assert "presets" in error["remedy"]
    asked("strategies", "new", "keep", "-w", str(root))
    asked("strategies", "new", "win_back", "--from", "2026-03-01", "-w", str(root))
    assert len(asked("validate", "-w", str(root))["strategies"]) == 2
    assert len(asked("apply", "-w", str(root))["applied"]) == 2
    assert tenure("strategies", "list", "-w", str(root)).exit_code == 0
    assert "the same text" in tenure("diff", "-w", str(root)).stdout


def test_a_preset_is_not_written_over_a_file(workspace, make_workspace):
    root = make_workspace()
    asked("strategies", "new", "keep", "-w", str(root))
    error = asked("strategies", "new", "keep", "-w", str(root), code=2)["error"]
    assert "--name" in error["remedy"]
    bad = asked("strategies", "new", "keep", "--name", "Bad Name", "-w", str(root), code=2)
    assert "name" in bad["error"]["given"]
