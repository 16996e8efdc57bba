"""The measured parts of docs/explanation/scale.md, written from kept results.

    python -m benchmarks.scale_page            writes them
    python -m benchmarks.scale_page --check    returns 1 if the page says something else

The results are `benchmarks/results/scale.json`, from `python -m benchmarks scale --output`, and
`spark.json`, from `python -m benchmarks.spark_plans --output`. No figure of the page is typed.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers_tenure import SPARK_KEPT as KEPT_SOURCE
from benchmarks.scale_goals import goals
from benchmarks.scale_results import Measured, Size, sizes_of
from benchmarks.spark_plans import Plan
from benchmarks.works import KEPT, SCAN, SHORT, TENURE, WORKS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "scale.md"
RESULTS = ROOT / "benchmarks" / "results"

FAR_ROWS = (1_000_000_000, 10_000_000_000)
PARTITION_BYTES = 128 * 1024**2
"""What a shuffle partition should hold: Spark's own advice for adaptive plans is 64 MB and up."""

EXECUTOR_CORES = 4
MEMORY_FRACTION = 0.6
"""Share of an executor's heap that Spark gives to its operators (`spark.memory.fraction`)."""


@dataclass(frozen=True, slots=True)
class Results:
    """Everything kept: the sizes, the machine, and the plans with what else Spark's run told."""

    machine: Mapping[str, Any]
    sizes: Sequence[Size]
    plans: Sequence[Plan]
    heaviest_customer_rows: int


def kept_results(folder: Path = RESULTS) -> Results:
    """Return the kept results."""
    told = json.loads((folder / "scale.json").read_text(encoding="utf-8"))
    spark = json.loads((folder / "spark.json").read_text(encoding="utf-8"))
    plans = [Plan(**each) for each in spark["plans"]]
    return Results(told["machine"], sizes_of(told), plans, spark["heaviest_customer_rows"])


def sections(results: Results) -> dict[str, str]:
    """Return each measured part of the page by its name."""
    return {
        "machine": _machine(results),
        "works": "\n\n".join(_works(size) for size in results.sizes),
        "upkeep": _upkeep(results.sizes),
        "goals": _goals(results.sizes),
        "plans": _plans(results.plans),
        "far": _far(results),
        "upkeep-far": _upkeep_far(results.sizes[-1]),
    }


