"""The same made facts on both engines, and one Spark session for the whole run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tenure.activity.facts import Facts
from tenure.engine.duck import DuckDBEngine
from tenure.engine.spark import SparkEngine
from tenure.engine.spark_sessions import check_java, spark_session
from tenure.kernel import EngineError
from tests.contract import made_facts
from tests.contract.cases import ZONE
from tests.contract.customer_cases import Customers, customers

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SPARK_OPTIONS = {
    # Small data: few tasks, plans interpreted rather than compiled, and quickly compiled Java.
    # The workspace at the end of the suite runs with compiled plans, as people's do.
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@dataclass(frozen=True)
class Pair:
    """The same facts on both engines."""

    duckdb: Facts
    spark: Facts


@dataclass(frozen=True)
class CustomersPair:
    """The same customers on both engines."""

    duckdb: Customers
    spark: Customers


def java_or_skip() -> None:
    """Skip loudly without Java; in CI that is a failure."""
    try:
        check_java()
    except EngineError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"ABSENT: Java for Spark ({error}); the two engines are NOT compared")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    java_or_skip()
    session = spark_session("local[2]", memory_limit_mb=1000, conf=SPARK_OPTIONS)
    yield session
    session.stop()


@pytest.fixture(scope="session")
def open_both(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[made_facts.Tables], Pair]:
    """Write tables as files and open them on both engines."""

    def both(made: made_facts.Tables) -> Pair:
        # A name with every sign that Spark could take for a pattern or a partition.
        folder = tmp_path_factory.mktemp("facts") / "odd {name} [1], y=2 *?"
        files: Mapping[str, list[str]] = made_facts.written(folder, made)
        return Pair(
            made_facts.opened(DuckDBEngine(), files),
            made_facts.opened(SparkEngine(spark, scratch=_scratch(tmp_path_factory)), files),
        )

    return both


def _scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="session")
def facts(open_both: Callable[[made_facts.Tables], Pair]) -> Pair:
    """The whole set of made facts."""
    return open_both(made_facts.tables(ZONE))


@pytest.fixture(scope="session")
def both_customers(facts: Pair) -> CustomersPair:
    return CustomersPair(customers(facts.duckdb), customers(facts.spark))
