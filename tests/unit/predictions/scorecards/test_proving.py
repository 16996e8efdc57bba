from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from tenure.activity.facts import Facts
from tenure.engine.duck import DuckDBEngine
from tenure.engine.relations import Relation
from tenure.kernel import Calendar, DataError
from tenure.predictions.panels import panel
from tenure.predictions.scorecards.findings import Weight
from tenure.predictions.scorecards.proving import prove_no_future, without_future
from tenure.snapshots import snapshot
from tests.contract import made_facts
from tests.contract.cases import ZONE
from tests.unit.snapshots.facts_made import act, attribute, contract, facts, line

AS_OF = date(2024, 6, 1)
BEFORE, AFTER = date(2024, 5, 20), date(2024, 6, 15)


@pytest.fixture
def known() -> Facts:
    return facts(
        activity=[
            act("a", date(2024, 1, 5), "10"),
            act("a", BEFORE, "12"),
            act("a", AFTER, "99", channel="web"),
            act("b", date(2024, 3, 1), "5"),
            act("c", AFTER, "7"),
            act("d", date(2024, 2, 1), "8"),
            act("d", AS_OF, "-3", kind="refund"),
        ],
        lines=[line("a", BEFORE, "p1", "x"), line("a", AFTER, "p2", "y")],
        attributes=[
            attribute("a", "city", "Ulm", datetime(2024, 1, 1)),
            attribute("a", "city", "Bern", datetime(2024, 6, 1)),
            attribute("e", "left", "yes", datetime(2024, 7, 1)),
        ],
        subscriptions=[
            contract("a", date(2024, 1, 1), date(2024, 8, 1)),
            contract("b", date(2024, 1, 1), date(2024, 4, 1)),
            contract("f", date(2024, 7, 1)),
        ],
    )


def counts(known: Facts) -> Relation:
    """Orders per customer up to the date, cut off rightly."""
    table = known.activity.table
    past = table.filter(table.occurred_on < ibis.date(AS_OF))
    return Relation(
        past.group_by("customer_id").aggregate(orders=past.count(), value=past.value.sum()),
        known.engine,
    )


def test_the_snapshot_is_proved_to_know_nothing_of_the_future(known: Facts) -> None:
    proof = prove_no_future(lambda f: snapshot(f, as_of=AS_OF), known, as_of=AS_OF)
    assert proof.holds and proof.findings == ()
    assert proof.check.passed and proof.check.name == "future_deleted"
    assert proof.customers == 3
    assert "overdue_ratio" in proof.columns and "attr_city" in proof.columns
    # three orders, a refund and a line; two attributes; one start, one end blanked
    assert proof.deleted == {"activity": 4, "customer_attributes": 2, "subscriptions": 2}


def test_the_past_is_left_as_it_is(known: Facts) -> None:
    cut = without_future(known, as_of=AS_OF)
    days = cut.engine.collect(cut.activity.table)["occurred_on"].to_pylist()
    assert max(days) < AS_OF and len(days) == 5
    rows = cut.engine.collect(cut.subscriptions.table.order_by("customer_id")).to_pylist()
    assert [(row["customer_id"], row["ended_on"]) for row in rows] == [
        ("a", None),
        ("b", date(2024, 4, 1)),
    ]
    lines = cut.engine.collect(cut.order_lines.table)["product_id"].to_pylist()
    assert lines == ["p1"]


def test_what_was_received_later_can_be_deleted_too(known: Facts) -> None:
    # all rows were received in 2030
    cut = without_future(known, as_of=AS_OF, received_before=datetime(2029, 1, 1))
    assert cut.engine.collect(cut.activity.table).num_rows == 0
    assert cut.engine.collect(cut.subscriptions.table).num_rows == 0


def test_a_column_cut_off_late_is_named_with_its_customers(known: Facts) -> None:
    def late(given: Facts) -> Relation:
        table = given.activity.table
        past = table.filter(table.occurred_on < ibis.date(AS_OF + timedelta(days=15)))
        right = past.filter(past.occurred_on < ibis.date(AS_OF))
        orders = right.group_by("customer_id").aggregate(orders=right.count())
        value = past.group_by("customer_id").aggregate(value=past.value.sum())
        return Relation(orders.join(value, "customer_id"), given.engine)

    proof = prove_no_future(late, known, as_of=AS_OF)
    assert not proof.holds
    (finding,) = proof.findings
    assert (finding.code, finding.column) == ("future_changes_it", "value")
    assert finding.weight is Weight.PROOF
    assert "value changes for 2 of 3 customers" in finding.evidence["en"]
    assert "a: 121.0000 → 22.0000; d: 5.0000 → 8.0000" in finding.evidence["en"]
    assert "value" in finding.evidence["zh"]


