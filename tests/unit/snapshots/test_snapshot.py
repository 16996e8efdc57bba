from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from tenure.kernel import Calendar
from tenure.metrics.rfm import RfmCuts
from tenure.snapshots import catalogue, snapshot
from tests.unit.snapshots.facts_made import act, attribute, by_customer, contract, facts, line

JAN = [date(2024, 1, day) for day in range(1, 32)]
FEB_10 = date(2024, 2, 10)


def test_columns_are_the_catalogues_in_name_type_and_order() -> None:
    known = facts(
        [act("a", JAN[0])], attributes=[attribute("a", "City", "Ulm", datetime(2024, 1, 1))]
    )
    made = snapshot(known, as_of=FEB_10)
    schema = made.collect(made.table).schema
    expected = catalogue(["City"])
    assert [(f.name, f.type) for f in schema] == [(c.name, c.dtype) for c in expected]


def test_no_facts_make_an_empty_snapshot() -> None:
    assert by_customer(snapshot(facts(), as_of=FEB_10)) == {}


def test_facts_of_the_date_itself_and_later_do_not_count() -> None:
    known = facts(
        [act("a", JAN[0]), act("a", FEB_10), act("late", FEB_10)],
        attributes=[attribute("later", "City", "Ulm", datetime(2024, 2, 10))],
        subscriptions=[contract("subscriber", FEB_10)],
    )
    rows = by_customer(snapshot(known, as_of=FEB_10))
    assert list(rows) == ["a"]
    assert rows["a"]["order_count"] == 1
    assert rows["a"]["last_order_on"] == JAN[0]


def test_an_order_of_several_lines_counts_once() -> None:
    whole = facts([act("a", JAN[0], "30", order="o1"), act("a", JAN[9], "5", order="o2")])
    split = facts(
        [
            act("a", JAN[0], "10", order="o1"),
            act("a", JAN[0], "20", order="o1"),
            act("a", JAN[9], "5", order="o2"),
        ]
    )
    assert by_customer(snapshot(whole, as_of=FEB_10)) == by_customer(snapshot(split, as_of=FEB_10))


def test_money_is_net_of_refunds_and_windows_end_at_the_date() -> None:
    known = facts(
        [
            act("a", date(2023, 1, 1), "100"),
            act("a", date(2024, 1, 11), "40.50"),
            act("a", date(2024, 2, 9), "-10.25", kind="refund"),
        ]
    )
    row = by_customer(snapshot(known, as_of=FEB_10))["a"]
    assert row["gross_value"] == Decimal("140.5000")
    assert row["returned_value"] == Decimal("10.2500")
    assert row["net_value"] == Decimal("130.2500")
    assert row["mean_order_value"] == 70.25
    assert row["return_rate"] == pytest.approx(10.25 / 140.5)
    # 2024-01-11 is the first day of [as_of - 30 days, as_of).
    assert (row["order_count_30_days"], row["order_count_365_days"]) == (1, 1)
    assert row["net_value_30_days"] == Decimal("30.2500")


def test_orders_without_amounts_have_unknown_not_zero_value() -> None:
    rows = by_customer(
        snapshot(
            facts([act("a", JAN[0], None), act("b", JAN[0], None, kind="visit")]), as_of=FEB_10
        )
    )
    money = ("gross_value", "returned_value", "net_value", "mean_order_value", "monetary_score")
    assert [rows["a"][name] for name in money] == [None] * 5
    assert rows["a"]["net_value_30_days"] is None
    assert rows["a"]["rfm_segment"] is not None
    assert rows["b"]["net_value"] == Decimal(0)


def test_a_customer_without_an_order_is_a_prospect_with_nothing_made_up() -> None:
    known = facts(
        [act("visitor", JAN[4], None, kind="visit")],
        attributes=[attribute("named", "City", "Ulm", datetime(2024, 1, 1))],
    )
    rows = by_customer(snapshot(known, as_of=FEB_10))
    for name in ("visitor", "named"):
        row = rows[name]
        assert (row["lifecycle_stage"], row["order_count"]) == ("prospect", 0)
        for column in ("last_order_on", "overdue_ratio", "rhythm_source", "rfm_segment"):
            assert row[column] is None, column
    assert rows["visitor"]["first_activity_on"] == JAN[4]
    assert rows["named"]["first_activity_on"] is None


