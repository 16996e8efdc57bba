"""What a scorecard recommends on worlds whose truth is known, for events, amounts and lists."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import expit, logit

from tenure.predictions.scorecards.judging import ScorecardOptions, scorecard
from tenure.predictions.scorecards.origins import RankedOrigin, ScoredOrigin
from tenure.predictions.scorecards.rankings import pairs
from tests.simulation.test_scorecard_truth import DATES, OPTIONS, WORDS, above, card, world

pytestmark = pytest.mark.slow


def test_a_model_that_knows_more_is_found_to_beat_its_rivals():
    verdicts = [
        card(world(seed, count=600, strength=1.5)[0]).verdict.code.value for seed in range(25)
    ]
    assert verdicts.count("beats") / 25 >= 0.9


def test_a_model_that_knows_no_more_than_recency_seldom_beats_it():
    # the model is the rival itself with a little noise: a tie by construction
    beats = 0
    for seed in range(60):
        rng = np.random.default_rng(10_000 + seed)
        origins, _ = world(seed, strength=1.0)
        made = []
        for one in origins:
            twin = expit(logit(one.predictions["recency"]) + 0.1 * rng.normal(size=300))
            made.append(
                ScoredOrigin(
                    one.as_of,
                    one.until,
                    one.actual,
                    {**one.predictions, "model": twin},
                    customers=one.customers,
                )
            )
        beats += card(made).verdict.code == "beats"
    assert beats / 60 <= above(0.025, 60)


def test_amounts_without_signal_are_reported_as_such():
    false_alarms, trials = 0, 60
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        origins = []
        for start, end in itertools.pairwise(DATES):
            bought = rng.random(400) < 0.3
            actual = np.where(bought, rng.lognormal(3, 1, 400), 0.0)
            predictions = {
                "mean": np.full(400, 9.9),
                "past_rate": 9.9 * rng.gamma(2, 0.5, 400),
                "model": 9.9 * np.exp(0.3 * rng.normal(size=400)),
            }
            origins.append(ScoredOrigin(start, end, actual, predictions, customers=np.arange(400)))
        made = scorecard(
            "amount", origins, model="model", rivals=["mean", "past_rate"], options=OPTIONS
        )
        false_alarms += made.verdict.code != "no_signal"
    assert false_alarms / trials <= above(0.05, trials)


def test_lists_drawn_at_random_are_reported_as_such():
    false_alarms, trials = 0, 50
    options = ScorecardOptions(WORDS, WORDS, draws=200, suggestions=5, product_count=40)
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        origins = []
        for start, end in itertools.pairwise(DATES):
            rows = np.repeat(np.arange(150), 3)
            bought = pairs(rows, rng.integers(0, 40, rows.size))
            lists = {
                name: np.array([rng.permutation(40)[:5] for _ in range(150)])
                for name in ("popular", "model")
            }
            origins.append(RankedOrigin(start, end, bought, lists, customers=np.arange(150)))
        made = scorecard("ranking", origins, model="model", rivals=["popular"], options=options)
        false_alarms += made.verdict.code != "no_signal"
    assert false_alarms / trials <= above(0.05, trials)
