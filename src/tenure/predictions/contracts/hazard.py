"""The discrete-time hazard: who refuses the next renewal, by contract age and covariates.

A pooled logistic regression over customers' periods: each renewal that came up is a case. A
contract whose covariates change stands in several rows, each with `entry_periods` and
`duration_periods` of its stretch, and only the last one may have ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tenure.kernel import Estimate
from tenure.predictions.contracts.hazard_baseline import DUMMIES, Baseline, baseline
from tenure.predictions.contracts.hazard_likelihood import (
    HazardRows,
    evaluate,
    odds_of,
    parts,
    rows_of,
)
from tenure.predictions.contracts.residual_tenure import check_horizon
from tenure.predictions.contracts.retention_model import contract_ages, one_sided
from tenure.predictions.contracts.risk_table import durations_of, risk_table
from tenure.predictions.fitting.draws import (
    Predicted,
    check_interval,
    row_intervals,
    total_interval,
)
from tenure.predictions.fitting.likelihood import FURTHEST, maximise
from tenure.predictions.fitting.likelihood_model import LikelihoodModel
from tenure.predictions.fitting.tuples import Tuples, distinct
from tenure.predictions.purchases.covariates import Covariates, learn_covariates

FloatArray = npt.NDArray[np.float64]
Forecast = Callable[[FloatArray, FloatArray], FloatArray]
Constant = Callable[[float], FloatArray]


class DiscreteTimeHazard(LikelihoodModel):
    """Logistic regression of refusing a renewal on the contract's age and on covariates.

    Beyond the longest contract observed the last hazard goes on.

    Parameters
    ----------
    covariates : columns known before the renewal, numbers or texts. Numbers enter in standard
        deviations from their mean, texts against the most common one; a coefficient above 0 of
        `[...]` means a higher hazard, exp of it is the ratio of the odds.
    baseline : how the hazard depends on age: `dummies`, per period; `smooth`, a spline of its
        logarithm; `constant`.
    endings_min : with dummies, neighbouring periods are joined until each stretch has seen so many
        endings, above 0.
    covariate_penalty : ridge on the coefficients of the covariates, >= 0.

    Attributes
    ----------
    baseline_ : the stretches of periods with one hazard each.
    longest_periods_ : the longest duration observed.
    renewals_, endings_ : renewals that came up, and those that were refused.

    References
    ----------
    P. D. Allison (1982), Discrete-Time Methods for the Analysis of Event Histories, Sociological
    Methodology 13, 61-98, doi:10.2307/270718; J. D. Singer, J. B. Willett (1993), It's About Time,
    J. Educational Statistics 18(2), 155-195, doi:10.3102/10769986018002155.

    Examples
    --------
    >>> model = DiscreteTimeHazard(baseline="constant").fit(
    ...     {"duration_periods": [1, 2, 3, 3], "ended": [True, False, True, False]}
    ... )
    >>> round(float(model.predict_renewal({"duration_periods": [1]})[0]), 3)
    0.778
    """

    baseline_: Baseline
    covariates_: Covariates
    longest_periods_: int
    renewals_: float
    endings_: float

    def __init__(
        self,
        covariates: Sequence[str] = (),
        baseline: str = DUMMIES,
        endings_min: float = 10.0,
        covariate_penalty: float = 1.0,
    ) -> None:
        self.covariates = covariates
        self.baseline = baseline
        self.endings_min = endings_min
        self.covariate_penalty = covariate_penalty

    def fit(self, X: object, weights: npt.ArrayLike | None = None) -> Self:  # noqa: N803
        """Fit to contracts that ended or still run.

        Parameters
        ----------
        X : `duration_periods`, `ended` and the covariates; optionally `entry_periods` (renewals
            behind it when it came under observation) and `customers` (contracts per row).
        weights : contracts per row; goes before the table's column `customers`.

        Raises
        ------
        DataError : a column is missing, a row is impossible, or no contract came to a renewal.
        OptionError : there is no such baseline.
        """
        found = durations_of(X, weights)
        table = risk_table(found)
        self.covariates_ = learn_covariates(X, self.covariates, found.weights)
        self.baseline_ = baseline(self.baseline, table, self.endings_min)
        self.longest_periods_ = len(table.at_risk)
        self.renewals_ = float(table.at_risk.sum())
        self.endings_ = float(table.ended.sum())
        numbers = self.covariates_.numbers(X, len(found))
        alike = distinct(
            (found.entry, found.duration, found.ended.astype(np.float64), *numbers.T),
            found.weights,
        )
        rows = rows_of(alike)
        effects = tuple(f"[{name}]" for name in self.covariates_.names)
        names = self.baseline_.names + effects
        odds = float(np.log(table.hazard / (1 - table.hazard)))
        level = np.linalg.lstsq(
            self.baseline_.columns, np.full(len(self.baseline_.starts), odds), rcond=None
        )[0]
        maximum = maximise(
            lambda point: evaluate(point, rows, self.baseline_),
            names=names,
            start=[*level.tolist(), *[0.0] * len(effects)],
            customers=table.contracts,
            plain=names,
            penalty=[0.0] * len(level) + [self.covariate_penalty] * len(effects),
        )
        if self.endings_ == 0 or self.endings_ == self.renewals_:
            note = "nobody_left" if self.endings_ == 0 else "nobody_stayed"
            maximum = maximum.with_notes(note, unidentified=self.baseline_.names)
        # A coefficient without a maximum runs until it is stopped.
        endless = np.abs(maximum.working) >= FURTHEST
        if endless.any():
            runaway = tuple(name for name, far in zip(names, endless, strict=True) if far)
            maximum = maximum.with_notes("unidentified", unidentified=runaway)
        self.maximum_ = maximum
        return self

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
        Shape (periods + 1,), for a contract with average numbers and the most common texts; with
        an interval, a `Predicted` of such arrays.
        """
        self._require_fit()
        check_horizon(periods, 0.0)
        times = np.arange(periods + 1.0)
        none = np.zeros(len(times))
        numbers = np.zeros((len(times), len(self.covariates_.names)))
        rows = HazardRows(none, times, none, none + 1, numbers)
        return self._predicted(rows, _survival, interval, lambda stays: stays**times)

    def predict_renewal(
        self,
        X: object,  # noqa: N803
        *,
        interval: float | None = None,
    ) -> FloatArray | Predicted:
        """Return the chance that each contract is renewed next time.

        Parameters
        ----------
        X : `duration_periods`, the renewals each contract has lived through, and the covariates;
            where it has a column `ended`, ended contracts get 0.
        interval : nominal coverage of an interval, e.g. 0.9; None leaves it out.
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
        return self._by_row(X, horizon, _survival, interval, lambda s: np.array(s**horizon))

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

        Raises
        ------
        OptionError : neither a horizon nor a discount rate was given: the sum may be infinite.
        """
        check_horizon(horizon, discount_rate)
        ahead = np.inf if horizon is None else float(horizon)
        tenure = partial(_tenure, discount=float(np.log1p(discount_rate)))

        def constant(stays: float) -> FloatArray:
            return tenure(np.full((1, 1), np.log(stays)), np.full((1, 1), ahead))

        return self._by_row(X, ahead, tenure, interval, constant)

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
        alike, running = self._ahead(X, horizon, weights)
        rows = rows_of(alike)
        counted = rows.weights * running

        def moments(parameters: FloatArray) -> tuple[float, float]:
            stays = self._at(parameters, rows, _survival)
            return float(counted @ stays), float(counted @ (stays * (1 - stays)))

        return total_interval(self.maximum_, moments, interval=interval, whole=False)

    def _by_row(
        self,
        X: object,  # noqa: N803
        horizon: float,
        function: Forecast,
        interval: float | None,
        constant: Constant,
    ) -> FloatArray | Predicted:
        """Return a forecast per row, worked out once per distinct age and covariates."""
        alike, running = self._ahead(X, horizon)
        found = self._predicted(rows_of(alike), function, interval, constant)
        if isinstance(found, Predicted):
            parts = (found.value, found.low, found.high)
            return Predicted(*(alike.spread(part * running) for part in parts))
        return alike.spread(found * running)

    def _ahead(
        self,
        X: object,  # noqa: N803
        horizon: float,
        weights: npt.ArrayLike | None = None,
    ) -> tuple[Tuples, FloatArray]:
        """Return distinct periods ahead, and for each whether the contract still runs."""
        self._require_fit()
        ages, running = contract_ages(X)
        numbers = self.covariates_.numbers(X, len(ages))
        counted = None if weights is None else np.asarray(weights, dtype=np.float64)
        alike = distinct((ages, ages, running, *numbers.T), counted, for_rows=True)
        entry, _, still, *rest = alike.columns
        return replace(alike, columns=(entry, entry + horizon, 1 - still, *rest)), still

    def _predicted(
        self, rows: HazardRows, function: Forecast, interval: float | None, constant: Constant
    ) -> FloatArray | Predicted:
        value = self._at(self.maximum_.values, rows, function)
        if interval is None:
            return value
        check_interval(interval)
        bound = one_sided(self.maximum_, self.renewals_, interval)
        if bound is not None:
            limit = np.broadcast_to(constant(bound), value.shape)
            return Predicted(value, np.minimum(value, limit), np.maximum(value, limit))
        return row_intervals(
            self.maximum_,
            lambda parameters, part: self._at(parameters, rows.part(part), function),
            value,
            interval=interval,
        )

    def _at(self, parameters: FloatArray, rows: HazardRows, function: Forecast) -> FloatArray:
        found = np.empty(len(rows.entry))
        for part in parts(rows, self.baseline_):
            some = rows.part(part)
            stays = -np.log1p(odds_of(parameters, some, self.baseline_))
            found[part] = function(stays, self.baseline_.lengths(some.entry, some.duration))
        return found

    def _fitted_state(self) -> dict[str, Any]:
        return {
            **super()._fitted_state(),
            "baseline": self.baseline_.to_dict(),
            "covariates": self.covariates_.to_list(),
            "longest_periods": self.longest_periods_,
            "renewals": self.renewals_,
            "endings": self.endings_,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self.baseline_ = Baseline.from_dict(state["baseline"])
        self.covariates_ = Covariates.from_list(state["covariates"])
        self.longest_periods_ = int(state["longest_periods"])
        self.renewals_ = float(state["renewals"])
        self.endings_ = float(state["endings"])


def _survival(stays: FloatArray, lengths: FloatArray) -> FloatArray:
    """Return the chance to stay, from logarithms per stretch and how much of each lies ahead."""
    chance: FloatArray = np.exp((stays * lengths).sum(axis=1))
    return chance


def _tenure(stays: FloatArray, lengths: FloatArray, discount: float) -> FloatArray:
    """Return the sum of survival over the periods ahead; a geometric series per stretch."""
    # A hazard below the smallest double is none; the series still has its limit.
    step = np.minimum(stays - discount, -1e-300)
    before = np.cumsum(step[:, :-1] * lengths[:, :-1], axis=1)
    reached = np.exp(np.hstack((np.zeros((len(step), 1)), before)))
    series = np.expm1(np.where(lengths > 0, lengths, 0.0) * step) / np.expm1(step)
    total: FloatArray = (reached * np.exp(stays) * series).sum(axis=1)
    return total
