"""The beta-discrete-Weibull (BdW): the chance to leave differs and changes with the contract's age.

With c above 1 a customer becomes more likely to leave at each renewal, with c below 1 less; the
beta distribution over customers works on top of it, as in the shifted beta-geometric (c = 1).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tenure.predictions.contracts.beta_survival import beta_survival, log_beta_survival
from tenure.predictions.contracts.retention_model import Curve, RetentionModel, spread_over
from tenure.predictions.contracts.risk_table import RiskTable
from tenure.predictions.fitting.likelihood import Evaluation

FloatArray = npt.NDArray[np.float64]

_LOG_TIME_MAX = 299.0
"""t^c is cut at exp(299), about 10^130, so that its square is still a double."""


class BetaDiscreteWeibull(RetentionModel):
    """Contract durations with duration dependence: discrete Weibull, mixed by a beta.

    The share that lives through t renewals is S(t) = B(alpha, beta + t^c) / B(alpha, beta).

    References
    ----------
    P. S. Fader, B. G. S. Hardie, Y. Liu, J. Davin, T. Steenburgh (2018), "How to Project Customer
    Retention" Revisited: The Role of Duration Dependence, Journal of Interactive Marketing 43,
    1-16, doi:10.1016/j.intmar.2018.01.002.
    """

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta", "c")

    def _start(self, hazard: float) -> tuple[float, ...]:
        return 2 * hazard, 2 * (1 - hazard), 1.0

    def _evaluate(self, working: FloatArray, table: RiskTable) -> Evaluation:
        alpha, beta, c = np.exp(working)
        bent = np.minimum(c * np.log(table.periods), _LOG_TIME_MAX)
        aged = np.exp(bent)
        survival = beta_survival(alpha, beta, aged)
        # Chain rule from (alpha, beta, t^c) to the logarithms of alpha, beta and c.
        by = np.array([np.full_like(aged, alpha), np.full_like(aged, beta), aged * bent])
        slopes = survival.slopes * by
        bends = survival.bends * by * by[:, None]
        once = np.array([slopes[0], slopes[1], slopes[2] * (1 + bent)])
        bends[np.arange(3), np.arange(3)] += once
        step, step_slopes, step_bends = (
            np.diff(part, axis=-1, prepend=0.0) for part in (survival.value, slopes, bends)
        )
        # The hazard's logarithm must stay finite, and so must one over its square.
        step = np.minimum(step, -1e-150)
        ended, stayed = table.ended, table.stayed
        leaving = -np.expm1(step)
        value = float(ended @ np.log(leaving) + stayed @ step)
        pull = stayed - ended * np.exp(step) / leaving
        bend = -ended * np.exp(step) / leaving**2
        hessian = step_bends @ pull + (step_slopes * bend) @ step_slopes.T
        return Evaluation(value, step_slopes @ pull, hessian)

    def _curve(self, parameters: FloatArray) -> Curve:
        def log_survival(times: FloatArray) -> FloatArray:
            alpha, beta, c = spread_over(parameters, times)
            positive = np.maximum(times, 1e-300)
            aged = np.exp(np.clip(c * np.log(positive), -_LOG_TIME_MAX, _LOG_TIME_MAX))
            return np.where(times > 0, log_beta_survival(alpha, beta, aged), 0.0)

        return log_survival
