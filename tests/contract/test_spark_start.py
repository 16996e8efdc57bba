"""How a Spark session starts, what it says when it cannot, and the same over Spark Connect."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tenure.engine.spark_sessions import check_java, spark_session
from tenure.kernel import EngineError
from tenure.settings import checked_settings
from tests.contract.conftest import java_or_skip

CONNECTED = """
import pyarrow as pa, ibis, sys
from pathlib import Path
from pyspark.sql import SparkSession
from tenure.engine.relations import Relation
from tenure.engine.spark import SparkEngine
from tenure.metrics import totals

session = SparkSession.builder.remote("local[1]").getOrCreate()
assert "connect" in type(session).__module__
engine = SparkEngine(session, scratch=Path(sys.argv[1]))
orders = pa.table({"customer_id": ["a", "a", "b"], "occurred_on": ["2024-01-01"] * 3,
                   "order_id": ["1", "2", "3"], "value": [1.5, 2.0, 0.25]})
kept = engine.keep("orders", engine.attach_object(orders))
row = totals(Relation(kept, engine)).rows()[0]
print("FIGURES", row["customers"], row["orders"], row["net_value"])
"""


def fake_java(folder: Path, says: str) -> None:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_without_java_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match=r"without Java.*install Java 17") as raised:
        spark_session()
    assert raised.value.code == "no_engine"


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.21", "25"])
def test_a_java_too_old_or_too_new_is_named(
    version: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    fake_java(tmp_path, f'openjdk version "{version}"')
    with pytest.raises(EngineError, match=f'"{re.escape(version)}".*Java 17 to 23'):
        check_java()


@pytest.mark.parametrize("says", ['openjdk version "17.0.15" 2025', 'openjdk version "21" 2023'])
def test_a_java_new_enough_passes(says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    fake_java(tmp_path, says)
    check_java()


def test_without_pyspark_it_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(EngineError, match=r"tenure\[spark\]"):
        spark_session()


def test_options_of_spark_are_read_from_the_settings():
    text = "spark.executor.memory=8g; spark.sql.shuffle.partitions = 400;"
    settings = checked_settings({"engine": "spark", "spark_conf": text}, where="here")
    assert settings.spark_options() == {
        "spark.executor.memory": "8g",
        "spark.sql.shuffle.partitions": "400",
    }


@pytest.mark.spark
@pytest.mark.slow
def test_spark_connect_gives_figures_too(tmp_path: Path):
    # In a process of its own: one cannot hold a session of either kind.
    java_or_skip()
    done = subprocess.run(
        [sys.executable, "-c", CONNECTED, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert "FIGURES 2 3 3.7500" in done.stdout, done.stderr
