"""The BG/BB: customers who can buy once per opportunity, until they leave for good, unseen.

An opportunity is an event, a season, a campaign, a yearly appeal: something at which a customer
either buys or not. Her chance to buy differs between customers by a beta distribution, and so does
her chance to leave before an opportunity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.kernel import OptionError
from tenure.predictions.fitting.likelihood import Maximum, maximise
from tenure.predictions.fitting.special import beta_rule
from tenure.predictions.fitting.tuples import Tuples
from tenure.predictions.fitting.weighted_draws import with_weighted_draws
from tenure.predictions.purchases.bg_bb_likelihood import (
    OpportunityRows,
    evaluate,
    log_active,
    log_likelihoods,
    rows_of,
)
from tenure.predictions.purchases.histories import AGE, COUNT, LAST, Histories
from tenure.predictions.purchases.purchase_model import PurchaseModel
from tenure.predictions.tables import row_error

FloatArray = npt.NDArray[np.float64]

NAMES = ("alpha", "beta", "gamma", "delta")
OPPORTUNITIES_MAX = 10_000
_HELD_AT_ONCE = 2_000_000
_BENT_UP_TO = 20_000
"""With more histories times opportunities the likelihood is narrow enough to be an ellipse."""
_SUMMED = 500
"""Opportunities ahead that are added one by one."""


@dataclass(frozen=True)
class OpportunityTable:
    """Distinct histories, and the way back to the rows they came from.

    Parameters
    ----------
    tuples : the distinct rows.
    rows : the same as the forecasts take them.
    by_row : whether forecasts are wanted for the given rows instead of the distinct ones.
    """

    tuples: Tuples
    rows: OpportunityRows
    by_row: bool

    def told(self, values: FloatArray) -> FloatArray:
        """Return one value per distinct row in the form that is wanted."""
        return self.tuples.spread(values) if self.by_row else values


class BGBB(PurchaseModel[OpportunityTable]):
    """The beta-geometric / beta-Bernoulli model (Fader, Hardie and Shang 2010).

    Time is counted in opportunities after a customer's first purchase: `age_days` is how many
    there were (n), `age_at_last_order_days` at which of them she last bought (t_x, 0 if never
    again), `repeat_order_day_count` at how many (x, at most t_x). A horizon is a whole number of
    opportunities, and a discount rate is per opportunity.

    Parameters
    ----------
    penalty : ridge on the logarithms of the four parameters, >= 0: the precision of a normal
        prior. For few customers.

    References
    ----------
    P. S. Fader, B. G. S. Hardie, J. Shang (2010), Customer-Base Analysis in a Discrete-Time
    Noncontractual Setting, Marketing Science 29(6), 1086-1108, doi:10.1287/mksc.1100.0580.

    Examples
    --------
    >>> model = BGBB().fit(
    ...     {
    ...         "repeat_order_day_count": [2, 0, 5, 1, 0, 3],
    ...         "age_at_last_order_days": [3, 0, 6, 1, 0, 6],
    ...         "age_days": [6, 6, 6, 6, 6, 6],
    ...     }
    ... )
    >>> sorted(model.parameters_)
    ['alpha', 'beta', 'delta', 'gamma']
    """

    def __init__(self, penalty: float = 0.0) -> None:
        self.penalty = penalty

    def _maximum(self, histories: Histories) -> Maximum:
        _check(histories)
        tuples = histories.tuples
        rows = rows_of(tuples)
        if not float(rows.count @ rows.weights) > 0:
            return _without_repeats(histories, rows)
        found = maximise(
            lambda working: evaluate(working, rows),
            names=NAMES,
            start=(1.0, 1.0, 1.0, 1.0),
            customers=histories.customers,
            penalty=self.penalty,
        )
        if float((rows.age - rows.last + 1).sum()) > _BENT_UP_TO:
            return found
        return with_weighted_draws(
            found,
            lambda points: log_likelihoods(points, rows),
            penalty=self.penalty,
        )

    def _rows(self, histories: Histories, *, is_distinct: bool) -> OpportunityTable:
        _check(histories)
        tuples = histories.rows
        return OpportunityTable(tuples, rows_of(tuples), by_row=not is_distinct)

    def _part(self, rows: OpportunityTable, part: slice) -> OpportunityTable:
        return OpportunityTable(rows.tuples, rows.rows.part(part), by_row=False)

    def _spread(self, rows: OpportunityTable, values: FloatArray) -> FloatArray:
        return rows.tuples.spread(values)

    def _weights_of(self, rows: OpportunityTable) -> FloatArray:
        return rows.rows.weights

    def _active(self, parameters: FloatArray, rows: OpportunityTable) -> FloatArray:
        return rows.told(np.exp(log_active(parameters, rows.rows)))

    def _any(self, parameters: FloatArray, rows: OpportunityTable, horizon: float) -> FloatArray:
        """Return the chance of a first purchase at one of the coming opportunities."""
        steps = _steps(horizon)
        alpha, beta, gamma, delta = parameters
        own = rows.rows
        chance = np.zeros(len(own.count))
        part = max(1, _HELD_AT_ONCE // len(steps))
        for first in range(0, len(chance), part):
            some = slice(first, first + part)
            bought, missed = own.count[some, None], (own.age - own.count)[some, None]
            stays = _kept(delta + own.age[some, None], gamma, steps)
            waits = _kept(beta + missed, alpha + bought, steps)
            # E[p (1-p)^(k-1)] is E[(1-p)^k] times the odds of p after k - 1 more misses.
            odds = (alpha + bought) / (beta + missed + steps - 1)
            chance[some] = (stays * waits * odds).sum(axis=1)
        return rows.told(np.minimum(np.exp(log_active(parameters, own)) * chance, 1.0))

    def _expected(
        self, parameters: FloatArray, rows: OpportunityTable, horizon: float
    ) -> FloatArray:
        return self._discounted(parameters, rows, horizon, 0.0)

    def _discounted(
        self,
        parameters: FloatArray,
        rows: OpportunityTable,
        horizon: float | None,
        discount_rate: float,
    ) -> FloatArray:
        own = rows.rows
        last = np.inf if horizon is None else float(_steps(horizon)[-1])
        ages, places = np.unique(own.age, return_inverse=True)
        times = _discounted_stays(parameters, ages, last, discount_rate)[places]
        return rows.told(np.exp(log_active(parameters, own)) * _buys(parameters, own) * times)

    def _total(
        self, parameters: FloatArray, rows: OpportunityTable, horizon: float
    ) -> tuple[float, float]:
        """Return mean and variance: E[Y (Y-1)] is 2 E[p^2] times the sum of (k-1) P(there at k)."""
        alpha, beta, gamma, delta = parameters
        own, steps = rows.rows, _steps(horizon)
        ages, places = np.unique(own.age, return_inverse=True)
        there = _kept(delta + ages[:, None], gamma, steps)
        active, buys = np.exp(log_active(parameters, own)), _buys(parameters, own)
        mean = active * buys * there.sum(axis=1)[places]
        again = buys * (alpha + own.count + 1) / (alpha + beta + own.age + 1)
        pairs = active * again * 2 * (there @ (steps - 1))[places]
        variance = np.maximum(pairs + mean - mean**2, 0.0)
        return float(own.weights @ mean), float(own.weights @ variance)


def _buys(parameters: FloatArray, rows: OpportunityRows) -> FloatArray:
    """Return the mean chance to buy at an opportunity, if active."""
    alpha, beta = parameters[:2]
    chance: FloatArray = (alpha + rows.count) / (alpha + beta + rows.age)
    return chance


def _kept(kept: FloatArray, lost: FloatArray | float, steps: FloatArray) -> FloatArray:
    """Return E[(1 - q)^k] for q from Beta(lost, kept) and k = 1, 2, ... as far as `steps`."""
    found: FloatArray = np.exp(-np.cumsum(np.log1p(lost / (kept + steps - 1)), axis=1))
    return found


def _discounted_stays(
    parameters: FloatArray, ages: FloatArray, last: float, rate: float
) -> FloatArray:
    """Return the sum of exp(-rate k) P(there at k) over k = 1 .. last, for the active of an age.

    Given her chance to leave, a long sum is a geometric series; the average over the beta
    distribution of that chance is taken of the series' sum.
    """
    gamma, delta = parameters[2:]
    if last <= _SUMMED:
        steps = np.arange(1.0, last + 1)
        short: FloatArray = _kept(delta + ages[:, None], gamma, steps) @ np.exp(-rate * steps)
        return short
    rule = beta_rule(np.full_like(ages, gamma), delta + ages)
    inside = rule.nodes < 1
    ratio = np.log1p(-np.where(inside, rule.nodes, 0.0)) - rate
    endless = np.expm1(-np.minimum(ratio, -np.finfo(float).tiny))
    share = 1.0 if last == np.inf else -np.expm1(ratio * last)
    sums = np.where(inside, share / endless, 0.0)
    average: FloatArray = (sums * rule.weights).sum(axis=1)
    return average


def _steps(horizon: float) -> FloatArray:
    if horizon != np.floor(horizon) or horizon > OPPORTUNITIES_MAX:
        raise OptionError(
            f"horizon {horizon}",
            f"a whole number of opportunities, at most {OPPORTUNITIES_MAX:,}",
            "count the opportunities ahead",
        )
    return np.arange(1.0, horizon + 1)


def _check(histories: Histories) -> None:
    rules = (
        (LAST, histories.last, histories.last != np.rint(histories.last), "a whole opportunity"),
        (AGE, histories.age, histories.age != np.rint(histories.age), "whole opportunities"),
        (AGE, histories.age, histories.age > OPPORTUNITIES_MAX, f"at most {OPPORTUNITIES_MAX:,}"),
        (COUNT, histories.count, histories.count > histories.last, f"at most {LAST}"),
        (COUNT, histories.count, (histories.count == 0) & (histories.last > 0), f"1 with {LAST}"),
    )
    for name, values, wrong, expected in rules:
        if wrong.any():
            row = int(np.argmax(wrong))
            raise row_error(name, row, values[row], expected)


def _without_repeats(histories: Histories, rows: OpportunityRows) -> Maximum:
    """Nobody came back: nothing is identified, and half a purchase is taken as seen."""
    observed = float(rows.age @ rows.weights)
    chance = 0.5 / (observed + 1)
    values = np.array([chance, 1 - chance, 1.0, 1.0])
    working = np.log(values)
    return Maximum(
        names=NAMES,
        values=values,
        working=working,
        plain=(),
        standard_errors=(None,) * len(NAMES),
        covariance=np.eye(len(NAMES)),
        log_likelihood=evaluate(working, rows).value,
        customers=histories.customers,
        converged=True,
        unidentified=NAMES,
        notes=("no_repeat_purchases", "unidentified"),
    )
