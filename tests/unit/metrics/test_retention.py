"""Retention under each rule for active, and at the edges of time."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa
import pytest

from tenure.kernel import Calendar, OptionError
from tenure.metrics import retention
from tenure.metrics.results import MetricResult


def by_period(result: MetricResult) -> dict[str, dict[str, object]]:
    return {str(row["period"]): row for row in result.rows()}


def counts(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(row[n] for n in ("at_start", "retained", "new", "returned", "at_end", "lost"))


def test_both_readings_and_their_names(orders):
    data = orders(
        "a 2020-01-05",
        "b 2020-01-05",
        "old 2019-12-01",
        "a 2020-02-05",
        "old 2020-02-06",
        "new 2020-02-07",
        "z 2020-03-31",
    )
    row = by_period(retention(data))["2020-02"]
    assert counts(row) == (2, 1, 1, 1, 3, 1)
    assert row["retention_rate"] == 0.5
    assert row["textbook_retention_rate"] == (3 - 1) / 2
    assert row["churn_rate"] == 0.5
    assert row["retention_rate_low"] < 0.5 < row["retention_rate_high"]
    assert row["churn_rate_low"] == 1 - row["retention_rate_high"]


def test_a_period_without_anybody_leaves_the_next_without_a_rate(orders):
    rows = by_period(retention(orders("a 2020-01-05", "a 2020-03-05", "a 2020-04-30")))
    assert counts(rows["2020-02"]) == (1, 0, 0, 0, 0, 1)
    assert rows["2020-02"]["retention_rate"] == 0.0
    assert rows["2020-03"]["retention_rate"] is None
    assert rows["2020-03"]["reason"] == "nothing_at_start"


def test_new_is_judged_by_the_whole_history_not_by_the_window(orders):
    data = orders("a 2019-11-05", "a 2020-02-05", "b 2020-01-05", "b 2020-03-31")
    shown = by_period(retention(data, from_on=date(2020, 1, 1), to_on=date(2020, 3, 1)))
    assert list(shown) == ["2020-01", "2020-02"]
    assert (shown["2020-02"]["new"], shown["2020-02"]["returned"]) == (0, 1)


def test_a_year_s_last_iso_week_is_followed_by_the_first(orders):
    rows = by_period(
        retention(orders("a 2020-12-28", "a 2021-01-04", "a 2021-01-17"), period="week")
    )
    assert list(rows) == ["2020-W53", "2021-W01", "2021-W02"]
    assert rows["2021-W01"]["retained"] == 1


def test_weeks_that_start_on_sunday(orders):
    data = orders("a 2020-03-07", "a 2020-03-08", "a 2020-03-21")
    rows = retention(data, period="week", calendar=Calendar(week_start=6)).rows()
    assert [row["period"] for row in rows] == ["2020-03-01", "2020-03-08", "2020-03-15"]
    assert rows[1]["retained"] == 1


def test_leap_days_and_year_ends(orders):
    data = orders("a 2020-02-29", "a 2020-03-01", "b 2019-12-31", "b 2020-01-01", "c 2020-03-31")
    by_day = by_period(retention(data, period="day"))
    assert by_day["2020-03-01"]["retained"] == 1
    assert by_day["2020-01-01"]["retained"] == 1
    assert by_period(retention(data))["2020-01"]["retained"] == 1


def test_fiscal_months_quarters_and_years(orders):
    data = orders("a 2020-03-31", "a 2020-04-01", "a 2021-03-31")
    april = Calendar(fiscal_year_start_month=4)
    quarters = by_period(retention(data, period="quarter", calendar=april))
    assert quarters["2020-Q1"]["retained"] == 1
    assert list(by_period(retention(data, period="year", calendar=april))) == ["2019", "2020"]
    fifth = Calendar(month_start_day=5)
    months = by_period(retention(orders("a 2020-02-04", "a 2020-02-05"), calendar=fifth))
    assert list(months) == ["2020-01", "2020-02"]


def test_an_open_first_period_shows_nothing(orders):
    (row,) = retention(orders("a 2020-02-04")).rows()
    assert (row["state"], row["at_start"], row["at_end"]) == ("open", None, None)


def test_by_rhythm_a_customer_is_active_until_her_own_gaps_have_passed(orders):
    # a: every 10 days, four times, then silence: active until day 30 + 2 x 10 = 20 February
    # b: one order; with 40 days assumed active until 1 January + 2 x 40 = 21 March
    data = orders(
        *("a 2020-01-01", "a 2020-01-11", "a 2020-01-21", "a 2020-01-31"),
        *("b 2020-01-01", "c 2020-04-30"),
    )
    rows = by_period(retention(data, active_rule="rhythm", fallback_days=40))
    assert counts(rows["2020-01"])[4] == 2
    assert counts(rows["2020-02"]) == (2, 1, 0, 0, 1, 1)  # a has left, b not yet
    assert counts(rows["2020-03"]) == (1, 0, 0, 0, 0, 1)


def test_by_rhythm_on_the_last_day_allowed_a_customer_is_still_active(orders):
    data = orders("b 2020-01-22", "c 2020-03-31")
    same = retention(data, active_rule="rhythm", fallback_days=20).rows()
    one_less = retention(data, active_rule="rhythm", fallback_days=19).rows()
    # 1 March is 39 days after 22 January, 2 x 20 = 40 days are allowed
    assert (same[1]["retained"], one_less[1]["retained"]) == (1, 0)


def test_by_rhythm_a_later_order_does_not_change_an_earlier_state(orders):
    before = ["a 2020-01-01", "a 2020-01-11", "a 2020-01-21", "a 2020-01-31"]
    rule = {"active_rule": "rhythm", "fallback_days": 30, "as_of": date(2020, 8, 1)}
    early = retention(orders(*before), **rule).rows()[:5]
    late = retention(orders(*before, "a 2020-06-30"), **rule).rows()[:5]
    assert early == late


def test_by_rhythm_needs_a_gap_from_somewhere(orders):
    with pytest.raises(OptionError, match="fallback_days"):
        retention(orders("a 2020-01-01"), active_rule="rhythm")


def contracts(*rows: tuple[str, str, str | None, str | None]) -> pa.Table:
    day = date.fromisoformat
    return pa.Table.from_pylist(
        [
            {
                "customer_id": customer,
                "started_on": day(start),
                "ended_on": day(end) if end else None,
                "plan": "basic",
                "received_at": datetime.fromisoformat(received) if received else None,
            }
            for customer, start, end, received in rows
        ],
        schema=pa.schema(
            [
                ("customer_id", pa.string()),
                ("started_on", pa.date32()),
                ("ended_on", pa.date32()),
                ("plan", pa.string()),
                ("received_at", pa.timestamp("us")),
            ]
        ),
    )


def test_by_subscription_a_contract_must_cover_the_period_s_last_day(orders):
    table = contracts(
        ("stays", "2020-01-01", None, None),
        ("to_the_end", "2020-01-01", "2020-03-01", None),
        ("a_day_less", "2020-01-01", "2020-02-29", None),
        ("comes", "2020-02-10", None, None),
    )
    result = retention(
        orders("x 2020-01-01"),
        active_rule="subscription",
        subscriptions=table,
        as_of=date(2020, 3, 1),
    )
    february = by_period(result)["2020-02"]
    assert counts(february) == (3, 2, 1, 0, 3, 1)
    lost = result.drill(period="2020-02", measure="lost")
    assert lost["customer_id"].to_pylist() == ["a_day_less"]


def test_by_subscription_the_state_learned_last_holds(orders):
    table = contracts(
        ("a", "2020-01-01", "2020-01-15", "2020-01-10"),
        ("a", "2020-01-01", None, "2020-01-12"),
        ("b", "2020-01-01", None, "2020-01-10"),
        ("b", "2020-01-01", "2020-01-20", "2020-01-19"),
    )
    result = retention(
        orders("x 2020-01-01"),
        active_rule="subscription",
        subscriptions=table,
        as_of=date(2020, 2, 1),
    )
    members = result.drill(period="2020-01", measure="at_end")["customer_id"].to_pylist()
    assert members == ["a"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"active_rule": "visits"},
        {"active_rule": "subscription"},
        {"active_rule": "rhythm", "rhythm_factor": 0},
        {"period": "fortnight"},
        {"from_on": date(2020, 2, 1), "to_on": date(2020, 2, 1)},
    ],
)
def test_a_wrong_option_is_refused_with_what_would_be_right(orders, wrong):
    with pytest.raises(OptionError, match=r"expected: .+; to do: .+"):
        retention(orders("a 2020-01-01", "a 2020-02-01"), **wrong)
