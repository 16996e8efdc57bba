"""The five works that every peer of the scale benchmark does, and how their answers are compared.

| work | answer |
|---|---|
| cohorts | (cohort month, months since, customers) of every cell that holds somebody |
| lifecycle | (month, new, returning, resurrecting, dormant) |
| rfm | (segment, customers, net value), scored by quintiles over all buyers |
| purchases | a Parquet file: repeat order days, age at the last order, age, how many customers |
| snapshot | a Parquet file: one row per customer with `SNAPSHOT_COLUMNS` or more |

An order is a distinct (customer, order id), a refund's value is negative, and only what occurred
before the as-of date counts. Months are numbered year * 12 + month - 1.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import duckdb

Rows: TypeAlias = Sequence[Sequence[Any]]
Figures: TypeAlias = Mapping[str, float | int]

WORKS = ("cohorts", "lifecycle", "rfm", "purchases", "snapshot")
SCAN = "scan of 3 columns"
TENURE, KEPT = "Tenure", "Tenure, kept tables"
SPARK, SPARK_KEPT = "Tenure, Spark local[2]", "Tenure, kept tables, Spark local[2]"
SQL, SQL_KEPT = "SQL by hand", "SQL by hand, kept tables"
PANDAS, POLARS = "pandas", "Polars"
SHORT = {
    TENURE: "tenure", KEPT: "kept", SQL: "sql", SQL_KEPT: "sql-kept", PANDAS: "pandas",
    POLARS: "polars", SPARK_KEPT: "spark-kept", SPARK: "spark",
}  # fmt: skip
"""The peers in the order they run, and how each is named on the command line."""

RIVALS = (PANDAS, POLARS, SPARK_KEPT, SPARK)
"""Peers that may run out of memory without ending the benchmark."""

FILED = ("purchases", "snapshot")
"""Works whose answer is a row per customer or tuple, and so a file."""

SNAPSHOT_COLUMNS = (
    "customer_id", "first_activity_on", "last_activity_on", "first_order_on", "last_order_on",
    "tenure_days", "days_since_last_order", "order_count", "order_day_count", "gross_value",
    "returned_value", "net_value", "mean_order_value", "return_rate", "order_count_30_days",
    "order_count_90_days", "order_count_365_days", "net_value_30_days", "net_value_90_days",
    "net_value_365_days", "distinct_product_count", "distinct_category_count", "first_channel",
    "last_channel", "acquisition_source", "median_gap_days", "mean_gap_days", "recency_score",
    "frequency_score", "monetary_score", "rfm_segment",
)  # fmt: skip
"""What every peer computes of a customer. Tenure and the SQL by hand compute more."""

_TUPLE = ("repeat_order_day_count", "age_at_last_order_days", "age_days")

RHYTHM = (
    "rhythm_days", "rhythm_source", "overdue_ratio", "expected_next_order_on", "lifecycle_stage",
)  # fmt: skip

_RELATIVE = 1e-9  # sums of floating numbers differ in their last digits by order of adding
_ATTRIBUTE = "attr_"
_REAL = frozenset({"mean_order_value", "return_rate", "median_gap_days", "mean_gap_days",
                   "rhythm_days", "overdue_ratio", "mean_repeat_values"})  # fmt: skip


QUINTILES = (0.2, 0.4, 0.6, 0.8)
WINDOWS_DAYS = (30, 90, 365)

SEGMENTS: Mapping[int, Sequence[str]] = {
    5: ("new", "potential_loyalists", "potential_loyalists", "champions", "champions"),
    4: ("promising", "potential_loyalists", "potential_loyalists", "loyal", "champions"),
    3: ("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at_risk", "at_risk", "at_risk"),
    1: ("lost", "lost", "at_risk", "cannot_lose_them", "cannot_lose_them"),
}
"""The RFM map: recency score to the names of FM 1 to 5. Stated here once more, so that the peers
stand on their own feet and a slip in Tenure's map shows as a difference."""

SEGMENT_OF_CELL: Mapping[int, str] = {
    recency * 10 + blend: name
    for recency, names in SEGMENTS.items()
    for blend, name in enumerate(names, start=1)
}


def perform(work: Callable[..., object], target: Path | None) -> object:
    """Do a work and return its answer, or where it lies: the target, emptied before."""
    if target is None:
        return work()
    remove(target)
    work(target)
    return target


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def figures(as_of: date, work: str, found: object) -> Figures:
    """Return the figures of an answer; of months, those that had ended
    by the as-of date and in which anybody came or went."""
    if isinstance(found, Path):
        return figures_of_file(found)
    month, rows = as_of.year * 12 + as_of.month - 1, found
    if work == "cohorts":
        rows = [row for row in rows if row[0] + row[1] < month]
    if work == "lifecycle":
        rows = [row for row in rows if row[0] < month and any(row[1:])]
    return figures_of_rows(rows)


def figures_of_rows(rows: Rows) -> Figures:
    """Return an answer of few rows as named figures; rows count by their first text or number."""
    found: dict[str, float | int] = {}
    for row in rows:
        keys = (
            [str(value) for value in row[:2]]
            if len(row) == 3 and isinstance(row[0], int)
            else [str(row[0])]
        )
        for place, value in enumerate(row[len(keys) :]):
            found["|".join([*keys, str(place)])] = math.nan if value is None else value
    return found


def figures_of_file(path: Path) -> Figures:
    """Return an answer in a file as its row count and one figure per column.

    A column of counts, days, texts or cents is hashed beside its row's name, so a value in a
    wrong row shows; a column of quotients is summed.
    """
    where = f"read_parquet('{path / '*.parquet' if path.is_dir() else path}')"
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {where}").fetchall()]
        if "customer_id" in names:
            shared = {*SNAPSHOT_COLUMNS, *RHYTHM}
            row = "customer_id"
            columns = [n for n in names if n in shared or n.startswith(_ATTRIBUTE)]
        else:
            row, columns = "|| '|' ||".join(_TUPLE), names
        wanted = ", ".join(_figure(name, row) for name in columns)
        values = connection.execute(f"SELECT count(*), {wanted} FROM {where}").fetchall()[0]
    return dict(zip(["rows", *columns], values, strict=True))


def _figure(name: str, row: str) -> str:
    if name in _REAL:
        return f"sum({name}::DOUBLE)"
    if name.endswith(("_value", "_days")) and "value" in name:
        return f"sum(hash({row}, round({name}::DOUBLE * 100)::BIGINT) % 1000003)::BIGINT"
    cast = "BIGINT"
    if name.endswith("_on"):
        cast = "DATE"
    if name in _TEXTS or name.startswith(_ATTRIBUTE):
        cast = "VARCHAR"
    return f"sum(hash({row}, {name}::{cast}) % 1000003)::BIGINT"


_TEXTS = frozenset({"customer_id", "first_channel", "last_channel", "acquisition_source",
                    "rfm_segment", "rhythm_source", "lifecycle_stage"})  # fmt: skip


def differences(found: Figures, expected: Figures) -> list[str]:
    """Return the figures that two answers do not share, in words; none if they agree.

    Figures that only one of them has are differences too, but for attributes and
    the columns of `RHYTHM`.
    """
    names = [
        name
        for name in {**expected, **found}
        if (name not in RHYTHM and not name.startswith(_ATTRIBUTE))
        or (name in found and name in expected)
    ]
    return [
        f"{name}: {found.get(name)} instead of {expected.get(name)}"
        for name in names
        if not _same(found.get(name), expected.get(name))
    ]


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    one, other = float(one), float(other)
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=_RELATIVE, abs_tol=1e-6)
