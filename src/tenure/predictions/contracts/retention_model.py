"""What the parametric contract models share: fitting to a risk table, curves, predictions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from tenure.kernel import Estimate
from tenure.predictions.contracts.residual_tenure import check_horizon, residual_tenure
from tenure.predictions.contracts.risk_table import (
    DURATION,
    ENDED,
    PERIODS_MAX,
    RiskTable,
    durations_of,
    risk_table,
)
from tenure.predictions.fitting.draws import SEED, Predicted, check_interval, parameter_draws
from tenure.predictions.fitting.likelihood import Evaluation, Maximum, maximise
from tenure.predictions.fitting.likelihood_model import LikelihoodModel
from tenure.predictions.fitting.tuples import distinct
from tenure.predictions.fitting.weighted_draws import with_weighted_draws
from tenure.predictions.tables import columns_of, row_error

FloatArray = npt.NDArray[np.float64]
Curve = Callable[[FloatArray], FloatArray]
Constant = Callable[[float], FloatArray]

_TIMES_AT_ONCE = 32
"""Times, or ages, for which all draws are held at once."""


class RetentionModel(LikelihoodModel):
    """A model of contract durations in whole renewal periods, the same for all customers.

    Parameters
    ----------
    penalty : ridge on the logarithms of the parameters, at least 0: a normal prior around 1 with
        this precision.

    Attributes
    ----------
    maximum_ : the fit, with standard errors and what the data could not identify.
    longest_periods_ : the longest duration observed; beyond it everything is projection.
    renewals_ : renewals that came up, made or refused.
    endings_ : those that were refused.
    """

    names: ClassVar[tuple[str, ...]]

    longest_periods_: int
    renewals_: float
    endings_: float

    def __init__(self, penalty: float = 0.0) -> None:
        self.penalty = penalty

    def fit(self, X: object, weights: npt.ArrayLike | None = None) -> Self:  # noqa: N803
        """Fit to contracts that ended or still run.

        Parameters
        ----------
        X : `duration_periods` (the period a contract ended in, from 1 on; while it runs, the
            renewals it has lived through) and `ended`; optionally `entry_periods` (renewals
            behind it when it came under observation: left truncation) and `customers` (contracts
            per row). Cohorts of different age may stand together.
        weights : contracts per row; goes before the table's column `customers`.

        Raises
        ------
        DataError : a column is missing, a row is impossible, or no contract came to a renewal.
        """
        return self._fit_table(risk_table(durations_of(X, weights)))

    def _fit_table(self, table: RiskTable) -> Self:
        found = maximise(
            partial(self._evaluate, table=table),
            names=self.names,
            start=self._start(table.hazard),
            customers=table.contracts,
            penalty=self.penalty,
        )
        found = with_weighted_draws(
            found, partial(self._log_likelihoods, table), penalty=self.penalty
        )
        if not table.ended.sum() > 0:
            found = found.with_notes("nobody_left", unidentified=self.names)
        elif not table.stayed.sum() > 0:
            found = found.with_notes("nobody_stayed", unidentified=self.names)
        self.maximum_ = found
        self.longest_periods_ = len(table.at_risk)
        self.renewals_ = float(table.at_risk.sum())
        self.endings_ = float(table.ended.sum())
        return self

    def _log_likelihoods(self, table: RiskTable, working: FloatArray) -> FloatArray:
        """Return the log-likelihood at many points, shape (points, parameters)."""
        curves = self._curve(np.exp(working))(np.arange(len(table.at_risk) + 1.0))
        # As in the fit, a hazard of 0 counts as the smallest there is.
        steps = np.minimum(np.diff(curves, axis=-1), -1e-150)
        logs = np.log(-np.expm1(steps)) * table.ended + steps * table.stayed
        total: FloatArray = logs.sum(axis=-1)
        return total

    def retention_curve(
        self, periods: int, *, interval: float | None = None
    ) -> FloatArray | Predicted:
        """Return the share of new contracts that live through 0, 1, ... `periods` renewals.

        Parameters
        ----------
        periods : the last renewal shown, at least 0.
        interval : nominal coverage of an interval, e.g. 0.9; None leaves it out.

        Returns
        -------
        Shape (periods + 1,), beginning with 1; with an interval, a `Predicted` of such arrays.
        """
        check_horizon(periods, 0.0)
        times = np.arange(periods + 1.0)

        def survival(log_survival: Curve, at: FloatArray) -> FloatArray:
            return np.exp(log_survival(at))

        return self._predicted(times, survival, interval, lambda stays: stays**times)

    def predict_renewal(
        self,
        X: object,  # noqa: N803
        *,
        interval: float | None = None,
    ) -> FloatArray | Predicted:
        """Return the chance that each contract is renewed next time.

        Parameters
        ----------
        X : `duration_periods`, the renewals each contract has lived through; where it has a column
            `ended`, ended contracts get 0.
        interval : nominal coverage of an interval, e.g. 0.9; None leaves it out.

        Returns
        -------
        One probability per row, or a `Predicted` of them.
        """
        return self.predict_survival(X, 1, interval=interval)

    def predict_survival(
        self,
        X: object,  # noqa: N803
        horizon: int,
        *,
        interval: float | None = None,
    ) -> FloatArray | Predicted:
        """Return the chance that each contract lives through its next `horizon` renewals.

        Parameters
        ----------
        X, interval : as in `predict_renewal`.
        horizon : renewals, at least 0.
        """
        check_horizon(horizon, 0.0)

        def survival(log_survival: Curve, ages: FloatArray) -> FloatArray:
            return np.exp(log_survival(ages + horizon) - log_survival(ages))

        return self._by_age(X, survival, interval, lambda stays: np.array(stays**horizon))

    def predict_tenure(
        self,
        X: object,  # noqa: N803
        *,
        horizon: int | None = None,
        discount_rate: float = 0.0,
        interval: float | None = None,
    ) -> FloatArray | Predicted:
        """Return the discounted renewals to be expected of each contract (DERL).

        Parameters
        ----------
        X, interval : as in `predict_renewal`.
        horizon : renewals to count at most; None counts all, and then needs a discount rate.
        discount_rate : per period, at least 0. The next renewal counts in full, the k-th after it
            (1 + rate)^-k.

        Returns
        -------
        Renewals per row, times the recurring value the residual value; or a `Predicted` of them.

        Raises
        ------
        OptionError : neither a horizon nor a discount rate was given: the sum may be infinite.
        """
        check_horizon(horizon, discount_rate)
        sums = partial(residual_tenure, horizon=horizon, discount_rate=discount_rate)

        def constant(stays: float) -> FloatArray:
            return sums(lambda times: times * np.log(stays), np.zeros(1))

        return self._by_age(X, sums, interval, constant)

    def predict_total(
        self,
        X: object,  # noqa: N803
        horizon: int,
        *,
        interval: float = 0.9,
        weights: npt.ArrayLike | None = None,
    ) -> Estimate:
        """Return how many of these contracts will still run after `horizon` renewals.

        Parameters
        ----------
        X : as in `predict_renewal`.
        horizon : renewals, at least 0.
        interval : nominal coverage for the count itself: parameters and chance.
        weights : contracts per row; None counts each once.
        """
        check_horizon(horizon, 0.0)
        self._require_fit()
        ages, running = contract_ages(X)
        counted = running if weights is None else running * np.asarray(weights, dtype=np.float64)
        rows = distinct((ages,), counted)
        (alike,) = rows.columns

        curves = self._curve(self.maximum_.values), self._curve(parameter_draws(self.maximum_))
        stays, drawn = (np.exp(curve(alike + horizon) - curve(alike)) for curve in curves)
        value = float(rows.weights @ stays)
        check_interval(interval)
        # Contracts of one age leave independently of each other: their count is binomial.
        random = np.random.default_rng(SEED)
        counts = random.binomial(np.rint(rows.weights).astype(np.int64), drawn).sum(axis=1)
        low, high = np.quantile(counts, ((1 - interval) / 2, (1 + interval) / 2))
        ends = min(float(low), value), max(float(high), value)
        return Estimate(value, *ends, interval, "likelihood_outcome")

    def _by_age(
        self,
        X: object,  # noqa: N803
        function: Callable[[Curve, FloatArray], FloatArray],
        interval: float | None,
        constant: Constant,
    ) -> FloatArray | Predicted:
        """Return a function of the contracts' ages per row, worked out once per age."""
        self._require_fit()
        ages, running = contract_ages(X)
        alike = distinct((ages,), for_rows=True)
        found = self._predicted(alike.columns[0], function, interval, constant)
        if isinstance(found, Predicted):
            parts = (found.value, found.low, found.high)
            return Predicted(*(alike.spread(part) * running for part in parts))
        spread: FloatArray = alike.spread(found) * running
        return spread

    def _predicted(
        self,
        times: FloatArray,
        function: Callable[[Curve, FloatArray], FloatArray],
        interval: float | None,
        constant: Constant,
    ) -> FloatArray | Predicted:
        self._require_fit()
        value = function(self._curve(self.maximum_.values), times)
        if interval is None:
            return value
        check_interval(interval)
        bound = one_sided(self.maximum_, self.renewals_, interval)
        if bound is not None:
            # Without a renewal refused (or made), no curvature tells how far off it may be: the
            # exact limit of a constant chance does, as in the rule of three.
            limit = np.broadcast_to(constant(bound), value.shape)
            return Predicted(value, np.minimum(value, limit), np.maximum(value, limit))
        curves = self._curve(parameter_draws(self.maximum_))
        ends = np.empty((2, len(times)))
        tail = (1 - interval) / 2
        for first in range(0, len(times), _TIMES_AT_ONCE):
            part = slice(first, first + _TIMES_AT_ONCE)
            ends[:, part] = np.quantile(function(curves, times[part]), (tail, 1 - tail), axis=0)
        return Predicted(value, np.minimum(ends[0], value), np.maximum(ends[1], value))

    def _fitted_state(self) -> dict[str, Any]:
        return {
            **super()._fitted_state(),
            "longest_periods": self.longest_periods_,
            "renewals": self.renewals_,
            "endings": self.endings_,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self.longest_periods_ = int(state["longest_periods"])
        self.renewals_ = float(state["renewals"])
        self.endings_ = float(state["endings"])

    @abstractmethod
    def _start(self, hazard: float) -> tuple[float, ...]:
        """Return parameters to begin with, on their natural scale, from the mean hazard."""

    @abstractmethod
    def _evaluate(self, working: FloatArray, table: RiskTable) -> Evaluation:
        """Return the log-likelihood at the logarithms of the parameters."""

    @abstractmethod
    def _curve(self, parameters: FloatArray) -> Curve:
        """Return log S as a function of times at some parameters, on their natural scale.

        Parameters of shape (draws, parameters) make a function that returns (draws, *times).
        """


def contract_ages(data: object) -> tuple[FloatArray, FloatArray]:
    """Return renewals behind each contract, and 0 for those that ended, 1 for the others.

    Parameters
    ----------
    data : any table with `duration_periods` and perhaps `ended`.

    Raises
    ------
    DataError : the column is missing or a row is impossible.
    """
    found = columns_of(data, (DURATION,), optional=(ENDED,))
    ages = found[DURATION]
    wrong = (ages != np.floor(ages)) | (ages > PERIODS_MAX)
    if wrong.any():
        row = int(np.argmax(wrong))
        expected = f"a whole number of periods, at most {PERIODS_MAX:,}"
        raise row_error(DURATION, row, ages[row], expected)
    return ages, 1.0 - np.minimum(found.get(ENDED, np.zeros(len(ages))), 1.0)


def one_sided(maximum: Maximum, renewals: float, interval: float) -> float | None:
    """Return the limit of a constant chance to renew where all renewals went one way.

    Parameters
    ----------
    maximum : the fit; its notes tell whether they did.
    renewals : how many there were.
    interval : nominal coverage of the two-sided interval whose open end this is.
    """
    limit = float(((1 - interval) / 2) ** (1 / renewals))
    if "nobody_left" in maximum.notes:
        return limit
    return 1 - limit if "nobody_stayed" in maximum.notes else None


def spread_over(parameters: FloatArray, times: FloatArray) -> tuple[FloatArray, ...]:
    """Return each parameter, its draws along axes before those of the times.

    Parameters
    ----------
    parameters : shape (parameters,) or (draws, parameters).
    times : of any shape.
    """
    before = parameters.shape[:-1]
    return tuple(
        parameters[..., i].reshape(before + (1,) * times.ndim) for i in range(parameters.shape[-1])
    )
