"""Periods: half-open, without gap or overlap, named as people name them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.kernel import Calendar, OptionError, PeriodUnit

DAYS = st.dates(date(1950, 1, 10), date(2090, 1, 1))
CALENDARS = st.builds(
    Calendar,
    week_start=st.integers(0, 6),
    month_start_day=st.integers(1, 28),
    fiscal_year_start_month=st.integers(1, 12),
)


@given(DAYS, CALENDARS, st.sampled_from(PeriodUnit))
def test_every_day_lies_in_exactly_its_period(
    day: date, calendar: Calendar, unit: PeriodUnit
) -> None:
    index = calendar.index(day, unit)
    assert calendar.start(index, unit) <= day < calendar.end(index, unit)


@given(DAYS, CALENDARS, st.sampled_from(PeriodUnit))
def test_the_next_period_begins_where_one_ends(
    day: date, calendar: Calendar, unit: PeriodUnit
) -> None:
    index = calendar.index(day, unit)
    assert calendar.index(calendar.end(index, unit), unit) == index + 1
    assert calendar.index(calendar.end(index, unit) - timedelta(days=1), unit) == index


@pytest.mark.parametrize(
    ("day", "unit", "label"),
    [
        (date(2021, 1, 3), PeriodUnit.WEEK, "2020-W53"),
        (date(2021, 1, 4), PeriodUnit.WEEK, "2021-W01"),
        (date(2024, 2, 29), PeriodUnit.DAY, "2024-02-29"),
        (date(2024, 12, 31), PeriodUnit.MONTH, "2024-12"),
        (date(2024, 12, 31), PeriodUnit.QUARTER, "2024-Q4"),
        (date(2024, 12, 31), PeriodUnit.YEAR, "2024"),
    ],
)
def test_periods_are_named_as_people_name_them(day: date, unit: PeriodUnit, label: str) -> None:
    calendar = Calendar()
    assert calendar.label(calendar.index(day, unit), unit) == label


def test_a_fiscal_year_is_named_by_the_year_in_which_it_starts() -> None:
    calendar = Calendar(fiscal_year_start_month=4)
    march, april = date(2025, 3, 31), date(2025, 4, 1)
    assert calendar.label(calendar.index(march, PeriodUnit.YEAR), PeriodUnit.YEAR) == "2024"
    assert calendar.label(calendar.index(april, PeriodUnit.YEAR), PeriodUnit.YEAR) == "2025"
    assert (
        calendar.label(calendar.index(march, PeriodUnit.QUARTER), PeriodUnit.QUARTER) == "2024-Q4"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Mars/Olympus"},
        {"week_start": 7},
        {"month_start_day": 29},
        {"fiscal_year_start_month": 0},
    ],
)
def test_a_calendar_out_of_range_says_what_is_expected(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError, match="expected"):
        Calendar(**wrong)  # type: ignore[arg-type]
