import numpy as np
import pytest

from tenure.experiments.observational.difference import (
    DifferenceInDifferences,
    PreTrend,
    difference_in_differences,
)
from tenure.experiments.observational.panels import OutcomePanel, outcome_panel
from tenure.kernel import DataError, Estimate, OptionError, Undefined


def made(
    *,
    effect: float = 2.0,
    trend: float = 0.0,
    stores: int = 20,
    customers: int = 10,
    seed: int = 1,
    jump_before: float = 0.0,
) -> OutcomePanel:
    """Return spending of stores' customers; half the stores have the action from month 6 of 10."""
    random = np.random.default_rng(seed)
    store = np.repeat(np.arange(stores), customers)
    treated = store % 2 == 0
    months = np.arange(10)
    level = random.normal(20, 5, len(store))[:, None]
    of_store = random.normal(0, 1, (stores, 10))[store]
    values = level + months + of_store + random.normal(0, 3, (len(store), 10))
    values += treated[:, None] * (effect * (months >= 6) + trend * months)
    values += treated[:, None] * jump_before * (months == 5)
    return outcome_panel(values, treated, 6, clusters=store)


def assumption(found: DifferenceInDifferences, code: str):
    return next(one for one in found.assumptions if one.code == code)


def test_a_planted_effect_is_found_although_levels_and_months_differ():
    found = difference_in_differences(made())
    assert isinstance(found.effect, Estimate)
    assert found.effect.low < 2.0 < found.effect.high
    assert found.effect.low > 0
    assert found.units == (100, 100)
    assert found.clusters == (10, 10)
    assert found.periods == (6, 4)
    assert assumption(found, "parallel_trends").holds
    assert "only if all assumptions hold" in found.text["en"]
    assert "假设" in found.text["zh"]


def test_groups_that_already_moved_apart_give_no_effect():
    found = difference_in_differences(made(effect=0.0, trend=0.8))
    assert found.effect == Undefined("pre_trends_differ")
    assert isinstance(found.difference, Estimate)
    assert found.difference.low > 0
    parallel = assumption(found, "parallel_trends")
    assert parallel.tested
    assert parallel.holds is False
    assert "no effect" in found.text["en"]


def test_the_power_of_the_pre_trend_test_is_said():
    strong = difference_in_differences(made(effect=8.0, stores=40)).pre_trend
    weak = difference_in_differences(made(effect=0.3, stores=6)).pre_trend
    assert isinstance(strong, PreTrend)
    assert isinstance(weak, PreTrend)
    assert strong.power > 0.9 > 0.3 > weak.power
    assert strong.detectable < weak.detectable
    text = assumption(difference_in_differences(made(effect=0.3, stores=6)), "parallel_trends")
    assert "chance of" in text.evidence["en"]


def test_behaving_otherwise_just_before_is_noticed():
    found = difference_in_differences(made(jump_before=4.0))
    assert assumption(found, "no_anticipation").holds is False
    assert assumption(difference_in_differences(made()), "no_anticipation").holds


def test_pretended_dates_show_nothing_where_nothing_was_done():
    found = difference_in_differences(made())
    assert [one.starts for one in found.placebos] == [1, 2, 3, 4, 5]
    assert all(one.effect.low < 0 < one.effect.high for one in found.placebos)


def test_what_the_data_cannot_say_is_named_as_untested():
    found = difference_in_differences(made())
    for code in ("no_spillover", "nothing_else"):
        one = assumption(found, code)
        assert not one.tested
        assert one.holds is None
        assert one.as_dict()["evidence"]["zh"]
    panel = made()
    once = OutcomePanel(panel.outcome[:, 5:], panel.treated, 1, panel.cluster)
    short = difference_in_differences(once)
    assert short.pre_trend == Undefined("one_period_before")
    assert not assumption(short, "parallel_trends").tested
    assert "hardly be tested" in short.text["en"]


def test_customers_of_few_stores_are_not_many_observations():
    panel = made(stores=4, customers=100)
    found = difference_in_differences(panel)
    alone = difference_in_differences(OutcomePanel(panel.outcome, panel.treated, 6, np.arange(400)))
    assert isinstance(found.difference, Estimate)
    assert isinstance(alone.difference, Estimate)
    width = found.difference.high - found.difference.low
    assert width > 3 * (alone.difference.high - alone.difference.low)
    one_store = made(stores=2)
    none = difference_in_differences(one_store)
    assert none.effect == none.difference == Undefined("too_few_clusters")
    assert none.pre_trend == Undefined("too_few_clusters")
    assert "at least two clusters" in none.text["en"]


def test_order_of_units_and_the_unit_of_money_change_nothing_else():
    panel = made()
    mixed = np.random.default_rng(0).permutation(len(panel.treated))
    one = difference_in_differences(panel).effect
    two = difference_in_differences(
        OutcomePanel(100 * panel.outcome[mixed], panel.treated[mixed], 6, panel.cluster[mixed])
    ).effect
    assert isinstance(one, Estimate)
    assert isinstance(two, Estimate)
    assert two.value == pytest.approx(100 * one.value)
    assert two.low == pytest.approx(100 * one.low)


def test_intervals_hold_the_truth_with_few_stores():
    held, refused = 0, 0
    for seed in range(200):
        found = difference_in_differences(made(stores=10, customers=3, seed=seed))
        assert isinstance(found.difference, Estimate)
        held += found.difference.low <= 2.0 <= found.difference.high
        refused += isinstance(found.effect, Undefined)
    assert 180 <= held <= 200
    assert refused <= 22  # the pre-trend test errs once in twenty


def test_what_is_no_panel_is_refused():
    values = np.zeros((4, 3))
    with pytest.raises(DataError, match="finite"):
        outcome_panel(np.full((4, 3), np.nan), [1, 1, 0, 0], 1)
    with pytest.raises(DataError, match="some treated"):
        outcome_panel(values, [1, 1, 1, 1], 1)
    with pytest.raises(OptionError, match="period 3 of 3"):
        outcome_panel(values, [1, 1, 0, 0], 3)
    with pytest.raises(DataError, match="clusters"):
        outcome_panel(values, [1, 1, 0, 0], 1, clusters=[1, 2])
    constant = difference_in_differences(outcome_panel(values, [1, 1, 0, 0], 2))
    assert constant.effect == Estimate(0.0, 0.0, 0.0, 0.95, "difference_in_differences")
