from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.panels import Panel, panel
from tenure.predictions.value.choosing import Backtest, ValueFit, fit_value
from tenure.predictions.value.value_model import (
    BOOSTED,
    VALUE_SCORES,
    ValueModel,
    beside,
    past_date,
)
from tenure.simulation import planned_world
from tests.simulation.worlds import facts_of

END = date(2026, 1, 1)
DAYS = 120


@pytest.fixture(scope="module")
def panels() -> list[Panel]:
    facts, _ = facts_of(planned_world("shop", customers=1500, seed=2))
    dates = [END - timedelta(days=DAYS * k) for k in range(4, -1, -1)]
    return [
        panel(facts, as_of=day, horizon_days=DAYS, known_until=END, change_days=None)
        for day in dates
    ]


@pytest.fixture(scope="module")
def fit(panels: list[Panel]) -> ValueFit:
    return fit_value(
        panels[-1], panels[:-1], model=ValueModel(horizon_days=DAYS, margin=0.4), draws=100
    )


def test_the_scorecard_stands_on_three_dates_beside_simple_rivals(fit: ValueFit) -> None:
    card = fit.scorecard
    assert len(card.origins) == 3
    assert card.model == fit.model.method
    assert {"mean", "last_period", "rfm_cell", "purchases"} <= set(card.names)
    assert card.verdict.code.value == "beats"
    assert abs(card.reading(card.model, "total_error").value) < 0.2


def test_outcomes_lie_within_the_interval_as_often_as_said(fit: ValueFit) -> None:
    found = fit.scorecard.reading(fit.model.method, "interval_coverage").value
    assert 0.87 <= found <= 0.97


def test_scores_are_of_customers_with_an_order(fit: ValueFit, panels: list[Panel]) -> None:
    rows = beside(panels[-1])
    nobody = pa.table({n: pa.nulls(2, rows.schema.field(n).type) for n in rows.column_names})
    made = fit.model.score_batch(pa.concat_tables([rows, nobody]))
    assert made.schema == VALUE_SCORES
    assert made.num_rows == rows.num_rows
    assert made.equals(fit.model.score_batch(rows))
    value, low, high = (made[f"expected_value{end}"].to_numpy() for end in ("", "_low", "_high"))
    assert (low <= value).all()
    assert (value <= high).all()
    assert (made["active_probability"].to_numpy() >= 0).all()
    assert fit.model.score_batch(rows.slice(0, 0)).num_rows == 0


def test_margin_and_discount_are_in_the_scores(fit: ValueFit, panels: list[Panel]) -> None:
    rows = beside(panels[-1])
    plain = fit.model.predict(rows).sum()
    scored = fit.model.score_batch(rows)["expected_value"].to_numpy().sum()
    assert 0.4 * plain * 1.1 ** (-DAYS / 365) < scored < 0.4 * plain


def test_a_row_s_scores_are_its_own(fit: ValueFit, panels: list[Panel]) -> None:
    rows = beside(panels[-1])
    assert fit.model.score_batch(rows.slice(40, 5)).equals(fit.model.score_batch(rows).slice(40, 5))


@pytest.mark.parametrize("method", ["purchases", "boosted"])
def test_a_saved_model_scores_bit_for_bit_alike(panels: list[Panel], method: str) -> None:
    model = ValueModel(method, DAYS, purchases="mbg_nbd")
    model.fit(panels[-1], [past_date(one) for one in panels[1:-1]])
    text = json.dumps(model.to_dict())
    again = ValueModel.from_dict(json.loads(text))
    rows = beside(panels[-1])
    assert again.score_batch(rows).equals(model.score_batch(rows))
    assert len(text) < 1_000_000


def test_a_lifetime_is_worth_more_than_a_year(fit: ValueFit, panels: list[Panel]) -> None:
    rows = beside(panels[-1])
    rows = rows.filter(pc.is_valid(rows["repeat_order_day_count"]))
    year = fit.model.lifetime_value(rows, 365.0).sum()
    assert 0 < year < fit.model.lifetime_value(rows).sum()


def test_without_past_dates_there_are_scores_without_intervals(panels: list[Panel]) -> None:
    model = ValueModel("purchases", DAYS).fit(panels[-1])
    made = model.score_batch(beside(panels[-1]))
    assert made["expected_value_low"].null_count == made.num_rows
    assert model.history_.level_ == 1.0
    with pytest.raises(DataError, match="no past date"):
        ValueModel(BOOSTED, DAYS).fit(panels[-1])


def test_the_future_of_a_date_does_not_touch_its_forecasts(panels: list[Panel]) -> None:
    # Outcomes of the last date are only ever compared with, never learnt from.
    outcome = panels[-2].outcome
    assert outcome is not None
    doubled = pc.multiply(outcome["net_value"].cast(pa.float64()), 2.0)
    place = outcome.column_names.index("net_value")
    moved = replace(
        panels[-2],
        outcome=outcome.set_column(place, "net_value", doubled.cast(outcome["net_value"].type)),
    )
    template = ValueModel(horizon_days=DAYS, purchases="mbg_nbd")
    made = []
    for last in (panels[-2], moved):
        dates = [past_date(one) for one in (*panels[:-2], last)]
        made.append(Backtest(dates, template).origins(3)[-1])
    one, other = made
    assert np.sum(other.actual) == pytest.approx(2 * np.sum(one.actual))
    for name, forecast in one.predictions.items():
        np.testing.assert_array_equal(forecast, other.predictions[name])


def test_a_window_that_was_still_open_teaches_nothing(panels: list[Panel]) -> None:
    template = ValueModel(horizon_days=DAYS, purchases="mbg_nbd")
    still_open = panels[-2].as_of + timedelta(days=1)
    made = []
    for factor in (1.0, 5.0):
        dates = [past_date(one) for one in panels[:-1]]
        panel_before = replace(dates[-2].panel, until=still_open)
        dates[-2] = replace(dates[-2], panel=panel_before, value=dates[-2].value * factor)
        made.append(Backtest(dates, template).origins(1)[-1].predictions)
    for name, forecast in made[0].items():
        np.testing.assert_array_equal(forecast, made[1][name])


def test_where_the_past_says_nothing_the_verdict_says_so(panels: list[Panel]) -> None:
    random = np.random.default_rng(7)
    mixed = []
    for one in panels[:-1]:
        assert one.outcome is not None
        order = pa.array(random.permutation(one.outcome.num_rows))
        ids = one.outcome["customer_id"]
        outcome = one.outcome.take(order).set_column(0, "customer_id", ids)
        mixed.append(replace(one, outcome=outcome))
    template = ValueModel(horizon_days=DAYS, purchases="mbg_nbd")
    fit = fit_value(panels[-1], mixed, model=template, draws=100)
    assert fit.scorecard.verdict.code.value in ("no_signal", "not_better")
    assert fit.scorecard.recommended == "mean"


def test_too_few_dates_are_said(panels: list[Panel]) -> None:
    with pytest.raises(OptionError, match="3 past dates"):
        fit_value(panels[-1], panels[1:-1], model=ValueModel(horizon_days=DAYS))


def test_a_date_without_amounts_is_said(panels: list[Panel]) -> None:
    first = panels[0]
    assert first.outcome is not None
    place = first.outcome.column_names.index("net_value")
    nothing = pa.nulls(first.outcome.num_rows, first.outcome["net_value"].type)
    with pytest.raises(DataError, match="without amounts"):
        past_date(replace(first, outcome=first.outcome.set_column(place, "net_value", nothing)))
    with pytest.raises(DataError, match="without an outcome"):
        past_date(panels[-1])
