from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from tenure.kernel import DataError
from tenure.predictions.next_purchase.histories import read_histories
from tests.unit.predictions.next_purchase.made_lines import table

DAY = date(2025, 3, 1)
LATER = date(2025, 3, 9)


def products(histories: object, customer: int) -> list[list[str]]:
    """Return the ids of the products of each of a customer's orders."""
    found = []
    for order in range(histories.order_starts[customer], histories.order_starts[customer + 1]):
        numbers = histories.line_product[histories.line_order == order]
        found.append([histories.products[int(n)].as_py() for n in numbers])
    return found


def test_orders_stand_in_time_with_distinct_products() -> None:
    lines = table(
        [
            ("b", LATER, "2", "x"),
            ("b", DAY, "1", "y"),
            ("b", DAY, "1", "y"),
            ("b", DAY, "1", "a"),
            ("a", DAY, "3", "z"),
        ]
    )
    histories = read_histories(lines)
    assert histories.customers.to_pylist() == ["a", "b"]
    assert products(histories, 0) == [["z"]]
    assert products(histories, 1) == [["a", "y"], ["x"]]
    assert histories.orders.tolist() == [1, 2]


def test_row_order_changes_nothing() -> None:
    rows = [("b", DAY, str(n), p) for n in range(4) for p in "xyz"] + [("a", LATER, "9", "q")]
    one = read_histories(table(rows))
    other = read_histories(table(rows[::-1]))
    for name in ("order_starts", "order_day", "line_order", "line_product"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.customers.equals(other.customers)
    assert one.products.equals(other.products)


def test_instants_put_orders_of_one_day_in_order() -> None:
    lines = table([("a", DAY, "1", "late"), ("a", DAY, "2", "early")]).append_column(
        "occurred_at", pa.array([datetime(2025, 3, 1, 20), datetime(2025, 3, 1, 8)])
    )
    assert products(read_histories(lines), 0) == [["early"], ["late"]]


def test_without_order_ids_an_order_is_a_customers_day() -> None:
    rows = [("a", DAY, "1", "x"), ("a", DAY, "2", "y"), ("a", LATER, "3", "z")]
    without = read_histories(table(rows).drop(["order_id"]))
    assert products(without, 0) == [["x", "y"], ["z"]]
    nulls = table(rows).drop(["order_id"]).append_column("order_id", pa.nulls(3, pa.string()))
    assert products(read_histories(nulls), 0) == [["x", "y"], ["z"]]


def test_refunds_and_rows_without_a_product_are_left_out() -> None:
    lines = table([("a", DAY, "1", "x"), ("a", DAY, "1", "y"), ("a", DAY, "1", "z")])
    kinds = pa.array(["order", "refund", "order"])
    lines = lines.append_column("kind", kinds).set_column(
        3, "product_id", pa.array(["x", "y", None])
    )
    assert products(read_histories(lines), 0) == [["x"]]


def test_a_past_date_knows_earlier_days_only() -> None:
    histories = read_histories(table([("a", DAY, "1", "x"), ("a", LATER, "2", "y")]))
    assert products(histories.before(LATER), 0) == [["x"]]
    assert products(histories.first_from_day(int(histories.order_day[1])), 0) == [["y"]]
    assert products(histories.latest(1), 0) == [["y"]]


def test_customers_can_be_picked() -> None:
    histories = read_histories(
        table([("a", DAY, "1", "x"), ("b", DAY, "2", "y"), ("c", DAY, "3", "z")])
    )
    some = histories.of(np.array([1, 2]))
    assert some.customers.to_pylist() == ["b", "c"]
    assert products(some, 0) == [["y"]]
    assert products(some, 1) == [["z"]]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="product_id"):
        read_histories({"customer_id": ["a"], "occurred_on": [DAY]})


def test_days_must_be_dates() -> None:
    with pytest.raises(DataError, match="occurred_on"):
        read_histories({"customer_id": ["a"], "occurred_on": ["soon"], "product_id": ["x"]})
