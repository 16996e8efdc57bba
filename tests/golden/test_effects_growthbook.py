"""Effects held against gbstats, the statistics of GrowthBook.

The figures were printed by gbstats 0.8.0 (numpy 1.26.4, scipy 1.17.1) in an environment of its
own, for the 240 customers that `customers` makes: `TwoSidedTTest`, `SequentialTwoSidedTTest`
(tuning 5000) and `EffectBayesianABTest` (proper normal priors) on `SampleMeanStatistic`,
`RatioStatistic` and `RegressionAdjustedStatistic`, `.compute_result().ci`, `.p_value`,
`.chance_to_win`, `.risk`, and the square root of `.variance`.
"""

from __future__ import annotations

import numpy as np
import pytest

from tenure.experiments.effects import (
    ConfidenceSequence,
    NormalPrior,
    PrePeriod,
    mean_effect,
    posterior,
    ratio_effect,
    statistics_from_arrays,
)

EXACT = {"rel": 1e-9}


@pytest.fixture(scope="module")
def customers():
    number = np.arange(240)
    treated = number % 2
    before = (number * 7919 % 101).astype(float)
    outcome = 0.6 * before + number * 104729 % 89 + 5.0 * treated
    denominator = 1.0 + number * 15485863 % 7
    arm = np.where(treated, "treatment", "control")
    return statistics_from_arrays(arm, outcome, denominator=denominator, covariate=before)


def ends(given) -> tuple[float, float]:
    return given.low, given.high


def test_welch(customers):
    found = mean_effect(*customers)
    assert found.absolute.value == pytest.approx(3.3416666666666686, **EXACT)
    assert ends(found.absolute) == pytest.approx((-4.825326586872247, 11.508659920205584), **EXACT)
    assert found.p_value == pytest.approx(0.4210170134786926, **EXACT)
    assert found.relative.value == pytest.approx(0.044630932241118366, **EXACT)
    assert found.relative_standard_error == pytest.approx(0.056640243446746896, **EXACT)


def test_confidence_sequence(customers):
    found = mean_effect(*customers, mode=ConfidenceSequence(tuning_customers=5000))
    assert ends(found.absolute) == pytest.approx((-16.492795490332856, 23.176128823666193), **EXACT)
    assert found.p_value == 1.0


def test_ratio_by_the_delta_method(customers):
    found = ratio_effect(*customers)
    assert found.absolute.value == pytest.approx(0.7995061533468437, **EXACT)
    assert ends(found.absolute) == pytest.approx((-2.3908296503328645, 3.989841957026552), **EXACT)
    assert found.p_value == pytest.approx(0.6219835470312793, **EXACT)
    assert found.relative_standard_error == pytest.approx(0.0877444896897042, **EXACT)


def test_cuped_with_the_peers_theta(customers):
    # gbstats takes theta from all customers as one group, which lets the effect into it; ours
    # is taken within the arms (0.65167). With its theta the figures are the same.
    adjustment = PrePeriod(0.6503951903010002, level=49.8, variance_ratio=0.64)
    found = mean_effect(*customers, pre_period=adjustment)
    assert found.absolute.value == pytest.approx(4.046261456159421, **EXACT)
    assert ends(found.absolute) == pytest.approx((-2.508767761075804, 10.601290673394645), **EXACT)
    assert found.p_value == pytest.approx(0.22518108777620705, **EXACT)
    assert found.relative.value == pytest.approx(0.05404142270714213, **EXACT)


def test_bayes_with_a_relative_prior(customers):
    found = posterior(mean_effect(*customers), prior=NormalPrior(0.0, 0.3, "relative"))
    assert found.effect.value == pytest.approx(0.04309478641267282, **EXACT)
    assert ends(found.effect) == pytest.approx((-0.06599085496950081, 0.15218042779484645), **EXACT)
    assert found.chance_better == pytest.approx(0.780621176752093, **EXACT)
    assert found.loss_if_declined == pytest.approx(0.05009363910341003, **EXACT)
    assert found.loss_if_chosen == pytest.approx(0.00699885269073722, **EXACT)


def test_bayes_with_an_absolute_prior(customers):
    found = posterior(mean_effect(*customers), prior=NormalPrior(0.0, 3.0, "absolute"))
    assert found.effect.value == pytest.approx(1.1484729257499968, **EXACT)
    assert found.chance_better == pytest.approx(0.6817308518331864, **EXACT)
    assert found.loss_if_chosen == pytest.approx(0.5016373794344025, **EXACT)
