"""A read-out leads with the split, then says what the primary metric shows and what to do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tenure.experiments.arms import Arm
from tenure.experiments.designs import Design, Guardrail, Reading
from tenure.experiments.effects import (
    ArmStatistics,
    Measured,
    Metric,
    VerdictCode,
    quantile_statistics_from_arrays,
    readout,
    statistics_from_arrays,
)
from tenure.experiments.effects.moments import empty_moments
from tenure.experiments.effects.words import REASONS
from tenure.kernel import Estimate, OptionError, Undefined

START, END = date(2026, 3, 1), date(2026, 4, 1)
DESIGN = Design(
    "spring_coupon",
    (Arm("holdout"), Arm("coupon")),
    "spend",
    starts_on=START,
    ends_on=END,
)
SPEND = Metric("spend", {"en": "Spend", "zh": "消费额"}, unit="EUR")
LEFT = Metric("left", {"en": "Unsubscribed", "zh": "退订率"}, kind="rate", better="lower")


def arms(lift: float = 0.0, *, customers: int = 4000, seed: int = 4, names=("holdout", "coupon")):
    """Skewed spend of two arms of equal size, with the pre-period that it depends on."""
    rng = np.random.default_rng(seed)
    before = rng.gamma(0.5, 40, 2 * customers)
    arm = np.repeat(np.array(names), customers)
    spend = before * rng.gamma(2, 0.5, 2 * customers) + lift * (arm == names[1])
    return statistics_from_arrays(arm, spend, covariate=before, arms=names)


def rates(control: int, treatment: int, customers: int = 4000):
    outcome = np.concatenate([np.arange(customers) < n for n in (control, treatment)])
    arm = np.repeat(["holdout", "coupon"], customers)
    return statistics_from_arrays(arm, outcome.astype(float), arms=("holdout", "coupon"))


def codes(given) -> list[str]:
    return [one.code for one in given]


def test_a_gain_is_told_with_its_interval_and_its_total_in_both_languages():
    found = readout(DESIGN, [Measured(SPEND, arms(6.0))], as_of=END)
    main = found.metrics[0].comparisons[0]
    assert found.verdict.code is VerdictCode.BETTER
    assert main.finding == "better"
    assert isinstance(main.effect.absolute, Estimate)
    assert isinstance(main.total, Estimate)
    assert main.total.value == pytest.approx(main.effect.absolute.value * 4000)
    assert "EUR (95 % interval" in found.verdict.text["en"]
    assert "relative +" in found.verdict.text["en"]
    assert "消费额" in found.verdict.text["zh"]
    assert found.verdict.text["zh"].endswith("建议采用。")


def test_a_loss_is_told_to_be_stopped():
    found = readout(DESIGN, [Measured(SPEND, arms(-4.0))], as_of=END)
    assert found.verdict.code is VerdictCode.WORSE
    assert "Stop it" in found.verdict.text["en"]


def test_a_lower_figure_is_better_where_the_metric_says_so():
    design = replace(DESIGN, primary_metric="left")
    found = readout(design, [Measured(LEFT, rates(300, 200))], as_of=END)
    assert found.verdict.code is VerdictCode.BETTER
    assert "points" in found.verdict.text["en"]


def test_a_broken_split_comes_before_any_gain():
    uneven = arms(6.0)
    counted = {"holdout": 4000, "coupon": 4400}
    found = readout(DESIGN, [Measured(SPEND, uneven)], as_of=END, customers=counted)
    assert found.sample_ratio.is_broken
    assert found.verdict.code is VerdictCode.SAMPLE_RATIO_BROKEN
    assert "Do not act" in found.verdict.text["en"]
    assert found.arms[0].code is VerdictCode.BETTER, "the arm's own verdict stays visible"


def test_a_holdout_of_nobody_is_not_measurable_and_never_zero():
    alone = arms(6.0)[1]
    nobody = ArmStatistics("holdout", 0, empty_moments(alone.moments.quantities))
    for given in ((alone,), (nobody, alone)):
        found = readout(DESIGN, [Measured(SPEND, given)], as_of=END)
        assert found.verdict.code is VerdictCode.NOT_MEASURABLE
        assert found.metrics[0].comparisons[0].effect.absolute == Undefined("no_holdout")
        assert found.metrics[0].comparisons[0].total == Undefined("no_holdout")
        assert "nobody was held out" in found.verdict.text["en"]


def test_no_difference_is_not_called_proof_of_none():
    found = readout(DESIGN, [Measured(SPEND, arms(0.0))], as_of=END)
    assert found.verdict.code is VerdictCode.NO_DIFFERENCE_SHOWN
    assert "does not prove" in found.verdict.text["en"]


def test_an_experiment_read_once_is_not_decided_before_its_end():
    found = readout(DESIGN, [Measured(SPEND, arms(6.0))], as_of=date(2026, 3, 15))
    assert found.verdict.code is VerdictCode.TOO_EARLY
    assert "read_early" in codes(found.warnings)
    assert "2026-04-01" in found.verdict.text["en"]


def test_a_sequential_experiment_may_be_read_at_any_time():
    design = replace(DESIGN, reading=Reading(mode="confidence_sequence"))
    early = date(2026, 3, 15)
    won = readout(design, [Measured(SPEND, arms(8.0))], as_of=early)
    open_ = readout(design, [Measured(SPEND, arms(0.0))], as_of=early, planned_customers=8000)
    assert won.verdict.code is VerdictCode.BETTER
    assert open_.verdict.code is VerdictCode.KEEP_RUNNING
    assert won.sample_ratio.method == "sequential"
    assert won.mode == "confidence_sequence"


def test_the_last_of_the_planned_looks_is_the_end():
    design = replace(DESIGN, reading=Reading(mode="group_sequential", looks=2))
    given = [Measured(SPEND, arms(0.0))]
    assert readout(design, given, as_of=END, looks=(0.5,)).verdict.code == "keep_running"
    assert readout(design, given, as_of=END, looks=(0.5, 1.0)).verdict.code == "no_difference_shown"
    with pytest.raises(OptionError, match="looks"):
        readout(design, given, as_of=END)


@pytest.mark.parametrize(
    ("left", "state", "code"),
    [
        ((200, 200), "held", "better"),
        ((200, 230), "unclear", "better_guardrail_unclear"),
        ((200, 320), "broken", "guardrail_broken"),
    ],
)
def test_a_guardrail_holds_back_a_gain(left, state, code):
    design = replace(DESIGN, guardrails=(Guardrail("left", 0.012, "lower"),))
    found = readout(design, [Measured(SPEND, arms(6.0)), Measured(LEFT, rates(*left))], as_of=END)
    assert found.metrics[1].comparisons[0].guardrail.state == state
    assert found.verdict.code == code
    assert ("Unsubscribed" in found.verdict.text["en"]) == (state != "held")


def test_the_design_says_which_side_of_a_guardrail_is_harm():
    design = replace(DESIGN, guardrails=(Guardrail("left", 0.012, "lower"),))
    careless = replace(LEFT, better="higher")
    given = [Measured(SPEND, arms(6.0)), Measured(careless, rates(200, 320))]
    found = readout(design, given, as_of=END)
    assert found.verdict.code is VerdictCode.GUARDRAIL_BROKEN
    assert found.metrics[1].comparisons[0].finding == "worse"


def test_a_guardrail_that_was_not_measured_is_not_held():
    design = replace(DESIGN, guardrails=(Guardrail("complaints", 0.01, "lower"),))
    found = readout(design, [Measured(SPEND, arms(6.0))], as_of=END)
    assert found.verdict.code is VerdictCode.BETTER_GUARDRAIL_UNCLEAR
    assert found.metrics[1].comparisons[0].effect.absolute == Undefined("not_measured")


def test_earlier_behaviour_narrows_the_interval_and_is_shown_beside_the_plain_one():
    metric = replace(SPEND, adjust="pre_period", covariate_until=START)
    found = readout(DESIGN, [Measured(metric, arms(6.0))], as_of=END).metrics[0]
    one = found.comparisons[0]
    assert one.effect.method == "cuped"
    assert one.unadjusted is not None
    assert one.unadjusted.method == "welch"
    assert one.effect.standard_error < 0.75 * one.unadjusted.standard_error
    assert found.variance_ratio == pytest.approx(
        (one.effect.standard_error / one.unadjusted.standard_error) ** 2, rel=0.05
    )
    assert found.warnings == ()


@pytest.mark.parametrize("until", [date(2026, 3, 2), None])
def test_behaviour_measured_after_the_start_is_refused(until):
    metric = replace(SPEND, adjust="pre_period", covariate_until=until)
    found = readout(DESIGN, [Measured(metric, arms(6.0))], as_of=END).metrics[0]
    assert found.comparisons[0].effect.method == "welch"
    assert found.pre_period_theta is None
    assert codes(found.warnings) == ["pre_period_refused"]


def test_earlier_behaviour_that_differs_between_the_arms_is_told():
    rng = np.random.default_rng(5)
    arm = np.repeat(["holdout", "coupon"], 2000)
    before = rng.normal(10, 2, 4000) + 1.0 * (arm == "coupon")
    metric = replace(SPEND, adjust="pre_period", covariate_until=START)
    given = statistics_from_arrays(arm, before + rng.normal(0, 1, 4000), covariate=before)
    found = readout(DESIGN, [Measured(metric, given[::-1])], as_of=END).metrics[0]
    assert "covariate_unbalanced" in codes(found.warnings)


def test_few_buyers_missing_and_cut_outcomes_are_told():
    rng = np.random.default_rng(6)
    spend = np.where(rng.random(1000) < 0.05, rng.gamma(1, 50, 1000), 0.0)
    spend[7] = np.nan
    arm = np.repeat(["holdout", "coupon"], 500)
    given = statistics_from_arrays(arm, spend, winsorise_share=0.99)
    found = readout(DESIGN, [Measured(SPEND, given)], as_of=END).metrics[0]
    assert codes(found.warnings) == ["few_buyers", "few_buyers", "missing_outcomes", "outcomes_cut"]
    assert f"{found.cap:,.2f}" in found.warnings[-1].text["en"]
    assert all("{" not in text for one in found.warnings for text in one.text.values())


def test_arms_and_metrics_are_corrected_for_their_number():
    design = replace(
        DESIGN,
        arms=(Arm("holdout"), Arm("coupon"), Arm("call")),
        secondary_metrics=("orders",),
    )
    rng = np.random.default_rng(8)
    arm = np.repeat(["holdout", "coupon", "call"], 3000)
    spend = rng.gamma(1, 20, 9000) + np.select([arm == "coupon", arm == "call"], [0.8, 2.0])
    given = statistics_from_arrays(arm, spend)
    orders = replace(SPEND, name="orders")
    found = readout(design, [Measured(SPEND, given), Measured(orders, given)], as_of=END)
    primary = found.metrics[0].comparisons
    raw = sorted(one.effect.p_value for one in primary)
    fixed = sorted(one.corrected_p_value for one in primary)
    assert raw[0] > 1e-6
    assert fixed == pytest.approx([2 * raw[0], max(raw[1], 2 * raw[0])])
    assert found.verdict.arm == "call", "the better of two arms has the last word"
    assert "several_comparisons" in codes(found.warnings)


def test_quantiles_are_read_like_other_metrics():
    rng = np.random.default_rng(9)
    arm = np.repeat(["holdout", "coupon"], 2000)
    spend = rng.gamma(2, 20, 4000) * np.where(arm == "coupon", 1.4, 1.0)
    metric = replace(SPEND, kind="quantile")
    given = quantile_statistics_from_arrays(arm, spend, level=0.5)
    found = readout(DESIGN, [Measured(metric, given)], as_of=END)
    assert found.verdict.code is VerdictCode.BETTER
    assert found.metrics[0].comparisons[0].total == Undefined("no_total")


def test_strata_and_taking_part_are_read_where_they_were_recorded():
    rng = np.random.default_rng(10)
    arm = np.repeat(["holdout", "coupon"], 2000)
    stratum = np.where(rng.random(4000) < 0.5, "big", "small")
    took = (arm == "coupon") & (rng.random(4000) < 0.4)
    spend = rng.gamma(2, 10, 4000) + 50 * (stratum == "big") + 10 * took
    given = statistics_from_arrays(arm, spend, stratum=stratum, received=took)
    metric = replace(SPEND, adjust="strata")
    one = readout(DESIGN, [Measured(metric, given)], as_of=END).metrics[0].comparisons[0]
    assert one.effect.method == "post_stratified"
    assert one.complier is not None
    assert one.by_stratum is not None
    assert [part.stratum for part in one.by_stratum.strata] == ["big", "small"]
    assert isinstance(one.complier.absolute, Estimate)
    assert one.complier.absolute.low < 10 < one.complier.absolute.high


def test_strata_are_refused_where_whole_stores_were_assigned():
    rng = np.random.default_rng(11)
    store = np.repeat(np.arange(80), 20)
    arm = np.where(store % 2, "coupon", "holdout")
    stratum = np.where(rng.random(1600) < 0.5, "big", "small")
    given = statistics_from_arrays(arm, rng.gamma(2, 10, 1600), stratum=stratum, cluster=store)
    metric = replace(SPEND, adjust="strata")
    found = readout(replace(DESIGN, unit="store"), [Measured(metric, given)], as_of=END)
    assert found.metrics[0].comparisons[0].effect.method == "cluster_mean"
    assert codes(found.metrics[0].warnings) == ["strata_refused"]
    assert found.sample_ratio.customers == {"holdout": 40, "coupon": 40}, "stores are counted"


def test_a_readout_says_how_its_mode_was_settled():
    design = replace(DESIGN, reading=Reading(mode="confidence_sequence"))
    found = readout(design, [Measured(SPEND, arms())], as_of=END, planned_customers=9000)
    assert found.as_dict()["mode_settings"] == {"tuning_customers": 9000}
    design = replace(DESIGN, reading=Reading(mode="group_sequential", looks=2))
    found = readout(design, [Measured(SPEND, arms())], as_of=END, looks=(0.4,))
    assert found.as_dict()["mode_settings"] == {"looks": [0.4], "spending": "obrien_fleming"}


def test_a_readout_goes_through_json_in_its_order():
    metric = replace(SPEND, adjust="pre_period", covariate_until=START)
    found = readout(DESIGN, [Measured(metric, arms(6.0))], as_of=END).as_dict()
    again = json.loads(json.dumps(found, allow_nan=False))
    assert again == found
    assert list(found)[:2] == ["experiment", "as_of"]
    assert list(found).index("sample_ratio") < list(found).index("verdict")
    missing = readout(DESIGN, [], as_of=END).as_dict()
    effect = missing["metrics"][0]["comparisons"][0]["effect"]
    assert effect["absolute"] == {"undefined": "not_measured"}


def test_every_reason_that_can_be_given_has_its_words():
    from pathlib import Path
    from re import findall

    import tenure.experiments.effects as room

    sources = "".join(
        path.read_text(encoding="utf-8") for path in Path(room.__file__).parent.glob("*.py")
    )
    given = set(findall(r'Undefined\("(\w+)"\)', sources))
    given |= set(findall(r'reason = "(\w+)"', sources))
    assert given - REASONS.keys() == set()
    assert REASONS.keys() - given == set()
