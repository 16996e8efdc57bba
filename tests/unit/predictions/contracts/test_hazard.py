from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.contracts.hazard import DiscreteTimeHazard
from tenure.predictions.contracts.hazard_baseline import BASELINES, Baseline, baseline
from tenure.predictions.contracts.hazard_likelihood import HazardRows, evaluate
from tenure.predictions.contracts.kaplan_meier import ContractKaplanMeier
from tenure.predictions.contracts.risk_table import RiskTable
from tenure.predictions.fitting.draws import Predicted

COHORT: dict[str, Any] = {
    "duration_periods": [1, 2, 3, 4, 5, 6, 7, 7],
    "ended": [1, 1, 1, 1, 1, 1, 1, 0],
    "customers": [131, 126, 90, 60, 42, 34, 26, 491],
}
AGES = {"duration_periods": [0, 3, 9, 3]}
every = pytest.mark.parametrize("kind", BASELINES)


def subscribers(size: int, seed: int = 0) -> dict[str, Any]:
    """Simulate contracts whose hazard falls with age and depends on price and plan."""
    random = np.random.default_rng(seed)
    price, plan = random.normal(30, 5, size), random.choice(["month", "year"], size, p=[0.7, 0.3])
    entry, watched = random.integers(0, 4, size), random.integers(5, 20, size)
    duration, ended = watched.astype(float), np.zeros(size, dtype=bool)
    for period in range(1, 20):
        odds = np.exp(-2 - 0.08 * period + 0.05 * (price - 30) - 0.7 * (plan == "year"))
        leaves = random.random(size) < odds / (1 + odds)
        now = leaves & ~ended & (period <= watched) & (period > entry)
        duration[now], ended = np.where(now, period, duration)[now], ended | now
    return {
        "duration_periods": duration,
        "ended": ended,
        "entry_periods": entry,
        "price": price,
        "plan": plan,
    }


def parts(found: object) -> list[npt.NDArray[np.float64]]:
    if isinstance(found, Predicted):
        return [found.low, found.value, found.high]
    return [np.asarray(found)]


def table(ended: list[float], at_risk: list[float]) -> RiskTable:
    return RiskTable(np.array(at_risk), np.array(ended), at_risk[0])


def test_dummies_are_the_observed_curve() -> None:
    model = DiscreteTimeHazard().fit(COHORT)
    observed = ContractKaplanMeier().fit(COHORT).retention_curve(7)
    assert model.retention_curve(7) == pytest.approx([one.value for one in observed], rel=1e-5)
    assert list(model.parameters_) == [*(f"log_odds[{k}]" for k in range(1, 7)), "log_odds[7+]"]
    spread = [1 / (n * p * (1 - p)) for n, p in ((1000, 0.131), (869, 126 / 869))]
    assert model.maximum_.standard_errors[:2] == pytest.approx(np.sqrt(spread), rel=1e-4)


def test_stretches_are_joined_until_enough_have_ended() -> None:
    made = baseline("dummies", table([5, 5, 12, 1, 30, 2], [100, 95, 90, 78, 77, 47]), 10)
    assert made.starts.tolist() == [0, 2, 3] and made.names == (
        "log_odds[1-2]",
        "log_odds[3]",
        "log_odds[4+]",
    )
    assert made.lengths(np.array([0.0, 1, 5]), np.array([6.0, 3, 9])).tolist() == [
        [2, 1, 3],
        [1, 1, 0],
        [0, 0, 4],
    ]
    assert made.places(np.array([1.0, 2, 3, 4, 99])).tolist() == [0, 0, 1, 2, 2]
    few = baseline("dummies", table([1, 0], [9, 8]), 10)
    assert few.names == ("log_odds[1+]",)


def test_a_smooth_baseline_is_a_straight_line_beyond_its_knots() -> None:
    made = baseline("smooth", table([40.0] * 400, [20_000.0 - 40 * k for k in range(400)]), 10)
    assert made.columns.shape[1] == 4 and len(made.starts) < 120
    assert made.starts[:3].tolist() == [0, 1, 2] and made.starts[-1] < 400
    assert baseline("smooth", table([3], [9]), 10).columns.shape == (1, 1)
    assert baseline("smooth", table([0, 0], [9, 9]), 10).columns.shape[0] == 2


