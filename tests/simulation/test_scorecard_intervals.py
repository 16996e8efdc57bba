"""The intervals of a scorecard on worlds whose truth is known: they cover it at their rate."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import expit

from tenure.predictions.scorecards.calibration import expected_events
from tenure.predictions.scorecards.origins import ScoredOrigin
from tests.simulation.test_scorecard_truth import DATES, card, world

pytestmark = pytest.mark.slow


def test_intervals_cover_the_truth_although_customers_return_at_every_date():
    inside = {"auc": 0, "brier": 0, "lift_at_10_percent": 0}
    trials = 120
    rng = np.random.default_rng(99)
    # the true figures of a fixed score in this world, from a very large sample of it
    hidden = rng.normal(size=400_000)
    shown = 0.6 * hidden + 0.8 * rng.normal(size=400_000)
    forecast = expit(-1.2 + 0.9 * shown)
    outcome = (rng.random(400_000) < expit(-1.2 + 1.5 * hidden)).astype(float)
    order = np.argsort(-forecast)
    ranks = np.empty(400_000)
    ranks[order[::-1]] = np.arange(1, 400_001)
    events = outcome.sum()
    truth = {
        "auc": (ranks[outcome == 1].sum() - events * (events + 1) / 2)
        / (events * (400_000 - events)),
        "brier": np.square(forecast - outcome).mean(),
        "lift_at_10_percent": outcome[order[:40_000]].mean() / outcome.mean(),
    }
    for seed in range(trials):
        made = np.random.default_rng(seed)
        hidden = made.normal(size=500)
        shown = 0.6 * hidden + 0.8 * made.normal(size=500)
        origins = []
        for start, end in itertools.pairwise(DATES):
            happened = (made.random(500) < expit(-1.2 + 1.5 * hidden)).astype(float)
            predictions = {
                "base_rate": np.full(500, 0.3),
                "recency": np.full(500, 0.3),
                "model": expit(-1.2 + 0.9 * shown),
            }
            origins.append(
                ScoredOrigin(start, end, happened, predictions, customers=np.arange(500))
            )
        found = card(origins)
        for name, value in truth.items():
            reading = found.reading("model", name)
            inside[name] += reading.low <= value <= reading.high
    for name, hits in inside.items():
        assert 0.90 <= hits / trials <= 0.99, (name, hits / trials)


def test_rows_taken_as_independent_would_cover_too_little():
    # the same worlds without customers' ids: the promise above is not kept for free
    inside, trials = 0, 50
    for seed in range(trials):
        made = np.random.default_rng(seed)
        hidden = 3 * made.normal(size=200)
        happened = made.random(200) < expit(-1.2 + hidden)
        origins = [
            ScoredOrigin(
                start,
                end,
                happened.astype(float),
                {
                    "base_rate": np.full(200, 0.4),
                    "recency": np.full(200, 0.4),
                    "model": expit(hidden),
                },
            )
            for start, end in itertools.pairwise(DATES)
        ]
        reading = card(origins).reading("base_rate", "brier")
        rate = float(expit(-1.2 + 3 * np.random.default_rng(1).normal(size=200_000)).mean())
        truth = rate * 0.36 + (1 - rate) * 0.16
        inside += reading.low <= truth <= reading.high
    assert inside / trials < 0.85


def test_the_announced_total_covers_what_comes_at_its_rate():
    inside, trials = 0, 400
    rng = np.random.default_rng(5)
    for _ in range(trials):
        truth = expit(-2 + 1.5 * rng.normal(size=400))
        came = (rng.random(400) < truth).sum()
        announced = expected_events(truth, confidence=0.9)
        inside += announced.low <= came <= announced.high
    assert 0.86 <= inside / trials <= 0.94


def test_leavers_are_found_at_the_next_date_at_the_rate_promised():
    promised, found = [], []
    for seed in range(40):
        origins, truth = world(seed, count=500, strength=1.5)
        promised.append(card(origins).reading("model", "precision_at_10_percent").value)
        # the next date: the same model's list, its true rate of leavers
        listed = np.argsort(-np.asarray(origins[-1].predictions["model"]))[:50]
        found.append(truth[listed].mean())
    error = np.std(np.array(promised) - np.array(found)) / np.sqrt(40)
    assert np.mean(promised) == pytest.approx(np.mean(found), abs=3 * error)
