"""Expected value from purchase models: how often, times how much, over any horizon.

The purchase model says how many orders to expect, the gamma-gamma model what one of them is worth
to this customer; the two are taken as unrelated, and the fit says so where they are not.

References
----------
Fader, Hardie, Lee (2005), RFM and CLV: Using iso-value curves for customer base analysis, J.
Marketing Research 42(4), doi:10.1509/jmkr.2005.42.4.415.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self, overload

import numpy as np

from tenure.kernel import Estimate, OptionError
from tenure.kernel.scipy_library import special
from tenure.predictions.estimator import Estimator
from tenure.predictions.fitting.draws import Kind, Predicted, check_interval, total_interval
from tenure.predictions.purchases.bg_nbd import BGNBD
from tenure.predictions.purchases.gamma_gamma import VALUE, GammaGamma
from tenure.predictions.purchases.histories import COUNT, WEIGHT
from tenure.predictions.purchases.mbg_nbd import MBGNBD
from tenure.predictions.purchases.pareto_nbd import ParetoNBD
from tenure.predictions.tables import FloatArray, columns_of
from tenure.predictions.value.assumptions import ValueAssumptions

PURCHASE_MODELS: Mapping[str, type[BGNBD] | type[MBGNBD] | type[ParetoNBD]] = {
    "pareto_nbd": ParetoNBD,
    "mbg_nbd": MBGNBD,
    "bg_nbd": BGNBD,
}
"""The purchase models by name."""

GROSS, NET = "gross_value", "net_value"

_SHAPE_MIN = 2.5


class PurchaseValue(Estimator):
    """Expected margin per customer from her purchase history alone.

    Parameters
    ----------
    purchases : one of `PURCHASE_MODELS`.
    penalty : ridge on the purchase model's logarithms, at least 0; for few customers.
    value_penalty : the same for the gamma-gamma model.
    margin, discount_rate_per_year : as in `ValueAssumptions`.

    Attributes
    ----------
    purchases_, value_ : the fitted models.
    net_share_ : net over gross value of all customers, by which returns are taken off; 1 where
        the table has no such columns.
    level_ : by which forecasts are multiplied, from how earlier ones came out; 1 unless set.
    """

    def __init__(
        self,
        purchases: str = "pareto_nbd",
        penalty: float = 0.0,
        value_penalty: float = 0.0,
        margin: float = 1.0,
        discount_rate_per_year: float = 0.1,
    ) -> None:
        self.purchases = purchases
        self.penalty = penalty
        self.value_penalty = value_penalty
        self.margin = margin
        self.discount_rate_per_year = discount_rate_per_year

    def fit(self, X: Any, weights: Any = None) -> Self:  # noqa: ANN401, N803 - any kind of table
        """Fit both models.

        Parameters
        ----------
        X : `repeat_order_day_count`, `age_at_last_order_days`, `age_days`, all in days, and
            `mean_repeat_value` (missing without a repeat order); optionally `gross_value` and
            `net_value`, and `customers`.
        weights : customers each row stands for; goes before the table's column.

        Raises
        ------
        DataError : a column is missing or a row impossible, or nobody has a repeat order of
            positive value.
        OptionError : no such purchase model.
        """
        if self.purchases not in PURCHASE_MODELS:
            raise OptionError(
                f"purchases {self.purchases!r}",
                f"one of {', '.join(PURCHASE_MODELS)}",
                "choose one of these",
            )
        ValueAssumptions(self.margin, self.discount_rate_per_year)  # checks their ranges
        self.value_ = GammaGamma(penalty=self.value_penalty).fit(X, weights)
        self.purchases_ = PURCHASE_MODELS[self.purchases](penalty=self.penalty).fit(X, weights)
        self.net_share_ = _net_share(X)
        self.level_ = 1.0
        return self

    @overload
    def predict(
        self,
        X: Any,  # noqa: ANN401, N803
        horizon_days: float | None = 365.0,
        *,
        is_discounted: bool = True,
        interval: None = None,
    ) -> FloatArray: ...
    @overload
    def predict(
        self,
        X: Any,  # noqa: ANN401, N803
        horizon_days: float | None = 365.0,
        *,
        is_discounted: bool = True,
        interval: float,
    ) -> Predicted: ...
    def predict(
        self,
        X: Any,  # noqa: N803 - scikit-learn's name
        horizon_days: float | None = 365.0,
        *,
        is_discounted: bool = True,
        interval: float | None = None,
    ) -> FloatArray | Predicted:
        """Return each customer's expected margin.

        Parameters
        ----------
        X : as in `fit`.
        horizon_days : days ahead, above 0; None for ever.
        is_discounted : whether later money counts less; it must where there is no horizon.
        interval : nominal coverage of the expectation's interval, from the uncertainty of the
            parameters; None for none. What a customer then spends scatters far more.

        Returns
        -------
        Money per row, or a `Predicted` of it.
        """
        self._require_fit()
        rate = self._assumptions.discount_rate_per_day if is_discounted else 0.0
        each = self._factor
        if interval is None:
            orders = self.purchases_.predict_discounted(X, horizon_days, discount_rate=rate)
            return np.asarray(orders * self.value_.predict(X) * each, dtype=np.float64)
        check_interval(interval)
        often = self.purchases_.predict_discounted(
            X, horizon_days, discount_rate=rate, interval=interval
        )
        much = self.value_.predict(X, interval=interval)
        found = often.value * much.value
        down = np.hypot(_fall(often.low, often.value), _fall(much.low, much.value))
        up = np.hypot(_fall(often.value, often.high), _fall(much.value, much.high))
        return Predicted(found * each, found * np.exp(-down) * each, found * np.exp(up) * each)

    def predict_orders(self, X: Any, horizon_days: float = 365.0) -> FloatArray:  # noqa: ANN401, N803
        """Return each customer's expected order days within a horizon."""
        self._require_fit()
        return np.asarray(self.purchases_.predict(X, horizon_days) * self.level_, np.float64)

    def predict_active(self, X: Any) -> FloatArray:  # noqa: ANN401, N803
        """Return the probability that each customer has not left for good."""
        self._require_fit()
        return self.purchases_.predict_active(X)

    def predict_total(
        self,
        X: Any,  # noqa: ANN401, N803
        horizon_days: float = 365.0,
        *,
        interval: float = 0.9,
    ) -> Estimate:
        """Return what all customers together will bring within a horizon, not discounted.

        Parameters
        ----------
        X : as in `fit`, with its weights.
        horizon_days : days ahead, above 0.
        interval : nominal coverage: parameters of both models, and the customers' own chance.
        """
        self._require_fit()
        z = float(special.ndtri((1 + interval) / 2))

        def variance(kind: Kind) -> float:
            told = self.purchases_.predict_total(X, horizon_days, interval=interval, kind=kind)
            return ((told.high - told.low) / (2 * z)) ** 2

        fitted = variance("expectation")
        expected = self.purchases_.predict(X, horizon_days) * _weights(X)
        whole = max(float(expected.sum()), 1e-300)
        # What chance adds to a customer's orders is nearly proportional to their mean.
        per_order = max(variance("outcome") - fitted, 0.0) / whole
        count, spent = _spending(X)

        def moments(parameters: FloatArray) -> tuple[float, float]:
            mean, square = _order_values(parameters, count, spent)
            total = float(expected @ mean)
            own = expected @ (square * (1 / parameters[0] + per_order))
            unknown = expected**2 @ np.maximum(square - mean**2, 0.0)
            return total, float(own + unknown) + fitted * (total / whole) ** 2

        found = total_interval(self.value_.maximum_, moments, interval=interval, whole=False)
        by = self._factor
        return replace(found, value=found.value * by, low=found.low * by, high=found.high * by)

    def at_level(self, level: float) -> Self:
        """Return the same fitted models with their forecasts multiplied by a level."""
        self._require_fit()
        twin = copy.copy(self)
        twin.level_ = level
        return twin

    @property
    def notes_(self) -> tuple[str, ...]:
        """Stable keys of what a person should know of the fit."""
        self._require_fit()
        found = [*self.purchases_.maximum_.notes, *self.value_.maximum_.notes]
        return tuple(dict.fromkeys(found))

    @property
    def _assumptions(self) -> ValueAssumptions:
        return ValueAssumptions(self.margin, self.discount_rate_per_year)

    @property
    def _factor(self) -> float:
        return self.net_share_ * self.margin * self.level_

    def _fitted_state(self) -> dict[str, Any]:
        return {
            "purchases": self.purchases_.to_dict(),
            "value": self.value_.to_dict(),
            "net_share": self.net_share_,
            "level": self.level_,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.purchases_ = PURCHASE_MODELS[self.purchases].from_dict(state["purchases"])
        self.value_ = GammaGamma.from_dict(state["value"])
        self.net_share_ = float(state["net_share"])
        self.level_ = float(state["level"])


def _fall(low: FloatArray, high: FloatArray) -> FloatArray:
    """Return log(high / low), 0 where either is 0."""
    both = (low > 0) & (high > 0)
    return np.log(np.where(both, high, 1.0)) - np.log(np.where(both, low, 1.0))


def _net_share(data: Any) -> float:  # noqa: ANN401 - any kind of table
    """Return net over gross value of all rows; 1 where that is not told."""
    found = columns_of(data, (COUNT,), optional=(GROSS, NET), signed=(NET,), missing=(GROSS, NET))
    if GROSS not in found or NET not in found:
        return 1.0
    gross, net = found[GROSS], found[NET]
    told = np.isfinite(gross) & np.isfinite(net)
    whole = float(gross[told].sum())
    return min(max(float(net[told].sum()) / whole, 0.0), 1.0) if whole > 0 else 1.0


def _order_values(
    parameters: FloatArray, count: FloatArray, spent: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return mean and mean square of what a customer's orders are worth, given her past ones.

    Their mean is p over a gamma-distributed rate with shape q + p x and scale v + x z.
    """
    p, q, v = parameters
    shape = q + p * count
    mean = p * (v + spent) / (shape - 1 if q > 1 else shape)  # as the gamma-gamma model has it
    # Where the shape is 2 or less the square has no mean; that of a little more stands for it.
    kept = np.maximum(shape, _SHAPE_MIN)
    return mean, mean**2 * (kept - 1) / (kept - 2)


def _spending(data: Any) -> tuple[FloatArray, FloatArray]:  # noqa: ANN401 - any kind of table
    """Return repeat orders with a value, and their total value."""
    found = columns_of(data, (COUNT, VALUE), signed=(VALUE,), missing=(VALUE,))
    told = np.where(found[VALUE] > 0, found[COUNT], 0.0)
    return told, told * np.nan_to_num(found[VALUE])


def _weights(data: Any) -> FloatArray:  # noqa: ANN401
    found = columns_of(data, (COUNT,), optional=(WEIGHT,))
    return found.get(WEIGHT, np.ones(len(found[COUNT])))
