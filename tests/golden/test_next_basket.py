"""Next basket on the Complete Journey: recall at 10 of the last basket, held out.

Source of the simple rules' figures: measured before, independently, with plain arrays: popularity
0.090, own frequency 0.170 to 0.175 (by how ties are broken), with popularity fill 0.175. Of the
blend: goal 0.175, and 1.5 times ALS of `implicit` 0.7.3 (0.119 at best), which
`benchmarks/bench_next_basket.py` measures in the same run.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.next_baskets import HeldOut, held_out, simple_rules
from tenure.predictions.next_purchase.basket import NextBasket

pytestmark = pytest.mark.slow

GOAL = 0.175
ALS_AT_BEST = 0.1193


@pytest.fixture(scope="module")
def data(complete_journey: Path) -> HeldOut:
    return held_out(complete_journey)


@pytest.fixture(scope="module")
def model(data: HeldOut) -> NextBasket:
    return NextBasket().fit(data.history)


@pytest.fixture(scope="module")
def lists(model: NextBasket, data: HeldOut) -> pa.Table:
    return model.recommend(data.history)


def test_the_data_are_those_of_the_protocol(data: HeldOut) -> None:
    assert len(data.truth) == 2_358
    products = set(data.history["product_id"].unique().to_pylist())
    assert len(products.union(*data.truth.values())) == 14_718


def test_simple_rules_give_the_known_figures(data: HeldOut) -> None:
    found = {name: data.recall(lists)[0] for name, lists in simple_rules(data).items()}
    assert found["popularity"] == pytest.approx(0.0896, abs=5e-4)
    assert found["own frequency"] == pytest.approx(0.1746, abs=5e-4)
    assert found["own frequency, popularity fill"] == pytest.approx(0.1746, abs=5e-4)


def test_the_blend_reaches_the_goal(data: HeldOut, lists: pa.Table) -> None:
    recall, _ = data.recall(lists)
    assert recall >= GOAL
    assert recall >= 1.5 * ALS_AT_BEST
    assert recall == pytest.approx(0.1937, abs=2e-3)


def test_repeat_and_new_products_are_each_found_better(data: HeldOut, model: NextBasket) -> None:
    for part, new, simple in (("repeat", False, 0.371), ("new", True, 0.021)):
        assert model.uses_blend_[part]
        found = model.recommend(data.history, part=part)
        assert data.part(new=new).recall(found)[0] > simple


def test_the_model_is_small_and_the_same_after_reload(
    data: HeldOut, model: NextBasket, lists: pa.Table
) -> None:
    text = json.dumps(model.to_dict())
    assert len(text) < 1_000_000
    assert NextBasket.from_dict(json.loads(text)).recommend(data.history).equals(lists)
