"""Long statements tell how far they are, and print nothing."""

from __future__ import annotations

import pytest

from tenure.engine.duck import connect
from tenure.engine.running import run_with_progress
from tenure.kernel import Progress

ROW_COUNT = 3_000_000


def test_progress_grows_and_ends_with_all_rows(capfd: pytest.CaptureFixture[str]) -> None:
    told: list[Progress] = []
    done = run_with_progress(
        connect(threads=1),
        f"CREATE TABLE t AS SELECT md5(i::VARCHAR) AS m FROM range({ROW_COUNT}) AS r(i)",
        stage="reading",
        rows=ROW_COUNT,
        sink=told.append,
    )
    counts = [progress.done for progress in told]
    assert done == ROW_COUNT
    assert counts == sorted(counts)
    assert counts[-1] == ROW_COUNT
    assert any(0 < count < ROW_COUNT for count in counts)
    assert capfd.readouterr() == ("", "")
