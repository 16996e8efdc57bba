"""BG/NBD, MBG/NBD and Gamma-Gamma against published figures and against what happened then.

CDNOW, one customer in ten (2,357 customers), weeks, calibration to 1997-09-30, 39 weeks of
holdout. BG/NBD: P. S. Fader, B. G. S. Hardie, K. L. Lee (2005), "Counting Your Customers" the Easy
Way, Marketing Science 24(2), tables 1 to 3 and the worked customers of its Excel companion (note
004). Gamma-Gamma: P. S. Fader, B. G. S. Hardie (2013), The Gamma-Gamma Model of Monetary Value,
note 025. Standard errors, MBG/NBD and the holdout errors: independent fits with lifetimes 0.11.3
and SciPy.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tenure.predictions.fitting.tuples import Tuples
from tenure.predictions.purchases.beta_geometric_likelihood import BetaGeometricLikelihood
from tenure.predictions.purchases.bg_nbd import BGNBD
from tenure.predictions.purchases.gamma_gamma import GammaGamma
from tenure.predictions.purchases.mbg_nbd import MBGNBD

Columns = dict[str, npt.NDArray[np.float64]]
COUNT, LAST, AGE = "repeat_order_day_count", "age_at_last_order_days", "age_days"
CUT = date(1997, 9, 30)
HOLDOUT_WEEKS = 39


def orders(shared_data: Path) -> dict[str, dict[date, float]]:
    """Return each customer's days with their value."""
    found: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for line in (shared_data / "CDNOW_sample.txt").read_text().splitlines():
        _, customer, day, _, value = line.split()
        found[customer][date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}")] += float(value)
    return found


@pytest.fixture(scope="module")
def cdnow(shared_data: Path) -> Columns:
    rows = []
    for days in orders(shared_data).values():
        first, *repeats = sorted(day for day in days if day <= CUT)
        age = (CUT - first).days
        last = (repeats[-1] - first).days if repeats else 0
        value = sum(days[day] for day in repeats) / len(repeats) if repeats else 0.0
        later = sum(day > CUT for day in days)
        rows.append((len(repeats), last / 7, age / 7, value, later))
    names = (COUNT, LAST, AGE, "mean_repeat_value", "later")
    return dict(zip(names, np.array(rows, dtype=float).T, strict=True))


@pytest.fixture(scope="module")
def bg_nbd(cdnow: Columns) -> BGNBD:
    return BGNBD().fit(cdnow)


def customer(count: float, last: float, age: float) -> Columns:
    return {COUNT: np.array([count]), LAST: np.array([last]), AGE: np.array([age])}


def test_bg_nbd_parameters_of_table_2(bg_nbd: BGNBD):
    rounded = {name: f"{value:.3f}" for name, value in bg_nbd.parameters_.items()}
    assert rounded == {"r": "0.243", "alpha": "4.414", "a": "0.793", "b": "2.426"}
    assert abs(bg_nbd.log_likelihood_ - -9582.429) < 0.01
    assert bg_nbd.maximum_.converged
    assert bg_nbd.maximum_.customers == 2357


def test_bg_nbd_standard_errors_on_the_natural_scale(bg_nbd: BGNBD):
    errors = dict(zip(bg_nbd.maximum_.names, bg_nbd.maximum_.standard_errors, strict=True))
    assert errors == pytest.approx({"r": 0.01256, "alpha": 0.3782, "a": 0.1857, "b": 0.7053}, 0.02)


def test_mbg_nbd_parameters(cdnow: Columns):
    model = MBGNBD().fit(cdnow)
    wanted = {"r": 0.52484, "alpha": 6.18299, "a": 0.89136, "b": 1.61400}
    assert model.parameters_ == pytest.approx(wanted, rel=1e-4)
    assert abs(model.log_likelihood_ - -9582.133) < 0.01


@pytest.mark.parametrize(
    ("count", "last", "age", "active", "expected"),
    [
        (2, 30.43, 38.86, 0.7266, 1.2259),
        (0, 0.0, 38.86, 1.0, 0.1948),
        (7, 29.43, 38.86, 0.6418, 3.3372),
        (26, 30.86, 31.00, 0.9689, 20.75),
    ],
)
def test_bg_nbd_single_customers(
    bg_nbd: BGNBD, count: float, last: float, age: float, active: float, expected: float
):
    one = customer(count, last, age)
    assert bg_nbd.predict_active(one)[0] == pytest.approx(active, abs=6e-5)
    assert bg_nbd.predict(one, HOLDOUT_WEEKS)[0] == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize(
    ("count", "last", "age", "log_likelihood"), [(2, 30.43, 38.86, -9.46), (0, 0.0, 38.86, -0.554)]
)
def test_bg_nbd_likelihood_of_single_customers(
    bg_nbd: BGNBD, count: float, last: float, age: float, log_likelihood: float
):
    one = Tuples(tuple(np.array([v]) for v in (0.0, count, last, age)), np.ones(1), 1)
    likelihood = BetaGeometricLikelihood(one, 0, np.empty((1, 0)))
    found = likelihood(bg_nbd.maximum_.working).value
    assert found == pytest.approx(log_likelihood, abs=0.005)


