"""The five works by hand for DuckDB once more, over the tables that Tenure keeps.

The same files and the same algorithms as Tenure's own definitions over kept tables, so that
what the definitions cost for being compiled shows, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.peers_sql import (
    CASES,
    CUSTOMER_ROWS,
    SCORES,
    WITH_ATTRIBUTES,
    opened,
    write_snapshot,
)
from benchmarks.works import WINDOWS_DAYS, Rows

_MASK_BITS = 62


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """The files of the kept tables, and the month that bit 0 of the states' months stands for."""

    days: Sequence[str]
    states: Sequence[str]
    origin_month: int


def cohorts(kept: KeptFiles, as_of: date, memory_mb: int) -> Rows:
    """Return (cohort, months since, customers)."""
    months = range(kept.origin_month, _month(as_of) + 1)
    sums = ", ".join(f"sum({_bit(kept, m)})::BIGINT" for m in months)
    found = _rows(
        kept,
        memory_mb,
        f"SELECT {_FIRST_MONTH} AS cohort, {sums} FROM states "
        "WHERE first_order_on IS NOT NULL GROUP BY cohort ORDER BY cohort",
    )
    return [
        (cohort, month - cohort, customers)
        for cohort, *counts in found
        for month, customers in zip(months, counts, strict=True)
        if customers
    ]


def lifecycle(kept: KeptFiles, as_of: date, memory_mb: int) -> Rows:
    """Return (month, new, returning, resurrecting, dormant)."""
    months = range(kept.origin_month, _month(as_of) + 1)
    wanted = [f"sum({_bit(kept, m)})::BIGINT AS active_{m}" for m in months]
    wanted += [
        f"sum({_bit(kept, m)} & {_bit(kept, m - 1)})::BIGINT AS kept_{m}" for m in months[1:]
    ]
    found = _rows(
        kept,
        memory_mb,
        f"SELECT {_FIRST_MONTH} AS cohort, count(*) AS customers, {', '.join(wanted)} "
        "FROM states WHERE first_order_on IS NOT NULL GROUP BY cohort",
    )
    new = {cohort: customers for cohort, customers, *_ in found}
    active = [sum(row[2 + i] for row in found) for i in range(len(months))]
    returning = [
        0,
        *(sum(row[2 + len(months) + i] for row in found) for i in range(len(months) - 1)),
    ]
    before = [0, *active]
    return [
        (month, new.get(month, 0), returning[i], active[i] - new.get(month, 0) - returning[i],
         before[i] - returning[i])
        for i, month in enumerate(months)
    ]  # fmt: skip


def rfm(kept: KeptFiles, as_of: date, memory_mb: int) -> Rows:
    """Return (segment, customers, net value)."""
    query = f"""
        WITH customers AS (
            SELECT DATE '{as_of}' - last_order_on AS days_since_last_order, order_count,
                coalesce(gross_value, 0) - coalesce(returned_value, 0) AS net_value
            FROM states WHERE order_count > 0
        ), {SCORES}
        SELECT CASE {CASES} END AS segment, count(*), sum(net_value)::DOUBLE
        FROM placed GROUP BY segment ORDER BY segment
    """
    return _rows(kept, memory_mb, query)


def purchases(kept: KeptFiles, as_of: date, target: Path, memory_mb: int) -> None:
    """Write the distinct purchase tuples with their counts."""
    query = f"""
        SELECT order_day_count - 1 AS repeat_order_day_count,
            last_order_on - first_order_on AS age_at_last_order_days,
            DATE '{as_of}' - first_order_on AS age_days, count(*) AS customers,
            sum(repeat_value::DOUBLE / nullif(order_day_count - 1, 0)) AS mean_repeat_values
        FROM states WHERE order_count > 0 GROUP BY ALL
    """
    _write(kept, memory_mb, query, target)


def snapshot(
    kept: KeptFiles, as_of: date, target: Path, memory_mb: int, attributes: Sequence[str]
) -> None:
    """Write one row per customer: the snapshot's columns but for subscriptions."""
    day = f"DATE '{as_of}'"
    windows = ", ".join(
        f"sum(order_count) FILTER (occurred_on >= {day} - {d})::BIGINT AS orders_{d}, "
        "sum(coalesce(gross_value, 0) - coalesce(returned_value, 0)) "
        f"FILTER (occurred_on >= {day} - {d}) AS value_{d}"
        for d in WINDOWS_DAYS
    )
    query = f"""
        WITH recent AS (
            SELECT customer_id, {windows} FROM days
            WHERE occurred_on >= {day} - {max(WINDOWS_DAYS)} AND occurred_on < {day}
            GROUP BY customer_id
        ), typical AS (
            SELECT quantile_cont(median_gap_days, 0.5) AS typical_gap_days FROM states
        ), known AS (
            SELECT states.* EXCLUDE (gross_value, returned_value), gross_value AS ordered,
                returned_value AS returned, recent.* EXCLUDE (customer_id), typical_gap_days,
                distinct_product_count AS products, distinct_category_count AS categories
            FROM states LEFT JOIN recent USING (customer_id), typical
        ), {WITH_ATTRIBUTES}, {CUSTOMER_ROWS}
    """
    views = {"days": kept.days, "states": kept.states, "attributes": attributes}
    with opened(views, memory_mb) as connection:
        write_snapshot(connection, query, as_of, target)


_FIRST_MONTH = "(year(first_order_on) * 12 + month(first_order_on) - 1)"


def _bit(kept: KeptFiles, month: int) -> str:
    word, place = divmod(month - kept.origin_month, _MASK_BITS)
    return f"((periods_{word} >> {place}) & 1)"


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _rows(kept: KeptFiles, memory_mb: int, query: str) -> Rows:
    with opened({"days": kept.days, "states": kept.states}, memory_mb) as connection:
        return connection.execute(query).fetchall()


def _write(kept: KeptFiles, memory_mb: int, query: str, target: Path) -> None:
    with opened({"days": kept.days, "states": kept.states}, memory_mb) as connection:
        connection.execute(
            f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        ).fetchall()
