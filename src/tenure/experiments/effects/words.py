"""The read-out's sentences, in English and Chinese, for people who have to decide."""

from __future__ import annotations

from datetime import date

from tenure.experiments.effects.readouts import Metric, Text, VerdictCode
from tenure.experiments.effects.sample_ratio import SampleRatio
from tenure.kernel import Estimate, Undefined

REASONS: dict[str, Text] = {
    "no_holdout": {
        "en": "nobody was held out, so there is nothing to compare with",
        "zh": "没有留出对照客户，无从比较",
    },
    "empty_arm": {"en": "the arm has no customers", "zh": "该组没有客户"},
    "too_few_customers": {"en": "the arms have too few customers", "zh": "组内客户太少"},
    "no_variance": {
        "en": "every customer has the same figure, so chance cannot be judged",
        "zh": "所有客户的数值相同，无法判断偶然性",
    },
    "baseline_near_zero": {
        "en": "the control's figure cannot be told from 0, so there is no percentage",
        "zh": "对照组的数值与 0 无法区分，不能计算百分比",
    },
    "beyond_number_range": {
        "en": "the amounts are too large or too small to calculate with",
        "zh": "数值过大或过小，无法计算",
    },
    "nothing_to_divide_by": {
        "en": "the denominator is 0, so there is no ratio",
        "zh": "分母为 0，无法计算比率",
    },
    "quantile_on_heaped_values": {
        "en": "too many customers share one value for this quantile to be judged",
        "zh": "太多客户的数值相同，无法判断该分位数",
    },
    "too_few_strata": {
        "en": "fewer than two strata can be compared",
        "zh": "可比较的分层不足两个",
    },
    "too_few_took_part": {
        "en": "too few took part because of their arm",
        "zh": "因分组而参与的客户太少",
    },
    "nothing_to_compare": {"en": "fewer than two arms have customers", "zh": "有客户的组不足两个"},
    "not_measured": {"en": "it was not measured", "zh": "未测量该指标"},
    "no_total": {
        "en": "ratios and quantiles do not add up over customers",
        "zh": "比率和分位数不能按客户加总",
    },
    "no_effect_to_find": {"en": "an effect of 0 cannot be found", "zh": "效果为 0，无法检出"},
    "rate_beyond_one": {
        "en": "the rate would leave the range of 0 to 100 %",
        "zh": "比率会超出 0 到 100 % 的范围",
    },
    "nothing_detectable": {
        "en": "no effect is large enough to be found with so few customers",
        "zh": "客户太少，多大的效果都检不出",
    },
    "never_enough_customers": {
        "en": "there will not be enough customers within ten years",
        "zh": "十年内都不会有足够的客户",
    },
}
"""Why a figure is undefined, by its code."""

