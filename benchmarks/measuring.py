"""Measure one piece of work in a process of its own: wall time, CPU time, peak memory, rate."""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil


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


@dataclass(frozen=True, slots=True)
class Task:
    """Work for a process of its own.

    Parameters
    ----------
    works : name and function without arguments, importable from a module; run one after another.
    answer : turns what a work returned into what is sent home; not timed. None sends nothing.
    before : run first, outside the time: imports and first compilations are paid here.
    repeat_seconds : each work is repeated until this much time has passed, and its mean is taken.
    """

    works: Mapping[str, Callable[[], object]]
    answer: Callable[[str, object], object] | None = None
    before: Callable[[], object] | None = None
    repeat_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What one work took.

    Parameters
    ----------
    seconds : wall time.
    cpu_seconds : processor time of the process and all its children.
    peak_mb : peak memory of the process since its start; its children's peaks are added.
    answer : what the task's `answer` made of the result.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    answer: object = field(default=None, repr=False)


def run_apart(name: str, task: Task) -> dict[str, Taken]:
    """Run a task in a fresh process.

    Parameters
    ----------
    name : says who died, if it does.
    task : the works.

    Raises
    ------
    RuntimeError : the process ended without an answer, or a work failed in it.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_perform, args=(task, sender))
    process.start()
    sender.close()
    try:
        taken: dict[str, Taken] = receiver.recv()
    except EOFError:
        raise RuntimeError(f"{name} died before it was measured") from None
    finally:
        process.join()
    return taken


def _in_own_process(what: str, work: Callable[[], object]) -> tuple[float, float]:
    taken = run_apart(what, Task({what: work}))[what]
    return taken.seconds, taken.peak_mb


def _perform(task: Task, sender: multiprocessing.connection.Connection) -> None:
    if task.before is not None:
        task.before()
    sender.send({name: _timed(name, work, task) for name, work in task.works.items()})


def _timed(name: str, work: Callable[[], object], task: Task) -> Taken:
    runs, cpu, began = 0, cpu_seconds(), time.perf_counter()
    while not runs or time.perf_counter() - began < task.repeat_seconds:
        result = work()
        runs += 1
    took, used = time.perf_counter() - began, cpu_seconds() - cpu
    peak = _peak_mb()
    sent = None if task.answer is None else task.answer(name, result)
    return Taken(took / runs, used / runs, peak, sent)


def cpu_seconds() -> float:
    """Return the processor time this process and its children, ended or not, have used."""
    used = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        used += usage.ru_utime + usage.ru_stime
    for child in psutil.Process().children(recursive=True):
        times = child.cpu_times()
        used += times.user + times.system + times.children_user + times.children_system
    return used


def _peak_mb() -> float:
    """Return the peak memory of this process and its children.

    Linux's `ru_maxrss` would include the parent's.
    """
    children = psutil.Process().children(recursive=True)
    if Path("/proc/self/status").exists():
        return sum(map(_high_water_mb, [os.getpid(), *(child.pid for child in children)]))
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (own + sum(child.memory_info().rss for child in children)) / (1024 * 1024)


def _high_water_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:  # a child that has just ended
        return 0.0
    return next((int(x.split()[1]) / 1024 for x in lines if x.startswith("VmHWM:")), 0.0)


def core_count() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> float:
    """Return the machine's load over the last minute; a busy machine measures badly."""
    return os.getloadavg()[0]
