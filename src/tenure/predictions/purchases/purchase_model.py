"""What every purchase model offers: fit, four predictions per customer, and a total."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Self, TypeVar, overload

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError, Estimate, OptionError
from tenure.predictions.fitting.draws import (
    Kind,
    Predicted,
    check_interval,
    row_intervals,
    total_interval,
)
from tenure.predictions.fitting.likelihood import Maximum
from tenure.predictions.fitting.likelihood_model import LikelihoodModel
from tenure.predictions.fitting.second_order import (
    expanded_intervals,
    expanded_total,
    is_narrow,
)
from tenure.predictions.purchases.histories import Histories, histories_of

FloatArray = npt.NDArray[np.float64]
Rows = TypeVar("Rows")

_EXPANDED_FROM = 2_000
"""With more distinct rows, intervals come from an expansion instead of hundreds of draws."""


class PurchaseModel(LikelihoodModel, Generic[Rows]):
    """A model of repeat purchases, whichever its likelihood.

    A subclass says how to maximise, and computes each prediction at given parameters for its own
    kind of prepared rows; here they get their checks, their intervals and their way to JSON.
    """

    def fit(self, X: object, weights: object = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Fit the model and return it.

        Parameters
        ----------
        X : a table with `repeat_order_day_count`, `age_at_last_order_days`, `age_days` in any
            one unit of time, and optionally `customers`; or checked `Histories`.
        weights : customers each row stands for; goes before the table's column.

        Raises
        ------
        DataError : a column is missing, a row impossible, or there is no customer.
        """
        histories = histories_of(X, weights)
        if not histories.customers > 0:
            raise DataError(
                "no rows with customers",
                "at least one customer",
                "pass the histories of the customers to learn from",
            )
        self._prepare(histories)
        self.maximum_ = self._maximum(histories)
        return self

    @overload
    def predict_active(self, X: object, *, interval: None = None) -> FloatArray: ...  # noqa: N803
    @overload
    def predict_active(self, X: object, *, interval: float) -> Predicted: ...  # noqa: N803
    def predict_active(self, X: object, *, interval: float | None = None) -> FloatArray | Predicted:  # noqa: N803
        """Return the probability that each customer is still active.

        Parameters
        ----------
        X : as in `fit`.
        interval : nominal coverage of the interval of the parameters' uncertainty; None for none.

        Returns
        -------
        0..1 per row. BG/NBD gives exactly 1 to whoever never came back, so it does not rank
        customers by their risk: use `predict_any` for that.
        """
        return self._predict(X, self._active, interval, is_chance=True)

    @overload
    def predict_any(self, X: object, horizon: float, *, interval: None = None) -> FloatArray: ...  # noqa: N803
    @overload
    def predict_any(self, X: object, horizon: float, *, interval: float) -> Predicted: ...  # noqa: N803
    def predict_any(
        self,
        X: object,  # noqa: N803 - scikit-learn's name
        horizon: float,
        *,
        interval: float | None = None,
    ) -> FloatArray | Predicted:
        """Return the probability of at least one purchase within a horizon.

        Parameters
        ----------
        X : as in `fit`.
        horizon : time ahead, > 0, in the unit of `X`.
        interval : as in `predict_active`.
        """
        check_horizon(horizon)
        return self._predict(
            X, lambda p, rows: self._any(p, rows, horizon), interval, is_chance=True
        )

    @overload
    def predict(self, X: object, horizon: float, *, interval: None = None) -> FloatArray: ...  # noqa: N803
    @overload
    def predict(self, X: object, horizon: float, *, interval: float) -> Predicted: ...  # noqa: N803
    def predict(
        self,
        X: object,  # noqa: N803 - scikit-learn's name
        horizon: float,
        *,
        interval: float | None = None,
    ) -> FloatArray | Predicted:
        """Return the expected number of purchases within a horizon.

        Parameters
        ----------
        X : as in `fit`.
        horizon : time ahead, > 0, in the unit of `X`.
        interval : as in `predict_active`; it is the expectation's, not one customer's chance.
        """
        check_horizon(horizon)
        return self._predict(X, lambda p, rows: self._expected(p, rows, horizon), interval)

    @overload
    def predict_discounted(
        self,
        X: object,  # noqa: N803
        horizon: float | None = None,
        *,
        discount_rate: float,
        interval: None = None,
    ) -> FloatArray: ...
    @overload
    def predict_discounted(
        self,
        X: object,  # noqa: N803
        horizon: float | None = None,
        *,
        discount_rate: float,
        interval: float,
    ) -> Predicted: ...
    def predict_discounted(
        self,
        X: object,  # noqa: N803 - scikit-learn's name
        horizon: float | None = None,
        *,
        discount_rate: float,
        interval: float | None = None,
    ) -> FloatArray | Predicted:
        """Return expected purchases, each discounted to today by when it happens.

        Parameters
        ----------
        X : as in `fit`.
        horizon : time ahead, > 0, in the unit of `X`; None for ever.
        discount_rate : continuous rate per unit of time, >= 0; log(1.1) / 365 is 10 % a year in
            days. It must be positive where there is no horizon.
        interval : as in `predict_active`.
        """
        if horizon is not None:
            check_horizon(horizon)
        if not (np.isfinite(discount_rate) and discount_rate >= 0) or (
            horizon is None and discount_rate == 0
        ):
            raise OptionError(
                f"discount_rate {discount_rate} with horizon {horizon}",
                "a rate from 0 up, and above 0 where there is no horizon",
                "pass a rate per unit of time, e.g. log(1.1) / 365 for 10 % a year in days",
            )
        return self._predict(
            X, lambda p, rows: self._discounted(p, rows, horizon, discount_rate), interval
        )

    def predict_total(
        self,
        X: object,  # noqa: N803 - scikit-learn's name
        horizon: float,
        *,
        interval: float = 0.9,
        kind: Kind = "outcome",
    ) -> Estimate:
        """Return how many purchases all customers together will make within a horizon.

        Parameters
        ----------
        X : as in `fit`, with its weights.
        horizon : time ahead, > 0, in the unit of `X`.
        interval : nominal coverage, 0..1.
        kind : `outcome`, the prediction interval of what will be counted: the parameters'
            uncertainty and the customers' own chance; `expectation`, the confidence interval of
            its mean: the parameters' alone.
        """
        check_horizon(horizon)
        self._require_fit()
        prepared = self._rows(histories_of(X), is_distinct=True)
        mean, variance = self._total(self.maximum_.values, prepared, horizon)
        # What chance adds is nearly proportional to the mean, and needs no draws of its own.
        per_purchase = variance / mean if mean > 0 else 1.0

        every = self._part(prepared, slice(0, None))
        weights = self._weights_of(prepared)

        def of_all(parameters: FloatArray) -> float:
            return float(self._expected(parameters, every, horizon) @ weights)

        expected: Callable[[FloatArray], float] = of_all
        if len(weights) > _EXPANDED_FROM and mean > 0 and is_narrow(self.maximum_):
            expected = expanded_total(self.maximum_, of_all)

        def moments(parameters: FloatArray) -> tuple[float, float]:
            total = expected(parameters)
            return total, total * per_purchase

        return total_interval(self.maximum_, moments, interval=interval, kind=kind, value=mean)

    def _predict(
        self,
        table: object,
        compute: Callable[[FloatArray, Rows], FloatArray],
        interval: float | None,
        *,
        is_chance: bool = False,
    ) -> FloatArray | Predicted:
        self._require_fit()
        histories = histories_of(table)
        if interval is None:
            return compute(self.maximum_.values, self._rows(histories, is_distinct=False))
        check_interval(interval)
        prepared = self._rows(histories, is_distinct=True)
        parts: dict[int, Rows] = {}

        def at(parameters: FloatArray, rows: slice) -> FloatArray:
            if rows.start not in parts:
                parts.clear()
                parts[rows.start] = self._part(prepared, rows)
            return compute(parameters, parts[rows.start])

        value = compute(self.maximum_.values, prepared)
        if len(value) > _EXPANDED_FROM and is_narrow(self.maximum_):
            found = expanded_intervals(
                self.maximum_, at, value, interval=interval, is_chance=is_chance
            )
        else:
            found = row_intervals(self.maximum_, at, value, interval=interval)
        spread = self._spread
        return Predicted(
            spread(prepared, found.value), spread(prepared, found.low), spread(prepared, found.high)
        )

    def _prepare(self, histories: Histories) -> None:
        """Learn what is needed before the likelihood, e.g. the levels of covariates."""

    def _maximum(self, histories: Histories) -> Maximum:
        raise NotImplementedError

    def _rows(self, histories: Histories, *, is_distinct: bool) -> Rows:
        """Return the rows as the predictions want them; distinct ones for many draws."""
        raise NotImplementedError

    def _part(self, rows: Rows, part: slice) -> Rows:
        """Return some of the distinct rows, for many draws: five digits are enough there."""
        raise NotImplementedError

    def _spread(self, rows: Rows, values: FloatArray) -> FloatArray:
        """Return one value per given row from one per distinct row."""
        raise NotImplementedError

    def _weights_of(self, rows: Rows) -> FloatArray:
        """Return the customers behind each distinct row."""
        raise NotImplementedError

    def _active(self, parameters: FloatArray, rows: Rows) -> FloatArray:
        raise NotImplementedError

    def _any(self, parameters: FloatArray, rows: Rows, horizon: float) -> FloatArray:
        raise NotImplementedError

    def _expected(self, parameters: FloatArray, rows: Rows, horizon: float) -> FloatArray:
        raise NotImplementedError

    def _discounted(
        self, parameters: FloatArray, rows: Rows, horizon: float | None, discount_rate: float
    ) -> FloatArray:
        raise NotImplementedError

    def _total(self, parameters: FloatArray, rows: Rows, horizon: float) -> tuple[float, float]:
        """Return mean and variance of all customers' purchases, the parameters known."""
        raise NotImplementedError


def check_horizon(horizon: float) -> None:
    """Raise an `OptionError` unless a horizon is a positive number."""
    if not (np.isfinite(horizon) and horizon > 0):
        raise OptionError(
            f"horizon {horizon}", "a positive number", "pass a time ahead in the unit of the data"
        )
