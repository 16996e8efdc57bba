"""Sample sizes, detectable effects, durations and the check of the split."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.experiments.effects import (
    Baseline,
    ConfidenceSequence,
    GroupSequential,
    baseline,
    customers_needed,
    detectable_effect,
    duration,
    power,
    rate_baseline,
    sample_ratio,
    sequential_sample_ratio,
    statistics_from_arrays,
)
from tenure.experiments.effects.power import with_variance_ratio
from tenure.kernel import OptionError, Undefined

SPEND = Baseline(20.0, 900.0)


@pytest.mark.parametrize("given", [SPEND, rate_baseline(0.1)])
@pytest.mark.parametrize("shares", [{"a": 1, "b": 1}, {"a": 1, "b": 9}])
@pytest.mark.parametrize("mode", [None, ConfidenceSequence(), GroupSequential((0.5, 1.0))])
def test_size_power_and_detectable_effect_undo_each_other(given, shares, mode):
    size = customers_needed(given, 0.05, shares=shares, mode=mode)
    assert power(given, 0.05, size.customers, mode=mode) == pytest.approx(0.8, abs=2e-3)
    found = detectable_effect(given, size.customers, mode=mode)
    assert found == pytest.approx(0.05, rel=2e-3)


def test_a_small_holdout_needs_more_customers_in_all():
    even = customers_needed(SPEND, 0.05).total
    small = customers_needed(SPEND, 0.05, shares={"holdout": 0.1, "treated": 0.9}).total
    assert small == pytest.approx(even * 0.25 / 0.09, rel=0.01)


def test_earlier_behaviour_saves_the_share_of_customers_that_it_explains():
    plain = customers_needed(SPEND, 0.05).total
    adjusted = customers_needed(with_variance_ratio(SPEND, 1 - 0.7**2), 0.05).total
    assert adjusted == pytest.approx(plain * 0.51, rel=0.01)


def test_more_looks_need_more_customers():
    modes = (
        None,
        GroupSequential((0.25, 0.5, 0.75, 1.0)),
        ConfidenceSequence(tuning_customers=20000),
    )
    sizes = [customers_needed(SPEND, 0.05, mode=mode).total for mode in modes]
    assert sizes == sorted(sizes)
    assert sizes[1] < 1.05 * sizes[0]


def test_the_customers_own_scatter_is_taken_from_the_past():
    rng = np.random.default_rng(1)
    orders = 1.0 + rng.poisson(2, 3000)
    spent = orders * rng.gamma(2, 10, 3000)
    (past,) = statistics_from_arrays(["past"] * 3000, spent, denominator=orders)
    mean, ratio = baseline(past), baseline(past, kind="ratio")
    assert (mean.value, mean.unit_variance) == pytest.approx((spent.mean(), spent.var(ddof=1)))
    assert ratio.value == pytest.approx(spent.sum() / orders.sum())
    rest = (spent - ratio.value * orders) / orders.mean()
    assert ratio.unit_variance == pytest.approx(rest.var(ddof=1))


def test_clusters_are_counted_in_customers():
    rng = np.random.default_rng(2)
    store = np.repeat(np.arange(80), 25)
    outcome = rng.normal(20, 5, 2000) + rng.normal(0, 3, 80)[store]
    (past,) = statistics_from_arrays(["past"] * 2000, outcome, cluster=store)
    (single,) = statistics_from_arrays(["past"] * 2000, outcome)
    found = baseline(past)
    assert found.members == 25
    needed = [customers_needed(one, 0.05).total for one in (found, baseline(single))]
    assert needed[0] > 4 * needed[1]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (lambda: customers_needed(SPEND, 0.0), "no_effect_to_find"),
        (lambda: customers_needed(SPEND, 1e-9), "never_enough_customers"),
        (lambda: customers_needed(SPEND, 0.1, shares={"holdout": 0, "all": 1}), "no_holdout"),
        (lambda: customers_needed(Baseline(0.0, 1.0), 0.1), "baseline_near_zero"),
        (lambda: customers_needed(rate_baseline(0.9), 0.2), "rate_beyond_one"),
        (lambda: detectable_effect(rate_baseline(0.5), {"a": 3, "b": 3}), "nothing_detectable"),
        (lambda: power(SPEND, 0.1, {"a": 0, "b": 9}), "no_holdout"),
        (lambda: rate_baseline(0.0), "no_variance"),
        (lambda: duration(100, [1.0] * 7 + [0.0] * 28), "never_enough_customers"),
        (lambda: duration(10**9, [1.0] * 14), "never_enough_customers"),
    ],
)
def test_what_cannot_be_planned_says_why(found, reason):
    assert found() == Undefined(reason)


def test_an_experiment_takes_whole_weeks_and_the_time_of_the_outcome():
    known = duration(100, [30.0] * 14, outcome_days=28)
    assert (known.enrolling_days, known.days, known.is_extrapolated) == (7, 35, False)
    # 1,000 come at once, then 10 a day: the rush is not carried on
    later = duration(1500, [1000.0] + [10.0] * 29, share=1.0)
    assert (later.enrolling_days, later.is_extrapolated) == (56, True)
    assert duration(100, [30.0] * 14, share=0.1).enrolling_days == 35


def test_weights_of_nothing_count_neither_arms_nor_degrees():
    found = sample_ratio({"a": 500, "b": 520}, {"a": 1, "b": 1, "retired": 0})
    assert found.degrees == 1
    assert not found.is_broken
    assert sample_ratio({"a": 5, "b": 5, "retired": 1}, {"a": 1, "b": 1, "retired": 0}).is_broken


def test_a_split_without_customers_cannot_be_checked():
    for check in (sample_ratio, sequential_sample_ratio):
        found = check({}, {"a": 1, "b": 1})
        assert found.p_value == Undefined("nothing_to_compare")
        assert not found.is_broken
        with pytest.raises(OptionError):
            check({"a": 1}, {"a": 0.0})


def test_the_sequential_check_finds_a_lost_arm_and_leaves_chance_alone():
    weights = {"a": 1, "b": 1}
    assert not sequential_sample_ratio({"a": 10_000, "b": 10_100}, weights).is_broken
    assert sequential_sample_ratio({"a": 10_000, "b": 10_700}, weights).is_broken
    assert sequential_sample_ratio({"a": 100_000, "b": 0}, weights).p_value == 0.0
