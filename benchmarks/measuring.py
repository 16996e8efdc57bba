"""Measure one piece of work in a process of its own: wall time, peak memory, rate."""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of a benchmark.

    Parameters
    ----------
    what : the work.
    amount : how much of it, in `unit`.
    unit : what is counted, e.g. `rows`.
    seconds : wall time, the median of the runs.
    peak_mb : peak memory of its process; None if it was not measured apart.
    ratio : rate over the peer's rate; None for the peer itself.
    peer : the peer's name.
    """

    what: str
    amount: int
    unit: str
    seconds: float
    peak_mb: float | None = None
    ratio: float | None = None
    peer: str | None = None

    @property
    def per_second(self) -> float:
        """The rate."""
        return self.amount / self.seconds

    def against(self, peer: Measurement) -> Measurement:
        """Return the same with its rate compared with a peer's."""
        return replace(self, ratio=self.per_second / peer.per_second, peer=peer.what)


def measure(
    what: str, work: Callable[[], object], *, amount: int, unit: str = "rows", runs: int = 3
) -> Measurement:
    """Run a piece of work in fresh processes and return its median time and largest peak.

    Parameters
    ----------
    what : its name.
    work : a function without arguments, importable from a module (it goes to another process).
    amount : how much it does, in `unit`.
    unit : what is counted.
    runs : repetitions, each in its own process.
    """
    return measure_interleaved({what: work}, amount=amount, unit=unit, runs=runs)[0]


def measure_interleaved(
    works: Mapping[str, Callable[[], object]], *, amount: int, unit: str = "rows", runs: int = 3
) -> list[Measurement]:
    """Run several pieces of work in turns, so that a busy moment of the machine hits all alike.

    Parameters
    ----------
    works : name and work; as in `measure`.
    amount, unit, runs : as in `measure`.

    Returns
    -------
    One measurement per work, in order.
    """
    taken: dict[str, list[tuple[float, float]]] = {what: [] for what in works}
    for _ in range(runs):
        for what, work in works.items():
            taken[what].append(_in_own_process(what, work))
    return [
        Measurement(
            what,
            amount,
            unit,
            statistics.median(seconds for seconds, _ in runs_of),
            max(peak for _, peak in runs_of),
        )
        for what, runs_of in taken.items()
    ]


def _in_own_process(what: str, work: Callable[[], object]) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_timed, args=(work, sender))
    process.start()
    sender.close()
    try:
        took, peak = receiver.recv()
    except EOFError:
        raise RuntimeError(f"{what} died before it was measured") from None
    finally:
        process.join()
    return took, peak


def _timed(work: Callable[[], object], sender: multiprocessing.connection.Connection) -> None:
    began = time.perf_counter()
    work()
    took = time.perf_counter() - began
    sender.send((took, _peak_mb()))


def _peak_mb() -> float:
    """Return this process's peak memory; Linux's `ru_maxrss` would include the parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)


def core_count() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> float:
    """Return the machine's load over the last minute; a busy machine measures badly."""
    return os.getloadavg()[0]
