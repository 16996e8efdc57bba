"""The worth of a point of retention from purchase histories, and from contracts."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError
from tenure.predictions.contracts.retention_model import RetentionModel
from tenure.predictions.contracts.risk_table import DURATION
from tenure.predictions.fitting.draws import SEED, parameter_draws
from tenure.predictions.fitting.tuples import distinct
from tenure.predictions.purchases.gamma_gamma import VALUE
from tenure.predictions.purchases.histories import COUNT, WEIGHT
from tenure.predictions.purchases.pareto_nbd import ParetoNBD
from tenure.predictions.tables import FloatArray, columns_of
from tenure.predictions.value.assumptions import YEAR_DAYS, Text, ValueAssumptions
from tenure.predictions.value.purchase_value import PurchaseValue
from tenure.predictions.value.retention_value import (
    DRAWS,
    LIFETIME_YEARS,
    CustomerBase,
    RetentionValue,
    continuous_moments,
    renewal_moments,
    retention_value,
    undefined,
)

GROUPS_MAX = 2_000
"""Customers looked at for the intervals; of more, evenly spread ones stand for the rest."""

_LEAVING = ("s", "beta")
_BY_ORDERS: Text = {
    "en": "Retention and orders follow the Pareto/NBD fitted to all customers, the value of an "
    "order the gamma-gamma model; leaving is not seen but inferred from silence.",
    "zh": "留存与下单采用对全部客户拟合的 Pareto/NBD 模型，单次价值采用 Gamma-Gamma 模型；"
    "流失无法直接观察，由沉默时间推断。",
}
_BY_CONTRACTS: Text = {
    "en": "Retention follows the fitted contract model; each renewal brings the contract's "
    "recurring value.",
    "zh": "留存采用拟合的合同模型；每次续约带来合同的周期金额。",
}


def value_of_retention(
    customers: Any,  # noqa: ANN401 - any kind of table
    assumptions: ValueAssumptions = ValueAssumptions(),  # noqa: B008 - frozen
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> RetentionValue:
    """Return what one more point of yearly retention is worth, from purchase histories.

    Parameters
    ----------
    customers : a row per customer with an order: the columns that `PurchaseValue.fit` takes,
        in days.
    assumptions : margin and discount rate.
    draws : draws of the parameters behind the intervals, even.
    seed : of the draws.

    Returns
    -------
    The figures; each is Undefined with its reason where the data cannot tell.
    """
    columns = columns_of(customers, (COUNT, VALUE), missing=(VALUE,), signed=(VALUE,))
    total = len(columns[COUNT])
    repeats = columns[COUNT] > 0
    if not repeats.any():
        return undefined(total, "nobody_returned", assumptions)
    if not (columns[VALUE][repeats] > 0).any():
        return undefined(total, "no_amounts", assumptions)
    fitted = PurchaseValue("pareto_nbd", margin=assumptions.margin).fit(customers)
    if set(fitted.purchases_.maximum_.unidentified) & set(_LEAVING):
        return undefined(total, "leaving_unidentified", assumptions)
    table, weights = _spread_out(customers)
    bases = _bases(fitted, table, weights, draws=draws, seed=seed)
    return retention_value(
        total, bases[0], bases[1:], continuous_moments(), assumptions, [_BY_ORDERS]
    )


def value_of_contract_retention(
    model: RetentionModel,
    contracts: Any,  # noqa: ANN401 - any kind of table
    recurring_value: npt.ArrayLike,
    assumptions: ValueAssumptions = ValueAssumptions(),  # noqa: B008 - frozen
    *,
    period_days: float = YEAR_DAYS / 12,
    draws: int = DRAWS,
    seed: int = SEED,
) -> RetentionValue:
    """Return what one more point of yearly retention is worth, from running contracts.

    Parameters
    ----------
    model : fitted to contracts' durations, e.g. `ShiftedBetaGeometric`.
    contracts : `duration_periods` of the contracts that run now.
    recurring_value : what each brings per period, money.
    assumptions : margin and discount rate.
    period_days : days from one renewal to the next, at most a year.
    draws, seed : as in `value_of_retention`.

    Raises
    ------
    DataError : no contract runs, or values do not fit the rows.
    """
    ages = columns_of(contracts, (DURATION,))[DURATION]
    value = np.asarray(recurring_value, dtype=np.float64)
    if value.shape != ages.shape or not len(ages) or not np.isfinite(value).all():
        raise DataError(
            f"{value.size} recurring values for {len(ages)} running contracts",
            "one finite value per running contract, and at least one",
            "pass the contracts that run now and their values",
        )
    if model.maximum_.unidentified:
        return undefined(len(ages), "leaving_unidentified", assumptions)
    period = period_days / YEAR_DAYS
    groups = distinct((ages,), np.ones(len(ages)), for_rows=False)
    (age,) = groups.columns
    count = groups.weights
    place = np.searchsorted(age, ages)
    mean = np.bincount(place, value, len(age)) / count * assumptions.margin / period
    last = int(age.max()) + int(np.ceil(LIFETIME_YEARS / period)) + 2

    def base(values: FloatArray) -> CustomerBase:
        twin = copy.copy(model)
        twin.maximum_ = replace(model.maximum_, values=values)
        curve = np.asarray(twin.retention_curve(last), dtype=np.float64)
        logs = np.log(np.maximum(curve, 1e-300))

        def survival(years: FloatArray) -> FloatArray:
            times = age[:, None] + years / period
            at = np.interp(times, np.arange(last + 1.0), logs)
            found: FloatArray = np.exp(at - logs[age.astype(np.int64)][:, None])
            return found

        return CustomerBase(count, mean, survival)

    drawn = parameter_draws(model.maximum_, draws=draws, seed=seed)
    return retention_value(
        len(ages),
        base(model.maximum_.values),
        [base(values) for values in drawn],
        renewal_moments(period),
        assumptions,
        [_BY_CONTRACTS],
    )


def _spread_out(customers: Any) -> tuple[dict[str, FloatArray], FloatArray]:  # noqa: ANN401
    """Return at most `GROUPS_MAX` customers, evenly spread, and how many each stands for."""
    names = (COUNT, "age_at_last_order_days", "age_days", VALUE)
    table = columns_of(customers, names, optional=(WEIGHT,), missing=(VALUE,), signed=(VALUE,))
    weights = table.pop(WEIGHT, np.ones(len(table[COUNT])))
    value = np.nan_to_num(table[VALUE])
    order = np.lexsort((value, table[names[1]], table[names[2]], table[COUNT]))
    parts = np.array_split(order, min(GROUPS_MAX, len(order)))
    middle = np.array([part[len(part) // 2] for part in parts])
    stands = np.array([weights[part].sum() for part in parts])
    chosen = {name: table[name][middle] for name in names}
    # The value of who stands for many is the mean of theirs, or the total would be left to chance.
    chosen[VALUE] = np.array([value[part].mean() for part in parts])
    return chosen, stands


def _bases(
    fitted: PurchaseValue,
    table: dict[str, FloatArray],
    weights: FloatArray,
    *,
    draws: int,
    seed: int,
) -> list[CustomerBase]:
    """Return the customers at the fitted parameters, then at draws of them."""
    orders, value = fitted.purchases_, fitted.value_
    assert isinstance(orders, ParetoNBD)
    often = parameter_draws(orders.maximum_, draws=draws, seed=seed)
    much = parameter_draws(value.maximum_, draws=draws, seed=seed + 1)
    pairs = [(orders.maximum_.values, value.maximum_.values), *zip(often, much, strict=True)]
    by = fitted.net_share_ * fitted.margin
    bases = []
    for one, other in pairs:
        orders, value = copy.copy(orders), copy.copy(value)
        orders.maximum_ = replace(orders.maximum_, values=one)
        value.maximum_ = replace(value.maximum_, values=other)
        rate = (one[0] + table[COUNT]) / (one[1] + table["age_days"]) * YEAR_DAYS
        bases.append(
            CustomerBase(
                weights * orders.predict_active(table),
                rate * value.predict(table) * by,
                _pareto_survival(float(one[2]), (one[3] + table["age_days"]) / YEAR_DAYS),
            )
        )
    return bases


def _pareto_survival(shape: float, scale_years: FloatArray) -> Any:  # noqa: ANN401 - a function
    """Return the survival of active customers: leaving rates are gamma given they are active."""

    def survival(years: FloatArray) -> FloatArray:
        found: FloatArray = np.exp(-shape * np.log1p(years / scale_years[:, None]))
        return found

    return survival
