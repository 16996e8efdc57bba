"""Lifecycle, revenue, growth, repeat, stickiness and totals on small worked examples."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from tenure.kernel import DataError, OptionError
from tenure.metrics import growth, lifecycle, repeat, revenue, stickiness, totals
from tenure.metrics.results import MetricResult


def by_period(result: MetricResult) -> dict[str, dict[str, object]]:
    return {str(row["period"]): row for row in result.rows()}


# lifecycle


def test_quick_ratio_over_nothing_lost_is_infinite_and_says_so(orders):
    data = orders("a 2020-01-05", "a 2020-02-05", "b 2020-02-06", "a 2020-03-01", "b 2020-03-31")
    rows = by_period(lifecycle(data))
    assert (rows["2020-02"]["quick_ratio"], rows["2020-02"]["quick_ratio_reason"]) == (
        None,
        "infinite",
    )
    assert rows["2020-03"]["quick_ratio_reason"] == "nothing_moved"


def test_quick_ratios_of_customers_and_of_revenue(orders):
    data = orders(
        *("a 2020-01-05 10", "b 2020-01-05 10", "c 2020-01-05 10"),
        *("a 2020-02-05 16", "d 2020-02-05 4", "z 2020-02-29 none"),
    )
    row = by_period(lifecycle(data))["2020-02"]
    assert row["quick_ratio"] == (2 + 0) / 2
    assert by_period(revenue(data))["2020-02"]["revenue_quick_ratio"] == (4 + 6) / 20


def test_without_amounts_the_revenue_ratio_is_unknown(orders):
    data = orders("a 2020-01-05 none", "b 2020-02-05 none", "z 2020-03-31 none")
    assert by_period(revenue(data))["2020-02"]["reason"] == "no_values"


# revenue


@pytest.fixture
def february(orders) -> dict[str, object]:
    data = orders(
        *("grows 2020-01-05 10", "grows 2020-02-05 25"),
        *("shrinks 2020-01-05 20", "shrinks 2020-02-05 12"),
        *("leaves 2020-01-05 30", "back 2019-12-05 5", "back 2020-02-05 7"),
        *("returns 2020-01-05 40", "returns 2020-02-05 10", "returns 2020-02-06 -15 refund"),
        *("new 2020-02-05 9", "z 2020-02-29 none"),
    )
    return by_period(revenue(data))["2020-02"]


def test_what_came_and_what_went(february: dict[str, object]):
    flows = ["start", "expansion", "contraction", "churned", "reactivation", "new"]
    assert [february[f"{flow}_revenue"] for flow in flows] == [100, 15, 8, 70, 7, 9]
    assert february["gross_value"] == Decimal(63)
    assert february["returned_value"] == Decimal(15)
    assert february["net_value"] == Decimal(48)


def test_gross_retention_is_capped_per_customer_and_net_leaves_the_reactivated_out(
    february: dict[str, object],
):
    assert february["gross_revenue_retention"] == (100 - 70 - 8) / 100
    assert february["net_revenue_retention"] == (100 - 70 - 8 + 15) / 100
    assert february["revenue_churn"] == 0.78
    assert february["revenue_quick_ratio"] == (9 + 7 + 15) / 78


def test_order_value_and_revenue_per_customer(february: dict[str, object]):
    assert (february["orders"], february["customers"]) == (6, 6)
    assert february["mean_order_value"] == 63 / 6
    assert february["revenue_per_customer"] == 48 / 6


def test_revenue_of_a_first_period_has_no_retention_but_its_sums(orders):
    first = revenue(orders("a 2020-01-05 10", "z 2020-02-29")).rows()[0]
    assert (first["net_value"], first["reason"]) == (10, "no_earlier_period")
    assert first["gross_revenue_retention"] is None


# growth


@pytest.fixture
def won(orders) -> pa.Table:
    return orders(
        *("a 2020-01-05 1 order ads", "b 2020-01-06 1 order web", "a 2020-02-05 1 order web"),
        *("c 2020-02-07 1 order ads", "d 2020-02-08 1 order ads", "z 2020-03-31 1 order web"),
    )


def costs(*rows: tuple[str, str, str, str]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "source": source,
                "period_start": date.fromisoformat(start),
                "cost": Decimal(cost),
                "currency": currency,
            }
            for source, start, cost, currency in rows
        ]
    )


def test_cumulative_and_net_growth(won: pa.Table):
    rows = growth(won).rows()
    assert [row["new"] for row in rows] == [2, 2, 1]
    assert [row["cumulative"] for row in rows] == [2, 4, 5]
    assert [row["net_growth"] for row in rows] == [None, 1, -2]
    assert rows[1]["growth_rate"] == 0.5
    assert rows[0]["growth_rate_reason"] == "no_earlier_period"
    assert growth(won, from_on=date(2020, 2, 1)).rows()[0]["cumulative"] == 4


def test_a_customer_keeps_the_source_of_the_first_order(won: pa.Table):
    result = growth(won, by_source=True)
    ads = {row["period"]: row for row in result.rows() if row["source"] == "ads"}
    assert [ads[m]["active"] for m in ("2020-01", "2020-02")] == [1, 3]
    members = result.drill(source="ads", period="2020-02", measure="cumulative")
    assert members["customer_id"].to_pylist() == ["a", "c", "d"]


def test_cost_per_acquisition_by_source_and_an_unknown_cost_is_not_zero(won: pa.Table):
    paid = costs(("ads", "2020-02-01", "30", "EUR"), ("web", "2020-02-01", "5", "EUR"))
    rows = {
        (row["source"], row["period"]): row
        for row in growth(won, by_source=True, costs=paid).rows()
    }
    assert rows["ads", "2020-02"]["cost_per_acquisition"] == 15.0
    assert rows["ads", "2020-02"]["cost_currency"] == "EUR"
    assert rows["web", "2020-02"]["cost_reason"] == "nothing_acquired"
    assert rows["ads", "2020-01"]["cost"] is None
    assert rows["ads", "2020-01"]["cost_reason"] == "no_cost_given"


def test_monthly_costs_add_up_to_a_quarter(won: pa.Table):
    paid = costs(("ads", "2020-01-01", "30", "EUR"), ("ads", "2020-02-01", "20", "EUR"))
    (row,) = growth(won, period="quarter", costs=paid).rows()
    assert (row["cost"], row["cost_per_acquisition"]) == (50, 10.0)


def test_costs_in_two_currencies_are_refused(won: pa.Table):
    paid = costs(("ads", "2020-02-01", "30", "EUR"), ("ads", "2020-02-02", "5", "USD"))
    with pytest.raises(DataError, match="one currency"):
        growth(won, costs=paid)
    with pytest.raises(DataError, match="without currency"):
        growth(won, costs=paid.drop_columns(["currency"]))


# repeat


def test_only_customers_followed_long_enough_are_counted(orders):
    data = orders(
        *("soon 2020-01-01", "soon 2020-01-11", "late 2020-01-01", "late 2020-01-12"),
        *("recent 2020-01-25", "recent 2020-01-26", "z 2020-02-03"),
    )
    result = repeat(data, horizon_days=10, as_of=date(2020, 2, 4))
    january, february, everyone = result.rows()[1:]
    # recent's ten days end on 4 February, which has not passed
    assert (january["customers"], january["repeat_customers"]) == (2, 1)
    assert (february["state"], february["rate"]) == ("open", None)
    assert everyone["rate"] == 0.5
    assert result.rows()[0]["repeat_customers"] == 3  # in the window


def test_a_second_order_on_the_first_day_is_a_repeat(orders):
    row = repeat(orders("a 2020-01-01", "a 2020-01-01", "z 2020-12-31")).rows()[1]
    assert (row["customers"], row["repeat_customers"]) == (1, 1)


def test_a_horizon_below_a_day_is_refused(orders):
    with pytest.raises(OptionError):
        repeat(orders("a 2020-01-01"), horizon_days=0)


# stickiness


def test_histogram_and_active_ratio_are_told_apart(orders):
    data = orders("a 2020-02-01", "a 2020-02-02", "b 2020-02-02", "b 2020-03-01", "a 2020-03-31")
    rows = stickiness(data, to_on=date(2020, 3, 1)).rows()
    bars = {row["active_periods"]: row["customers"] for row in rows if row["figure"] == "histogram"}
    assert bars == {1: 1, 2: 1}
    (february,) = [row for row in rows if row["figure"] == "active_ratio"]
    assert february["mean_active_customers"] == 3 / 29
    assert february["active_ratio"] == 3 / 29 / 2


def test_an_unfinished_month_has_no_active_ratio(orders):
    row = stickiness(orders("a 2020-02-01")).rows()[-1]
    assert (row["state"], row["active_ratio"]) == ("open", None)


def test_a_long_period_must_be_longer(orders):
    with pytest.raises(OptionError):
        stickiness(orders("a 2020-02-01"), period="month", within_period="week")
    with pytest.raises(OptionError):
        stickiness(orders("a 2020-02-01"), period="year")


# totals


def test_totals_of_a_window(orders):
    data = orders("a 2020-01-01 5", "b 2020-01-02 7", "b 2020-01-03 -2 refund", "c 2020-01-04 1")
    result = totals(data, from_on=date(2020, 1, 2), to_on=date(2020, 1, 4))
    row = result.rows()[0]
    assert (row["customers"], row["gross_value"], row["net_value"]) == (1, 7, 5)
    assert result.drill()["customer_id"].to_pylist() == ["b"]


def test_totals_by_period_leave_the_open_one_unknown(orders):
    rows = totals(orders("a 2020-01-01 5", "b 2020-02-02 7"), period="month").rows()
    assert [row["net_value"] for row in rows] == [5, None]
    assert [row["state"] for row in rows] == ["complete", "open"]