CAUTIONS: dict[str, Text] = {
    "few_buyers": {
        "en": "Fewer than {limit} customers with an outcome in an arm ({count} in {arm}): amounts "
        "are skewed, and the interval may be too narrow.",
        "zh": "{arm} 组中有结果的客户只有 {count} 位，少于 {limit} 位：金额分布偏斜，"
        "区间可能偏窄。",
    },
    "few_clusters": {
        "en": "Fewer than {limit} clusters in an arm ({count} in {arm}): read the interval with "
        "care.",
        "zh": "{arm} 组只有 {count} 个群组，少于 {limit} 个：请谨慎看待区间。",
    },
    "missing_outcomes": {
        "en": "{count} customers of {arm} have no known outcome and are left out. If the action "
        "has to do with why, the effect is wrong.",
        "zh": "{arm} 组有 {count} 位客户的结果未知，已排除。如果原因与行动有关，效果估计就不对。",
    },
    "pre_period_refused": {
        "en": "Not adjusted by earlier behaviour: it was measured until {until}, the experiment "
        "began on {start}. What the action may have changed must not be taken off.",
        "zh": "未按以往行为校正：其测量截至 {until}，而实验始于 {start}。"
        "不能扣除可能已被行动改变的部分。",
    },
    "strata_refused": {
        "en": "Not compared within strata: there are none in the data, or whole clusters were "
        "assigned.",
        "zh": "未按分层比较：数据中没有分层，或是整群分配的。",
    },
    "covariate_unbalanced": {
        "en": "Earlier behaviour differs between the arms beyond chance. It may have been measured "
        "after the start, or customers were lost.",
        "zh": "各组的以往行为差异超出偶然范围。可能是在实验开始后测量的，或有客户丢失。",
    },
    "outcomes_cut": {
        "en": "Outcomes above {cap} were cut to it in all arms alike ({count} customers).",
        "zh": "所有组中高于 {cap} 的结果都按 {cap} 计算（{count} 位客户）。",
    },
    "small_strata_merged": {
        "en": "Strata too small to compare were put together.",
        "zh": "过小而无法比较的分层已合并。",
    },
    "several_comparisons": {
        "en": "{count} comparisons were made; findings are corrected for their number.",
        "zh": "共做了 {count} 次比较；结论已按比较次数校正。",
    },
    "read_early": {
        "en": "Read on {as_of}, before its end on {end}. Figures that are looked at before the "
        "end turn out well by chance too often.",
        "zh": "于 {as_of} 查看，早于结束日 {end}。提前查看的数字常因偶然而显得好看。",
    },
    "sample_ratio_unchecked": {
        "en": "The split of the customers could not be checked: {reason}.",
        "zh": "无法检查客户分组比例：{reason}。",
    },
}
"""What a reader has to know, by its code."""


def reason_text(reason: str) -> Text:
    """Return why a figure is undefined, in words."""
    return REASONS.get(reason, {"en": reason.replace("_", " "), "zh": reason})


def caution_text(code: str, **values: object) -> Text:
    """Return a warning with its values filled in; a value may itself be a text by language."""
    return {
        language: text.format(
            **{k: v[language] if isinstance(v, dict) else v for k, v in values.items()}
        )
        for language, text in CAUTIONS[code].items()
    }


def amount(value: float, metric: Metric) -> str:
    """Return a difference with its sign: points for rates, else in the metric's unit."""
    if metric.kind == "rate":
        return f"{value * 100:+.2f}"
    size = abs(value)
    shown = (
        f"{value:+,.0f}" if size >= 10_000 else f"{value:+,.2f}" if size >= 0.1 else f"{value:+.3g}"
    )
    return f"{shown} {metric.unit}".strip()


def span(given: Estimate, metric: Metric, *, is_relative: bool) -> Text:
    """Return an estimate with its interval in words."""
    if is_relative:
        value, low, high = (f"{one * 100:+.1f} %" for one in (given.value, given.low, given.high))
    else:
        value, low, high = (amount(one, metric) for one in (given.value, given.low, given.high))
    points_en = " points" if metric.kind == "rate" and not is_relative else ""
    points_zh = " 个百分点" if points_en else ""
    sure = f"{given.confidence * 100:g} %"
    return {
        "en": f"{value}{points_en} ({sure} interval {low} to {high})",
        "zh": f"{value}{points_zh}（{sure} 区间 {low} 至 {high}）",
    }


def effect_text(
    arm: str,
    control: str,
    metric: Metric,
    absolute: Estimate | Undefined,
    relative: Estimate | Undefined,
) -> Text:
    """Return one effect in a sentence, on both scales where both exist."""
    title = metric.title
    if isinstance(absolute, Undefined):
        why = reason_text(absolute.reason)
        return {
            "en": f"{title['en']}, {arm} against {control}: cannot be measured, {why['en']}.",
            "zh": f"{title['zh']}，{arm} 对比 {control}：无法测量，{why['zh']}。",
        }
    first = span(absolute, metric, is_relative=False)
    if isinstance(relative, Undefined):
        second = {"en": "", "zh": ""}
    else:
        share = span(relative, metric, is_relative=True)
        second = {"en": f", relative {share['en']}", "zh": f"，相对 {share['zh']}"}
    return {
        "en": f"{title['en']}, {arm} against {control}: {first['en']}{second['en']}.",
        "zh": f"{title['zh']}，{arm} 对比 {control}：{first['zh']}{second['zh']}。",
    }


