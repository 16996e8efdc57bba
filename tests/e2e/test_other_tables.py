"""Customers, contracts, events, attributes beside orders, and times in zones, from real rows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.e2e.desk import NOW, Desk, Purchase, issues_of


@pytest.fixture(scope="module")
def telco(shared_data: Path) -> list[str]:
    """The headers and the first 60 real customers of the Telco file."""
    return (shared_data / "Telco-Customer-Churn.csv").read_text().splitlines()[:61]


def attributes(desk: Desk) -> dict[tuple[str, str], str]:
    rows = desk.query(
        "SELECT customer_id, name, arg_max(value, (known_at, received_at)) "
        "FROM customer_attributes GROUP BY ALL"
    )
    return {(customer, name): value for customer, name, value in rows}


def test_a_file_of_customers_becomes_attributes(desk: Desk, telco: list[str]):
    told = desk.one("telco.csv", "\n".join((*telco, "")))
    assert told["detected"]["kind"] == "customers"
    assert (told["rows_read"], told["accepted"], told["customers"]) == (60, 60, 60)
    found = attributes(desk)
    assert found["7590-VHVEG", "contract"] == "Month-to-month"
    assert found["5575-GNVDE", "monthly_charges"] == "56.95"
    assert desk.count("activity") == 0


def test_only_what_changed_is_kept_of_a_later_file_of_customers(desk: Desk, telco: list[str]):
    desk.one("telco.csv", "\n".join((*telco, "")))
    before = desk.count("customer_attributes")
    again = desk.one("telco.csv", "\n".join((*telco, "")))
    assert (again["accepted"], again["duplicate"]) == (0, 60)
    moved = telco[:]
    moved[2] = moved[2].replace("One year", "Two year")
    told = desk.one("later.csv", "\n".join((*moved, "")))
    assert (told["accepted"], told["duplicate"]) == (1, 59)
    assert desk.count("customer_attributes") == before + 1
    assert attributes(desk)["5575-GNVDE", "contract"] == "Two year"


def test_of_a_customer_stated_twice_the_last_row_counts_and_it_is_told(
    desk: Desk, telco: list[str]
):
    rows = [*telco, telco[2].replace("One year", "Two year").replace("Male", "")]
    told = desk.one("telco.csv", "\n".join((*rows, "")))
    assert attributes(desk)["5575-GNVDE", "contract"] == "Two year"
    assert attributes(desk)["5575-GNVDE", "gender"] == "Male"
    assert issues_of(told, "restated_customer")[0]["given"] == "1 rows"
    assert desk.query(
        "SELECT source_row FROM customer_attributes "
        "WHERE customer_id = '5575-GNVDE' AND name = 'contract'"
    ) == [(62,)]
    known = desk.query("FROM customer_attributes ORDER BY ALL")
    again = desk.one("telco.csv", "\n".join((*rows, "")))
    assert (again["accepted"], again["duplicate"]) == (0, 61)
    assert desk.query("FROM customer_attributes ORDER BY ALL") == known


def test_customers_as_of_two_dates_can_be_imported_in_any_order_and_again(
    new_desk, telco: list[str]
):
    late = [line.replace("One year", "Two year") for line in telco]
    exports = ((telco, datetime(2020, 1, 1)), (late, datetime(2021, 1, 1)))
    for order in ((0, 1, 0, 1), (1, 0, 1, 0)):
        desk = new_desk()
        for number in order:
            rows, known_at = exports[number]
            desk.one(f"{number}.csv", "\n".join((*rows, "")), known_at=known_at)
        history = desk.query(
            "SELECT year(known_at), value FROM customer_attributes "
            "WHERE customer_id = '5575-GNVDE' AND name = 'contract' ORDER BY known_at"
        )
        assert history == [(2020, "One year"), (2021, "Two year")]
        assert attributes(desk)["5575-GNVDE", "contract"] == "Two year"


def test_attributes_known_from_a_date_that_was_said(desk: Desk, telco: list[str]):
    known = datetime(2020, 1, 1)
    desk.one("telco.csv", "\n".join((*telco, "")), known_at=known)
    assert desk.query("SELECT DISTINCT known_at FROM customer_attributes") == [(known,)]


def test_customers_without_an_id_are_quarantined(desk: Desk, telco: list[str]):
    rows = telco[:]
    rows[5] = "NULL," + rows[5].split(",", 1)[1]
    told = desk.one("telco.csv", "\n".join((*rows, "")))
    assert (told["accepted"], told["quarantined"]) == (59, 1)
    assert issues_of(told, "missing_customer")[0]["row"] == 6


def contracts(telco: list[str]) -> list[str]:
    """Return real contracts, dated back from a fixed day by their months."""
    lines = ["customer_id,start_date,end_date,plan,monthly_fee"]
    for line in telco[1:]:
        cells = line.split(",")
        ended = date(2020, 7, 1)
        started = ended - timedelta(days=30 * int(cells[5]))
        end = ended.isoformat() if cells[-1] == "Yes" else ""
        lines.append(f"{cells[0]},{started},{end},{cells[15]},{cells[18]}")
    return lines


def test_a_file_of_contracts(desk: Desk, telco: list[str]):
    lines = contracts(telco)
    told = desk.one("contracts.csv", "\n".join((*lines, "")))
    assert told["detected"]["kind"] == "subscriptions"
    assert (told["rows_read"], told["accepted"], told["orders"]) == (60, 60, 0)
    ended = sum(line.split(",")[2] != "" for line in lines[1:])
    fee = sum(Decimal(line.split(",")[-1]) for line in lines[1:])
    assert desk.query("SELECT count(ended_on), sum(recurring_value) FROM subscriptions") == [
        (ended, fee)
    ]
    assert Decimal(told["value"]) == fee
    assert desk.count("activity") == 0


def test_a_contract_that_ended_since_is_a_new_state(desk: Desk, telco: list[str]):
    lines = contracts(telco)
    desk.one("june.csv", "\n".join((*lines, "")))
    running = next(i for i, line in enumerate(lines) if line.split(",")[2] == "")
    lines[running] = lines[running].replace(",,", ",2020-07-01,")
    told = desk.one("july.csv", "\n".join((*lines, "")))
    assert (told["accepted"], told["duplicate"]) == (1, 59)


def test_a_file_of_events(desk: Desk, complete_journey: Path):
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT household_id, redemption_date, coupon_upc FROM "
            f"read_parquet('{complete_journey / 'coupon_redemptions.parquet'}') LIMIT 50"
        ).fetchall()
    text = "".join(
        f"{who},{day},{'Coupon redeemed' if i % 2 else 'app opened'}\n"
        for i, (who, day, _) in enumerate(rows)
    )
    told = desk.one("events.csv", f"household_id,timestamp,event\n{text}")
    assert told["detected"]["kind"] == "events"
    assert (told["accepted"] + told["duplicate"], told["orders"]) == (50, 0)
    kinds = dict(desk.query("SELECT kind, count(*) FROM activity GROUP BY kind"))
    assert set(kinds) == {"coupon_redeemed", "app_opened"}
    assert desk.query("SELECT count(value) FROM activity") == [(0,)]


def test_events_without_a_name_are_quarantined(desk: Desk, purchases: list[Purchase]):
    rows = [f"{p.customer},{p.day},login" for p in purchases]
    rows[4] = rows[4].replace("login", "")
    told = desk.one("events.csv", "\n".join(("customer_id,timestamp,event", *rows, "")))
    (issue,) = issues_of(told, "missing_kind")
    assert (issue["row"], told["accepted"] + told["duplicate"]) == (6, 43)


def test_attributes_beside_orders_are_kept_with_the_moments_they_changed(
    desk: Desk, purchases: list[Purchase]
):
    homes = {5: "Berlin", 8: "Hamburg"}
    rows = [
        f"{p.customer},{p.day},{p.dollars},{homes.get(i, 'Berlin' if i < 8 else 'Hamburg')}"
        for i, p in enumerate(purchases)
    ]
    told = desk.one("o.csv", "\n".join(("customer_id,order_date,line_total,city", *rows, "")))
    assert told["detected"]["mapping"]["attribute.city"] == "city"
    assert told["accepted"] == 44
    history = desk.query(
        "SELECT known_at::DATE, value FROM customer_attributes WHERE customer_id = '00003' "
        "ORDER BY known_at"
    )
    assert history == [(date(1997, 1, 2), "Berlin"), (date(1998, 5, 28), "Hamburg")]


def test_a_column_can_be_said_to_be_an_attribute(desk: Desk, purchases: list[Purchase]):
    rows = [f"{p.customer},{p.day},{p.dollars},blue" for p in purchases]
    told = desk.one(
        "o.csv",
        "\n".join(("customer_id,order_date,line_total,tint", *rows, "")),
        roles={"attribute.favourite_colour": "tint"},
    )
    assert told["detected"]["mapping"]["attribute.favourite_colour"] == "tint"
    assert attributes(desk)["00001", "favourite_colour"] == "blue"


def test_unused_columns_are_named(desk: Desk, purchases: list[Purchase]):
    rows = [f"{p.customer},{p.day},{p.dollars},{i}" for i, p in enumerate(purchases)]
    told = desk.one("o.csv", "\n".join(("customer_id,order_date,line_total,blah", *rows, "")))
    assert "'blah'" in issues_of(told, "unused_columns")[0]["given"]


def test_real_baskets_with_all_their_columns(desk: Desk, baskets: list[dict]):
    names = list(baskets[0])
    rows = [",".join(str(b[name]) for name in names) for b in baskets]
    told = desk.one("transactions.csv", "\n".join((",".join(names), *rows, "")))
    mapping = told["detected"]["mapping"]
    assert mapping["customer"] == "household_id"
    assert mapping["order"] == "basket_id"
    assert mapping["time"] == "transaction_timestamp"
    assert mapping["line_total"] == "sales_value"
    assert mapping["product"] == "product_id"
    assert told["accepted"] == 60
    assert told["orders"] == len({b["basket_id"] for b in baskets})
    assert told["customers"] == len({b["household_id"] for b in baskets})
    assert Decimal(told["value"]) == sum(Decimal(f"{b['sales_value']:.2f}") for b in baskets)


@pytest.mark.parametrize(
    ("workspace", "said", "instant", "day"),
    [
        ("UTC", None, "2017-01-01 11:53:26", "2017-01-01"),
        ("America/New_York", None, "2017-01-01 16:53:26", "2017-01-01"),
        ("America/New_York", "UTC", "2017-01-01 11:53:26", "2017-01-01"),
        ("Asia/Shanghai", "UTC", "2017-01-01 11:53:26", "2017-01-01"),
        ("Pacific/Auckland", "UTC", "2017-01-01 11:53:26", "2017-01-02"),
        ("Asia/Shanghai", "America/New_York", "2017-01-01 16:53:26", "2017-01-02"),
    ],
)
def test_the_zone_of_naive_times_and_of_business_days(
    new_desk, baskets: list[dict], workspace: str, said: str | None, instant: str, day: str
):
    desk = new_desk(timezone=workspace)
    b = baskets[0]
    text = f"{b['household_id']},{b['transaction_timestamp']},{b['sales_value']:.2f}\n"
    desk.one("o.csv", f"household_id,timestamp,amount\n{text}", timezone=said)
    ((at, on),) = desk.query("SELECT occurred_at::VARCHAR, occurred_on::VARCHAR FROM activity")
    assert (at, on) == (instant, day)


def test_a_zone_in_the_header_counts_before_the_workspace_s(new_desk, baskets: list[dict]):
    desk = new_desk(timezone="Asia/Shanghai")
    b = baskets[0]
    text = f"{b['household_id']},{b['transaction_timestamp']},{b['sales_value']:.2f}\n"
    desk.one("o.csv", f"household_id,timestamp (UTC),amount\n{text}")
    assert desk.query("SELECT occurred_at::VARCHAR FROM activity") == [("2017-01-01 11:53:26",)]


def test_what_happens_within_a_day_from_now_is_not_yet_the_future(
    desk: Desk, purchases: list[Purchase]
):
    soon, later = NOW + timedelta(hours=20), NOW + timedelta(hours=30)
    rows = [f"{p.customer},{p.day} 10:00:00,{p.dollars}" for p in purchases]
    rows += [f"00012,{soon},5.00", f"00013,{later},5.00"]
    told = desk.one("o.csv", "\n".join(("customer_id,order_date,line_total", *rows, "")))
    assert (told["accepted"], told["quarantined"]) == (45, 1)
    assert issues_of(told, "future_time")[0]["row"] == 47


def test_the_kind_of_rows_can_be_said(desk: Desk, telco: list[str]):
    text = "\n".join((*contracts(telco), ""))
    told = desk.one("contracts.csv", text, kind="customers")
    assert (told["detected"]["kind"], told["accepted"]) == ("customers", 60)
    assert desk.count("subscriptions") == 0
