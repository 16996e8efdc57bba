"""What must hold for an effect without randomisation to be one, in words, tested or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Text = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something that must hold.

    Parameters
    ----------
    code : stable identifier.
    text : what must hold, by language.
    tested : whether the data had a chance to speak against it.
    holds : whether they did not; None where it was not tested.
    evidence : what was seen, with figures, by language.
    """

    code: str
    text: Text
    tested: bool
    holds: bool | None
    evidence: Text

    def as_dict(self) -> dict[str, object]:
        """Return the assumption as plain values for JSON."""
        return {
            "code": self.code,
            "text": dict(self.text),
            "tested": self.tested,
            "holds": self.holds,
            "evidence": dict(self.evidence),
        }


TEXTS: Mapping[str, Text] = {
    "parallel_trends": {
        "en": "Without the action both groups would have changed by as much.",
        "zh": "若没有该行动，两组的变化幅度会相同。",
    },
    "no_anticipation": {
        "en": "Nobody behaved otherwise before the action because she knew of it.",
        "zh": "没有人因提前得知该行动而在此之前改变行为。",
    },
    "no_spillover": {
        "en": "The action did not reach the others: no customer moved between the groups.",
        "zh": "该行动没有影响到对照组：客户没有在两组之间流动。",
    },
    "nothing_else": {
        "en": "Nothing else that differs between the groups began at the same time.",
        "zh": "同一时间没有其他只影响其中一组的事情发生。",
    },
    "donors_resemble": {
        "en": "A mixture of the others follows the treated one as long as nothing is done.",
        "zh": "在采取行动之前，其他单位的加权组合能够跟随被处理单位的走势。",
    },
}
"""What must hold, by code."""

_NOT_TESTED: Text = {
    "en": "Not tested: the data cannot show it. Ask who knows the business.",
    "zh": "未检验：数据无法说明，请询问了解业务的人。",
}


def untested(code: str) -> Assumption:
    """Return an assumption that the data cannot speak to.

    Parameters
    ----------
    code : a key of `TEXTS`.
    """
    return Assumption(code, TEXTS[code], False, None, _NOT_TESTED)


def tested(code: str, evidence: Text, *, holds: bool) -> Assumption:
    """Return an assumption that the data had a chance to speak against.

    Parameters
    ----------
    code : a key of `TEXTS`.
    evidence : what was seen, by language.
    holds : whether nothing spoke against it.
    """
    return Assumption(code, TEXTS[code], True, holds, evidence)


def not_testable(code: str, why: Text) -> Assumption:
    """Return an assumption that could be tested with other data, and why not with these.

    Parameters
    ----------
    code : a key of `TEXTS`.
    why : what is missing, by language.
    """
    return Assumption(code, TEXTS[code], False, None, why)
