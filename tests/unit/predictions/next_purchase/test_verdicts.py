from __future__ import annotations

import pytest

from tenure.predictions.next_purchase.basket import NextBasket
from tenure.predictions.next_purchase.verdicts import coverage_text, list_verdicts
from tests.unit.predictions.next_purchase.made_lines import BEGAN_ON, shoppers, table


def test_a_better_list_says_by_how_much() -> None:
    model = NextBasket().fit(shoppers(200))
    code, text = list_verdicts(model)["all"]
    found = model.comparisons_["all"]
    assert code == "beats"
    for language in ("en", "zh"):
        assert f"{found.blend:.1%}" in text[language]
        assert f"{found.simple:.1%}" in text[language]


def test_a_list_that_is_no_better_is_not_used() -> None:
    model = NextBasket().fit(shoppers(150, habits=False))
    code, text = list_verdicts(model)["all"]
    assert code == "not_better"
    assert "simple rule" in text["en"]
    assert "简单规则" in text["zh"]


@pytest.mark.parametrize("part", ["all", "repeat", "new"])
def test_too_little_data_are_said(part: str) -> None:
    model = NextBasket().fit(table([("a", BEGAN_ON, "1", "x"), ("b", BEGAN_ON, "2", "y")]))
    code, text = list_verdicts(model)[part]
    assert code == "too_few_events"
    assert "only 0 customers" in text["en"]


def test_products_left_out_are_said() -> None:
    model = NextBasket(size_max=6_000).fit(shoppers(100))
    text = coverage_text(model)
    known = model.coverage_["products"]
    assert f"{known:,} of 200 products" in text["en"]
    assert f"200 种商品中的 {known:,} 种" in text["zh"]
