"""The Pareto/NBD: customers buy at random at their own rate until they leave for good, unseen.

The purchase rate differs between customers by a gamma distribution, and so does the rate of
leaving. Unlike in the BG/NBD, a customer can leave at any time, also before her second purchase.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tenure.kernel import Estimate, OptionError
from tenure.predictions.estimator import Estimator
from tenure.predictions.fitting.draws import Predicted, row_intervals, total_interval
from tenure.predictions.fitting.likelihood import Maximum, maximise
from tenure.predictions.fitting.tuples import Tuples, distinct
from tenure.predictions.purchases.histories import Histories, histories_of
from tenure.predictions.purchases.pareto_forecasts import (
    active,
    any_purchase,
    discounted_purchases,
    expected_purchases,
    total_moments,
)
from tenure.predictions.purchases.pareto_likelihood import ParetoRows, evaluate
from tenure.predictions.tables import columns_of

FloatArray = npt.NDArray[np.float64]
Forecast = Callable[[FloatArray, ParetoRows], FloatArray]

CORE = ("r", "alpha", "s", "beta")
_SAMPLED_FROM = 40_000
_SAMPLE = 10_000
"""With more distinct rows the search begins on a sample of about so many customers."""


class ParetoNBD(Estimator):
    """Repeat purchases with a gamma-distributed rate until an exponential, unseen end.

    Parameters
    ----------
    penalty : ridge on the logarithms of r, alpha, s, beta (times in units of the mean age), at
        least 0: a normal prior around 1 with this precision.
    covariates : columns known when a customer was acquired, as numbers. Each gets a coefficient of
        the purchase rate, `purchase_<column>`, and one of the dropout rate, `dropout_<column>`:
        alpha exp(-c z) and beta exp(-d z). A positive one means a higher rate.
    covariate_penalty : the same ridge for the coefficients of the standardised covariates.

    Attributes
    ----------
    maximum_ : the fit, with standard errors and what the data could not identify.

    References
    ----------
    D. C. Schmittlein, D. G. Morrison, R. Colombo (1987), Counting Your Customers: Who Are They and
    What Will They Do Next?, Management Science 33(1), 1-24, doi:10.1287/mnsc.33.1.1. Covariates:
    P. S. Fader, B. G. S. Hardie (2007), Incorporating Time-Invariant Covariates into the Pareto/NBD
    and BG/NBD Models.
    """

    maximum_: Maximum

    def __init__(
        self,
        *,
        penalty: float = 0.0,
        covariates: Sequence[str] = (),
        covariate_penalty: float = 1.0,
    ) -> None:
        self.penalty = penalty
        self.covariates = covariates
        self.covariate_penalty = covariate_penalty

    def fit(self, X: object, weights: object = None) -> Self:  # noqa: N803
        """Fit to purchase histories.

        Parameters
        ----------
        X : `repeat_order_day_count`, `age_at_last_order_days`, `age_days` (any unit of time, then
            the rates are per that unit), the covariates, and optionally `customers` per row.
        weights : customers per row; goes before the table's column `customers`.

        Raises
        ------
        DataError : a column is missing or a row is impossible.
        """
        histories = histories_of(X, weights)
        table = self._covariates_of(histories)
        alike = distinct(
            (histories.count, histories.last, histories.age, *table.T), histories.weights
        )
        unit = _mean_age(alike)
        means, spreads = _moments(alike)
        rows = partial(_rows, unit=unit, means=means, spreads=spreads)
        names = CORE + tuple(f"{of}_{z}" for of in ("purchase", "dropout") for z in self.covariates)
        plain = names[len(CORE) :]
        large = len(alike) > _SAMPLED_FROM
        found = maximise(
            partial(evaluate, rows=rows(alike)),
            names=names,
            start=[*_start(alike, unit), *(0.0 for _ in plain)],
            customers=alike.customers,
            plain=plain,
            penalty=[self.penalty] * len(CORE) + [self.covariate_penalty] * len(plain),
            sample=partial(evaluate, rows=rows(alike.sample(_SAMPLE))) if large else None,
        )
        repeats = float(alike.columns[0] @ alike.weights)
        if not repeats > 0:
            found = found.with_notes("no_repeat_purchases", unidentified=names)
        self.maximum_ = _on_given_scale(found, means, spreads).rescaled(
            {"alpha": unit, "beta": unit}, log_likelihood_shift=-repeats * float(np.log(unit))
        )
        return self

    @property
    def parameters_(self) -> dict[str, float]:
        """The parameters on their natural scale; alpha and beta in the unit of the ages."""
        self._require_fit()
        return self.maximum_.as_parameters()

    @property
    def log_likelihood_(self) -> float:
        """The log-likelihood at the maximum, without the penalty."""
        self._require_fit()
        return self.maximum_.log_likelihood

    def predict_active(
        self,
        X: object,  # noqa: N803
        *,
        interval: float | None = None,
    ) -> FloatArray | Predicted:
        """Return the probability that each customer is still active.

        Parameters
        ----------
        X : as in `fit`.
        interval : nominal coverage of an interval, e.g. 0.9; None leaves it out.
        """
        return self._by_history(X, active, interval)

    def predict_any(
        self,
        X: object,  # noqa: N803
        horizon: float,
        *,
        interval: float | None = None,
    ) -> FloatArray | Predicted:
        """Return the probability of at least one purchase in the next `horizon`.

        Parameters
        ----------
        X, interval : as in `predict_active`.
        horizon : in the unit of the ages, at least 0.
        """
        _check(horizon)
        return self._by_history(X, partial(any_purchase, horizon=horizon), interval)

    def predict(
        self,
        X: object,  # noqa: N803
        horizon: float,
        *,
        interval: float | None = None,
    ) -> FloatArray | Predicted:
        """Return the expected number of purchases in the next `horizon`.

        Parameters
        ----------
        X, horizon, interval : as in `predict_any`.
        """
        _check(horizon)
        return self._by_history(X, partial(expected_purchases, horizon=horizon), interval)

    def predict_discounted(
        self,
        X: object,  # noqa: N803
        horizon: float | None = None,
        *,
        discount_rate: float,
        interval: float | None = None,
    ) -> FloatArray | Predicted:
        """Return expected purchases, each discounted to today (DERT without a horizon).

        Parameters
        ----------
        X, interval : as in `predict_active`.
        horizon : in the unit of the ages; None looks ahead without end.
        discount_rate : per unit of time, at least 0; a purchase in t counts (1 + rate)^-t.

        Raises
        ------
        OptionError : neither a horizon nor a rate above 0 was given: the sum may be infinite.
        """
        if not 0 <= discount_rate < np.inf or (horizon is None and discount_rate == 0):
            raise OptionError(
                f"discount_rate {discount_rate}",
                "a rate per unit of time from 0 on, above 0 without a horizon",
                "pass e.g. discount_rate=0.0002 per day, or a horizon",
            )
        if horizon is not None:
            _check(horizon)
        forecast = partial(
            discounted_purchases, horizon=horizon, rate=float(np.log1p(discount_rate))
        )
        return self._by_history(X, forecast, interval)

    def predict_total(
        self,
        X: object,  # noqa: N803
        horizon: float,
        *,
        interval: float = 0.9,
    ) -> Estimate:
        """Return how many purchases all these customers will make in the next `horizon`.

        Parameters
        ----------
        X, horizon : as in `predict_any`; a column `customers` counts rows.
        interval : nominal coverage for the count itself: parameters and chance.
        """
        _check(horizon)
        self._require_fit()
        rows = _rows(self._alike(histories_of(X), for_rows=False))
        return total_interval(
            self.maximum_,
            lambda parameters: total_moments(self._working(parameters), rows, horizon),
            interval=interval,
        )

    def summary(self) -> dict[str, Any]:
        """Return the fit for people and programs: parameters with errors, and what to know."""
        self._require_fit()
        found = self.maximum_
        errors = zip(found.names, found.standard_errors, strict=True)
        return {
            "model": type(self).__name__,
            "parameters": {
                name: {"value": found[name], "standard_error": error} for name, error in errors
            },
            "log_likelihood": found.log_likelihood,
            "customers": found.customers,
            "converged": found.converged,
            "unidentified": list(found.unidentified),
            "notes": list(found.notes),
        }

    def _by_history(
        self,
        X: object,  # noqa: N803
        forecast: Forecast,
        interval: float | None,
    ) -> FloatArray | Predicted:
        """Return a forecast per row, worked out once per distinct history."""
        self._require_fit()
        alike = self._alike(histories_of(X), for_rows=True)
        rows = _rows(alike)
        value = forecast(self._working(self.maximum_.values), rows)
        if interval is None:
            return alike.spread(value)
        found = row_intervals(
            self.maximum_,
            lambda parameters, part: forecast(self._working(parameters), rows.part(part)),
            value,
            interval=interval,
        )
        return Predicted(*(alike.spread(part) for part in (value, found.low, found.high)))

    def _alike(self, histories: Histories, *, for_rows: bool) -> Tuples:
        if not self.covariates and for_rows:
            return histories.rows
        table = self._covariates_of(histories)
        columns = (histories.count, histories.last, histories.age, *table.T)
        return distinct(columns, histories.weights, for_rows=for_rows)

    def _covariates_of(self, histories: Histories) -> FloatArray:
        names = tuple(self.covariates)
        if not names:
            return np.empty((len(histories), 0))
        found = columns_of(histories.table, names, signed=names)
        return np.column_stack([found[name] for name in names])

    def _working(self, parameters: FloatArray) -> FloatArray:
        """Return natural parameters on the scale of `evaluate`."""
        return np.concatenate((np.log(parameters[: len(CORE)]), parameters[len(CORE) :]))

    def _fitted_state(self) -> dict[str, Any]:
        return {"maximum": self.maximum_.to_dict()}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.maximum_ = Maximum.from_dict(state["maximum"])


def _check(horizon: float) -> None:
    if not 0 <= horizon < np.inf:
        raise OptionError(f"horizon {horizon}", "a time from 0 on", "pass e.g. 90")


def _rows(
    alike: Tuples,
    *,
    unit: float = 1.0,
    means: FloatArray | float = 0.0,
    spreads: FloatArray | float = 1.0,
) -> ParetoRows:
    count, last, age, *covariates = alike.columns
    table = np.column_stack(covariates) if covariates else np.empty((len(alike), 0))
    standard: FloatArray = (table - means) / spreads
    return ParetoRows(count, last / unit, age / unit, alike.weights, standard)


def _mean_age(alike: Tuples) -> float:
    """Return the mean age: in this unit, all logarithms of parameters are of ordinary size."""
    total = float(alike.columns[2] @ alike.weights)
    return total / alike.customers if total > 0 else 1.0


def _moments(alike: Tuples) -> tuple[FloatArray, FloatArray]:
    """Return weighted mean and standard deviation of each covariate; 1 for a constant one."""
    table = _rows(alike).covariates
    weights = alike.weights / max(alike.customers, np.finfo(float).tiny)
    means = weights @ table
    spreads = np.sqrt(weights @ (table - means) ** 2)
    return means, np.where(spreads > 0, spreads, 1.0)


def _start(alike: Tuples, unit: float) -> tuple[float, float, float, float]:
    """Return parameters to begin with: one purchase rate for all, half of them gone by now."""
    count, _, age = alike.columns[:3]
    lived = float(age @ alike.weights) / unit
    rate = float(count @ alike.weights) / lived if lived > 0 else 0.0
    return 1.0, 1.0 / max(rate, 1e-3), 1.0, 1.0


def _on_given_scale(found: Maximum, means: FloatArray, spreads: FloatArray) -> Maximum:
    """Return a maximum over standardised covariates as one over the covariates as given."""
    k = len(means)
    if not k:
        return found
    change = np.eye(len(found.names))
    for scale, first in ((1, len(CORE)), (3, len(CORE) + k)):
        of = np.arange(first, first + k)
        change[of, of] = 1 / spreads
        change[scale, of] = means / spreads
    working = change @ found.working
    covariance = change @ found.covariance @ change.T
    is_plain = np.arange(len(working)) >= len(CORE)
    values = np.where(is_plain, working, np.exp(np.where(is_plain, 0.0, working)))
    errors = np.sqrt(np.diag(covariance)) * np.where(is_plain, 1.0, values)
    return replace(
        found,
        working=working,
        covariance=covariance,
        values=values,
        standard_errors=tuple(
            None if name in found.unidentified else float(error)
            for name, error in zip(found.names, errors, strict=True)
        ),
    )
