"""The five works as an engineer would write them by hand for DuckDB, over the raw activity files.

The rules are Tenure's (see the docstrings of `tenure.metrics` and the catalogue of the
snapshot); the text is not compiled from anything. Amounts stay exact decimals.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.works import SEGMENT_OF_CELL, WINDOWS_DAYS, Rows

_MONEY = "DECIMAL(18, 4)"
_MONTH = "(year(occurred_on) * 12 + month(occurred_on) - 1)"

_COHORTS = f"""
WITH months AS (
    SELECT DISTINCT customer_id, {_MONTH} AS month
    FROM activity WHERE kind = 'order' AND occurred_on < $as_of
), starts AS (
    SELECT customer_id, min(month) AS cohort FROM months GROUP BY customer_id
)
SELECT cohort, month - cohort AS number, count(*) AS customers
FROM months JOIN starts USING (customer_id)
GROUP BY ALL ORDER BY ALL
"""

_LIFECYCLE = f"""
WITH months AS (
    SELECT DISTINCT customer_id, {_MONTH} AS month
    FROM activity WHERE kind = 'order' AND occurred_on < $as_of
), active AS (
    SELECT month, lag(month) OVER mine AS previous, lead(month) OVER mine AS following
    FROM months WINDOW mine AS (PARTITION BY customer_id ORDER BY month)
), counted AS (
    SELECT month, count(*) FILTER (previous IS NULL) AS new,
        count(*) FILTER (previous = month - 1) AS returning_,
        count(*) FILTER (previous < month - 1) AS resurrecting
    FROM active GROUP BY month
), lost AS (
    SELECT month + 1 AS month, count(*) AS dormant
    FROM active WHERE following IS NULL OR following > month + 1 GROUP BY month
)
SELECT month, coalesce(new, 0), coalesce(returning_, 0), coalesce(resurrecting, 0),
    coalesce(dormant, 0)
FROM counted FULL JOIN lost USING (month) ORDER BY month
"""

SCORES = """cuts AS (
    SELECT
        list_transform(quantile_cont(days_since_last_order::DOUBLE, [0.2, 0.4, 0.6, 0.8]),
            lambda cut: round(cut, 4)) AS recency,
        list_transform(quantile_cont(order_count::DOUBLE, [0.2, 0.4, 0.6, 0.8]),
            lambda cut: round(cut, 4)) AS frequency,
        list_transform(quantile_cont(net_value::DOUBLE, [0.2, 0.4, 0.6, 0.8]),
            lambda cut: round(cut, 4)) AS money
    FROM customers WHERE order_count > 0
), scored AS (
    SELECT customers.*,
        5 - (days_since_last_order > recency[1])::INT - (days_since_last_order > recency[2])::INT
            - (days_since_last_order > recency[3])::INT - (days_since_last_order > recency[4])::INT
            AS recency_score,
        CASE WHEN order_count > 0 THEN 1 + (order_count > frequency[1])::INT
            + (order_count > frequency[2])::INT + (order_count > frequency[3])::INT
            + (order_count > frequency[4])::INT END AS frequency_score,
        CASE WHEN order_count > 0 THEN 1 + (net_value::DOUBLE > money[1])::INT
            + (net_value::DOUBLE > money[2])::INT + (net_value::DOUBLE > money[3])::INT
            + (net_value::DOUBLE > money[4])::INT END AS monetary_score
    FROM customers, cuts
), placed AS (
    SELECT *, recency_score * 10 + (frequency_score + monetary_score + 1) // 2 AS cell FROM scored
)"""
"""Scores and cell of the RFM map from `customers`."""

CASES = " ".join(f"WHEN cell = {cell} THEN '{name}'" for cell, name in SEGMENT_OF_CELL.items())

_RFM = f"""
WITH customers AS (
    SELECT customer_id,
        $as_of - max(occurred_on) FILTER (kind = 'order') AS days_since_last_order,
        count(DISTINCT order_id) FILTER (kind = 'order') AS order_count,
        sum(value) AS net_value
    FROM activity WHERE kind IN ('order', 'refund') AND occurred_on < $as_of
    GROUP BY customer_id HAVING order_count > 0
), {SCORES}
SELECT CASE {CASES} END AS segment, count(*) AS customers, sum(net_value)::DOUBLE AS net_value
FROM placed GROUP BY segment ORDER BY segment
"""

_PURCHASES = """
WITH days AS (
    SELECT customer_id, occurred_on, sum(value) AS value
    FROM activity WHERE kind = 'order' AND occurred_on < $as_of
    GROUP BY ALL
), firsts AS (
    SELECT customer_id, min(occurred_on) AS first_on, max(occurred_on) AS last_on,
        count(*) - 1 AS repeat_order_day_count, sum(value) AS total,
        arg_min(value, occurred_on) AS first_value
    FROM days GROUP BY customer_id
), customers AS (
    SELECT repeat_order_day_count, last_on - first_on AS age_at_last_order_days,
        $as_of - first_on AS age_days,
        (total - first_value)::DOUBLE / nullif(repeat_order_day_count, 0) AS mean_repeat_value
    FROM firsts
)
SELECT repeat_order_day_count, age_at_last_order_days, age_days, count(*) AS customers,
    sum(mean_repeat_value) AS mean_repeat_values
