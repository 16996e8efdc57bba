"""Laws of effects: nothing that is not a number ever leaves, and units and order change nothing."""

from __future__ import annotations

import json
import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.experiments.arms import Arm
from tenure.experiments.designs import Design, Guardrail, Reading
from tenure.experiments.effects import (
    ConfidenceSequence,
    FixedHorizon,
    GroupSequential,
    Measured,
    Metric,
    baseline,
    customers_needed,
    detectable_effect,
    mean_effect,
    posterior,
    pre_period,
    quantile_effect,
    quantile_statistics_from_arrays,
    ratio_effect,
    readout,
    sample_ratio,
    sequential_sample_ratio,
    statistics_from_arrays,
    stratified_effect,
    stratum_effects,
)
from tenure.experiments.effects.readouts import plain
from tenure.kernel import Undefined

DAY = date(2026, 1, 1)
NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 0.1, 1e-300, 1e300, -1e300, 1e155, 5e-324, 1e9]),
    st.floats(-1e6, 1e6),
    st.floats(allow_nan=True, allow_infinity=True),
)


@st.composite
def experiments(draw):
    size = draw(st.integers(0, 30))
    column = st.lists(NUMBERS, min_size=size, max_size=size)
    arm = draw(st.lists(st.sampled_from(["holdout", "coupon"]), min_size=size, max_size=size))
    return {
        "arm": np.array(arm, dtype=str),
        "outcome": np.array(draw(column)),
        "denominator": np.array(draw(column)),
        "covariate": np.array(draw(column)),
        "received": np.array(
            draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=size, max_size=size))
        ),
        "stratum": np.array(
            draw(st.lists(st.sampled_from("xy"), min_size=size, max_size=size)), str
        ),
    }


def finite(value: object) -> None:
    """Fail on any number in a result that is none."""
    json.dumps(plain(value), allow_nan=False)


@given(experiments(), st.sampled_from([None, 0.5, 0.99]))
@settings(max_examples=150)
def test_nothing_that_is_no_number_ever_leaves(data, share):
    with np.errstate(all="ignore"):
        arms = statistics_from_arrays(**data, arms=("holdout", "coupon"), winsorise_share=share)
        for mode in (FixedHorizon(), ConfidenceSequence(), GroupSequential((0.5, 1.0))):
            for compare in (mean_effect, ratio_effect, stratified_effect):
                found = compare(*arms, mode=mode)
                finite(found)
                finite(posterior(found))
            finite(stratum_effects(*arms, mode=mode))
            adjustment = pre_period(arms, measured_until=DAY, exposed_from=DAY)
            finite(mean_effect(*arms, mode=mode, pre_period=adjustment))
        past = baseline(arms[0])
        finite(past)
        if not isinstance(past, Undefined):
            finite(customers_needed(past, 0.05))
            finite(detectable_effect(past, {"a": 50, "b": 70}))
        quantiles = quantile_statistics_from_arrays(
            data["arm"], data["outcome"], level=0.5, arms=("holdout", "coupon")
        )
        finite(quantile_effect(*quantiles))


@given(experiments(), st.sampled_from(["fixed", "confidence_sequence"]))
@settings(max_examples=50)
def test_a_whole_readout_is_always_json(data, mode):
    design = Design(
        "any",
        (Arm("holdout"), Arm("coupon")),
        "spend",
        starts_on=DAY,
        ends_on=date(2026, 2, 1),
        secondary_metrics=("basket", "median"),
        guardrails=(Guardrail("complaints", 0.01, "lower"),),
        reading=Reading(mode=mode),
    )
    title = {"en": "x", "zh": "x"}
    with np.errstate(all="ignore"):
        arms = statistics_from_arrays(**data)
        quantiles = quantile_statistics_from_arrays(data["arm"], data["outcome"], level=0.9)
        found = readout(
            design,
            [
                Measured(Metric("spend", title, adjust="pre_period", covariate_until=DAY), arms),
                Measured(Metric("basket", title, kind="ratio"), arms),
                Measured(Metric("median", title, kind="quantile"), quantiles),
                Measured(Metric("complaints", title, adjust="strata", better="lower"), arms),
            ],
            as_of=date(2026, 2, 1),
        )
    json.dumps(found.as_dict(), allow_nan=False)
    assert found.verdict.text.keys() == {"en", "zh"}


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 10**9)), st.integers(1, 10**6))
def test_a_split_always_has_an_answer(customers, weight):
    weights = {"a": 1, "b": weight, "c": 0}
    for check in (sample_ratio, sequential_sample_ratio):
        found = check(customers, weights)
        finite(found)
        if not isinstance(found.p_value, Undefined):
            assert 0 <= found.p_value <= 1


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.001, 7.25, 1e6]))
@settings(max_examples=30)
def test_currency_and_order_change_nothing(seed, rate):
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.repeat(["a", "b"], 60))
    past = rng.gamma(1, 30, 120)
    spend = past + rng.gamma(1, 10, 120)
    order = rng.permutation(120)

    def found(factor: float, rows: np.ndarray):
        arms = statistics_from_arrays(
            arm[rows], spend[rows] * factor, covariate=past[rows] * factor, winsorise_share=0.95
        )
        adjustment = pre_period(arms, measured_until=DAY, exposed_from=DAY)
        return mean_effect(*arms, pre_period=adjustment)

    one, other = found(1.0, np.arange(120)), found(rate, order)
    assert other.absolute.value == pytest.approx(one.absolute.value * rate, rel=1e-7)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-7)
    assert other.relative.low == pytest.approx(one.relative.low, rel=1e-7)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_exchanging_the_arms_turns_the_effect_round(seed):
    rng = np.random.default_rng(seed)
    arms = statistics_from_arrays(np.repeat(["a", "b"], 40), rng.gamma(1, 30, 80))
    one, other = mean_effect(*arms), mean_effect(*arms[::-1])
    assert one.absolute.value == -other.absolute.value
    assert math.isclose(one.absolute.low, -other.absolute.high, rel_tol=1e-12)
    assert math.isclose(one.p_value, other.p_value, rel_tol=1e-12)
