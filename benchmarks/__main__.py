"""Run the benchmarks: `python -m benchmarks [NAME ...] [OPTION ...]`; without names, all of them.

A benchmark is a module `bench_<name>.py` with `run() -> Iterable[Measurement]`, or, if it takes
options, with `main(options) -> exit code`.
"""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Measurement, core_count, load

FOLDER = Path(__file__).resolve().parent


def names() -> list[str]:
    """Return the names of all benchmarks."""
    return sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))


def line(measured: Measurement) -> str:
    """Return one measurement as a line of the table."""
    ratio = f"{measured.ratio:.2f} x" if measured.ratio is not None else "-"
    memory = f"{measured.peak_mb:,.0f}" if measured.peak_mb is not None else "-"
    return (
        f"{measured.what:<44} {measured.per_second:>14,.0f} {measured.unit + '/s':<8}"
        f" {measured.seconds:>8.2f} {memory:>8} {ratio:>8}  {measured.peer or ''}"
    )


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmarks and print their tables; return the exit code."""
    first_option = next((i for i, a in enumerate(arguments) if a.startswith("-")), len(arguments))
    named, options = list(arguments[:first_option]), list(arguments[first_option:])
    unknown = sorted(set(named) - set(names()))
    if unknown:
        print(f"unknown benchmark {', '.join(unknown)}; there are: {', '.join(names())}")
        return 2
    if "--json" not in options:
        print(
            f"Python {platform.python_version()}, {core_count()} cores, {platform.machine()}, "
            f"load {load():.1f}"
        )
    worst = 0
    for name in named or names():
        module = importlib.import_module(f"benchmarks.bench_{name}")
        if hasattr(module, "main"):
            worst = max(worst, module.main(options))
            continue
        print(f"\n{name}: {(module.__doc__ or '').splitlines()[0]}")
        print(f"{'':<44} {'rate':>14} {'':<8} {'seconds':>8} {'peak MB':>8} {'ratio':>8}  against")
        for measured in module.run():
            print(line(measured), flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