@pytest.mark.parametrize(
    ("model", "total_error", "absolute", "squared", "order"),
    [(BGNBD, -0.121, 0.7855, 1.608, 0.7725), (MBGNBD, -0.162, 0.7648, 1.607, 0.7728)],
)
def test_holdout_of_39_weeks(
    cdnow: Columns,
    model: type[BGNBD | MBGNBD],
    total_error: float,
    absolute: float,
    squared: float,
    order: float,
):
    later = cdnow["later"]
    expected = model().fit(cdnow).predict(cdnow, HOLDOUT_WEEKS)
    assert later.sum() == 1882
    assert expected.sum() / later.sum() - 1 == pytest.approx(total_error, abs=0.001)
    assert np.abs(expected - later).mean() == pytest.approx(absolute, abs=0.0005)
    assert np.sqrt(((expected - later) ** 2).mean()) == pytest.approx(squared, abs=0.001)
    assert share_in_order(expected, later > 0) == pytest.approx(order, abs=0.0005)


def test_correlation_of_forecast_and_outcome_of_table_3(cdnow: Columns, bg_nbd: BGNBD):
    found = np.corrcoef(bg_nbd.predict(cdnow, HOLDOUT_WEEKS), cdnow["later"])[0, 1]
    assert f"{found:.3f}" == "0.626"


def share_in_order(scores: npt.NDArray[np.float64], is_positive: npt.NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve."""
    order = scores[is_positive][:, None] - scores[~is_positive][None]
    return float((order > 0).mean() + (order == 0).mean() / 2)


def test_probability_active_does_not_rank_customers_but_any_purchase_does(
    cdnow: Columns, bg_nbd: BGNBD
):
    bought = cdnow["later"] > 0
    assert share_in_order(bg_nbd.predict_active(cdnow), bought) < 0.4
    assert share_in_order(bg_nbd.predict_any(cdnow, HOLDOUT_WEEKS), bought) > 0.75


def test_gamma_gamma_of_note_025(cdnow: Columns):
    model = GammaGamma().fit(cdnow)
    wanted = {"p": 6.25, "q": 3.74, "v": 15.44}
    assert model.parameters_ == pytest.approx(wanted, abs=0.011)
    assert abs(model.log_likelihood_ - -4055.923) < 0.01
    assert model.maximum_.customers == 946
    assert f"{model.correlation_:.2f}" == "0.11"  # note 025: "a very weak correlation"


@pytest.mark.parametrize("unit", [1 / 7 / 86_400, 1 / 7, 7 / 365.25])
@pytest.mark.parametrize("model", [BGNBD, MBGNBD])
def test_the_unit_of_time_changes_only_alpha(
    cdnow: Columns, model: type[BGNBD | MBGNBD], unit: float
):
    weeks = model().fit(cdnow)
    other_table = {COUNT: cdnow[COUNT], LAST: cdnow[LAST] / unit, AGE: cdnow[AGE] / unit}
    other = model().fit(other_table)
    in_weeks = {**other.parameters_, "alpha": other.parameters_["alpha"] * unit}
    assert in_weeks == pytest.approx(weeks.parameters_, rel=1e-5)
    assert other.predict(other_table, HOLDOUT_WEEKS / unit) == pytest.approx(
        weeks.predict(cdnow, HOLDOUT_WEEKS), rel=1e-5
    )


@pytest.mark.parametrize("model", [BGNBD, MBGNBD, GammaGamma])
def test_row_order_and_weights_change_nothing(
    cdnow: Columns, model: type[BGNBD | MBGNBD | GammaGamma]
):
    plain = model().fit(cdnow)
    mixed = np.random.default_rng(5).permutation(len(cdnow[COUNT]))
    shuffled = model().fit({name: column[mixed] for name, column in cdnow.items()})
    assert shuffled.parameters_ == pytest.approx(plain.parameters_, rel=1e-5)
    names = (COUNT, LAST, AGE, "mean_repeat_value")
    rows, times = np.unique(
        np.stack([cdnow[name] for name in names], axis=1), axis=0, return_counts=True
    )
    weighted = model().fit({**dict(zip(names, rows.T, strict=True)), "customers": times})
    assert weighted.parameters_ == pytest.approx(plain.parameters_, rel=1e-5)
    assert weighted.log_likelihood_ == pytest.approx(plain.log_likelihood_, abs=1e-5)
