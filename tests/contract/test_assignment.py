"""Python, DuckDB and Spark put every customer into the same arm, slot and holdout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tenure.engine.duck import DuckDBEngine
from tenure.engine.relations import Engine
from tenure.engine.spark import SparkEngine
from tenure.experiments import (
    Arm,
    Design,
    Holdout,
    Layer,
    arm_expression,
    arm_names,
    assign,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves a socket to the garbage collector each time it hands over rows.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

IDS = [f"c{number}" for number in range(2_000)] + [
    "1", "01", " 1", "王小明", "a|b", "e\u0301mile", "'; --", "%", "\\", '"', "😀", "A", "a",
]  # fmt: skip
ARMS = (Arm("control", 2), Arm("sms", 3), Arm("call", 5))
DESIGNS = (
    Design("welcome", ARMS, "m"),
    Design("odd", ARMS, "m", salt="It's \\ 王 %"),
    Design("layered", ARMS, "m", layer=Layer("contact", 300, 350)),
    Design("last_slots", ARMS, "m", layer=Layer("contact", 300, 700)),
)
HOLDOUT = Holdout("universal", "", 0.05, "2026-01")


def told_by(engine: Engine) -> list[dict[str, object]]:
    """Return what an engine says of every id, by id."""
    units = engine.attach_arrow("units", pa.table({"unit": pa.array([*IDS, None])}))
    columns = {design.name: arm_expression(units.unit, design) for design in DESIGNS}
    found = engine.collect(units.mutate(**columns, held=HOLDOUT.expression(units.unit)))
    return sorted(found.to_pylist(), key=lambda row: str(row["unit"]))


def test_every_engine_and_python_say_the_same(spark: SparkSession, tmp_path: Path) -> None:
    held = HOLDOUT.holds(IDS).tolist()
    named = {design.name: arm_names(assign(IDS, design), design) for design in DESIGNS}
    wanted: list[dict[str, object]] = [
        {"unit": unit, **{name: arms[place] for name, arms in named.items()}, "held": held[place]}
        for place, unit in enumerate(IDS)
    ]
    wanted.append({"unit": None, **dict.fromkeys(named), "held": None})
    wanted.sort(key=lambda row: str(row["unit"]))
    assert told_by(DuckDBEngine()) == wanted
    assert told_by(SparkEngine(spark, scratch=tmp_path)) == wanted
