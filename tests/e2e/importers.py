"""What the kill tests run in processes of their own."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from tenure.assembly import Workspace, import_into


def import_files(root: str, files: list[str], acknowledged: str) -> None:
    """Import files one by one; after each, acknowledge it in a file, as a caller would see it."""
    workspace = Workspace.open(root)
    for file in files:
        result = import_into(workspace, [file])
        line = json.dumps({"file": file, "accepted": result.sources[0].accepted}) + "\n"
        handle = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, line.encode())
        os.close(handle)


def read_until_told(root: str, stop: str, faults: str) -> None:
    """Read all tables again and again; write down every error and every half import seen."""
    workspace = Workspace.open(root)
    with Path(faults).open("a", buffering=1, encoding="utf-8") as told:
        while not Path(stop).exists():
            try:
                facts = workspace.facts()
                row = facts.engine.connection.execute(
                    "SELECT (SELECT count(*) FROM activity), "
                    "(SELECT coalesce(sum(accepted), 0) FROM imports)"
                ).fetchone()
                if row is None or len(set(row)) != 1:
                    told.write(f"half an import is visible: {row}\n")
            except BaseException as fault:  # noqa: BLE001 - any error at all fails the test
                told.write(f"{type(fault).__name__}: {fault}\n")
            time.sleep(0.01)
    sys.exit(0)
