"""What a verdict on targeting says, in words a manager can act on."""

from __future__ import annotations

from enum import StrEnum

from tenure.experiments.uplift.candidates import Text
from tenure.kernel import Estimate, Undefined


class VerdictCode(StrEnum):
    """What judging rankings can come to."""

    TARGET = "target"
    SIMPLE_RULE = "simple_rule"
    NOT_TOLD_FROM_RANDOM = "not_told_from_random"
    TOO_FEW = "too_few"


def verdict_text(
    code: VerdictCode,
    *,
    title: Text | None,
    uplift: Estimate | Undefined | None,
    p_value: float,
    depth: float,
    cost: float,
    everybody: Estimate | Undefined,
    risk_told: bool,
    customers: int,
) -> Text:
    """Return the verdict's text by language.

    Parameters
    ----------
    code : what it came to.
    title : of the recommended ranking, or None.
    uplift : mean effect among those it puts first, or None.
    p_value : of the recommended ranking, else the smallest.
    depth : share of customers to be treated.
    cost : of treating one, in units of the outcome.
    everybody : mean effect of treating everybody.
    risk_told : whether "most at risk first" is told from random.
    customers : in the pilot.
    """
    first = _FIRST[code]
    told = dict.fromkeys(("en", "zh"), "") if title is None else title
    words = {
        language: first[language].format(
            title=told[language],
            depth=f"{depth:.0%}",
            uplift=_span(uplift, language),
            everybody=_span(everybody, language),
            p=_chance(p_value, language),
            customers=f"{customers:,}",
        )
        for language in ("en", "zh")
    }
    said = [words, _on_all(everybody, cost)]
    if code in (VerdictCode.TARGET, VerdictCode.NOT_TOLD_FROM_RANDOM):
        said.append(_RISK[risk_told])
    return {
        "en": " ".join(one["en"] for one in said),
        "zh": "".join(one["zh"] for one in said),
    }


_FIRST: dict[VerdictCode, Text] = {
    VerdictCode.TARGET: {
        "en": "Choose whom to treat by {title}. Among the {depth} it puts first, treatment "
        "changed the outcome by {uplift}, against {everybody} among all. It is told from "
        "treating at random ({p}).",
        "zh": "请按{title}选择处理对象。在其排名最前的 {depth} 客户中，处理使结果变化 {uplift}，"
        "全体为 {everybody}。它明显优于随机处理（{p}）。",
    },
    VerdictCode.SIMPLE_RULE: {
        "en": "Use the simple rule: {title}. Among the {depth} it puts first, treatment changed "
        "the outcome by {uplift}, against {everybody} among all ({p}). No learner is better "
        "beyond chance.",
        "zh": "请使用简单规则：{title}。在其排名最前的 {depth} 客户中，处理使结果变化 {uplift}，"
        "全体为 {everybody}（{p}）。没有学习器明显更好。",
    },
    VerdictCode.NOT_TOLD_FROM_RANDOM: {
        "en": "Do not choose whom to treat by any of these rankings: none can be told from "
        "treating at random ({p}). Treat at random as many as the budget allows, and go on "
        "learning from it.",
        "zh": "不要按这些排名选择处理对象：没有一种能与随机处理区分开（{p}）。"
        "请在预算内随机处理，并继续从中学习。",
    },
    VerdictCode.TOO_FEW: {
        "en": "Too few to judge by: a pilot of {customers} customers, with too few of them, or "
        "of their outcomes, in an arm. Treat at random in a larger pilot first.",
        "zh": "数据太少，无法判断：试点共 {customers} 位客户，某一组的客户或结果太少。"
        "请先在更大的试点中随机处理。",
    },
}

_RISK: dict[bool, Text] = {
    True: {
        "en": "Most at risk first is better than random, too.",
        "zh": "“流失风险最高者优先”也优于随机。",
    },
    False: {
        "en": "Most at risk first cannot be told from random.",
        "zh": "“流失风险最高者优先”无法与随机区分。",
    },
}


def _on_all(everybody: Estimate | Undefined, cost: float) -> Text:
    if isinstance(everybody, Undefined):
        return {"en": "The mean effect is not known.", "zh": "平均效果未知。"}
    span_en, span_zh = _span(everybody, "en"), _span(everybody, "zh")
    if everybody.low > cost:
        return {
            "en": f"Treating everybody pays on average: {span_en} each.",
            "zh": f"处理全部客户平均而言有利：每位 {span_zh}。",
        }
    if everybody.high < cost:
        return {
            "en": f"Treating everybody loses on average: {span_en} each.",
            "zh": f"处理全部客户平均而言不利：每位 {span_zh}。",
        }
    return {
        "en": f"Whether treating everybody pays cannot be told: {span_en} each.",
        "zh": f"无法判断处理全部客户是否有利：每位 {span_zh}。",
    }


def _span(found: Estimate | Undefined | None, language: str) -> str:
    if not isinstance(found, Estimate):
        return {"en": "n/a", "zh": "无"}[language]
    value, low, high = (f"{number:+.3g}" for number in (found.value, found.low, found.high))
    if language == "zh":
        return f"{value}（区间 {low} 至 {high}）"
    return f"{value} (interval {low} to {high})"


def _chance(p_value: float, language: str) -> str:
    if p_value < 0.001:
        return {"en": "p below 0.001", "zh": "p 小于 0.001"}[language]
    return f"p {p_value:.3f}"
