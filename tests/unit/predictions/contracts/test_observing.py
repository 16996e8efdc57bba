from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.contracts.observing import contract_durations, duration_counts

JAN, FEB, MAR, APR = (date(2024, month, 1) for month in range(1, 5))


def table(*rows: tuple[str, date, date | None], **more: list[object]) -> pa.Table:
    return pa.table(
        {
            "customer_id": [row[0] for row in rows],
            "started_on": pa.array([row[1] for row in rows], pa.date32()),
            "ended_on": pa.array([row[2] for row in rows], pa.date32()),
            **more,
        }
    )


def seen(data: pa.Table, as_of: date, **options: Any) -> list[tuple[object, ...]]:
    found = contract_durations(data, as_of=as_of, **options)
    order = ("customer_id", "started_on")
    rows = found.collect(found.table.order_by(*order)).to_pylist()
    return [
        (row["customer_id"], row["duration_periods"], row["ended"], row["entry_periods"])
        for row in rows
    ]


def test_a_running_contract_counts_the_renewal_days_before_the_date() -> None:
    data = table(("a", JAN, None))
    lived = {day: seen(data, day)[0][1] for day in (date(2024, 1, 2), FEB, date(2024, 2, 2), APR)}
    assert list(lived.values()) == [0, 0, 1, 2]


def test_who_does_not_live_to_a_renewal_ended_in_its_period() -> None:
    exactly = ("exactly", JAN, MAR)  # the second renewal day is the first day without
    a_day_longer = ("longer", JAN, date(2024, 3, 2))
    assert seen(table(exactly, a_day_longer), date(2024, 5, 1)) == [
        ("exactly", 2, True, 0),
        ("longer", 3, True, 0),
    ]


def test_the_future_is_not_told() -> None:
    data = table(("a", JAN, MAR), ("b", APR, None))
    assert seen(data, MAR) == [("a", 1, False, 0)]
    assert seen(data, date(2024, 3, 2)) == [("a", 2, True, 0)]


def test_an_early_end_counts_once_its_renewal_day_has_passed() -> None:
    data = table(("gone early", JAN, date(2024, 1, 20)))
    assert seen(data, date(2024, 1, 25)) == [("gone early", 0, False, 0)]
    assert seen(data, FEB) == [("gone early", 0, False, 0)]
    assert seen(data, date(2024, 2, 2)) == [("gone early", 1, True, 0)]


def test_a_contract_of_the_31st_renews_on_the_last_day_of_short_months() -> None:
    data = table(("a", date(2024, 1, 31), None))
    days = (date(2024, 2, 29), MAR, date(2024, 3, 31), APR, date(2024, 5, 1))
    assert [seen(data, day)[0][1] for day in days] == [0, 1, 1, 2, 3]


def test_longer_periods_and_periods_of_days() -> None:
    data = table(("a", JAN, None))
    assert seen(data, date(2025, 1, 2), period_months=12) == [("a", 1, False, 0)]
    assert seen(data, date(2025, 1, 1), period_months=12) == [("a", 0, False, 0)]
    assert seen(data, date(2024, 1, 31), period_days=30) == [("a", 0, False, 0)]
    assert seen(data, FEB, period_days=30) == [("a", 1, False, 0)]


def test_contracts_from_before_the_records_enter_with_their_age() -> None:
    data = table(
        ("ended before", JAN, FEB), ("old", JAN, None), ("old, ended", JAN, MAR), ("new", MAR, None)
    )
    found = seen(data, date(2024, 4, 2), observed_from=date(2024, 2, 10))
    assert found == [("new", 1, False, 0), ("old", 3, False, 1), ("old, ended", 2, True, 1)]


def test_the_renewal_of_the_first_day_watched_is_behind_a_running_contract() -> None:
    assert seen(table(("a", JAN, None)), APR, observed_from=FEB) == [("a", 2, False, 1)]


def test_a_contract_that_follows_on_another_continues_it() -> None:
    data = table(
        ("a", JAN, FEB),
        ("a", FEB, None),
        ("b", JAN, FEB),
        ("b", date(2024, 2, 4), None),
        plan=["basic", "plus", "basic", "basic"],
    )
    assert seen(data, date(2024, 4, 2)) == [
        ("a", 3, False, 0),
        ("b", 1, True, 0),
        ("b", 1, False, 0),
    ]
    assert seen(data, date(2024, 4, 10), gap_days=3)[1:] == [("b", 3, False, 0)]
    found = contract_durations(data, as_of=APR)
    plans = found.collect(found.table.order_by("customer_id", "started_on"))["plan"]
    assert plans.to_pylist() == ["basic", "basic", "basic"]


def test_an_end_may_still_be_a_gap_until_the_gap_has_passed() -> None:
    data = table(("a", JAN, MAR))
    assert seen(data, date(2024, 3, 8), gap_days=7) == [("a", 1, False, 0)]
    assert seen(data, date(2024, 3, 9), gap_days=7) == [("a", 2, True, 0)]
    assert seen(data, date(2024, 1, 3), gap_days=7) == [("a", 0, False, 0)]


def test_overlapping_contracts_are_one() -> None:
    data = table(("a", JAN, APR), ("a", FEB, date(2024, 2, 5)), ("a", MAR, date(2024, 5, 1)))
    assert seen(data, date(2024, 6, 1)) == [("a", 4, True, 0)]


def test_the_newest_state_counts_and_none_received_later() -> None:
    at = [datetime(2024, 1, 1), datetime(2024, 2, 20)]
    data = table(("a", JAN, None), ("a", JAN, FEB), received_at=pa.array(at, pa.timestamp("us")))
    assert seen(data, date(2024, 3, 2)) == [("a", 1, True, 0)]
    known = seen(data, date(2024, 3, 2), received_before=datetime(2024, 2, 1))
    assert known == [("a", 2, False, 0)]


def test_alike_contracts_are_counted() -> None:
    data = table(("a", JAN, None), ("b", JAN, None), ("c", JAN, FEB))
    counts = duration_counts(contract_durations(data, as_of=APR))
    assert counts.to_pylist() == [
        {"duration_periods": 1, "ended": True, "entry_periods": 0, "customers": 1},
        {"duration_periods": 2, "ended": False, "entry_periods": 0, "customers": 2},
    ]


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(DataError, match="ended_on"):
        contract_durations(table(("a", JAN, None)).drop_columns(["ended_on"]), as_of=APR)
    for wrong in ({"period_months": 0}, {"period_days": 0}, {"gap_days": -1}):
        with pytest.raises(OptionError, match=next(iter(wrong))):
            contract_durations(table(("a", JAN, None)), as_of=APR, **wrong)  # type: ignore[arg-type]
