from __future__ import annotations

from datetime import date

from tenure.metrics.purchases import purchase_statistics, purchase_tuples

AS_OF = date(2020, 3, 1)


def test_a_history_in_four_figures(orders) -> None:
    data = orders("a 2020-01-01 9", "a 2020-01-11 20", "a 2020-01-11 10", "a 2020-02-10 50")
    found = purchase_statistics(data, as_of=AS_OF)
    assert found.collect(found.table).to_pylist() == [
        {
            "customer_id": "a",
            "repeat_order_day_count": 2,
            "age_at_last_order_days": 40,
            "age_days": 60,
            "mean_repeat_value": 40.0,
        }
    ]


def test_one_order_has_no_repeat_and_no_mean(orders) -> None:
    found = purchase_statistics(orders("a 2020-01-31 9"), as_of=AS_OF)
    row = found.collect(found.table).to_pylist()[0]
    assert (row["repeat_order_day_count"], row["age_at_last_order_days"]) == (0, 0)
    assert (row["age_days"], row["mean_repeat_value"]) == (30, None)


def test_refunds_alone_are_no_history(orders) -> None:
    found = purchase_statistics(orders("a 2020-01-31 -9 refund"), as_of=AS_OF)
    assert found.collect(found.table).num_rows == 0


def test_equal_histories_are_counted_together(orders) -> None:
    data = orders("a 2020-01-01 1", "b 2020-01-01 2", "c 2020-01-02 1", "c 2020-01-05 1")
    tuples = purchase_tuples(purchase_statistics(data, as_of=AS_OF))
    found = {tuple(row.values()) for row in tuples.collect(tuples.table).to_pylist()}
    assert found == {(0, 0, 60, 2), (1, 3, 59, 1)}
