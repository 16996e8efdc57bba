"""Exact numbers of distinct texts, in memory that does not grow with the table."""

from __future__ import annotations

import duckdb

from tenure.engine.duck import first_row, quote

PART_ROWS = 10_000_000
"""Distinct texts that are held at a time; more would not fit in the least memory allowed."""


def count_distinct(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    column: str,
    *,
    rows: int,
    condition: str = "true",
) -> int:
    """Count the distinct texts of a column, exactly.

    Parameters
    ----------
    connection : does the work.
    source : SQL of the rows: a table's name or a reader.
    column : the column.
    rows : about how many rows there are; large tables are read several times, each time for
        the texts of one part of all hashes.
    condition : SQL that holds for the rows that count.
    """
    name, texts = quote(column), rows
    if rows > PART_ROWS:
        # Off by a few percent, which only makes the parts a little larger or smaller.
        (texts,) = first_row(
            connection, f"SELECT approx_count_distinct({name}) FROM {source} WHERE {condition}"
        )
    parts = int(texts) // PART_ROWS + 1
    total = 0
    for part in range(parts):
        held = condition if parts == 1 else f"({condition}) AND hash({name}) % {parts} = {part}"
        found = first_row(connection, f"SELECT count(DISTINCT {name}) FROM {source} WHERE {held}")
        total += int(found[0])
    return total
