"""When customers order next: their own rhythm, drawn towards everybody's, and whether at all.

The logarithms of a customer's gaps are normal with a mean and a variance of her own; these come
from a normal-inverse-gamma distribution over customers. Given her past gaps, her next one follows
Student's t on the logarithmic scale, which is heavy-tailed; the days she has been silent
condition it exactly. After each order she leaves for good with a probability of her own, from a
beta distribution over customers. All of it is closed in form and depends on a few sums.

References
----------
Lawrence (1980), The lognormal distribution of buying frequency rates, J. Marketing Research 17,
doi:10.2307/3150936; Gelman et al. (2013), Bayesian Data Analysis, section 3.3, for the posterior;
Batislam, Denizel, Filiztekin (2007), Empirical validation and comparison of models for customer
base analysis, Int. J. Research in Marketing 24, for leaving after any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa

from tenure.kernel import DataError, OptionError
from tenure.kernel.scipy_library import optimize, special
from tenure.predictions.estimator import Estimator
from tenure.predictions.next_purchase.gaps import GAPS
from tenure.predictions.next_purchase.histories import Flags, Floats
from tenure.predictions.tables import columns_of

GAPS_NEEDED = 20
"""With fewer gaps in the whole business there is no rhythm to speak of."""

RETURNS = pa.schema(
    [
        pa.field("customer_id", pa.string()),
        pa.field("return_probability", pa.float64()),
        pa.field("never_probability", pa.float64()),
        pa.field("next_order_on", pa.date32()),
        pa.field("likely_from_on", pa.date32()),
        pa.field("likely_to_on", pa.date32()),
        pa.field("widely_from_on", pa.date32()),
        pa.field("widely_to_on", pa.date32()),
    ]
)
"""When each customer orders next.

