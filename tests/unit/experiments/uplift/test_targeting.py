import json

import numpy as np
import pyarrow as pa
import pytest

from tenure.experiments.uplift.candidates import LEARNER_KINDS, title_of
from tenure.experiments.uplift.pilots import folds, pilot
from tenure.experiments.uplift.targeting import (
    TargetingOptions,
    TargetingVerdict,
    judge_targeting,
)
from tenure.experiments.uplift.targeting_words import VerdictCode
from tenure.experiments.uplift.uplift_model import UpliftModel
from tenure.experiments.uplift.verdict_tables import verdict_as_dict
from tenure.kernel import DataError, Estimate, OptionError, Undefined
from tests.unit.experiments.uplift.made_pilots import made

FEW = TargetingOptions(learners=(("t", "linear"), ("x", "boosted")), curve_draws=20)


@pytest.fixture(scope="module")
def verdict() -> TargetingVerdict:
    return judge_targeting(made(12_000).pilot, options=FEW)


def test_planted_responders_are_told_from_random_and_the_simplest_learner_is_taken(verdict):
    assert verdict.code is VerdictCode.TARGET
    assert verdict.recommended == verdict.learner == "t_linear"
    assert not verdict.refused
    chosen = verdict.candidate("t_linear")
    assert isinstance(chosen.uplift, Estimate)
    assert isinstance(verdict.everybody, Estimate)
    assert chosen.uplift.low > verdict.everybody.value
    assert "told from treating at random" in verdict.text["en"]
    assert "T 学习器" in verdict.text["zh"]


def test_rivals_are_always_shown_beside_the_learners(verdict):
    assert [one.name for one in verdict.candidates] == [
        "most_at_risk",
        "response",
        "t_linear",
        "x_boosted",
    ]
    assert isinstance(verdict.at_random, Estimate)
    assert verdict.customers == (12_000, 7_200)
    assert verdict.candidate("most_at_risk").tenths == ()
    assert len(verdict.candidate("x_boosted").tenths) == 10


def test_figures_agree_with_each_other(verdict):
    for one in verdict.candidates:
        assert isinstance(one.value, Estimate)
        assert isinstance(one.uplift, Estimate)
        assert one.value.value == pytest.approx(0.3 * one.uplift.value)
        assert isinstance(one.curve.qini, Estimate)
        assert isinstance(one.gain_over_random, Estimate)
        # two estimates of one area: by arms alone, and steadied by outcome models
        assert one.curve.qini.value == pytest.approx(one.gain_over_random.value, abs=0.01)


def test_the_same_seed_gives_the_same_verdict(verdict):
    again = judge_targeting(made(12_000).pilot, options=FEW)
    assert verdict_as_dict(again) == verdict_as_dict(verdict)
    assert json.loads(json.dumps(verdict_as_dict(verdict), allow_nan=False))


def test_a_world_where_all_respond_alike_is_refused():
    verdict = judge_targeting(made(6000, strength=0.0).pilot, options=FEW)
    assert verdict.code is VerdictCode.NOT_TOLD_FROM_RANDOM
    assert verdict.refused
    assert verdict.learner is None
    assert "Do not choose" in verdict.text["en"]
    assert "Treating everybody pays" in verdict.text["en"]
    assert "不要" in verdict.text["zh"]


def test_a_rule_as_good_as_the_learners_is_preferred_to_them():
    random = np.random.default_rng(5)
    table = pa.table({"a": random.normal(size=8000), "b": random.normal(size=8000)})
    risk = np.asarray(table["a"])
    treated = (random.random(8000) < 0.5).astype(float)
    outcome = random.normal(size=8000) + treated * risk
    given = made(8000).pilot.__class__(table, treated, outcome, np.full(8000, 0.5), False)
    verdict = judge_targeting(given, risk=risk, options=FEW)
    assert verdict.code is VerdictCode.SIMPLE_RULE
    assert verdict.recommended == "most_at_risk"
    assert verdict.learner == "t_linear"
    assert "most at risk first" in verdict.text["en"]


def test_too_small_a_pilot_is_not_judged():
    verdict = judge_targeting(made(300).pilot, options=FEW)
    assert verdict.code is VerdictCode.TOO_FEW
    assert verdict.candidates == ()
    assert verdict.at_random == Undefined("too_few_customers")
    assert verdict.refused
    tiny = made(30)
    assert judge_targeting(tiny.pilot, options=FEW).everybody == Undefined("too_few_customers")
    with pytest.raises(DataError, match="at least 20 customers in each arm"):
        UpliftModel().fit(tiny.table, tiny.treated, tiny.outcome, 0.5)
    rare = made(4000)
    rare.outcome[:] = 0
    rare.outcome[:10] = 1
    assert judge_targeting(rare.pilot, options=FEW).code is VerdictCode.TOO_FEW
    rare.outcome[:] = 0
    assert judge_targeting(rare.pilot, options=FEW).code is VerdictCode.TOO_FEW


