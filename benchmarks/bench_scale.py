"""Five works at any size, by Tenure and by everything else one could use, against a bare scan.

    python -m benchmarks scale [--rows 1000000,10000000] [--rounds N] [--folder FOLDER]
                               [--without none] [--output FILE] [--json]

Every work runs in a process of its own, in turns with all others; the answers of all peers are
compared, and a difference ends the benchmark with an error. See docs/explanation/scale.md.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.measuring import core_count, load, run_apart
from benchmarks.scale_goals import goals, lines
from benchmarks.scale_ground import Ground, ground, pilot
from benchmarks.scale_items import ON_SPARK, Item, items, memory_needed_mb, memory_there_mb
from benchmarks.scale_results import Measured, Size, as_text
from benchmarks.scale_upkeep import keep_tables, upkeep
from benchmarks.works import RIVALS, SHORT, WORKS, Figures, differences

Say = Callable[[str], None]

_REPEAT_SECONDS = 0.5


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; return 1 if two peers disagree."""
    options = _options(arguments)
    say = partial(print, file=sys.stderr, flush=True)
    if options.folder is None:
        with tempfile.TemporaryDirectory() as folder:
            sizes = [_size(rows, Path(folder), options, say) for rows in options.rows]
    else:
        sizes = [_size(rows, options.folder, options, say) for rows in options.rows]
    told = {"machine": _machine(), "sizes": [asdict(size) for size in sizes]}
    if options.output is not None:
        options.output.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if options.json:
        print(json.dumps(told, indent=1))
    else:
        print("\n".join([as_text(sizes), *lines(goals(sizes))]))
    return int(any(size.disagreements for size in sizes))


def _size(rows: int, folder: Path, options: argparse.Namespace, say: Say) -> Size:
    shop, small = ground(rows, folder, say), pilot(folder)
    say(f"{shop.rows:,} rows of {shop.customers:,} customers")
    for made in (small, shop):
        keep_tables(made.root)
    works_of, skipped = _chosen(shop, folder, options.without, say)
    with tempfile.TemporaryDirectory(dir=folder) as answers:
        done = _rounds(shop, small, Path(answers), works_of, options, say)
        measured = [_median(peer, work, runs) for (peer, work), runs in done.taken.items()]
        disagreements, skipped = done.disagreements, skipped | done.failed
        if "upkeep" not in options.without:
            more, faults = upkeep(shop, small, Path(answers), say)
            measured, disagreements = measured + more, disagreements + faults
    for each in disagreements:
        say(f"DIFFERENT: {each}")
    return Size(rows, shop.rows, shop.customers, shop.orders, measured, skipped, disagreements)


def _chosen(
    shop: Ground, folder: Path, without: Sequence[str], say: Say
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the works to run by peer, and why the others are not run."""
    chosen: dict[str, list[str]] = {}
    skipped: dict[str, str] = {}
    for peer, short in SHORT.items():
        if short in without:
            skipped[peer] = "left out by --without"
            continue
        needed, there = memory_needed_mb(peer, shop, folder), memory_there_mb()
        too_large = {work: mb for work, mb in needed.items() if mb > there}
        chosen[peer] = [work for work in WORKS if work not in too_large]
        for work, mb in too_large.items():
            skipped[f"{peer}, {work}"] = f"needs about {mb:,.0f} MB, {there:,.0f} MB are there"
    for peer, reason in skipped.items():
        say(f"SKIPPED at {shop.rows:,} rows: {peer}: {reason}")
    return chosen, skipped


class _Run:
    """The runs of one size: what was taken, what was answered, who failed."""

    def __init__(self, say: Say) -> None:
        self.taken: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
        self.expected: dict[str, Figures] = {}
        self.disagreements: list[str] = []
        self.failed: dict[str, str] = {}
        self._say = say

    def run(self, item: Item) -> None:
        """Run one item and keep its numbers; a rival that dies is noted, not the end."""
        try:
            runs = run_apart(item.peer, item.task)
        except RuntimeError as fault:
            if item.peer not in RIVALS:
                raise
            self.failed[f"{item.peer}, {', '.join(item.task.works)}"] = str(fault)
            self._say(f"FAILED: {item.peer}, {', '.join(item.task.works)}: {fault}")
            return
        for work, run in runs.items():
            self._say(
                f"  {item.peer:<36}{work:<20}{run.seconds:9.2f} s  {run.cpu_seconds:9.2f} CPU s"
            )
            numbers = (run.seconds, run.cpu_seconds, run.peak_mb)
            self.taken.setdefault((item.peer, work), []).append(numbers)
            if isinstance(run.answer, dict):
                found = differences(run.answer, self.expected.setdefault(work, run.answer))
                self.disagreements += [f"{work}: {item.peer} has {each}" for each in found]


def _rounds(
    shop: Ground,
    small: Ground,
    folder: Path,
    works_of: Mapping[str, Sequence[str]],
    options: argparse.Namespace,
    say: Say,
) -> _Run:
    """Run all items in turns; those on Spark once, as they take minutes each."""
    done = _Run(say)
    for turn in range(options.rounds):
        for item in items(shop, small, folder, works_of, _REPEAT_SECONDS):
            if turn == 0 or item.peer not in ON_SPARK:
                done.run(item)
    return done


def _median(peer: str, work: str, runs: list[tuple[float, float, float]]) -> Measured:
    seconds, cpu, peak = zip(*runs, strict=True)
    return Measured(
        peer, work, statistics.median(seconds), statistics.median(cpu), max(peak), len(runs)
    )


def _machine() -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": core_count(),
        "machine": platform.machine(),
        "memory_mb": round(memory_there_mb()),
        "load": load(),
    }


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks scale")
    parser.add_argument(
        "--rows", type=_numbers, default=[1_000_000], metavar="N,N", help="sizes to measure"
    )
    parser.add_argument("--rounds", type=int, default=1, help="runs of everything, in turns")
    parser.add_argument("--folder", type=Path, help="where shops are made and found again")
    parser.add_argument(
        "--without", type=lambda given: given.split(","), default=["spark"],
        metavar="PEER,PEER",
        help=f"leave out some of {', '.join(SHORT.values())}, upkeep, or none; "
        "default: spark, whose works over raw facts take minutes",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, help="keep the results here, as JSON")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser.parse_args(list(arguments))


def _numbers(given: str) -> list[int]:
    return [int(part) for part in given.split(",")]
