"""The facts keep the contract, and are as plausible as the parameters say."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.activity.contract import FACT_TABLES
from tenure.simulation import World, planned_world
from tenure.simulation.streaming import ParquetFiles, blocks


def figures(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    return connection.execute(sql).fetchall()[0]


@pytest.mark.parametrize("kind", ["shop", "service", "subscription"])
def test_files_have_exactly_the_columns_of_the_contract(kind: str, tmp_path):
    world = planned_world(kind, customers=50, seed=2)
    with ParquetFiles(FACT_TABLES, lambda table: tmp_path / f"{table}.parquet") as files:
        for block in blocks(world):
            for table, rows in block.facts.items():
                files.write(table, rows)
    made = {path.stem for path in tmp_path.iterdir()}
    assert made == {"activity", "customer_attributes"} | (
        {"subscriptions"} if kind == "subscription" else set()
    )
    for table in made:
        schema = pq.read_schema(tmp_path / f"{table}.parquet")
        assert schema.names == FACT_TABLES[table].names
        assert schema.types == FACT_TABLES[table].types


def test_rows_are_unique_and_sorted_by_customer_time_and_identity(shop):
    ids = shop.sql("SELECT * FROM activity").to_arrow_table()
    assert len(set(ids["activity_id"].to_pylist())) == len(ids)
    assert {len(text) for text in ids["activity_id"].to_pylist()} == {32}
    keys = ["customer_id", "occurred_at", "activity_id"]
    plain = pa.table({key: ids[key].cast(ids[key].type) for key in keys})
    assert plain.sort_by([(key, "ascending") for key in keys]).equals(plain)
    assert ids["source_row"].to_pylist() == list(range(1, len(ids) + 1))


def test_a_row_falls_on_its_business_day_within_opening_hours(shop, shop_world: World):
    wrong, first_hour, last_hour, first, last = figures(
        shop,
        "SELECT count(*) FILTER (local::DATE <> occurred_on), min(hour(local)), max(hour(local)), "
        "min(occurred_on), max(occurred_on) FROM (SELECT occurred_on, timezone('Europe/Berlin', "
        "timezone('UTC', occurred_at)) AS local FROM activity)",
    )
    assert (wrong, first_hour, last_hour) == (0, 8, 20)
    assert first == shop_world.starts_on
    assert (shop_world.as_of - last).days == 1


def test_every_row_was_received_before_the_as_of_date_and_after_it_happened(shop):
    assert figures(shop, "SELECT count(*) FROM activity WHERE received_at < occurred_at") == (0,)
    assert figures(
        shop,
        "SELECT count(DISTINCT received_at), count(*) FILTER (timezone('Europe/Berlin', "
        "timezone('UTC', received_at)) >= DATE '2026-01-01') FROM activity",
    ) == (1, 0)


def test_amounts_add_up(shop):
    assert figures(
        shop,
        "SELECT count(*) FILTER (value IS DISTINCT FROM quantity * unit_price - discount), "
        "count(*) FILTER (kind = 'order' AND value <= 0), "
        "count(*) FILTER (kind = 'refund' AND value >= 0), "
        "count(*) FILTER (kind NOT IN ('order', 'refund') AND value IS NOT NULL) FROM activity",
    ) == (0, 0, 0, 0)


def test_a_refund_sends_back_a_line_of_an_earlier_order(shop):
    alone, refunds, lines = figures(
        shop,
        "SELECT count(*) FILTER (bought.activity_id IS NULL), count(DISTINCT back.activity_id), "
        "(SELECT count(*) FROM activity WHERE kind = 'order') FROM "
        "(SELECT * FROM activity WHERE kind = 'refund') AS back LEFT JOIN activity AS bought "
        "ON bought.kind = 'order' AND bought.order_id = back.order_id "
        "AND bought.customer_id = back.customer_id AND bought.value = -back.value "
        "AND bought.product_id IS NOT DISTINCT FROM back.product_id "
        "AND back.occurred_at BETWEEN bought.occurred_at + INTERVAL 1 DAY - INTERVAL 2 HOUR "
        "AND bought.occurred_at + INTERVAL 22 DAY",
    )
    assert alone == 0
    assert refunds / lines == pytest.approx(0.03, rel=0.05)


def test_an_order_is_one_customer_at_one_instant_with_a_modest_number_of_lines(shop):
    most, lines = figures(
        shop,
        "SELECT max(instants), avg(lines) FROM (SELECT count(DISTINCT (customer_id, occurred_at)) "
        "AS instants, count(*) AS lines FROM activity WHERE kind = 'order' GROUP BY order_id)",
    )
    assert most == 1
    assert lines == pytest.approx(1.3, rel=0.01)


def test_saturdays_and_december_are_busier(shop, shop_world: World):
    saturday, tuesday, december, october = figures(
        shop,
        "SELECT count(*) FILTER (isodow(day) = 6), count(*) FILTER (isodow(day) = 2), "
        "count(*) FILTER (month(day) = 12 AND day(day) <= 24) / 24, "
        "count(*) FILTER (month(day) = 10) / 31 FROM (SELECT DISTINCT order_id, occurred_on AS "
        "day FROM activity WHERE kind = 'order')",
    )
    weekdays = shop_world.seasons.weekdays
    assert saturday / tuesday == pytest.approx(weekdays[5] / weekdays[1], rel=0.05)
    assert december / october > 1.2


def test_what_is_missing_is_missing_as_often_as_stated(shop, shop_world: World):
    missing = shop_world.missing
    channel, product, source = figures(
        shop,
        "SELECT avg((channel IS NULL)::INT), avg((product_id IS NULL)::INT), "
        "(SELECT avg((source IS NULL)::INT) FROM (SELECT customer_id, max(source) AS source "
        "FROM activity WHERE kind = 'order' GROUP BY 1)) FROM activity WHERE kind = 'order'",
    )
    assert channel == pytest.approx(missing.channel, rel=0.1)
    assert product == pytest.approx(missing.product, rel=0.1)
    assert source == pytest.approx(missing.source, rel=0.1)
    known = dict(
        shop.execute("SELECT name, count(*) FROM customer_attributes GROUP BY 1").fetchall()
    )
    for name, count in known.items():
        assert 1 - count / shop_world.customers == pytest.approx(getattr(missing, name), abs=0.01)


def test_popularity_is_heavy_tailed_and_a_product_has_one_price(shop):
    share, prices = figures(
        shop,
        "SELECT sum(lines) FILTER (place <= 200) / sum(lines), max(prices) FROM (SELECT count(*) "
        "AS lines, count(DISTINCT unit_price) AS prices, row_number() OVER (ORDER BY count(*) "
        "DESC) AS place FROM activity WHERE kind = 'order' AND product_id IS NOT NULL "
        "GROUP BY product_id)",
    )
    assert 0.4 < share < 0.8
    assert prices == 1


def test_a_shop_has_about_as_many_orders_and_rows_as_it_aims_at(shop, shop_world: World):
    orders, rows = figures(
        shop,
        "SELECT count(DISTINCT order_id) FILTER (kind = 'order'), count(*) FROM activity",
    )
    assert orders / shop_world.customers == pytest.approx(shop_world.orders_per_customer, rel=0.05)
    assert 21 < rows / shop_world.customers < 25


def test_another_mean_number_of_orders_is_met_too():
    world = planned_world("service", customers=5000, seed=8, orders_per_customer=4)
    placed = sum(block.orders for block in blocks(world))
    assert placed / world.customers == pytest.approx(4, rel=0.06)


def test_gaps_are_as_regular_as_the_rhythm_says(shop):
    variation = dict(
        shop.execute(
            "WITH placed AS (SELECT DISTINCT customer_id, order_id, occurred_at FROM activity "
            "WHERE kind = 'order'), gaps AS (SELECT customer_id, date_diff('second', "
            "lag(occurred_at) OVER (PARTITION BY customer_id ORDER BY occurred_at), occurred_at) "
            "AS gap FROM placed), each AS (SELECT customer_id, stddev(gap) / avg(gap) AS cv FROM "
            "gaps GROUP BY 1 HAVING count(gap) >= 30) SELECT rhythm_shape, avg(cv) FROM each "
            "JOIN true_customers USING (customer_id) GROUP BY 1"
        ).fetchall()
    )
    # The season adds to what the rhythm alone would vary.
    for shape, found in variation.items():
        assert found == pytest.approx(1 / np.sqrt(shape), abs=0.15)
