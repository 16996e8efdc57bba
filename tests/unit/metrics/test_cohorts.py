"""Cohorts: who starts, who is back, who could be back yet."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from tenure.kernel import Calendar, DataError, OptionError
from tenure.metrics import cohorts
from tenure.metrics.results import MetricResult


def line(
    result: MetricResult, cohort: str | None, column: str = "count", attribute: str | None = None
) -> list[object]:
    return [
        row[column]
        for row in result.rows()
        if (row["cohort"], row["attribute"]) == (cohort, attribute)
    ]


@pytest.fixture
def few(orders) -> pa.Table:
    return orders(
        *("a 2020-01-05 10", "a 2020-02-05 20", "a 2020-03-05 5", "a 2020-03-06 5"),
        *("b 2020-01-20 30", "b 2020-03-20 15"),
        *("c 2020-02-10 40", "d 2020-04-30 1"),
    )


def test_exact_unbounded_and_bracket(few: pa.Table):
    as_of = date(2020, 5, 1)
    assert line(cohorts(few, as_of=as_of), "2020-01") == [2, 1, 2, 0]
    assert line(cohorts(few, mode="unbounded", as_of=as_of), "2020-01") == [2, 2, 2, 0]
    brackets = cohorts(few, mode="bracket", brackets="0,1-2,3-5", as_of=as_of)
    assert line(brackets, "2020-01") == [2, 2, None]
    assert line(brackets, "2020-01", "state") == ["complete", "complete", "open"]
    assert line(brackets, "2020-01", "period_to") == [0, 2, 5]


def test_an_open_cell_is_unknown_and_a_closed_empty_one_is_zero(few: pa.Table):
    result = cohorts(few, as_of=date(2020, 4, 10))
    assert line(result, "2020-01") == [2, 1, 2, None]
    assert line(result, "2020-02") == [1, 0, None]
    assert line(result, "2020-04") == [None]
    assert line(result, "2020-04", "cohort_size") == [None]


def test_the_mean_takes_zero_cohorts_in_and_leaves_empty_ones_out(few: pa.Table):
    result = cohorts(few, as_of=date(2020, 5, 1))
    # after one month: 1 of 2 in January, 0 of 1 in February; March is empty; April not closed
    assert line(result, None, "rate")[1] == 1 / 3
    assert line(result, None, "eligible")[1] == 3
    assert line(result, "2020-03", "reason") == ["empty_cohort", "empty_cohort"]
    assert line(result, None, "rate")[0] == 1.0


def test_relative_to_the_period_before(few: pa.Table):
    result = cohorts(few, as_of=date(2020, 5, 1))
    assert line(result, "2020-01", "relative_to_previous") == [None, 0.5, 2.0, 0.0]
    assert line(result, "2020-02", "relative_reason")[2] == "nothing_before"


def test_first_means_first_in_the_whole_history(few: pa.Table):
    result = cohorts(few, from_on=date(2020, 2, 1), as_of=date(2020, 5, 1))
    assert line(result, "2020-02", "cohort_size")[0] == 1  # a and b ordered then too, not first


def test_the_data_s_first_cohort_is_said_to_hold_older_customers(few: pa.Table):
    assert [notice.code for notice in cohorts(few).warnings] == ["left_censored"]
    assert cohorts(few, from_on=date(2020, 2, 1)).warnings == ()


def test_recurring_cohorts_count_a_customer_in_each_of_her_periods(few: pa.Table):
    result = cohorts(few, recurring=True, as_of=date(2020, 5, 1))
    assert [line(result, m, "cohort_size")[0] for m in ("2020-01", "2020-02", "2020-03")] == [
        2,
        2,
        2,
    ]
    assert line(result, "2020-02") == [2, 1, 0]
    with pytest.raises(OptionError, match="one cohort"):
        result.drill(attribute=None, cohort=None, period_number=1)


def test_minimum_occurrences_in_a_period(few: pa.Table):
    assert line(cohorts(few, min_occurrences=2, as_of=date(2020, 5, 1)), "2020-01") == [0, 0, 1, 0]


def test_revenue_of_a_cohort_is_net_of_refunds(orders):
    data = orders("a 2020-01-05 10", "a 2020-02-05 8", "a 2020-02-06 -3 refund", "z 2020-03-31")
    result = cohorts(data, amount="revenue")
    assert line(result, "2020-01", "revenue") == [Decimal(10), Decimal(5), 0]
    assert line(result, "2020-01", "rate") == [1.0, 0.5, 0.0]
    assert line(result, "2020-01") == [1, 1, 0]


def test_revenue_without_amounts_or_without_a_period_0_has_no_rate(orders):
    data = orders("a 2020-01-05 none", "z 2020-03-31 none")
    assert line(cohorts(data, amount="revenue"), "2020-01", "reason")[0] == "no_values"
    data = orders("a 2020-01-05", "a 2020-02-05", "z 2020-03-31")
    brackets = cohorts(data, amount="revenue", mode="bracket", brackets=[(1, 1)])
    assert line(brackets, "2020-01", "revenue") == [1]
    assert line(brackets, "2020-01", "reason") == ["no_period_0"]


def test_different_start_and_return_only_count_returns_after_the_start(orders):
    data = orders(
        *("a 2020-01-05 none visit", "a 2020-01-10 none sign_up", "a 2020-02-03 none visit"),
        *("b 2020-01-10 none sign_up", "b 2020-01-12 none visit", "z 2020-03-31 none visit"),
    )
    result = cohorts(data, start_kinds=["sign_up"], return_kinds=["visit"])
    assert line(result, "2020-01", "cohort_size")[0] == 2
    assert line(result, "2020-01") == [1, 1, 0]  # a's visit before the sign-up does not count


def instants(*rows: tuple[str, str]) -> pa.Table:
    return pa.table(
        {
            "customer_id": [customer for customer, _ in rows],
            "occurred_at": [datetime.fromisoformat(instant) for _, instant in rows],
            "order_id": [f"o{number}" for number in range(len(rows))],
        }
    )


def test_fifteen_minutes_over_midnight_are_another_calendar_day_but_no_rolling_day():
    data = instants(("a", "2020-01-01 23:45"), ("a", "2020-01-02 00:01"), ("z", "2020-01-09 00:00"))
    assert line(cohorts(data, period="day"), "2020-01-01")[:2] == [1, 1]
    rolling = cohorts(data, period="day", window="rolling")
    assert line(rolling, "2020-01-01")[:2] == [1, 0]


def test_rolling_windows_of_bare_days_are_whole_over_a_clock_change():
    # midnights of New York: the second week after 3 March 2020 is one hour short
    data = instants(("a", "2020-03-03 05:00"), ("a", "2020-03-10 04:00"), ("z", "2020-04-30 04:00"))
    new_york = Calendar("America/New_York")
    result = cohorts(data, period="week", window="rolling", calendar=new_york)
    assert line(result, "2020-W10")[:3] == [1, 1, 0]


def test_rolling_members_whose_window_is_still_open_are_not_eligible(orders):
    data = orders("a 2020-01-01", "b 2020-01-31", "a 2020-02-05", "z 2020-02-10")
    result = cohorts(data, window="rolling", to_on=date(2020, 2, 1))
    # on 11 February a has lived 41 days, b 11: only a's first window of 30 days is complete
    assert line(result, "2020-01", "cohort_size") == [2, 2]
    assert line(result, "2020-01", "eligible") == [1, None]
    assert line(result, "2020-01") == [1, None]


def test_by_a_column_the_first_day_s_value_counts(orders):
    data = orders(
        "a 2020-01-05 1 order ads",
        "a 2020-01-05 1 order web",
        "a 2020-02-05 1 order aaa",
        "b 2020-01-06 1 order web",
        "z 2020-03-31 1 order web",
    )
    result = cohorts(data, by="source")
    assert line(result, "2020-01", attribute="ads") == [1, 1, 0]
    assert line(result, "2020-01", attribute="web") == [1, 0, 0]
    merged = cohorts(data, by="source", merge_periods=True)
    assert {row["cohort"] for row in merged.rows()} == {None}
    assert line(merged, None, "eligible", "web")[0] == 2


def test_by_a_customer_attribute_as_known_at_the_as_of_date(orders):
    data = orders("a 2020-01-05", "b 2020-01-05", "c 2020-01-05", "a 2020-02-05", "z 2020-02-29")
    history = pa.table(
        {
            "customer_id": ["a", "a", "a", "b", "b"],
            "known_at": [datetime(2020, m, 1) for m in (1, 2, 6, 1, 1)],
            "name": ["city", "city", "city", "city", "age"],
            "value": ["Rome", "Oslo", "Bonn", "Rome", "30"],
        }
    )
    result = cohorts(data, by="city", attributes=history)
    assert line(result, "2020-01", attribute="Oslo") == [1, 1]
    assert line(result, "2020-01", attribute="Rome") == [1, 0]
    assert line(result, "2020-01", attribute=None) == [1, 0]  # nothing known about c
    assert result.drill(attribute=None, cohort="2020-01", period_number=0).num_rows == 1
    wide = pa.table({"customer_id": ["a", "b"], "city": ["Oslo", "Rome"]})
    assert line(cohorts(data, by="city", attributes=wide), "2020-01", attribute="Oslo") == [1, 1]
    with pytest.raises(DataError, match="customer_id and city"):
        cohorts(data, by="city", attributes=wide.rename_columns(["who", "city"]))


def test_the_highest_number_shown_can_be_limited(few: pa.Table):
    assert line(cohorts(few, last_number=1, as_of=date(2020, 5, 1)), "2020-01") == [2, 1]


def test_data_that_begin_after_the_as_of_date_have_no_cohorts(few: pa.Table):
    result = cohorts(few, as_of=date(2019, 1, 1))
    assert [row for row in result.rows() if row["row"] == "cohort"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "bracket"},
        {"brackets": "1-2"},
        {"mode": "bracket", "brackets": "3-2"},
        {"mode": "bracket", "brackets": "1-3,2-4"},
        {"mode": "bracket", "brackets": "one"},
        {"mode": "loose"},
        {"window": "sliding"},
        {"amount": "profit"},
        {"min_occurrences": 0},
        {"start_kinds": ()},
    ],
)
def test_a_wrong_option_is_refused(few: pa.Table, wrong: dict[str, object]):
    with pytest.raises(OptionError):
        cohorts(few, **wrong)
