import json
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from tenure.kernel import DataError, Undefined
from tenure.predictions.scorecards.champions import challenge
from tenure.predictions.scorecards.drift import (
    amount_drift,
    calibration_drift,
    parameter_jumps,
    population_drift,
)
from tenure.predictions.scorecards.findings import Weight
from tenure.predictions.scorecards.population import (
    PopulationReference,
    compare_population,
    population_reference,
    stability_index,
)
from tests.unit.predictions.scorecards.cards import binary_origins, options

COLUMNS = ("recency", "orders", "channel", "seen_on", "member", "gap")
CLOSED = {"until": date(2024, 4, 1), "today": date(2024, 4, 1)}


def population(seed, count=2_000, *, shift=0.0, missing=0.3):
    rng = np.random.default_rng(seed)
    days = rng.gamma(2, 30 * (1 + shift), count)
    zipf = 1 / np.arange(1, 31)
    return pa.table(
        {
            "recency": days,
            "orders": rng.poisson(0.7, count),
            "channel": [f"c{i}" for i in rng.choice(30, count, p=zipf / zipf.sum())],
            "seen_on": pa.array((20_000 - days).astype(int), pa.int32()).cast(pa.date32()),
            "member": rng.random(count) < 0.1,
            "gap": np.where(rng.random(count) < missing, np.nan, rng.normal(size=count)),
        }
    )


@pytest.fixture(scope="module")
def reference():
    return population_reference(population(1), COLUMNS)


def test_the_index_is_worked_out_by_hand():
    found = stability_index(np.array([50.0, 50.0]), np.array([30.0, 70.0]))
    expected = (0.3 - 0.5) * np.log(0.3 / 0.5) + (0.7 - 0.5) * np.log(0.7 / 0.5)
    assert found == pytest.approx(expected)
    assert stability_index(np.array([5.0, 5.0]), np.array([50.0, 50.0])) == pytest.approx(0)
    assert np.isfinite(stability_index(np.array([10.0, 0.0]), np.array([0.0, 10.0])))


def test_the_same_population_is_quiet(reference):
    assert population_drift(reference, population(2)) == ()


@pytest.mark.parametrize("count", [60, 300, 3_000])
def test_noise_is_called_drift_no_more_often_than_said(count):
    # 200 pairs of samples of one population, six features each; nominal at most 5 %
    loud = 0
    for seed in range(200):
        reference = population_reference(population(1_000 + seed, count), COLUMNS)
        loud += bool(population_drift(reference, population(5_000 + seed, count)))
    assert loud / 200 <= 0.05 + 0.03


def test_a_feature_that_moved_is_named_and_a_large_move_is_an_alarm(reference):
    small = population_drift(reference, population(3, shift=0.3))
    assert {one.subject for one in small} == {"recency", "seen_on"}
    assert {one.weight for one in small} == {Weight.NOTE}
    large = population_drift(reference, population(3, shift=1.0))
    assert {one.code for one in large} == {"population_moved"}
    assert {one.weight for one in large} == {Weight.ALARM}
    assert "recency" in large[0].text["en"] and "recency" in large[0].text["zh"]
    assert large[0].value > large[0].threshold


def test_a_source_that_fails_is_seen_by_its_gaps(reference):
    found = population_drift(reference, population(4, missing=0.5))
    assert [(one.code, one.subject) for one in found] == [("missing_moved", "gap")]
    assert found[0].value == pytest.approx(0.2, abs=0.03)


def test_a_feature_that_is_gone_or_empty_is_told(reference):
    table = population(5)
    gone = table.drop_columns(["channel"]).set_column(
        table.column_names.index("gap") - 1, "gap", pa.nulls(table.num_rows, pa.float64())
    )
    found = population_drift(reference, gone)
    assert {(one.code, one.subject) for one in found} == {
        ("feature_gone", "channel"),
        ("feature_gone", "gap"),
    }


def test_a_new_category_is_a_move(reference):
    table = population(6)
    channels = ["brand new"] * 500 + table["channel"].to_pylist()[500:]
    table = table.set_column(2, "channel", pa.array(channels))
    assert [one.subject for one in population_drift(reference, table)] == ["channel"]


def test_the_reference_comes_back_from_json_with_its_bins(reference):
    again = PopulationReference.from_dict(json.loads(json.dumps(reference.as_dict())))
    assert again == reference
    table = population(7)
    assert compare_population(again, table) == compare_population(reference, table)


def test_the_reference_counts_every_row_once(reference):
    for one in reference.features:
        assert sum(one.counts) + one.missing == 2_000
        assert len(one.counts) == max(len(one.cuts), len(one.categories)) + 1


def test_columns_that_cannot_be_watched_are_refused():
    with pytest.raises(DataError, match="no column 'x'"):
        population_reference(population(1), ["x"])
    with pytest.raises(DataError, match="column lists"):
        population_reference(pa.table({"lists": [[1]]}), ["lists"])


