"""Order lines of made-up shoppers with habits, from a seed."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

BEGAN_ON = date(2025, 1, 1)


def table(rows: list[tuple[str, date, str, str]]) -> pa.Table:
    """Return rows of customer, day, order and product as order lines."""
    customers, days, orders, products = zip(*rows, strict=True)
    return pa.table(
        {
            "customer_id": list(customers),
            "occurred_on": pa.array(days, pa.date32()),
            "order_id": list(orders),
            "product_id": list(products),
        }
    )


def shoppers(customers: int = 300, *, seed: int = 7, habits: bool = True) -> pa.Table:
    """Return a year of orders; with habits, each has staples that she rebuys at her own pace.

    Products of one dozen (0-11, 12-23, ...) are liked by the same customers.
    """
    random = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        dozen = int(random.integers(5)) * 12
        liked = dozen + random.permutation(12)[:5]
        pace = random.integers(2, 6, size=5)
        day, order = float(random.integers(20)), 0
        while day < 365:
            if habits:
                bought = {int(p) for p, n in zip(liked, pace, strict=True) if order % n == 0}
                bought |= {dozen + int(random.integers(12)), int(random.integers(60))}
            else:
                bought = {int(p) for p in random.integers(60, size=4)}
            on = BEGAN_ON + timedelta(days=int(day))
            rows += [
                (f"c{number:04}", on, f"c{number:04}-{order}", f"p{p:02}") for p in sorted(bought)
            ]
            day += random.gamma(4, 3.0) + 1
            order += 1
    return table(rows)
