"""People and a strategy to plan for, without a workspace."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa

from tenure.strategies.definition import Strategy
from tenure.strategies.ground import Ground
from tenure.strategies.plan import Plan
from tenure.strategies.plan_limits import occasion_on
from tenure.strategies.planning import plan_strategy
from tenure.strategies.preparing import PlanOptions, Prepared, prepare
from tenure.strategies.reading import parse_strategy

AS_OF = date(2026, 3, 2)

TEXT = """
name: bring_back
title: {en: Bring back, zh: 唤回}
owner: Li Wei
goal: {metric: retention_rate, target: 0.5, by: 2026-12-31}
audience: overdue_now
tactics:
  - name: reminder
    title: {en: Reminder, zh: 提醒}
    action: message
    channel: in_app
    group: main
    cost: {contact: 0.05}
    effect:
      prior: &belief
        scale: probability
        mean: 0.02
        standard_deviation: 0.01
        worth: mean_order_value
        basis: assumption
        source: believed
  - name: call
    title: {en: Call, zh: 致电}
    action: call
    channel: phone
    group: main
    team: desk
    staff_minutes: 6
    cost: {contact: 0.5}
    effect:
      prior:
        scale: probability
        mean: 0.08
        standard_deviation: 0.05
        worth: mean_order_value
        basis: assumption
        source: believed
  - name: voucher
    title: {en: Voucher, zh: 代金券}
    action: offer
    channel: in_store
    group: extra
    cost: {fixed: 20, redemption: 8}
    redemption_rate: 0.2
    effect:
      prior:
        scale: value
        mean: 2.5
        standard_deviation: 1.5
        basis: measured
        source: last spring
budget: {money: 300, currency: EUR}
teams:
  - {name: desk, department: service, staff_hours: 12}
departments:
  - {name: service, title: Service, owner: Ana}
channels:
  - {name: phone, consent: attr_phone_consent}
holdout_share: 0.1
exploration_share: 0.05
schedule: {starts_on: 2026-03-02, ends_on: 2026-03-29, review_on: 2026-04-20}
"""


def strategy(**changes: object) -> Strategy:
    """Return the strategy, some fields changed."""
    text = TEXT.replace("&belief", "")
    return parse_strategy(text, "bring_back.yaml").model_copy(update=changes)


def ground(customers: int = 1200, seed: int = 1) -> Ground:
    """Return customers of whom four fifths are in the audience and some are hard to reach."""
    random = np.random.default_rng(seed)
    audience = random.random(customers) < 0.8
    unknown = ~audience & (random.random(customers) < 0.2)
    held = audience & (random.random(customers) < 0.1)
    eligible = np.ones((customers, 3), bool)
    eligible[:, 2] = random.random(customers) < 0.4
    eligible[random.random(customers) < 0.05] = False
    agreed = np.ones((customers, 3), bool)
    agreed[:, 1] = random.random(customers) < 0.6
    worth = random.gamma(2.0, 30.0, customers)
    worth[random.random(customers) < 0.03] = np.nan
    orders = random.poisson(0.4, customers).astype(float)
    past = {f"order_count_{days}": orders for days in (30, 90, 365)}
    past |= {f"net_value_{days}": orders * worth for days in (30, 90, 365)}
    return Ground(
        pa.array([f"C{number:05}" for number in range(customers)]),
        audience,
        unknown,
        eligible,
        agreed,
        {"mean_order_value": worth},
        past,
        {"strategy_holdout": held},
    )


def prepared(
    given: Strategy | None = None, people: Ground | None = None, **options: object
) -> Prepared:
    """Return the strategy ready to be decided."""
    chosen = given or strategy()
    return prepare(
        chosen,
        people or ground(),
        occasion_on(chosen, AS_OF),
        replace(PlanOptions(margin=0.5), **options),
    )


def plan(given: Strategy | None = None, people: Ground | None = None, **options: object) -> Plan:
    """Return the plan."""
    return plan_strategy(prepared(given, people, **options), as_of=AS_OF)
