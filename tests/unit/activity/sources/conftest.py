"""Readers that give back a source's rows, and check every time that nothing got lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tenure.activity.sources import RawSource, SourceOptions, open_sources
from tenure.engine.duck import connect


@dataclass
class Read:
    """A source and what its relation and its table of rejects hold."""

    raw: RawSource
    rows: list[tuple]
    rejected: list[tuple]

    @property
    def cells(self) -> list[tuple]:
        return [row[:-1] for row in self.rows]

    @property
    def lines(self) -> list[int]:
        return [row[-1] for row in self.rows]

    @property
    def codes(self) -> list[tuple[int, str]]:
        return [(row[0], row[2]) for row in self.rejected]

    @property
    def skipped(self) -> list[tuple[int, str]]:
        return [(issue.row, issue.code) for issue in self.raw.skipped]


def read_all(connection: duckdb.DuckDBPyConnection, raw: RawSource) -> Read:
    """Fetch a source; its own counts must be those of its tables."""
    rows = connection.execute(f"FROM {raw.relation} ORDER BY source_row").fetchall()
    described = connection.execute(f"DESCRIBE {raw.relation}").fetchall()
    assert [row[0] for row in described] == [*raw.columns, "source_row"]
    assert [row[1] for row in described] == ["VARCHAR"] * len(raw.columns) + ["BIGINT"]
    rejected = (
        connection.execute(f"FROM {raw.rejected} ORDER BY source_row").fetchall()
        if raw.rejected
        else []
    )
    assert raw.rows == len(rows)
    assert raw.rejected_count == len(rejected)
    assert raw.rows_read == len(rows) + len(rejected) + len(raw.skipped)
    lines = [row[-1] for row in rows] + [row[0] for row in rejected]
    assert len(lines) == len(set(lines))
    return Read(raw, rows, rejected)


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return connect()


@pytest.fixture
def read_many(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> Callable[..., list[Read]]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    def read(*paths: str | Path, **options: object) -> list[Read]:
        found = open_sources(paths, connection, scratch, SourceOptions(**options))
        return [read_all(connection, raw) for raw in found]

    return read


@pytest.fixture
def read(tmp_path: Path, read_many: Callable[..., list[Read]]) -> Callable[..., Read]:
    """Write bytes (or text as UTF-8) to a file of a name and read its only source."""

    def one(content: bytes | str, name: str = "orders.csv", **options: object) -> Read:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        (source,) = read_many(path, **options)
        return source

    return one


@pytest.fixture
def cdnow(shared_data: Path) -> list[list[str]]:
    """The first 3,000 real purchases of CDNOW: customer, date, number of CDs, dollars."""
    lines = (shared_data / "CDNOW_master.txt").read_text().splitlines()[1:3001]
    return [line.split() for line in lines]
