"""Metrics over kept tables, whole and in parts, are the metrics over the rows."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from tenure.activity.contract import ACTIVITY
from tenure.engine.duck import DuckDBEngine
from tenure.engine.relations import Relation
from tenure.kernel import Calendar
from tenure.metrics import METRICS
from tenure.metrics.customer_days import days_of_activity
from tenure.metrics.customer_states import customer_states
from tenure.metrics.kept import KeptActivity
from tenure.metrics.purchases import purchase_statistics

FIRST, LAST = date(2022, 1, 1), date(2023, 12, 31)
AS_OF = date(2024, 1, 1)


def _rows(seed: int) -> pa.Table:
    chance = random.Random(seed)
    rows = []
    for number in range(400):
        customer = f"c{chance.randrange(30):02d}"
        on = FIRST + timedelta(chance.randrange(730))
        kind = chance.choice(["order"] * 8 + ["refund", "visit"])
        rows.append(
            dict.fromkeys(ACTIVITY.names)
            | {
                "activity_id": str(number),
                "customer_id": customer,
                "occurred_on": on,
                "kind": kind,
                "order_id": f"{customer}-{chance.randrange(12)}" if kind != "visit" else None,
                "value": {"visit": None, "refund": Decimal(-3)}.get(kind, Decimal(number % 50)),
                "currency": "EUR",
                "channel": chance.choice(["web", "shop", None]),
                "source": chance.choice(["mail", "search", None]),
                "product_id": chance.choice(["tea", "cup", "rice", None]),
            }
        )
    rows[0]["occurred_on"], rows[1]["occurred_on"] = FIRST, LAST
    return pa.Table.from_pylist(rows, schema=ACTIVITY)


def _kept(rows: pa.Table) -> tuple[Relation, KeptActivity]:
    engine = DuckDBEngine()
    plain = Relation(engine.attach_arrow("activity", rows), engine)
    days = engine.keep("customer_days", days_of_activity(plain, Calendar()))
    states = engine.keep("customer_states", customer_states(days, 2022 * 12))
    kept = KeptActivity(
        plain.table,
        engine,
        days=days,
        states=states,
        first_on=FIRST,
        last_on=LAST,
        currency="EUR",
        mixed_currencies=False,
        origin_month=2022 * 12,
    )
    return plain, kept


def _same(one: list[dict], other: list[dict]) -> None:
    assert len(one) == len(other)
    for row, twin in zip(one, other, strict=True):
        assert {k: v for k, v in row.items() if not isinstance(v, float)} == {
            k: v for k, v in twin.items() if not isinstance(v, float)
        }
        floats = {k: v for k, v in row.items() if isinstance(v, float)}
        assert floats == pytest.approx({k: twin[k] for k in floats}, rel=1e-12)


@pytest.mark.parametrize("as_of", [AS_OF, date(2023, 3, 15)])
@pytest.mark.parametrize("name", list(METRICS))
def test_a_metric_is_the_same(name: str, as_of: date) -> None:
    plain, kept = _kept(_rows(7))
    wanted = METRICS[name].function(plain, as_of=as_of).rows()
    _same(METRICS[name].function(kept, as_of=as_of).rows(), wanted)
    parts = replace(kept, bounds=("c07", "c19", "c20"))
    _same(METRICS[name].function(parts, as_of=as_of).rows(), wanted)


def test_purchase_statistics_are_the_same() -> None:
    plain, kept = _kept(_rows(8))

    def found(data: Relation) -> list[dict]:
        made = purchase_statistics(data, as_of=AS_OF)
        return made.collect(made.table.order_by("customer_id")).to_pylist()

    _same(found(kept), found(plain))


def test_the_customers_behind_a_cell_are_the_same() -> None:
    plain, kept = _kept(_rows(9))
    cell = {"period": "2023-03", "measure": "returning"}
    wanted = METRICS["lifecycle"].function(plain, as_of=AS_OF)
    found = METRICS["lifecycle"].function(kept, as_of=AS_OF)
    assert found.members(cell).equals(wanted.members(cell))
    row = next(row for row in found.rows() if row["period"] == "2023-03")
    assert found.members(cell).num_rows == row["returning"] > 0
