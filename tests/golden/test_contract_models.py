"""Contract models against the figures published for two cohorts of 1,000 customers.

Data: P. S. Fader, B. G. S. Hardie (2007), How to Project Customer Retention, Journal of
Interactive Marketing 21(1), table 1: percent of customers who survive years 0 to 12 ("Regular" and
"High End"). Shifted beta-geometric: the same paper, seven years. Beta-discrete-Weibull: Fader,
Hardie, Liu, Davin, Steenburgh (2018), "How to Project Customer Retention" Revisited, Journal of
Interactive Marketing 43, estimates on four years. Discounted residual lifetime: Fader, Hardie
(2010), Customer-Base Valuation in a Contractual Setting, Marketing Science 29(1), equation for
the shifted beta-geometric.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import hyp2f1

from tenure.predictions.contracts.beta_discrete_weibull import BetaDiscreteWeibull
from tenure.predictions.contracts.shifted_beta_geometric import ShiftedBetaGeometric

REGULAR = [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3]
HIGH_END = [100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4]


def cohort(surviving: list[float], years: int) -> dict[str, object]:
    """Return 1,000 customers watched for some years, as durations."""
    left = [round(10 * share) for share in surviving]
    lost = [-change for change in np.diff(left)[:years].tolist()]
    return {
        "duration_periods": [*range(1, years + 1), years],
        "ended": [True] * years + [False],
        "customers": [*lost, left[years]],
    }


@pytest.mark.parametrize(
    ("surviving", "years", "alpha", "beta", "log_likelihood", "survival_12"),
    [
        (REGULAR, 7, 0.704, 1.182, -1680.265, 0.1700),
        (HIGH_END, 7, 0.668, 3.806, -1611.158, 0.3780),
        (HIGH_END, 4, 1.281, 7.790, None, 0.307),
    ],
)
def test_shifted_beta_geometric(
    surviving: list[float],
    years: int,
    alpha: float,
    beta: float,
    log_likelihood: float | None,
    survival_12: float,
) -> None:
    model = ShiftedBetaGeometric().fit(cohort(surviving, years))
    assert model.parameters_ == {
        "alpha": pytest.approx(alpha, abs=5e-4),
        "beta": pytest.approx(beta, abs=5e-4),
    }
    if log_likelihood is not None:
        assert model.log_likelihood_ == pytest.approx(log_likelihood, abs=5e-4)
    assert model.retention_curve(12)[12] == pytest.approx(survival_12, abs=5e-4)
    assert model.maximum_.converged and not model.maximum_.unidentified


@pytest.mark.parametrize(
    ("surviving", "years", "mape"), [(REGULAR, 7, 0.0149), (HIGH_END, 7, 0.0283)]
)
def test_projection_of_years_8_to_12(surviving: list[float], years: int, mape: float) -> None:
    curve = np.asarray(ShiftedBetaGeometric().fit(cohort(surviving, years)).retention_curve(12))
    actual = np.array(surviving) / 100
    found = np.abs(curve - actual)[8:] / actual[8:]
    assert found.mean() == pytest.approx(mape, abs=5e-5)


@pytest.mark.parametrize(
    ("surviving", "parameters"),
    [(HIGH_END, (0.259, 1.722, 1.584)), (REGULAR, (0.523, 0.894, 1.196))],
)
def test_beta_discrete_weibull_on_four_years(
    surviving: list[float], parameters: tuple[float, float, float]
) -> None:
    model = BetaDiscreteWeibull().fit(cohort(surviving, 4))
    assert tuple(model.parameters_.values()) == pytest.approx(parameters, abs=6e-4)


def test_duration_dependence_mends_the_high_end_projection_from_four_years() -> None:
    data = cohort(HIGH_END, 4)
    plain = np.asarray(ShiftedBetaGeometric().fit(data).retention_curve(12))[12]
    aged = np.asarray(BetaDiscreteWeibull().fit(data).retention_curve(12))[12]
    assert abs(aged - 0.394) < 0.006 < 0.08 < abs(plain - 0.394)


def test_discounted_residual_lifetime_is_the_published_closed_form() -> None:
    model = ShiftedBetaGeometric().fit(cohort(HIGH_END, 7))
    alpha, beta = model.parameters_.values()
    made = np.arange(8)
    for rate in (0.02, 0.1, 0.5):
        # The paper counts n = renewals made + 1 and stands just before the n-th renewal.
        n = made + 1
        expected = (beta + n - 1) / (alpha + beta + n - 1)
        expected *= hyp2f1(1, beta + n, alpha + beta + n, 1 / (1 + rate))
        found = model.predict_tenure({"duration_periods": made}, discount_rate=rate)
        assert found == pytest.approx(expected, rel=1e-9)
