"""Last baskets held out, as papers do it: what the benchmark and the golden test both measure.

Protocol: products sold at least 17 times, households with at least 4 baskets of them, the last
50 baskets before the last as history, the last one as truth; recall at 10 averaged over
households. Source of the protocol's kind: Li et al. (2023), A Next Basket Recommendation Reality
Check, ACM TOIS 41(4), doi:10.1145/3587153.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SOLD_MIN, BASKETS_MIN, HISTORY, LENGTH = 17, 4, 50, 10

_LINES = """
    WITH bought AS (
        SELECT household_id AS customer, basket_id, product_id AS product,
               min(transaction_timestamp) AS bought_at
        FROM read_parquet('{folder}/transactions.parquet') GROUP BY ALL),
    sold AS (SELECT product FROM bought GROUP BY product HAVING count(*) >= {sold}),
    kept AS (SELECT * FROM bought WHERE product IN (SELECT product FROM sold)),
    baskets AS (SELECT customer, basket_id, min(bought_at) AS began_at FROM kept GROUP BY ALL),
    placed AS (
        SELECT *, row_number() OVER (PARTITION BY customer ORDER BY began_at DESC, basket_id DESC)
                  AS back, count(*) OVER (PARTITION BY customer) AS baskets
        FROM baskets)
    SELECT kept.customer::VARCHAR AS customer_id, kept.product::VARCHAR AS product_id,
           basket_id::VARCHAR AS order_id, placed.began_at::TIMESTAMP AS occurred_at,
           placed.began_at::DATE AS occurred_on, back
    FROM kept JOIN placed USING (customer, basket_id)
    WHERE baskets >= {least} AND back <= {history} + 1
    ORDER BY customer_id, back DESC, product_id
"""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Histories and the basket after them.

    Parameters
    ----------
    history : order lines.
    truth : customer and the products of her last basket.
    """

    history: pa.Table
    truth: dict[str, frozenset[str]]

    def recall(self, suggested: pa.Table) -> tuple[float, float]:
        """Return mean recall and the share of households with a hit.

        Parameters
        ----------
        suggested : columns `customer_id` and `product_id`, at most 10 products a customer.
        """
        shown = grouped(suggested)
        shares = [len(shown.get(c, frozenset()) & bought) / len(bought) for c, bought in self.items]
        return float(np.mean(shares)), float(np.mean(np.array(shares) > 0))

    def part(self, *, new: bool) -> HeldOut:
        """Return the same with the truth's new products only, or with those bought before."""
        before = grouped(self.history)
        parts = {c: bought - before[c] if new else bought & before[c] for c, bought in self.items}
        return HeldOut(self.history, {c: products for c, products in parts.items() if products})

    @property
    def items(self) -> list[tuple[str, frozenset[str]]]:
        """Customers and their last baskets."""
        return list(self.truth.items())


def held_out(folder: Path) -> HeldOut:
    """Return the Complete Journey's histories and last baskets from its folder of Parquet files."""
    with duckdb.connect() as connection:
        lines = connection.sql(
            _LINES.format(folder=folder, sold=SOLD_MIN, least=BASKETS_MIN, history=HISTORY)
        ).to_arrow_table()
    last = pc.equal(lines["back"], 1)
    return HeldOut(lines.filter(pc.invert(last)).drop(["back"]), grouped(lines.filter(last)))


def grouped(table: pa.Table) -> dict[str, frozenset[str]]:
    """Return the products of each customer."""
    sets = table.group_by("customer_id").aggregate([("product_id", "distinct")])
    names, products = sets["customer_id"].to_pylist(), sets["product_id_distinct"].to_pylist()
    return {name: frozenset(bought) for name, bought in zip(names, products, strict=True)}


def simple_rules(data: HeldOut) -> dict[str, pa.Table]:
    """Return the lists of popularity, own frequency, and own frequency filled with popularity."""
    counts = data.history.group_by("product_id").aggregate([("order_id", "count")])
    order = counts.sort_by([("order_id_count", "descending"), ("product_id", "ascending")])
    popular = order["product_id"].to_pylist()
    place = {product: number for number, product in enumerate(popular)}
    own = data.history.group_by(["customer_id", "product_id"]).aggregate([("order_id", "count")])
    frequent: dict[str, list[tuple[int, int, str]]] = {}
    for row in own.to_pylist():
        product = row["product_id"]
        frequent.setdefault(row["customer_id"], []).append(
            (-row["order_id_count"], place[product], product)
        )
    personal = {c: [p for _, _, p in sorted(found)[:LENGTH]] for c, found in frequent.items()}
    filled = {
        c: [*mine, *(p for p in popular[: 2 * LENGTH] if p not in mine)][:LENGTH]
        for c, mine in personal.items()
    }
    return {
        "popularity": _table(dict.fromkeys(data.truth, popular[:LENGTH])),
        "own frequency": _table(personal),
        "own frequency, popularity fill": _table(filled),
    }


def _table(lists: dict[str, list[str]]) -> pa.Table:
    return pa.table(
        {
            "customer_id": [c for c, products in lists.items() for _ in products],
            "product_id": [p for products in lists.values() for p in products],
        }
    )
