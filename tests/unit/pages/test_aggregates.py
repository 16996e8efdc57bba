from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from tenure.activity.contract import ACTIVITY
from tenure.engine.duck import DuckDBEngine
from tenure.engine.relations import Relation
from tenure.kernel import Calendar
from tenure.pages.aggregates import (
    concentration,
    overdue_bands,
    overdue_customers,
    source_value,
    unusual_silence,
)
from tenure.segments import Segments, default_segments, kinds_of, members
from tenure.snapshots import snapshot
from tests.sample_report import _order, facts

AS_OF = date(2024, 6, 1)


def days_before(customer, *ages, value="10.00", source="web"):
    """Orders so many days before the as-of date."""
    return [_order(customer, AS_OF - timedelta(days=age), value, source) for age in ages]


def shop(*orders):
    known = facts(pa.Table.from_pylist([row for rows in orders for row in rows], ACTIVITY))
    fresh = snapshot(known, as_of=AS_OF, calendar=Calendar("UTC"))
    engine: DuckDBEngine = known.engine
    made = engine.attach_arrow("snapshot_rows", fresh.collect(fresh.table))
    return known, Relation(made, engine)


@pytest.fixture(scope="module")
def three():
    # steady: gaps 10, 10, 10, silent 5. late: gaps 10, 10, 10, silent 20.
    # rare: gaps 10, 10, 40, silent 20 - as long before, so nothing unusual.
    return shop(
        days_before("steady", 35, 25, 15, 5, value="100.00"),
        days_before("late", 50, 40, 30, 20, value="50.00"),
        days_before("rare", 80, 70, 60, 20),
        days_before("once", 7),
    )


def test_bands_count_each_customer_once_and_say_how_many_are_usual(three):
    known, people = three
    rows = {r["band"]: r for r in overdue_bands(known.activity, people, AS_OF).to_pylist()}
    assert {band: row["customers"] for band, row in rows.items()} == {
        "on_time": 1,
        "overdue_recently": 2,
        "no_rhythm": 1,
    }
    # Only `rare` ever waited beyond its rhythm of 10: of its 60 days 30 on time, 5 due,
    # 15 overdue (days 16 to 30), 10 long overdue.
    assert rows["on_time"]["usual_customers"] == pytest.approx(1 + 1 + 30 / 60)
    assert rows["overdue_recently"]["usual_customers"] == pytest.approx(15 / 60)
    assert rows["overdue_recently"]["usual_net_value_365_days"] == pytest.approx(40 * 15 / 60)
    assert rows["no_rhythm"]["usual_customers"] is None


def test_only_silence_that_is_unusual_for_the_customer_is_listed(three):
    known, people = three
    listed = overdue_customers(known.activity, people, AS_OF, 10).to_pylist()
    assert [row["customer_id"] for row in listed] == ["late"]
    assert (listed[0]["overdue_days"], listed[0]["long_gaps"], listed[0]["gaps"]) == (10, 0, 3)
    counted = unusual_silence(known.activity, people, AS_OF).to_pylist()[0]
    assert counted == {"customers": 1, "net_value_365_days": Decimal("200.0000")}


def test_the_named_segment_lists_exactly_the_customers_counted_as_overdue(three):
    _, people = three
    segments = Segments(default_segments(), kinds_of(people.table))
    found = members(people, segments, "overdue")["customer_id"].to_pylist()
    assert found == ["late", "rare"]


def test_concentration_takes_whole_customers_from_the_top_by_value():
    orders = [days_before(f"c{i:02d}", 9, value=f"{(i + 1) * 10}.00") for i in range(20)]
    _, people = shop(*orders)
    rows = {row["top_share"]: row for row in concentration(people).to_pylist()}
    assert (rows[0.1]["customers"], rows[0.1]["net_value_365_days"]) == (2, Decimal(390))
    assert (rows[0.01]["customers"], rows[0.5]["customers"]) == (1, 10)
    assert rows[0.2]["total_value"] == Decimal(2100)


def test_sources_are_compared_over_the_same_days_of_each_customer():
    known, people = shop(
        days_before("a", 200, 150, 100, value="10.00", source="web"),
        days_before("b", 95, value="30.00", source="web"),
        days_before("young", 60, value="999.00", source="web"),
        days_before("c", 300, value="5.00", source="mail"),
    )
    rows = {row["source"]: row for row in source_value(known.activity, people, AS_OF).to_pylist()}
    # a: the orders 0 and 50 days after the first count, the one 100 days after does not.
    assert rows["web"]["customers"] == 2
    assert rows["web"]["mean_value"] == pytest.approx((20 + 30) / 2)
    assert rows["mail"]["error"] is None
