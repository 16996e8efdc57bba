from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest

from tenure.metrics.rhythm import rhythm

START = date(2024, 1, 1)


def orders(**days: list[int]) -> pa.Table:
    """Each customer's order days, counted from the start."""
    pairs = [(name, START + timedelta(day)) for name, list_ in days.items() for day in list_]
    return pa.table(
        {"customer_id": [name for name, _ in pairs], "occurred_on": [day for _, day in pairs]}
    )


def found(table: pa.Table, day: int) -> dict[str, dict[str, object]]:
    made = rhythm(table, as_of=START + timedelta(day))
    return {row["customer_id"]: row for row in made.collect(made.table).to_pylist()}


def test_three_gaps_make_a_rhythm_of_ones_own() -> None:
    row = found(orders(ann=[0, 10, 30, 40]), 60)["ann"]
    assert (row["median_gap_days"], row["mean_gap_days"]) == (10, pytest.approx(40 / 3))
    assert (row["rhythm_days"], row["rhythm_source"]) == (10, "own")
    assert row["days_since_last_order"] == 20
    assert row["overdue_ratio"] == 2
    assert row["expected_next_order_on"] == START + timedelta(50)


def test_fewer_gaps_borrow_the_typical_customers_rhythm() -> None:
    # Medians of 10 (ann), 20 (bob) and 50 (cid): one vote each, however often each ordered.
    table = orders(ann=[0, 10, 20, 30, 40, 50], bob=[0, 20, 40, 60], cid=[0, 50], dan=[0])
    rows = found(table, 100)
    assert [rows[name]["rhythm_source"] for name in ("ann", "bob", "cid", "dan")] == [
        *("own", "own", "population", "population")
    ]
    assert rows["cid"]["rhythm_days"] == rows["dan"]["rhythm_days"] == 20
    assert rows["cid"]["median_gap_days"] == 50
    assert rows["dan"]["median_gap_days"] is None
    assert rows["dan"]["overdue_ratio"] == 5


def test_several_orders_of_one_day_are_one_order_day() -> None:
    row = found(orders(ann=[0, 0, 10, 10, 10, 20, 30]), 40)["ann"]
    assert (row["order_day_count"], row["median_gap_days"]) == (4, 10)


def test_without_any_second_order_there_is_no_rhythm() -> None:
    row = found(orders(ann=[0], bob=[5]), 40)["ann"]
    assert row["rhythm_days"] is None
    assert row["rhythm_source"] is None
    assert row["overdue_ratio"] is None
    assert row["expected_next_order_on"] is None


def test_orders_from_the_date_on_do_not_count() -> None:
    row = found(orders(ann=[0, 10, 20, 30, 40]), 40)["ann"]
    assert (row["order_day_count"], row["last_order_on"]) == (4, START + timedelta(30))
