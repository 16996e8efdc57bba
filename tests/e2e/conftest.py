"""Real rows and a desk to import them at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.e2e.desk import Desk, Purchase


@pytest.fixture(scope="session")
def purchases(shared_data: Path) -> list[Purchase]:
    """The first 44 real purchases of CDNOW: 11 customers, two of them twice on one day."""
    lines = (shared_data / "CDNOW_master.txt").read_text().splitlines()[1:45]
    return [
        Purchase(c, datetime.strptime(d, "%Y%m%d").date(), int(n), Decimal(v))
        for c, d, n, v in (line.split() for line in lines)
    ]


@pytest.fixture(scope="session")
def baskets(complete_journey: Path) -> list[dict[str, object]]:
    """The first 60 real basket lines of the Complete Journey, columns as shipped."""
    with duckdb.connect() as connection:
        table = connection.sql(
            f"FROM read_parquet('{complete_journey / 'transactions.parquet'}') LIMIT 60"
        ).to_arrow_table()
    rows: list[dict[str, object]] = table.to_pylist()
    return rows


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk")


@pytest.fixture
def new_desk(tmp_path: Path) -> Callable[..., Desk]:
    made: list[Desk] = []

    def make(**settings: object) -> Desk:
        made.append(Desk(tmp_path / f"desk{len(made)}", **settings))
        return made[-1]

    return make


@pytest.fixture(scope="session")
def span(purchases: list[Purchase]) -> tuple[date, date]:
    return min(p.day for p in purchases), max(p.day for p in purchases)
