"""A small source inside a connection, staged as an import stages it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tenure.activity.contract import FACT_TABLES
from tenure.activity.reading import ReadingOptions, cleaning_sql, propose
from tenure.activity.sources import RawSource
from tenure.activity.staging import Identity, Landing, Stage, identify, stage_source
from tenure.engine.duck import DuckDBEngine, connect
from tenure.kernel import silent

NOW = datetime(2026, 11, 21, 12)


@dataclass
class Staged:
    """A staged source, with what its identities say against rows already known."""

    connection: duckdb.DuckDBPyConnection
    stage: Stage
    identity: Identity

    def rows(self, columns: str, view: str = "fresh") -> list[tuple]:
        sql = f"SELECT {columns} FROM {view} ORDER BY source_row"
        return self.connection.execute(sql).fetchall()

    def keys(self, view: str = "fresh") -> list[str]:
        key = {"activity": "activity_id", "subscriptions": "subscription_id"}[self.stage.table]
        return [row[0] for row in self.rows(key, view)]


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., Staged]:
    """Stage a table of texts: a header and rows, cells separated by `|`."""
    count = iter(range(1000))

    def staging(
        header: str,
        *lines: str,
        drop_repeats: bool = False,
        known: tuple[Path, ...] = (),
        order_rule: str = "day",
    ) -> Staged:
        connection = connect()
        columns = header.split("|")
        cells = [line.split("|") for line in lines]
        data = {
            name: pa.array([row[i] or None for row in cells], pa.string())
            for i, name in enumerate(columns)
        }
        data["source_row"] = pa.array(range(2, len(cells) + 2), pa.int64())
        connection.register("given", pa.table(data))
        source = RawSource(
            "made.csv", "made.csv", "given", tuple(columns), len(cells), "utf-8", "|", None, 1,
            None, "0" * 64,
        )  # fmt: skip
        reading = propose(
            connection, "given", columns, source_name="made.csv", options=ReadingOptions()
        )
        assert not reading.questions

        def clean(relation: str) -> str:
            return cleaning_sql(
                reading.mapping, relation=relation, columns=columns, timezone="UTC", now=NOW
            )

        landing = Landing(f"i{next(count)}", NOW, NOW, order_rule)
        made = stage_source(connection, clean, source, reading.mapping, landing, tmp_path, silent)
        files = [str(path) for path in known]
        DuckDBEngine(connection).attach_files("known_rows", files, FACT_TABLES[made.table])
        identity = identify(
            connection, made, source, drop_repeats=drop_repeats, known_table="known_rows"
        )
        return Staged(connection, made, identity)

    return staging
