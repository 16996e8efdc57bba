"""What each customer has brought so far: margin on her net value, less what winning her cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from tenure.kernel import DataError
from tenure.predictions.value.assumptions import ValueAssumptions

PAST_VALUE = pa.schema(
    [
        pa.field("customer_id", pa.string()),
        pa.field("margin_value", pa.float64()),
        pa.field("acquisition_cost", pa.float64()),
        pa.field("past_value", pa.float64()),
    ]
)
"""`past_value` is `margin_value` less `acquisition_cost`; all money.

`margin_value` and `past_value` are null where the customer's orders carry no amounts.
"""


def past_value(
    customers: pa.Table,
    assumptions: ValueAssumptions = ValueAssumptions(),  # noqa: B008 - frozen
) -> pa.Table:
    """Return what each customer has brought.

    Parameters
    ----------
    customers : the snapshot's `customer_id` and `net_value`, and `acquisition_source` if known.
    assumptions : margin and costs of winning customers.

    Returns
    -------
    A table with the columns of `PAST_VALUE`; a row depends on its own row only.

    Raises
    ------
    DataError : a column is missing.
    """
    missing = [n for n in ("customer_id", "net_value") if n not in customers.column_names]
    if missing:
        raise DataError(
            f"customers without {', '.join(missing)}",
            "customer_id and net_value",
            "pass rows of the snapshot",
        )
    net = _floats(customers["net_value"])
    known = ~np.isnan(net)
    sources: list[str | None] = [None] * customers.num_rows
    if "acquisition_source" in customers.column_names:
        sources = customers["acquisition_source"].to_pylist()
    cost = assumptions.costs_of(sources)
    margin = np.where(known, net, 0.0) * assumptions.margin
    return pa.table(
        {
            "customer_id": customers["customer_id"],
            "margin_value": pa.array(margin, mask=~known),
            "acquisition_cost": cost,
            "past_value": pa.array(margin - cost, mask=~known),
        },
        schema=PAST_VALUE,
    )


def _floats(column: Any) -> np.ndarray:  # noqa: ANN401 - Arrow has no types
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
