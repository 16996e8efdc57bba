"""MBG/NBD: a customer may leave already after the very first purchase."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import hyp2f1

from tenure.predictions.purchases.mbg_nbd import MBGNBD

COUNT, LAST, AGE = "repeat_order_day_count", "age_at_last_order_days", "age_days"
TRUTH = {"r": 0.9, "alpha": 9.0, "a": 0.8, "b": 2.0}


def made(customers: int, seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    age = random.integers(20, 100, customers).astype(float)
    rate = random.gamma(TRUTH["r"], 1 / TRUTH["alpha"], customers)
    leaving = random.beta(TRUTH["a"], TRUTH["b"], customers)
    count, last, clock = np.zeros((3, customers))
    here = random.random(customers) >= leaving
    while here.any():
        clock[here] += random.exponential(1 / np.maximum(rate[here], 1e-12))
        here &= clock <= age
        count[here] += 1
        last[here] = clock[here]
        here &= random.random(customers) >= leaving
    return {COUNT: count, LAST: last, AGE: age}


def known(**parameters: float) -> MBGNBD:
    state = MBGNBD().fit(made(200, 0)).to_dict()
    state["fitted"]["maximum"]["values"] = list(parameters.values())
    return MBGNBD.from_dict(state)


def test_true_parameters_lie_in_their_intervals():
    for row in MBGNBD().fit(made(8000, 1)).summary(0.99):
        assert row["low"] < TRUTH[row["parameter"]] < row["high"]


def test_a_one_time_buyer_may_have_left():
    model = known(**TRUTH)
    young, old = model.predict_active({COUNT: [0, 0], LAST: [0, 0], AGE: [1, 500]})
    assert young < TRUTH["b"] / (TRUTH["a"] + TRUTH["b"]) + 0.02
    assert old < young < 1


def test_probability_active_is_the_published_form():
    # Batislam, Denizel and Filiztekin 2007: 1 / (1 + a / (b + x) ((alpha + T)/(alpha + t))^(r + x))
    columns = made(300, 2)
    x, t, age = columns.values()
    r, alpha, a, b = TRUTH.values()
    wanted = 1 / (1 + a / (b + x) * ((alpha + age) / (alpha + t)) ** (r + x))
    assert known(**TRUTH).predict_active(columns) == pytest.approx(wanted, rel=1e-12)


def test_expected_purchases_equal_the_closed_form():
    # As BG/NBD's, with one more chance to leave survived: b + x + 1 in place of b + x.
    columns, ahead = made(300, 3), 26.0
    x, _, age = columns.values()
    r, alpha, a, b = TRUTH.values()
    z = ahead / (alpha + age + ahead)
    tail = hyp2f1(r + x, b + x + 1, a + b + x, z) * ((alpha + age) / (alpha + age + ahead)) ** (
        r + x
    )
    model = known(**TRUTH)
    wanted = model.predict_active(columns) * (a + b + x) / (a - 1) * (1 - tail)
    assert model.predict(columns, ahead) == pytest.approx(wanted, rel=1e-9)


def test_it_is_not_loaded_as_another_model():
    described = known(**TRUTH).to_dict()
    assert described["model"] == "MBGNBD"