def test_what_treating_costs_is_taken_off():
    cheap = judge_targeting(made(6000).pilot, options=FEW)
    dear = judge_targeting(
        made(6000).pilot, options=TargetingOptions(FEW.learners, cost=0.2, curve_draws=20)
    )
    one, two = cheap.candidate("t_linear").value, dear.candidate("t_linear").value
    assert isinstance(one, Estimate)
    assert isinstance(two, Estimate)
    assert one.value - two.value == pytest.approx(0.2 * 0.3)
    assert "loses on average" in dear.text["en"]


def test_options_out_of_range_are_refused():
    given = made(1000).pilot
    with pytest.raises(OptionError):
        judge_targeting(given, options=TargetingOptions(depth=1.0))
    with pytest.raises(DataError):
        judge_targeting(given, risk=np.zeros(3))
    assert {title_of(f"{c}_{b}")["en"] for c, b in LEARNER_KINDS}


def test_a_plan_may_count_on_what_came_true_and_no_more():
    pilot, later = made(12_000), made(4000, seed=8)
    model = UpliftModel().fit(pilot.table, pilot.treated, pilot.outcome, 0.5, options=FEW)
    effect, spread = model.predict_effects(later.table)
    assert np.corrcoef(effect, later.effect)[0, 1] > 0.7
    top = np.argsort(-effect)[:1200]
    assert effect[top].mean() == pytest.approx(later.effect[top].mean(), abs=0.04)
    assert (spread > 0).all()
    text = json.dumps(model.to_dict(), allow_nan=False)
    assert len(text) < 1_000_000
    again = UpliftModel.from_dict(json.loads(text))
    np.testing.assert_array_equal(again.predict(later.table), effect)
    assert again.verdict_ == model.verdict_


def test_where_targeting_is_refused_everybody_has_the_mean_effect():
    pilot = made(6000, strength=0.0)
    model = UpliftModel().fit(pilot.table, pilot.treated, pilot.outcome, 0.5, options=FEW)
    effect, spread = model.predict_effects(pilot.table)
    assert np.ptp(effect) == np.ptp(spread) == 0
    assert effect[0] == model.verdict_["everybody"]["value"]
    again = UpliftModel.from_dict(json.loads(json.dumps(model.to_dict())))
    np.testing.assert_array_equal(again.predict(pilot.table), effect)


@pytest.mark.parametrize("handed_over", [True, False])
def test_a_rule_that_is_recommended_gives_effects_too(*, handed_over):
    random = np.random.default_rng(5)
    table = pa.table({"a": random.normal(size=8000), "b": random.normal(size=8000)})
    risk = np.asarray(table["a"])
    treated = (random.random(8000) < 0.5).astype(float)
    effect = 0.5 + (risk if handed_over else 0.5 * np.asarray(table["b"]))
    outcome = random.normal(size=8000) + treated * effect
    outcome += np.asarray(table["b"])
    model = UpliftModel()
    given = risk if handed_over else None
    model.fit(table, treated, outcome, 0.5, risk=given, options=FEW)
    assert model.verdict_["recommended"] == ("most_at_risk" if handed_over else "response")
    found = model.predict(table, given)
    assert np.corrcoef(found, effect)[0, 1] > 0.97
    assert np.polyfit(found, effect, 1)[0] == pytest.approx(1, abs=0.1)
    again = UpliftModel.from_dict(json.loads(json.dumps(model.to_dict())))
    np.testing.assert_array_equal(again.predict(table, given), found)
    if handed_over:
        with pytest.raises(DataError, match="risks of 0 for 8000"):
            model.predict(table)


def test_months_of_one_customer_are_not_many_customers():
    shop = made(2000, seed=4)
    often = [np.tile(one, 4) for one in (shop.treated, shop.outcome)]
    table = pa.concat_tables([shop.table] * 4)
    ids = np.tile(np.arange(2000), 4)
    whole = pilot(table, *often, 0.5, customers=[f"c{i}" for i in ids])
    fold = folds(whole, 5, seed=1)
    assert all(len(set(fold[ids == one])) == 1 for one in range(50))
    found = judge_targeting(whole, options=FEW)
    once = judge_targeting(shop.pilot, options=FEW)
    loose = judge_targeting(pilot(table, *often, 0.5), options=FEW)
    for one, two in ((found.everybody, once.everybody), (found.at_random, once.at_random)):
        assert width(one) == pytest.approx(width(two), rel=0.15)
    assert width(loose.everybody) < 0.6 * width(found.everybody)
    several, single = found.candidate("t_linear"), once.candidate("t_linear")
    for one, two in (
        (several.gain_over_random, single.gain_over_random),
        (several.value, single.value),
        (several.curve.qini, single.curve.qini),
        (several.tenths[0].found, single.tenths[0].found),
    ):
        assert width(one) == pytest.approx(width(two), rel=0.35)


def width(found: Estimate | Undefined) -> float:
    assert isinstance(found, Estimate)
    return found.high - found.low