FROM customers GROUP BY ALL
"""

_WINDOWS = ", ".join(
    [f"coalesce(orders_{d}, 0) AS order_count_{d}_days" for d in WINDOWS_DAYS]
    + [f"coalesce(value_{d}, 0)::{_MONEY} AS net_value_{d}_days" for d in WINDOWS_DAYS]
)

CUSTOMER_ROWS = f"""customers AS (
    SELECT *,
        $as_of - first_order_on AS tenure_days, $as_of - last_order_on AS days_since_last_order,
        CASE WHEN order_count = 0 THEN 0 ELSE ordered END::{_MONEY} AS gross_value,
        (coalesce(returned, 0))::{_MONEY} AS returned_value,
        gross_value - returned_value AS net_value,
        CASE WHEN order_day_count > 3 THEN median_gap_days
            WHEN last_order_on IS NOT NULL THEN typical_gap_days END AS rhythm_days,
        days_since_last_order / rhythm_days AS overdue_ratio,
        ((mean_repeat_day - (first_order_on - DATE '1970-01-01')) / nullif(tenure_days, 0) - 0.5)
            * sqrt(order_day_count - 1) * sqrt(12) AS trend
    FROM people
), {SCORES}
SELECT customer_id, $as_of AS as_of, first_activity_on, last_activity_on, first_order_on,
    last_order_on, tenure_days, days_since_last_order, order_count,
    greatest(order_count - 1, 0) AS repeat_order_count, order_day_count, gross_value,
    returned_value, net_value::{_MONEY} AS net_value,
    gross_value::DOUBLE / nullif(order_count, 0) AS mean_order_value,
    returned_value::DOUBLE / nullif(gross_value, 0)::DOUBLE AS return_rate,
    {_WINDOWS}, nullif(products, 0) AS distinct_product_count,
    nullif(categories, 0) AS distinct_category_count, first_channel, last_channel,
    acquisition_source, median_gap_days, mean_gap_days, rhythm_days,
    CASE WHEN rhythm_days IS NULL THEN NULL WHEN order_day_count > 3 THEN 'own'
        ELSE 'population' END AS rhythm_source,
    overdue_ratio, last_order_on + round(rhythm_days)::INT AS expected_next_order_on,
    CASE WHEN last_order_on IS NULL THEN 'prospect' WHEN overdue_ratio > 3 THEN 'lapsed'
        WHEN overdue_ratio > 1.5 THEN 'declining'
        WHEN order_day_count >= 5 AND trend <= -1.645 THEN 'declining'
        WHEN order_day_count <= 1 THEN 'new' WHEN order_day_count < 5 THEN 'growing'
        WHEN trend >= 1.645 THEN 'growing' ELSE 'mature' END AS lifecycle_stage,
    recency_score, frequency_score, monetary_score, CASE {CASES} END AS rfm_segment $attributes
