from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.churn.predictor import SCORES
from tenure.predictions.churn.reasons import reasons_text
from tenure.predictions.churn.table_model import ChurnModel
from tests.unit.predictions.churn.made_panels import EVERYONE, NEXT, made_panel

PANEL = made_panel(NEXT, 1200)
TABLE = PANEL.features.select(["overdue_ratio", "net_value", "attr_city", "order_count"])
LEFT = EVERYONE.labels(PANEL)
FITTED = ChurnModel().fit(TABLE, LEFT)
P = FITTED.predict_proba(TABLE)


def test_it_follows_the_conventions():
    assert FITTED.get_params() == {"method": "blend", "seed": 0, "keep": (), "threshold": 0.5}
    twin = ChurnModel(**FITTED.get_params()).set_params(threshold=0.3)
    assert not twin.is_fitted
    assert twin.fit(TABLE, LEFT) is twin
    assert P.shape == (1200, 2)
    np.testing.assert_allclose(P.sum(axis=1), 1)
    np.testing.assert_array_equal(FITTED.predict(TABLE), P[:, 1] >= 0.5)
    np.testing.assert_array_equal(twin.predict(TABLE), P[:, 1] >= 0.3)
    assert FITTED.classes_.tolist() == [0, 1]


def test_any_kind_of_table_gives_the_same_scores():
    frame = pd.DataFrame(TABLE.to_pydict()).astype({"net_value": float})
    shuffled = frame.sample(frac=1, random_state=0)
    same = [
        FITTED.predict_proba(pl.from_arrow(TABLE)),
        FITTED.predict_proba(TABLE.to_pydict()),
        FITTED.predict_proba(frame),
    ]
    for found in same:
        np.testing.assert_array_equal(found, P)
    np.testing.assert_array_equal(FITTED.predict_proba(shuffled), P[shuffled.index])


def test_labels_may_be_truth_values():
    again = ChurnModel().fit(TABLE, LEFT == 1)
    assert json.dumps(again.to_dict()) == json.dumps(FITTED.to_dict())


def test_it_comes_back_bit_for_bit():
    again = ChurnModel.from_dict(json.loads(json.dumps(FITTED.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.predict_proba(TABLE), P)
    assert again.score_batch(TABLE).equals(FITTED.score_batch(TABLE))


def test_scores_carry_interval_level_and_reasons_in_the_columns_own_words():
    scores = FITTED.score_batch(TABLE)
    assert scores.schema == SCORES
    assert scores["customer_id"].to_pylist()[:2] == ["0", "1"]
    low, high = FITTED.predict_interval(TABLE)
    np.testing.assert_array_equal(scores["churn_probability_low"].to_numpy(), low)
    assert (low < high).all()
    texts = [reasons_text(codes) for codes in scores["churn_reasons"].to_pylist()]
    assert any("city is Kiel" in text for row in texts for text in row)
    named = TABLE.append_column("customer_id", pa.array([f"k{n}" for n in range(1200)]))
    assert FITTED.score_batch(named)["customer_id"][5].as_py() == "k5"


def test_a_two_dimensional_array_is_a_table_too():
    matrix = np.random.default_rng(0).normal(size=(600, 2))
    left = (np.random.default_rng(1).random(600) < 1 / (1 + np.exp(-matrix[:, 0]))).astype(int)
    fitted = ChurnModel(method="logistic").fit(matrix, left)
    assert fitted.learned_.space.columns == ("column_0", "column_1")


def test_remarks_name_refused_columns():
    told = TABLE.append_column("churn_date", pa.array(np.where(LEFT == 1, "x", None).tolist()))
    remarks = ChurnModel().fit(told, LEFT).remarks_
    assert [(remark.column, remark.code) for remark in remarks] == [
        ("churn_date", "knows_the_future")
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ChurnModel().fit(TABLE, LEFT[:-1]),
        lambda: ChurnModel().fit(TABLE, np.where(LEFT == 1, "Yes", "No")),
        lambda: ChurnModel().fit(TABLE, LEFT * 2),
        lambda: ChurnModel().fit([1, 2], LEFT),
        lambda: ChurnModel().fit({"a": [1, "b"]}, [0, 1]),
        lambda: ChurnModel().fit(TABLE, np.zeros(1200)),
        lambda: ChurnModel().predict(TABLE),
        lambda: ChurnModel().evidence_,
        lambda: FITTED.predict(TABLE.drop(["net_value"])),
    ],
)
def test_what_cannot_be_is_said_plainly(wrong: object):
    with pytest.raises(DataError):
        wrong()


def test_a_method_that_there_is_not_is_refused():
    with pytest.raises(OptionError, match="forest"):
        ChurnModel(method="forest").fit(TABLE, LEFT)
