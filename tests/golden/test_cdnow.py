"""CDNOW: all figures of the file's true-figures page, to the last digit.

Source: the CDNOW master file (Fader and Hardie; 23,570 customers who first bought in Q1 1997,
followed to 1998-06-30), counted independently with plain SQL. Definitions: an order is a
customer's day; a cohort is the calendar month of a customer's first order in the file.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tenure.metrics import cohorts, lifecycle, repeat, retention, revenue, totals

COHORTS = {
    "1997-01": "7846 1157 964 810 679 736 720 582 559 594 673 634 528 511 664 472 497 498",
    "1997-02": "8476 1312 980 783 847 786 626 619 666 721 661 545 568 718 545 548 551",
    "1997-03": "7248 1032 752 756 674 564 561 579 634 569 464 472 678 420 443 457",
}
RETENTION = """
1997-Q2 23570 5376 0 5376    0 0.228087
1997-Q3  5376 4263 0 2289 1974 0.425781
1997-Q4  4263 4221 0 2063 2158 0.483932
1998-Q1  4221 3817 0 1954 1863 0.462923
1998-Q2  3817 3317 0 1760 1557 0.461095
"""
"""period, at start, at end, new, retained, reactivated, retained / at start."""
MONTHS = """
1997-01 7846 299060.17
1997-02 9633 379590.03
1997-03 9524 393155.27
1997-04 2822 142824.49
1997-05 2214 107933.30
1997-06 2339 108395.87
1997-07 2180 122078.88
1997-08 1772  88367.69
1997-09 1739  81948.80
1997-10 1839  89780.77
1997-11 2028 115448.64
1997-12 1864  95577.35
1998-01 1537  76756.78
1998-02 1551  77096.96
1998-03 2060 108970.15
1998-04 1437  66231.52
1998-05 1488  70989.66
1998-06 1506  76109.30
"""
"""month, customers, revenue."""


def lines(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


@pytest.fixture(scope="module")
def cdnow(shared_data: Path) -> pa.Table:
    with duckdb.connect() as connection:
        return connection.sql(
            f"""
            SELECT c[1] AS customer_id, strptime(c[2], '%Y%m%d')::DATE AS occurred_on,
                   c[4]::DECIMAL(18, 4) AS value
            FROM (SELECT string_split_regex(trim(line), '\\s+') AS c
                  FROM read_csv('{shared_data / "CDNOW_master.txt"}', columns={{'line': 'VARCHAR'}},
                                delim='|', header=true, quote='', auto_detect=false))
            """
        ).to_arrow_table()


@pytest.fixture(scope="module")
def cdnow_rows_as_orders(cdnow: pa.Table) -> pa.Table:
    numbers = pa.array([str(number) for number in range(cdnow.num_rows)])
    return cdnow.append_column("order_id", numbers)


def test_totals(cdnow: pa.Table):
    row = totals(cdnow).rows()[0]
    assert cdnow.num_rows == 69_659
    assert (row["customers"], row["orders"]) == (23_570, 67_591)
    assert (row["gross_value"], row["returned_value"]) == (Decimal("2500315.63"), 0)
    assert row["net_value"] == Decimal("2500315.63")
    assert (row["first_order_on"], row["last_order_on"]) == (date(1997, 1, 1), date(1998, 6, 30))


def test_repeat_rate_with_customer_days_as_orders(cdnow: pa.Table):
    row = repeat(cdnow, period="year").rows()[0]
    assert (row["repeat_customers"], row["customers"]) == (11_516, 23_570)
    assert round(row["rate"], 6) == 0.488587
    assert round(totals(cdnow).rows()[0]["orders"] / 23_570, 6) == 2.867671


def test_repeat_rate_with_every_row_an_order(cdnow_rows_as_orders: pa.Table):
    row = repeat(cdnow_rows_as_orders, period="year").rows()[0]
    assert row["repeat_customers"] == 11_662
    assert round(row["rate"], 6) == 0.494782


def test_quarterly_retention(cdnow: pa.Table):
    first, *rest = retention(cdnow, period="quarter").rows()
    assert (first["state"], first["reason"]) == ("undefined", "no_earlier_period")
    found = [
        [
            row["period"],
            *(str(row[n]) for n in ("at_start", "at_end", "new", "retained", "returned")),
            f"{row['retention_rate']:.6f}",
        ]
        for row in rest
    ]
    assert found == lines(RETENTION)


def test_the_textbook_reading_counts_the_reactivated_as_kept(cdnow: pa.Table):
    row = retention(cdnow, period="quarter").rows()[2]
    assert row["textbook_retention_rate"] == (4263 - 0) / 5376
    assert row["churn_rate"] == 1 - 2289 / 5376


def test_monthly_cohorts(cdnow: pa.Table):
    result = cohorts(cdnow, to_on=date(1997, 4, 1))
    for label, counts in COHORTS.items():
        cells = [row for row in result.rows() if row["cohort"] == label]
        assert " ".join(str(row["count"]) for row in cells) == counts
        assert [row["rate"] for row in cells] == [
            int(count) / int(counts.split()[0]) for count in counts.split()
        ]


def test_the_mean_row_is_weighted_over_eligible_cohorts_only(cdnow: pa.Table):
    means = {
        row["period_number"]: row["rate"] for row in cohorts(cdnow).rows() if row["row"] == "mean"
    }
    assert means[1] == (1157 + 1312 + 1032) / 23_570
    assert means[17] == 498 / 7846


def test_monthly_revenue_and_customers(cdnow: pa.Table):
    wanted = [(month, int(n), Decimal(value)) for month, n, value in lines(MONTHS)]
    by_revenue = revenue(cdnow).rows()
    by_totals = totals(cdnow, period="month").rows()
    for rows in (by_revenue, by_totals):
        assert [(r["period"], r["customers"], r["net_value"]) for r in rows] == wanted
    assert [row["active"] for row in lifecycle(cdnow).rows()] == [n for _, n, _ in wanted]
