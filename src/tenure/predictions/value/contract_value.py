"""What running contracts will still bring: recurring value times the renewals to come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from tenure.kernel import DataError
from tenure.predictions.contracts.retention_model import RetentionModel
from tenure.predictions.contracts.risk_table import DURATION
from tenure.predictions.fitting.draws import Predicted
from tenure.predictions.tables import FloatArray, columns_of, texts_of
from tenure.predictions.value.assumptions import YEAR_DAYS, ValueAssumptions

RECURRING = "recurring_value"

CONTRACT_VALUES = pa.schema(
    [
        pa.field("customer_id", pa.string()),
        pa.field("renewal_probability", pa.float64()),
        pa.field("expected_renewals", pa.float64()),
        pa.field("expected_value", pa.float64()),
        pa.field("expected_value_low", pa.float64()),
        pa.field("expected_value_high", pa.float64()),
    ]
)
"""A customer's contracts together.

`renewal_probability` that at least one is renewed next time; `expected_renewals` of all within the
horizon, not discounted (null for ever); `expected_value` is their discounted margin, with the
interval of this expectation.
"""


def contract_values(
    model: RetentionModel,
    contracts: Any,  # noqa: ANN401 - any kind of table
    assumptions: ValueAssumptions = ValueAssumptions(),  # noqa: B008 - frozen
    *,
    period_days: float = YEAR_DAYS / 12,
    horizon_periods: int | None = 12,
    interval: float = 0.9,
) -> pa.Table:
    """Return what customers with running contracts will bring.

    Parameters
    ----------
    model : fitted to contracts' durations, e.g. `ShiftedBetaGeometric`.
    contracts : `customer_id`, `duration_periods` and `recurring_value` per period, a row per
        contract that runs now.
    assumptions : margin and discount rate.
    period_days : days from one renewal to the next.
    horizon_periods : renewals to count at most; None counts all.
    interval : nominal coverage, 0..1: of the expectation, from the parameters' uncertainty.

    Returns
    -------
    A table with the columns of `CONTRACT_VALUES`, sorted by customer.

    Raises
    ------
    DataError : a column is missing or a row impossible.
    OptionError : neither a horizon nor a discount rate: the sum would have no end.

    Notes
    -----
    The next renewal lies between now and a period ahead; all renewals are taken to come half a
    period later than if it were now.
    """
    columns = columns_of(contracts, (DURATION, RECURRING))
    names = texts_of(contracts, "customer_id")
    if any(name is None for name in names):
        raise DataError("a contract without a customer", "a customer_id in each row", "name her")
    rate = float(np.expm1(assumptions.discount_rate_per_day * period_days))
    tenure = model.predict_tenure(
        columns, horizon=horizon_periods, discount_rate=rate, interval=interval
    )
    assert isinstance(tenure, Predicted)
    by = columns[RECURRING] * assumptions.margin / (1 + rate) ** 0.5
    customers, customer = np.unique(names.astype(str), return_inverse=True)

    def summed(values: FloatArray) -> FloatArray:
        return np.bincount(customer, values, len(customers)).astype(np.float64)

    renewed = np.asarray(model.predict_renewal(columns), dtype=np.float64)
    lost = np.bincount(customer, np.log1p(-np.minimum(renewed, 1 - 1e-15)), len(customers))
    renewals: Any = pa.nulls(len(customers), pa.float64())
    if horizon_periods is not None:
        plain = model.predict_tenure(columns, horizon=horizon_periods)
        renewals = summed(np.asarray(plain, dtype=np.float64))
    return pa.table(
        {
            "customer_id": customers,
            "renewal_probability": -np.expm1(lost),
            "expected_renewals": renewals,
            "expected_value": summed(tenure.value * by),
            "expected_value_low": summed(tenure.low * by),
            "expected_value_high": summed(tenure.high * by),
        },
        schema=CONTRACT_VALUES,
    )
