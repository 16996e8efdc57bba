"""Counts by masks are the counts of the plain definition, whatever the data and the period."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.kernel import Calendar, PeriodUnit
from tenure.metrics.cohorts import cohorts
from tenure.metrics.masks import MASK_BITS, MASK_WORDS
from tenure.metrics.membership import Membership
from tenure.metrics.movements import active_by_orders, movements
from tenure.metrics.orders import base
from tenure.metrics.period_masks import movement_cells, period_masks

CALENDAR = Calendar("Asia/Shanghai", week_start=6, month_start_day=5, fiscal_year_start_month=4)
FIRST = date(2020, 1, 3)

ORDERS = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.integers(0, 1500).map(lambda days: FIRST + timedelta(days)),
        st.sampled_from(["order", "order", "order", "refund", "visit"]),
    ),
    min_size=1,
    max_size=40,
)


def _table(rows: list[tuple[str, date, str]]) -> pa.Table:
    customers, days, kinds = zip(*rows, strict=True)
    return pa.table({"customer_id": customers, "occurred_on": days, "kind": kinds})


@pytest.mark.parametrize("unit", ["week", "month", "quarter", "year"])
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ORDERS)
def test_movements_are_counted_alike(unit: str, rows: list[tuple[str, date, str]]) -> None:
    known = base(_table(rows), calendar=CALENDAR)
    size = PeriodUnit(unit)
    assert period_masks(known, size) is not None
    plain = Membership(
        known.relation, ("period",), movements(active_by_orders(known, size))
    ).cells()
    counted = movement_cells(known, size)
    zero = {"at_end": 0, "new": 0, "retained": 0, "returned": 0, "at_start": 0, "lost": 0}
    filled = {
        key: zero | {k: v for k, v in cell.items() if v is not None} for key, cell in plain.items()
    }
    assert {k: c for k, c in counted.items() if c != zero} == filled


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ORDERS)
def test_cohorts_are_counted_alike(rows: list[tuple[str, date, str]]) -> None:
    table = _table(rows)
    # an attribute that is null for everyone makes the same cohorts by the plain definition
    table = table.append_column("nothing", pa.nulls(table.num_rows, pa.string()))
    masked = cohorts(table, calendar=CALENDAR)
    plain = cohorts(table, by="nothing", calendar=CALENDAR)
    found = {(row["cohort"], row["period_number"]): row for row in plain.rows()}
    for row in masked.rows():
        other = found.get((row["cohort"], row["period_number"]))
        if other is not None:
            assert row == other
        else:
            assert not row["cohort_size"]


def test_a_span_beyond_the_mask_is_counted_plainly() -> None:
    days = MASK_BITS * MASK_WORDS
    rows = [("a", FIRST, "order"), ("a", FIRST + timedelta(days), "order")]
    known = base(_table(rows), calendar=CALENDAR)
    assert period_masks(known, PeriodUnit.DAY) is None
    assert movement_cells(known, PeriodUnit.DAY)[CALENDAR.index(FIRST, PeriodUnit.DAY),]["new"] == 1
