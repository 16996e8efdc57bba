"""The shifted beta-geometric (sBG): each customer has a constant chance to leave at a renewal.

The chance differs between customers by a beta distribution, so those who are easily lost go first
and the retention rate rises with a cohort's age without anybody becoming more loyal.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tenure.predictions.contracts.beta_survival import log_beta_survival
from tenure.predictions.contracts.retention_model import Curve, RetentionModel, spread_over
from tenure.predictions.contracts.risk_table import RiskTable
from tenure.predictions.fitting.likelihood import Evaluation

FloatArray = npt.NDArray[np.float64]


class ShiftedBetaGeometric(RetentionModel):
    """Contract durations with a beta-distributed constant chance of leaving.

    The share that lives through t renewals is S(t) = B(alpha, beta + t) / B(alpha, beta), the
    hazard at the t-th renewal alpha / (alpha + beta + t - 1).

    References
    ----------
    P. S. Fader, B. G. S. Hardie (2007), How to Project Customer Retention, Journal of Interactive
    Marketing 21(1), 76-90, doi:10.1002/dir.20074.
    """

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    def _start(self, hazard: float) -> tuple[float, ...]:
        return 2 * hazard, 2 * (1 - hazard)

    def _evaluate(self, working: FloatArray, table: RiskTable) -> Evaluation:
        alpha, beta = np.exp(working)
        reached = beta + table.periods - 1
        hazard, share = alpha / (alpha + reached), beta / (alpha + reached)
        own = beta / reached
        ended, stayed, both = table.ended, table.stayed, table.at_risk
        value = float(
            ended @ (working[0] - np.log(alpha + reached)) - stayed @ np.log1p(alpha / reached)
        )
        gradient = np.array([ended.sum() - both @ hazard, stayed @ own - both @ share])
        across = float(both @ (hazard * share))
        hessian = np.array(
            [
                [-(both @ (hazard * (1 - hazard))), across],
                [across, stayed @ (own * (1 - own)) - both @ (share * (1 - share))],
            ]
        )
        return Evaluation(value, gradient, hessian)

    def _curve(self, parameters: FloatArray) -> Curve:
        def log_survival(times: FloatArray) -> FloatArray:
            alpha, beta = spread_over(parameters, times)
            return log_beta_survival(alpha, beta, times)

        return log_survival
