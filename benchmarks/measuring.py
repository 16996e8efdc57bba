"""Measure one piece of work in a process of its own: wall time, peak memory, rate."""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

_KB_PER_MB = 1024 if sys.platform != "darwin" else 1024 * 1024


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
    context = multiprocessing.get_context("spawn")
    seconds, peaks = [], []
    for _ in range(runs):
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
        seconds.append(took)
        peaks.append(peak)
    return Measurement(what, amount, unit, statistics.median(seconds), max(peaks))


def _timed(work: Callable[[], object], sender: multiprocessing.connection.Connection) -> None:
    began = time.perf_counter()
    work()
    took = time.perf_counter() - began
    sender.send((took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KB_PER_MB))


def core_count() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> float:
    """Return the machine's load over the last minute; a busy machine measures badly."""
    return os.getloadavg()[0]