FROM placed
"""
"""The snapshot's columns but for subscriptions, from `people`."""

WITH_ATTRIBUTES = """people AS (
    SELECT * REPLACE (coalesce(order_count, 0) AS order_count,
        coalesce(order_day_count, 0) AS order_day_count)
    FROM known FULL JOIN ($told) AS told USING (customer_id)
)"""
"""Everybody of whom anything is known, from `known`."""

_VALUES_IN_WINDOWS = ", ".join(
    f"sum(value) FILTER (kind IN ('order', 'refund') AND occurred_on >= $as_of - {d}) AS value_{d}"
    for d in WINDOWS_DAYS
)
_ORDERS_IN_WINDOWS = ", ".join(
    f"sum(orders) FILTER (ordered_on >= $as_of - {d})::BIGINT AS orders_{d}" for d in WINDOWS_DAYS
)

_SNAPSHOT = f"""
WITH past AS (
    SELECT * FROM activity WHERE occurred_on < $as_of
), active AS (
    SELECT customer_id, min(occurred_on) AS first_activity_on, max(occurred_on) AS last_activity_on,
        sum(value) FILTER (kind = 'order') AS ordered,
        -sum(value) FILTER (kind = 'refund') AS returned, {_VALUES_IN_WINDOWS},
        count(DISTINCT product_id) FILTER (kind IN ('order', 'refund')) AS products,
        count(DISTINCT category) FILTER (kind IN ('order', 'refund')) AS categories
    FROM past GROUP BY customer_id
), orders AS (
    SELECT customer_id, min(occurred_on) AS ordered_on, min(channel) AS channel,
        min(source) AS source
    FROM past WHERE kind = 'order' GROUP BY customer_id, order_id
), order_days AS (
    SELECT customer_id, ordered_on, count(*) AS orders, min(channel) AS channel,
        min(source) AS source
    FROM orders GROUP BY customer_id, ordered_on
), gapped AS (
    SELECT *, ordered_on - lag(ordered_on) OVER mine AS gap
    FROM order_days WINDOW mine AS (PARTITION BY customer_id ORDER BY ordered_on)
), buyers AS (
    SELECT customer_id, min(ordered_on) AS first_order_on, max(ordered_on) AS last_order_on,
        sum(orders)::BIGINT AS orders, count(*) AS order_days,
        quantile_cont(gap::DOUBLE, 0.5) AS median_gap_days, avg(gap) AS mean_gap_days,
        avg(ordered_on - DATE '1970-01-01') FILTER (gap IS NOT NULL) AS mean_repeat_day,
        max(channel) FILTER (gap IS NULL) AS first_channel,
        arg_max_null(channel, ordered_on) AS last_channel,
        max(source) FILTER (gap IS NULL) AS acquisition_source, {_ORDERS_IN_WINDOWS}
    FROM gapped GROUP BY customer_id
), typical AS (
    SELECT quantile_cont(median_gap_days, 0.5) AS typical_gap_days FROM buyers
), known AS (
    SELECT active.*, buyers.* EXCLUDE (customer_id, orders, order_days), typical_gap_days,
        coalesce(orders, 0) AS order_count, coalesce(order_days, 0) AS order_day_count
    FROM active LEFT JOIN buyers USING (customer_id), typical
), {WITH_ATTRIBUTES}, {CUSTOMER_ROWS}
"""


def scan(files: Sequence[str], memory_mb: int) -> None:
    """Read three columns and no more: what any engine on these files pays at least."""
    with opened({"activity": files}, memory_mb) as connection:
        connection.execute(
            "SELECT max(customer_id), max(occurred_on), sum(value) FROM activity"
        ).fetchall()


