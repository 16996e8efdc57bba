"""What the shifted beta-geometric and the beta-discrete-Weibull have in common, and what not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.contracts.beta_discrete_weibull import BetaDiscreteWeibull
from tenure.predictions.contracts.retention_model import RetentionModel
from tenure.predictions.contracts.risk_table import RiskTable, durations_of, risk_table
from tenure.predictions.contracts.shifted_beta_geometric import ShiftedBetaGeometric
from tenure.predictions.fitting.draws import Predicted

MODELS = (ShiftedBetaGeometric, BetaDiscreteWeibull)
COHORT = {
    "duration_periods": [1, 2, 3, 4, 5, 6, 7, 7],
    "ended": [1, 1, 1, 1, 1, 1, 1, 0],
    "customers": [131, 126, 90, 60, 42, 34, 26, 491],
}
AGES = {"duration_periods": [0, 5, 1, 5, 100]}

both = pytest.mark.parametrize("kind", MODELS)


def parts(found: object) -> list[np.ndarray[Any, Any]]:
    if isinstance(found, Predicted):
        return [found.low, found.value, found.high]
    return [np.asarray(found)]


def table(data: Mapping[str, object] = COHORT) -> RiskTable:
    return risk_table(durations_of(data))


@both
@pytest.mark.parametrize("working", [(0.3, -0.4, 0.5), (3.0, 5.0, -0.9), (-4.0, 2.0, 0.1)])
def test_gradient_and_curvature_are_those_of_the_value(
    kind: type[RetentionModel], working: tuple[float, ...]
) -> None:
    model, data = kind(), table()
    point = np.array(working[: len(kind.names)])
    found = model._evaluate(point, data)
    step = 1e-5 * np.eye(len(point))
    ahead = [model._evaluate(point + one, data) for one in step]
    behind = [model._evaluate(point - one, data) for one in step]
    slopes = [(a.value - b.value) / 2e-5 for a, b in zip(ahead, behind, strict=True)]
    bends = [(a.gradient - b.gradient) / 2e-5 for a, b in zip(ahead, behind, strict=True)]
    assert found.hessian is not None
    assert found.gradient == pytest.approx(slopes, rel=1e-6, abs=1e-5)
    assert found.hessian == pytest.approx(np.array(bends), rel=1e-5, abs=1e-4)


def test_the_weibull_with_c_1_is_the_geometric() -> None:
    plain, aged = ShiftedBetaGeometric(), BetaDiscreteWeibull()
    point = np.array([0.2, 0.9])
    one = plain._evaluate(point, table())
    other = aged._evaluate(np.append(point, 0.0), table())
    assert other.value == pytest.approx(one.value, rel=1e-12)
    assert other.gradient[:2] == pytest.approx(one.gradient, rel=1e-9)
    assert other.hessian[:2, :2] == pytest.approx(one.hessian, rel=1e-8)


@both
def test_order_and_counting_change_nothing(kind: type[RetentionModel]) -> None:
    counts = np.array(COHORT["customers"])
    rows = {name: np.repeat(COHORT[name], counts) for name in ("duration_periods", "ended")}
    shuffled = np.random.default_rng(3).permutation(counts.sum())
    one = kind().fit(COHORT).parameters_
    other = kind().fit({name: column[shuffled] for name, column in rows.items()}).parameters_
    assert other == pytest.approx(one, rel=1e-12)


@both
def test_cohorts_of_different_age_stand_together(kind: type[RetentionModel]) -> None:
    """A later cohort, watched for three years, adds to the periods that it has seen."""
    late = {
        "duration_periods": [1, 2, 3, 3],
        "ended": [1, 1, 1, 0],
        "customers": [131, 126, 90, 653],
    }
    joined = {name: [*COHORT[name], *late[name]] for name in COHORT}
    data = table(joined)
    assert data.at_risk[2] == 2 * table().at_risk[2] and data.at_risk[3] == table().at_risk[3]
    model = kind().fit(joined)
    alone = kind().fit(COHORT)
    assert model.log_likelihood_ < alone.log_likelihood_
    assert np.asarray(model.retention_curve(3)) == pytest.approx(
        np.asarray(alone.retention_curve(3)), abs=0.02
    )


@both
def test_delayed_entry_conditions_on_having_lived_so_far(kind: type[RetentionModel]) -> None:
    """Contracts seen from their second renewal on tell nothing about the first two."""
    late = {
        "duration_periods": [3, 4, 5, 6, 7, 7],
        "ended": [1, 1, 1, 1, 1, 0],
        "entry_periods": [2] * 6,
        "customers": [90, 60, 42, 34, 26, 491],
    }
    model = kind()
    point = np.array([-0.4, 1.3, 0.2][: len(kind.names)])
    whole, part = model._evaluate(point, table()).value, model._evaluate(point, table(late)).value
    curve = model._curve(np.exp(point))(np.arange(3.0))
    first = 131 * np.log(-np.expm1(curve[1])) + 126 * np.log(np.exp(curve[1]) - np.exp(curve[2]))
    assert part == pytest.approx(whole - first - 743 * curve[2], rel=1e-10)


@both
def test_predictions_agree_with_the_curve(kind: type[RetentionModel]) -> None:
    model = kind().fit(COHORT)
    curve = np.asarray(model.retention_curve(200))
    assert curve[0] == 1 and (np.diff(curve) < 0).all() and curve[-1] > 0
    ages = np.array(AGES["duration_periods"])
    assert model.predict_renewal(AGES) == pytest.approx(curve[ages + 1] / curve[ages])
    assert model.predict_survival(AGES, 12) == pytest.approx(curve[ages + 12] / curve[ages])
    assert (model.predict_survival(AGES, 0) == 1).all()
    steps = np.arange(1, 13)
    derl = [(curve[age + steps] / curve[age] / 1.02 ** (steps - 1)).sum() for age in ages]
    assert model.predict_tenure(AGES, horizon=12, discount_rate=0.02) == pytest.approx(derl)


@both
def test_intervals_hold_the_value_and_widen_with_the_horizon(kind: type[RetentionModel]) -> None:
    model = kind().fit(COHORT)
    curve = model.retention_curve(30, interval=0.9)
    assert isinstance(curve, Predicted)
    assert (curve.low <= curve.value).all() and (curve.value <= curve.high).all()
    assert curve.low[0] == curve.high[0] == 1
    width = (curve.high - curve.low) / curve.value
    assert width[30] > width[7] > width[1] > 0
    narrow = model.retention_curve(30, interval=0.5)
    assert isinstance(narrow, Predicted) and narrow.low[9] > curve.low[9]


@both
def test_ended_contracts_have_no_future(kind: type[RetentionModel]) -> None:
    model = kind().fit(COHORT)
    rows = {"duration_periods": [3, 3], "ended": [False, True]}
    for found in (
        model.predict_renewal(rows, interval=0.9),
        model.predict_survival(rows, 6),
        model.predict_tenure(rows, horizon=6),
    ):
        for part in parts(found):
            assert part[0] > 0 and part[1] == 0


@both
def test_the_total_forecast_counts_contracts(kind: type[RetentionModel]) -> None:
    model = kind().fit(COHORT)
    stays = np.asarray(model.predict_survival(AGES, 5))
    total = model.predict_total(AGES, 5, weights=[10, 20, 0, 0, 5])
    assert total.value == pytest.approx(stays @ [10, 20, 0, 0, 5])
    assert 0 <= total.low < total.value < total.high <= 40 and total.confidence == 0.9


@both
@pytest.mark.parametrize("interval", [0.5, 0.9])
def test_when_nobody_left_the_interval_is_that_of_the_rule_of_three(
    kind: type[RetentionModel], interval: float
) -> None:
    model = kind().fit({"duration_periods": [3] * 50, "ended": [False] * 50})
    assert model.maximum_.unidentified == kind.names
    assert "nobody_left" in model.maximum_.notes
    renewal = model.predict_renewal({"duration_periods": [3]}, interval=interval)
    assert isinstance(renewal, Predicted)
    assert renewal.low[0] == pytest.approx(((1 - interval) / 2) ** (1 / 150))
    assert renewal.value[0] > 0.9999
    year = model.predict_survival({"duration_periods": [3]}, 12, interval=interval)
    assert isinstance(year, Predicted) and year.low[0] == pytest.approx(renewal.low[0] ** 12)


@both
def test_when_everybody_left_at_once_that_is_said_too(kind: type[RetentionModel]) -> None:
    model = kind().fit({"duration_periods": [1] * 50, "ended": [True] * 50})
    assert model.maximum_.unidentified == kind.names
    renewal = model.predict_renewal({"duration_periods": [0]}, interval=0.9)
    assert isinstance(renewal, Predicted)
    assert renewal.value[0] < 1e-4 and renewal.high[0] == pytest.approx(1 - 0.05 ** (1 / 50))


@both
def test_one_period_leaves_the_parameters_open_but_not_the_first_renewal(
    kind: type[RetentionModel],
) -> None:
    model = kind().fit({"duration_periods": [1] * 50, "ended": [1] * 20 + [0] * 30})
    assert model.maximum_.unidentified == kind.names
    assert set(model.maximum_.standard_errors) == {None}
    found = model.predict_renewal({"duration_periods": [0, 1]}, interval=0.9)
    assert isinstance(found, Predicted)
    assert found.value[0] == pytest.approx(0.6, abs=1e-4)
    width = found.high - found.low
    assert 0.15 < width[0] < 0.3 < width[1]


HOSTILE = {
    "one customer who stays": {"duration_periods": [1], "ended": [0]},
    "one customer who leaves": {"duration_periods": [1], "ended": [1]},
    "everybody leaves late and together": {"duration_periods": [10] * 50, "ended": [1] * 50},
    "hundreds of periods": {"duration_periods": [1, 5, 600], "ended": [1, 0, 0]},
    "hazard falls to nothing": {
        "duration_periods": [1, 500],
        "ended": [1, 0],
        "customers": [9e6, 1e6],
    },
    "hardly anybody leaves": {"duration_periods": [6, 6], "ended": [1, 0], "customers": [1, 1e9]},
    "small weights": {"duration_periods": [1, 2], "ended": [1, 0], "customers": [1e-9, 1e-9]},
    "a row of weight 0": {"duration_periods": [1, 2], "ended": [1, 0], "customers": [0, 3]},
}


@both
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_number_is_ever_without_end(
    kind: type[RetentionModel], data: dict[str, list[float]]
) -> None:
    model = kind().fit(data)
    ages = {"duration_periods": [0, 1, 11, 2000]}
    for found in (
        model.retention_curve(40, interval=0.9),
        model.predict_renewal(ages, interval=0.9),
        model.predict_survival(ages, 1000, interval=0.9),
        model.predict_tenure(ages, discount_rate=1e-4, interval=0.9),
    ):
        assert isinstance(found, Predicted)
        for part in parts(found):
            assert np.isfinite(part).all() and (part >= 0).all()
        assert (found.low <= found.value).all() and (found.value <= found.high).all()
    text = json.dumps(model.to_dict(), allow_nan=False)
    assert kind.from_dict(json.loads(text)).parameters_ == model.parameters_


@both
def test_a_saved_model_predicts_bit_for_bit_the_same(kind: type[RetentionModel]) -> None:
    model = kind(penalty=0.01).fit(COHORT)
    again = kind.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again.summary() == model.summary() and again.get_params() == {"penalty": 0.01}
    one, other = (m.predict_tenure(AGES, discount_rate=0.1, interval=0.9) for m in (model, again))
    for mine, theirs in zip(parts(one), parts(other), strict=True):
        assert np.array_equal(mine, theirs)


@both
def test_a_ridge_pulls_towards_1_and_is_noted(kind: type[RetentionModel]) -> None:
    free, held = kind().fit(COHORT), kind(penalty=50.0).fit(COHORT)
    assert np.linalg.norm(held.maximum_.working) < np.linalg.norm(free.maximum_.working)
    assert "penalised" in held.maximum_.notes and held.log_likelihood_ < free.log_likelihood_


def test_an_endless_sum_without_discount_is_refused() -> None:
    model = ShiftedBetaGeometric().fit(COHORT)
    with pytest.raises(OptionError, match="neither a horizon nor a discount rate"):
        model.predict_tenure(AGES)
    with pytest.raises(OptionError, match=r"discount_rate -0\.1"):
        model.predict_tenure(AGES, discount_rate=-0.1)
    with pytest.raises(OptionError, match="horizon -1"):
        model.predict_survival(AGES, -1)
    with pytest.raises(OptionError, match=r"interval 1\.5"):
        model.predict_renewal(AGES, interval=1.5)
    with pytest.raises(DataError, match=r"duration_periods = 0\.5"):
        model.predict_renewal({"duration_periods": [0.5]})
    with pytest.raises(DataError, match="never fitted"):
        ShiftedBetaGeometric().predict_renewal(AGES)


@both
@pytest.mark.parametrize("rate", [1e-5, 1e-3, 0.03, 0.4])
@pytest.mark.parametrize("horizon", [None, 257, 5000])
def test_long_sums_are_integrated_to_nine_digits(
    kind: type[RetentionModel], rate: float, horizon: int | None
) -> None:
    model = kind().fit(COHORT)
    last = int(min(horizon or 1e9, 40 / rate)) if rate > 1e-4 or horizon else None
    found = np.asarray(
        model.predict_tenure({"duration_periods": [0, 7]}, horizon=horizon, discount_rate=rate)
    )
    if last is None:
        assert (found > 100).all() and (found < 1 / rate).all()
        return
    curve = np.asarray(model.retention_curve(last + 7))
    steps = np.arange(1, last + 1)
    summed = [(curve[n + steps] / curve[n] / (1 + rate) ** (steps - 1)).sum() for n in (0, 7)]
    assert found == pytest.approx(summed, rel=1e-8)
