"""The five works by Tenure: from the raw activity, from the kept tables, and on Spark."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from benchmarks.works import Rows
from tenure.activity.facts import Facts
from tenure.assembly import Workspace
from tenure.engine.relations import Relation
from tenure.metrics.cohorts import cohorts as cohort_table
from tenure.metrics.kept import KeptActivity
from tenure.metrics.lifecycle import lifecycle as lifecycle_table
from tenure.metrics.purchases import TUPLE, purchase_statistics
from tenure.metrics.rfm import rfm as rfm_table
from tenure.snapshots import snapshot as customers_snapshot

RAW, KEPT, SPARK, SPARK_KEPT = "raw", "kept", "spark", "spark-kept"
SPARK_MASTER = "local[2]"


def facts(root: Path, source: str) -> Facts:
    """Return a workspace's facts read in one of four ways.

    Parameters
    ----------
    root : the workspace.
    source : `raw` reads the activity as if nothing were kept, `kept` insists on kept tables,
        `spark` and `spark-kept` do the same on Spark.

    Raises
    ------
    RuntimeError : the kept tables are missing or behind the facts.
    """
    workspace = Workspace.open(root)
    if source in (SPARK, SPARK_KEPT):
        settings = replace(workspace.settings, engine="spark", spark_master=SPARK_MASTER)
        workspace = replace(workspace, settings=settings)
    found = workspace.facts()
    if source in (KEPT, SPARK_KEPT):
        if not isinstance(found.activity, KeptActivity):
            raise RuntimeError(f"{root} has no kept tables, or they are behind its facts")
        return found
    return replace(found, activity=Relation(found.activity.table, found.engine))


def cohorts(root: Path, as_of: date, source: str) -> Rows:
    """Return (cohort, months since, customers)."""
    table = cohort_table(facts(root, source).activity, as_of=as_of).table
    return [
        (row["cohort_start"].year * 12 + row["cohort_start"].month - 1, row["period_number"],
         row["count"])
        for row in table.to_pylist()
        if row["row"] == "cohort" and row["count"]
    ]  # fmt: skip


def lifecycle(root: Path, as_of: date, source: str) -> Rows:
    """Return (month, new, returning, resurrecting, dormant)."""
    table = lifecycle_table(facts(root, source).activity, as_of=as_of).table
    return [
        (row["period_start"].year * 12 + row["period_start"].month - 1,
         *(row[name] or 0 for name in ("new", "returning", "resurrecting", "dormant")))
        for row in table.to_pylist()
    ]  # fmt: skip


def rfm(root: Path, as_of: date, source: str) -> Rows:
    """Return (segment, customers, net value)."""
    table = rfm_table(facts(root, source).activity, as_of=as_of).table
    return [
        (row["segment"], row["customers"], row["net_value"])
        for row in table.to_pylist()
        if row["customers"]
    ]


def purchases(root: Path, as_of: date, target: Path, source: str) -> None:
    """Write the distinct purchase tuples with their counts."""
    statistics = purchase_statistics(facts(root, source).activity, as_of=as_of)
    table = statistics.table
    tuples = table.group_by(list(TUPLE)).aggregate(
        customers=table.count(), mean_repeat_values=table.mean_repeat_value.sum()
    )
    _write(Relation(tuples, statistics.engine), target)


def snapshot(root: Path, as_of: date, target: Path, source: str) -> None:
    """Write the whole snapshot, with attributes and subscriptions."""
    _write(customers_snapshot(facts(root, source), as_of=as_of), target)


def _write(rows: Relation, target: Path) -> None:
    target.mkdir()
    numbers = iter(range(1_000_000))
    rows.engine.write_files(rows.table, lambda: target / f"{next(numbers)}.parquet")