def cohorts(files: Sequence[str], as_of: date, memory_mb: int) -> Rows:
    """Return (cohort, months since, customers)."""
    return _rows(files, as_of, memory_mb, _COHORTS)


def lifecycle(files: Sequence[str], as_of: date, memory_mb: int) -> Rows:
    """Return (month, new, returning, resurrecting, dormant)."""
    return _rows(files, as_of, memory_mb, _LIFECYCLE)


def rfm(files: Sequence[str], as_of: date, memory_mb: int) -> Rows:
    """Return (segment, customers, net value)."""
    return _rows(files, as_of, memory_mb, _RFM)


def purchases(files: Sequence[str], as_of: date, target: Path, memory_mb: int) -> None:
    """Write the distinct purchase tuples with their counts."""
    _write(files, as_of, memory_mb, _PURCHASES, target)


def snapshot(
    files: Sequence[str], as_of: date, target: Path, memory_mb: int, attributes: Sequence[str]
) -> None:
    """Write one row per customer: the snapshot's columns but for subscriptions."""
    views = {"activity": files, "attributes": attributes}
    with opened(views, memory_mb) as connection:
        write_snapshot(connection, _SNAPSHOT, as_of, target)


def write_snapshot(
    connection: duckdb.DuckDBPyConnection, query: str, as_of: date, target: Path
) -> None:
    """Write a snapshot with a column for each attribute that the view `attributes` names."""
    found = connection.execute("SELECT DISTINCT name FROM attributes ORDER BY name").fetchall()
    columns = {name: f"attr_{name}" for (name,) in found}
    newest = "(coalesce(known_at, received_at), received_at, attribute_id)"
    told = ", ".join(
        ["customer_id"]
        + [
            f"arg_max_null(value, {newest}) FILTER (name = '{name}') AS {column}"
            for name, column in columns.items()
        ]
    )
    text = (
        query.replace(
            "$told",
            f"SELECT {told} FROM attributes "
            "WHERE coalesce(known_at, received_at) < TIMESTAMP $as_of GROUP BY customer_id",
        )
        .replace("$attributes", "".join(f", {column}" for column in columns.values()))
        .replace("TIMESTAMP $as_of", f"TIMESTAMP '{as_of}'")
        .replace("$as_of", f"DATE '{as_of}'")
    )
    connection.execute(f"COPY ({text}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)").fetchall()


_NOBODY = """SELECT NULL::VARCHAR AS customer_id, NULL::VARCHAR AS name, NULL::VARCHAR AS value,
    NULL::TIMESTAMP AS known_at, NULL::TIMESTAMP AS received_at, NULL::VARCHAR AS attribute_id
WHERE false"""


@contextmanager
def opened(
    views: Mapping[str, Sequence[str]], memory_mb: int
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB under a memory limit, with Parquet files under names of their own."""
    with tempfile.TemporaryDirectory() as spill:
        config = {"memory_limit": f"{memory_mb}MB", "temp_directory": spill}
        with duckdb.connect(config=config) as connection:
            connection.execute("SET enable_progress_bar = false")
            for name, files in views.items():
                listed = ", ".join(f"'{file}'" for file in files)
                rows = f"SELECT * FROM read_parquet([{listed}])" if files else _NOBODY
                connection.execute(f"CREATE TEMP VIEW {name} AS {rows}")
            yield connection


def _rows(files: Sequence[str], as_of: date, memory_mb: int, query: str) -> Rows:
    with opened({"activity": files}, memory_mb) as connection:
        return connection.execute(query.replace("$as_of", f"DATE '{as_of}'")).fetchall()


def _write(files: Sequence[str], as_of: date, memory_mb: int, query: str, target: Path) -> None:
    with opened({"activity": files}, memory_mb) as connection:
        text = query.replace("$as_of", f"DATE '{as_of}'")
        connection.execute(
            f"COPY ({text}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        ).fetchall()