def test_products_are_counted_only_where_lines_are_known() -> None:
    known = facts(
        [act("a", JAN[0]), act("b", JAN[0])],
        lines=[
            line("a", JAN[0], "p1", "tea"),
            line("a", JAN[0], "p2", "tea"),
            line("a", JAN[0], "p1", "tea"),
            line("a", FEB_10, "p3", "cups"),
        ],
    )
    rows = by_customer(snapshot(known, as_of=FEB_10))
    assert (rows["a"]["distinct_product_count"], rows["a"]["distinct_category_count"]) == (2, 1)
    assert rows["b"]["distinct_product_count"] is None


def test_channels_and_source_are_those_of_the_first_and_latest_order() -> None:
    known = facts(
        [
            act("a", JAN[0], channel="shop", source="flyer"),
            act("a", JAN[9], channel="web", source="ads"),
            act("b", JAN[0]),
            act("b", JAN[9], channel="web", source="ads"),
        ]
    )
    rows = by_customer(snapshot(known, as_of=FEB_10))
    assert (rows["a"]["first_channel"], rows["a"]["last_channel"]) == ("shop", "web")
    assert rows["a"]["acquisition_source"] == "flyer"
    assert rows["b"]["acquisition_source"] is None


def test_attributes_are_the_latest_known_before_the_date_begins_in_the_business_zone() -> None:
    midnight_in_shanghai = datetime(2024, 2, 9, 16)
    known = facts(
        [act("a", JAN[0])],
        attributes=[
            attribute("a", "Level", "bronze", datetime(2024, 1, 1)),
            attribute("a", "Level", "silver", datetime(2024, 2, 9, 15, 59)),
            attribute("a", "Level", "gold", midnight_in_shanghai),
            attribute("a", "会员 等级", "银", datetime(2024, 1, 1)),
        ],
    )
    made = snapshot(known, as_of=FEB_10, calendar=Calendar("Asia/Shanghai"))
    row = by_customer(made)["a"]
    assert row["attr_level"] == "silver"
    assert row["attr_会员_等级"] == "银"


@pytest.mark.parametrize(
    ("ended", "status", "shown_end", "value"),
    [
        (None, "active", None, Decimal(9)),
        (date(2024, 2, 9), "ended", date(2024, 2, 9), None),
        (FEB_10, "active", None, Decimal(9)),  # the day before was still covered
        (date(2025, 1, 1), "active", None, Decimal(9)),
    ],
)
def test_a_subscription_runs_if_it_covers_the_day_before(
    ended: date | None, status: str, shown_end: date | None, value: Decimal | None
) -> None:
    known = facts(subscriptions=[contract("s", JAN[0], ended)])
    row = by_customer(snapshot(known, as_of=FEB_10))["s"]
    assert row["subscription_status"] == status
    assert row["subscription_ended_on"] == shown_end
    assert row["subscription_recurring_value"] == value
    assert row["subscription_started_on"] == JAN[0]


def test_the_newest_received_state_of_a_contract_counts() -> None:
    known = facts(
        subscriptions=[
            contract("s", JAN[0], received=datetime(2024, 1, 2)),
            contract("s", JAN[0], JAN[9], received=datetime(2024, 1, 12)),
        ]
    )
    assert by_customer(snapshot(known, as_of=FEB_10))["s"]["subscription_status"] == "ended"
    before = snapshot(known, as_of=FEB_10, received_before=datetime(2024, 1, 12))
    assert by_customer(before)["s"]["subscription_status"] == "active"


def test_history_imported_today_still_makes_a_past_snapshot() -> None:
    known = facts([act("a", JAN[0], received=datetime(2026, 11, 21))])
    assert list(by_customer(snapshot(known, as_of=FEB_10))) == ["a"]
    strict = snapshot(known, as_of=FEB_10, received_before=datetime(2024, 2, 10))
    assert by_customer(strict) == {}


def test_frozen_cut_points_replace_the_populations_own() -> None:
    known = facts([act("a", JAN[0], "5"), act("b", JAN[30], "500")])
    cuts = RfmCuts((1, 2, 3, 4), (5, 6, 7, 8), (1000, 2000, 3000, 4000))
    rows = by_customer(snapshot(known, as_of=FEB_10, cuts=cuts))
    assert {row["rfm_segment"] for row in rows.values()} == {"lost"}
