"""The page on scale says what the kept results say, and extrapolates in proportion."""

from __future__ import annotations

import pytest

from benchmarks.scale_page import FAR_ROWS, PAGE, Results, filled, kept_results, sections
from benchmarks.scale_results import Measured, Size
from benchmarks.spark_plans import Plan
from benchmarks.works import SCAN, TENURE

PLAN = Plan(
    work="rfm", source="spark", rows=1_000_000, queries=2, shuffles=3, broadcasts=1,
    joins={"BroadcastNestedLoopJoin": 1}, windows=0, sorts=0, cpu_seconds=36.0, read_rows=1,
    read_bytes=1, shuffle_rows=500_000, shuffle_bytes=20_000_000,
    largest_shuffle_bytes=2**24, skew=1.5, peak_task_bytes=300_000_000, spilled_bytes=0,
    driver_rows=11,
)  # fmt: skip
SIZE = Size(
    1_000_000, 1_000_000, 50_000, 400_000,
    [
        Measured(SCAN, SCAN, 0.1, 0.2, 90, 1),
        Measured(TENURE, "rfm", 0.5, 0.6, 200, 1),
        Measured(TENURE, "import of 500,000 rows of CSV", 3.6, 5.0, 400, 1),
    ],
    {"pandas": "needs about 99 MB of memory, 9 MB are there"},
)  # fmt: skip
MACHINE = {
    "at": "2026-01-02T03:04:05+00:00", "python": "3.11", "cores": 2, "machine": "x", "load": 0.5,
    "memory_mb": 2048,
}  # fmt: skip
RESULTS = Results(MACHINE, [SIZE], [PLAN], 1234)


def test_the_page_says_what_the_kept_results_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page, sections(kept_results())) == page


def test_cpu_and_shuffles_grow_in_proportion_to_rows() -> None:
    rows = [line.split(" | ") for line in sections(RESULTS)["far"].splitlines() if "rfm" in line]
    assert [row[1] for row in rows] == [f"{far:,}" for far in FAR_ROWS]
    assert [row[2:5] for row in rows] == [["10.0", "20.0", "125"], ["100", "200", "1,250"]]


def test_an_import_is_extrapolated_from_its_own_rows() -> None:
    (line,) = [x for x in sections(RESULTS)["upkeep-far"].splitlines() if "import" in x]
    assert line == "| import, Tenure | 2.00 | 20.0 |"


def test_who_did_not_run_is_said_with_the_reason() -> None:
    assert "Not run at 1,000,000 rows: pandas (needs about 99 MB" in sections(RESULTS)["machine"]


def test_a_missed_goal_is_told_apart() -> None:
    (line,) = [x for x in sections(RESULTS)["goals"].splitlines() if "CPU over the scan's" in x]
    assert line == "| rfm, Tenure: CPU over the scan's | 1,000,000 | 3.00 | at most 5.00 | met |"


def test_a_part_without_marks_is_an_error() -> None:
    with pytest.raises(ValueError, match="no marks for 'works'"):
        filled("# Page", {"works": "x"})
