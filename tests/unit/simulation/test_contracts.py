"""Contracts run in whole periods, end by their plan's hazard, and nothing happens afterwards."""

from __future__ import annotations

import math

import pytest

from tenure.simulation import World


def test_contracts_run_for_whole_periods_and_the_truth_knows_their_end(
    subscription, subscription_world: World
):
    for plan in subscription_world.plans:
        odd, wrong, count = subscription.execute(
            "SELECT count(*) FILTER ((ended_on - started_on) % ? <> 0), "
            "count(*) FILTER (left_at IS DISTINCT FROM ended_at), count(*) FROM subscriptions "
            "JOIN true_customers USING (customer_id) WHERE subscriptions.plan = ?",
            [plan.period_days, plan.name],
        ).fetchall()[0]
        assert (odd, wrong) == (0, 0)
        assert count > 1000


def test_nothing_happens_outside_a_contract(subscription):
    assert subscription.execute(
        "SELECT count(*) FROM activity JOIN subscriptions USING (customer_id) "
        "WHERE kind IN ('order', 'login') AND (occurred_at < started_at OR occurred_at > ended_at)"
    ).fetchall() == [(0,)]


def test_as_many_renew_as_the_hazards_say(subscription, subscription_world: World):
    days = {plan.name: plan.period_days for plan in subscription_world.plans}
    for plan, length in days.items():
        # The first renewal of contracts that have come to it.
        renewed, expected, count = subscription.execute(
            "SELECT avg((ended_on IS NULL OR ended_on - started_on > ?)::INT), "
            "avg(1 - hazard_per_period), count(*) FROM subscriptions JOIN true_customers "
            "USING (customer_id) WHERE subscriptions.plan = ? AND started_on + ? < DATE "
            "'2026-01-01'",
            [length, plan, length],
        ).fetchall()[0]
        assert abs(renewed - expected) < 4 * math.sqrt(expected * (1 - expected) / count)


def test_expected_recurring_value_is_what_each_period_is_worth_if_she_stays(
    subscription, subscription_world: World
):
    prices = {p.name: (p.recurring_cents / 100, p.period_days) for p in subscription_world.plans}
    rows = subscription.execute(
        "SELECT plan, hazard_per_period, epoch(TIMESTAMP '2026-01-01 05:00:00' - started_at) / "
        "86400 AS age, expected_recurring_value_180_days FROM true_customers WHERE is_active "
        "LIMIT 500"
    ).fetchall()
    for plan, hazard, age, expected in rows:
        price, length = prices[plan]
        ends = range(math.floor(age / length) + 1, math.floor((age + 180) / length) + 1)
        value = sum(price * (1 - hazard) ** (turn + 1) for turn in range(len(ends)))
        # An instant within opening hours is a little later or earlier than its share of a day.
        near = min((age % length), length - (age + 180) % length, (age + 180) % length)
        assert near < 1 or expected == pytest.approx(value)


def test_future_orders_end_with_contracts_as_expected(subscription):
    drawn, expected, error = subscription.execute(
        "SELECT avg(future_orders_365_days), avg(expected_orders_365_days), "
        "stddev(future_orders_365_days - expected_orders_365_days) / sqrt(count(*)) "
        "FROM true_customers WHERE is_active"
    ).fetchall()[0]
    # Leaving is followed in steps of ten days, which adds a little.
    assert abs(drawn - expected) < 4 * error + 0.01 * expected
