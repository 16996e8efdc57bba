"""The layer contract is the design's, whole, without exceptions; and it bites."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, ROOT

DESIGN = """
cli | api | console
pages
assembly
settings
strategies
journeys | loyalty | surveys | casework
messages
experiments
predictions
segments
snapshots
metrics | simulation
customers
activity
engine | records
kernel
"""


def contracts() -> list[dict[str, object]]:
    """Return the import-linter contracts of the project."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, object]] = project["tool"]["importlinter"]["contracts"]
    return found


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the project's contracts over the copy of the package below `root`."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as main; main()",
            "--config",
            "pyproject.toml",
            "--no-cache",
        ],
        cwd=root,
        env={"PYTHONPATH": "src", "PATH": ""},
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and its contracts, free to be spoiled."""
    shutil.copytree(PACKAGE, tmp_path / "src" / "tenure", ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_layers_are_those_of_the_design() -> None:
    layers = next(c["layers"] for c in contracts() if c["type"] == "layers")
    assert isinstance(layers, list)
    plain = [layer.replace("(", "").replace(")", "") for layer in layers]
    assert plain == DESIGN.split("\n")[1:-1]


def test_no_contract_ignores_an_import() -> None:
    assert [c["name"] for c in contracts() if "ignore_imports" in c] == []


def test_the_layer_contract_is_exhaustive() -> None:
    assert all(c["exhaustive"] for c in contracts() if c["type"] == "layers")


def test_the_package_keeps_its_contracts(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_upward_import_is_found(copy: Path) -> None:
    with (copy / "src/tenure/kernel/clock.py").open("a", encoding="utf-8") as module:
        module.write("\nimport tenure.segments\n")
    done = lint(copy)
    assert done.returncode == 1
    assert "tenure.kernel is not allowed to import tenure.segments" in done.stdout


def test_a_room_unknown_to_the_design_is_found(copy: Path) -> None:
    room = copy / "src/tenure/shed"
    room.mkdir()
    (room / "__init__.py").write_text('"""A room nobody agreed on."""\n', encoding="utf-8")
    done = lint(copy)
    assert done.returncode == 1
    assert "tenure.shed" in done.stdout + done.stderr
