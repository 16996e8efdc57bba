"""Every command: its help, its table for people, and exactly one JSON object for programs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.conftest import COMMANDS, tenure

WORKING: dict[str, tuple[str, ...]] = {
    "run": ("FILE",),
    "import": ("FILE",),
    "report": (),
    "metrics totals": (),
    "metrics retention": ("--period", "quarter"),
    "metrics cohorts": (),
    "metrics lifecycle": (),
    "metrics rfm": (),
    "metrics repeat": (),
    "metrics intervals": (),
    "metrics revenue": (),
    "metrics growth": (),
    "metrics stickiness": (),
    "snapshot": (),
    "segments list": (),
    "segments members": ("SEGMENT",),
    "segments explain": ("SEGMENT", "00003"),
    "segments overlap": ("SEGMENT", "SEGMENT"),
    "segments history": (),
    "segments validate": (),
    "trace": ("00003",),
    "settings": (),
    "quality": (),
    "doctor": (),
    "refresh": (),
    "compact": (),
    "erase": ("00003", "--yes"),
}
"""Arguments with which each command works in a workspace of purchases."""

ELSEWHERE = {
    *("init", "demo", "simulate"),
    *("fit", "score", "backtest", "scorecard", "drift", "promote", "value-of-retention"),
    *("apply", "diff", "export", "validate", "priorities", "monitor", "audit"),
    *(f"strategies {name}" for name in ("history", "list", "new", "presets", "withdraw")),
    *("plan make", "plan explain", "plan list", "review", "learn", "rehearse"),
}
"""Commands that make a workspace of their own, those that need years of customers
(`tests/e2e/test_predictions.py`), and those of strategies (`test_strategies_commands.py`,
`test_plan_command.py`, `test_monitor_command.py`, `test_audit.py`, `tests/e2e/test_review.py`)."""


def arguments(command: str, workspace: Path, file: Path) -> list[str]:
    segment = sorted(p.stem for p in (workspace / "definitions" / "segments").glob("*.yaml"))[0]
    named = {"FILE": str(file), "SEGMENT": segment}
    words = [named.get(word, word) for word in WORKING[command]]
    return [*command.split(), *words, "-w", str(workspace)]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_80_columns_and_says_what_the_command_does(command: str):
    ran = tenure(*command.split(), "--help")
    assert ran.exit_code == 0
    assert ran.output.startswith("Usage:")
    assert max(map(len, ran.output.splitlines())) <= 80
    assert ran.output == tenure(*command.split(), "-h").output


def test_every_command_is_tried_here():
    assert set(COMMANDS) <= set(WORKING) | ELSEWHERE


CHANGING = {"refresh", "compact", "erase", "run", "import", "report"}


@pytest.fixture
def place(workspace: Path, tmp_path: Path) -> Callable[[str], Path]:
    """The shared workspace; a copy of it for a command that changes it."""

    def of(command: str) -> Path:
        if command not in CHANGING:
            return workspace
        return Path(shutil.copytree(workspace, tmp_path / "copy"))

    return of


@pytest.mark.parametrize("command", [c for c in COMMANDS if c in WORKING])
def test_json_is_exactly_one_object_and_nothing_else(
    command: str, place: Callable[[str], Path], purchases_file: Path
):
    ran = tenure(*arguments(command, place(command), purchases_file), "--json")
    assert ran.exit_code == 0, ran.output
    assert isinstance(json.loads(ran.stdout), dict)
    assert ran.stderr == ""


@pytest.mark.parametrize("command", [c for c in COMMANDS if c in WORKING])
def test_people_read_words_within_80_columns(
    command: str, place: Callable[[str], Path], purchases_file: Path
):
    root = place(command)
    ran = tenure(*arguments(command, root, purchases_file))
    assert ran.exit_code == 0, ran.output
    lines = [line for line in ran.stdout.splitlines() if str(root) not in line]
    assert lines
    assert max(map(len, lines)) <= 80
    assert not ran.stdout.startswith("{")


@pytest.mark.parametrize("command", [c for c in COMMANDS if c in WORKING])
def test_without_a_workspace_every_command_says_how_to_make_one(
    command: str, workspace: Path, purchases_file: Path, tmp_path: Path
):
    if command in {"run", "import"}:
        pytest.skip("makes the workspace that it needs")
    given = arguments(command, workspace, purchases_file)
    given[given.index(str(workspace))] = str(tmp_path / "nowhere")
    ran = tenure(*given, "--json")
    assert ran.exit_code == 2, ran.output
    error = json.loads(ran.stdout)["error"]
    assert error["code"] == "bad_workspace"
    assert "tenure init" in error["remedy"]
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("metrics") or c in {
    "snapshot", "report", "segments list"}])  # fmt: skip
def test_an_empty_workspace_is_told_from_one_with_figures(command: str, tmp_path: Path):
    assert tenure("init", str(tmp_path / "w")).exit_code == 0
    ran = tenure(*command.split(), "-w", str(tmp_path / "w"), "--json")
    assert ran.exit_code in (0, 4), ran.output
    told = json.loads(ran.stdout)
    if ran.exit_code == 4:
        assert told["error"]["code"] == "bad_data"
        assert "import" in told["error"]["remedy"]


def test_init_tells_its_settings(tmp_path: Path):
    said = ("--timezone", "Asia/Shanghai", "--currency", "CNY", "--language", "zh")
    ran = tenure("init", str(tmp_path / "店"), *said, "--json")
    told = json.loads(ran.stdout)
    assert (told["timezone"], told["currency"], told["language"]) == ("Asia/Shanghai", "CNY", "zh")
    shown = json.loads(tenure("settings", "-w", str(tmp_path / "店"), "--json").stdout)
    assert shown["currency"] == "CNY"


def test_import_prints_what_programs_need(make_workspace: Callable[[], Path], purchases_file: Path):
    told = json.loads(
        tenure("import", str(purchases_file), "-w", str(make_workspace()), "--json").stdout
    )
    wanted = "rows_read accepted duplicate quarantined skipped customers orders value currency"
    assert set(wanted.split()) | {"first_at", "last_at", "detected", "issues"} <= set(told)
    detected = {"encoding", "delimiter", "sheet", "date_order", "mapping"}
    assert detected <= set(told["detected"])
    for issue in told["issues"]:
        assert {"row", "field", "given", "expected", "remedy", "code"} <= set(issue)


def test_the_workspace_can_be_named_by_the_environment(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TENURE_WORKSPACE", str(workspace))
    assert json.loads(tenure("metrics", "totals", "--json").stdout)["rows"][0]["orders"] > 300


def test_run_makes_a_workspace_beside_the_file(
    purchases_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    ran = tenure("run", str(purchases_file), "--json")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert told["import"]["accepted"] == 400
    assert (tmp_path / "purchases-retention" / "tenure.toml").exists()
    assert list((tmp_path / "purchases-retention" / "reports").rglob("*.html"))


def test_a_cell_lists_its_customers(workspace: Path):
    given = ("metrics", "retention", "--period", "quarter", "-w", str(workspace))
    row = json.loads(tenure(*given, "--json").stdout)["rows"][1]
    cell = ("--cell", f"period={row['period']}", "--cell", "measure=retained")
    keys = json.loads(tenure(*given, "--json").stdout)["keys"]
    extra = [part for key in keys if key != "period" for part in ("--cell", f"{key}={row[key]}")]
    told = json.loads(tenure(*given, *cell, *extra, "--json").stdout)
    assert len(told["customers"]) == row["retained"]


def test_erase_asks_first(make_workspace: Callable[[], Path]):
    root = str(make_workspace())
    refused = tenure("erase", "00003", "-w", root, stdin="n\n")
    assert refused.exit_code == 1
    assert tenure("trace", "00003", "-w", root).exit_code == 0
    assert json.loads(tenure("erase", "00003", "-w", root, "--json").stdout)["error"]
    done = tenure("erase", "00003", "-w", root, stdin="y\n")
    assert done.exit_code == 0
    assert tenure("trace", "00003", "-w", root).exit_code == 2
