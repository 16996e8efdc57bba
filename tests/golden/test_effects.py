"""Effects held against SciPy and against figures printed in papers."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pyarrow.csv as pa_csv
import pytest
from scipy import integrate, stats

from tenure.experiments.arms import Arm
from tenure.experiments.designs import Design
from tenure.experiments.effects import (
    GroupSequential,
    Measured,
    Metric,
    customers_needed,
    mean_effect,
    proportion_effect,
    rate_baseline,
    readout,
    sample_ratio,
    statistics,
    statistics_from_arrays,
)
from tenure.experiments.effects.aggregating import OutcomeColumns
from tenure.experiments.effects.bayes import expected_shortfall
from tenure.experiments.effects.group_sequential import crossing_probability, spent_boundaries
from tenure.experiments.effects.proportions import (
    Rates,
    newcombe_interval,
    score_difference,
    score_lift,
)
from tenure.kernel import Estimate

FIVE_LOOKS = (0.2, 0.4, 0.6, 0.8, 1.0)


def rates_of(control: tuple[int, int], treatment: tuple[int, int]):
    """Statistics of two arms given as successes of trials."""
    arm = np.repeat(["control", "treatment"], [control[1], treatment[1]])
    outcome = np.concatenate([np.arange(n) < x for x, n in (control, treatment)]).astype(float)
    return statistics_from_arrays(arm, outcome)


def test_welch_is_scipys():
    rng = np.random.default_rng(11)
    one, other = rng.gamma(0.6, 40, 331), rng.gamma(0.7, 40, 173)
    arms = statistics_from_arrays(["a"] * 331 + ["b"] * 173, np.concatenate((one, other)))
    found = mean_effect(*arms)
    oracle = stats.ttest_ind(other, one, equal_var=False)
    low, high = oracle.confidence_interval(0.95)
    assert isinstance(found.absolute, Estimate)
    assert found.p_value == pytest.approx(oracle.pvalue, rel=1e-11)
    assert found.absolute.low == pytest.approx(low, rel=1e-11)
    assert found.absolute.high == pytest.approx(high, rel=1e-11)


def test_the_score_test_is_the_chi_square_test_without_continuity_correction():
    found = proportion_effect(*rates_of((48, 80), (56, 70)))
    oracle = stats.chi2_contingency([[48, 32], [56, 14]], correction=False)
    assert found.p_value == pytest.approx(oracle.pvalue, rel=1e-10)


@pytest.mark.parametrize(
    ("treatment", "control", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_newcombes_intervals_are_those_printed(treatment, control, low, high):
    found = newcombe_interval(Rates(*control, *treatment))
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("treatment", "control", "low", "high"),
    [
        # the same table, method 5 (Mee)
        ((56, 70), (48, 80), 0.0533, 0.3377),
        ((9, 10), (3, 10), 0.1821, 0.8370),
        ((6, 7), (2, 7), 0.0544, 0.8478),
        ((5, 56), (0, 29), -0.0313, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.7225, 1.0),
        ((10, 10), (0, 10), 0.6777, 1.0),
    ],
)
def test_score_intervals_are_those_printed(treatment, control, low, high):
    z = stats.norm.ppf(0.975)
    found = score_difference(Rates(*control, *treatment), z=z, confidence=0.95)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_the_score_interval_of_a_ratio_is_the_one_printed():
    # Koopman (1984), Biometrics 40, 513-517: 36 of 40 against 16 of 80
    z = stats.norm.ppf(0.975)
    found = score_lift(Rates(16, 80, 36, 40), z=z, confidence=0.95)
    assert (round(found.low + 1, 2), round(found.high + 1, 2)) == (2.94, 7.15)
    assert found.value + 1 == pytest.approx(4.5)


def test_the_split_is_checked_as_scipy_does():
    found = sample_ratio({"a": 4950, "b": 5180, "c": 2431}, {"a": 2, "b": 2, "c": 1, "off": 0})
    total = 4950 + 5180 + 2431
    oracle = stats.chisquare([4950, 5180, 2431], [total * w for w in (0.4, 0.4, 0.2)])
    assert found.degrees == 2
    assert found.p_value == pytest.approx(oracle.pvalue, rel=1e-10)


@pytest.mark.parametrize(
    ("spending", "printed"),
    [
        # Reboussin, DeMets, Kim, Lan (2000), Controlled Clinical Trials 21, 190-207: the
        # program `ld98`, five equal looks, two-sided 0.05
        ("obrien_fleming", (4.8769, 3.3569, 2.6803, 2.2898, 2.0310)),
        ("pocock", (2.4380, 2.4268, 2.4101, 2.3966, 2.3859)),
    ],
)
def test_spending_boundaries_are_those_printed(spending, printed):
    found = spent_boundaries(FIVE_LOOKS, 0.05, spending)
    assert found == pytest.approx(printed, abs=1.5e-4)


@pytest.mark.parametrize(
    ("spending", "computed"),
    [
        # R's gsDesign: sfLDOF and sfLDPocock, one side of 0.025, four equal looks
        ("obrien_fleming", (4.332634, 2.963131, 2.359044, 2.014090)),
        ("pocock", (2.368328, 2.367524, 2.358168, 2.350036)),
    ],
)
def test_spending_boundaries_are_those_of_gsdesign(spending, computed):
    found = spent_boundaries((0.25, 0.5, 0.75, 1.0), 0.05, spending)
    assert found == pytest.approx(computed, abs=1e-5)


def test_the_classical_boundaries_have_the_level_for_which_they_were_printed():
    # Jennison, Turnbull (2000), tables 2.1 and 2.3: constants for five looks, two-sided 0.05
    pocock = [2.413] * 5
    obrien_fleming = [2.040 / math.sqrt(look) for look in FIVE_LOOKS]
    assert crossing_probability(FIVE_LOOKS, pocock) == pytest.approx(0.05, abs=1e-4)
    assert crossing_probability(FIVE_LOOKS, obrien_fleming) == pytest.approx(0.05, abs=1e-4)
    # Armitage, McPherson, Rowe (1969), JRSS A 132, table 2: five looks at 1.96 each
    assert crossing_probability(FIVE_LOOKS, [1.96] * 5) == pytest.approx(0.142, abs=5e-4)


@pytest.mark.parametrize("drift", [0.0, 1.5, 3.2])
def test_crossing_is_the_integral_of_the_joint_normal_distribution(drift):
    looks, edges = (0.3, 0.7, 1.0), (2.9, 2.4, 2.1)
    roots = np.sqrt(looks)
    together = np.minimum.outer(looks, looks) / np.outer(roots, roots)
    within = stats.multivariate_normal(drift * roots, together, abseps=1e-9, releps=1e-9, seed=1)
    oracle = 1 - within.cdf(np.array(edges), lower_limit=-np.array(edges))
    assert crossing_probability(looks, edges, drift=drift) == pytest.approx(oracle, abs=1e-6)


def test_the_sample_for_ten_to_eleven_percent_is_the_textbooks():
    found = customers_needed(rate_baseline(0.1), 0.1)
    wanted = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) ** 2 * (0.09 + 0.0979) / 0.01**2
    assert found.customers == {"control": math.ceil(wanted), "treatment": 14749}


@pytest.mark.parametrize("mean", [-3.0, -0.2, 0.0, 0.5, 4.0, 12.0, 25.0])
def test_the_expected_loss_is_the_integral_it_stands_for(mean):
    near = max(0.0, mean) + 40
    oracle, _ = integrate.quad(
        lambda x: x * stats.norm.pdf(x, -mean, 1.0), 0, near, points=[0.05, 1], epsabs=0
    )
    # as a ratio: beside the tolerance for zero, far tails would all be equal
    assert expected_shortfall(mean, 1.0) / oracle == pytest.approx(1, rel=1e-7)


def test_the_expected_loss_is_smooth_where_its_formula_changes():
    below, above = (expected_shortfall(u, 1.0) for u in (30.0 - 1e-9, 30.0 + 1e-9))
    assert above / below == pytest.approx(1, rel=1e-6)
    assert 0 <= expected_shortfall(1e6, 1.0) <= expected_shortfall(38.0, 1.0)


def test_cookie_cats_keeps_fewer_players_and_splits_them_unevenly(shared_data):
    table = pa_csv.read_csv(shared_data / "cookie_cats.csv.gz")
    columns = OutcomeColumns(arm="version", outcome="retention_7", customer="userid")
    arms = statistics(table, columns)
    found = proportion_effect(*arms)
    split = sample_ratio({arm.arm: arm.customers for arm in arms}, {"gate_30": 1, "gate_40": 1})
    assert isinstance(found.absolute, Estimate)
    assert round(found.absolute.value, 4) == -0.0082
    assert (round(found.absolute.low, 4), round(found.absolute.high, 4)) == (-0.0133, -0.0031)
    assert (found.control_value, found.treatment_value) == pytest.approx(
        (0.190201, 0.182000), abs=1e-6
    )
    assert round(split.statistic, 3) == 6.902
    assert round(split.p_value, 4) == 0.0086
    assert sum(split.customers.values()) == 90189


def test_cookie_cats_are_not_to_be_acted_on(shared_data):
    table = pa_csv.read_csv(shared_data / "cookie_cats.csv.gz")
    design = Design("cookie_cats", (Arm("gate_30"), Arm("gate_40")), "kept_7_days")
    metric = Metric("kept_7_days", {"en": "Kept for 7 days", "zh": "7 日留存"}, kind="rate")
    arms = statistics(table, OutcomeColumns(arm="version", outcome="retention_7"))
    found = readout(design, [Measured(metric, arms)], as_of=date(2026, 1, 1))
    assert found.verdict.code == "sample_ratio_broken"
    assert "found gate_30 44,700, gate_40 45,489; p 0.0086" in found.verdict.text["en"]
    assert found.arms[0].code == "worse"
    assert "-0.82 points" in found.arms[0].text["en"]


def test_looks_that_were_not_planned_still_spend_what_is_allowed():
    edges = GroupSequential((0.31, 0.77, 1.0))
    found = [
        GroupSequential(edges.looks[: place + 1]).reach(1e18, 0)
        for place in range(len(edges.looks))
    ]
    assert crossing_probability(edges.looks, found) == pytest.approx(0.05, abs=1e-9)
