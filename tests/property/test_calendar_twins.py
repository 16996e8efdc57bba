"""The calendar in the engine is the calendar in Python, for every day, unit and zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.engine.calendars import local_day, period_index
from tenure.engine.relations import Relation, relation
from tenure.kernel import Calendar, PeriodUnit

CALENDARS = st.builds(
    Calendar,
    week_start=st.integers(0, 6),
    month_start_day=st.integers(1, 28),
    fiscal_year_start_month=st.integers(1, 12),
)


@pytest.fixture(scope="module")
def days() -> Relation:
    first = date(1959, 12, 1)
    return relation(pa.table({"day": [first + timedelta(days=n) for n in range(0, 40_000, 3)]}))


@given(CALENDARS, st.sampled_from(PeriodUnit))
@settings(max_examples=40, deadline=None)
def test_period_indexes_agree(days: Relation, calendar: Calendar, unit: PeriodUnit) -> None:
    table = days.table
    rows = days.collect(table.select("day", index=period_index(table.day, unit, calendar)))
    for row in rows.to_pylist():
        assert row["index"] == calendar.index(row["day"], unit), row


@pytest.mark.parametrize(
    "zone",
    ["America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"],
)
def test_local_days_agree_around_every_change_of_the_clock(zone: str) -> None:
    calendar = Calendar(timezone=zone)
    first = datetime(2009, 1, 1)
    instants = [first + timedelta(minutes=97 * n) for n in range(40_000)]
    source = relation(pa.table({"instant": pa.array(instants, pa.timestamp("us"))}))
    table = source.table
    rows = source.collect(
        table.select("instant", day=local_day(table.instant, calendar, (2009, 2017)))
    )
    for row in rows.to_pylist():
        assert row["day"] == row["instant"].replace(tzinfo=UTC).astimezone(calendar.zone).date()