def test_a_base_of_those_who_came_later_is_found(known: Facts) -> None:
    def survivors(given: Facts) -> Relation:
        table = given.activity.table
        return Relation(
            table.group_by("customer_id").aggregate(rows=1 + 0 * table.count()), given.engine
        )

    proof = prove_no_future(survivors, known, as_of=AS_OF)
    assert [one.code for one in proof.findings] == ["future_chooses_customers"]
    assert "Of 4 customers, 1 vanish or appear" in proof.findings[0].evidence["en"]


def test_a_column_that_exists_only_with_the_future_is_compared_with_nothing(known: Facts) -> None:
    def made(given: Facts) -> Relation:
        table = counts(given).table
        ends = given.engine.collect(given.subscriptions.table)["ended_on"].to_pylist()
        if date(2024, 8, 1) in ends:
            table = table.mutate(ends=ibis.literal(1), nothing=ibis.null("int64"))
        return Relation(table, given.engine)

    proof = prove_no_future(made, known, as_of=AS_OF)
    assert [(one.code, one.column) for one in proof.findings] == [("future_changes_it", "ends")]


def test_scores_made_outside_the_engine_are_compared_too(known: Facts) -> None:
    def scores(given: Facts) -> pa.Table:
        table = given.engine.collect(counts(given).table)
        total = given.engine.collect(given.activity.table).num_rows
        # scaled by a mean over all rows, which knows how many are to come
        scaled = [n / total for n in table["orders"].to_pylist()]
        return pa.table({"customer_id": table["customer_id"], "score": scaled})

    proof = prove_no_future(scores, known, as_of=AS_OF)
    assert [(one.code, one.column) for one in proof.findings] == [("future_changes_it", "score")]
    assert prove_no_future(scores, known, as_of=AS_OF, tolerance=0.9).holds
    assert not prove_no_future(scores, known, as_of=AS_OF, tolerance=0.1).holds


def test_tables_kept_under_one_name_are_not_taken_for_one_another(known: Facts) -> None:
    def kept(given: Facts) -> Relation:
        table = given.activity.table
        every = table.group_by("customer_id").aggregate(orders=table.count())
        return Relation(given.engine.keep("same_name", every), given.engine)

    proof = prove_no_future(kept, known, as_of=AS_OF)
    assert {one.code for one in proof.findings} == {"future_changes_it", "future_chooses_customers"}


def test_where_nothing_follows_nothing_is_proved(known: Facts) -> None:
    proof = prove_no_future(counts, known, as_of=date(2025, 1, 1))
    assert [one.code for one in proof.findings] == ["nothing_deleted"]
    assert not proof.holds
    assert proof.check.passed


def test_values_that_are_not_numbers_are_equal_to_themselves(known: Facts) -> None:
    def odd(given: Facts) -> pa.Table:
        table = given.engine.collect(counts(given).table)
        count = table.num_rows
        return pa.table(
            {
                "customer_id": table["customer_id"],
                "nan": pa.array([float("nan")] * count),
                "null": pa.nulls(count, pa.float64()),
                "exact": pa.array([Decimal("1.10")] * count),
            }
        )

    assert prove_no_future(odd, known, as_of=AS_OF).holds
    assert prove_no_future(odd, known, as_of=AS_OF, tolerance=0.01).holds


def test_a_table_without_one_row_per_customer_is_refused(known: Facts) -> None:
    with pytest.raises(DataError, match="9 rows of 4 customers"):
        prove_no_future(lambda f: f.activity, known, as_of=AS_OF)
    with pytest.raises(DataError, match="customer_id"):
        prove_no_future(
            lambda f: Relation(f.activity.table.select("value"), f.engine), known, as_of=AS_OF
        )


def test_a_panel_of_everything_that_makes_engines_differ_knows_no_future(tmp_path: Path) -> None:
    written = made_facts.written(tmp_path / "facts", made_facts.tables(ZONE))
    known = made_facts.opened(DuckDBEngine(), written)
    calendar = Calendar(ZONE)
    as_of = date(2024, 8, 1)
    proof = prove_no_future(
        lambda f: panel(f, as_of=as_of, horizon_days=30, calendar=calendar).features,
        known,
        as_of=as_of,
        calendar=calendar,
    )
    assert proof.holds
    assert proof.deleted["activity"] > 0
    assert any(column.startswith("change_90_days_") for column in proof.columns)
