"""Panels made by a known law, without an engine: the same columns that a snapshot has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from scipy.special import expit

from tenure.predictions.churn.definition import ChurnDefinition
from tenure.predictions.panels import OUTCOME, Panel

HORIZON_DAYS = 90
EVERYONE = ChurnDefinition("fixed_window", HORIZON_DAYS, window_days=None)
DATES = (date(2025, 1, 1), date(2025, 4, 1), date(2025, 6, 30))
NEXT = date(2025, 9, 28)


def true_probability(overdue: np.ndarray, spend: np.ndarray, city: np.ndarray) -> np.ndarray:
    """Return the law: lateness raises the probability, spending lowers it, one city raises it."""
    return expit(
        -1.2 + 1.1 * (np.minimum(overdue, 4) - 1) - 0.5 * np.log1p(spend / 50) + (city == 2)
    )


def made_panel(
    as_of: date, customers: int = 1500, *, seed: int = 0, signal: bool = True, level: float = 0.0
) -> Panel:
    """Return customers at a date and what they did in the next 90 days.

    Parameters
    ----------
    signal : whether what is known has anything to do with leaving.
    level : added to the log-odds of leaving.
    """
    random = np.random.default_rng([seed, as_of.toordinal()])
    gap = random.gamma(3.0, 12.0, customers) + 2
    silent = np.ceil(random.exponential(gap * 1.2)).astype(int)
    spend = random.gamma(1.0, 60.0, customers)
    city = random.integers(0, 4, customers)
    orders = random.poisson(3, customers) + 1
    overdue = silent / gap
    p = true_probability(overdue, spend, city)
    p = expit(np.log(p / (1 - p)) + level) if signal else np.full(customers, 0.3)
    left = random.random(customers) < p
    wait = random.integers(0, HORIZON_DAYS, customers)
    coming = [
        None if gone else as_of + timedelta(days=int(days))
        for gone, days in zip(left, wait, strict=True)
    ]
    ids = [f"c{number:05d}" for number in range(customers)]
    features = pa.table(
        {
            "customer_id": ids,
            "as_of": pa.array([as_of] * customers, pa.date32()),
            "last_order_on": pa.array([as_of - timedelta(days=int(n)) for n in silent]),
            "last_activity_on": pa.array([as_of - timedelta(days=int(n)) for n in silent]),
            "days_since_last_order": pa.array(silent, pa.int64()),
            "rhythm_days": gap,
            "rhythm_source": ["own"] * customers,
            "mean_gap_days": pa.array(gap, mask=orders < 2),
            "overdue_ratio": overdue,
            "order_count": pa.array(orders, pa.int64()),
            "order_count_90_days": pa.array(random.poisson(1, customers), pa.int64()),
            "net_value": pa.array(np.round(spend, 2)).cast(pa.decimal128(18, 4)),
            "net_value_90_days": pa.array(np.round(spend / 3, 2)).cast(pa.decimal128(18, 4)),
            "subscription_status": pa.nulls(customers, pa.string()),
            "attr_city": pa.array(np.array(["Ulm", "Bonn", "Kiel", None])[city].tolist()),
            "change_90_days_order_count_90_days": pa.array(random.normal(0, 1, customers)),
        }
    )
    outcome = pa.table(
        {
            "customer_id": ids,
            "order_count": pa.array((~left).astype(int), pa.int64()),
            "order_day_count": pa.array((~left).astype(int), pa.int64()),
            "gross_value": pa.nulls(customers, OUTCOME.field("gross_value").type),
            "net_value": pa.nulls(customers, OUTCOME.field("net_value").type),
            "next_order_on": pa.array(coming, pa.date32()),
            "contract_ended": pa.nulls(customers, pa.bool_()),
        },
        schema=OUTCOME,
    )
    until = as_of + timedelta(days=HORIZON_DAYS)
    return Panel(as_of, until, features, features.select(["customer_id"]), outcome)


def made_panels(dates: Sequence[date] = DATES, **options: object) -> list[Panel]:
    """Return one panel per date."""
    return [made_panel(day, **options) for day in dates]  # type: ignore[arg-type]
