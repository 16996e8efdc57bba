"""What the scale benchmark runs: each peer's works over one shop, each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

import psutil

from benchmarks import peers_pandas, peers_polars, peers_sql, peers_sql_kept, peers_tenure
from benchmarks.measuring import Task, run_apart
from benchmarks.scale_ground import Ground, rows_apart
from benchmarks.works import (
    FILED,
    KEPT,
    PANDAS,
    POLARS,
    SCAN,
    SHORT,
    SPARK,
    SPARK_KEPT,
    SQL,
    SQL_KEPT,
    TENURE,
    WORKS,
    figures,
    perform,
)  # fmt: skip

_TRIAL_ROWS = 1_000_000
_TRIAL_FROM_ROWS = 20_000_000
_SOURCES = {
    TENURE: peers_tenure.RAW,
    KEPT: peers_tenure.KEPT,
    SPARK: peers_tenure.SPARK,
    SPARK_KEPT: peers_tenure.SPARK_KEPT,
}
ON_SPARK = (SPARK_KEPT, SPARK)
_IN_MEMORY = {PANDAS: peers_pandas, POLARS: peers_polars}


@dataclass(frozen=True, slots=True)
class Item:
    """One process to run: a peer and the works it does there, mostly one."""

    peer: str
    task: Task


def items(
    shop: Ground,
    small: Ground,
    folder: Path,
    works_of: Mapping[str, Sequence[str]],
    repeat_seconds: float,
) -> list[Item]:
    """Return everything to run on a shop, the limit first.

    Parameters
    ----------
    shop : what is measured on.
    small : what each process warms up on: imports and first compilations are no matter of size.
    folder : for answers that are files.
    works_of : the works to run, by peer (names of `works.SHORT`).
    repeat_seconds : short works are repeated for so long.
    """
    found = [_item(SCAN, {SCAN: _scan(shop)}, {SCAN: _scan(small)}, shop, repeat_seconds)]
    for peer, chosen in works_of.items():
        works = _works(peer, shop, folder / SHORT[peer])
        warm = _works(peer, small, folder / f"{SHORT[peer]}-small")
        if peer in ON_SPARK:  # one session for all: starting one takes longer than a work
            found.append(_item(peer, works, warm, shop, 0.0))
            continue
        found += [
            _item(peer, {work: works[work]}, {work: warm[work]}, shop, repeat_seconds)
            for work in chosen
        ]
    return found


def memory_needed_mb(peer: str, shop: Ground, folder: Path) -> dict[str, float]:
    """Estimate what pandas, which holds its data in memory, needs for the works of a large shop.

    Each work is run on a million rows of the same files and on a tenth of them; the peak grows
    in proportion to the rows. Nothing for a peer that streams or spills, or for a small shop.
    """
    if peer != PANDAS or shop.rows < _TRIAL_FROM_ROWS:
        return {}
    peaks: dict[int, dict[str, float]] = {}
    for rows in (_TRIAL_ROWS // 10, _TRIAL_ROWS):
        files = rows_apart(shop.activity(), rows, folder / f"trial-{rows}.parquet")
        tasks = _frame_works(_IN_MEMORY[peer], files, shop, folder / "trial")
        peaks[rows] = {
            work: run_apart(f"{peer}, trial", Task({work: tasks[work]}))[work].peak_mb
            for work in WORKS
        }
    (few, low), (many, high) = sorted(peaks.items())
    return {
        work: high[work] + (high[work] - low[work]) / (many - few) * (shop.rows - many)
        for work in WORKS
    }


def memory_there_mb() -> float:
    """Return the memory that a process could have now, without swapping, in MB."""
    return float(psutil.virtual_memory().available) / 1024**2


Work = Callable[[], object]


def _item(
    peer: str, works: Mapping[str, Work], warm: Mapping[str, Work], shop: Ground, seconds: float
) -> Item:
    answer = partial(figures, shop.as_of) if peer != SCAN else None
    return Item(peer, Task(works, answer, partial(_do_all, tuple(warm.values())), seconds))


def _do_all(works: Sequence[Work]) -> None:
    for work in works:
        work()


def _scan(shop: Ground) -> Work:
    return partial(peers_sql.scan, shop.activity(), shop.memory_mb())


def _works(peer: str, shop: Ground, target: Path) -> dict[str, Work]:
    if peer in _IN_MEMORY:
        return _frame_works(_IN_MEMORY[peer], shop.activity(), shop, target)
    if peer in (SQL, SQL_KEPT):
        module = peers_sql if peer == SQL else peers_sql_kept
        data = shop.activity() if peer == SQL else shop.kept()
        limit: dict[str, object] = {"memory_mb": shop.memory_mb()}
        more = {"snapshot": {**limit, "attributes": shop.attributes()}}
        return {
            work: _work(module, work, (data, shop.as_of), more.get(work, limit), target)
            for work in WORKS
        }
    given = {"source": _SOURCES[peer]}
    return {
        work: _work(peers_tenure, work, (shop.root, shop.as_of), given, target) for work in WORKS
    }


def _frame_works(
    module: ModuleType, files: Sequence[str], shop: Ground, target: Path
) -> dict[str, Work]:
    return {work: _work(module, work, (files, shop.as_of), {}, target) for work in WORKS}


def _work(
    module: ModuleType,
    work: str,
    arguments: tuple[object, ...],
    given: Mapping[str, object],
    target: Path,
) -> Work:
    call = partial(getattr(module, work), *arguments, **given)
    return partial(
        perform, call, target.with_name(f"{target.name}-{work}") if work in FILED else None
    )
