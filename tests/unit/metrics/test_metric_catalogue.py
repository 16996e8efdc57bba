"""The catalogue and the shape of results, which the command line, docs and report rely on."""

from __future__ import annotations

import inspect
import json
from decimal import Decimal

import pyarrow as pa
import pytest

from tenure.kernel import OptionError
from tenure.metrics import METRICS, churn_by_label, retention, totals
from tenure.metrics.options import OPTION_TYPES
from tenure.metrics.results import money_text

NAMES = [
    "totals",
    "retention",
    "cohorts",
    "lifecycle",
    "rfm",
    "repeat",
    "intervals",
    "revenue",
    "growth",
    "stickiness",
]
SHARED = {"data", "columns", "calendar", "as_of"}
NOT_OFFERED = {"rfm": {"cuts"}}


def test_every_metric_is_listed_in_order():
    assert list(METRICS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_options_are_those_of_the_function_with_the_same_defaults(name: str):
    parameters = inspect.signature(METRICS[name].function).parameters
    own = {n: p for n, p in parameters.items() if n not in SHARED | NOT_OFFERED.get(name, set())}
    assert [option.name for option in METRICS[name].options] == list(own)
    for option in METRICS[name].options:
        assert option.default == own[option.name].default
        assert option.type in OPTION_TYPES
        assert bool(option.choices) == (option.type == "choice")
        assert option.flag.startswith("--")


@pytest.mark.parametrize("name", NAMES)
def test_everything_shown_is_said_in_both_languages(name: str):
    spec = METRICS[name]
    texts = [spec.title, spec.definition, *spec.meaning.edges, *(o.text for o in spec.options)]
    for text in texts:
        assert set(text) == {"en", "zh"}
        assert text["en"].isascii()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text["zh"])
    assert spec.meaning.formula


def test_results_say_how_they_came_about_and_survive_json(orders):
    result = retention(orders("a 2020-01-05", "a 2020-02-29"), period="month")
    plain = json.loads(json.dumps(result.as_dict(), allow_nan=False))
    definition = plain["definition"]
    assert (definition["active_rule"], definition["period"]) == ("orders", "month")
    assert (definition["timezone"], definition["as_of"]) == ("UTC", "2020-03-01")
    assert "at least one order" in definition["text"]["en"]
    assert plain["warnings"][0]["code"] == "left_censored"
    assert plain["rows"][1]["retained"] == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2500315.6300", "2500315.63"),
        ("10", "10.00"),
        ("0.1250", "0.125"),
        ("-1E+3", "-1000.00"),
        ("0", "0.00"),
        ("99999999999999999999999999.9999", "99999999999999999999999999.9999"),
    ],
)
def test_money_keeps_its_digits(value: str, text: str):
    assert money_text(Decimal(value)) == text


def test_money_leaves_as_text(orders):
    (row,) = totals(orders("a 2020-01-05 0.125")).as_dict()["rows"]
    assert row["net_value"] == "0.125"


def test_a_cell_must_be_named_by_its_keys(orders):
    result = retention(orders("a 2020-01-05", "a 2020-02-29"))
    with pytest.raises(OptionError, match="period"):
        result.drill()
    with pytest.raises(OptionError, match="measure 'rate'"):
        result.drill(period="2020-02", measure="rate")
    with pytest.raises(OptionError, match=r"2020-01 \.\. 2020-02"):
        result.drill(period="2021-02")


def test_labels_in_words_and_numbers_are_understood_and_others_are_unknown():
    labels = ["Yes", "no ", "TRUE", "0", "是", "否", "maybe", None]
    data = pa.table({"id": [str(n) for n in range(8)], "left": labels})
    (row,) = churn_by_label(data, churned="left").rows()
    assert (row["customers"], row["churned"], row["unknown"]) == (6, 3, 2)
    assert row["churn_rate"] == 0.5
    nobody = pa.table({"id": ["1"], "left": ["?"]})
    (row,) = churn_by_label(nobody, churned="left").rows()
    assert (row["churn_rate"], row["reason"]) == (None, "no_customers")
