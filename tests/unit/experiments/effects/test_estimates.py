"""Every estimate keeps its promises on small data that can be followed by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy import stats

from tenure.experiments.effects import (
    ConfidenceSequence,
    FixedHorizon,
    GroupSequential,
    Margin,
    NormalPrior,
    benjamini_hochberg,
    complier_effect,
    guardrail,
    holm,
    mean_effect,
    posterior,
    pre_period,
    proportion_effect,
    quantile_effect,
    quantile_statistics_from_arrays,
    ratio_effect,
    statistics_from_arrays,
    stratified_effect,
    stratum_effects,
)
from tenure.experiments.effects.means import mean_contrast
from tenure.experiments.effects.moments import moments_of
from tenure.kernel import DataError, Estimate, OptionError, Undefined

DAY = date(2026, 3, 1)


def two(outcome_of, *, customers=2000, seed=3, **more):
    rng = np.random.default_rng(seed)
    arm = np.repeat(["control", "treatment"], customers)
    made = outcome_of(rng, arm == "treatment")
    return statistics_from_arrays(arm, **made, **more)


def spend(rng, treated):
    return {"outcome": rng.gamma(0.5, 40, len(treated)) * np.where(treated, 1.1, 1.0)}


def test_interval_and_p_value_and_both_scales_agree_in_every_mode():
    modes = (FixedHorizon(), ConfidenceSequence(), GroupSequential((0.5, 1.0)))
    for seed in range(40):
        arms = two(spend, seed=seed)
        for mode in modes:
            found = mean_effect(*arms, mode=mode)
            is_shown = found.p_value < 0.05
            for one in (found.absolute, found.relative):
                assert isinstance(one, Estimate)
                assert one.low <= one.value <= one.high
                assert (one.low > 0 or one.high < 0) == is_shown


def test_rates_agree_on_both_scales_too():
    for successes in range(100, 190, 3):
        outcome = np.concatenate([np.arange(1000) < 130, np.arange(1000) < successes])
        arms = statistics_from_arrays(np.repeat(["a", "b"], 1000), outcome.astype(float))
        found = proportion_effect(*arms)
        for one in (found.absolute, found.relative):
            assert (one.low > 0 or one.high < 0) == (found.p_value < 0.05)


def test_reading_again_and_again_costs_width():
    arms = two(spend)
    widths = [
        found.high - found.low
        for mode in (FixedHorizon(), GroupSequential((0.5, 1.0)), ConfidenceSequence())
        if isinstance(found := mean_effect(*arms, mode=mode).absolute, Estimate)
    ]
    assert widths == sorted(widths)
    assert len(set(widths)) == 3


def test_a_relative_effect_keeps_its_direction_where_the_control_is_below_zero():
    def loss(rng, treated):
        return {"outcome": rng.normal(-50, 5, len(treated)) + 5 * treated}

    found = mean_effect(*two(loss))
    assert found.relative.value == pytest.approx(0.1, abs=0.01)
    assert 0 < found.relative.low < found.relative.high


def test_a_percentage_of_nearly_nothing_is_undefined():
    found = mean_effect(*two(lambda rng, treated: {"outcome": rng.normal(0, 5, len(treated))}))
    assert isinstance(found.absolute, Estimate)
    assert found.relative == Undefined("baseline_near_zero")


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 / 3])
def test_customers_all_alike_leave_nothing_to_judge(value):
    found = mean_effect(*two(lambda rng, treated: {"outcome": np.full(len(treated), value)}))
    assert found.absolute == found.p_value == Undefined("no_variance")


def test_large_amounts_keep_the_digits_of_their_differences():
    rng = np.random.default_rng(4)
    outcome = rng.normal(0, 1, 2000)
    near, far = (
        mean_effect(*statistics_from_arrays(np.repeat(["a", "b"], 1000), outcome + shift))
        for shift in (0.0, 1e9)
    )
    assert far.p_value == pytest.approx(near.p_value, rel=1e-5)


def test_orders_of_one_customer_are_not_independent():
    rng = np.random.default_rng(5)
    arm = np.repeat(["a", "b"], 1000)
    orders = 1.0 + rng.poisson(4, 2000)
    level = rng.gamma(2, 10, 2000)
    total = orders * level
    found = ratio_effect(*statistics_from_arrays(arm, total, denominator=orders))
    means = [total[arm == name].sum() / orders[arm == name].sum() for name in ("a", "b")]
    assert found.absolute.value == pytest.approx(means[1] - means[0])
    per_order = np.repeat(level, orders.astype(int))
    of = np.repeat(arm, orders.astype(int))
    naive = stats.sem(per_order[of == "a"]) ** 2 + stats.sem(per_order[of == "b"]) ** 2
    assert found.standard_error > 1.8 * naive**0.5


def test_clusters_are_the_units_where_they_were_assigned():
    rng = np.random.default_rng(6)
    cluster = np.repeat(np.arange(60), 50)
    arm = np.where(cluster % 2, "b", "a")
    outcome = rng.normal(20, 2, 3000) + rng.normal(0, 3, 60)[cluster]
    plain = mean_effect(*statistics_from_arrays(arm, outcome))
    found = mean_effect(*statistics_from_arrays(arm, outcome, cluster=cluster))
    means = outcome.reshape(60, 50).mean(1)
    oracle = stats.ttest_ind(means[1::2], means[::2], equal_var=False)
    assert found.units == 60
    assert found.absolute.value == pytest.approx(plain.absolute.value)
    assert found.p_value == pytest.approx(oracle.pvalue, rel=1e-9)
    assert found.standard_error > 4 * plain.standard_error


def test_a_cluster_in_two_arms_is_an_error():
    with pytest.raises(DataError, match="1 clusters with customers in several arms"):
        statistics_from_arrays(["a", "b", "b"], [1.0, 2.0, 3.0], cluster=["x", "x", "y"])


def with_past(rng, treated):
    past = rng.gamma(2, 10, len(treated))
    return {"outcome": past + rng.normal(0, 5, len(treated)) + treated, "covariate": past}


def test_cuped_is_the_regression_on_the_past():
    arms = two(with_past)
    adjustment = pre_period(arms, measured_until=DAY, exposed_from=DAY)
    found, plain = mean_effect(*arms, pre_period=adjustment), mean_effect(*arms)
    assert found.method == "cuped"
    ratio = (found.standard_error / plain.standard_error) ** 2
    assert ratio == pytest.approx(adjustment.variance_ratio, rel=0.02)
    assert found.control_value == plain.control_value


def test_relative_ends_solve_fiellers_equation():
    arms = two(with_past, customers=60)
    adjustment = pre_period(arms, measured_until=DAY, exposed_from=DAY)
    given = mean_contrast(*arms, pre_period=adjustment)
    found = mean_effect(*arms, pre_period=adjustment).relative
    reach = stats.t.ppf(0.975, given.degrees)
    for end in (found.low, found.high):
        variance = given.variance - 2 * end * given.covariance + end**2 * given.baseline_variance
        gap = given.difference - end * given.baseline
        assert gap**2 == pytest.approx(reach**2 * variance, rel=1e-9)


def test_the_controls_figures_do_not_depend_on_the_arm_compared():
    rng = np.random.default_rng(7)
    arm = np.repeat(["a", "b", "c"], [500, 700, 900])
    past = rng.gamma(2, 10, 2100)
    arms = statistics_from_arrays(arm, past + rng.normal(0, 3, 2100), covariate=past)
    adjustment = pre_period(arms, measured_until=DAY, exposed_from=DAY)
    one, other = (mean_effect(arms[0], arm_, pre_period=adjustment) for arm_ in arms[1:])
    assert one.control_value == other.control_value
    both = one.absolute.value - other.absolute.value
    direct = mean_effect(arms[2], arms[1], pre_period=adjustment).absolute.value
    assert both == pytest.approx(direct, abs=1e-9)


@pytest.mark.parametrize("past", [0.0, 5.0])
def test_a_past_that_is_the_same_for_all_takes_nothing_off(past):
    def made(rng, treated):
        return {**spend(rng, treated), "covariate": np.full(len(treated), past)}

    arms = two(made)
    adjustment = pre_period(arms, measured_until=DAY, exposed_from=DAY)
    assert (adjustment.theta, adjustment.variance_ratio) == (0.0, 1.0)
    adjusted, plain = mean_effect(*arms, pre_period=adjustment), mean_effect(*arms)
    assert adjusted.absolute.value == plain.absolute.value
    assert adjusted.standard_error == plain.standard_error


def test_what_was_measured_after_exposure_is_refused():
    arms = two(with_past)
    with pytest.raises(OptionError, match="ends before anybody can be treated"):
        pre_period(arms, measured_until=date(2026, 3, 2), exposed_from=DAY)


def test_strata_take_out_what_lies_between_them():
    rng = np.random.default_rng(8)
    stratum = rng.choice(["north", "south", "tiny"], 4000, p=[0.5, 0.498, 0.002])
    arm = np.repeat(["a", "b"], 2000)
    outcome = rng.normal(10, 2, 4000) + 20 * (stratum == "south") + (arm == "b")
    arms = statistics_from_arrays(arm, outcome, stratum=stratum)
    found, plain = stratified_effect(*arms), mean_effect(*arms)
    assert found.notes == ("small_strata_merged",)
    assert found.absolute.low < 1 < found.absolute.high
    assert found.standard_error < 0.35 * plain.standard_error


def test_strata_are_weighted_by_their_customers():
    arm = ["a"] * 40 + ["b"] * 60
    stratum = ["x"] * 20 + ["y"] * 20 + ["x"] * 20 + ["y"] * 40
    base = np.where(np.array(stratum) == "x", 10.0, 30.0) + np.tile([-1.0, 1.0], 50)
    lift = np.where(np.array(stratum) == "x", 2.0, 7.0) * (np.array(arm) == "b")
    found = stratified_effect(*statistics_from_arrays(arm, base + lift, stratum=stratum))
    # 40 customers of x gained 2, 60 of y gained 7
    assert found.absolute.value == pytest.approx(5.0)
    assert found.control_value == pytest.approx(0.4 * 10 + 0.6 * 30)
    within = sum(
        weight**2 * size / (size - 1) / size
        for weight, sizes in ((0.4, (20, 20)), (0.6, (20, 40)))
        for size in sizes
    )
    between = (0.4 * 3.0**2 + 0.6 * 2.0**2) / 100
    assert found.standard_error**2 == pytest.approx(within + between)


def test_one_stratum_is_welch():
    arms = two(lambda rng, treated: {**spend(rng, treated), "stratum": ["all"] * len(treated)})
    found, plain = stratified_effect(*arms), mean_effect(*arms)
    assert found.absolute.low == pytest.approx(plain.absolute.low, rel=1e-9)
    assert found.relative.high == pytest.approx(plain.relative.high, rel=1e-9)


def test_strata_that_gain_are_told_from_those_that_lose():
    rng = np.random.default_rng(18)
    stratum = rng.choice(["new", "old"], 4000)
    arm = np.repeat(["a", "b"], 2000)
    lift = np.where(stratum == "new", 1.0, -1.0) * (arm == "b")
    noise = rng.normal(10, 3, 4000)
    found = stratum_effects(*statistics_from_arrays(arm, noise + lift, stratum=stratum))
    new, old = found.strata
    assert (new.stratum, old.stratum) == ("new", "old")
    assert new.effect.absolute.low < 1 < new.effect.absolute.high
    assert old.effect.absolute.low < -1 < old.effect.absolute.high
    assert new.corrected_p_value >= new.effect.p_value
    assert found.difference_p_value < 1e-6
    arms = statistics_from_arrays(arm, noise + 0.5 * lift + 3 * (arm == "b"), stratum=stratum)
    both = stratum_effects(*arms)
    new, old = (one.effect for one in both.strata)
    gap = new.absolute.value - old.absolute.value
    error = np.hypot(new.standard_error, old.standard_error)
    wanted = 2 * stats.norm.sf(gap / error)
    assert both.difference_p_value / wanted == pytest.approx(1, rel=1e-6)
    alike = stratum_effects(*statistics_from_arrays(arm, noise, stratum=stratum))
    assert alike.difference_p_value > 0.01


def test_one_stratum_cannot_differ():
    arms = two(lambda rng, treated: {**spend(rng, treated), "stratum": ["all"] * len(treated)})
    assert stratum_effects(*arms).difference_p_value == Undefined("too_few_strata")


def test_a_quantile_has_the_interval_of_its_neighbours():
    rng = np.random.default_rng(9)
    outcome = rng.exponential(10, 8000)
    outcome[4000:] *= 1.3
    arms = quantile_statistics_from_arrays(np.repeat(["a", "b"], 4000), outcome, level=0.5)
    found = quantile_effect(*arms)
    # density of the exponential distribution at its median is 1 / (2 * mean)
    theory = np.hypot(10, 13) / np.sqrt(4000)
    assert arms[0].value == np.median(outcome[:4000])
    assert found.standard_error == pytest.approx(theory, rel=0.15)
    assert found.absolute.low < 3 * np.log(2) < found.absolute.high


def test_a_quantile_of_clusters_is_less_sure():
    rng = np.random.default_rng(10)
    cluster = np.repeat(np.arange(100), 40)
    outcome = rng.normal(0, 1, 4000) + rng.normal(10, 1, 100)[cluster]
    arm = np.where(cluster % 2, "b", "a")
    plain = quantile_effect(*quantile_statistics_from_arrays(arm, outcome, level=0.5))
    arms = quantile_statistics_from_arrays(arm, outcome, level=0.5, cluster=cluster)
    assert arms[0].units == 50
    assert quantile_effect(*arms).standard_error > 2 * plain.standard_error


def test_a_median_among_noughts_is_undefined():
    outcome = np.tile([0.0, 0.0, 0.0, 9.0], 100)
    arms = quantile_statistics_from_arrays(np.repeat(["a", "b"], 200), outcome, level=0.5)
    assert quantile_effect(*arms).absolute == Undefined("quantile_on_heaped_values")


def test_capped_spend_is_cut_at_one_limit_for_all_arms():
    outcome = np.array([*range(100), *range(100, 200)], dtype=float)
    arms = statistics_from_arrays(np.repeat(["a", "b"], 100), outcome, winsorise_share=0.9)
    assert {arm.cap for arm in arms} == {np.quantile(outcome, 0.9)}
    assert [arm.capped for arm in arms] == [0, 20]


def taking_part(rng, treated):
    complier = rng.random(len(treated)) < 0.4
    received = complier & treated
    outcome = rng.normal(10, 3, len(treated)) + 4 * complier + 2 * received
    return {"outcome": outcome, "received": received}


def test_who_took_part_is_told_from_who_was_asked():
    arms = two(taking_part, customers=5000)
    found = complier_effect(*arms)
    assert found.absolute.low < 2 < found.absolute.high
    assert found.took_part.value == pytest.approx(0.4, abs=0.03)
    asked = mean_effect(*arms).absolute
    assert found.absolute.value == pytest.approx(asked.value / found.took_part.value)


def test_the_interval_of_compliers_is_that_of_two_stage_least_squares():
    rng = np.random.default_rng(13)
    treated = np.repeat([0.0, 1.0], [300, 500])
    received = ((rng.random(800) < 0.5) & (treated == 1)).astype(float)
    outcome = rng.normal(10, 3, 800) + 4 * received
    arm = np.where(treated == 1, "b", "a")
    found = complier_effect(*statistics_from_arrays(arm, outcome, received=received))
    slope = np.cov(treated, outcome)[0, 1] / np.cov(treated, received)[0, 1]
    rest = outcome - slope * received
    variance = sum(rest[treated == side].var(ddof=1) / (treated == side).sum() for side in (0, 1))
    error = variance**0.5 / (received[treated == 1].mean())
    assert found.absolute.value == pytest.approx(slope)
    reach = stats.t.ppf(0.975, 798)
    assert found.absolute.high - slope == pytest.approx(reach * error)


def test_where_hardly_anybody_took_part_nothing_is_claimed():
    def hardly(rng, treated):
        return {
            "outcome": rng.normal(size=len(treated)),
            "received": treated & (rng.random(len(treated)) < 0.001),
        }

    assert complier_effect(*two(hardly)).absolute == Undefined("too_few_took_part")


def test_a_rate_takes_noughts_and_ones_only():
    arms = two(spend)
    with pytest.raises(DataError, match="0 or 1 for every customer"):
        proportion_effect(*arms)


def test_nobody_at_all_still_has_an_upper_end():
    arms = statistics_from_arrays(np.repeat(["a", "b"], 500), np.zeros(1000))
    found = proportion_effect(*arms)
    assert found.absolute.value == 0
    assert -0.01 < found.absolute.low < 0 < found.absolute.high < 0.01
    assert found.p_value == Undefined("no_variance")
    assert found.relative == Undefined("baseline_near_zero")


def test_customers_with_unknown_outcomes_are_counted_and_left_out():
    arms = statistics_from_arrays(
        ["a", "a", "a", "b"], [1.0, np.nan, 3.0, np.inf], arms=("a", "b", "c")
    )
    assert [(arm.customers, arm.missing, arm.moments.count) for arm in arms] == [
        (3, 1, 2),
        (1, 1, 0),
        (0, 0, 0),
    ]
    assert mean_effect(arms[0], arms[1]).absolute == Undefined("too_few_customers")
    assert mean_effect(arms[0], arms[2]).absolute == Undefined("empty_arm")


def test_parts_add_up_to_the_whole():
    rng = np.random.default_rng(12)
    columns = {"outcome": rng.normal(1e6, 3, 500), "covariate": rng.normal(-4, 9, 500)}
    whole = moments_of(columns)
    parts = [
        moments_of({k: v[rows] for k, v in columns.items()}) for rows in (slice(7), slice(7, None))
    ]
    joined = parts[0].merged(parts[1])
    assert joined.count == whole.count
    assert joined.means == pytest.approx(whole.means, rel=1e-13)
    assert np.array(joined.products) == pytest.approx(np.array(whole.products), rel=1e-9)


def test_corrections_are_the_textbooks():
    given = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005, "e": Undefined("no_variance")}
    assert holm(given) == {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02, "e": given["e"]}
    found = benjamini_hochberg(given)
    oracle = stats.false_discovery_control([0.01, 0.04, 0.03, 0.005], method="bh")
    assert [found[key] for key in "abcd"] == pytest.approx(oracle)


def effect_with(low: float, value: float, high: float):
    base = mean_effect(*two(spend))
    return replace(base, relative=Estimate(value, low, high, 0.95, "welch"))


@pytest.mark.parametrize(
    ("low", "value", "high", "better", "state"),
    [
        (-0.015, 0.0, 0.015, "higher", "held"),
        (-0.030, -0.01, 0.010, "higher", "unclear"),
        (-0.050, -0.03, -0.010, "higher", "broken"),
        (-0.018, -0.01, -0.002, "higher", "held"),
        (-0.050, -0.03, -0.010, "lower", "held"),
        (0.010, 0.03, 0.050, "lower", "broken"),
    ],
)
def test_a_guardrail_holds_only_where_the_interval_ends_before_the_margin(
    low, value, high, better, state
):
    found = guardrail(effect_with(low, value, high), margin=Margin(0.02), better=better)
    assert found.state == state


def test_a_strong_belief_hardly_moves_and_no_belief_repeats_the_data():
    given = mean_effect(*two(spend))
    sure = posterior(given, prior=NormalPrior(0.0, 1e-6))
    open_ = posterior(given, prior=NormalPrior(0.0, 1e6))
    assert sure.effect.value == pytest.approx(0.0, abs=1e-6)
    assert open_.effect.value == pytest.approx(given.relative.value, rel=1e-6)
    lower = posterior(given, prior=NormalPrior(0.0, 1e6), better="lower")
    assert lower.chance_better == pytest.approx(1 - open_.chance_better)
    assert lower.loss_if_chosen == pytest.approx(open_.loss_if_declined)