`return_probability` within the horizon, `never_probability` that she never does. Given that she
returns within the horizon: the median day, and the first and last day of a range that holds
her next order with probability one half (`likely`) and four fifths (`widely`). Days are null
where her return is out of the question.
"""

_NAMES = ("log_mean", "mean_weight", "shape", "scale", "leaving", "staying")
_BOUND = 12.0
_RIDGE = 1e-4  # on working parameters: too weak to see, enough to end on a flat ridge
_HALF_DAY = 0.5
_SMALLEST = 1e-300
_LEVELS = (0.5, 0.25, 0.75, 0.1, 0.9)
_OUT_OF_THE_QUESTION = 1e-9


@dataclass(frozen=True, slots=True)
class Returns:
    """Forecasts per customer; days count from the as-of date, whole and at least 0.

    Parameters
    ----------
    return_probability : of an order within the horizon.
    never_probability : that there is no further order.
    expected : whether days can be told; elsewhere they are 0.
    median, likely_low, likely_high, widely_low, widely_high : days, given a return within
        the horizon; the ranges hold it with probability 0.5 and 0.8.
    """

    return_probability: Floats
    never_probability: Floats
    expected: Flags
    median: Floats
    likely_low: Floats
    likely_high: Floats
    widely_low: Floats
    widely_high: Floats


class NextOrder(Estimator):
    """Tells when each customer orders next, from `gaps_of` or `gap_statistics`.

    Parameters
    ----------
    customers_max : customers looked at when fitting; of more, evenly spread ones.
    """

    def __init__(self, customers_max: int = 20_000) -> None:
        self.customers_max = customers_max

    def fit(self, X: Any) -> Self:  # noqa: ANN401, N803 - scikit-learn's name
        """Find how gaps and leaving vary over customers, by maximum likelihood.

        Parameters
        ----------
        X : a table with the columns of `GAPS`, one row per customer with an order.

        Raises
        ------
        DataError : a column is missing or wrong, or hardly anybody ordered twice.
        """
        table = columns_of(X, GAPS)
        rows = np.column_stack([table[name] for name in GAPS])
        rows = rows[np.lexsort(rows.T[::-1])]  # so that row order changes nothing at all
        if len(rows) > self.customers_max:
            rows = rows[np.linspace(0, len(rows) - 1, self.customers_max).astype(np.int64)]
        total = rows[:, 0].sum()
        if total < GAPS_NEEDED:
            raise DataError(
                f"{int(total)} gaps between orders of one customer",
                f"at least {GAPS_NEEDED}",
                "wait until more customers have ordered twice",
            )
        centre = rows[:, 1].sum() / total

        def loss(working: Floats) -> float:
            values = _natural(working, centre)
            return float(-_log_likelihoods(values, rows).mean() + _RIDGE * (working**2).sum())

        start = np.array([0.0, 0.0, 0.7, 0.0, -1.0, 1.0])
        with np.errstate(all="ignore"):  # far from the maximum a step may overflow; it is refused
            found = optimize.minimize(
                loss, start, method="L-BFGS-B", bounds=[(-_BOUND, _BOUND)] * len(start)
            )
        values = _natural(found.x, centre)
        self.parameters_ = {n: float(v) for n, v in zip(_NAMES, values, strict=True)}
        self.log_likelihood_ = float(_log_likelihoods(values, rows).sum())
        self.customers_ = len(rows)
        self.converged_ = bool(found.success)
        return self

    def forecast(self, X: Any, horizon_days: int = 365) -> Returns:  # noqa: ANN401, N803
        """Return when each customer orders next.

        Parameters
        ----------
        X : a table with the columns of `GAPS`.
        horizon_days : days looked ahead, at least 1.

        Raises
        ------
        OptionError : the horizon is shorter than a day.
        """
        self._require_fit()
        if horizon_days < 1:
            raise OptionError(f"horizon_days={horizon_days}", "at least 1", "look further ahead")
        table = columns_of(X, GAPS)
        rows = np.column_stack([table[name] for name in GAPS])
        rhythm = _rhythm(np.array(list(self.parameters_.values())), rows)
        silent = rows[:, 3]
        begins, ends = silent - _HALF_DAY, silent + horizon_days - _HALF_DAY
        still = rhythm.waits(begins)
        late = rhythm.waits(ends)
        there = (1 - rhythm.leaves) * still
        chance = np.where(there + rhythm.leaves > 0, there / (rhythm.leaves + there), 0.0)
        share = np.where(still > _SMALLEST, 1 - late / np.maximum(still, _SMALLEST), 0.0)
        returns = chance * share
        expected = returns > _OUT_OF_THE_QUESTION
        days = []
        for level in _LEVELS:
            gap = rhythm.gap(still - level * (still - late))
            day = np.round(np.where(expected, gap, begins)) - silent
            days.append(np.clip(day, 0, horizon_days - 1))
        return Returns(returns, 1 - chance, expected, *(np.where(expected, d, 0) for d in days))

    def score_batch(self, batch: pa.Table, *, horizon_days: int = 365) -> pa.Table:
        """Return the forecasts of some customers as dates.

        Parameters
        ----------
        batch : `customer_id`, `last_order_on` and the columns of `GAPS`; rows without an order
            (null) are left out.
        horizon_days : days looked ahead, at least 1.

        Returns
        -------
        A table with the columns of `RETURNS`; a row depends on its own row only.
        """
        batch = batch.filter(batch["last_order_on"].is_valid())
        made = self.forecast(
            {name: batch[name].to_numpy().astype(np.float64) for name in GAPS}, horizon_days
        )
        silent = batch["silent_days"].to_numpy().astype(np.int64)
        today = batch["last_order_on"].cast(pa.int32()).to_numpy().astype(np.int64) + silent

        def dates(days: Floats) -> pa.Array:
            numbers = (today + days.astype(np.int64)).astype(np.int32)
            return pa.array(numbers, pa.int32(), mask=~made.expected).cast(pa.date32())

        columns = {
            "customer_id": batch["customer_id"],
            "return_probability": made.return_probability,
            "never_probability": made.never_probability,
            "next_order_on": dates(made.median),
            "likely_from_on": dates(made.likely_low),
            "likely_to_on": dates(made.likely_high),
            "widely_from_on": dates(made.widely_low),
            "widely_to_on": dates(made.widely_high),
        }
        return pa.table(columns, schema=RETURNS)

    def _fitted_state(self) -> dict[str, Any]:
        return {
            "parameters": dict(self.parameters_),
            "log_likelihood": self.log_likelihood_,
            "customers": self.customers_,
            "converged": self.converged_,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.parameters_ = {name: float(state["parameters"][name]) for name in _NAMES}
        self.log_likelihood_ = float(state["log_likelihood"])
        self.customers_ = int(state["customers"])
        self.converged_ = bool(state["converged"])


@dataclass(frozen=True, slots=True)
class _Rhythm:
    """The distribution of each customer's next gap, given her past ones.

    Parameters
    ----------
    centre, spread : of the gap's logarithm.
    freedom : degrees of freedom of Student's t.
    leaves : probability that she left after her last order, before her silence is seen.
    log_evidence : log density of her past gaps and of having stayed through them.
    """

    centre: Floats
    spread: Floats
    freedom: Floats
    leaves: Floats
    log_evidence: Floats

    def waits(self, days: Floats) -> Floats:
        """Return the probability that the gap is longer than so many days."""
        reach = (np.log(np.maximum(days, _HALF_DAY)) - self.centre) / self.spread
        return np.asarray(special.stdtr(self.freedom, -reach), dtype=np.float64)

    def gap(self, longer: Floats) -> Floats:
        """Return the gap that is exceeded with a probability."""
        reach = -special.stdtrit(self.freedom, np.clip(longer, _SMALLEST, 1 - 1e-12))
        return np.asarray(np.exp(np.clip(self.centre + self.spread * reach, -1, 25)))


def _natural(working: Floats, centre: float) -> Floats:
    return np.concatenate(([centre + working[0]], np.exp(working[1:])))


def _rhythm(values: Floats, rows: Floats) -> _Rhythm:
    """Return the posterior of each customer's rhythm; rows have the columns of `GAPS`."""
    centre, weight, shape, scale, leaving, staying = values
    count, logs, squares = rows[:, 0], rows[:, 1], rows[:, 2]
    own = logs / np.maximum(count, 1)
    scatter = np.maximum(squares - count * own**2, 0.0)
    weights, shapes = weight + count, shape + count / 2
    drift = weight * count * (own - centre) ** 2 / weights
    scales = scale + (scatter + drift) / 2
    density = (
        special.gammaln(shapes)
        - special.gammaln(shape)
        + shape * np.log(scale)
        - shapes * np.log(scales)
        + np.log(weight / weights) / 2
        - count / 2 * np.log(2 * np.pi)
        - logs
    )
    stayed = special.betaln(leaving, staying + count) - special.betaln(leaving, staying)
    return _Rhythm(
        (weight * centre + logs) / weights,
        np.sqrt(scales * (weights + 1) / (shapes * weights)),
        2 * shapes,
        leaving / (leaving + staying + count),
        density + stayed,
    )


def _log_likelihoods(values: Floats, rows: Floats) -> Floats:
    rhythm = _rhythm(values, rows)
    silent = rhythm.waits(rows[:, 3] - _HALF_DAY)
    seen = rhythm.leaves + (1 - rhythm.leaves) * silent
    return np.asarray(rhythm.log_evidence + np.log(np.maximum(seen, _SMALLEST)), dtype=np.float64)