@every
def test_gradient_and_curvature_are_those_of_the_value(kind: str) -> None:
    random = np.random.default_rng(1)
    entry = random.integers(0, 3, 80).astype(float)
    duration = entry + random.integers(1, 9, 80)
    ended = random.integers(0, 2, 80).astype(float)
    rows = HazardRows(entry, duration, ended, random.uniform(0, 2, 80), random.normal(size=(80, 2)))
    own = baseline(kind, table([9.0] * 11, [200.0 - 9 * k for k in range(11)]), 10)
    point = random.normal(size=own.columns.shape[1] + 2)
    found = evaluate(point, rows, own)
    assert found.hessian is not None
    for i, step in enumerate(np.eye(len(point)) * 1e-5):
        ahead, behind = evaluate(point + step, rows, own), evaluate(point - step, rows, own)
        slope = (ahead.value - behind.value) / 2e-5
        assert found.gradient[i] == pytest.approx(slope, rel=1e-6, abs=1e-6)
        bends = (ahead.gradient - behind.gradient) / 2e-5
        assert found.hessian[i] == pytest.approx(bends, rel=1e-5, abs=1e-5)


@every
def test_effects_are_found_beside_late_entries(kind: str) -> None:
    data = subscribers(20_000)
    model = DiscreteTimeHazard(("price", "plan"), kind).fit(data)
    found, errors = model.parameters_, model.maximum_.standard_errors
    assert found["[price]"] / data["price"].std() == pytest.approx(0.05, abs=0.006)
    assert found["[plan=year]"] == pytest.approx(-0.7, abs=0.1)
    assert None not in errors and model.maximum_.converged
    if kind != "constant":
        # The average customer pays 30 by the month.
        rates = np.asarray(model.retention_curve(12))
        hazard = 1 - rates[1:] / rates[:-1]
        odds = np.log(hazard / (1 - hazard))
        truth = -2 - 0.08 * np.arange(1, 13)
        assert np.abs(odds - truth).mean() < 0.1


@every
def test_a_life_in_pieces_is_the_same_life(kind: str) -> None:
    data = subscribers(500)
    cut = np.minimum(data["entry_periods"] + 2, data["duration_periods"])
    later = cut < data["duration_periods"]
    first = {**data, "duration_periods": cut, "ended": data["ended"] & ~later}
    rest = {name: np.asarray(column)[later] for name, column in data.items()}
    rest["entry_periods"] = cut[later]
    both = {n: np.concatenate((np.asarray(first[n]), rest[n])) for n in data}
    # The mean price is one of pieces then; the curve at a given price is the same.
    again = DiscreteTimeHazard(("price",), kind, covariate_penalty=0).fit(both)
    whole = DiscreteTimeHazard(("price",), kind, covariate_penalty=0).fit(data)
    assert again.log_likelihood_ == pytest.approx(whole.log_likelihood_, rel=1e-9)
    ahead = {"duration_periods": [0, 4], "price": [25.0, 40.0]}
    assert again.predict_survival(ahead, 6) == pytest.approx(whole.predict_survival(ahead, 6))


@every
def test_predictions_agree_with_the_curve(kind: str) -> None:
    model = DiscreteTimeHazard(baseline=kind).fit(COHORT)
    curve = np.asarray(model.retention_curve(2000))
    ages = np.array(AGES["duration_periods"])
    assert model.predict_renewal(AGES) == pytest.approx(curve[ages + 1] / curve[ages])
    assert model.predict_survival(AGES, 12) == pytest.approx(curve[ages + 12] / curve[ages])
    for horizon, rate in ((12, 0.0), (12, 0.1), (None, 0.1), (0, 0.1)):
        steps = np.arange(1, (1500 if horizon is None else horizon) + 1)
        sums = [(curve[n + steps] / curve[n] / (1 + rate) ** (steps - 1)).sum() for n in ages]
        found = model.predict_tenure(AGES, horizon=horizon, discount_rate=rate)
        assert found == pytest.approx(sums, rel=1e-9)
    total = model.predict_total({**AGES, "ended": [0, 0, 0, 1]}, 5, weights=[10, 10, 10, 50])
    stays = np.asarray(model.predict_survival(AGES, 5))
    assert total.value == pytest.approx(10 * stays[:3].sum()) and total.low < total.value


@every
def test_intervals_hold_the_value(kind: str) -> None:
    model = DiscreteTimeHazard(("price", "plan"), kind).fit(subscribers(400))
    ahead = {
        "duration_periods": [0, 5, 40],
        "price": [20, 30, 45],
        "plan": ["month", "year", "never seen"],
        "ended": [False, False, True],
    }
    for found in (
        model.retention_curve(30, interval=0.9),
        model.predict_renewal(ahead, interval=0.9),
        model.predict_tenure(ahead, discount_rate=0.02, interval=0.9),
    ):
        low, value, high = parts(found)
        assert (low <= value).all() and (value <= high).all() and (low[1:2] < high[1:2]).all()
    assert np.asarray(model.predict_renewal(ahead))[2] == 0


