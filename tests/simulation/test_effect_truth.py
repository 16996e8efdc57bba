"""Effects in worlds whose truth is known: intervals cover it at their rate, sizes find it.

TENURE_SIMULATED_WORLDS sets the number of worlds (default 400).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tenure.experiments.effects import (
    ArmStatistics,
    Baseline,
    Moments,
    complier_effect,
    customers_needed,
    mean_effect,
    pre_period,
    proportion_effect,
    quantile_effect,
    quantile_statistics_from_arrays,
    rate_baseline,
    ratio_effect,
    statistics_from_arrays,
    stratified_effect,
)
from tenure.kernel import Estimate, Undefined
from tests.simulation.effect_worlds import (
    WORLDS,
    arms_of,
    assert_rate,
    parts,
    spend,
    spend_mean,
)

pytestmark = pytest.mark.slow

DAY = date(2026, 1, 1)
BAND = (0.935, 0.965)
SKEWED_BAND = (0.92, 0.965)


def covers(given: Estimate | Undefined, truth: float) -> bool:
    return isinstance(given, Estimate) and given.low <= truth <= given.high


def rates(successes: int, trials: int, arm: str) -> ArmStatistics:
    rate = successes / trials
    product = ((trials * rate * (1 - rate),),)
    return ArmStatistics(arm, trials, Moments(trials, ("outcome",), (rate,), product))


@pytest.mark.parametrize(
    ("kind", "band"), [("normal", BAND), ("skewed", SKEWED_BAND)], ids=["normal", "skewed"]
)
def test_intervals_of_means_cover_on_both_scales(kind, band):
    rng = np.random.default_rng(101)
    hits, relative, false = 0, 0, 0
    base = 20.0 if kind == "normal" else spend_mean()
    for number in parts():
        shape = (number, 2000)
        made = [
            rng.normal(20, 10, shape) if kind == "normal" else spend(rng, shape) for _ in range(3)
        ]
        # the lift is a factor, so that variances differ
        arms = [arms_of({"outcome": one}, name) for one, name in zip(made, "abc", strict=True)]
        lifted = arms_of({"outcome": made[1] * 1.1}, "b")
        for control, treated, same in zip(arms[0], lifted, arms[2], strict=True):
            found = mean_effect(control, treated)
            hits += covers(found.absolute, 0.1 * base)
            relative += covers(found.relative, 0.1)
            false += mean_effect(control, same).p_value < 0.05
    assert_rate(hits, WORLDS, *band, f"{kind} mean, absolute")
    assert_rate(relative, WORLDS, *band, f"{kind} mean, relative")
    assert_rate(false, WORLDS, 0.035, 0.06, f"{kind} mean, false findings")


@pytest.mark.parametrize(("rate", "trials"), [(0.1, 2000), (0.02, 1000)])
def test_intervals_of_rates_cover_on_both_scales(rate, trials):
    rng = np.random.default_rng(102)
    worlds = min(WORLDS, 4000)
    control = rng.binomial(trials, rate, worlds).tolist()
    treated = rng.binomial(trials, rate * 1.3, worlds).tolist()
    hits = relative = 0
    for one, other in zip(control, treated, strict=True):
        found = proportion_effect(rates(one, trials, "a"), rates(other, trials, "b"))
        hits += covers(found.absolute, 0.3 * rate)
        relative += covers(found.relative, 0.3)
    assert_rate(hits, worlds, *BAND, f"rate {rate}, absolute")
    assert_rate(relative, worlds, *BAND, f"rate {rate}, relative")


def test_spend_per_order_covers_with_the_customer_as_unit_and_fails_with_the_order():
    rng = np.random.default_rng(103)
    hits = naive_hits = 0
    for number in parts():
        arms, naive = [], []
        for name in "ab":
            shape = (number, 1000)
            orders = 1.0 + rng.negative_binomial(1, 0.2, shape)
            level = rng.gamma(4, 5, shape)
            # an order's own amount scatters with the square root of their number
            total = orders * level + np.sqrt(orders) * rng.normal(0, 5, shape)
            arms.append(arms_of({"outcome": total, "denominator": orders}, name))
            mean = total.sum(1) / orders.sum(1)
            inner = (orders * (level - mean[:, None]) ** 2 + 25 * orders).sum(1) / orders.sum(1)
            naive.append((mean, inner / orders.sum(1)))
        gap = naive[1][0] - naive[0][0]
        naive_hits += int((np.abs(gap) < 1.96 * np.sqrt(naive[0][1] + naive[1][1])).sum())
        for control, treated in zip(*arms, strict=True):
            hits += covers(ratio_effect(control, treated).absolute, 0.0)
    assert_rate(hits, WORLDS, *BAND, "spend per order, customer as unit")
    assert_rate(naive_hits, WORLDS, 0.3, 0.8, "spend per order, order as unit")


@pytest.mark.parametrize("correlation", [0.3, 0.5, 0.7, 0.9])
def test_the_pre_period_takes_off_what_it_explains_and_nothing_of_the_effect(correlation):
    rng = np.random.default_rng([104, round(100 * correlation)])
    values, plain_values = [], []
    hits = 0
    worlds = min(WORLDS, 4000)
    for number in parts(worlds):
        arms = []
        for name, lift in (("a", 0.0), ("b", 1.0)):
            past = rng.normal(0, 10, (number, 500))
            rest = rng.normal(0, 10 * (1 - correlation**2) ** 0.5, past.shape)
            outcome = 50 + correlation * past + rest + lift
            arms.append(arms_of({"outcome": outcome, "covariate": past}, name))
        for pair in zip(*arms, strict=True):
            adjustment = pre_period(pair, measured_until=DAY, exposed_from=DAY)
            found = mean_effect(*pair, pre_period=adjustment)
            values.append(found.absolute.value)
            plain_values.append(mean_effect(*pair).absolute.value)
            hits += covers(found.absolute, 1.0)
    ratio = np.var(values) / np.var(plain_values)
    bias = (np.mean(values) - 1.0) / (np.std(values) / len(values) ** 0.5)
    print(f"correlation {correlation}: variance ratio {ratio:.3f}, bias {bias:+.2f} errors")
    assert ratio == pytest.approx(1 - correlation**2, rel=0.05 if worlds >= 2000 else 0.15)
    assert abs(bias) < 3.5
    assert_rate(hits, worlds, *BAND, f"pre-period, correlation {correlation}")


def test_quantiles_cover():
    rng = np.random.default_rng(105)
    worlds = min(WORLDS, 2000)
    arm = np.repeat(["a", "b"], 1000)
    hits = 0
    for _ in range(worlds):
        outcome = rng.exponential(10.0, 2000) * np.where(arm == "b", 1.2, 1.0)
        arms = quantile_statistics_from_arrays(arm, outcome, level=0.9)
        hits += covers(quantile_effect(*arms).absolute, 2 * np.log(10))
    assert_rate(hits, worlds, 0.93, 0.97, "upper decile")


def test_strata_and_clusters_cover():
    rng = np.random.default_rng(116)
    worlds = min(WORLDS, 2000)
    arm = np.repeat(["a", "b"], 400)
    cluster = np.repeat(np.arange(80), 10)
    strata = clusters = ignored = 0
    for _ in range(worlds):
        stratum = rng.choice(["x", "y", "z"], 800, p=[0.6, 0.3, 0.1])
        lift = np.where(stratum == "z", 4.0, 1.0) * (arm == "b")
        outcome = rng.normal(10, 3, 800) + 8 * (stratum == "y") + lift
        found = stratified_effect(*statistics_from_arrays(arm, outcome, stratum=stratum))
        strata += covers(found.absolute, 1.3)
        outcome = rng.normal(10, 3, 800) + rng.normal(0, 2, 80)[cluster]
        whole = statistics_from_arrays(arm, outcome, cluster=cluster)
        clusters += covers(mean_effect(*whole).absolute, 0.0)
        ignored += covers(mean_effect(*statistics_from_arrays(arm, outcome)).absolute, 0.0)
    assert_rate(strata, worlds, *BAND, "strata")
    assert_rate(clusters, worlds, *BAND, "clusters as units")
    assert_rate(ignored, worlds, 0.4, 0.85, "clusters ignored")


def test_a_lift_among_volunteers_is_found_by_the_holdout_and_not_by_comparing_members():
    rng = np.random.default_rng(107)
    asked_hits = taken_hits = member_hits = 0
    truth = []
    for number in parts():
        arms = []
        for name in "ab":
            habit = rng.gamma(2.0, 20.0, (number, 3000))
            joins = rng.random(habit.shape) < habit / (habit + 40)
            base = habit * rng.gamma(2.0, 0.5, habit.shape)
            member = joins & (name == "b")
            outcome = base * np.where(member, 1.05, 1.0)
            arms.append(arms_of({"outcome": outcome, "received": member * 1.0}, name))
            if name == "b":
                truth.append((0.05 * base * joins).mean())
                inside = np.where(member, outcome, 0).sum(1) / member.sum(1)
                outside = np.where(member, 0, outcome).sum(1) / (~member).sum(1)
                wrong = inside / outside - 1
                member_hits += int((np.abs(wrong - 0.05) < 0.15).sum())
        # Theory: habit is gamma(2, 20), who joins with chance h/(h+40)
        points = rng.gamma(2.0, 20.0, 400_000)
        share = points / (points + 40)
        lift = 0.05 * (points * share).mean()
        for pair in zip(*arms, strict=True):
            asked_hits += covers(mean_effect(*pair).absolute, lift)
            taken_hits += covers(complier_effect(*pair).absolute, lift / share.mean())
    assert np.mean(truth) == pytest.approx(lift, rel=0.01)
    assert_rate(asked_hits, WORLDS, *BAND, "asked against held out")
    assert_rate(taken_hits, WORLDS, *BAND, "effect on members")
    assert_rate(member_hits, WORLDS, 0.0, 0.01, "members against others near the truth")


def test_experiments_find_what_they_were_planned_to_find():
    rng = np.random.default_rng(108)
    size = customers_needed(rate_baseline(0.1), 0.1).customers
    worlds = min(WORLDS, 10_000)
    control = rng.binomial(size["control"], 0.1, worlds).tolist()
    treated = rng.binomial(size["treatment"], 0.11, worlds).tolist()
    found = sum(
        proportion_effect(
            rates(one, size["control"], "a"), rates(other, size["treatment"], "b")
        ).p_value
        < 0.05
        for one, other in zip(control, treated, strict=True)
    )
    assert size["control"] == 14749
    assert_rate(found, worlds, 0.78, 0.82, "planned power 0.8, rates")


def test_a_small_holdout_of_skewed_spenders_has_the_power_of_its_plan():
    rng = np.random.default_rng(109)
    variance = 0.2 * np.exp(2 * 3.0 + 2 * 1.2**2) - spend_mean() ** 2
    plan = customers_needed(
        Baseline(spend_mean(), variance), 0.2, shares={"holdout": 0.2, "treated": 0.8}
    )
    worlds = min(WORLDS, 2000)
    found = {0.2: 0, -0.2: 0}
    for number in parts(worlds):
        held = arms_of({"outcome": spend(rng, (number, plan.customers["holdout"]))}, "a")
        treated = spend(rng, (number, plan.customers["treated"]))
        for lift in found:
            arms = arms_of({"outcome": treated + lift * spend_mean()}, "b")
            found[lift] += sum(
                mean_effect(one, other).p_value < 0.05
                for one, other in zip(held, arms, strict=True)
            )
    # A holdout that lacks large amounts also looks surer than it is: where it is the smaller
    # arm, losses are found somewhat more often than gains of the same size.
    assert_rate(found[0.2], worlds, 0.75, 0.80, "planned power 0.8, skewed spend, gain")
    assert_rate(found[-0.2], worlds, 0.80, 0.87, "planned power 0.8, skewed spend, loss")
    assert_rate(sum(found.values()), 2 * worlds, 0.78, 0.83, "planned power 0.8, skewed spend")
