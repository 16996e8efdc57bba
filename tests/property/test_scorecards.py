from __future__ import annotations

import itertools
import json
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tenure.kernel import Undefined
from tenure.predictions.scorecards.amounts import (
    decile_chart,
    normalised_gini,
    poisson_deviance,
    rank_correlation,
)
from tenure.predictions.scorecards.calibration import (
    brier_parts,
    expected_calibration_error,
    reliability,
)
from tenure.predictions.scorecards.discrimination import auc, average_precision, gain, gain_curve
from tenure.predictions.scorecards.judging import ScorecardOptions, scorecard
from tenure.predictions.scorecards.money import ContactPlan
from tenure.predictions.scorecards.origins import ScoredOrigin
from tenure.predictions.scorecards.population import population_reference, stability_index
from tenure.predictions.scorecards.rankings import pairs, ranking_figures
from tenure.predictions.scorecards.rivals import MonotoneCurve
from tenure.predictions.scorecards.scorecard import Scorecard

WORDS = {"en": "made", "zh": "人造"}
DATES = [date(2024, month, 1) for month in (1, 4, 7, 10)]

sizes = st.integers(2, 60)
# Few distinct scores, so that ties are the rule.
tied = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5000001, 0.9, 1.0])
happens = st.sampled_from([0.0, 1.0])


@st.composite
def scored(draw, scores=tied, outcomes=happens):
    size = draw(sizes)
    return (
        np.array(draw(st.lists(outcomes, min_size=size, max_size=size))),
        np.array(draw(st.lists(scores, min_size=size, max_size=size))),
    )


amounts = scored(
    scores=st.floats(0, 1e6, allow_subnormal=False),
    outcomes=st.one_of(st.just(0.0), st.floats(0.01, 1e6)),
)


@given(scored())
def test_the_auc_is_the_share_of_pairs_in_order(sample):
    happened, scores = sample
    found = auc(happened, scores)
    if happened.min() == happened.max():
        assert isinstance(found, Undefined)
        return
    events, others = scores[happened == 1], scores[happened == 0]
    pairs_in_order = (events[:, None] > others) + 0.5 * (events[:, None] == others)
    assert found.value == pytest.approx(pairs_in_order.mean(), abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert auc(happened, -scores).value == pytest.approx(1 - found.value, abs=1e-12)
    assert auc(happened, np.exp(5 * scores)).value == pytest.approx(found.value, abs=1e-12)


@given(scored(), st.randoms(use_true_random=False))
def test_row_order_and_doubled_rows_change_no_figure(sample, random):
    happened, scores = sample
    assume(0 < happened.sum() < happened.size)
    mixed = random.sample(range(happened.size), happened.size)
    for rows in (np.array(mixed), np.repeat(np.arange(happened.size), 2)):
        y, p = happened[rows], scores[rows]
        assert auc(y, p).value == pytest.approx(auc(happened, scores).value)
        assert average_precision(y, p) == pytest.approx(average_precision(happened, scores))
        assert gain(y, p, depth=0.3) == pytest.approx(gain(happened, scores, depth=0.3))
        assert brier_parts(y, p).miscalibration == pytest.approx(
            brier_parts(happened, scores).miscalibration, abs=1e-12
        )
        assert normalised_gini(y, p) == pytest.approx(normalised_gini(happened, scores))


@given(scored())
def test_the_parts_of_the_brier_score_add_up_and_none_is_negative(sample):
    parts = brier_parts(*sample)
    assert parts.miscalibration >= 0 and parts.discrimination >= 0
    assert parts.brier == pytest.approx(
        parts.miscalibration - parts.discrimination + parts.uncertainty, abs=1e-9
    )


@given(scored(), st.integers(1, 20))
def test_bins_hold_every_row_and_the_error_is_a_share(sample, bins):
    happened, forecast = sample
    found = reliability(happened, forecast, bins=bins)
    assert sum(one.rows for one in found) == happened.size
    assert 0 <= expected_calibration_error(happened, forecast, bins=bins) <= 1
    assert len(found) <= min(bins, len(set(forecast.tolist())))


@given(scored())
def test_the_gain_rises_with_depth_to_everything(sample):
    happened, scores = sample
    assume(happened.sum() > 0)
    depths = [i / 10 for i in range(1, 11)]
    curve = gain_curve(happened, scores, depths)
    shares = [share for _, share in curve]
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)
    for depth, (_, share) in zip(depths, curve, strict=True):
        assert gain(happened, scores, depth=depth) == pytest.approx(share)


@given(amounts)
def test_figures_of_order_stay_in_their_range(sample):
    actual, forecast = sample
    for found in (normalised_gini(actual, forecast), rank_correlation(actual, forecast)):
        assert isinstance(found, Undefined) or -1 - 1e-9 <= found <= 1 + 1e-9
    chart = decile_chart(actual, forecast)
    assert sum(row.rows for row in chart) == actual.size
    assert sum(row.rows * row.actual for row in chart) == pytest.approx(actual.sum())


