"""Simple rivals on CDNOW, 39 weeks ahead of 1997-10-01: figures of an independent calculation.

Source: the CDNOW tenth (Fader and Hardie; 2,357 customers), purchases as customers' days; the
expected figures were worked out with pandas and scikit-learn by another program.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tenure.predictions.scorecards.amounts import amount_errors
from tenure.predictions.scorecards.discrimination import auc, lift
from tenure.predictions.scorecards.rivals import EarlierDate, naive_amounts

CUT = np.datetime64("1997-10-01")
LAST_KNOWN = np.datetime64("1997-09-30")
WEEKS = 39


@pytest.fixture(scope="module")
def tenth(shared_data: Path) -> dict[str, np.ndarray]:
    """Repeat days, age, recency in days, and days with a purchase in the 39 weeks after."""
    rows = [
        (line.split()[0], line.split()[2])
        for line in (shared_data / "CDNOW_sample.txt").read_text("utf-8").splitlines()
        if line.strip()
    ]
    bought = sorted({(who, np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:]}")) for who, d in rows})
    days: dict[str, list[np.datetime64]] = {}
    for who, day in bought:
        days.setdefault(who, []).append(day)
    before = [[d for d in one if d < CUT] for one in days.values()]
    return {
        "repeats": np.array([len(one) - 1 for one in before], float),
        "age": np.array([(LAST_KNOWN - one[0]).astype(int) for one in before], float),
        "since": np.array([(LAST_KNOWN - one[-1]).astype(int) for one in before], float),
        "after": np.array([sum(d >= CUT for d in one) for one in days.values()], float),
    }


def test_the_past_rate_has_its_published_errors(tenth: dict[str, np.ndarray]) -> None:
    after = tenth["after"]
    assert (after.size, after.sum(), round((after > 0).mean(), 3)) == (2_357, 1_882, 0.290)
    features = pa.table({"repeat_order_count": tenth["repeats"], "tenure_days": tenth["age"]})
    rate = naive_amounts(
        [EarlierDate(features, after)], features, horizon_days=7 * WEEKS, money=False
    )
    errors = amount_errors(after, rate["past_rate"])
    assert errors.total_error == pytest.approx(0.557, abs=0.001)
    assert errors.mean_absolute_error == pytest.approx(1.024, abs=0.001)
    assert errors.root_mean_squared_error == pytest.approx(2.212, abs=0.001)
    assert auc(after > 0, rate["past_rate"]).value == pytest.approx(0.7598, abs=0.0001)
    assert lift(after > 0, rate["past_rate"], depth=0.1) == pytest.approx(2.67, abs=0.03)
    # scaled to the total it came from, it cannot be wrong in sum
    assert amount_errors(after, rate["scaled_past_rate"]).total_error == pytest.approx(0)


def test_as_many_as_before_and_recency_have_theirs(tenth: dict[str, np.ndarray]) -> None:
    after = tenth["after"]
    errors = amount_errors(after, tenth["repeats"])
    assert errors.total_error == pytest.approx(0.306, abs=0.001)
    assert errors.mean_absolute_error == pytest.approx(0.897, abs=0.001)
    assert errors.root_mean_squared_error == pytest.approx(1.971, abs=0.001)
    assert auc(after > 0, tenth["repeats"]).value == pytest.approx(0.7576, abs=0.0001)
    assert auc(after > 0, -tenth["since"]).value == pytest.approx(0.7714, abs=0.0001)


def test_the_mean_for_everybody_has_its_errors(tenth: dict[str, np.ndarray]) -> None:
    after = tenth["after"]
    errors = amount_errors(after, np.full(after.size, after.mean()))
    assert errors.mean_absolute_error == pytest.approx(1.134, abs=0.001)
    assert errors.root_mean_squared_error == pytest.approx(2.057, abs=0.001)
    # forecasting nothing at all is hard to beat by absolute error: see it beside
    assert errors.absolute_error_of_zero == pytest.approx(after.mean())
