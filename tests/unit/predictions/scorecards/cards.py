"""Small backtests made by hand: customers with a hidden propensity, scored at several dates."""

from __future__ import annotations

import itertools
from datetime import date

import numpy as np

from tenure.predictions.scorecards.judging import ScorecardOptions, scorecard
from tenure.predictions.scorecards.origins import RankedOrigin, ScoredOrigin
from tenure.predictions.scorecards.rankings import pairs

WORDS = {
    "definition": {"en": "an order within 90 days", "zh": "90 天内下单"},
    "population": {"en": "customers with an order", "zh": "有订单的客户"},
}
DATES = [date(2024, month, 1) for month in (1, 4, 7, 10)]
RIVALS = ("base_rate", "recency")


def options(**given):
    return ScorecardOptions(**{**WORDS, "draws": 200, **given})


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def binary_origins(count=1_500, *, strength=1.0, model_noise=0.3, seed=1, level=-1.5):
    """Three dates: the model sees the propensity with little noise, recency with much."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=count)
    origins = []
    for start, end in itertools.pairwise(DATES):
        happened = rng.random(count) < sigmoid(level + strength * hidden)
        near = hidden + model_noise * rng.normal(size=count)
        far = hidden + 2 * rng.normal(size=count)
        predictions = {
            "base_rate": np.full(count, float(sigmoid(level))),
            "recency": sigmoid(level + strength * far / 5),
            "model": sigmoid(level + strength * near / (1 + model_noise**2)),
        }
        worth = np.exp(3 + rng.normal(size=count))
        origins.append(
            ScoredOrigin(start, end, happened, predictions, customers=np.arange(count), value=worth)
        )
    return origins


def amount_origins(count=1_500, *, seed=2, strength=1.0):
    """Three dates of money: most buy nothing, a few buy much."""
    rng = np.random.default_rng(seed)
    hidden = strength * rng.normal(size=count)
    origins = []
    for start, end in itertools.pairwise(DATES):
        mean = 20 * np.exp(hidden - strength**2 / 2)
        bought = rng.random(count) < 0.3
        actual = np.where(bought, mean / 0.3 * rng.gamma(2, 0.5, count), 0.0)
        predictions = {
            "past_rate": np.maximum(mean * rng.gamma(1, 1, count), 0.01),
            "model": mean,
        }
        origins.append(
            ScoredOrigin(
                start,
                end,
                actual,
                predictions,
                customers=np.arange(count),
                low=np.zeros(count),
                high=mean / 0.3 * 2.5,
            )
        )
    return origins


def ranking_origins(count=400, products=60, *, seed=3, lean=0.7):
    """Three dates of baskets: with chance `lean` a product is one of the customer's five."""
    rng = np.random.default_rng(seed)
    own = np.array([rng.permutation(products)[:5] for _ in range(count)])
    origins = []
    for start, end in itertools.pairwise(DATES):
        rows = np.repeat(np.arange(count), 4)
        chosen = own[rows, rng.integers(0, 5, rows.size)]
        bought = np.where(
            rng.random(rows.size) < lean, chosen, rng.integers(0, products, rows.size)
        )
        predictions = {
            "popular": np.tile(np.arange(10), (count, 1)),
            "model": np.column_stack([own, np.full((count, 5), -1)]),
        }
        known = pairs(np.repeat(np.arange(count), 5), own.ravel())
        origins.append(
            RankedOrigin(
                start,
                end,
                pairs(rows, bought),
                predictions,
                customers=np.arange(count),
                known=known,
            )
        )
    return origins


def binary_card(origins=None, **given):
    made = binary_origins() if origins is None else origins
    return scorecard("binary", made, model="model", rivals=RIVALS, options=options(**given))
