from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from tenure.kernel import DataError, DefinitionError
from tenure.predictions.churn.definition import (
    ChurnDefinition,
    Standing,
    default_definition,
    definition_for,
)
from tenure.predictions.panels import Panel, panel
from tests.unit.snapshots.facts_made import act, contract, facts

AS_OF = date(2025, 7, 1)
DAY = timedelta(days=1)


def known(
    silent: list[int | None], rhythm: list[float | None] | None = None, **more: object
) -> pa.Table:
    count = len(silent)
    return pa.table(
        {
            "customer_id": [str(n) for n in range(count)],
            "as_of": pa.array([AS_OF] * count, pa.date32()),
            "days_since_last_order": pa.array(silent, pa.int64()),
            "rhythm_days": pa.array(rhythm or [None] * count, pa.float64()),
            "rhythm_source": pa.array(["own"] * count),
            "subscription_status": pa.nulls(count, pa.string()),
            **more,
        }
    )


def then(features: pa.Table, waits: list[int | None], horizon_days: int) -> Panel:
    coming = [None if wait is None else AS_OF + wait * DAY for wait in waits]
    outcome = pa.table(
        {
            "customer_id": features["customer_id"],
            "next_order_on": pa.array(coming, pa.date32()),
            "contract_ended": pa.array([None] * len(waits), pa.bool_()),
        }
    )
    return Panel(AS_OF, AS_OF + horizon_days * DAY, features, features, outcome)


def told(labels: np.ndarray) -> list[float | None]:
    return [None if np.isnan(label) else float(label) for label in labels]


def test_fixed_window_looks_at_who_ordered_within_it():
    definition = ChurnDefinition("fixed_window", 30, window_days=60)
    features = known([1, 60, 61, None])
    assert list(definition.standing(features)) == [
        Standing.AT_RISK,
        Standing.AT_RISK,
        Standing.LEFT,
        Standing.NO_ORDER,
    ]
    assert told(definition.labels(then(features, [29, None, None, 3], 30))) == [0, 1, None, None]


def test_fixed_window_without_a_window_looks_at_everyone_who_ever_ordered():
    definition = ChurnDefinition("fixed_window", 30, window_days=None)
    assert list(definition.at_risk(known([1, 999, None]))) == [True, True, False]


def test_own_rhythm_judges_each_by_her_own_limit():
    # Limits: 3 x 10 = 30 days and 3 x 20 = 60 days after the last order.
    definition = ChurnDefinition("own_rhythm", 30, multiple=3, silence_days_min=0)
    features = known([25, 25, 31, 40, None], [10.0, 20.0, 10.0, 20.0, None])
    assert list(definition.standing(features)) == [
        Standing.AT_RISK,
        Standing.TOO_EARLY,
        Standing.LEFT,
        Standing.AT_RISK,
        Standing.NO_ORDER,
    ]


def test_own_rhythm_takes_an_order_on_the_limit_as_staying_and_one_later_as_leaving():
    definition = ChurnDefinition("own_rhythm", 30, multiple=3, silence_days_min=0)
    features = known([25, 25, 25, 25], [10.0] * 4)
    labels = definition.labels(then(features, [5, 6, None, 0], 30))
    assert told(labels) == [0, 1, 1, 0]


def test_the_limit_lies_within_the_horizon_or_it_is_too_early():
    definition = ChurnDefinition("own_rhythm", 30, multiple=3, silence_days_min=0)
    # the last day of the window is the 29th after the origin: silent 1 + 29 = 30
    assert list(definition.at_risk(known([1, 0], [10.0, 10.0]))) == [True, False]


def test_no_silence_shorter_than_the_least_is_a_departure():
    definition = ChurnDefinition("own_rhythm", 60, multiple=3, silence_days_min=40)
    assert definition.limit_days(known([1, 1], [2.0, 20.0])).tolist() == [40, 60]


def test_contract_end_looks_at_running_contracts():
    data = facts(
        [act("shopper", date(2025, 6, 1))],
        subscriptions=[
            contract("stays", date(2025, 1, 1)),
            contract("ends", date(2025, 1, 1), date(2025, 7, 20)),
            contract("ended", date(2025, 1, 1), date(2025, 5, 1)),
        ],
    )
    definition = ChurnDefinition("contract_end", 30)
    seen = panel(data, as_of=AS_OF, horizon_days=30, change_days=None, known_until=date(2025, 9, 1))
    ids = seen.features["customer_id"].to_pylist()
    assert dict(zip(ids, told(definition.labels(seen)), strict=True)) == {
        "ended": None,
        "ends": 1,
        "shopper": None,
        "stays": 0,
    }
    assert definition.standing(seen.features)[ids.index("shopper")] == Standing.NO_CONTRACT


def test_an_open_window_has_no_labels():
    features = known([1])
    panel_open = Panel(AS_OF, AS_OF + 30 * DAY, features, features, None)
    with pytest.raises(DataError, match="not known yet"):
        ChurnDefinition("fixed_window", 30).labels(panel_open)


def test_a_panel_of_another_horizon_is_refused():
    with pytest.raises(DataError, match="30 days"):
        ChurnDefinition("fixed_window", 60).labels(then(known([1]), [None], 30))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gone"},
        {"horizon_days": 0},
        {"window_days": 0},
        {"multiple": 0},
        {"silence_days_min": -1},
        {"colour": "red"},
        {"horizon_days": "soon"},
    ],
)
def test_definitions_that_make_no_sense_are_refused(wrong: dict[str, object]):
    with pytest.raises(DefinitionError):
        ChurnDefinition.from_dict(wrong)


def test_a_definition_comes_back_from_plain_values_and_speaks_both_languages():
    definition = ChurnDefinition("own_rhythm", 60, multiple=2.5)
    assert ChurnDefinition.from_dict(definition.as_dict()) == definition
    assert "2.5 times" in definition.text("en")
    assert "2.5 倍" in definition.text("zh")
    assert "ever ordered" in ChurnDefinition(window_days=None).text("en")


def test_the_default_follows_contracts_then_rhythm_then_a_window():
    count = 100
    regular = known([10] * count, [12.0] * count)
    assert definition_for(regular, 90).kind == "own_rhythm"
    slow = known([10] * count, [80.0] * count)
    assert definition_for(slow, 90).kind == "fixed_window"
    others = regular.set_column(4, "rhythm_source", pa.array(["population"] * count))
    assert definition_for(others, 90).kind == "fixed_window"
    subscribed = regular.set_column(5, "subscription_status", pa.array(["active"] * count))
    chosen = definition_for(subscribed, 45)
    assert (chosen.kind, chosen.horizon_days) == ("contract_end", 45)
    assert chosen.reason is not None
    assert chosen.reason["en"].startswith("100% of the customers")
    assert "100%" in chosen.reason["zh"]


def test_the_default_reads_the_facts():
    data = facts([act("a", date(2025, 1, 1) + 10 * n * DAY) for n in range(18)], subscriptions=[])
    assert default_definition(data, as_of=AS_OF, horizon=60).kind == "own_rhythm"
