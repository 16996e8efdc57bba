"""Two importers and a reader at once, one importer killed with kill -9 again and again."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import random
import signal
import time
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pytest

from tenure.assembly import Workspace
from tests.e2e.importers import import_files, read_until_told

KILLS = 30
FILES = 400
ROWS_PER_FILE = 300


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.e2e.importers"])
    return context


def write_exports(folder: Path) -> list[str]:
    """Write small exports; each begins with a third of the one before, as daily exports do."""
    folder.mkdir()
    rows = [
        (
            f"o{n}",
            f"c{n % 997}",
            f"2025-{n % 12 + 1:02d}-{n % 28 + 1:02d}T10:00:00Z",
            f"p{n % 50}",
            1 + n % 3,
            f"{n % 90}.50",
        )
        for n in range(FILES * ROWS_PER_FILE)
    ]
    files = []
    for number in range(FILES):
        first = max(0, number * ROWS_PER_FILE - ROWS_PER_FILE // 3)
        path = folder / f"export-{number:04d}.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                ["order_id", "customer_id", "order_date", "product_id", "quantity", "line_total"]
            )
            writer.writerows(rows[first : (number + 1) * ROWS_PER_FILE])
        files.append(str(path))
    return files


def start(context: ForkServerContext, target: object, *arguments: object) -> ForkServerProcess:
    process = context.Process(target=target, args=arguments)  # type: ignore[arg-type]
    process.start()
    return process


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_and_nothing_is_doubled(
    tmp_path: Path, processes: ForkServerContext
) -> None:
    files = write_exports(tmp_path / "exports")
    root = str(tmp_path / "workspace")
    Workspace.create(root, {"currency": "EUR"})
    stop, faults = str(tmp_path / "stop"), str(tmp_path / "faults")
    survivor_log, victim_log = str(tmp_path / "survivor.log"), str(tmp_path / "victim.log")
    chance = random.Random(7)

    reader = start(processes, read_until_told, root, stop, faults)
    survivor = start(processes, import_files, root, files[::2], survivor_log)
    kills = 0
    while kills < KILLS:
        mine = files[1::2][:]
        chance.shuffle(mine)
        victim = start(processes, import_files, root, mine, victim_log)
        time.sleep(chance.uniform(0.3, 1.2))
        if victim.is_alive() and victim.pid is not None:
            os.kill(victim.pid, signal.SIGKILL)
            kills += 1
        victim.join()
        if not survivor.is_alive():
            survivor = start(processes, import_files, root, files[::2], survivor_log)
    survivor.terminate()
    survivor.join()
    Path(stop).touch()
    reader.join()

    assert Path(faults).read_text(encoding="utf-8") == ""
    check_facts(root, [*acknowledged(survivor_log), *acknowledged(victim_log)])


def acknowledged(log: str) -> list[str]:
    lines = Path(log).read_text(encoding="utf-8").splitlines() if Path(log).exists() else []
    return [json.loads(line)["file"] for line in lines]


def check_facts(root: str, files: list[str]) -> None:
    assert files, "no import was acknowledged: the test has shown nothing"
    connection = Workspace.open(root).facts().engine.connection
    counted = connection.execute(
        "SELECT count(*), count(DISTINCT activity_id), count(DISTINCT order_id), "
        "(SELECT sum(accepted) FROM imports) FROM activity"
    ).fetchone()
    assert counted is not None
    assert len(set(counted)) == 1, f"doubled or halved rows: {counted}"
    wanted = connection.execute(
        "SELECT count(*) FROM (SELECT order_id FROM read_csv(?, all_varchar = true)) "
        "ANTI JOIN activity USING (order_id)",
        [sorted(set(files))],
    ).fetchone()
    assert wanted == (0,), "an acknowledged row is missing"
