"""What a strategy brought, in sentences that a manager understands, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from tenure.experiments.effects.words import reason_text, sample_ratio_text
from tenure.kernel import Estimate, Undefined
from tenure.strategies.results import Harm, Part, StrategyResult

Text = Mapping[str, str]

SURE = 0.05
"""A chance of loss up to this counts as earned; from 1 less this on, as lost."""


def verdict(result: StrategyResult) -> str:
    """Return the code of what a result comes to.

    Returns
    -------
    `split_broken`, `not_measurable`, `harmful` (a guardrail was broken), `earned`, `lost` or
    `unclear`.
    """
    if result.split.is_broken:
        return "split_broken"
    chance = result.whole.chance_of_loss
    if isinstance(chance, Undefined):
        return "not_measurable"
    if any(harm.result.state == "broken" for harm in result.harms):
        return "harmful"
    if chance <= SURE:
        return "earned"
    return "lost" if chance >= 1 - SURE else "unclear"


def result_texts(result: StrategyResult) -> list[Text]:
    """Return the result in sentences: cost, what it brought, chance of loss, who, what next."""
    code = verdict(result)
    if code == "split_broken":
        return [sample_ratio_text(result.split), _next(code)]
    told = [_cost(result)]
    if code == "not_measurable":
        chance = result.whole.chance_of_loss
        assert isinstance(chance, Undefined)
        why = reason_text(chance.reason)
        told.append(
            {
                "en": f"What it brought cannot be measured: {why['en']}.",
                "zh": f"无法测量其带来的收益：{why['zh']}。",
            }
        )
        return [*told, _next(code)]
    told += [_brought(result), _earned(result)]
    if len(result.groups) > 1:
        told += [_who(part, result.currency) for part in _shown(result.groups)]
    told += [_harm(harm) for harm in result.harms]
    return [*told, _next(code)]


def money(value: float, currency: str) -> str:
    """Return an amount as these sentences show it."""
    return f"{value:,.0f} {currency}" if abs(value) >= 100 else f"{value:,.2f} {currency}"


def _cost(result: StrategyResult) -> Text:
    spent = money(result.whole.spent, result.currency)
    people, held = result.whole.people, result.whole.held_out
    return {
        "en": f"It cost {spent} for {people:,} people; {held:,} like them were left alone.",
        "zh": f"共花费 {spent}，触达 {people:,} 人；另有 {held:,} 名同类客户未被触达作为对照。",
    }


def _brought(result: StrategyResult) -> Text:
    span = _span(result.whole.brought, result.currency)
    return {
        "en": f"It brought {span['en']} of margin that would not have come otherwise.",
        "zh": f"带来了原本不会产生的毛利 {span['zh']}。",
    }


def _earned(result: StrategyResult) -> Text:
    span = _span(result.whole.earned, result.currency)
    chance = result.whole.chance_of_loss
    assert not isinstance(chance, Undefined)
    shown = f"{chance:.0%}" if 0.01 <= chance <= 0.99 else ("< 1%" if chance < 0.5 else "> 99%")
    return {
        "en": f"After its cost that is {span['en']}. The chance that it lost money is {shown}.",
        "zh": f"扣除成本后为 {span['zh']}。亏损的可能性为 {shown}。",
    }


def _shown(parts: tuple[Part, ...]) -> list[Part]:
    """Return the groups whose effect was shown, after correcting for their number."""
    return [
        part
        for part in parts
        if not isinstance(part.corrected_p_value, Undefined) and part.corrected_p_value < SURE
    ]


def _who(part: Part, currency: str) -> Text:
    one = part.effect.absolute
    assert isinstance(one, Estimate)
    rose = one.value > 0
    each = money(abs(one.value), currency)
    return {
        "en": f"{part.name}: each of {part.people:,} spent {each} "
        f"{'more' if rose else 'less'} because of it.",
        "zh": f"{part.name}：{part.people:,} 人因此平均{'多' if rose else '少'}消费 {each}。",
    }


def _harm(harm: Harm) -> Text:
    words = {
        "held": ("stayed within what is tolerated", "在可容忍范围内"),
        "broken": ("rose beyond what is tolerated", "超出可容忍范围"),
        "unclear": ("could not be told from what is tolerated", "尚无法判断是否在可容忍范围内"),
        "not_measurable": ("could not be measured", "无法测量"),
    }[harm.result.state]
    one = harm.effect.absolute
    span = {"en": "", "zh": ""}
    if isinstance(one, Estimate):
        low, high = one.low * 100, one.high * 100
        span = {
            "en": f": {one.value * 100:+.2f} points ({low:+.2f} to {high:+.2f})",
            "zh": f"：{one.value * 100:+.2f} 个百分点（{low:+.2f} 至 {high:+.2f}）",
        }
    return {
        "en": f"{harm.metric} {words[0]}{span['en']}.",
        "zh": f"{harm.metric}{words[1]}{span['zh']}。",
    }


def _span(given: Estimate | Undefined, currency: str) -> Text:
    if isinstance(given, Undefined):
        return reason_text(given.reason)
    value, low, high = (money(one, currency) for one in (given.value, given.low, given.high))
    sure = f"{given.confidence:.0%}"
    return {
        "en": f"{value} ({sure} interval {low} to {high})",
        "zh": f"{value}（{sure} 区间 {low} 至 {high}）",
    }


def _next(code: str) -> Text:
    return _NEXT[code]


_NEXT: Mapping[str, Text] = {
    "split_broken": {
        "en": "Believe no figure of it. Find out which people are missing, and run it again.",
        "zh": "请勿采信其中任何数字。查明缺失了哪些客户后重新运行。",
    },
    "not_measurable": {
        "en": "Hold out some people next time: without them nothing can be learnt.",
        "zh": "下次请保留对照组：没有对照组便无从学习。",
    },
    "harmful": {
        "en": "Stop it, whatever it earned, and change what annoys people before it goes on.",
        "zh": "无论收益如何请先停止，改掉令客户反感之处后再继续。",
    },
    "earned": {
        "en": "Go on with it, and keep the holdout: effects fade.",
        "zh": "可以继续，并保留对照组：效果会随时间减弱。",
    },
    "lost": {
        "en": "Stop it, or change the offer: it costs more than it brings.",
        "zh": "请停止或更换优惠：其成本高于收益。",
    },
    "unclear": {
        "en": "It cannot be told yet whether it pays. Run it longer, or for more people.",
        "zh": "尚无法判断是否划算。请延长时间或扩大人群。",
    },
}
