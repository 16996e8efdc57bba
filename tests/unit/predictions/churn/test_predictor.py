from __future__ import annotations

import json
import pickle
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from tenure.kernel import DataError, DefinitionError, OptionError
from tenure.predictions.churn.definition import ChurnDefinition
from tenure.predictions.churn.learning import LearningOptions
from tenure.predictions.churn.predictor import (
    SCORES,
    ChurnPredictor,
    train_churn,
    train_each,
)
from tenure.predictions.panels import Panel
from tenure.predictions.saving import MODEL_BYTES_MAX
from tenure.predictions.scorecards.calibration import expected_calibration_error
from tenure.predictions.scorecards.discrimination import auc
from tests.unit.predictions.churn.made_panels import (
    DATES,
    EVERYONE,
    NEXT,
    made_panel,
    made_panels,
    true_probability,
)


def truth(panel: Panel) -> np.ndarray:
    table = panel.features
    city = np.array(
        [{"Ulm": 0, "Bonn": 1, "Kiel": 2}.get(c, 3) for c in table["attr_city"].to_pylist()]
    )
    spend = table["net_value"].cast(pa.float64()).to_numpy()
    return true_probability(table["overdue_ratio"].to_numpy(), spend, city)


def test_scores_are_nearly_as_good_as_the_law_itself(predictor: ChurnPredictor, unseen: Panel):
    left = EVERYONE.labels(unseen)
    p = predictor.score_batch(unseen.features)["churn_probability"].to_numpy()
    best = auc(left, truth(unseen)).value
    assert best > 0.75
    assert auc(left, p).value > best - 0.015
    assert expected_calibration_error(left, p) < 0.035


def test_the_table_of_scores_has_its_shape_and_order(predictor: ChurnPredictor, unseen: Panel):
    scores = predictor.score_batch(unseen.features)
    assert scores.schema == SCORES
    assert scores["customer_id"].equals(unseen.features["customer_id"])
    low, p, high = (scores[f"churn_probability{end}"].to_numpy() for end in ("_low", "", "_high"))
    assert (low > 0).all()
    assert (low < p).all()
    assert (p < high).all()
    assert (high < 1).all()
    assert set(scores["warning_level"].to_pylist()) == {"low", "medium", "high"}


def test_only_who_can_still_leave_is_scored(unseen: Panel):
    recent = ChurnDefinition("fixed_window", 90, window_days=30)
    found = train_churn(made_panels(), recent).score_batch(unseen.features)
    silent = unseen.features["days_since_last_order"].to_numpy()
    wanted = unseen.features.filter(pa.array(silent <= 30))["customer_id"]
    assert found["customer_id"].to_pylist() == wanted.to_pylist()


def test_a_rows_score_depends_on_the_row_alone(predictor: ChurnPredictor, unseen: Panel):
    rows = unseen.features.slice(0, 300)
    whole = predictor.score_batch(rows)
    parts = [predictor.score_batch(batch) for batch in rows.to_batches(max_chunksize=7)]
    assert pa.concat_tables(parts).equals(whole)
    order = np.random.default_rng(0).permutation(300)
    assert predictor.score_batch(rows.take(order)).equals(whole.take(order))


def test_reasons_of_the_warned_alone_are_the_same_as_among_everyones(
    predictor: ChurnPredictor, unseen: Panel
):
    everyone = predictor.score_batch(unseen.features)
    warned = predictor.score_batch(unseen.features, explained="warned")
    low = np.array(everyone["warning_level"].to_pylist()) == "low"
    given = np.array(everyone["churn_reasons"].to_pylist(), dtype=object)
    given[low] = "[]"
    assert warned["churn_reasons"].to_pylist() == given.tolist()
    assert warned.drop(["churn_reasons"]).equals(everyone.drop(["churn_reasons"]))
    with pytest.raises(OptionError, match="some"):
        predictor.score_batch(unseen.features, explained="some")


def test_no_rows_make_no_scores(predictor: ChurnPredictor, unseen: Panel):
    assert predictor.score_batch(unseen.features.slice(0, 0)).equals(SCORES.empty_table())


def test_scores_come_back_bit_for_bit_from_small_json(predictor: ChurnPredictor, unseen: Panel):
    text = json.dumps(predictor.to_dict(), allow_nan=False, indent=1)
    assert len(text) < MODEL_BYTES_MAX / 2
    again = ChurnPredictor.from_dict(json.loads(text))
    assert again.score_batch(unseen.features).equals(predictor.score_batch(unseen.features))
    assert json.dumps(again.to_dict(), indent=1) == text


def test_workers_of_an_engine_get_the_same_predictor(predictor: ChurnPredictor, unseen: Panel):
    rows = unseen.features.slice(0, 50)
    again = pickle.loads(pickle.dumps(predictor))
    assert again.score_batch(rows).equals(predictor.score_batch(rows))


def test_another_models_text_is_refused(predictor: ChurnPredictor):
    for wrong in ({"model": "Other"}, {"format": 99}):
        with pytest.raises(DefinitionError):
            ChurnPredictor.from_dict({**predictor.to_dict(), **wrong})


def test_the_same_data_and_seed_make_the_same_bytes_whatever_the_panels_order(
    predictor: ChurnPredictor,
):
    again = train_churn(made_panels()[::-1], EVERYONE)
    assert json.dumps(again.to_dict()) == json.dumps(predictor.to_dict())
    other = train_churn(made_panels(), EVERYONE, LearningOptions(seed=1))
    assert json.dumps(other.to_dict()) != json.dumps(predictor.to_dict())


