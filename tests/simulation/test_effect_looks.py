"""Looking often: false findings of experiments without any effect, and of sound splits.

TENURE_SIMULATED_WORLDS sets the number of worlds (default 400).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from tenure.experiments.arms import Arm
from tenure.experiments.assignment import assign
from tenure.experiments.designs import Design, Reading
from tenure.experiments.effects import (
    ArmStatistics,
    ConfidenceSequence,
    FixedHorizon,
    GroupSequential,
    Measured,
    Metric,
    OutcomeColumns,
    mean_effect,
    readout,
    sample_ratio,
    sequential_sample_ratio,
    statistics,
)
from tenure.experiments.effects.moments import empty_moments
from tests.simulation.effect_worlds import WORLDS, assert_rate, growing, parts, spend

pytestmark = pytest.mark.slow

PER_ARM = 10_000
END = date(2026, 2, 1)


@pytest.mark.parametrize("looks", [1, 10, 50])
def test_a_sequence_is_looked_at_as_often_as_one_likes(looks):
    rng = np.random.default_rng(201)
    mode, once = ConfidenceSequence(tuning_customers=2 * PER_ARM), FixedHorizon()
    counts = np.linspace(PER_ARM / looks, PER_ARM, looks).astype(int)
    worlds = min(WORLDS, 2000)
    false = naive = 0
    for number in parts(worlds):
        control, same = (
            growing(spend(rng, (number, PER_ARM)), name, counts) for name in ("a", "b")
        )
        for ones, others in zip(control, same, strict=True):
            pairs = list(zip(ones, others, strict=True))
            false += any(mean_effect(*pair, mode=mode).p_value < 0.05 for pair in pairs)
            naive += any(mean_effect(*pair, mode=once).p_value < 0.05 for pair in pairs)
    assert_rate(false, worlds, 0.0, 0.05, f"no effect, {looks} looks, confidence sequence")
    band = (0.035, 0.065) if looks == 1 else (0.12, 0.45)
    assert_rate(naive, worlds, *band, f"no effect, {looks} looks, test meant to be read once")


@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock"])
def test_planned_looks_keep_their_level_and_their_intervals_cover(spending):
    rng = np.random.default_rng(202)
    shares = (0.2, 0.4, 0.6, 0.8, 1.0)
    modes = [GroupSequential(shares[: k + 1], spending=spending) for k in range(5)]
    counts = (PER_ARM * np.array(shares)).astype(int)
    worlds = min(WORLDS, 2000)
    false = outside = 0
    for number in parts(worlds):
        control, same = (
            growing(spend(rng, (number, PER_ARM)), name, counts) for name in ("a", "b")
        )
        for ones, others in zip(control, same, strict=True):
            effects = [
                mean_effect(*pair, mode=mode)
                for *pair, mode in zip(ones, others, modes, strict=True)
            ]
            false += any(one.p_value < 0.05 for one in effects)
            outside += any(not one.absolute.low <= 0 <= one.absolute.high for one in effects)
    assert false == outside
    assert_rate(false, worlds, 0.03, 0.065, f"no effect, five looks, {spending}")


@pytest.mark.parametrize("customers", [1000, 20_000, 200_000])
def test_a_sound_split_rarely_rings(customers):
    rng = np.random.default_rng(203)
    worlds = 100 * WORLDS
    weights = {"a": 1, "b": 1}
    counts, number = np.unique(rng.binomial(customers, 0.5, worlds), return_counts=True)
    false = sum(
        times * sample_ratio({"a": n, "b": customers - n}, weights, alarm=0.001).is_broken
        for n, times in zip(counts.tolist(), number.tolist(), strict=True)
    )
    assert_rate(false, worlds, 0.0005, 0.0015, f"sound split of {customers}, one look at 0.001")


def test_a_sound_split_may_be_checked_every_day():
    rng = np.random.default_rng(204)
    weights = {"a": 1, "b": 1}
    days, a_day = 30, 700
    once = often = lost = 0
    for daily in rng.binomial(a_day, 0.5, (WORLDS, days)).cumsum(1).tolist():
        splits = [{"a": n, "b": a_day * day - n} for day, n in enumerate(daily, start=1)]
        once += any(sample_ratio(one, weights).is_broken for one in splits)
        often += any(sequential_sample_ratio(one, weights).is_broken for one in splits)
    for daily in rng.binomial(a_day, 0.52, (WORLDS, days)).cumsum(1).tolist():
        lost += any(
            sequential_sample_ratio({"a": n, "b": a_day * day - n}, weights).is_broken
            for day, n in enumerate(daily, start=1)
        )
    assert_rate(often, WORLDS, 0.0, 0.01, "sound split, 30 days, sequential at 0.01")
    assert_rate(once, WORLDS, 0.04, 0.11, "sound split, 30 days, chi-square at 0.01 each day")
    assert_rate(lost, WORLDS, 0.95, 1.0, "52 against 48 of 21,000, found within 30 days")


@pytest.mark.parametrize("looks", [1, 10, 50])
def test_the_whole_way_from_assignment_to_readout_finds_nothing_in_nothing(looks):
    """Ids are dealt into arms, an engine sums what they spent, and the read-out decides."""
    rng = np.random.default_rng(205)
    metric = Metric("spend", {"en": "Spend", "zh": "消费额"})
    ids = [f"c{number}" for number in range(2000)]
    # the stratum stands for the part of the time in which a customer came
    part = np.sort(np.arange(2000) * looks // 2000)
    worlds = max(60, WORLDS // 10)
    false = broken = 0
    for first in range(0, worlds, 20):
        designs = [nothing(number, looks) for number in range(first, min(first + 20, worlds))]
        arms = [np.array(design.arm_names)[assign(ids, design)] for design in designs]
        strata = [np.char.add(f"{design.name}-", part.astype(str)) for design in designs]
        outcome = spend(rng, (len(designs) * 2000,))
        table = pa.table(
            {"arm": np.concatenate(arms), "part": np.concatenate(strata), "outcome": outcome}
        )
        counted = [
            (one.arm, dict(one.strata)) for one in statistics(table, OutcomeColumns(stratum="part"))
        ]
        for design in designs:
            shown = ringing = False
            held = {arm: empty_moments(("outcome",)) for arm, _ in counted}
            for look in range(looks):
                for arm, parts_of in counted:
                    held[arm] = held[arm].merged(parts_of[f"{design.name}-{look}"])
                found = tuple(ArmStatistics(arm, one.count, one) for arm, one in held.items())
                read = readout(design, [Measured(metric, found)], as_of=END)
                shown |= read.metrics[0].comparisons[0].finding in ("better", "worse")
                ringing |= read.sample_ratio.is_broken
            false += shown
            broken += ringing
    assert_rate(false, worlds, 0.0, 0.06 if looks == 1 else 0.05, f"whole way, {looks} looks")
    assert_rate(broken, worlds, 0.0, 0.02, f"whole way, {looks} looks, split rings")


def nothing(number: int, looks: int) -> Design:
    """An experiment without any effect, read once or at any time."""
    return Design(
        f"nothing_{number}",
        (Arm("holdout"), Arm("coupon")),
        "spend",
        starts_on=date(2026, 1, 1),
        ends_on=END,
        reading=Reading(mode="fixed" if looks == 1 else "confidence_sequence"),
    )
