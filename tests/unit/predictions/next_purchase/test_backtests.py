from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from tenure.kernel import Estimate, OptionError, Undefined
from tenure.predictions.next_purchase.basket_backtest import (
    MODEL,
    OWN,
    OWN_AND_POPULAR,
    POPULAR,
    basket_origins,
)
from tenure.predictions.next_purchase.gaps import gap_statistics, gaps_of
from tenure.predictions.next_purchase.returns_backtest import check_returns, returns_origins
from tenure.predictions.scorecards.judging import ScorecardOptions, scorecard
from tests.unit.predictions.next_purchase.made_lines import BEGAN_ON, shoppers
from tests.unit.predictions.next_purchase.test_next_order import order_days

WORDS = {"en": "x", "zh": "某"}
OPTIONS = ScorecardOptions(definition=WORDS, population=WORDS, titles={MODEL: WORDS})


@pytest.fixture(scope="module")
def days() -> pa.Table:
    return order_days(900, seed=21)


def dates(*after: int) -> list[date]:
    return [date(2024, 1, 1) + timedelta(days=d) for d in after]


def test_dates_are_held_against_what_happened(days: pa.Table) -> None:
    origins = returns_origins(days, dates(330, 430, 530), horizon_days=100)
    check = check_returns(origins)
    assert isinstance(check.likely_coverage, Estimate)
    assert isinstance(check.widely_coverage, Estimate)
    assert check.likely_coverage.value == pytest.approx(0.5, abs=0.07)
    assert check.widely_coverage.value == pytest.approx(0.8, abs=0.06)
    assert check.verdict == "beats"
    assert check.error_days < check.naive_error_days
    assert f"{check.error_days:.1f}" in check.text["en"]
    assert f"{check.naive_error_days:.1f}" in check.text["zh"]
    assert json.loads(json.dumps(check.as_dict()))["verdict"] == "beats"


def test_each_date_knows_nothing_of_later_days(days: pa.Table) -> None:
    early = dates(330)
    whole = returns_origins(days, early, horizon_days=60)[0]
    limit = early[0] + timedelta(days=60)
    cut = days.filter([d < limit for d in days["occurred_on"].to_pylist()])
    known = returns_origins(
        pa.concat_tables([cut, days.slice(0, 1).set_column(1, "occurred_on", [[limit]])]),
        early,
        horizon_days=60,
    )[0]
    np.testing.assert_array_equal(whole.made.median, known.made.median)
    np.testing.assert_array_equal(whole.actual_days, known.actual_days)


def test_returns_make_a_scorecard(days: pa.Table) -> None:
    origins = returns_origins(days, dates(330, 430, 530), horizon_days=100)
    card = scorecard(
        "binary",
        [one.scored() for one in origins],
        model="next_order",
        rivals=("recency", "past_rate"),
        options=ScorecardOptions(definition=WORDS, population=WORDS, titles={"next_order": WORDS}),
    )
    assert card.verdict.code.value == "beats"


def test_too_few_returns_are_said() -> None:
    origins = returns_origins(order_days(25, seed=1), dates(330), horizon_days=10)
    check = check_returns(origins)
    assert check.verdict == "too_few_events"
    assert isinstance(check.gain_days, Undefined)
    assert str(check.returned) in check.text["en"]


def test_windows_must_have_closed(days: pa.Table) -> None:
    with pytest.raises(OptionError, match="2025-12-01"):
        returns_origins(days, dates(700), horizon_days=90)


def test_lists_make_a_scorecard_that_the_blend_wins() -> None:
    lines = shoppers(200)
    as_of = [BEGAN_ON + timedelta(days=d) for d in (250, 290, 330)]
    origins = basket_origins(lines, as_of, horizon_days=30)
    assert set(origins[0].predictions) == {MODEL, POPULAR, OWN, OWN_AND_POPULAR}
    card = scorecard(
        "ranking", origins, model=MODEL, rivals=(POPULAR, OWN, OWN_AND_POPULAR), options=OPTIONS
    )
    assert card.verdict.code.value == "beats"
    assert card.recommended == MODEL


def test_lists_of_a_model_that_is_not_better_are_the_simple_rule_s() -> None:
    lines = shoppers(150, habits=False)
    origin = basket_origins(lines, [BEGAN_ON + timedelta(days=330)], horizon_days=30)[0]
    np.testing.assert_array_equal(origin.predictions[MODEL], origin.predictions[OWN_AND_POPULAR])


def test_a_date_before_all_orders_is_refused() -> None:
    with pytest.raises(OptionError, match="2025-01-01"):
        basket_origins(shoppers(3), [BEGAN_ON], horizon_days=30)


def test_gaps_are_the_same_from_the_engine(days: pa.Table) -> None:
    as_of = dates(400)[0]
    activity = days.append_column("value", pa.array(np.ones(days.num_rows)))
    found = gap_statistics(activity, as_of=as_of)
    made = found.collect(found.table).sort_by("customer_id")
    plain = gaps_of(days, as_of)
    for name in made.column_names:
        assert made[name].to_pylist() == plain[name].to_pylist(), name
