from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from tenure.predictions.churn.families import (
    ACTIONS,
    Family,
    families_of,
    family_of,
    is_actionable,
)
from tenure.predictions.churn.features import Feature, FeatureKind, FeatureSpace, learn_feature
from tenure.predictions.churn.naming import (
    CONTRIBUTION_MIN,
    REASONS_MAX,
    NamedFamilies,
    reason_codes,
)
from tenure.predictions.churn.predictor import ChurnPredictor
from tenure.predictions.churn.reasons import read_reasons, reasons_text
from tenure.predictions.panels import Panel
from tests.unit.predictions.churn.made_panels import NEXT, made_panel


def code(family: str, contribution: float = 0.5, **figures: object) -> str:
    return json.dumps([{"f": family, "c": contribution, "x": figures}])


def test_timing_tells_rhythm_silence_and_date():
    codes = code("timing", gap=31.0, days=74, on="2026-09-09", usual=30.0)
    assert reasons_text(codes) == (
        "Orders every 31 days on average, last one 74 days ago on 2026-09-09",
    )
    assert reasons_text(codes, "zh") == ("平均每 31 天下单一次，上次下单在 74 天前（2026-09-09）",)


def test_timing_tells_what_is_known():
    once = code("timing", gap=None, days=74, on="2026-09-09", usual=42.5)
    assert reasons_text(once) == (
        "One order day so far, 74 days ago on 2026-09-09, others order every 42.50 days",
    )
    looked = code("timing", gap=None, days=3, on="2026-09-09", usual=None)
    assert reasons_text(looked) == ("Last seen 3 days ago on 2026-09-09",)
    assert reasons_text(code("timing", gap=None, days=None)) == ("Has not been seen yet",)


@pytest.mark.parametrize(
    ("family", "figures", "english"),
    [
        (
            "frequency",
            {
                "orders": 12,
                "recent": 1,
                "before": 4.0,
                "typical_orders": 6.0,
                "typical_recent": 2.0,
            },
            "12 orders so far, 1 in the last 90 days, 4 in the 90 before (typical: 6 and 2)",
        ),
        (
            "spend",
            {"value": 1234.5, "recent": 0.0, "typical_value": 99.5, "typical_recent": 10.0},
            "Spent 1,234 so far, 0 in the last 90 days (typical: 99.50 and 10)",
        ),
        ("returns", {"returned": 20.0, "bought": 80.0}, "Sent back goods for 20 out of 80"),
        (
            "variety",
            {"products": 1, "categories": None, "typical_products": 4.0},
            "Bought 1 different products in unknown categories (typical: 4)",
        ),
        (
            "tenure",
            {"days": 12, "on": "2026-09-09", "typical_days": 400.0},
            "Known for 12 days, since 2026-09-09 (typical: 400)",
        ),
        ("channel", {"first": "web", "last": None}, "First order by web, last by unknown"),
        ("source", {"source": "ads"}, "Came from ads"),
        (
            "contract",
            {"plan": "plus", "on": "2026-01-01", "value": 9.9},
            "On plan plus since 2026-01-01, 9.90 per cycle",
        ),
        (
            "column:attr_home_city",
            {"value": "Ulm", "typical": "Bonn"},
            "home city is Ulm (typical: Bonn)",
        ),
    ],
)
def test_every_family_speaks_both_languages(family: str, figures: dict[str, object], english: str):
    assert reasons_text(code(family, **figures)) == (english,)
    (chinese,) = reasons_text(code(family, **figures), "zh")
    assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese)
    assert "{" not in chinese


def test_direction_and_action_are_told_apart():
    (raising,) = read_reasons(code("timing", 0.5, days=3, on="2026-09-09"), "en")
    assert (raising.raises, raising.actionable) == (True, True)
    assert raising.action == "Get in touch now, with a reason to come back"
    (lowering,) = read_reasons(code("tenure", -0.5, days=3), "zh")
    assert (lowering.raises, lowering.actionable, lowering.action) == (False, False, None)
    assert all(set(texts) == {"en", "zh"} for texts in ACTIONS.values())


def test_no_score_has_no_reasons():
    assert reasons_text(None) == ()
    assert reasons_text("[]") == ()


