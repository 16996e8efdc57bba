"""BG/NBD and Gamma-Gamma, fitted and scored in turns with lifetimes and pymc-marketing.

    python -m benchmarks models [--customers 2000,10000,1000000] [--rounds 3] [--json]

The peers run in the interpreters named by TENURE_BENCH_PEERS (needs `lifetimes`) and
TENURE_BENCH_PEERS_PYMC (needs `pymc-marketing`); without one, its ratios are said to be not
measured. Every run is a process of its own; ratios are of medians over the rounds. The customers
are drawn from the models, in whole days, the same at every run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.measuring import core_count, load

ROOT = Path(__file__).resolve().parent.parent
SIZES = (2_000, 10_000, 1_000_000)
LARGE = 1_000_000
INTERPRETERS = {"lifetimes": "TENURE_BENCH_PEERS", "pymc": "TENURE_BENCH_PEERS_PYMC"}
WORKS = {"bg_nbd": ("lifetimes", "pymc"), "gamma_gamma": ("lifetimes",), "score": ("lifetimes",)}
FASTER_AT_LARGE = {
    ("bg_nbd", "lifetimes"): 20.0,
    ("bg_nbd", "pymc"): 20.0,
    ("gamma_gamma", "lifetimes"): 20.0,
    ("score", "lifetimes"): 10.0,
}
MEMORY_AT_LARGE = {("score", "lifetimes"): 0.6}
# pymc-marketing has priors; lifetimes discounts by whole months, Tenure by the day.
AGREES_WITHIN = {("score", "lifetimes"): 0.01, ("bg_nbd", "pymc"): 0.05}
AGREES_ELSE_WITHIN = 1e-4
PEER_SECONDS = 600


@dataclass(frozen=True)
class Line:
    """One work of one size, against one peer.

    Parameters
    ----------
    work, customers, peer : what was measured; no peer if none could be.
    seconds, peer_seconds : medians.
    peak_mb, peer_peak_mb : largest peaks.
    ratio : the peer's seconds over ours.
    memory_ratio : our peak over the peer's.
    goal, memory_goal : what these are to reach, where there is a goal.
    difference : largest relative difference of the answers; None if the peer gave up.
    """

    work: str
    customers: int
    peer: str | None
    seconds: float
    peak_mb: float
    peer_seconds: float | None = None
    peer_peak_mb: float | None = None
    ratio: float | None = None
    memory_ratio: float | None = None
    goal: float | None = None
    memory_goal: float | None = None
    difference: float | None = None

    @property
    def is_missed(self) -> bool:
        """Tell whether a goal is missed or the answers differ."""
        slow = self.goal is not None and self.ratio is not None and self.ratio < self.goal
        large = self.memory_goal is not None and (self.memory_ratio or 0) > self.memory_goal
        within = AGREES_WITHIN.get((self.work, self.peer or ""), AGREES_ELSE_WITHIN)
        differs = self.difference is not None and self.difference > within
        return slow or large or differs


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; return 1 if a goal is missed or answers differ."""
    options = _options(arguments)
    peers = {name: os.environ.get(variable) for name, variable in INTERPRETERS.items()}
    lines: list[Line] = []
    for size in options.customers:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "customers.npz"
            np.savez(source, **customers(size))
            for work, wanted in WORKS.items():
                there = {name: path for name in wanted if (path := peers[name])}
                lines += _measured(work, size, source, there, options.rounds)
                if not options.json:
                    _say(lines[-max(len(there), 1) :])
    absent = [f"{name} ({INTERPRETERS[name]})" for name, path in peers.items() if not path]
    if options.json:
        machine = {"cores": core_count(), "load": load(), "python": platform.python_version()}
        told = {"machine": machine, "not_measured": absent, "lines": [asdict(x) for x in lines]}
        print(json.dumps(told, indent=1))
    for name in absent:
        print(f"{name}: ABSENT; its ratios are NOT measured by this run", file=sys.stderr)
    return int(any(line.is_missed for line in lines))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks models")
    parser.add_argument(
        "--customers", default=SIZES, type=lambda text: [int(n) for n in text.split(",")]
    )
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args(list(arguments))


