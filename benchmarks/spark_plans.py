"""What Spark does for each work: shuffles, joins and skew, read from the plans it executed.

    python -m benchmarks.spark_plans [--rows N] [--folder FOLDER]
                                     [--works WORK,WORK] [--output FILE] [--json]

The works run on a simulated shop at `local[2]`. The number of shuffles and joins is read
from the executed (adaptive) plan, rows and bytes from Spark's own task metrics. Tables of
customers are too large to be broadcast at the sizes that matter, so they are not here either.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import peers_tenure
from benchmarks.scale_ground import Ground, ground
from benchmarks.scale_upkeep import keep_tables
from benchmarks.works import FILED, WORKS, perform

_TASKS_MAX = 100_000
_BROADCAST_BYTES_MAX = 64 * 1024
"""Lets a table of one row be broadcast, and none of customers, however small the shop."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What Spark did for one work.

    Parameters
    ----------
    work : its name.
    source : `spark` from raw facts, `spark-kept` from the kept tables.
    rows : rows of activity.
    queries : executed plans.
    shuffles : exchanges between stages, broadcasts not counted.
    broadcasts : tables sent whole to every executor.
    joins : how many of which kind.
    windows, sorts : operators that need a customer's rows together, or in order.
    cpu_seconds : of all tasks.
    read_rows, read_bytes : from the files.
    shuffle_rows, shuffle_bytes : written between stages.
    largest_shuffle_bytes : of them, by the stage that wrote most.
    skew : the largest task's shuffle bytes over the median task's, in the stage that read most.
    peak_task_bytes : most memory that one task's operators held.
    spilled_bytes : written to disk for want of memory.
    driver_rows : rows that came back to the driver.
    """

    work: str
    source: str
    rows: int
    queries: int
    shuffles: int
    broadcasts: int
    joins: dict[str, int]
    windows: int
    sorts: int
    cpu_seconds: float
    read_rows: int
    read_bytes: int
    shuffle_rows: int
    shuffle_bytes: int
    largest_shuffle_bytes: int
    skew: float | None
    peak_task_bytes: int
    spilled_bytes: int
    driver_rows: int


def plans(shop: Ground, folder: Path, works: Sequence[str], source: str) -> Iterator[Plan]:
    """Run works on Spark and yield what it did for each."""
    facts = peers_tenure.facts(shop.root, source)
    session = facts.engine.session
    session.conf.set("spark.sql.autoBroadcastJoinThreshold", _BROADCAST_BYTES_MAX)
    for work in works:
        target = folder / work if work in FILED else None
        call = partial(getattr(peers_tenure, work), shop.root, shop.as_of, source=source)
        before = _executions(session)
        perform(call, target)
        yield _plan(session, work, source, shop.rows, before)


def heaviest_customer_rows(shop: Ground) -> int:
    """Return the most rows that any one customer has: they all go to one task."""
    counted = "SELECT count(*) AS n FROM read_parquet(?) GROUP BY customer_id"
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT max(n) FROM ({counted})", [shop.activity()]).fetchall()
    return int(found[0][0])


def _plan(session: Any, work: str, source: str, rows: int, before: int) -> Plan:
    _listeners_done(session)
    store = session._jsparkSession.sharedState().statusStore()
    done = [e for e in _items(store.executionsList()) if e.executionId() >= before]
    nodes = Counter(
        node.name() for e in done for node in _items(store.planGraph(e.executionId()).allNodes())
    )
    numbers = {int(number) for e in done for number in _items(e.stages())}
    stages = [stage for stage in _stages(session) if stage.stageId() in numbers]
    written = [int(stage.shuffleWriteBytes()) for stage in stages]
    return Plan(
        work=work,
        source=source,
        rows=rows,
        queries=len(done),
        shuffles=nodes["Exchange"],
        broadcasts=nodes["BroadcastExchange"],
        joins={name: number for name, number in sorted(nodes.items()) if "Join" in name},
        windows=nodes["Window"],
        sorts=nodes["Sort"],
        cpu_seconds=sum(stage.executorCpuTime() for stage in stages) / 1e9,
        read_rows=sum(stage.inputRecords() for stage in stages),
        read_bytes=sum(stage.inputBytes() for stage in stages),
        shuffle_rows=sum(stage.shuffleWriteRecords() for stage in stages),
        shuffle_bytes=sum(written),
        largest_shuffle_bytes=max(written, default=0),
        skew=_skew(session, stages),
        peak_task_bytes=max((_peak(session, stage) for stage in stages), default=0),
        spilled_bytes=sum(stage.diskBytesSpilled() for stage in stages),
        driver_rows=sum(_result_rows(store, e) for e in done),
    )


def _executions(session: Any) -> int:
    """Return the number after that of the last query so far."""
    _listeners_done(session)
    found = _items(session._jsparkSession.sharedState().statusStore().executionsList())
    return max((execution.executionId() for execution in found), default=-1) + 1


def _listeners_done(session: Any) -> None:
    session.sparkContext._jsc.sc().listenerBus().waitUntilEmpty(60_000)


def _stages(session: Any) -> list[Any]:
    store = session.sparkContext._jsc.sc().statusStore()
    listed = _items(store.stageList(None, False, False, _no_quantiles(session), None))
    return [stage for stage in listed if stage.status().toString() == "COMPLETE"]


def _no_quantiles(session: Any) -> Any:
    return session.sparkContext._gateway.new_array(session.sparkContext._jvm.double, 0)


def _tasks(session: Any, stage: Any) -> list[Any]:
    store = session.sparkContext._jsc.sc().statusStore()
    return _items(store.taskList(stage.stageId(), stage.attemptId(), _TASKS_MAX))


def _skew(session: Any, stages: Sequence[Any]) -> float | None:
    """Return how much more the largest task read than the median one, where most was read."""
    reading = max(stages, key=lambda stage: stage.shuffleReadBytes(), default=None)
    if reading is None or not reading.shuffleReadBytes():
        return None
    sizes = [size for task in _tasks(session, reading) if (size := _read_by(task))]
    return max(sizes) / statistics.median(sizes)


def _read_by(task: Any) -> int:
    metrics = task.taskMetrics()
    if metrics.isEmpty():
        return 0
    read = metrics.get().shuffleReadMetrics()
    return int(read.localBytesRead() + read.remoteBytesRead())


def _peak(session: Any, stage: Any) -> int:
    known = [task.taskMetrics() for task in _tasks(session, stage)]
    return max((int(m.get().peakExecutionMemory()) for m in known if m.isDefined()), default=0)


def _result_rows(store: Any, execution: Any) -> int:
    """Return the rows that the last operator of a query put out, if it tells."""
    values = store.executionMetrics(execution.executionId())
    for node in _items(store.planGraph(execution.executionId()).allNodes()):
        for metric in _items(node.metrics()):
            if metric.name() == "number of output rows":
                told = values.get(metric.accumulatorId())
                return int(told.get().replace(",", "")) if told.isDefined() else 0
    return 0


def _items(collection: Any) -> list[Any]:
    """Return the members of a Scala collection."""
    members, iterator = [], collection.iterator()
    while iterator.hasNext():
        members.append(iterator.next())
    return members


def main(arguments: Sequence[str]) -> int:
    """Run the works and print what Spark did."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark_plans")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the shop is made and found again")
    parser.add_argument(
        "--works", type=lambda given: given.split(","), default=WORKS, metavar="WORK,WORK"
    )
    parser.add_argument("--output", type=Path, help="keep the results here, as JSON")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(list(arguments))
    say: Callable[[str], None] = partial(print, file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as spare:
        shop = ground(options.rows, options.folder or Path(spare), say)
        keep_tables(shop.root)
        found = [
            plan
            for source in (peers_tenure.SPARK, peers_tenure.SPARK_KEPT)
            for plan in plans(shop, Path(spare), options.works, source)
        ]
        heaviest = heaviest_customer_rows(shop)
    told = json.dumps(
        {"heaviest_customer_rows": heaviest, "plans": [asdict(plan) for plan in found]}, indent=1
    )
    if options.output is not None:
        options.output.write_text(told + "\n", encoding="utf-8")
    print(told if options.json else "\n".join(lines(found)))
    return 0


def lines(found: Sequence[Plan]) -> list[str]:
    """Return the plans as a table for a terminal."""
    head = (
        f"{'work':<22}{'shuffles':>9}{'rows':>14}{'MB':>9}{'broadcasts':>11}{'skew':>7}"
        f"{'CPU s':>8}{'peak MB':>9}{'spilled MB':>11}{'to driver':>10}  joins"
    )
    return [head, *map(_line, found)]


def _line(p: Plan) -> str:
    joins = ", ".join(f"{number} {name}" for name, number in p.joins.items()) or "none"
    return (
        f"{f'{p.work}, {p.source}':<22}{p.shuffles:>9}{p.shuffle_rows:>14,}"
        f"{p.shuffle_bytes / 1e6:>9.1f}{p.broadcasts:>11}{p.skew or 0:>7.1f}"
        f"{p.cpu_seconds:>8.1f}{p.peak_task_bytes / 1e6:>9.0f}{p.spilled_bytes / 1e6:>11.1f}"
        f"{p.driver_rows:>10,}  {joins}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
