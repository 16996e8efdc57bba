"""Deleting the future and comparing every cell says the same on both engines."""

from __future__ import annotations

from datetime import date

import ibis
import pytest

from tenure.activity.facts import Facts
from tenure.engine.relations import Relation
from tenure.kernel import Calendar
from tenure.predictions.scorecards.proving import FutureProof, prove_no_future
from tenure.snapshots import snapshot
from tests.contract.cases import ZONE
from tests.contract.conftest import Pair

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves a socket to the garbage collector each time it hands over rows.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

AS_OF = date(2024, 8, 1)
CALENDAR = Calendar(ZONE)


def known(given: Facts) -> Relation:
    return snapshot(given, as_of=AS_OF, calendar=CALENDAR)


def all_orders(given: Facts) -> Relation:
    """Orders and values of all time, which know the future."""
    table = given.activity.table.filter(given.activity.table.occurred_on < ibis.date(2025, 1, 1))
    return Relation(
        table.group_by("customer_id").aggregate(orders=table.count(), value=table.value.sum()),
        given.engine,
    )


def told(proof: FutureProof) -> list[tuple[str, str | None, str]]:
    return [(one.code, one.column, one.evidence["en"]) for one in proof.findings]


def test_both_engines_prove_that_the_snapshot_knows_nothing_of_the_future(facts: Pair) -> None:
    proofs = [
        prove_no_future(known, one, as_of=AS_OF, calendar=CALENDAR)
        for one in (facts.duckdb, facts.spark)
    ]
    assert all(proof.holds for proof in proofs)
    assert proofs[0] == proofs[1]
    assert proofs[0].deleted["activity"] > 0


def test_both_engines_name_the_same_columns_and_customers(facts: Pair) -> None:
    proofs = [
        prove_no_future(all_orders, one, as_of=AS_OF, calendar=CALENDAR)
        for one in (facts.duckdb, facts.spark)
    ]
    assert {code for code, _, _ in told(proofs[0])} == {
        "future_chooses_customers",
        "future_changes_it",
    }
    assert told(proofs[0]) == told(proofs[1])
