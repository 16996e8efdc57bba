"""When and what together: one model to fit, save and score with, chunk by chunk of customers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.kernel import DataError
from tenure.predictions.estimator import Estimator
from tenure.predictions.next_purchase.basket import NextBasket
from tenure.predictions.next_purchase.gaps import gaps_of
from tenure.predictions.next_purchase.next_order import NextOrder
from tenure.predictions.next_purchase.suggesting import Exclusions

NEXT_PURCHASES = pa.schema(
    [
        pa.field("customer_id", pa.string()),
        pa.field("return_probability", pa.float64()),
        pa.field("next_order_on", pa.date32()),
        pa.field("next_purchase_from_on", pa.date32()),
        pa.field("next_purchase_until_on", pa.date32()),
        pa.field("next_products", pa.string()),
    ]
)
"""One row per customer with an order.

The range of dates holds the next order, if it comes within the horizon (`return_probability`),
with probability 0.8; `next_order_on` is the median. `next_products` is a JSON list of product
ids, best first; null where no order line names a product.
"""


class NextPurchase(Estimator):
    """When each customer orders next, and what.

    Parameters
    ----------
    horizon_days : days looked ahead for the dates, at least 1.
    list_length : products named, at least 1.
    """

    def __init__(self, horizon_days: int = 365, list_length: int = 5) -> None:
        self.horizon_days = horizon_days
        self.list_length = list_length

    def fit(
        self,
        days: Any,  # noqa: ANN401 - any kind of table
        lines: Any = None,  # noqa: ANN401 - any kind of table
        *,
        as_of: date | None = None,
    ) -> Self:
        """Learn from customers' whole histories.

        Parameters
        ----------
        days : order days, as `gaps_of` takes them.
        lines : order lines, as `NextBasket.fit` takes them; None where products are unknown.
        as_of : first day that does not count; None is the day after the last order.

        Raises
        ------
        DataError : neither dates nor products can be learnt, or a column is missing.
        """
        gaps = gaps_of(days, as_of)
        self.order_: NextOrder | None = None
        self.basket_: NextBasket | None = None
        fault: DataError | None = None
        try:
            self.order_ = NextOrder().fit(gaps)
        except DataError as given:
            fault = given
        if lines is not None:
            try:
                self.basket_ = NextBasket().fit(lines, as_of=as_of)
            except DataError as given:
                fault = fault or given
        if self.order_ is None and self.basket_ is None and fault is not None:
            raise fault
        return self

    def score_chunk(
        self,
        gaps: pa.Table,
        lines: pa.Table | None = None,
        *,
        as_of: date,
        exclusions: Exclusions | None = None,
    ) -> pa.Table:
        """Return what is to be expected of some customers.

        Parameters
        ----------
        gaps : `customer_id`, `last_order_on` and the columns of `GAPS`, as of the date, of
            `gaps_of` or `gap_statistics`.
        lines : all order lines of the same customers, as `read_histories` takes them.
        as_of : the date that scores look ahead from; later lines are not looked at.
        exclusions : what must not be suggested.

        Returns
        -------
        A table with the columns of `NEXT_PURCHASES`, in the order of `gaps`; a customer's row
        depends on her own history only.
        """
        self._require_fit()
        gaps = gaps.filter(pc.is_valid(gaps["last_order_on"]))
        ids = gaps["customer_id"].combine_chunks()
        nothing = pa.nulls(len(ids), pa.date32())
        columns: dict[str, Any] = {
            "customer_id": ids,
            "return_probability": pa.nulls(len(ids), pa.float64()),
            "next_order_on": nothing,
            "next_purchase_from_on": nothing,
            "next_purchase_until_on": nothing,
            "next_products": pa.nulls(len(ids), pa.string()),
        }
        if self.order_ is not None:
            dates = self.order_.score_batch(gaps, horizon_days=self.horizon_days)
            columns |= {
                "return_probability": dates["return_probability"],
                "next_order_on": dates["next_order_on"],
                "next_purchase_from_on": dates["widely_from_on"],
                "next_purchase_until_on": dates["widely_to_on"],
            }
        if self.basket_ is not None and lines is not None:
            listed = self.basket_.recommend(
                lines, as_of=as_of, count=self.list_length, exclusions=exclusions
            )
            columns["next_products"] = _lists(listed, ids)
        return pa.table(columns, schema=NEXT_PURCHASES)

    def _fitted_state(self) -> dict[str, Any]:
        return {
            "order": None if self.order_ is None else self.order_.to_dict(),
            "basket": None if self.basket_ is None else self.basket_.to_dict(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        order, basket = state["order"], state["basket"]
        self.order_ = None if order is None else NextOrder.from_dict(order)
        self.basket_ = None if basket is None else NextBasket.from_dict(basket)


def _lists(listed: pa.Table, ids: pa.Array) -> pa.Array:
    """Return each customer's products as a JSON list; rows stand by customer and rank."""
    who = listed["customer_id"].combine_chunks()
    products = np.array(listed["product_id"].to_pylist(), dtype=object)
    place = pc.index_in(who, value_set=ids)
    texts: list[str | None] = [None] * len(ids)
    rows = pc.fill_null(place, -1).to_numpy(zero_copy_only=False)
    heads = np.flatnonzero(np.append(True, rows[1:] != rows[:-1])[: len(rows)])
    for start, end in zip(heads, [*heads[1:], len(rows)], strict=True):
        if rows[start] >= 0:
            texts[rows[start]] = json.dumps(list(products[start:end]), ensure_ascii=False)
    return pa.array(texts, pa.string())
