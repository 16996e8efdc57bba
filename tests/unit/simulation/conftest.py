"""Made businesses as tables of one DuckDB, made once for all tests that only read them."""

from __future__ import annotations

from collections import defaultdict

import duckdb
import pyarrow as pa
import pytest

from tenure.engine.duck import connect
from tenure.simulation import World, planned_world
from tenure.simulation.streaming import blocks

CUSTOMERS = 20_000


def tables(world: World) -> dict[str, pa.Table]:
    """Return every fact and truth table of a world; the truth's are named `true_...`."""
    parts = defaultdict(list)
    for block in blocks(world):
        for name, rows in block.facts.items():
            parts[name].append(rows)
        for name, rows in block.truth.items():
            parts[f"true_{name}"].append(rows)
    return {name: pa.concat_tables(rows).unify_dictionaries() for name, rows in parts.items()}


def opened(world: World) -> duckdb.DuckDBPyConnection:
    connection = connect()
    for name, table in tables(world).items():
        connection.register(name, table)
    return connection


@pytest.fixture(scope="session")
def shop_world() -> World:
    return planned_world("shop", customers=CUSTOMERS, seed=3)


@pytest.fixture(scope="session")
def shop(shop_world: World) -> duckdb.DuckDBPyConnection:
    return opened(shop_world)


@pytest.fixture(scope="session")
def subscription_world() -> World:
    return planned_world("subscription", customers=CUSTOMERS // 2, seed=4)


@pytest.fixture(scope="session")
def subscription(subscription_world: World) -> duckdb.DuckDBPyConnection:
    return opened(subscription_world)