@given(amounts, st.floats(0.01, 1000))
def test_the_unit_of_money_scales_the_deviance_and_so_changes_no_skill(sample, unit):
    actual, forecast = sample
    above = np.maximum(forecast, 0.5)
    assert poisson_deviance(actual * unit, above * unit) == pytest.approx(
        unit * poisson_deviance(actual, above), rel=1e-6, abs=1e-6 * unit * (1 + actual.max())
    )


@given(st.data())
def test_lists_have_figures_between_nothing_and_everything(data):
    customers, products, k = data.draw(
        st.tuples(st.integers(1, 8), st.integers(1, 9), st.integers(1, 6))
    )
    lists = np.array(
        [(data.draw(st.permutations(range(products))) + [-1] * k)[:k] for _ in range(customers)]
    )
    count = data.draw(st.integers(0, 20))
    rows = data.draw(arrays.arrays(np.int64, count, elements=st.integers(0, customers - 1)))
    bought = data.draw(arrays.arrays(np.int64, count, elements=st.integers(0, products - 1)))
    found = ranking_figures(lists, pairs(rows, bought), k=k)
    if isinstance(found, Undefined):
        assert count == 0
        return
    for value in (found.recall, found.precision, found.hit_rate, found.reciprocal_rank, found.gain):
        assert 0 <= value <= 1 + 1e-12
    if k >= products:
        assert found.recall == pytest.approx(1)


@given(scored())
def test_a_monotone_curve_never_turns_and_never_is_sure(sample):
    happened, scores = sample
    curve = MonotoneCurve().fit(scores, happened)
    asked = np.linspace(-1, 2, 50)
    steps = np.diff(curve.predict(asked))
    assert (steps >= -1e-12).all() or (steps <= 1e-12).all()
    assert 0 < curve.predict(asked).min() <= curve.predict(asked).max() < 1


@given(
    arrays.arrays(np.float64, 6, elements=st.integers(0, 500)),
    arrays.arrays(np.float64, 6, elements=st.integers(0, 500)),
)
def test_the_stability_index_is_a_distance(then, now):
    assume(then.sum() > 0 and now.sum() > 0)
    assert stability_index(then, now) >= -1e-12
    assert stability_index(then, now) == pytest.approx(stability_index(now, then))
    assert stability_index(then, then) == pytest.approx(0)


@given(arrays.arrays(np.float64, st.integers(1, 80), elements=st.floats(-1e9, 1e9)))
def test_the_bins_of_a_population_hold_every_row(values):
    (one,) = population_reference(pa.table({"x": values}), ["x"]).features
    assert sum(one.counts) == values.size
    assert list(one.cuts) == sorted(set(one.cuts))


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_scorecard_of_any_data_is_finite_whole_and_comes_back_from_json(data):
    size = data.draw(st.integers(3, 50))
    probability = arrays.arrays(np.float64, size, elements=tied)
    origins = [
        ScoredOrigin(
            start,
            end,
            data.draw(arrays.arrays(np.float64, size, elements=st.sampled_from([0.0, 1.0]))),
            {name: data.draw(probability) for name in ("recency", "model")},
            customers=np.arange(size),
            value=data.draw(arrays.arrays(np.float64, size, elements=st.floats(-10, 1e6))),
        )
        for start, end in itertools.pairwise(DATES)
    ]
    options = ScorecardOptions(
        WORDS, WORDS, draws=100, depths=(0.1, 5), plan=ContactPlan(1.0, 0.1), events_min=2
    )
    card = scorecard("binary", origins, model="model", rivals=["recency"], options=options)
    text = card.as_json()  # refuses what is not finite
    assert Scorecard.from_dict(json.loads(text)) == card
    assert card.recommended in card.names
    for readings in card.figures.values():
        for found in readings.values():
            assert found.value is not None or found.reason
            if found.low is not None:
                assert found.low <= found.value <= found.high


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_scorecard_of_any_amounts_is_finite_too(data):
    size = data.draw(st.integers(3, 40))
    money = arrays.arrays(np.float64, size, elements=st.one_of(st.just(0.0), st.floats(-1e3, 1e7)))
    origins = [
        ScoredOrigin(
            start,
            end,
            data.draw(money),
            {name: data.draw(money) for name in ("past_rate", "model")},
            customers=np.arange(size),
        )
        for start, end in itertools.pairwise(DATES)
    ]
    options = ScorecardOptions(WORDS, WORDS, draws=100, events_min=2)
    card = scorecard("amount", origins, model="model", rivals=["past_rate"], options=options)
    assert Scorecard.from_dict(json.loads(card.as_json())) == card
