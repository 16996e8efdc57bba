"""The base of metrics: who, when, which order, how much, whatever table comes in."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.engine import relations
from tenure.kernel import Calendar, DataError
from tenure.metrics import totals
from tenure.metrics.orders import base


def days_of(calendar: Calendar, *instants: datetime) -> list[date]:
    data = pa.table({"customer_id": ["c"] * len(instants), "occurred_at": list(instants)})
    known = base(data, calendar=calendar)
    return sorted(known.relation.collect(known.table)["occurred_on"].to_pylist())


def test_an_instant_belongs_to_the_business_s_day_on_both_sides_of_a_clock_change():
    new_york = Calendar("America/New_York")
    # 2020-03-08 starts at 05:00 UTC and ends at 04:00 UTC, one hour short
    assert days_of(
        new_york,
        datetime(2020, 3, 8, 4, 59),
        datetime(2020, 3, 8, 5, 0),
        datetime(2020, 3, 9, 3, 59),
        datetime(2020, 3, 9, 4, 0),
    ) == [date(2020, 3, 7), date(2020, 3, 8), date(2020, 3, 8), date(2020, 3, 9)]
    # 2020-11-01 has 25 hours
    assert days_of(new_york, datetime(2020, 11, 1, 4, 0), datetime(2020, 11, 2, 4, 59)) == [
        date(2020, 11, 1),
        date(2020, 11, 1),
    ]


def test_the_same_instants_are_another_day_in_shanghai():
    assert days_of(Calendar("Asia/Shanghai"), datetime(2020, 12, 31, 16, 0)) == [date(2021, 1, 1)]


def test_the_as_of_date_defaults_to_the_day_after_the_last_activity_there():
    data = pa.table({"customer_id": ["c"], "occurred_at": [datetime(2020, 12, 31, 16, 0)]})
    assert base(data, calendar=Calendar("Asia/Shanghai")).as_of == date(2021, 1, 2)


def test_nothing_on_or_after_the_as_of_date_counts(orders):
    data = orders("a 2020-01-01", "a 2020-01-02", "b 2020-01-03")
    row = totals(data, as_of=date(2020, 1, 2)).rows()[0]
    assert (row["customers"], row["orders"], row["last_order_on"]) == (1, 1, date(2020, 1, 1))


def test_without_a_kind_a_negative_value_is_a_refund_and_no_order(orders):
    data = orders("a 2020-01-01 10", "a 2020-01-02 -4").drop_columns(["kind"])
    row = totals(data).rows()[0]
    assert (row["orders"], row["gross_value"], row["returned_value"]) == (1, 10, 4)
    assert row["net_value"] == Decimal(6)


def test_without_an_order_column_an_order_is_a_customer_s_day(orders):
    data = orders("a 2020-01-01", "a 2020-01-01", "a 2020-01-02", "b 2020-01-01")
    assert totals(data).rows()[0]["orders"] == 4
    assert totals(data.drop_columns(["order_id"])).rows()[0]["orders"] == 3


def test_without_amounts_money_is_unknown_not_zero(orders):
    row = totals(orders("a 2020-01-01").drop_columns(["value"])).rows()[0]
    assert row["orders"] == 1
    assert (row["gross_value"], row["net_value"], row["mean_order_value"]) == (None, None, None)


def test_amounts_in_two_currencies_are_not_added(orders):
    data = orders("a 2020-01-01 10", "b 2020-01-01 20")
    result = totals(data.append_column("currency", pa.array(["EUR", "USD"])))
    assert result.rows()[0]["net_value"] is None
    assert [notice.code for notice in result.warnings] == ["mixed_currencies"]
    one = totals(data.append_column("currency", pa.array(["EUR", "EUR"]))).rows()[0]
    assert (one["net_value"], one["currency"]) == (30, "EUR")


def test_not_a_number_is_an_unknown_amount():
    data = pa.table(
        {
            "customer_id": [7, 7],
            "occurred_on": [date(2020, 1, 1), date(2020, 1, 2)],
            "value": [float("nan"), 2.5],
        }
    )
    assert totals(data).rows()[0]["net_value"] == Decimal("2.5")


def test_columns_can_have_their_own_names(orders):
    data = orders("a 2020-01-01 10").rename_columns(["buyer", "day", "no", "paid", "kind", "from"])
    names = {"customer_id": "buyer", "occurred_on": "day", "order_id": "no", "value": "paid"}
    result = totals(data, columns=names)
    assert result.rows()[0]["net_value"] == 10
    assert result.drill()["customer_id"].to_pylist() == ["a"]


def test_every_form_of_table_gives_the_same_figures(orders, tmp_path: Path):
    data = orders("a 2020-01-01 10", "a 2020-02-01 5", "b 2020-02-01 -5 refund")
    path = tmp_path / "orders.parquet"
    pq.write_table(data, path)
    forms = [data, data.to_pandas(), str(path), path, ibis.memtable(data)]
    forms.append(relations.relation(data))
    assert len({str(totals(form).as_dict()) for form in forms}) == 1


def test_a_missing_column_is_named_with_those_there():
    with pytest.raises(DataError, match="customer_id, and occurred_on or occurred_at"):
        totals(pa.table({"who": ["a"]}))
    with pytest.raises(DataError, match="columns nobody"):
        totals(pa.table({"customer_id": ["a"]}), columns={"occurred_on": "nobody"})


def test_no_activity_and_no_as_of_date_is_refused_but_with_one_it_is_an_empty_answer(orders):
    empty = orders("a 2020-01-01").slice(0, 0)
    with pytest.raises(DataError, match="as-of date"):
        totals(empty)
    row = totals(empty, as_of=date(2020, 1, 1)).rows()[0]
    assert (row["customers"], row["net_value"], row["reason"]) == (0, None, "no_orders")
