from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa

from tenure.metrics.customer_days import CUSTOMER_DAYS, customer_days, order_days
from tenure.metrics.orders import base

JAN, FEB, MAR = date(2024, 1, 10), date(2024, 2, 10), date(2024, 3, 10)
AS_OF = date(2024, 4, 1)

_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("occurred_on", pa.date32()),
        ("order_id", pa.string()),
        ("kind", pa.string()),
        ("value", pa.decimal128(18, 4)),
        ("channel", pa.string()),
        ("source", pa.string()),
        ("product_id", pa.string()),
        ("category", pa.string()),
    ]
)


def row(day: date, order: str, value: int | None = 10, kind: str = "order", **more: str) -> dict:
    amount = None if value is None else Decimal(value)
    made = dict.fromkeys(_SCHEMA.names)
    made |= {"customer_id": "ann", "occurred_on": day, "order_id": order}
    return made | {"kind": kind, "value": amount} | more


def days_of(*rows: dict, products: bool = True) -> dict[date, dict]:
    known = base(pa.Table.from_pylist(list(rows), schema=_SCHEMA), as_of=AS_OF)
    table = customer_days(known, products=products)
    found = known.relation.collect(table).to_pylist()
    assert len({day["occurred_on"] for day in found}) == len(found)
    return {day["occurred_on"]: day for day in found}


def test_an_order_counts_once_on_the_day_it_began() -> None:
    days = days_of(row(JAN, "1"), row(FEB, "1"), row(FEB, "2"), row(FEB, "2", 5))
    assert [days[JAN]["order_count"], days[FEB]["order_count"]] == [1, 1]
    assert [days[JAN]["gross_value"], days[FEB]["gross_value"]] == [10, 25]


def test_a_day_that_only_continues_an_order_is_no_order_day() -> None:
    days = days_of(row(JAN, "1"), row(FEB, "1"), row(MAR, "2"))
    assert (days[FEB]["has_order"], days[FEB]["order_count"]) == (True, 0)
    assert (days[FEB]["gap_days"], days[FEB]["order_day_number"]) == (None, None)
    assert (days[MAR]["gap_days"], days[MAR]["order_day_number"]) == ((MAR - JAN).days, 2)
    assert (days[JAN]["gap_days"], days[JAN]["order_day_number"]) == (None, 1)


def test_a_refund_is_booked_on_its_own_day() -> None:
    days = days_of(row(JAN, "1"), row(FEB, "1", -4, "refund"))
    assert (days[FEB]["has_order"], days[FEB]["order_count"]) == (False, 0)
    assert (days[FEB]["gross_value"], days[FEB]["returned_value"]) == (None, 4)
    assert days[JAN]["returned_value"] is None


def test_activity_of_other_kinds_makes_a_day_without_orders() -> None:
    days = days_of(row(JAN, "v", None, "visit"))
    assert (days[JAN]["has_order"], days[JAN]["order_count"]) == (False, 0)
    assert (days[JAN]["gross_value"], days[JAN]["channel"]) == (None, None)


def test_amounts_unknown_stay_unknown() -> None:
    assert days_of(row(JAN, "1", None))[JAN]["gross_value"] is None
    assert days_of(row(JAN, "1", None), row(JAN, "2", 3))[JAN]["gross_value"] == 3


def test_of_several_channels_of_a_day_the_first_by_name_is_told() -> None:
    days = days_of(
        row(JAN, "1", channel="web", source="mail"),
        row(JAN, "2", channel="app", source="shop"),
        row(JAN, "v", None, "visit", channel="aaa"),
    )
    assert (days[JAN]["channel"], days[JAN]["source"]) == ("app", "mail")


def test_new_products_add_up_to_distinct_ones() -> None:
    days = days_of(
        row(JAN, "1", product_id="tea", category="food"),
        row(JAN, "1", product_id="rice", category="food"),
        row(FEB, "2", product_id="tea", category="food"),
        row(MAR, "3", product_id="cup", category="home"),
    )
    assert [days[d]["new_product_count"] for d in (JAN, FEB, MAR)] == [2, 0, 1]
    assert [days[d]["new_category_count"] for d in (JAN, FEB, MAR)] == [1, 0, 1]


def test_days_from_the_as_of_date_on_do_not_count() -> None:
    assert set(days_of(row(JAN, "1"), row(AS_OF, "2"))) == {JAN}


def test_the_columns_are_those_of_the_schema() -> None:
    known = base(pa.Table.from_pylist([row(JAN, "1")], schema=_SCHEMA), as_of=AS_OF)
    table = customer_days(known, products=True)
    assert sorted(table.columns) == sorted(CUSTOMER_DAYS.names)


def test_order_days_can_be_asked_for_once_each() -> None:
    table = pa.Table.from_pylist([row(JAN, "1"), row(JAN, "2")], schema=_SCHEMA)
    known = base(table, as_of=AS_OF)
    assert known.relation.collect(order_days(known)).num_rows == 2
    assert known.relation.collect(order_days(known, distinct=True)).num_rows == 1
