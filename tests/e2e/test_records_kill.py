"""Programs that write records are killed with kill -9, again and again, two at a time."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tenure.records import Database, audit_entries, current_definitions
from tests.databases import NewDatabase, new_url, postgresql_server
from tests.e2e.record_writers import PARTS, write_until_killed

__all__ = ["new_url", "postgresql_server"]

KILLS = 24


def lines(log: Path) -> list[str]:
    """Return what was acknowledged; a line cut off by the kill was not."""
    if not log.exists():
        return []
    whole, _, _ = log.read_text().rpartition("\n")
    return whole.splitlines()


@pytest.mark.slow
def test_what_was_acknowledged_is_there_and_nothing_is_there_by_half(
    tmp_path: Path, new_url: NewDatabase
) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.e2e.record_writers", "alembic.command", "psycopg"])
    url, chance = new_url(), random.Random(11)
    logs = [tmp_path / side for side in "ab"]
    for turn in range(KILLS // 2):
        told_before = sum(len(lines(log)) for log in logs)
        pair = [
            context.Process(target=write_until_killed, args=(url, f"{turn}{log.name}", str(log)))
            for log in logs
        ]
        for program in pair:
            program.start()
        # The first pairs are killed while they migrate and connect, the others at work.
        deadline = time.monotonic() + (0.1 * turn if turn < 3 else 30)
        while sum(len(lines(log)) for log in logs) == told_before and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 0.25))
        for program in pair:
            assert program.pid is not None
            assert program.exitcode is None, "a writer gave up before it was killed"
            os.kill(program.pid, signal.SIGKILL)
        for program in pair:
            program.join()

    acknowledged = [line for log in logs for line in lines(log)]
    assert len(acknowledged) > KILLS, "hardly anything was acknowledged: nothing was shown"
    database = Database.open(url)
    with database.reading() as connection:
        kept = current_definitions(connection, "bundle")
        audited = audit_entries(connection, limit=10**9)
    parts = Counter(one.name.split(".")[0] for one in kept)
    assert set(acknowledged) <= set(parts), "an acknowledged bundle is missing"
    assert set(parts.values()) == {PARTS}, "half a bundle is there"
    assert sorted(entry.subject for entry in audited) == sorted(
        f"bundle:{one.name}" for one in kept
    )
    assert all(len(one.text) == 100 + 700 * int(one.name.split(".")[1]) for one in kept)
    assert database.damage() == ""
    # The one bundle that each killed program was about to acknowledge may be there too.
    assert len(parts) <= len(acknowledged) + KILLS
    database.close()