def customers(size: int) -> dict[str, np.ndarray]:
    """Return customers of the models: BG/NBD with 30 to 730 days, spending Gamma-Gamma."""
    random = np.random.default_rng(20_260_101)
    age = random.integers(30, 731, size).astype(float)
    rate, leaving = random.gamma(0.6, 1 / 40, size), random.beta(0.8, 2.4, size)
    count, last, clock = np.zeros((3, size))
    here = np.arange(size)
    while len(here):
        clock[here] += random.exponential(1 / np.maximum(rate[here], 1e-12))
        here = here[clock[here] <= age[here]]
        count[here] += 1
        last[here] = clock[here]
        here = here[random.random(len(here)) >= leaving[here]]
    scale = random.gamma(4.0, 1 / 15, size)
    mean = random.gamma(6 * np.maximum(count, 1)) / (scale * np.maximum(count, 1))
    # A customer who comes back on the first day comes back on the day after.
    last = np.minimum(np.ceil(last), age)
    return {"x": count, "t": last, "T": age, "m": np.where(count > 0, mean, 0.0)}


def _measured(work: str, size: int, source: Path, peers: dict[str, str], rounds: int) -> list[Line]:
    taken: dict[str, list[dict]] = {name: [] for name in ("tenure", *peers)}
    # A peer that is a hundred times slower needs no third turn to be known as slower.
    turns = {name: 1 if name == "pymc" else rounds for name in taken}
    for turn in range(rounds):
        for name in taken:
            if turn < turns[name]:
                interpreter = peers.get(name, sys.executable)
                taken[name].append(_run(interpreter, name, work, source))
    ours = taken.pop("tenure")
    seconds, peak = _median(ours), max(run["peak_mb"] for run in ours)
    if not taken:
        return [Line(work, size, None, seconds, peak)]
    lines = []
    for name, runs in taken.items():
        theirs = runs[0]["answer"]
        peer_peak = max(run["peak_mb"] for run in runs)
        lines.append(
            Line(
                work, size, name, seconds, peak, _median(runs), peer_peak,
                ratio=_median(runs) / seconds,
                memory_ratio=peak / peer_peak,
                goal=FASTER_AT_LARGE.get((work, name)) if size >= LARGE else 1.0,
                memory_goal=MEMORY_AT_LARGE.get((work, name)) if size >= LARGE else None,
                difference=None if None in theirs else _difference(theirs, ours[0]["answer"]),
            )
        )  # fmt: skip
    return lines


def _difference(theirs: list[float], ours: list[float]) -> float:
    return float(np.max(np.abs(np.array(theirs) / np.array(ours) - 1)))


def _median(runs: list[dict]) -> float:
    return statistics.median(run["seconds"] for run in runs)


def _run(interpreter: str, library: str, work: str, source: Path) -> dict:
    script = Path(__file__).with_name("model_works.py")
    done = subprocess.run(
        [interpreter, str(script), library, work, str(source)],
        check=False,
        capture_output=True,
        text=True,
        timeout=PEER_SECONDS,
        cwd=ROOT,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{library}, {work}: {done.stderr[-500:]}")
    found: dict = json.loads(done.stdout.splitlines()[-1])
    return found


def _say(lines: list[Line]) -> None:
    for line in lines:
        text = (
            f"{line.work:<12} {line.customers:>10,}  {line.seconds:>8.3f} s {line.peak_mb:>6.0f} MB"
        )
        if line.ratio is not None and line.memory_ratio is not None:
            text += (
                f"   {line.peer} {line.peer_seconds:>8.3f} s {line.peer_peak_mb:>6.0f} MB"
                f"   {line.ratio:>6.1f} x, memory {line.memory_ratio:.2f} x,"
            )
            text += " the peer gave up" if line.difference is None else ""
            text += f" answers differ by {line.difference:.1e}" if line.difference else ""
            text += "  MISSED" if line.is_missed else "  met" if line.goal else ""
        print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