def sample_ratio_text(given: SampleRatio) -> Text:
    """Return what a broken split means."""
    found = ", ".join(f"{arm} {count:,}" for arm, count in given.customers.items())
    planned = ", ".join(f"{arm} {count:,.0f}" for arm, count in given.expected.items())
    chance = "" if isinstance(given.p_value, Undefined) else f"{given.p_value:.2g}"
    return {
        "en": "Do not act on these effects: the customers were not split as planned "
        f"(planned {planned}; found {found}; p {chance}). Something lost or added customers in "
        "one arm more than in another. Find out what before you read on.",
        "zh": f"请勿依据这些效果行动：客户分组比例与计划不符（计划 {planned}；实际 {found}；"
        f"p 值 {chance}）。某一组丢失或多出了客户。请先查明原因再继续。",
    }


_VERDICTS: dict[VerdictCode, Text] = {
    VerdictCode.BETTER: {
        "en": "{arm} is better. {effect} Use it.",
        "zh": "{arm} 更好。{effect}建议采用。",
    },
    VerdictCode.BETTER_GUARDRAIL_UNCLEAR: {
        "en": "{arm} is better, but it is not shown that it does no harm to: {guardrails}. "
        "{effect} Measure longer, or decide that you accept the risk.",
        "zh": "{arm} 更好，但尚未证明它不损害：{guardrails}。{effect}"
        "请继续测量，或决定接受该风险。",
    },
    VerdictCode.NO_DIFFERENCE_SHOWN: {
        "en": "No difference could be shown for {arm}. {effect} This does not prove that there is "
        "none: anything within the interval is possible.",
        "zh": "未能证明 {arm} 有差异。{effect}这并不证明没有差异：区间内的任何值都有可能。",
    },
    VerdictCode.KEEP_RUNNING: {
        "en": "No difference is shown for {arm} so far. {effect} Keep it running, or stop when "
        "the interval is narrow enough for your decision.",
        "zh": "目前尚未证明 {arm} 有差异。{effect}请继续运行，或在区间足够窄、可以决策时停止。",
    },
    VerdictCode.TOO_EARLY: {
        "en": "Too early to say for {arm}: this experiment is read once, at its end on {end}. "
        "What it shows today must not decide anything. {effect}",
        "zh": "{arm} 现在下结论为时过早：本实验只在结束日 {end} 查看一次，"
        "今天的数字不能作为依据。{effect}",
    },
    VerdictCode.GUARDRAIL_BROKEN: {
        "en": "{arm} does harm to: {guardrails}. {effect} Do not use it as it is.",
        "zh": "{arm} 造成了损害：{guardrails}。{effect}请勿照此采用。",
    },
    VerdictCode.WORSE: {
        "en": "{arm} is worse. {effect} Stop it.",
        "zh": "{arm} 更差。{effect}建议停止。",
    },
    VerdictCode.NOT_MEASURABLE: {
        "en": "Whether {arm} works cannot be measured: {reason}.",
        "zh": "无法测量 {arm} 是否有效：{reason}。",
    },
}


def verdict_text(
    code: VerdictCode,
    *,
    arm: str,
    effect: Text,
    guardrails: tuple[Text, ...],
    reason: Text,
    end: date | None,
) -> Text:
    """Return an arm's verdict in words a manager can act on."""
    return {
        language: text.format(
            arm=arm,
            effect=effect[language],
            guardrails=", ".join(title[language] for title in guardrails),
            reason=reason[language],
            end="" if end is None else end.isoformat(),
        )
        for language, text in _VERDICTS[code].items()
    }