def filled(page: str, parts: Mapping[str, str]) -> str:
    """Return a page with each part between its marks replaced.

    Raises
    ------
    ValueError : a part has no marks in the page.
    """
    for name, text in parts.items():
        marks = re.compile(rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not marks.search(page):
            raise ValueError(f"the page has no marks for {name!r}")
        page = marks.sub(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)
    return page


def _machine(results: Results) -> str:
    machine, sizes = results.machine, results.sizes
    shops = "; ".join(
        f"{s.rows:,} rows ({s.orders:,} orders of {s.customers:,} customers)" for s in sizes
    )
    skipped = [
        f"Not run at {size.rows:,} rows: {peer} ({reason})."
        for size in sizes
        for peer, reason in size.skipped.items()
    ]
    return " ".join(
        [
            f"Measured on {machine['at'][:10]} with {machine['cores']} cores",
            f"({machine['machine']}) and {machine['memory_mb'] / 1024:,.0f} GB of free memory,",
            f"Python {machine['python']}, at a load of {machine['load']:.1f} when it began.",
            f"Shops: {shops}.",
            *skipped,
        ]
    )


def _works(size: Size) -> str:
    peers = [peer for peer in SHORT if any(size.of(peer, work) for work in WORKS)]
    head = [f"{size.rows:,} rows", *peers]
    rows = [[work, *(_cell(size, size.of(peer, work)) for peer in peers)] for work in WORKS]
    scan = size.scan
    return (
        f"{_table(head, rows)}\n\nThe scan takes {_number(scan.seconds)} s, "
        f"{_number(scan.cpu_seconds)} CPU s and {scan.peak_mb:,.0f} MB."
    )


def _cell(size: Size, each: Measured | None) -> str:
    if each is None:
        return "-"
    ratio = each.cpu_seconds / size.scan.cpu_seconds
    return f"{_number(each.seconds)} s; {_number(ratio)} x; {each.peak_mb:,.0f} MB"


def _upkeep(sizes: Sequence[Size]) -> str:
    rows = [
        [each.work, f"{size.rows:,}", _number(each.seconds), _number(each.cpu_seconds),
         f"{each.peak_mb:,.0f}"]
        for size in sizes
        for each in size.measured
        if each.work not in WORKS and each.work != SCAN
    ]  # fmt: skip
    return _table(["work", "rows of the shop", "wall s", "CPU s", "peak MB"], rows)


def _goals(sizes: Sequence[Size]) -> str:
    rows = [
        [
            goal.what,
            f"{goal.rows:,}" if goal.rows else "all",
            _number(goal.measured),
            f"{'at least' if goal.at_least else 'at most'} {_number(goal.limit)}",
            goal.verdict if goal.is_met else f"**{goal.verdict}**",
        ]
        for goal in goals(sizes)
    ]
    return _table(["goal", "rows", "measured", "limit", ""], rows)


def _plans(plans: Sequence[Plan]) -> str:
    rows = [
        [
            _named(plan),
            f"{plan.rows:,}",
            str(plan.shuffles),
            f"{plan.shuffle_rows / plan.rows:.2f}",
            f"{plan.shuffle_bytes / plan.rows:.1f}",
            ", ".join(f"{number} {name}" for name, number in plan.joins.items()) or "none",
            "-" if plan.skew is None else f"{plan.skew:.1f}",
            f"{plan.cpu_seconds / plan.rows * 1e6:.1f}",
            f"{plan.spilled_bytes / 1e6:,.0f}",
        ]
        for plan in plans
    ]
    return _table(
        ["work", "rows", "shuffles", "rows shuffled per row", "bytes per row", "joins",
         "largest over median task", "CPU s per million rows", "spilled MB"],
        rows,
    )  # fmt: skip


def _named(plan: Plan) -> str:
    return f"{plan.work}, from {'kept tables' if plan.source == KEPT_SOURCE else 'raw facts'}"


def _far(results: Results) -> str:
    largest = max(plan.rows for plan in results.plans)
    plans = [plan for plan in results.plans if plan.rows == largest]
    rows = [_far_row(plan, far) for far in FAR_ROWS for plan in plans]
    heaviest = results.heaviest_customer_rows
    return (
        _table(
            ["work", "rows", "CPU hours", "shuffle GB", "partitions of the largest shuffle",
             "GB per executor"],
            rows,
        )
        + f"\n\nThe heaviest customer of the measured shop has {heaviest:,} rows."
    )  # fmt: skip


def _far_row(plan: Plan, far: int) -> list[str]:
    times = far / plan.rows
    partitions = math.ceil(plan.largest_shuffle_bytes * times / PARTITION_BYTES)
    memory = plan.peak_task_bytes * EXECUTOR_CORES / MEMORY_FRACTION
    return [
        _named(plan),
        f"{far:,}",
        _number(plan.cpu_seconds * times / 3600),
        _number(plan.shuffle_bytes * times / 1e9),
        f"{partitions:,}",
        _number(memory / 1e9),
    ]


def _upkeep_far(size: Size) -> str:
    wanted = [m for m in size.measured if m.work not in WORKS and m.work != SCAN]
    wanted += [m for work in WORKS for peer in (TENURE, KEPT) if (m := size.of(peer, work))]
    rows = []
    for each in wanted:
        rows_measured = _rows_of(each, size)
        rows.append(
            [f"{each.work.partition(' of ')[0]}, {each.peer}"]
            + [_number(each.seconds * far / rows_measured / 3600) for far in FAR_ROWS]
        )
    return _table(["on one machine, DuckDB", *(f"hours at {far:,} rows" for far in FAR_ROWS)], rows)


def _rows_of(each: Measured, size: Size) -> int:
    """Return the rows that a measurement worked on: an import may have had fewer."""
    told = re.search(r" of ([\d,]+) rows", each.work)
    return int(told[1].replace(",", "")) if told else size.rows


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(_lines([head, ["---"] * len(head), *rows]))


def _lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _number(value: float) -> str:
    """Return a number with three digits that count."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or check it."""
    page = PAGE.read_text(encoding="utf-8")
    now = filled(page, sections(kept_results()))
    if "--check" in arguments:
        return int(now != page)
    PAGE.write_text(now, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
