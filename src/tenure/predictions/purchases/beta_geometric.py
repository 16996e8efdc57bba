"""BG/NBD and MBG/NBD as estimators: fit, predictions, covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tenure.predictions.fitting.likelihood import Maximum, maximise
from tenure.predictions.fitting.special import BetaRule, beta_rule
from tenure.predictions.fitting.tuples import Tuples, distinct
from tenure.predictions.purchases.beta_geometric_likelihood import (
    EFFECTS,
    BetaGeometricLikelihood,
    Shape,
    dropout_terms,
    shape_at,
)
from tenure.predictions.purchases.covariates import Covariates, learn_covariates
from tenure.predictions.purchases.histories import Histories
from tenure.predictions.purchases.purchase_model import PurchaseModel
from tenure.predictions.purchases.thinning import (
    discounted_purchases,
    expected_purchases,
    second_factorial_moment,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NAMES = ("r", "alpha", "a", "b")
_EFFECT_NAMES = ("alpha", "a", "b")
_START = (1.0, 1.0, 1.0, 2.0)
_SAMPLED = 20_000
_NO_TIME = 1e-100  # a mean age below this is none: its powers would not be numbers
_PART = 16_384  # rows worked on at once: they stay in the processor's cache


@dataclass(frozen=True)
class BetaGeometricRows:
    """Rows to predict for.

    Parameters
    ----------
    tuples : rows (group, x, T, t_x); with the way back where they are distinct.
    design : covariates of each group.
    is_for_draws : five digits are enough.
    """

    tuples: Tuples
    design: FloatArray
    is_for_draws: bool = False

    @cached_property
    def groups(self) -> IntArray:
        """The group of each row."""
        return self.tuples.columns[0].astype(np.int64)

    @cached_property
    def cells(self) -> Tuples:
        """Distinct (group, x, T): all that matters once a customer is known to be active."""
        return distinct(self.tuples.columns[:3], for_rows=True)

    @cached_property
    def kinds(self) -> Tuples:
        """Distinct (group, x) of the cells: each has its own beta distribution."""
        return distinct(self.cells.columns[:2], for_rows=True)


class BetaGeometricModel(PurchaseModel[BetaGeometricRows]):
    """What BG/NBD and MBG/NBD share; they differ in when a customer may first leave."""

    _chances_before: ClassVar[int]

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
        if not histories.count.any():
            return self._without_repeats(histories, scale)
        groups, design = self._design(histories)
        columns = (groups, histories.count, histories.last / scale, histories.age / scale)
        tuples = distinct(columns, histories.weights)
        likelihood = BetaGeometricLikelihood(tuples, self._chances_before, design)
        found = maximise(
            likelihood,
            names=self._names,
            start=(*_START, *[0.0] * (len(self._names) - 4)),
            customers=histories.customers,
            plain=self._names[4:],
            penalty=self._penalties,
            sample=likelihood.sample(_SAMPLED),
        )
        weights = 1.0 if histories.weights is None else histories.weights
        purchases = float((histories.count * weights).sum())
        return found.rescaled({"alpha": scale}, log_likelihood_shift=-purchases * np.log(scale))

    @property
    def _names(self) -> tuple[str, ...]:
        effects = (f"{own}[{name}]" for own in _EFFECT_NAMES for name in self.covariates_.names)
        return (*NAMES, *effects)

    @property
    def _penalties(self) -> list[float]:
        effects = len(EFFECTS) * len(self.covariates_.names)
        return [self.penalty] * 4 + [self.covariate_penalty] * effects

    def _without_repeats(self, histories: Histories, scale: float) -> Maximum:
        """Nobody came back: nothing is identified, and half a purchase is taken as seen.

        The likelihood has no maximum then: it rises as the rate falls to 0. Half a purchase over
        all the time observed is the mean under Jeffreys' prior for a Poisson rate.
        """
        weights = 1.0 if histories.weights is None else histories.weights
        observed = float((histories.age * weights).sum())
        observed = observed if observed > _NO_TIME else scale
        names = self._names
        values = np.array([0.5 * scale / observed, scale, 1.0, 1.0, *[0.0] * (len(names) - 4)])
        working = np.concatenate((np.log(values[:4]), values[4:]))
        chance = -values[0] * np.log1p(histories.age / scale)
        return Maximum(
            names=names,
            values=values,
            working=working,
            plain=names[4:],
            standard_errors=(None,) * len(names),
            covariance=np.eye(len(names)),
            log_likelihood=float((chance * weights).sum()),
            customers=histories.customers,
            converged=True,
            unidentified=names,
            notes=("no_repeat_purchases", "unidentified"),
        )

    def _design(self, histories: Histories) -> tuple[FloatArray, FloatArray]:
        """Return each row's group and each group's covariates."""
        return self.covariates_.groups(histories.table, len(histories))

    def _fitted_state(self) -> dict[str, Any]:
        return {**super()._fitted_state(), "covariates": self.covariates_.to_list()}

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self.covariates_ = Covariates.from_list(state["covariates"])

    def _rows(self, histories: Histories, *, is_distinct: bool) -> BetaGeometricRows:
        groups, design = self._design(histories)
        columns = (groups, histories.count, histories.age, histories.last)
        if is_distinct:
            found = distinct(columns, histories.weights, for_rows=True)
            return BetaGeometricRows(found, design)
        weights = np.ones(0) if histories.weights is None else histories.weights
        return BetaGeometricRows(Tuples(columns, weights, len(histories)), design)

    def _part(self, rows: BetaGeometricRows, part: slice) -> BetaGeometricRows:
        columns = tuple(column[part] for column in rows.tuples.columns)
        weights = rows.tuples.weights[part]
        return BetaGeometricRows(
            Tuples(columns, weights, len(weights)), rows.design, is_for_draws=True
        )

    def _spread(self, rows: BetaGeometricRows, values: FloatArray) -> FloatArray:
        return rows.tuples.spread(values)

    def _weights_of(self, rows: BetaGeometricRows) -> FloatArray:
        return rows.tuples.weights

    def _shape(self, parameters: FloatArray, rows: BetaGeometricRows) -> Shape:
        working = np.concatenate((np.log(parameters[:4]), parameters[4:]))
        return shape_at(working, rows.design)

    def _active(self, parameters: FloatArray, rows: BetaGeometricRows) -> FloatArray:
        """P(active): Fader, Hardie and Lee 2008, note 021; for MBG, Batislam et al. 2007."""
        shape = self._shape(parameters, rows)
        found = np.empty(len(rows.groups))
        for first in range(0, len(found), _PART):
            part = slice(first, first + _PART)
            _, count, age, last = (column[part] for column in rows.tuples.columns)
            own = self._own(shape, rows, part)
            odds, _ = dropout_terms(count + self._chances_before, own.a, own.b)
            odds += (own.r + count) * np.log1p((age - last) / (own.alpha + last))
            found[part] = 1 / (1 + np.exp(np.minimum(odds, 700.0)))
        return found

    def _any(self, parameters: FloatArray, rows: BetaGeometricRows, horizon: float) -> FloatArray:
        shape = self._shape(parameters, rows)
        _, count, age = rows.cells.columns
        own = self._own_of(shape, rows, rows.cells.columns[0])
        some = -np.expm1(-(own.r + count) * np.log1p(horizon / (own.alpha + age)))
        return self._if_active(parameters, rows, some)

    def _expected(
        self, parameters: FloatArray, rows: BetaGeometricRows, horizon: float
    ) -> FloatArray:
        """E(purchases): the average of eq. (9)'s integrand in Fader, Hardie and Lee 2005."""
        events, since, rule, kinds = self._future(parameters, rows)
        return self._if_active(
            parameters, rows, expected_purchases(events, since, horizon, rule, kinds)
        )

    def _discounted(
        self,
        parameters: FloatArray,
        rows: BetaGeometricRows,
        horizon: float | None,
        discount_rate: float,
    ) -> FloatArray:
        events, since, rule, kinds = self._future(parameters, rows)
        found = discounted_purchases(events, since, horizon, discount_rate, rule, kinds)
        return self._if_active(parameters, rows, found)

    def _total(
        self, parameters: FloatArray, rows: BetaGeometricRows, horizon: float
    ) -> tuple[float, float]:
        events, since, rule, kinds = self._future(parameters, rows)
        active = self._active(parameters, rows)
        mean = active * rows.cells.spread(expected_purchases(events, since, horizon, rule, kinds))
        pairs = second_factorial_moment(events, since, horizon, rule, kinds)
        variance = active * rows.cells.spread(pairs) + mean - mean**2
        weights = rows.tuples.weights
        return float(mean @ weights), float(variance @ weights)

    def _future(
        self, parameters: FloatArray, rows: BetaGeometricRows
    ) -> tuple[FloatArray, FloatArray, BetaRule, IntArray]:
        """Return, per cell, the rate's gamma distribution; and the dropout's beta, per kind."""
        shape = self._shape(parameters, rows)
        groups, count, age = rows.cells.columns
        own = self._own_of(shape, rows, groups)
        kind_groups, kind_count = rows.kinds.columns
        kind = self._own_of(shape, rows, kind_groups)
        survived = kind.b + kind_count + self._chances_before
        rule = beta_rule(kind.a, survived, coarse=rows.is_for_draws)
        places = rows.kinds.places
        index = np.arange(len(count)) if places is None else places.astype(np.int64)
        return own.r + count, own.alpha + age, rule, index

    def _if_active(
        self, parameters: FloatArray, rows: BetaGeometricRows, per_cell: FloatArray
    ) -> FloatArray:
        found = self._active(parameters, rows)
        found *= rows.cells.spread(per_cell)
        return found

    def _own(self, shape: Shape, rows: BetaGeometricRows, part: slice) -> Shape:
        return shape.at(rows.groups[part]) if isinstance(shape.a, np.ndarray) else shape

    def _own_of(self, shape: Shape, rows: BetaGeometricRows, groups: FloatArray) -> Shape:
        return shape.at(groups.astype(np.int64)) if isinstance(shape.a, np.ndarray) else shape


def time_scale(histories: Histories) -> float:
    """Return the mean age, the unit in which models are fitted; 1 where no time has passed."""
    mean = float(np.average(histories.age, weights=histories.weights)) if len(histories) else 0.0
    return mean if mean > _NO_TIME else 1.0