def test_when_nobody_left_the_interval_is_that_of_the_rule_of_three() -> None:
    model = DiscreteTimeHazard().fit({"duration_periods": [3] * 50, "ended": [False] * 50})
    assert model.maximum_.unidentified == ("log_odds[1+]",)
    assert "nobody_left" in model.maximum_.notes
    found = model.predict_survival({"duration_periods": [3]}, 2, interval=0.9)
    assert isinstance(found, Predicted)
    assert found.low[0] == pytest.approx(0.05 ** (2 / 150)) and found.value[0] > 0.9999


HOSTILE: Mapping[str, dict[str, Any]] = {
    "one customer who stays": {"duration_periods": [1], "ended": [0]},
    "one customer who leaves": {"duration_periods": [1], "ended": [1]},
    "all leave late and together": {"duration_periods": [10] * 50, "ended": [1] * 50},
    "thousands of periods": {"duration_periods": [1, 5, 3000], "ended": [1, 0, 0]},
    "hardly anybody leaves": {"duration_periods": [6, 6], "ended": [1, 0], "customers": [1, 1e9]},
    "seen late only": {"duration_periods": [9, 9], "ended": [1, 0], "entry_periods": [7, 7]},
}


@every
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_number_is_ever_without_end(kind: str, data: dict[str, Any]) -> None:
    # A covariate that tells exactly who leaves, and one that never changes.
    data = {
        **data,
        "flag": np.asarray(data["ended"], dtype=float) * 5,
        "same": [3.0] * len(data["ended"]),
    }
    model = DiscreteTimeHazard(("flag", "same"), kind, endings_min=1, covariate_penalty=0).fit(data)
    ahead = {"duration_periods": [0, 1, 2000], "flag": [0, 5, 1e6], "same": [3, 3, 9]}
    for found in (
        model.retention_curve(40, interval=0.9),
        model.predict_renewal(ahead, interval=0.9),
        model.predict_survival(ahead, 1000),
        model.predict_tenure(ahead, discount_rate=1e-4, interval=0.9),
        model.predict_tenure(ahead, horizon=10_000),
    ):
        for part in parts(found):
            assert np.isfinite(part).all() and (part >= 0).all()
    text = json.dumps({"model": model.to_dict(), "summary": model.summary()}, allow_nan=False)
    again = DiscreteTimeHazard.from_dict(json.loads(text)["model"])
    assert np.array_equal(again.predict_survival(ahead, 3), model.predict_survival(ahead, 3))


def test_what_is_unidentified_is_named() -> None:
    data = {**COHORT, "same": [3.0] * 8}
    model = DiscreteTimeHazard(("same",), covariate_penalty=0).fit(data)
    assert model.maximum_.unidentified == ("[same]",)
    apart = DiscreteTimeHazard(baseline="smooth").fit(HOSTILE["all leave late and together"])
    assert apart.maximum_.unidentified and "unidentified" in apart.maximum_.notes


def test_a_saved_model_predicts_bit_for_bit_the_same() -> None:
    model = DiscreteTimeHazard(("price", "plan"), "smooth", 5.0, 0.5).fit(subscribers(300))
    again = DiscreteTimeHazard.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again.get_params() == model.get_params() and again.summary() == model.summary()
    assert isinstance(again.baseline_, Baseline)
    ahead = {"duration_periods": [2, 9], "price": [20, 40], "plan": ["year", "month"]}
    one, other = (m.predict_tenure(ahead, discount_rate=0.1, interval=0.9) for m in (model, again))
    for mine, theirs in zip(parts(one), parts(other), strict=True):
        assert np.array_equal(mine, theirs)


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(OptionError, match="baseline 'steps'"):
        DiscreteTimeHazard(baseline="steps").fit(COHORT)
    with pytest.raises(DataError, match="price"):
        DiscreteTimeHazard(("price",)).fit(COHORT)
    model = DiscreteTimeHazard().fit(COHORT)
    with pytest.raises(OptionError, match="neither a horizon"):
        model.predict_tenure(AGES)
    with pytest.raises(OptionError, match="horizon -1"):
        model.predict_survival(AGES, -1)
    with pytest.raises(DataError, match="never fitted"):
        DiscreteTimeHazard().predict_renewal(AGES)
