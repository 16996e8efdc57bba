from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.activity.contract import ACTIVITY
from tenure.engine.relations import relation
from tenure.metrics.rfm import RFM_CELLS, RfmSegment, rfm
from tenure.metrics.stages import Stage
from tenure.segments import Segments, counts, default_segments, kinds_of, members
from tenure.snapshots import snapshot
from tests.unit.snapshots.facts_made import Row, act, facts

FIRST = date(2024, 1, 1)
AS_OF = date(2024, 4, 1)

rows = st.builds(
    act,
    customer=st.sampled_from("abcdefgh"),
    day=st.integers(0, 120).map(lambda days: FIRST + timedelta(days=days)),
    value=st.one_of(st.none(), st.integers(0, 5000).map(lambda cents: Decimal(cents) / 100)),
    kind=st.sampled_from(("order", "order", "order", "visit")),
    order=st.one_of(st.none(), st.sampled_from(("o1", "o2", "o3"))),
    channel=st.sampled_from((None, "shop", "web")),
    source=st.sampled_from((None, "ads", "flyer")),
    received=st.integers(0, 200).map(lambda days: datetime(2024, 1, 1) + timedelta(days=days)),
)
activity = st.lists(rows, min_size=1, max_size=40)


class Snapshots:
    """The snapshot of any activity at `AS_OF`: its SQL is compiled once and run on each."""

    def __init__(self, received_before: datetime | None = None) -> None:
        known = facts([act("a", FIRST)])
        self.engine = known.engine
        made = snapshot(known, as_of=AS_OF, received_before=received_before)
        self.sql = self.engine.sql(made.table)

    def __call__(self, given_rows: list[Row]) -> dict[str, Row]:
        table = self.table(given_rows)
        found = {row["customer_id"]: row for row in table.to_pylist()}
        assert len(found) == table.num_rows
        return found

    def table(self, given_rows: list[Row]) -> pa.Table:
        self.engine.attach_arrow("activity", pa.Table.from_pylist(given_rows, schema=ACTIVITY))
        return self.engine.connection.sql(self.sql).to_arrow_table()


CUT = datetime(2024, 4, 1)


@pytest.fixture(scope="module")
def at() -> Snapshots:
    return Snapshots()


@pytest.fixture(scope="module")
def known_by_cut() -> Snapshots:
    return Snapshots(received_before=CUT)


@given(given_rows=activity, random=st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_the_order_of_rows_changes_no_snapshot(
    at: Snapshots, given_rows: list[Row], random: Random
) -> None:
    shuffled = random.sample(given_rows, len(given_rows))
    assert at(given_rows) == at(shuffled)


@given(given_rows=activity, random=st.randoms(use_true_random=False))
@settings(max_examples=4, deadline=None)
def test_the_order_of_rows_changes_no_rfm(given_rows: list[Row], random: Random) -> None:
    shuffled = random.sample(given_rows, len(given_rows))
    one, two = facts(given_rows).activity, facts(shuffled).activity
    assert rfm(one, as_of=AS_OF).rows() == rfm(two, as_of=AS_OF).rows()


@given(known=activity, later=activity)
@settings(max_examples=20, deadline=None)
def test_a_row_received_later_changes_no_earlier_snapshot(
    known_by_cut: Snapshots, known: list[Row], later: list[Row]
) -> None:
    early = [{**row, "received_at": min(row["received_at"], CUT - timedelta(1))} for row in known]
    late = [{**row, "received_at": CUT} for row in later]
    assert known_by_cut(early) == known_by_cut([*early, *late])


@given(given_rows=activity)
@settings(max_examples=20, deadline=None)
def test_every_customer_has_one_row_one_stage_and_one_rfm_segment(
    at: Snapshots, given_rows: list[Row]
) -> None:
    found = at(given_rows)
    past = [row for row in given_rows if row["occurred_on"] < AS_OF]
    assert set(found) == {row["customer_id"] for row in past}
    buyers = {row["customer_id"] for row in past if row["kind"] == "order"}
    for customer, row in found.items():
        assert row["lifecycle_stage"] in set(Stage)
        assert (row["lifecycle_stage"] == "prospect") == (customer not in buyers)
        assert (row["rfm_segment"] in set(RfmSegment)) == (customer in buyers)


@given(given_rows=activity)
@settings(max_examples=3, deadline=None)
def test_a_segments_count_is_the_number_of_its_members(
    at: Snapshots, given_rows: list[Row]
) -> None:
    made = relation(at.table(given_rows))
    every = Segments(default_segments(), kinds_of(made.table))
    for count in counts(made, every):
        assert count.members == members(made, every, count.name).num_rows
        assert count.members + count.unknown <= count.customers


@given(given_rows=activity)
@settings(max_examples=20, deadline=None)
def test_equal_values_get_equal_scores_and_more_never_scores_less(
    at: Snapshots, given_rows: list[Row]
) -> None:
    found = at(given_rows).values()
    buyers = [row for row in found if row["order_count"]]
    for value, score, sign in (
        ("days_since_last_order", "recency_score", -1),
        ("order_count", "frequency_score", 1),
        ("net_value", "monetary_score", 1),
    ):
        pairs = sorted((sign * r[value], r[score]) for r in buyers if r[value] is not None)
        scores = [score for _, score in pairs]
        assert scores == sorted(scores)
        assert len(set(pairs)) == len({value for value, _ in pairs})


def test_the_map_of_rfm_cells_is_total_and_uses_every_name() -> None:
    assert set(RFM_CELLS) == {(r, fm) for r in range(1, 6) for fm in range(1, 6)}
    assert set(RFM_CELLS.values()) == set(RfmSegment)
