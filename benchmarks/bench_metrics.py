"""Metrics over generated orders, against a bare scan of three columns and against pandas.

TENURE_BENCH_ROWS sets the number of rows (default 1,000,000). Each metric runs once: this is a
look over the whole catalogue; `bench_scale` measures five works with care.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.measuring import Measurement, measure
from tenure.metrics.catalogue import METRICS

ROW_COUNT = int(os.environ.get("TENURE_BENCH_ROWS", "1000000"))
ROWS_PER_CUSTOMER = 15
AS_OF = date(2026, 1, 1)

# Every figure is made from the row number, so that each run measures the same data. Customers
# start on spread days and buy at gaps of 3 to 60 days; every third order has two lines.
_ORDERS = f"""
COPY (
    WITH rows AS (
        SELECT i // {ROWS_PER_CUSTOMER} AS customer, i % {ROWS_PER_CUSTOMER} AS line
        FROM range({ROW_COUNT}) AS r(i)
    ), orders AS (
        SELECT customer, line, line - CAST(line % 3 = 2 AS INTEGER) AS number FROM rows
    )
    SELECT
        'C' || lpad(customer::VARCHAR, 8, '0') AS customer_id,
        customer || '-' || number AS order_id,
        DATE '2023-01-01' + CAST(
            (customer * 7919 % 700) + number * (3 + customer * 104729 % 58) AS INTEGER
        ) AS occurred_on,
        CASE WHEN (customer + line) % 41 = 0 THEN 'refund' ELSE 'order' END AS kind,
        CAST(CASE WHEN (customer + line) % 41 = 0 THEN -1 ELSE 1 END
            * (500 + (customer * 31 + line * 17) % 9500) / 100.0 AS DECIMAL(18, 4)) AS value,
        ['search', 'shop', 'friend', 'mail'][1 + customer % 4] AS source
    FROM orders ORDER BY customer_id, occurred_on
) TO $path (FORMAT parquet, COMPRESSION zstd)
"""


def run() -> Iterator[Measurement]:
    """Yield the peers, then every metric of the catalogue against them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        with duckdb.connect() as connection:
            connection.execute(_ORDERS, {"path": str(path)})
        scan = measure("DuckDB, scan of 3 columns", partial(_scan, path), amount=ROW_COUNT, runs=1)
        yield scan
        by_hand = measure(
            "pandas, monthly cohorts by hand",
            partial(_pandas_cohorts, path),
            amount=ROW_COUNT,
            runs=1,
        )
        yield by_hand.against(scan)
        for name in METRICS:
            measured = measure(
                f"tenure metrics {name}", partial(_metric, name, path), amount=ROW_COUNT, runs=1
            )
            yield measured.against(by_hand if name == "cohorts" else scan)


def _scan(path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "SELECT max(customer_id), max(occurred_on), sum(value) FROM read_parquet(?)",
            [str(path)],
        ).fetchone()


def _metric(name: str, path: Path) -> None:
    METRICS[name].function(path, as_of=AS_OF).rows()


def _pandas_cohorts(path: Path) -> None:
    frame = pd.read_parquet(path, columns=["customer_id", "occurred_on", "kind"])
    frame = frame[frame["kind"] == "order"]
    days = pd.to_datetime(frame["occurred_on"])
    frame = frame.assign(month=days.dt.year * 12 + days.dt.month)
    frame["cohort"] = frame.groupby("customer_id")["month"].transform("min")
    frame["distance"] = frame["month"] - frame["cohort"]
    frame.groupby(["cohort", "distance"])["customer_id"].nunique().unstack()
