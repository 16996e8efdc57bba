"""What must be known to read a plan rightly, in words."""

from __future__ import annotations

from collections.abc import Mapping

from tenure.strategies.definition import CONSENT_ELSEWHERE
from tenure.strategies.ground import consent_is_elsewhere
from tenure.strategies.preparing import Prepared

Texts = Mapping[str, str]


def plan_notes(prepared: Prepared) -> tuple[Texts, ...]:
    """Return what must be known to read a plan rightly, most important first.

    Parameters
    ----------
    prepared : the strategy and its people.
    """
    made: list[Texts] = []
    strategy = prepared.strategy
    believed = [
        tactic.name
        for tactic, effect in zip(strategy.tactics, prepared.effects, strict=True)
        if not effect.is_measured
    ]
    if believed:
        names = ", ".join(believed)
        made.append(
            {
                "en": f"No effect has been measured yet of {names}: the plan rests on the stated "
                "beliefs. The experiments below would find out before more is spent.",
                "zh": f"{names} 的效果尚未测量：本计划基于所述假设。"
                "下列实验可在继续投入前给出答案。",
            }
        )
    channels = dict.fromkeys(tactic.channel for tactic in strategy.tactics)
    rules = strategy.channel_rules()
    for channel in channels:
        rule = rules.get(channel)
        if rule is not None and rule.consent == CONSENT_ELSEWHERE:
            made.append(
                {
                    "en": f"Who agreed to {channel} is known to the sending system alone: it must "
                    "drop all others, so fewer may be reached than planned.",
                    "zh": f"{channel} 的同意情况仅由发送系统掌握：须由其剔除未同意者，"
                    "实际触达可能少于计划。",
                }
            )
        elif (rule is None or rule.consent is None) and not consent_is_elsewhere(strategy, channel):
            made.append(
                {
                    "en": f"Nothing says who agreed to {channel}, so nobody is planned for it. "
                    "Name the consent under channels.",
                    "zh": f"没有任何信息说明谁同意 {channel}，因此不安排任何人。"
                    "请在 channels 下注明。",
                }
            )
    if not strategy.holdout_share:
        made.append(
            {
                "en": "Nobody is held out: what this plan earns cannot be measured.",
                "zh": "没有对照组：本计划的收益将无法衡量。",
            }
        )
    return tuple(made)
