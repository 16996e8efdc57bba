"""What a fitted list maker has to say of itself, in words: is it used, and what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping

from tenure.predictions.next_purchase.basket import NextBasket
from tenure.predictions.next_purchase.training import CUSTOMERS_NEEDED, Comparison

Text = Mapping[str, str]

_PARTS: Mapping[str, Text] = {
    "all": {"en": "The next order's list", "zh": "下次订单清单"},
    "repeat": {"en": "The list of products bought before", "zh": "已购商品清单"},
    "new": {"en": "The list of new products", "zh": "新商品清单"},
}
_SIMPLE: Mapping[str, Text] = {
    "all": {"en": "own history, then what sells most", "zh": "自己买得最多的，再补最畅销的"},
    "repeat": {"en": "own history by frequency", "zh": "按自己的购买频率"},
    "new": {"en": "what sells most", "zh": "最畅销商品"},
}


def list_verdicts(model: NextBasket) -> dict[str, tuple[str, Text]]:
    """Return for each part whether the learnt list is used, as a code and a sentence.

    Parameters
    ----------
    model : fitted.

    Returns
    -------
    By part (`all`, `repeat`, `new`): `beats`, `not_better` or `too_few_events`, and the text.
    """
    return {part: _verdict(part, model) for part in _PARTS}


def coverage_text(model: NextBasket) -> Text:
    """Return what share of the assortment the model knows, and of what is bought.

    Parameters
    ----------
    model : fitted.
    """
    known, seen = model.coverage_["products"], model.coverage_["products_seen"]
    share = model.coverage_["lines_covered"]
    return {
        "en": f"The model knows {known:,} of {seen:,} products; they are {share:.1%} of what is "
        "bought. A customer's own products count in any case.",
        "zh": f"模型掌握 {seen:,} 种商品中的 {known:,} 种，占购买量的 {share:.1%}。"
        "客户自己买过的商品总会计入。",
    }


def _verdict(part: str, model: NextBasket) -> tuple[str, Text]:
    found = model.comparisons_.get(part)
    name, simple = _PARTS[part], _SIMPLE[part]
    if found is None or found.customers < CUSTOMERS_NEEDED:
        count = 0 if found is None else found.customers
        return "too_few_events", {
            "en": f"{name['en']} is made by the simple rule ({simple['en']}): only {count} "
            f"customers could be learnt from, {CUSTOMERS_NEEDED} are needed.",
            "zh": f"{name['zh']}采用简单规则（{simple['zh']}）：只有 {count} 位客户可供学习，"
            f"至少需要 {CUSTOMERS_NEEDED} 位。",
        }
    if found.beats:
        return "beats", {
            "en": f"{name['en']} is learnt: of what {found.customers:,} customers bought next it "
            f"named {found.blend:.1%}, the simple rule ({simple['en']}) {found.simple:.1%}.",
            "zh": f"{name['zh']}由模型学习得出：在 {found.customers:,} 位客户随后购买的商品中，"
            f"命中 {found.blend:.1%}，简单规则（{simple['zh']}）命中 {found.simple:.1%}。",
        }
    return "not_better", {
        "en": f"{name['en']} is made by the simple rule ({simple['en']}): learning was no better, "
        f"{_shares(found)} of what was bought next.",
        "zh": f"{name['zh']}采用简单规则（{simple['zh']}）：学习并无改进，"
        f"命中率为 {found.blend:.1%}，简单规则为 {found.simple:.1%}。",
    }


def _shares(found: Comparison) -> str:
    return f"{found.blend:.1%} against {found.simple:.1%}"