def test_columns_of_one_story_are_one_family():
    assert family_of("overdue_ratio") == family_of("days_since_last_order") == "timing"
    assert family_of("change_30_days_order_count_90_days") == "frequency"
    assert family_of("attr_city") == "column:attr_city"
    assert is_actionable("returns")
    assert not is_actionable("source")


def test_a_column_speaks_for_itself_where_its_family_cannot_be_told():
    (family,) = families_of(FeatureSpace((Feature("overdue_ratio", FeatureKind.NUMBER),)))
    assert family.name == "column:overdue_ratio"


def stored(predictor: ChurnPredictor, panel: Panel) -> list[list[dict[str, object]]]:
    scores = predictor.score_batch(panel.features)
    return [json.loads(codes) for codes in scores["churn_reasons"].to_pylist()]


def test_reasons_raise_the_score_strongest_first_or_one_lowers_it(
    predictor: ChurnPredictor, unseen: Panel
):
    given = stored(predictor, unseen)
    slope = predictor.learned.calibration.slope
    for reasons in given:
        sizes = [reason["c"] for reason in reasons]
        assert len(sizes) <= REASONS_MAX
        assert sizes == sorted(sizes, reverse=True)
        assert all(size > 0 for size in sizes) or len(sizes) == 1
        assert all(abs(size) > CONTRIBUTION_MIN * slope * 0.999 for size in sizes)
    assert sum(bool(reasons) for reasons in given) > 0.95 * len(given)


def test_warned_customers_have_a_reason_that_raises_their_score(
    predictor: ChurnPredictor, unseen: Panel
):
    scores = predictor.score_batch(unseen.features)
    warned = scores.filter(pa.array(scores["warning_level"].to_numpy() == "high"))
    first = [json.loads(codes)[0] for codes in warned["churn_reasons"].to_pylist()]
    assert warned.num_rows > 300
    assert all(reason["c"] > 0 for reason in first)
    assert {reason["f"] for reason in first} <= {"timing", "spend", "column:attr_city", "frequency"}


def test_taking_a_named_reason_away_moves_the_score_against_it(
    predictor: ChurnPredictor, unseen: Panel
):
    space, model = predictor.learned.space, predictor.learned.model
    matrix = space.encode(unseen.features)
    margin = model.margin(matrix)
    families = {family.name: list(family.places) for family in families_of(space)}
    checked = 0
    for row, reasons in enumerate(stored(predictor, unseen)):
        for reason in reasons:
            places = families[reason["f"]]
            without = matrix[row : row + 1].copy()
            without[:, places] = space.typical[places]
            move = margin[row] - model.margin(without)[0]
            assert np.sign(move) == np.sign(reason["c"])
            checked += 1
    assert checked > 3000


def test_figures_are_the_customers_own(predictor: ChurnPredictor, unseen: Panel):
    rows = unseen.features.to_pylist()
    told = 0
    for row, reasons in zip(rows, stored(predictor, unseen), strict=True):
        for reason in reasons:
            figures = reason["x"]
            if reason["f"] == "timing":
                assert figures["days"] == row["days_since_last_order"]
                assert figures["on"] == row["last_order_on"].isoformat()
                told += 1
            if reason["f"] == "spend":
                assert figures["value"] == pytest.approx(float(row["net_value"]), rel=1e-5)
                assert "typical_value" in figures
                told += 1
    assert told > 1000


def test_who_never_ordered_is_told_by_when_she_was_seen():
    table = made_panel(NEXT, 10).features
    for name in ("days_since_last_order", "last_order_on", "mean_gap_days", "rhythm_days"):
        field = table.schema.field(name)
        table = table.set_column(table.column_names.index(name), field, pa.nulls(10, field.type))
    seen = table["last_activity_on"][0].as_py()
    names = ("overdue_ratio", "last_activity_on")
    space = FeatureSpace(tuple(learn_feature(name, table[name]) for name in names))
    assert families_of(space) == (Family("timing", (0, 1)),)
    named = NamedFamilies(np.zeros((10, 1), np.int64), np.ones((10, 1)))
    (sentence,) = reasons_text(reason_codes(named, space, table, 1.0)[0])
    assert sentence == f"Last seen {(NEXT - seen).days} days ago on {seen}"
