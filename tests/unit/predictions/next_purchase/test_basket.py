from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.next_purchase.basket import SUGGESTIONS, NextBasket
from tenure.predictions.next_purchase.suggesting import Exclusions
from tests.unit.predictions.next_purchase.made_lines import BEGAN_ON, shoppers, table

AS_OF = BEGAN_ON + timedelta(days=330)


@pytest.fixture(scope="module")
def lines() -> pa.Table:
    return shoppers()


@pytest.fixture(scope="module")
def model(lines: pa.Table) -> NextBasket:
    return NextBasket().fit(lines, as_of=AS_OF)


def test_habits_are_found_and_beat_the_simple_rule(model: NextBasket) -> None:
    repeat = model.comparisons_["repeat"]
    assert model.uses_blend_["all"]
    assert model.uses_blend_["repeat"]
    assert repeat.customers > 100
    assert repeat.blend > repeat.simple + 0.03
    assert model.comparisons_["new"].blend > 2 * model.comparisons_["new"].simple


def test_lists_meet_the_next_order_as_well_as_was_proved(
    model: NextBasket, lines: pa.Table
) -> None:
    found = model.recommend(lines, as_of=AS_OF)
    later = lines.filter(pc.greater_equal(lines["occurred_on"], pa.scalar(AS_OF)))
    first = later.group_by("customer_id").aggregate([("occurred_on", "min")])
    bought: dict[str, set[str]] = {c: set() for c in first["customer_id"].to_pylist()}
    days = dict(
        zip(first["customer_id"].to_pylist(), first["occurred_on_min"].to_pylist(), strict=True)
    )
    for row in later.to_pylist():
        if row["occurred_on"] == days[row["customer_id"]]:
            bought[row["customer_id"]].add(row["product_id"])
    shown: dict[str, set[str]] = {}
    for row in found.to_pylist():
        shown.setdefault(row["customer_id"], set()).add(row["product_id"])
    recall = np.mean([len(shown[c] & b) / len(b) for c, b in bought.items() if c in shown])
    proved = model.comparisons_["all"]
    assert recall == pytest.approx(proved.blend, abs=0.05)
    assert recall > proved.simple


def test_probabilities_are_of_the_next_order(model: NextBasket, lines: pa.Table) -> None:
    found = model.recommend(lines, as_of=AS_OF, count=80).to_pylist()
    later = lines.filter(pc.greater_equal(lines["occurred_on"], pa.scalar(AS_OF))).to_pylist()
    first: dict[str, date] = {}
    for row in later:
        first[row["customer_id"]] = min(first.get(row["customer_id"], date.max), row["occurred_on"])
    bought = {
        (r["customer_id"], r["product_id"])
        for r in later
        if r["occurred_on"] == first[r["customer_id"]]
    }
    asked = [r for r in found if r["customer_id"] in first]
    said = np.mean([r["probability"] for r in asked])
    came = np.mean([(r["customer_id"], r["product_id"]) in bought for r in asked])
    assert said == pytest.approx(came, rel=0.1)


def test_the_table_says_what_each_suggestion_rests_on(model: NextBasket, lines: pa.Table) -> None:
    found = model.recommend(lines, as_of=AS_OF, count=5)
    assert found.schema == SUGGESTIONS
    for row in found.to_pylist()[:500]:
        assert 0 < row["probability"] < 1
        assert row["is_new"] == (row["times_bought"] == 0)
        assert (row["last_bought_on"] is None) == row["is_new"]
        assert row["because_of"] is None or row["is_new"]
        assert (row["due_on"] is not None) == (row["times_bought"] > 1)
        assert row["last_bought_on"] is None or row["last_bought_on"] < AS_OF