def test_what_happens_after_the_origin_changes_no_score(predictor: ChurnPredictor):
    now = made_panel(NEXT, 100)
    bare = Panel(now.as_of, None, now.features, now.history, None)
    assert predictor.score_batch(bare.features).equals(predictor.score_batch(now.features))


def test_a_missing_column_is_named(predictor: ChurnPredictor, unseen: Panel):
    with pytest.raises(DataError, match="overdue_ratio"):
        predictor.score_batch(unseen.features.drop(["overdue_ratio"]))


def test_estimates_are_the_scores_and_unknown_for_who_cannot_leave(
    predictor: ChurnPredictor, unseen: Panel
):
    rows = unseen.features.slice(0, 20)
    gone = rows.set_column(
        rows.column_names.index("days_since_last_order"),
        "days_since_last_order",
        pa.array([None] * 10 + [5] * 10, pa.int64()),
    )
    p, low, high = predictor.estimates(gone)
    assert np.isnan(p).tolist() == [True] * 10 + [False] * 10
    np.testing.assert_array_equal(
        p[10:], predictor.score_batch(gone)["churn_probability"].to_numpy()
    )
    assert ((low < p) & (p < high))[10:].all()
    np.testing.assert_array_equal(predictor.probabilities(gone), p)


def test_every_method_is_what_it_is_when_trained_alone(unseen: Panel):
    panels = made_panels(customers=600)
    together = train_each(panels, EVERYONE, ("logistic", "boosted", "blend"))
    for method, found in together.items():
        alone = train_churn(panels, EVERYONE, LearningOptions(method=method))
        assert json.dumps(alone.to_dict()) == json.dumps(found.to_dict())
    margins = {
        name: found.learned.model.margin(found.learned.space.encode(unseen.features))
        for name, found in together.items()
    }
    np.testing.assert_allclose(margins["blend"], (margins["logistic"] + margins["boosted"]) / 2)


def test_the_evidence_names_its_dates_and_numbers(predictor: ChurnPredictor):
    evidence = predictor.evidence
    assert [origin.as_of for origin in evidence.origins] == list(DATES)
    assert evidence.origins[0].customers == 1500
    assert evidence.verdict == "signal"
    assert evidence.judged_on == "later_origin"
    assert evidence.notes == ()
    assert evidence.auc.low > 0.7
    assert "AUC" in evidence.texts("en")[0]
    assert "AUC" in evidence.texts("zh")[0]


def test_a_business_without_signal_is_told_so_and_everybody_gets_the_average(unseen: Panel):
    found = train_churn(made_panels(signal=False), EVERYONE)
    assert found.evidence.verdict == "no_signal"
    scores = found.score_batch(unseen.features)
    assert len(set(scores["churn_probability"].to_pylist())) == 1
    assert scores["churn_probability"][0].as_py() == pytest.approx(0.3, abs=0.04)
    assert set(scores["warning_level"].to_pylist()) == {"low"}
    assert set(scores["churn_reasons"].to_pylist()) == {"[]"}
    assert "do not tell leavers apart" in found.evidence.texts("en")[0]


def test_one_date_alone_is_judged_on_customers_left_out(unseen: Panel):
    found = train_churn(made_panels(DATES[-1:], customers=3000), EVERYONE)
    assert found.evidence.judged_on == "left_out_customers"
    assert "one_origin" in found.evidence.notes
    left = EVERYONE.labels(unseen)
    assert expected_calibration_error(left, found.probabilities(unseen.features)) < 0.04


def test_overlapping_windows_are_said():
    dates = (date(2025, 5, 1), date(2025, 6, 1))
    assert "overlapping_windows" in train_churn(made_panels(dates), EVERYONE).evidence.notes


def test_probabilities_follow_the_level_and_their_intervals_its_moves():
    panels = [made_panel(day, level=level) for day, level in zip(DATES, (0, 1.0, 1.0), strict=True)]
    found = train_churn(panels, EVERYONE)
    now = made_panel(NEXT, 3000, seed=2, level=1.0)
    left = EVERYONE.labels(now)
    everyone = found.call_list(found.probabilities(now.features), 3000)
    assert everyone.expected_precision.value == pytest.approx(left.mean(), abs=0.08)
    assert everyone.expected_precision.low <= left.mean() <= everyone.expected_precision.high
    steady = train_churn(made_panels(), EVERYONE)
    moving, still = (one.learned.calibration.drift_level for one in (found, steady))
    assert moving > 2 * still


def test_too_few_leavers_are_an_error_with_the_numbers():
    with pytest.raises(DataError, match="30 customers of whom"):
        train_churn(made_panels(DATES[:1], customers=30), EVERYONE)


def test_warnings_come_true_as_often_as_they_say(predictor: ChurnPredictor, unseen: Panel):
    left = EVERYONE.labels(unseen)
    p = predictor.probabilities(unseen.features)
    for warned in (*predictor.warned(p), predictor.call_list(p, 200), predictor.above(p, 0.5)):
        expected = warned.expected_precision
        assert expected.low <= left[warned.rows].mean() <= expected.high, warned.name
    assert predictor.call_list(p, 200).expected_precision.value > 2 * left.mean()
