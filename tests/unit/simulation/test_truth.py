"""The truth agrees with the data that were made from it, within sampling error."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tenure.simulation import World
from tenure.simulation.world import HORIZONS_DAYS

STANDARD_ERRORS = 4


def columns(connection, sql: str) -> dict[str, np.ndarray]:
    return connection.execute(sql).fetchnumpy()


def assert_same_mean(drawn: np.ndarray, expected: np.ndarray) -> None:
    """Hold the mean of draws against that of their expectations, by its standard error."""
    difference = drawn - expected
    error = difference.std(ddof=1) / math.sqrt(len(difference))
    assert abs(difference.mean()) < STANDARD_ERRORS * error


@pytest.mark.parametrize("kind", ["order", "visit", "survey_answered"])
def test_nobody_does_anything_after_leaving(shop, kind: str):
    done, after = shop.execute(
        "SELECT count(*), count(*) FILTER (occurred_at > left_at) FROM activity "
        "JOIN true_customers USING (customer_id) WHERE kind = ?",
        [kind],
    ).fetchall()[0]
    assert done > 0
    assert after == 0


def test_the_number_of_orders_in_the_truth_is_that_in_the_data(shop):
    assert shop.execute(
        "SELECT count(*) FROM true_customers LEFT JOIN (SELECT customer_id, count(DISTINCT "
        "order_id) AS found FROM activity WHERE kind = 'order' GROUP BY 1) USING (customer_id) "
        "WHERE orders IS DISTINCT FROM found"
    ).fetchall() == [(0,)]


def test_as_many_are_still_there_as_their_hazards_say(shop):
    found = columns(
        shop,
        "SELECT is_active, hazard_per_day, epoch(TIMESTAMP '2025-12-31 23:00:00' - started_at) / "
        "86400 AS days FROM true_customers",
    )
    stay = np.exp(-found["hazard_per_day"] * found["days"])
    assert_same_mean(found["is_active"].astype(float), stay)
    assert 0.3 < found["is_active"].mean() < 0.7


def test_customers_order_as_often_as_their_rates_say(shop):
    found = columns(
        shop,
        "SELECT orders, 1 + rate_per_day * season_days + coalesce(gained, 0) AS expected "
        "FROM true_customers LEFT JOIN (SELECT customer_id, sum(expected_incremental_orders) AS "
        "gained FROM true_campaigns WHERE is_treated GROUP BY 1) USING (customer_id) "
        "WHERE rhythm_shape = 1",
    )
    assert_same_mean(found["orders"], found["expected"])


@pytest.mark.parametrize("shape", [1, 3, 8])
@pytest.mark.parametrize("days", HORIZONS_DAYS)
def test_the_future_is_as_the_truth_expects_it(shop, shape: int, days: int):
    found = columns(
        shop,
        f"SELECT future_orders_{days}_days AS drawn, expected_orders_{days}_days AS expected, "
        f"is_active FROM true_customers WHERE rhythm_shape = {shape}",
    )
    there = found["is_active"]
    assert (found["expected"][~there] == 0).all()
    assert (found["drawn"][~there] == 0).all()
    assert_same_mean(found["drawn"][there], found["expected"][there])


def test_an_order_is_worth_what_the_truth_says(shop):
    found = columns(
        shop,
        "SELECT sum(value)::DOUBLE AS paid, any_value(mean_order_value) AS expected FROM activity "
        "JOIN true_customers USING (customer_id) WHERE kind = 'order' GROUP BY order_id",
    )
    assert_same_mean(found["paid"], found["expected"])


def test_sources_differ_in_the_planted_direction(shop, shop_world: World):
    found = {
        name: (orders, there, value)
        for name, orders, there, value in shop.execute(
            "SELECT source, avg(orders), avg(is_active::INT), avg(mean_order_value) "
            "FROM true_customers GROUP BY 1"
        ).fetchall()
    }
    best, worst = found["referral"], found["marketplace"]
    assert all(high > 1.1 * low for high, low in zip(best, worst, strict=True))
    hazards = {source.name: source.hazard_factor for source in shop_world.sources}
    staying = sorted(found, key=lambda name: -found[name][1])
    assert staying == sorted(hazards, key=lambda name: hazards[name])


def test_the_satisfied_answer_higher_and_stay_longer(shop):
    scores, stays, least, most = shop.execute(
        "SELECT corr(score, satisfaction), (SELECT corr(satisfaction, is_active::INT) FROM "
        "true_customers), min(score), max(score) FROM (SELECT customer_id, "
        "json_extract(properties, '$.score')::INT AS score FROM activity "
        "WHERE kind = 'survey_answered') JOIN true_customers USING (customer_id)"
    ).fetchall()[0]
    assert scores > 0.6
    assert stays > 0.05
    assert (least, most) == (0, 10)


@pytest.mark.parametrize("response", ["persuadable", "indifferent", "averse"])
def test_a_campaign_did_what_the_truth_says(shop, response: str):
    found = columns(
        shop,
        "SELECT is_treated, expected_incremental_orders AS gained, count(DISTINCT order_id) AS "
        "orders FROM true_campaigns AS send JOIN true_customers USING (customer_id) LEFT JOIN "
        "activity ON activity.customer_id = send.customer_id AND activity.kind = 'order' AND "
        "occurred_at >= message_at AND occurred_at < message_at + INTERVAL 30 DAY "
        f"WHERE response = '{response}' "
        "GROUP BY send.campaign, send.customer_id, is_treated, expected_incremental_orders",
    )
    treated = found["is_treated"]
    with_message, without = found["orders"][treated], found["orders"][~treated]
    effect = with_message.mean() - without.mean()
    error = math.sqrt(
        with_message.var(ddof=1) / len(with_message) + without.var(ddof=1) / len(without)
    )
    assert abs(effect - found["gained"].mean()) < STANDARD_ERRORS * error
    sign = {"persuadable": 1, "indifferent": 0, "averse": -1}[response]
    assert np.sign(found["gained"].mean()) == sign
    # The planted effect is large enough that missing it would be seen.
    assert sign == 0 or abs(found["gained"].mean()) > STANDARD_ERRORS * error


def test_half_are_held_out_and_the_data_show_who(shop):
    assert shop.execute(
        "SELECT count(*) FROM true_campaigns AS send FULL JOIN (SELECT * FROM activity WHERE "
        "kind IN ('message_sent', 'message_withheld')) AS told ON send.campaign = told.source "
        "AND send.customer_id = told.customer_id AND send.message_at = told.occurred_at "
        "WHERE is_treated IS DISTINCT FROM (told.kind = 'message_sent')"
    ).fetchall() == [(0,)]
    share = shop.execute("SELECT avg(is_treated::INT) FROM true_campaigns").fetchall()[0][0]
    assert share == pytest.approx(0.5, abs=0.01)
