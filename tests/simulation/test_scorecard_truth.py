"""Scorecards on worlds whose truth is known: what they promise, at the rate they promise it.

Each world has customers with a hidden propensity that lasts over the dates, features that show
it more or less, a model fitted to an earlier date and the simple rivals. Rates are over the
worlds; bounds are the nominal rate and three standard errors of that many worlds.
"""

from __future__ import annotations

import itertools
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit

from tenure.predictions.scorecards.judging import ScorecardOptions, scorecard
from tenure.predictions.scorecards.origins import ScoredOrigin
from tenure.predictions.scorecards.rivals import EarlierDate, naive_probabilities

pytestmark = pytest.mark.slow

WORLDS = 200
DATES = [date(2024, month, 1) for month in (1, 4, 7, 10)]
WORDS = {"en": "made", "zh": "人造"}
OPTIONS = ScorecardOptions(WORDS, WORDS, draws=200)


def above(rate: float, trials: int) -> float:
    """A rate and three standard errors of so many trials."""
    return rate + 3 * np.sqrt(rate * (1 - rate) / trials)


def features(rng, hidden, shown):
    """Days since the last order, which tell of the propensity as far as `shown` goes."""
    seen = shown * hidden + np.sqrt(1 - shown**2) * rng.normal(size=hidden.size)
    return seen, pa.table({"days_since_last_order": np.maximum(80 - 30 * seen, 0).astype(int)})


def fitted(x, y):
    """A logistic regression by Newton's method: a model that can overfit as models do."""
    design = np.column_stack([np.ones(len(x)), x])
    beta = np.zeros(design.shape[1])
    for _ in range(12):
        p = expit(design @ beta)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + 1e-6 * np.eye(len(beta))
        beta = beta + np.linalg.solve(hessian, design.T @ (y - p))
    return lambda other: expit(np.column_stack([np.ones(len(other)), other]) @ beta)


def world(seed, *, count=300, strength=0.0, shown=0.6, base=-1.2):
    """Three scored dates after one to learn from; the model also sees five columns of noise."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=count)
    truth = expit(base + strength * hidden)

    def at_a_date():
        seen, table = features(rng, hidden, shown)
        more = np.column_stack([0.8 * hidden + 0.6 * rng.normal(size=count), seen])
        columns = np.column_stack([more, rng.normal(size=(count, 5))])
        return columns, table, (rng.random(count) < truth).astype(float)

    columns, table, happened = at_a_date()
    model = fitted(columns, happened)
    earlier = [EarlierDate(table, happened)]
    origins = []
    for start, end in itertools.pairwise(DATES):
        columns, table, happened = at_a_date()
        predictions = naive_probabilities(earlier, table, horizon_days=90)
        predictions["model"] = model(columns)
        earlier.append(EarlierDate(table, happened))
        origins.append(ScoredOrigin(start, end, happened, predictions, customers=np.arange(count)))
    return origins, truth


def card(origins, options=OPTIONS):
    return scorecard(
        "binary", origins, model="model", rivals=["base_rate", "recency"], options=options
    )


def test_a_world_without_signal_is_reported_as_such_at_the_nominal_rate():
    verdicts, recommended = [], []
    for seed in range(WORLDS):
        made = card(world(seed)[0])
        verdicts.append(made.verdict.code.value)
        recommended.append(made.recommended)
    false_alarms = sum(code != "no_signal" for code in verdicts) / WORLDS
    # the test of order and the choice of the best are at 2.5 % each
    assert false_alarms <= above(0.05, WORLDS)
    assert verdicts.count("beats") / WORLDS <= above(0.025, WORLDS)
    assert recommended.count("base_rate") / WORLDS >= 1 - above(0.025, WORLDS)