def test_a_new_product_is_explained_by_one_she_buys(model: NextBasket, lines: pa.Table) -> None:
    found = model.recommend(lines, as_of=AS_OF, count=3, part="new").to_pylist()
    assert all(row["is_new"] for row in found)
    explained = [row for row in found if row["because_of"] is not None]
    assert len(explained) > 0.5 * len(found)
    same = [int(r["product_id"][1:]) // 40 == int(r["because_of"][1:]) // 40 for r in explained]
    assert np.mean(same) > 0.9


def test_the_parts_are_apart(model: NextBasket, lines: pa.Table) -> None:
    known = model.recommend(lines, as_of=AS_OF, part="repeat")
    assert not any(known["is_new"].to_pylist())
    with pytest.raises(OptionError, match="part"):
        model.recommend(lines, part="some")


def test_without_habits_the_simple_rule_stays() -> None:
    lines = shoppers(200, habits=False)
    model = NextBasket().fit(lines, as_of=AS_OF)
    assert not model.uses_blend_["all"]
    found = model.recommend(lines, as_of=AS_OF, count=10)
    assert found["probability"].null_count == found.num_rows
    times = found.filter(pc.equal(found["customer_id"], "c0000"))["times_bought"].to_pylist()
    assert times == sorted(times, reverse=True)


def test_little_data_leave_the_simple_rule_too() -> None:
    lines = table([("a", BEGAN_ON, "1", "x"), ("b", BEGAN_ON, "2", "y"), ("c", BEGAN_ON, "3", "y")])
    model = NextBasket().fit(lines)
    assert model.window_days_ is None
    assert not any(model.uses_blend_.values())
    found = model.recommend(lines)
    assert found.filter(pc.equal(found["customer_id"], "a"))["product_id"].to_pylist() == ["x", "y"]
    assert model.newcomers() == ["y", "x"]


def test_what_comes_later_changes_nothing(model: NextBasket, lines: pa.Table) -> None:
    known = lines.filter(pc.less(lines["occurred_on"], pa.scalar(AS_OF)))
    again = NextBasket().fit(known, as_of=AS_OF)
    assert json.dumps(again.to_dict()) == json.dumps(model.to_dict())
    assert again.recommend(known, as_of=AS_OF).equals(model.recommend(lines, as_of=AS_OF))


def test_a_customers_list_does_not_depend_on_who_else_is_asked(
    model: NextBasket, lines: pa.Table
) -> None:
    everyone = model.recommend(lines, as_of=AS_OF)
    some = pa.array(["c0003", "c0004", "c0250"])
    alone = model.recommend(
        lines.filter(pc.is_in(lines["customer_id"], value_set=some)), as_of=AS_OF
    )
    assert alone.equals(everyone.filter(pc.is_in(everyone["customer_id"], value_set=some)))


def test_row_order_changes_nothing(model: NextBasket, lines: pa.Table) -> None:
    mixed = lines.take(pa.array(np.random.default_rng(0).permutation(lines.num_rows)))
    again = NextBasket().fit(mixed, as_of=AS_OF)
    assert json.dumps(again.to_dict()) == json.dumps(model.to_dict())


def test_a_saved_model_scores_bit_for_bit_alike(model: NextBasket, lines: pa.Table) -> None:
    text = json.dumps(model.to_dict())
    again = NextBasket.from_dict(json.loads(text))
    assert again.recommend(lines).equals(model.recommend(lines))
    assert json.dumps(again.to_dict()) == text
    assert again.uses_blend_ == model.uses_blend_


def test_the_model_stays_as_small_as_asked(lines: pa.Table) -> None:
    model = NextBasket(size_max=6_000).fit(lines, as_of=AS_OF)
    assert len(json.dumps(model.to_dict()["fitted"]["knowledge"])) <= 6_000
    assert model.coverage_["products"] < model.coverage_["products_seen"] == 200
    assert 0 < model.coverage_["lines_covered"] < 1
    found = model.recommend(lines, as_of=AS_OF)
    assert set(found["rank"].to_pylist()) == set(range(1, 11))


def test_exclusion_rules_are_kept(model: NextBasket, lines: pa.Table) -> None:
    plain = model.recommend(lines, as_of=AS_OF)
    gone = plain["product_id"][0].as_py()
    rules = Exclusions(out_of_stock=(gone,), bought_within_days=14, due_share=0.8)
    found = model.recommend(lines, as_of=AS_OF, exclusions=rules)
    assert gone not in found["product_id"].to_pylist()
    again = found.filter(pc.invert(found["is_new"]))
    assert again.num_rows > 0
    # Her next order may lie some days after the date for which all is judged.
    days = pc.days_between(again["last_bought_on"], pa.scalar(AS_OF)).to_pylist()
    before = plain.filter(pc.invert(plain["is_new"]))
    assert np.mean(days) > np.mean(
        pc.days_between(before["last_bought_on"], pa.scalar(AS_OF)).to_pylist()
    )
    assert found["rank"].to_pylist().count(1) == plain["rank"].to_pylist().count(1)


def test_what_is_not_yet_due_can_be_left_out(model: NextBasket, lines: pa.Table) -> None:
    plain = model.recommend(lines, as_of=AS_OF, count=80, part="repeat")
    due = model.recommend(
        lines, as_of=AS_OF, count=80, part="repeat", exclusions=Exclusions(due_share=1.0)
    )
    assert 0 < due.num_rows < plain.num_rows
    # Her next order is expected within some weeks; what is due long after it is left out.
    late = pc.greater(due["due_on"], pa.scalar(AS_OF + timedelta(days=40)))
    assert pc.sum(pc.fill_null(late, False)).as_py() == 0
    late = pc.greater(plain["due_on"], pa.scalar(AS_OF + timedelta(days=40)))
    assert pc.sum(pc.fill_null(late, False)).as_py() > 0


def test_exclusion_rules_are_checked() -> None:
    with pytest.raises(OptionError, match="due_share=2"):
        Exclusions(due_share=2)


def test_an_unfitted_model_says_so(lines: pa.Table) -> None:
    with pytest.raises(DataError, match="never fitted"):
        NextBasket().recommend(lines)


def test_no_lines_are_an_error() -> None:
    empty = table([("a", BEGAN_ON, "1", "x")]).slice(0, 0)
    with pytest.raises(DataError, match="no order line"):
        NextBasket().fit(empty)


def test_nobody_asked_is_nobody_answered(model: NextBasket, lines: pa.Table) -> None:
    assert model.recommend(lines.slice(0, 0)).num_rows == 0
    assert model.recommend(lines, as_of=BEGAN_ON - timedelta(days=1)).num_rows == 0
