"""Customers of a world drawn from the Pareto/NBD and the gamma-gamma model, with their future."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SPAN_DAYS = 730.0
HORIZON_DAYS = 180.0


@dataclass(frozen=True)
class Made:
    """Histories in days, what each customer then brought within the horizon, and the truth.

    Rates are per day; the truth is who is active, at what rates, with what mean value of an order.
    """

    table: dict[str, np.ndarray]
    orders: np.ndarray
    value: np.ndarray
    active: np.ndarray
    rate: np.ndarray
    leaving: np.ndarray
    mean_value: np.ndarray


def customers(count: int = 3000, *, seed: int = 5) -> Made:
    """Return customers whose orders are worth 20 to 60 on the whole."""
    random = np.random.default_rng(seed)
    age = np.floor(random.uniform(60, SPAN_DAYS, count))
    rate = random.gamma(0.8, 1 / 40.0, count)
    leaving = random.gamma(1.2, 1 / 400.0, count)
    leaves = random.exponential(1 / leaving)
    mean = 6.0 / random.gamma(4.0, 1 / 25.0, count)  # inverse gamma: gamma-gamma with p = 6
    x, last, sums = np.zeros(count), np.zeros(count), np.zeros(count)
    orders, value = np.zeros(count), np.zeros(count)
    for i in range(count):
        days = np.cumsum(random.exponential(1 / rate[i], int(rate[i] * 1500) + 20))
        days = days[days < min(leaves[i], age[i] + HORIZON_DAYS)]
        before = np.unique(np.ceil(days[days < age[i]]))
        worth = random.gamma(6.0, mean[i] / 6.0, len(days) + 1)
        x[i] = len(before)
        last[i] = before[-1] if len(before) else 0.0
        sums[i] = worth[: len(before)].sum()
        orders[i] = (days >= age[i]).sum()
        value[i] = worth[len(before) : len(before) + int(orders[i])].sum()
    age = np.maximum(age, last)
    spent = np.divide(sums, x, out=np.full(count, np.nan), where=x > 0)
    table = {
        "repeat_order_day_count": x,
        "age_at_last_order_days": last,
        "age_days": age,
        "mean_repeat_value": spent,
    }
    return Made(table, orders, value, leaves >= age, rate, leaving, mean)
