"""Pareto/NBD and BG/BB against published figures and against what happened then.

Pareto/NBD: CDNOW, one customer in ten (2,357 customers), weeks, calibration to 1997-09-30, 39
weeks of holdout. Parameters, log-likelihood and the correlation of forecast and outcome: P. S.
Fader, B. G. S. Hardie, K. L. Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science
24(2), tables 1 and 3.

BG/BB: 11,104 people who first gave to a charity in 1995 and the six years after; data, estimates
and log-likelihood of P. S. Fader, B. G. S. Hardie, J. Shang (2010), Customer-Base Analysis in a
Discrete-Time Noncontractual Setting, Marketing Science 29(6).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pytest

from tenure.predictions.purchases.bg_bb import BGBB
from tenure.predictions.purchases.pareto_nbd import ParetoNBD

HOLDOUT_WEEKS = 39
Columns = dict[str, npt.NDArray[np.float64]]

DONORS = """
0 0 3464
1 1 1091   1 2 277   1 3 129   1 4 78    1 5 119   1 6 129
2 2 613    2 3 255   2 4 155   2 5 173   2 6 234
3 3 322    3 4 181   3 5 225   3 6 357
4 4 240    4 5 284   4 6 512
5 5 335    5 6 728
6 6 1203
"""
"""Years with a gift among the six, the last of them, and how many people."""


def cdnow_sample(shared_data: Path) -> Columns:
    """Return histories of the sample in weeks, and repeat purchase days in the holdout."""
    with duckdb.connect() as connection:
        return connection.sql(
            f"""
            WITH purchases AS (
                SELECT DISTINCT c[1] AS customer, strptime(c[3], '%Y%m%d')::DATE AS day
                FROM (SELECT string_split_regex(trim(line), '\\s+') AS c
                      FROM read_csv('{shared_data / "CDNOW_sample.txt"}', auto_detect=false,
                                    columns={{'line': 'VARCHAR'}}, delim='|', quote='',
                                    header=false))
            ), known AS (
                SELECT *, min(day) OVER (PARTITION BY customer) AS first, DATE '1997-09-30' AS cut
                FROM purchases
            )
            SELECT count(*) FILTER (day <= cut AND day > first)::DOUBLE AS repeat_order_day_count,
                   (max(day) FILTER (day <= cut) - any_value(first)) / 7
                       AS age_at_last_order_days,
                   (any_value(cut) - any_value(first)) / 7 AS age_days,
                   count(*) FILTER (day > cut)::DOUBLE AS bought
            FROM known GROUP BY customer
            """
        ).fetchnumpy()


@pytest.fixture(scope="module")
def cdnow(shared_data: Path) -> Columns:
    return cdnow_sample(shared_data)


@pytest.fixture(scope="module")
def fitted(cdnow: Columns) -> ParetoNBD:
    return ParetoNBD().fit(cdnow)


def auc(score: npt.NDArray[np.float64], active: npt.NDArray[np.bool_]) -> float:
    """Return the chance that an active customer scores higher than another; ties count half."""
    values, places = np.unique(score, return_inverse=True)
    ones = np.bincount(places, active, len(values))
    zeros = np.bincount(places, ~active, len(values))
    below = np.cumsum(zeros) - zeros
    return float(ones @ (below + zeros / 2) / (ones.sum() * zeros.sum()))


def test_pareto_parameters_and_likelihood(fitted: ParetoNBD) -> None:
    published = {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}
    assert fitted.parameters_ == pytest.approx(published, rel=7e-4)
    assert fitted.log_likelihood_ == pytest.approx(-9594.974, abs=0.005)
    assert fitted.maximum_.converged and fitted.maximum_.unidentified == ()
    assert None not in fitted.maximum_.standard_errors


def test_pareto_holdout_of_39_weeks(fitted: ParetoNBD, cdnow: Columns) -> None:
    expected = np.asarray(fitted.predict(cdnow, HOLDOUT_WEEKS))
    bought = cdnow["bought"]
    assert len(bought) == 2357 and bought.sum() == 1882
    assert np.corrcoef(expected, bought)[0, 1] == pytest.approx(0.630, abs=5e-4)
    assert np.abs(expected - bought).mean() == pytest.approx(0.7545, abs=1e-4)
    assert auc(expected, bought > 0) == pytest.approx(0.7787, abs=2e-4)
    any_purchase = np.asarray(fitted.predict_any(cdnow, HOLDOUT_WEEKS))
    assert auc(any_purchase, bought > 0) == pytest.approx(0.771, abs=1e-3)


def test_pareto_in_days_is_the_same_model(fitted: ParetoNBD, cdnow: Columns) -> None:
    times = ("age_at_last_order_days", "age_days")
    days = ParetoNBD().fit({**cdnow, **{name: cdnow[name] * 7 for name in times}})
    expected = {name: value * 7 for name, value in fitted.parameters_.items()}
    expected |= {name: fitted.parameters_[name] for name in ("r", "s")}
    assert days.parameters_ == pytest.approx(expected, rel=1e-9)
    shift = -cdnow["repeat_order_day_count"].sum() * np.log(7)
    assert days.log_likelihood_ == pytest.approx(fitted.log_likelihood_ + shift, rel=1e-12)


def test_frequent_buyers_at_the_published_parameters(fitted: ParetoNBD) -> None:
    """Histories for which other implementations return no number."""
    found = np.asarray(
        fitted.predict_active(
            {
                "repeat_order_day_count": [221, 900, 5000],
                "age_at_last_order_days": [103.43, 103.4, 103.57],
                "age_days": [103.57] * 3,
            }
        )
    )
    assert np.isfinite(found).all() and (found > 0.99).all() and found[2] == 1


@pytest.fixture(scope="module")
def donors() -> Columns:
    years, last, people = np.array(DONORS.split(), dtype=float).reshape(-1, 3).T
    return {
        "repeat_order_day_count": years,
        "age_at_last_order_days": last,
        "age_days": np.full(len(years), 6.0),
        "customers": people,
    }


def test_bgbb_parameters_and_likelihood(donors: Columns) -> None:
    assert donors["customers"].sum() == 11_104
    model = BGBB().fit(donors)
    published = {"alpha": 1.204, "beta": 0.750, "gamma": 0.657, "delta": 2.783}
    assert model.parameters_ == pytest.approx(published, abs=5e-4)
    assert model.log_likelihood_ == pytest.approx(-33225.6, abs=0.05)
    assert model.maximum_.converged and model.maximum_.unidentified == ()


def test_bgbb_expected_gifts_of_the_next_five_years(donors: Columns) -> None:
    """The paper's table of posterior means: 0.07 for 0 gifts, 3.75 for a gift each year."""
    model = BGBB().fit(donors)
    expected = model.predict(donors, 5)
    assert expected[[0, -1]] == pytest.approx([0.07, 3.75], abs=0.005)
    assert model.predict_active(donors)[[0, -1]] == pytest.approx([0.116, 1.0], abs=5e-4)
