from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.kernel import Estimate, OptionError, Undefined
from tenure.metrics.intervals import intervals, kaplan_meier, survival_curve

START = date(2024, 1, 1)


def orders(**days: list[int]) -> pa.Table:
    pairs = [(name, START + timedelta(day)) for name, list_ in days.items() for day in list_]
    return pa.table(
        {"customer_id": [name for name, _ in pairs], "occurred_on": [day for _, day in pairs]}
    )


def at(day: int) -> date:
    return START + timedelta(day)


def test_open_intervals_are_watched_until_the_day_before() -> None:
    # ann: 10 days closed, then open from day 10; bob: open from day 0. As of day 31 the days
    # 1..30 were watched, so bob is censored at 30 and ann at 20.
    curve = survival_curve(orders(ann=[0, 10], bob=[0]), as_of=at(31))
    assert curve.intervals == 3
    assert curve.longest_days == 30
    assert [(p.days, p.at_risk, p.events) for p in curve.points] == [(10, 3, 1)]
    assert curve.at(10) == curve.at(30)
    assert curve.at(31) == Undefined("not_followed_long_enough")


def test_second_orders_are_the_first_interval_of_each_customer() -> None:
    curve = survival_curve(orders(ann=[0, 10, 12], bob=[0]), interval="second", as_of=at(31))
    assert (curve.intervals, [p.days for p in curve.points]) == (2, [10])


def test_a_quartile_that_is_not_reached_is_undefined_never_a_number() -> None:
    result = intervals(orders(ann=[0, 10], bob=[0], cid=[0], dan=[0]), as_of=at(31))
    rows = {(row["interval"], row["statistic"]): row for row in result.rows()}
    median = rows["second", "median"]
    assert (median["value"], median["state"], median["reason"]) == (
        None,
        "undefined",
        "not_reached",
    )
    first = rows["second", "quartile_1"]
    assert (first["value"], first["state"]) == (10, "complete")
    assert rows["second", "back_within_30"]["value"] == pytest.approx(0.25)
    year = rows["second", "back_within_365"]
    assert (year["value"], year["reason"]) == (None, "not_followed_long_enough")


def test_cells_drill_down_to_as_many_customers() -> None:
    result = intervals(orders(ann=[0, 10, 12], bob=[0, 40], cid=[0]), as_of=at(100))
    for row in result.rows():
        if row["customers"] is not None:
            behind = result.drill(interval=row["interval"], statistic=row["statistic"])
            assert behind.num_rows == row["customers"], row
    assert result.drill(interval="any", statistic="back_within_30")["customer_id"].to_pylist() == [
        "ann"
    ]


def test_splitting_an_order_into_rows_changes_nothing() -> None:
    once, twice = orders(ann=[0, 10], bob=[0]), orders(ann=[0, 0, 10, 10], bob=[0])
    assert intervals(once, as_of=at(50)).rows() == intervals(twice, as_of=at(50)).rows()


def test_no_orders_have_no_intervals() -> None:
    rows = intervals(orders(ann=[0]), as_of=date(2000, 1, 1)).rows()
    assert {row["reason"] for row in rows} == {"no_intervals"}


def test_options_are_checked() -> None:
    with pytest.raises(OptionError):
        intervals(orders(ann=[0]), horizons_days=(0,))
    with pytest.raises(OptionError):
        survival_curve(orders(ann=[0]), interval="third")


counts = st.dictionaries(
    st.integers(0, 50), st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=20
)


@given(counts)
def test_the_curve_falls_within_its_limits(found: dict[int, tuple[int, int]]) -> None:
    curve = kaplan_meier((days, *pair) for days, pair in found.items())
    heights = [point.survival for point in curve.points]
    assert heights == sorted(heights, reverse=True)
    for point in curve.points:
        assert 0 <= point.estimate.low <= point.estimate.value <= point.estimate.high <= 1


@given(st.lists(st.integers(1, 30), min_size=1, max_size=30))
def test_without_censoring_the_curve_is_the_plain_share(durations: list[int]) -> None:
    curve = kaplan_meier((days, durations.count(days), 0) for days in set(durations))
    for days in range(31):
        waiting = curve.at(days)
        assert isinstance(waiting, Estimate)
        share = sum(d > days for d in durations) / len(durations)
        assert waiting.value == pytest.approx(share)
