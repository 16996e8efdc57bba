"""What goes wrong at the command line is told in one clear block; a traceback is never shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tenure.cli import main
from tests.unit.cli.conftest import tenure

BAD: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no such file": (("import", "nowhere.csv", "-w", "W"), 4, "unreadable_source"),
    "a folder without data": (("import", "EMPTY", "-w", "W"), 4, "unreadable_source"),
    "no such table": (("import", "sqlite:///nowhere.db::t", "-w", "W"), 4, "unreadable_source"),
    "no such column": (("import", "FILE", "-w", "W", "--map", "customer=x"), 4, "bad_mapping"),
    "no such role": (("import", "FILE", "-w", "W", "--map", "boss=date"), 4, "bad_mapping"),
    "a pair without a sign": (("import", "FILE", "-w", "W", "--map", "x"), 2, "bad_option"),
    "no such encoding": (("import", "FILE", "-w", "W", "--encoding", "x"), 2, "bad_option"),
    "no such zone": (("import", "FILE", "-w", "W", "--timezone", "Mars"), 2, "bad_option"),
    "no such currency": (("import", "FILE", "-w", "W", "--currency", "€"), 2, "bad_option"),
    "a line beyond it": (("import", "FILE", "-w", "W", "--header-row", "9999"), 2, "bad_option"),
    "no date": (("import", "FILE", "-w", "W", "--known-at", "soon"), 2, "bad_option"),
    "a folder of something else": (("import", "FILE", "-w", "FULL"), 2, "bad_workspace"),
    "as of no date": (("metrics", "totals", "-w", "W", "--as-of", "soon"), 2, "bad_option"),
    "no such cell": (("metrics", "totals", "-w", "W", "--cell", "x=y"), 2, "bad_option"),
    "no such segment": (("segments", "members", "nobody", "-w", "W"), 2, "bad_definition"),
    "no such customer": (("trace", "nobody", "-w", "W"), 2, "bad_option"),
    "an export of an unknown kind": (("snapshot", "-w", "W", "--output", "x.doc"), 2, "bad_option"),
    "no such zone to start with": (("init", "NEW", "--timezone", "Mars"), 2, "bad_option"),
    "no such currency to start with": (("init", "NEW", "--currency", "euro"), 2, "bad_setting"),
    "settings for what is there": (("init", "W", "--currency", "EUR"), 2, "bad_workspace"),
}  # fmt: skip


@pytest.fixture
def given(
    workspace: Path, purchases_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[tuple[str, ...]], list[str]]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "FULL").mkdir()
    (tmp_path / "FULL" / "letter.txt").touch()
    named = {"W": str(workspace), "FILE": str(purchases_file)}
    return lambda words: [named.get(word, word) for word in words]


@pytest.mark.parametrize(("words", "exit_code", "code"), BAD.values(), ids=BAD)
def test_bad_input_is_told_by_given_expected_and_remedy(
    given: Callable[[tuple[str, ...]], list[str]], words: tuple[str, ...], exit_code: int, code: str
):
    ran = tenure(*given(words), "--json")
    assert ran.exit_code == exit_code, ran.output
    error = json.loads(ran.stdout)["error"]
    assert error["code"] == code
    assert all(error[part] for part in ("given", "expected", "remedy"))
    people = tenure(*given(words))
    assert people.exit_code == exit_code
    assert f"tenure: {code}" in people.stderr
    for part in ("given", "expected", "to do"):
        assert part in people.stderr
    assert "Traceback" not in people.output


@pytest.mark.parametrize(
    "words",
    [
        ("nothing",),
        ("metrics", "nothing"),
        ("import",),
        ("metrics", "retention", "--period", "century"),
        ("import", "x.csv", "--date-order", "myd"),
        ("import", "x.csv", "--nothing"),
    ],
)
def test_what_cannot_be_parsed_is_told_with_the_usage(words: tuple[str, ...]):
    ran = tenure(*words)
    assert ran.exit_code == 2
    assert "Usage:" in ran.stderr
    assert "Traceback" not in ran.output


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("timezone = 'Mars'", "bad_option"),
        ("colour = 'red'", "bad_setting"),
        ("threads = 'many'", "bad_setting"),
        ("timezone =", "bad_setting"),
        ("week_start = 'moonday'", "bad_setting"),
        ("memory_limit_mb = 1", "bad_setting"),
        ("as_of = 'soon'", "bad_setting"),
    ],
)
def test_a_bad_setting_is_told(make_workspace: Callable[[], Path], text: str, code: str):
    root = make_workspace()
    (root / "tenure.toml").write_text(text, encoding="utf-8")
    ran = tenure("metrics", "totals", "-w", str(root), "--json")
    assert ran.exit_code == 2, ran.output
    assert json.loads(ran.stdout)["error"]["code"] == code


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("definitions/quality.yaml", "rules: [{name: x, check: nothing}]"),
        ("definitions/quality.yaml", "rules: ["),
        ("definitions/segments/mine.yaml", "name: ["),
    ],
)
def test_a_bad_definition_is_a_finding_of_the_doctor(
    make_workspace: Callable[[], Path], file: str, text: str
):
    root = make_workspace()
    (root / file).write_text(text, encoding="utf-8")
    ran = tenure("doctor", "-w", str(root), "--json")
    assert ran.exit_code in (2, 3), ran.output
    told = json.loads(ran.stdout)
    faults = [f for f in told.get("findings", []) if f["state"] == "fault"]
    assert faults or told["error"]["code"] == "bad_definition"


def test_a_kept_mapping_changed_into_nonsense_is_told_with_its_line(
    make_workspace: Callable[[], Path], purchases_file: Path
):
    root = make_workspace()
    (mapping,) = (root / "definitions" / "mappings").glob("*.yaml")
    mapping.write_text(mapping.read_text().replace("role: customer", "role: boss"))
    ran = tenure("import", str(purchases_file), "-w", str(root), "--json")
    error = json.loads(ran.stdout)["error"]
    assert (ran.exit_code, error["code"]) == (2, "bad_definition")
    assert "line" in error["given"]


def test_a_fault_of_our_own_is_kept_in_a_file_and_no_traceback_is_shown(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault that nobody foresaw")

    monkeypatch.setattr("tenure.cli.metrics_command.metric", broken)
    ran = CliRunner().invoke(main, ["metrics", "totals", "-w", str(workspace), "--json"])
    assert ran.exit_code == 70
    error = json.loads(ran.stdout)["error"]
    assert error["code"] == "unexpected"
    path = Path(error["given"].rsplit(" ", 1)[1])
    assert "a fault that nobody foresaw" in path.read_text()
    path.unlink()


@pytest.mark.parametrize("form", [("--json",), ()])
def test_a_reader_that_goes_away_is_no_fault(workspace: Path, form: tuple[str, ...]):
    program = Path(sys.executable).with_name("tenure")
    command = [program, "metrics", "cohorts", "-w", workspace, *form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
        assert ran.stdout is not None
        assert ran.stderr is not None
        ran.stdout.close()
        told = ran.stderr.read()
    assert told == b""
    assert ran.returncode == 0


def test_a_disk_that_refuses_is_told(tmp_path: Path, purchases_file: Path):
    if os.geteuid() == 0:
        blocked = tmp_path / "file"
        blocked.touch()
        root = blocked / "workspace"
    else:
        tmp_path.chmod(0o500)
        root = tmp_path / "workspace"
    ran = tenure("import", str(purchases_file), "-w", str(root), "--json")
    assert ran.exit_code in (2, 3), ran.output
    assert json.loads(ran.stdout)["error"]["remedy"]
