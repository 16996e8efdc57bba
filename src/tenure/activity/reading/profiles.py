"""What a sample of a column's texts looks like: numbers, instants, repetition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import duckdb

from tenure.activity.reading import instants, instants_sql, numbers, texts
from tenure.activity.reading.queries import figures
from tenure.engine.duck import literal, quote

SAMPLE_ROWS = 5_000
_TRIED_TEXTS = 300
"""Different texts of a column that are tried as instants."""


@dataclass(frozen=True)
class ColumnProfile:
    """A column's sample.

    Parameters
    ----------
    column : header.
    rows : rows in the sample.
    counts : plain text -> how often; missing ones are left out.
    instant_share : share of filled rows that can be an instant, bare numbers included, 0..1.
    """

    column: str
    rows: int
    counts: Counter[str]
    instant_share: float

    @cached_property
    def filled(self) -> int:
        """Rows that are not missing."""
        return sum(self.counts.values())

    @cached_property
    def distinct_share(self) -> float:
        """Distinct texts per filled row, 0..1."""
        return len(self.counts) / self.filled if self.filled else 0.0

    @cached_property
    def number_share(self) -> float:
        """Share of filled rows that read as numbers, 0..1."""
        return self._share(numbers.looks_like_number)

    @cached_property
    def integer_share(self) -> float:
        """Share of filled rows that are digits only, 0..1."""
        return self._share(str.isdecimal)

    @cached_property
    def formats(self) -> Counter[str]:
        """Formats of instants, each with its rows."""
        return instants.formats_in(self.counts.items())

    @cached_property
    def written_instant_share(self) -> float:
        """Share of filled rows that are dates or times written out, not bare numbers."""
        bare = sum(n for text, n in self.counts.items() if text.replace(".", "", 1).isdigit())
        return max(0.0, self.instant_share - bare / self.filled) if self.filled else 0.0

    @cached_property
    def is_numeric(self) -> bool:
        """Whether nearly all filled rows read as numbers."""
        return self.filled > 0 and self.number_share >= 0.9

    def looks_like(self) -> str:
        """Describe the column in a few words."""
        if not self.filled:
            return "empty"
        example = f"e.g. {next(iter(self.counts))!r}"
        if self.instant_share > 0.9 and (self.written_instant_share > 0.5):
            return f"dates, {example}"
        if self.is_numeric:
            kind = "whole numbers" if self.integer_share > 0.9 else "numbers"
            return f"{kind}, {len(self.counts):,} different in {self.filled:,} rows, {example}"
        return f"text, {len(self.counts):,} different in {self.filled:,} rows, {example}"

    def _share(self, test: Callable[[str], bool]) -> float:
        if not self.filled:
            return 0.0
        return sum(n for text, n in self.counts.items() if test(text)) / self.filled


def profile_columns(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]
) -> dict[str, ColumnProfile]:
    """Return the profile of each column over the relation's first `SAMPLE_ROWS` rows."""
    if not columns:
        return {}
    listed = ", ".join(
        f"{texts.present_text(quote(column))} AS c{i}" for i, column in enumerate(columns)
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE tenure_sample AS SELECT {listed} "
        f"FROM (SELECT * FROM {quote(relation)} LIMIT {SAMPLE_ROWS})"
    )
    (rows,) = figures(connection, "SELECT count(*) FROM tenure_sample")
    counts = {column: _counts(connection, f"c{i}") for i, column in enumerate(columns)}
    readable = _instants_among(connection, counts.values())
    return {
        column: ColumnProfile(column, rows, found, _instant_share(found, readable))
        for column, found in counts.items()
    }


def _counts(connection: duckdb.DuckDBPyConnection, name: str) -> Counter[str]:
    found = connection.execute(
        f"SELECT {name} AS v, count(*) AS n FROM tenure_sample WHERE {name} IS NOT NULL "
        "GROUP BY 1 ORDER BY n DESC, v"
    ).fetchall()
    return Counter({value: int(n) for value, n in found})


def _tried(counts: Counter[str]) -> list[str]:
    """Return texts spread over a column's sorted ones; those of under four bytes are no dates."""
    texts_in_order = sorted(text for text in counts if len(text) >= 4)
    step = max(1, len(texts_in_order) // _TRIED_TEXTS)
    return texts_in_order[::step]


def _instants_among(
    connection: duckdb.DuckDBPyConnection, columns: Iterable[Counter[str]]
) -> frozenset[str]:
    """Return the tried texts that the general reading of instants understands."""
    tried = {text for counts in columns for text in _tried(counts)}
    # An order for every date is tried, since only the parts' evidence tells which is right.
    readings = " OR ".join(
        f"({instants_sql.general_instant('t', order)}) > TIMESTAMP '1900-01-01'"
        for order in instants.ORDERS
    )
    found = connection.execute(
        f"SELECT v FROM (SELECT v, {instants_sql.without_zone('p')} AS t FROM "
        f"(SELECT v, {instants_sql.plain_instant('v', 'NULL')} AS p "
        f"FROM (SELECT unnest(?::VARCHAR[]) AS v))) WHERE {readings}",
        [sorted(tried)],
    ).fetchall()
    return frozenset(value for (value,) in found)


def _instant_share(counts: Counter[str], readable: frozenset[str]) -> float:
    tried = _tried(counts)
    rows = sum(counts[text] for text in tried)
    short = sum(n for text, n in counts.items() if len(text) < 4)
    read = sum(counts[text] for text in tried if text in readable)
    return read / (rows + short) if rows else 0.0


def count_matching(
    connection: duckdb.DuckDBPyConnection, relation: str, column: str, patterns: Sequence[str]
) -> tuple[int, ...]:
    """Count, over the whole column, the texts that match each regular expression."""
    counts = ", ".join(
        f"count(*) FILTER (regexp_matches({quote(column)}, {literal(pattern)}))"
        for pattern in patterns
    )
    return figures(connection, f"SELECT {counts} FROM {quote(relation)}")
