"""The statistics of an experiment's arms are the same on both engines, and NumPy's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from tenure.engine.duck import DuckDBEngine
from tenure.engine.relations import Relation
from tenure.engine.spark import SparkEngine
from tenure.experiments.effects import (
    ArmStatistics,
    Moments,
    OutcomeColumns,
    mean_effect,
    quantile_statistics,
    quantile_statistics_from_arrays,
    statistics,
    statistics_from_arrays,
)
from tenure.kernel import DataError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves a socket to the garbage collector each time it hands over rows.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

CUSTOMERS = 900
COLUMNS = OutcomeColumns(
    arm="group",
    outcome="spend",
    denominator="orders",
    covariate="spend_before",
    received="redeemed",
    stratum="region",
    cluster="store",
    customer="customer_id",
)


def table() -> pa.Table:
    """Customers of three arms with large amounts, unknown ones, and stores assigned whole."""
    rng = np.random.default_rng(21)
    store = rng.integers(0, 45, CUSTOMERS)
    orders = 1 + rng.poisson(2, CUSTOMERS)
    spend = 1e6 + orders * rng.lognormal(3, 1.2, CUSTOMERS)
    return pa.table(
        {
            "customer_id": [f"c{number}" for number in range(CUSTOMERS)],
            "group": np.array(["call", "coupon", "holdout"])[store % 3],
            "spend": pa.array(spend, mask=rng.random(CUSTOMERS) < 0.02),
            "orders": pa.array(orders, pa.int64()),
            "spend_before": rng.lognormal(3, 1, CUSTOMERS),
            "redeemed": rng.random(CUSTOMERS) < 0.3,
            "region": np.array(["north", "south"])[rng.integers(0, 2, CUSTOMERS)],
            "store": [f"s{number}" for number in store],
        }
    )


@pytest.fixture(scope="module")
def relations(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict]:
    duck, other = DuckDBEngine(), SparkEngine(spark, scratch=Path(tmp_path_factory.mktemp("s")))
    yield {
        "duckdb": Relation(duck.attach_arrow("outcomes", table()), duck),
        "spark": Relation(other.attach_arrow("outcomes", table()), other),
    }


def from_numpy(share: float | None) -> tuple[ArmStatistics, ...]:
    columns = {
        name: table()[column].to_numpy(zero_copy_only=False)
        for name, column in (
            ("arm", "group"),
            ("outcome", "spend"),
            ("denominator", "orders"),
            ("covariate", "spend_before"),
            ("received", "redeemed"),
            ("stratum", "region"),
            ("cluster", "store"),
        )
    }
    return statistics_from_arrays(**columns, winsorise_share=share)


def assert_same_moments(one: Moments, other: Moments) -> None:
    assert (one.count, one.quantities) == (other.count, other.quantities)
    assert one.means == pytest.approx(other.means, rel=1e-12)
    scales = np.sqrt(np.diag(np.array(other.products)))
    # Products may be near zero: what counts is their size beside the scatter of both.
    gaps = np.abs(np.array(one.products) - np.array(other.products)) / np.outer(scales, scales)
    assert gaps.max() < 1e-9


def assert_same(one: ArmStatistics, other: ArmStatistics) -> None:
    for field in fields(ArmStatistics):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, Moments):
            assert_same_moments(a, b)
        elif field.name == "strata":
            assert [name for name, _ in a] == [name for name, _ in b]
            for (_, first), (_, second) in zip(a, b, strict=True):
                assert_same_moments(first, second)
        else:
            wanted = pytest.approx(b, rel=1e-12) if isinstance(b, float) else b
            assert a == wanted, field.name


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
@pytest.mark.parametrize("share", [None, 0.98])
def test_each_arm_is_what_numpy_makes_of_it(relations, engine, share):
    found = statistics(relations[engine], COLUMNS, winsorise_share=share)
    wanted = from_numpy(share)
    assert [arm.arm for arm in found] == ["call", "coupon", "holdout"]
    assert sum(arm.customers for arm in found) == CUSTOMERS
    assert sum(arm.missing for arm in found) > 5
    for one, other in zip(found, wanted, strict=True):
        assert_same(one, other)


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_arms_can_be_named_and_nobody_is_an_arm_too(relations, engine):
    columns = OutcomeColumns(arm="group", outcome="spend")
    found = statistics(relations[engine], columns, arms=("holdout", "nobody"))
    assert [(arm.arm, arm.customers > 0) for arm in found] == [("holdout", True), ("nobody", False)]
    wanted = from_numpy(None)[2]
    assert mean_effect(found[0], found[0]).control_value == pytest.approx(
        wanted.moments.mean("outcome"), rel=1e-12
    )


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
@pytest.mark.parametrize("cluster", [None, "store"])
def test_quantiles_are_numpys(relations, engine, cluster):
    given = table()
    found = quantile_statistics(
        relations[engine], level=0.75, arm="group", outcome="spend", cluster=cluster
    )
    wanted = quantile_statistics_from_arrays(
        given["group"].to_numpy(zero_copy_only=False),
        given["spend"].to_numpy(zero_copy_only=False),
        level=0.75,
        cluster=None if cluster is None else given["store"].to_numpy(zero_copy_only=False),
    )
    assert found == wanted


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_two_rows_of_one_customer_are_an_error(relations, engine):
    columns = OutcomeColumns(arm="group", outcome="spend", customer="store")
    with pytest.raises(DataError, match="one row per customer"):
        statistics(relations[engine], columns)


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_a_cluster_in_several_arms_is_an_error(relations, engine):
    columns = OutcomeColumns(arm="group", outcome="spend", cluster="region")
    with pytest.raises(DataError, match="2 clusters with customers in several arms"):
        statistics(relations[engine], columns)
    with pytest.raises(DataError, match="2 clusters with customers in several arms"):
        quantile_statistics(
            relations[engine], level=0.5, arm="group", outcome="spend", cluster="region"
        )
