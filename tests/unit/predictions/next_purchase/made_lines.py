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
    """Return a year of orders of 200 products; without habits, products are drawn evenly.

    With habits each shopper has eight staples, all of one of five groups of products (0-39,
    40-79, ...), and rebuys each at her own pace; now and then a staple is given up for another
    of the group, so that the most frequent is not always the most wanted.
    """
    random = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        group = int(random.integers(5)) * 40
        staples = list(group + random.permutation(40)[:8])
        pace = random.uniform(10, 60, size=8)
        due = random.uniform(0, 60, size=8)
        day, order = float(random.integers(20)), 0
        while day < 365:
            by_chance = int(random.random() < 0.1) if habits else 4
            bought = {int(p) for p in random.integers(200, size=by_chance)}
            for place in np.flatnonzero(due <= day) if habits else ():
                bought.add(int(staples[place]))
                due[place] = day + pace[place] * random.gamma(16, 1 / 16)
                if random.random() < 0.15:
                    staples[place] = group + int(random.integers(40))
            on = BEGAN_ON + timedelta(days=int(day))
            rows += [
                (f"c{number:04}", on, f"c{number:04}-{order}", f"p{p:03}") for p in sorted(bought)
            ]
            day += random.gamma(4, 2.0) + 1
            order += 1
    return table(rows)
