from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from tenure.predictions.next_purchase.assortment import Assortment, assortment, owned
from tenure.predictions.next_purchase.blend import Blend, fit_blend
from tenure.predictions.next_purchase.histories import read_histories
from tenure.predictions.next_purchase.neighbours import SHARED_MIN, STEPS, Neighbours, neighbours
from tenure.predictions.next_purchase.newcomers import Starters, starters
from tests.unit.predictions.next_purchase.made_lines import BEGAN_ON, table


def on(day: int) -> object:
    return BEGAN_ON + timedelta(days=day)


def test_products_stand_by_how_often_they_are_bought() -> None:
    rows = [("a", on(d), f"a{d}", "milk") for d in range(0, 40, 10)]
    rows += [("a", on(0), "a0", "pan"), ("b", on(5), "b5", "milk")]
    histories = read_histories(table(rows))
    found = assortment(histories, int(histories.order_day.max()) + 1)
    assert found.ids.to_pylist() == ["milk", "pan"]
    assert found.popularity.tolist() == [1.0, 0.2]
    assert found.repeat_share[0] > found.repeat_share[1]
    assert 0 < found.gap_days[0] <= 10.0


def test_recent_purchases_weigh_more() -> None:
    rows = [("a", on(0), "1", "old"), ("a", on(300), "2", "young")]
    histories = read_histories(table(rows))
    found = assortment(histories, int(histories.order_day.max()) + 1)
    assert found.ids.to_pylist() == ["young", "old"]
    assert found.recent[0] > found.popularity[0] == found.popularity[1] > found.recent[1]


def test_the_assortment_is_the_same_after_its_life_as_text() -> None:
    histories = read_histories(table([("a", on(d), str(d), f"p{d % 3}") for d in range(20)]))
    found = assortment(histories, int(histories.order_day.max()) + 1)
    again = Assortment.from_dict(found.as_dict())
    for name in ("popularity", "recent", "repeat_share", "gap_days"):
        np.testing.assert_array_equal(getattr(found, name), getattr(again, name))
    assert again.ids.equals(found.ids)
    assert again.elsewhere == found.elsewhere


def test_what_a_customer_owns_is_counted_per_order() -> None:
    rows = [("a", on(0), "1", "x"), ("a", on(7), "2", "x"), ("a", on(9), "3", "y")]
    mine = owned(read_histories(table(rows)))
    assert mine.times.tolist() == [2, 1]
    assert mine.first.tolist() == [0, 2]
    assert mine.last.tolist() == [1, 2]
    assert (mine.last_day - mine.first_day).tolist() == [7, 0]


def test_neighbours_agree_with_plain_counting() -> None:
    random = np.random.default_rng(3)
    matrix = random.random((200, 30)) < random.random(30) * 0.5
    customer, product = np.nonzero(matrix)
    found = neighbours(customer, product, count=30, nearest=4)
    shared = matrix.T.astype(int) @ matrix
    size = np.sqrt(np.diag(shared) + 10.0)
    for item in range(30):
        steps = np.round(STEPS * shared[item] / (size[item] * size)).astype(int)
        steps[(shared[item] < SHARED_MIN) | (np.arange(30) == item)] = 0
        expected = [int(j) for j in np.lexsort((np.arange(30), -steps)) if steps[j] > 0][:4]
        part = slice(found.starts[item], found.starts[item + 1])
        assert found.products[part].tolist() == expected
        assert found.steps[part].tolist() == steps[expected].tolist()
    again = Neighbours.from_dict(found.as_dict())
    assert (again.matrix(31) != found.matrix(31)).nnz == 0


def test_neighbours_can_be_cut_to_fewer_products() -> None:
    customer = np.repeat(np.arange(20), 3)
    found = neighbours(customer, np.tile(np.arange(3), 20), count=3, nearest=2)
    assert np.diff(found.starts).tolist() == [2, 2, 2]
    fewer = found.first(2).among(2)
    assert np.diff(fewer.starts).tolist() == [1, 1]
    assert fewer.products.tolist() == [1, 0]


def test_no_purchases_give_no_neighbours() -> None:
    nobody = np.empty(0, np.int64)
    assert len(neighbours(nobody, nobody, count=0, nearest=5).products) == 0


def test_weights_find_the_truth_and_survive_as_text() -> None:
    random = np.random.default_rng(5)
    signs = random.normal(size=(20_000, 3)) * [1.0, 5.0, 1.0] + [0.0, 2.0, 0.0]
    odds = -1.0 + 0.8 * signs[:, 0] - 0.1 * signs[:, 1]
    happened = random.random(20_000) < 1 / (1 + np.exp(-odds))
    blend = fit_blend(signs, happened)
    assert blend is not None
    assert (blend.weights / blend.spreads).tolist() == pytest.approx([0.8, -0.1, 0.0], abs=0.06)
    chance = 1 / (1 + np.exp(-blend.log_odds(signs)))
    assert chance.mean() == pytest.approx(happened.mean(), rel=1e-6)
    again = Blend.from_dict(blend.as_dict())
    np.testing.assert_array_equal(again.log_odds(signs[:7]), blend.log_odds(signs)[:7])


def test_weights_need_both_kinds_of_cases() -> None:
    assert fit_blend(np.ones((5, 2)), np.zeros(5, np.bool_)) is None


def test_weights_stay_finite_where_signs_tell_all() -> None:
    signs = np.linspace(-1, 1, 50)[:, None]
    blend = fit_blend(signs, signs[:, 0] > 0)
    assert blend is not None
    assert np.isfinite(blend.log_odds(signs)).all()


def test_newcomers_get_what_first_orders_of_their_source_hold() -> None:
    rows, sources, categories = [], [], []
    for number in range(200):
        source = "ads" if number % 2 else "street"
        for day, product in ((0, f"first-{source}"), (0, "bag"), (9, "later")):
            rows.append((f"c{number}", on(day), f"{number}-{day}", product))
            sources.append(source)
            categories.append("bags" if product == "bag" else "other")
    lines = table(rows).append_column("source", [sources]).append_column("category", [categories])
    found = starters(lines, 10**6)
    assert found.of()[0] == "bag"
    assert "later" not in found.of()
    assert found.of(source="ads").index("first-ads") < found.of(source="ads").index("first-street")
    assert found.of(category="bags") == ["bag"]
    assert found.of(source="unheard of") == found.of()
    assert Starters.from_dict(found.as_dict()) == found


def test_newcomers_get_nothing_where_nothing_is_known() -> None:
    assert starters(table([("a", on(0), "1", "x")]), 0).of() == []
