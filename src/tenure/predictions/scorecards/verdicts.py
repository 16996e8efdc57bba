"""The scorecard's last word: whether to use a model, in one sentence a manager can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tenure.predictions.scorecards.comparing import Comparison
from tenure.predictions.scorecards.figures import meaning_of
from tenure.predictions.scorecards.findings import LeakageCheck, Text, Weight
from tenure.predictions.scorecards.readings import Reading


class VerdictCode(StrEnum):
    """What a scorecard can come to."""

    BEATS = "beats"
    NOT_BETTER = "not_better"
    NO_SIGNAL = "no_signal"
    TOO_FEW_EVENTS = "too_few_events"
    LEAKS = "leaks"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A code for programs and a text for people.

    Parameters
    ----------
    code : what it came to.
    text : by language.
    """

    code: VerdictCode
    text: Text


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict is made from.

    Parameters
    ----------
    model, recommended : titles by language.
    titles : the rivals' titles, by name.
    comparisons : the model against each rival.
    judged_by : name of the figure that decides.
    order : name and reading of the figure that tells order from chance.
    dates : number of origins.
    counted : customers with the event (or who bought), the fewer of both kinds.
    needed : how many are needed.
    has_signal : whether the model orders customers better than chance.
    nothing_better : whether the simplest rival of all is recommended.
    checks : leakage checks that were run.
    """

    model: Text
    recommended: Text
    titles: dict[str, Text]
    comparisons: Sequence[Comparison]
    judged_by: str
    order: tuple[str, Reading]
    dates: int
    counted: int
    needed: int
    has_signal: bool
    nothing_better: bool
    checks: Sequence[LeakageCheck]


def verdict(seen: Evidence) -> Verdict:
    """Return what the evidence comes to; leakage first, then too little, then no signal."""
    proofs = [f for c in seen.checks for f in c.findings if f.weight is Weight.PROOF]
    if proofs:
        first, model = proofs[0], seen.model
        return Verdict(
            VerdictCode.LEAKS,
            {
                "en": f"Do not believe these figures: the future has reached {model['en']}. "
                f"{first.evidence['en']} {first.remedy['en']}",
                "zh": f"这些数字不可信：{model['zh']}用到了未来的信息。"
                f"{first.evidence['zh']}{first.remedy['zh']}",
            },
        )
    if seen.counted < seen.needed:
        made = _too_few(seen)
    elif not seen.has_signal and seen.nothing_better:
        made = _no_signal(seen)
    elif all(one.better for one in seen.comparisons):
        made = _beats(seen)
    else:
        made = _not_better(seen)
    alarms = [f for c in seen.checks for f in c.findings if f.weight is Weight.ALARM]
    if not alarms:
        return made
    return Verdict(
        made.code,
        {
            "en": f"{made.text['en']} First look into a leakage alarm: {alarms[0].evidence['en']}",
            "zh": f"{made.text['zh']}请先核查信息泄漏警报：{alarms[0].evidence['zh']}",
        },
    )


def _too_few(seen: Evidence) -> Verdict:
    return Verdict(
        VerdictCode.TOO_FEW_EVENTS,
        {
            "en": f"Too few events to judge: {seen.counted} customers with a known event or "
            f"without one, at least {seen.needed} of each are needed. Take more or longer "
            "windows, or wait.",
            "zh": f"事件太少，无法判断：较少一类只有 {seen.counted} 位客户，"
            f"每类至少需要 {seen.needed} 位。请增加或延长观察窗口，或等待更多数据。",
        },
    )


def _no_signal(seen: Evidence) -> Verdict:
    name, order = seen.order
    title, span = meaning_of(name).title, _span(order, ".3f")
    return Verdict(
        VerdictCode.NO_SIGNAL,
        {
            "en": f"No signal: over {seen.dates} past dates customers are told apart no better "
            f"than by chance, neither by {seen.model['en']} ({title['en']} {span['en']}) nor by "
            f"anything simple. Use {seen.recommended['en']}.",
            "zh": f"没有信号：在 {seen.dates} 个历史日期上，{seen.model['zh']}区分客户的能力"
            f"不优于随机（{title['zh']} {span['zh']}），对照方法也一样。"
            f"请使用“{seen.recommended['zh']}”。",
        },
    )


def _beats(seen: Evidence) -> Verdict:
    best = min(seen.comparisons, key=lambda one: _value(one.skill))
    rival, title = seen.titles[best.rival], meaning_of(seen.judged_by).title
    span = _span(best.skill, "+.1%")
    return Verdict(
        VerdictCode.BEATS,
        {
            "en": f"{_begun(seen.model)}: better than every simple rival over {seen.dates} past "
            f"dates. Skill beside the best of them, {rival['en']}: {span['en']}, by "
            f"{title['en']}. Use {seen.recommended['en']}.",
            "zh": f"在 {seen.dates} 个历史日期上，{seen.model['zh']}优于所有对照方法。"
            f"与其中最好的“{rival['zh']}”相比，技能为 {span['zh']}（按{title['zh']}）。"
            f"请使用“{seen.recommended['zh']}”。",
        },
    )


def _not_better(seen: Evidence) -> Verdict:
    open_ones = [one for one in seen.comparisons if not one.better]
    worst = min(open_ones, key=lambda one: _value(one.skill))
    rival, title = seen.titles[worst.rival], meaning_of(seen.judged_by).title
    span = _span(worst.skill, "+.1%")
    how = {"en": "worse than", "zh": "不如"}
    if not worst.worse:
        how = {"en": "not better, beyond chance, than", "zh": "并不明显优于"}
    return Verdict(
        VerdictCode.NOT_BETTER,
        {
            "en": f"{_begun(seen.model)}: {how['en']} {rival['en']} over {seen.dates} past dates. "
            f"Skill beside it: {span['en']}, by {title['en']}. Use {seen.recommended['en']}, the "
            "simplest that nothing here beats.",
            "zh": f"在 {seen.dates} 个历史日期上，{seen.model['zh']}{how['zh']}“{rival['zh']}”："
            f"技能 {span['zh']}（按{title['zh']}）。请使用“{seen.recommended['zh']}”，"
            "它是未被超越的方法中最简单的。",
        },
    )


def _value(skill: Reading) -> float:
    return float("inf") if skill.value is None else skill.value


def _begun(title: Text) -> str:
    """Return a title as it begins a sentence."""
    return title["en"][:1].upper() + title["en"][1:]


def _span(found: Reading, form: str) -> Text:
    if found.value is None:
        return {"en": "n/a", "zh": "无"}
    value = format(found.value, form)
    if found.low is None or found.high is None:
        return {"en": value, "zh": value}
    low, high = format(found.low, form), format(found.high, form)
    return {"en": f"{value} (interval {low} to {high})", "zh": f"{value}（区间 {low} 至 {high}）"}
