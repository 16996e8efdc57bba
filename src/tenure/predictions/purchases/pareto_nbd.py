"""The Pareto/NBD: customers buy at random at their own rate until they leave for good, unseen.

The purchase rate differs between customers by a gamma distribution, and so does the rate of
leaving. Unlike in the BG/NBD, a customer can leave at any time, also before her second purchase.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from tenure.predictions.fitting.likelihood import Maximum, maximise
from tenure.predictions.fitting.tuples import Tuples, distinct
from tenure.predictions.fitting.weighted_draws import with_weighted_draws
from tenure.predictions.purchases.beta_geometric import time_scale
from tenure.predictions.purchases.covariates import Covariates, learn_covariates
from tenure.predictions.purchases.histories import Histories
from tenure.predictions.purchases.pareto_forecasts import (
    active,
    any_purchase,
    discounted_purchases,
    expected_purchases,
    total_moments,
)
from tenure.predictions.purchases.pareto_likelihood import ParetoRows, evaluate, log_likelihood
from tenure.predictions.purchases.purchase_model import PurchaseModel

FloatArray = npt.NDArray[np.float64]

NAMES = ("r", "alpha", "s", "beta")
_SAMPLED_FROM = 40_000
_SAMPLE = 10_000
"""With more distinct rows the search begins on a sample of about so many customers."""
_BENT_UP_TO, _TRIED = 2_000, 400
"""With more distinct rows the likelihood is narrow enough to be an ellipse around its maximum."""


@dataclass(frozen=True)
class ParetoTable:
    """Distinct histories, and the way back to the rows they came from.

    Parameters
    ----------
    tuples : the distinct rows.
    rows : the same as the forecasts take them.
    by_row : whether forecasts are wanted for the given rows instead of the distinct ones.
    """

    tuples: Tuples
    rows: ParetoRows
    by_row: bool

    def told(self, values: FloatArray) -> FloatArray:
        """Return one value per distinct row in the form that is wanted."""
        return self.tuples.spread(values) if self.by_row else values


class ParetoNBD(PurchaseModel[ParetoTable]):
    """The Pareto / negative binomial model (Schmittlein, Morrison and Colombo 1987).

    Parameters
    ----------
    penalty : ridge on the logarithms of r, alpha, s and beta (scales in mean ages), >= 0: the
        precision of a normal prior. For few customers.
    covariates : columns known when a customer was won, numbers or texts. A coefficient above 0 of
        `alpha[...]` means more purchases, of `beta[...]` faster leaving: alpha exp(-z g) and
        beta exp(-z g) (Fader and Hardie 2007, note 019). Numbers enter in standard deviations
        from their mean, texts against the most common one.
    covariate_penalty : ridge on the coefficients, >= 0.

    References
    ----------
    D. C. Schmittlein, D. G. Morrison, R. Colombo (1987), Counting Your Customers: Who Are They and
    What Will They Do Next?, Management Science 33(1), 1-24, doi:10.1287/mnsc.33.1.1.

    Examples
    --------
    >>> model = ParetoNBD().fit(
    ...     {
    ...         "repeat_order_day_count": [2, 0, 5, 1, 0, 3],
    ...         "age_at_last_order_days": [30, 0, 160, 12, 0, 60],
    ...         "age_days": [180, 90, 190, 200, 40, 150],
    ...     }
    ... )
    >>> sorted(model.parameters_)
    ['alpha', 'beta', 'r', 's']
    """

    def __init__(
        self,
        penalty: float = 0.0,
        covariates: Sequence[str] = (),
        covariate_penalty: float = 1.0,
    ) -> None:
        self.penalty = penalty
        self.covariates = covariates
        self.covariate_penalty = covariate_penalty

    def _prepare(self, histories: Histories) -> None:
        self.covariates_ = learn_covariates(histories.table, self.covariates, histories.weights)

    def _maximum(self, histories: Histories) -> Maximum:
        scale = time_scale(histories)
        names = self._names
        plain = names[len(NAMES) :]
        tuples = self._distinct(histories, for_rows=False)
        purchases = float(tuples.columns[0] @ tuples.weights)
        if not purchases > 0:
            return _without_repeats(histories, names, scale)
        large = len(tuples) > _SAMPLED_FROM
        sample = partial(evaluate, rows=_rows(tuples.sample(_SAMPLE), scale)) if large else None
        lived = float(tuples.columns[2] @ tuples.weights) / scale
        rate = purchases / max(lived, np.finfo(float).tiny)
        rows = _rows(tuples, scale)
        found = maximise(
            partial(evaluate, rows=rows),
            names=names,
            start=(1.0, 1 / min(max(rate, 1e-6), 1e6), 1.0, 1.0, *[0.0] * len(plain)),
            customers=histories.customers,
            plain=plain,
            penalty=[self.penalty] * len(NAMES) + [self.covariate_penalty] * len(plain),
            sample=sample,
        )
        if len(tuples) <= _BENT_UP_TO and not plain:
            found = with_weighted_draws(
                found,
                lambda points: np.array([log_likelihood(point, rows) for point in points]),
                penalty=self.penalty,
                tried=_TRIED,
            )
        return found.rescaled(
            {"alpha": scale, "beta": scale},
            log_likelihood_shift=-purchases * float(np.log(scale)),
        )

    @property
    def _names(self) -> tuple[str, ...]:
        return (*NAMES, *(f"{of}[{z}]" for of in ("alpha", "beta") for z in self.covariates_.names))

    def _distinct(self, histories: Histories, *, for_rows: bool) -> Tuples:
        numbers = self.covariates_.numbers(histories.table, len(histories))
        columns = (histories.count, histories.last, histories.age, *numbers.T)
        return distinct(columns, histories.weights, for_rows=for_rows)

    def _rows(self, histories: Histories, *, is_distinct: bool) -> ParetoTable:
        # A forecast takes an integral per row, so it is worth finding the distinct ones always.
        tuples = self._distinct(histories, for_rows=True)
        return ParetoTable(tuples, _rows(tuples), by_row=not is_distinct)

    def _part(self, rows: ParetoTable, part: slice) -> ParetoTable:
        return ParetoTable(rows.tuples, rows.rows.part(part), by_row=False)

    def _spread(self, rows: ParetoTable, values: FloatArray) -> FloatArray:
        return rows.tuples.spread(values)

    def _weights_of(self, rows: ParetoTable) -> FloatArray:
        return rows.rows.weights

    def _active(self, parameters: FloatArray, rows: ParetoTable) -> FloatArray:
        return rows.told(active(_working(parameters), rows.rows))

    def _any(self, parameters: FloatArray, rows: ParetoTable, horizon: float) -> FloatArray:
        return rows.told(any_purchase(_working(parameters), rows.rows, horizon))

    def _expected(self, parameters: FloatArray, rows: ParetoTable, horizon: float) -> FloatArray:
        return rows.told(expected_purchases(_working(parameters), rows.rows, horizon))

    def _discounted(
        self,
        parameters: FloatArray,
        rows: ParetoTable,
        horizon: float | None,
        discount_rate: float,
    ) -> FloatArray:
        working = _working(parameters)
        return rows.told(discounted_purchases(working, rows.rows, horizon, discount_rate))

    def _total(
        self, parameters: FloatArray, rows: ParetoTable, horizon: float
    ) -> tuple[float, float]:
        return total_moments(_working(parameters), rows.rows, horizon)

    def _fitted_state(self) -> dict[str, Any]:
        return {**super()._fitted_state(), "covariates": self.covariates_.to_list()}

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self.covariates_ = Covariates.from_list(state["covariates"])


def _rows(tuples: Tuples, scale: float = 1.0) -> ParetoRows:
    count, last, age, *numbers = tuples.columns
    table = np.column_stack(numbers) if numbers else np.empty((len(tuples), 0))
    return ParetoRows(count, last / scale, age / scale, tuples.weights, table)


def _working(parameters: FloatArray) -> FloatArray:
    """Return natural parameters on the scale of the likelihood: logarithms, but for effects."""
    return np.concatenate((np.log(parameters[: len(NAMES)]), parameters[len(NAMES) :]))


def _without_repeats(histories: Histories, names: tuple[str, ...], scale: float) -> Maximum:
    """Nobody came back: nothing is identified, and half a purchase is taken as seen.

    The likelihood has no maximum then: it rises as the rate falls to 0. Half a purchase over all
    the time observed is the mean under Jeffreys' prior for a Poisson rate.
    """
    weights = 1.0 if histories.weights is None else histories.weights
    observed = float((histories.age * weights).sum()) or scale
    effects = len(names) - len(NAMES)
    values = np.array([0.5 * scale / observed, scale, 1.0, scale, *[0.0] * effects])
    working = np.concatenate((np.log(values[: len(NAMES)]), values[len(NAMES) :]))
    zeros = np.zeros(len(histories))
    own = np.ones(len(histories)) * weights
    rows = ParetoRows(zeros, zeros, histories.age, own, np.zeros((len(histories), effects // 2)))
    return Maximum(
        names=names,
        values=values,
        working=working,
        plain=names[len(NAMES) :],
        standard_errors=(None,) * len(names),
        covariance=np.eye(len(names)),
        log_likelihood=evaluate(working, rows).value,
        customers=histories.customers,
        converged=True,
        unidentified=names,
        notes=("no_repeat_purchases", "unidentified"),
    )
