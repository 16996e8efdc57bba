"""Kaplan-Meier for contracts: the retention curve as it was observed, assuming no law.

Contracts still running count for the renewals they were watched; contracts seen only from some age
on count from that age (left truncation). Beyond the longest contract watched it says nothing.

References
----------
E. L. Kaplan, P. Meier (1958), JASA 53, 457-481, doi:10.1080/01621459.1958.10501452; M. Greenwood
(1926), Reports on Public Health 33 (variance); J. D. Kalbfleisch, R. L. Prentice (1980), The
Statistical Analysis of Failure Time Data, section 1.3 (log-log limits); J. P. Klein, M. L.
Moeschberger (2003), Survival Analysis, sections 4.5 (restricted mean) and 4.6 (left truncation);
C. J. Clopper, E. S. Pearson (1934), Biometrika 26, 404-413 (exact limits of a share).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tenure.kernel import Estimate, OptionError, Undefined
from tenure.kernel.scipy_library import special
from tenure.predictions.contracts.risk_table import RiskTable, durations_of, risk_table
from tenure.predictions.estimator import Estimator
from tenure.predictions.fitting.draws import check_interval

FloatArray = npt.NDArray[np.float64]

_LOG_LOG, _EXACT, _NORMAL = "kaplan_meier_log_log", "binomial_exact", "greenwood"
_CERTAIN = "by_definition"


class ContractKaplanMeier(Estimator):
    """The observed retention curve of contracts, with limits from Greenwood's variance.

    Attributes
    ----------
    table_ : contracts at risk and ended per period.
    """

    table_: RiskTable

    def __init__(self) -> None:
        """Take no options: the curve has no parameters."""

    def fit(self, X: object, weights: npt.ArrayLike | None = None) -> Self:  # noqa: N803
        """Count who came to each renewal and who ended at it.

        Parameters
        ----------
        X : `duration_periods` (the period a contract ended in, from 1 on; while it runs, the
            renewals it has lived through) and `ended`; optionally `entry_periods` (renewals
            behind it when it came under observation) and `customers` (contracts per row).
        weights : contracts per row; goes before the table's column `customers`.

        Raises
        ------
        DataError : a column is missing, a row is impossible, or no contract came to a renewal.
        """
        self.table_ = risk_table(durations_of(X, weights))
        return self

    @property
    def longest_periods_(self) -> int:
        """The longest duration observed; beyond it nothing is known."""
        self._require_fit()
        return len(self.table_.at_risk)

    def survival(
        self, horizon: int, *, age: int = 0, interval: float = 0.95
    ) -> Estimate | Undefined:
        """Return the share of contracts of an age that live through `horizon` more renewals.

        Parameters
        ----------
        horizon : renewals, at least 0.
        age : renewals behind the contracts, at least 0.
        interval : nominal coverage of the log-log limits. Where nobody has left, or everybody,
            the limits are the exact ones of a share of the fewest contracts at risk on the way:
            no width at all would be too sure.

        Returns
        -------
        The estimate; Undefined `not_followed_long_enough` beyond the longest duration, unless all
        were seen to end before; `nobody_at_risk` if in some period none was under observation.
        """
        steps = self._steps(age, horizon)
        check_interval(interval)
        if isinstance(steps, Undefined):
            return steps
        at_risk, ended = steps
        if not len(at_risk):
            return Estimate(1.0, 1.0, 1.0, interval, _CERTAIN)
        value = float(np.prod(1 - ended / at_risk))
        tail = (1 - interval) / 2
        if value == 1:
            return Estimate(1.0, float(tail ** (1 / at_risk.min())), 1.0, interval, _EXACT)
        if value == 0:
            last = int(np.argmax(ended == at_risk))
            before = float(np.prod(1 - ended[:last] / at_risk[:last]))
            high = before * (1 - float(tail ** (1 / at_risk[last])))
            return Estimate(0.0, 0.0, high, interval, _EXACT)
        greenwood = float((ended / (at_risk * (at_risk - ended))).sum())
        width = float(special.ndtri(1 - tail)) * greenwood**0.5 / -np.log(value)
        low, high = float(value ** np.exp(width)), float(value ** np.exp(-width))
        return Estimate(value, low, high, interval, _LOG_LOG)

    def retention_curve(
        self, periods: int, *, interval: float = 0.95
    ) -> list[Estimate | Undefined]:
        """Return the share of new contracts that live through 0, 1, ... `periods` renewals."""
        return [self.survival(period, interval=interval) for period in range(periods + 1)]

    def renewal(self, age: int, *, interval: float = 0.95) -> Estimate | Undefined:
        """Return the chance that a contract of an age is renewed next time."""
        return self.survival(1, age=age, interval=interval)

    def tenure(
        self, horizon: int, *, age: int = 0, discount_rate: float = 0.0, interval: float = 0.95
    ) -> Estimate | Undefined:
        """Return the discounted renewals to be expected of a contract of an age, up to a horizon.

        Parameters
        ----------
        horizon, age, interval : as in `survival`.
        discount_rate : per period, at least 0; the next renewal counts in full.

        Returns
        -------
        The restricted mean with normal limits, cut at 0 and at what all renewals would bring;
        undefined as in `survival`.
        """
        check_interval(interval)
        if not 0 <= discount_rate < np.inf:
            raise OptionError(f"discount_rate {discount_rate}", "a rate from 0 on", "correct it")
        steps = self._steps(age, horizon)
        if isinstance(steps, Undefined):
            return steps
        at_risk, ended = steps
        counts = (1 + discount_rate) ** -np.arange(float(len(at_risk)))
        worth = np.cumprod(1 - ended / at_risk) * counts
        # A renewal refused costs all that would have followed it.
        rest = np.cumsum(worth[::-1])[::-1]
        left = np.where(at_risk > ended, at_risk - ended, np.inf)
        variance = float((rest**2 * ended / (at_risk * left)).sum())
        reach = float(special.ndtri((1 + interval) / 2)) * variance**0.5
        value, most = float(worth.sum()), float(counts.sum())
        low, high = max(value - reach, 0.0), min(value + reach, most)
        return Estimate(value, min(low, value), max(high, value), interval, _NORMAL)

    def median(self, *, interval: float = 0.95) -> Estimate | Undefined:
        """Return the period in which the share of contracts left comes down to one half.

        Its limits invert those of the curve (Brookmeyer and Crowley 1982, Biometrics 38, 29-41,
        doi:10.2307/2530286); one that is not reached is the longest duration.
        """
        curve = self.retention_curve(self.longest_periods_, interval=interval)
        known = [one for one in curve if isinstance(one, Estimate)]

        def first(heights: list[float]) -> int | None:
            # A hair of tolerance: products of fractions such as 1/2 may miss 0.5 by one ulp.
            return next((k for k, height in enumerate(heights) if height <= 0.5 + 1e-12), None)

        value = first([one.value for one in known])
        if value is None or len(known) < len(curve):
            return Undefined("not_reached" if len(known) == len(curve) else "nobody_at_risk")
        low, high = first([one.low for one in known]), first([one.high for one in known])
        ends = (value if low is None else low, self.longest_periods_ if high is None else high)
        return Estimate(float(value), float(ends[0]), float(ends[1]), interval, _LOG_LOG)

    def _steps(self, age: int, horizon: int) -> tuple[FloatArray, FloatArray] | Undefined:
        """Return who was at risk and who ended in the periods after an age."""
        self._require_fit()
        for name, value in (("age", age), ("horizon", horizon)):
            if value < 0 or value != int(value):
                raise OptionError(f"{name} {value}", "whole periods from 0 on", "correct it")
        at_risk = self.table_.at_risk[age : age + horizon]
        ended = self.table_.ended[age : age + horizon]
        gone = np.flatnonzero((at_risk > 0) & (ended == at_risk))
        reach = int(gone[0]) + 1 if gone.size else len(at_risk)
        if (at_risk[:reach] <= 0).any():
            return Undefined("nobody_at_risk")
        if len(at_risk) < horizon and not gone.size:
            return Undefined("not_followed_long_enough")
        return at_risk[:reach], ended[:reach]

    def _fitted_state(self) -> dict[str, Any]:
        return {"table": self.table_.to_dict()}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.table_ = RiskTable.from_dict(state["table"])
