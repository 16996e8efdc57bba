"""The commands, and a workspace of real purchases for them to work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tenure.cli import main


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command that does something."""
    if not isinstance(command, click.Group):
        yield path
        return
    for name, below in command.commands.items():
        yield from leaves(below, (*path, name))


COMMANDS = [" ".join(path) for path in leaves(main)]


def tenure(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


@pytest.fixture(scope="session")
def purchases_file(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 400 real purchases of CDNOW."""
    lines = (shared_data / "CDNOW_master.txt").read_text().splitlines(keepends=True)[:401]
    path = tmp_path_factory.mktemp("purchases") / "purchases.txt"
    path.write_text("".join(lines))
    return path


@pytest.fixture
def make_workspace(tmp_path: Path, purchases_file: Path) -> Callable[[], Path]:
    def make() -> Path:
        root = tmp_path / "workspace"
        ran = tenure("import", str(purchases_file), "-w", str(root), "--json")
        assert ran.exit_code == 0, ran.output
        return root

    return make


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, purchases_file: Path) -> Path:
    """A workspace that a module's tests share, so they must not change its facts."""
    root = tmp_path_factory.mktemp("cli") / "workspace"
    ran = tenure("import", str(purchases_file), "-w", str(root), "--json")
    assert ran.exit_code == 0, ran.output
    return root
