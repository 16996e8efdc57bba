"""Gamma-Gamma: what a customer spends per purchase, drawn towards what customers spend.

Fader and Hardie 2013, "The Gamma-Gamma Model of Monetary Value", note 025; Colombo and Jiang
1999, J. of Interactive Marketing 13(3), 2-12. Given v, the likelihood needs only sums over the
customers and counts per number of purchases: one logarithm per customer and pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, overload

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError
from tenure.kernel.scipy_library import special
from tenure.predictions.fitting.draws import Predicted, row_intervals
from tenure.predictions.fitting.likelihood import Evaluation, maximise
from tenure.predictions.fitting.likelihood_model import LikelihoodModel
from tenure.predictions.fitting.tuples import Tuples, distinct
from tenure.predictions.purchases.histories import COUNT, WEIGHT
from tenure.predictions.tables import columns_of, row_error

FloatArray = npt.NDArray[np.float64]

VALUE = "mean_repeat_value"
P, Q, V = range(3)
_START = (2.0, 2.0, 1.0)
_SAMPLED = 20_000
_PART = 8_192  # rows worked on at once: they stay in the cache, and BLAS starts no threads
RELATED_FROM = 0.3
"""A correlation of value and frequency beyond this is noted: the model takes them as unrelated."""


class GammaGamma(LikelihoodModel):
    """The gamma-gamma model of the mean value of a purchase.

    Parameters
    ----------
    penalty : ridge on the logarithms of p, q and v (in mean values), >= 0: the precision of a
        normal prior. For few customers.

    Attributes
    ----------
    correlation_ : of value and count among those who came back; the model assumes about 0.
    mean_value_ : mean over them, each customer alike.
    """

    def __init__(self, penalty: float = 0.0) -> None:
        self.penalty = penalty

    def fit(self, X: object, weights: object = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Fit the model and return it.

        Parameters
        ----------
        X : a table with `repeat_order_day_count`, `mean_repeat_value` (mean value of the repeat
            purchases; missing or 0 without one) and optionally `customers`. Customers without a
            repeat purchase of positive value do not enter; if any had one of no value, the note
            `worthless_purchases_left_out` says so.
        weights : customers each row stands for; goes before the table's column.

        Raises
        ------
        DataError : a column is missing, a row impossible, or nobody has a repeat purchase.
        """
        count, value, given = _read(X, weights)
        told = value > 0
        worthless = bool(((count > 0) & ~told).any())
        if given is not None:
            told &= given > 0
        count, value = count[told], value[told]
        if not len(count):
            raise DataError(
                "no customer with a repeat purchase of positive value",
                "some",
                "wait for repeat purchases; until then use the mean value of all purchases",
            )
        own = np.ones(len(count)) if given is None else given[told]
        self.mean_value_ = float(own @ value / own.sum())
        self.correlation_ = _correlation(count, value, own)
        scale = self.mean_value_
        likelihood = GammaGammaLikelihood.of(count, value / scale, own)
        customers = float(own.sum())
        found = maximise(
            likelihood,
            names=("p", "q", "v"),
            start=_START,
            customers=customers,
            penalty=self.penalty,
            sample=likelihood.sample(_SAMPLED),
        )
        notes = ["worthless_purchases_left_out"] if worthless else []
        if abs(self.correlation_) > RELATED_FROM:
            notes.append("value_related_to_frequency")
        if found["q"] <= 1:
            notes.append("no_mean_value")
        self.maximum_ = found.rescaled(
            {"v": scale}, log_likelihood_shift=-customers * np.log(scale)
        ).with_notes(*notes)
        return self

    @overload
    def predict(self, X: object, *, interval: None = None) -> FloatArray: ...  # noqa: N803
    @overload
    def predict(self, X: object, *, interval: float) -> Predicted: ...  # noqa: N803
    def predict(self, X: object, *, interval: float | None = None) -> FloatArray | Predicted:  # noqa: N803
        """Return the expected mean value of each customer's purchases.

        Parameters
        ----------
        X : as in `fit`.
        interval : nominal coverage of the interval of the parameters' uncertainty; None for none.

        Returns
        -------
        In the currency of the data. Where q <= 1 the model has no mean; then the harmonic mean is
        returned, with `no_mean_value` in `maximum_.notes`.
        """
        self._require_fit()
        count, value, _ = _read(X, None)
        found = self._expected(self.maximum_.values, count, value)
        if interval is None:
            return found
        return row_intervals(
            self.maximum_,
            lambda p, rows: self._expected(p, count[rows], value[rows]),
            found,
            interval=interval,
        )

    def _expected(self, parameters: FloatArray, count: FloatArray, value: FloatArray) -> FloatArray:
        """E(mean value): note 025, eq. (5)."""
        p, q, v = parameters
        found = count * value
        found += v
        found *= p
        weight = p * count
        weight += q - 1 if q > 1 else q
        found /= weight
        return found

    def _fitted_state(self) -> dict[str, Any]:
        return {
            **super()._fitted_state(),
            "mean_value": self.mean_value_,
            "correlation": self.correlation_,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        super()._restore(state)
        self.mean_value_ = state["mean_value"]
        self.correlation_ = state["correlation"]


@dataclass(frozen=True)
class GammaGammaLikelihood:
    """Log-likelihood at log p, log q, log v.

    Parameters
    ----------
    rows : customers: (weight times purchases x, total s = x times the mean value, weight).
    counts : distinct x.
    log_total, log_value : weighted sums of x log s and of the logarithm of the mean value.
    """

    rows: Tuples
    counts: Tuples
    log_total: float
    log_value: float

    @classmethod
    def of(cls, count: FloatArray, value: FloatArray, weights: FloatArray) -> GammaGammaLikelihood:
        """Return the likelihood of mean values of so many purchases each."""
        total = count * value
        weighted, counts = weights * count, distinct((count,), weights)
        log_total = log_each = 0.0
        for first in range(0, len(total), _PART):
            part = slice(first, first + _PART)
            logs = np.log(total[part])
            log_total += float(weighted[part] @ logs)
            log_each += float(weights[part] @ logs)
        log_value = log_each - float(counts.weights @ np.log(counts.columns[0]))
        rows = Tuples((weighted, total, weights), weights, len(count))
        return cls(rows, counts, log_total, log_value)

    def sample(self, count: int) -> GammaGammaLikelihood | None:
        """Return the likelihood of about `count` customers, scaled up; None if there are few."""
        if len(self.rows) <= 2 * count:
            return None
        few = self.rows.sample(count)
        weighted, total, weights = few.columns
        purchases = weighted / weights
        return GammaGammaLikelihood.of(purchases, total / purchases, few.weights)

    def __call__(self, working: FloatArray) -> Evaluation:
        """Return the log-likelihood with gradient and Hessian."""
        p, q, v = np.exp(working)
        (log_x, log_1), (over_x, over_1), (over2_x, over2_1) = self._sums(v)
        counts, weights = self.counts.columns[0], self.counts.weights
        customers, events = float(weights.sum()), p * counts
        both_1, both_2 = special.psi(events + q), special.polygamma(1, events + q)
        value = (
            weights @ (special.gammaln(events + q) - special.gammaln(events))
            + customers * (q * np.log(v) - special.gammaln(q))
            + p * (self.log_total - log_x)
            - q * log_1
            - self.log_value
        )
        by_p = (weights * counts) @ (both_1 - special.psi(events)) + self.log_total - log_x
        by_q = weights @ both_1 + customers * (np.log(v) - special.psi(q)) - log_1
        by_v = customers * q / v - p * over_x - q * over_1
        gradient = np.array([p * by_p, q * by_q, v * by_v])
        hessian = np.empty((3, 3))
        hessian[P, P] = (weights * counts**2) @ (both_2 - special.polygamma(1, events))
        hessian[P, Q] = hessian[Q, P] = (weights * counts) @ both_2
        hessian[Q, Q] = weights @ both_2 - customers * special.polygamma(1, q)
        hessian[P, V] = hessian[V, P] = -over_x
        hessian[Q, V] = hessian[V, Q] = customers / v - over_1
        hessian[V, V] = -customers * q / v**2 + p * over2_x + q * over2_1
        hessian *= np.outer((p, q, v), (p, q, v))
        return Evaluation(float(value), gradient, hessian + np.diag(gradient))

    def _sums(self, v: float) -> list[tuple[float, float]]:
        """Return the sums of log(v + s), 1/(v + s) and its square: times x, and plain."""
        sums = np.zeros((3, 2))
        weighted, totals, weights = self.rows.columns
        for first in range(0, len(self.rows), _PART):
            part = slice(first, first + _PART)
            since = totals[part] + v
            over = 1 / since
            for line, values in zip(sums, (np.log(since), over, over * over), strict=True):
                line[0] += weighted[part] @ values
                line[1] += weights[part] @ values
        return [(float(x), float(one)) for x, one in sums]


def _read(data: object, weights: object) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Return purchases, mean values (0 without) and weights."""
    columns = columns_of(
        data, (COUNT, VALUE), optional=(WEIGHT,), signed=(VALUE,), missing=(VALUE,)
    )
    count, value = columns[COUNT], columns[VALUE]
    wrong = count != np.rint(count)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise row_error(COUNT, row, count[row], "a whole number")
    value = np.where((count > 0) & (value > 0), value, 0.0)  # NaN and returns count as nothing
    given = columns.get(WEIGHT)
    if weights is not None:
        given = columns_of({COUNT: count, WEIGHT: weights}, (COUNT, WEIGHT))[WEIGHT]
    return count, value, given


def _correlation(count: FloatArray, value: FloatArray, weights: FloatArray) -> float:
    """Return the weighted correlation; 0 where one of the two does not vary."""
    customers = float(weights.sum())
    by_count, by_value = weights * count, weights * value
    x, y = float(by_count.sum()) / customers, float(by_value.sum()) / customers
    spread_x = float(by_count @ count) / customers - x * x
    spread_y = float(by_value @ value) / customers - y * y
    both = float(by_count @ value) / customers - x * y
    # Below this share of the square only rounding is left.
    if spread_x <= 1e-12 * x * x or spread_y <= 1e-12 * y * y:
        return 0.0
    return float(np.clip(both / np.sqrt(spread_x * spread_y), -1.0, 1.0))
