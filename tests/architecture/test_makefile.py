"""One word runs everything, and a machine without the right Python is told so."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

PROMISED = ("demo", "test", "check", "bench", "serve")

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make here")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in the repository."""
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def fake_python(folder: Path, version: str) -> Path:
    """Write a program that answers like a Python that is too old."""
    program = folder / "python"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "Python {version}" && exit\nexit 1\n'
    )
    program.chmod(0o755)
    return program


def test_help_lists_the_promised_targets() -> None:
    listed = [line.split()[1] for line in make("help").stdout.splitlines()]
    assert set(PROMISED) <= set(listed)


@pytest.mark.parametrize("target", PROMISED)
def test_a_python_that_is_too_old_is_told_with_what_to_do(target: str, tmp_path: Path) -> None:
    done = make(target, f"PYTHON={fake_python(tmp_path, '3.9.1')}", f"VENV={tmp_path / 'venv'}")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "3.9.1" in done.stderr
    assert "make PYTHON=" in done.stderr


def test_no_python_at_all_is_told_too(tmp_path: Path) -> None:
    done = make("demo", "PYTHON=", f"VENV={tmp_path / 'venv'}")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