def test_features_without_a_value_or_with_one_are_watched_too():
    odd = pa.table(
        {"one": [1.0] * 50, "none": pa.nulls(50, pa.float64()), "text": pa.nulls(50, pa.string())}
    )
    reference = population_reference(odd, ["one", "none", "text"])
    assert population_drift(reference, odd.slice(0, 40)) != ()  # the empty ones are told
    assert [one.subject for one in population_drift(reference, odd)] == ["none", "text"]


def test_calibration_waits_until_the_outcome_is_known():
    asked = {"until": date(2024, 4, 1), "today": date(2024, 4, 5)}
    assert calibration_drift([0.5], [1], **asked, gap_days=7) == Undefined("open_period")
    assert calibration_drift([0.5], [1], **asked, gap_days=4) == ()
    assert amount_drift([1], [1], **asked, gap_days=7) == Undefined("open_period")


def test_right_probabilities_are_called_wrong_no_more_often_than_said():
    rng = np.random.default_rng(1)
    forecast = rng.beta(1, 5, 800)
    loud = [
        bool(calibration_drift(forecast, (rng.random(800) < forecast).astype(float), **CLOSED))
        for _ in range(400)
    ]
    assert np.mean(loud) <= 0.05 + 0.03


def test_events_that_do_not_come_are_told_with_both_numbers():
    rng = np.random.default_rng(2)
    forecast = rng.beta(1, 5, 2_000)
    happened = (rng.random(2_000) < 0.7 * forecast).astype(float)
    (finding,) = calibration_drift(forecast, happened, **CLOSED)
    assert finding.code == "calibration_moved"
    assert finding.value == pytest.approx(happened.sum() - forecast.sum())
    assert f"{happened.sum():,.0f} events came" in finding.text["en"]
    assert f"预告 {forecast.sum():,.0f}" in finding.text["zh"]


def test_amounts_are_watched_by_their_own_errors():
    rng = np.random.default_rng(3)
    forecast = rng.gamma(1, 20, 1_500)
    loud = [
        bool(amount_drift(forecast, forecast * rng.gamma(0.3, 1 / 0.3, 1_500), **CLOSED))
        for _ in range(300)
    ]
    assert np.mean(loud) <= 0.05 + 0.035
    (finding,) = amount_drift(forecast, 2 * forecast * rng.gamma(0.3, 1 / 0.3, 1_500), **CLOSED)
    assert (finding.code, finding.subject) == ("calibration_moved", "amount")


def test_nothing_announced_and_much_come_is_told_without_a_division():
    (finding,) = calibration_drift(np.zeros(100), np.ones(100), **CLOSED)
    assert "∞" in finding.text["en"]


def test_parameters_move_within_their_errors_unnoticed():
    rng = np.random.default_rng(4)
    truth = {"r": 0.24, "alpha": 4.41, "a": 0.79, "b": 2.43}
    errors = {"r": 0.013, "alpha": 0.38, "a": 0.19, "b": 0.71}
    loud = 0
    for _ in range(1_000):
        one, other = (
            {name: value + errors[name] * rng.normal() for name, value in truth.items()}
            for _ in range(2)
        )
        loud += bool(parameter_jumps(one, other, errors, errors))
    assert loud / 1_000 <= 0.05 + 0.02
    assert loud / 1_000 >= 0.05 - 0.025


def test_a_parameter_that_jumps_is_named_and_one_not_identified_is_told():
    errors = {"r": 0.01, "alpha": None}
    found = parameter_jumps({"r": 0.2, "alpha": 4.0}, {"r": 0.3, "alpha": 900.0}, errors, errors)
    assert [(one.code, one.subject, one.weight) for one in found] == [
        ("parameter_jumped", "r", Weight.ALARM),
        ("parameter_not_identified", "alpha", Weight.NOTE),
    ]
    assert found[0].value == pytest.approx(0.1 / np.hypot(0.01, 0.01))
    assert found[0].as_dict()["weight"] == "alarm"


def test_a_better_challenger_is_told_and_an_equal_one_is_not():
    origins = binary_origins()
    finding, card = challenge(
        "binary", origins, champion="recency", challenger="model", options=options()
    )
    assert (finding.code, finding.weight) == ("challenger_better", Weight.ALARM)
    assert card.model == "model" and finding.value > 0
    finding, _ = challenge(
        "binary",
        origins[:1],
        champion="model",
        challenger="recency",
        options=options(origins_min=1),
    )
    assert (finding.code, finding.weight) == ("champion_holds", Weight.NOTE)
    finding, _ = challenge(
        "binary",
        binary_origins(count=50, level=-3),
        champion="recency",
        challenger="model",
        options=options(),
    )
    assert finding.code == "too_few_events"
