"""What the kill test of refreshes runs in processes of its own."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tenure.assembly import Workspace, kept_building, refresh, refreshing
from tenure.metrics.kept import KeptActivity


def refresh_whole(root: str) -> None:
    """Refresh a workspace in many small ranges, so that there are many moments to die at."""
    kept_building.BUCKET_ROWS = refreshing.BUCKET_ROWS = 1000
    refresh(Workspace.open(root), full=True)


def read_until_told(root: str, stop: str, faults: str) -> None:
    """Read the kept tables again and again; write down every error and every mixed state seen."""
    workspace = Workspace.open(root)
    with Path(faults).open("a", buffering=1, encoding="utf-8") as told:
        while not Path(stop).exists():
            try:
                facts = workspace.facts()
                if isinstance(facts.activity, KeptActivity):
                    days, states = facts.activity.days, facts.activity.states
                    rows = facts.activity.table.filter(facts.activity.table.kind == "order")
                    counted = (
                        facts.engine.collect(days.aggregate(n=days.order_count.sum())),
                        facts.engine.collect(states.aggregate(n=states.order_count.sum())),
                        facts.engine.collect(rows.aggregate(n=rows.order_id.nunique())),
                    )
                    found = {int(table["n"][0].as_py()) for table in counted}
                    if len(found) != 1:
                        told.write(f"a mixed state is visible: {found}\n")
            except BaseException as fault:  # noqa: BLE001 - any error at all fails the test
                told.write(f"{type(fault).__name__}: {fault}\n")
            time.sleep(0.01)
    sys.exit(0)
