"""A refresh killed with kill -9 at any moment shows nothing half-made; the next one ends it."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.activity.contract import ACTIVITY
from tenure.assembly import Workspace, refresh
from tenure.metrics.kept import KeptActivity
from tests.e2e.refreshers import read_until_told, refresh_whole

KILLS = 15
ROWS = 20_000
CUSTOMERS = 2_000


def append(workspace: Workspace, first: int, rows: int) -> None:
    numbers = range(first, first + rows)
    days = [date(2023, 1, 1) + timedelta(days=n * 7 % 700) for n in numbers]
    columns = {
        "activity_id": [f"a{n}" for n in numbers],
        "customer_id": [f"c{n % CUSTOMERS:05d}" for n in numbers],
        "occurred_at": [datetime.combine(day, datetime.min.time()) for day in days],
        "occurred_on": days,
        "kind": ["order"] * rows,
        "value": [Decimal(n % 97) for n in numbers],
        "currency": ["EUR"] * rows,
        "order_id": [f"o{n}" for n in numbers],
    }
    made = [pa.array(columns.get(field.name, [None] * rows), type=field.type) for field in ACTIVITY]
    with workspace.lake.writing() as writer:
        pq.write_table(pa.table(made, schema=ACTIVITY), writer.new_file("activity"))
        writer.commit("append")


def tables(workspace: Workspace) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    facts = workspace.facts()
    activity = facts.activity
    assert isinstance(activity, KeptActivity)
    return (
        facts.engine.collect(activity.days.order_by(["customer_id", "occurred_on"])).to_pylist(),
        facts.engine.collect(activity.states.order_by("customer_id")).to_pylist(),
    )


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.e2e.refreshers"])
    return context


@pytest.mark.slow
def test_a_killed_refresh_shows_nothing_and_the_next_ends_in_the_same_values(
    tmp_path: Path, processes: ForkServerContext
) -> None:
    root = tmp_path / "workspace"
    workspace = Workspace.create(root, {"currency": "EUR"})
    append(workspace, 0, ROWS)
    refresh(workspace)
    append(workspace, ROWS, ROWS // 10)
    stop, faults = tmp_path / "stop", tmp_path / "faults"
    reader = processes.Process(target=read_until_told, args=(str(root), str(stop), str(faults)))
    reader.start()
    chance = random.Random(5)
    kills = 0
    while kills < KILLS:
        victim = processes.Process(target=refresh_whole, args=(str(root),))
        victim.start()
        time.sleep(chance.uniform(0.05, 3.0))
        if victim.is_alive() and victim.pid is not None:
            os.kill(victim.pid, signal.SIGKILL)
            kills += 1
        victim.join()
    refresh(workspace)
    after_kills = tables(workspace)
    stop.touch()
    reader.join()
    assert faults.read_text(encoding="utf-8") == ""
    refresh(workspace, full=True)
    assert tables(workspace) == after_kills
    assert list(workspace.scratch.glob("refresh-*")) == []
