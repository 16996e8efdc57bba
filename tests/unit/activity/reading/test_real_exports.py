"""Real files, read without a word from anybody, give their true figures."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from tenure.activity.contract import Role
from tenure.activity.reading import cleaning_sql, propose
from tenure.engine.duck import connect, literal

NOW = datetime(2026, 11, 21)


def clean(query: str):
    connection = connect()
    connection.execute(
        f"CREATE TABLE raw AS SELECT *, row_number() OVER () AS source_row FROM ({query})"
    )
    columns = [row[0] for row in connection.execute("DESCRIBE raw").fetchall()][:-1]
    proposal = propose(connection, "raw", columns, source_name="real")
    sql = cleaning_sql(proposal.mapping, relation="raw", columns=columns, timezone="UTC", now=NOW)
    connection.execute(f"CREATE TABLE clean AS {sql}")
    return proposal, lambda figures: connection.execute(f"SELECT {figures} FROM clean").fetchall()[
        0
    ]


def test_cdnow_gives_its_published_totals(shared_data) -> None:
    names = ", ".join(
        f"words[{i + 1}] AS {name}"
        for i, name in enumerate(["customer_id", "date", "number_of_cds", "dollar_value"])
    )
    path = literal(str(shared_data / "CDNOW_master.txt"))
    proposal, figures = clean(
        f"SELECT {names} FROM (SELECT regexp_split_to_array(trim(line), '\\s+') AS words FROM "
        f"read_csv({path}, columns={{'line': 'VARCHAR'}}, delim='|', header=false, skip=1))"
    )
    assert proposal.questions == ()
    assert figures("count(*), count(fault_code), count(DISTINCT customer_id), sum(value), "
                   "sum(quantity), count(*) FILTER (kind = 'order')") == (
        69_659, 0, 23_570, Decimal("2500315.6300"), Decimal("167881.0000"), 69_659,
    )  # fmt: skip
    assert figures("min(occurred_on)::VARCHAR, max(occurred_on)::VARCHAR") == (
        "1997-01-01", "1998-06-30",
    )  # fmt: skip


def test_complete_journey_is_read_without_a_question(complete_journey) -> None:
    path = literal(str(complete_journey / "transactions.parquet"))
    proposal, figures = clean(f"SELECT COLUMNS(*)::VARCHAR FROM read_parquet({path})")
    assert proposal.questions == ()
    total = proposal.mapping.column(Role.LINE_TOTAL)
    assert total is not None
    assert total.column == "sales_value"
    assert figures("count(*), count(fault_code), count(DISTINCT customer_id), sum(value), "
                   "count(DISTINCT order_id), max(occurred_at)") == (
        1_469_307, 0, 2_469, Decimal("4596039.5800"), 155_848, datetime(2018, 1, 1, 4, 1, 20),
    )  # fmt: skip


def test_telco_customers_keep_every_column(shared_data) -> None:
    path = literal(str(shared_data / "Telco-Customer-Churn.csv"))
    proposal, figures = clean(f"SELECT * FROM read_csv({path}, all_varchar=true)")
    assert (proposal.mapping.kind, proposal.questions) == ("customers", ())
    assert figures("count(*), count(fault_code), count(DISTINCT customer_id)") == (7_043, 0, 7_043)
    churned = "count(*) FILTER (list_contains(attributes, {'key': 'churn', 'value': 'Yes'}))"
    assert figures(churned) == (1_869,)
