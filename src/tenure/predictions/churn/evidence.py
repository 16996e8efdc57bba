"""What a churn model was learnt from, and whether it learnt anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from tenure.kernel import Estimate

LEAVERS_MIN = 50
"""Fewer leavers, or stayers, on either side teach nothing that lasts."""

VERDICTS: Mapping[str, Mapping[str, str]] = {
    "signal": {
        "en": "The data tell leavers apart: AUC {auc:.3f} ({low:.3f} to {high:.3f}) on customers "
        "or dates that the model had not learnt from.",
        "zh": "数据能够区分流失客户：在未参与学习的客户或日期上 AUC 为 {auc:.3f}"
        "（{low:.3f} 至 {high:.3f}）。",
    },
    "no_signal": {
        "en": "The data do not tell leavers apart (AUC {auc:.3f}, {low:.3f} to {high:.3f}): "
        "everybody gets the average probability of {share:.1%}.",
        "zh": "数据无法区分流失客户（AUC {auc:.3f}，{low:.3f} 至 {high:.3f}）："
        "所有客户均为平均概率 {share:.1%}。",
    },
}
"""What the evidence comes to, by code."""

NOTES: Mapping[str, Mapping[str, str]] = {
    "one_origin": {
        "en": "Only one past date could be learnt from, so how steady the model is over time is "
        "not known; it was calibrated on customers left out.",
        "zh": "只有一个过去的日期可供学习，因此无法得知模型随时间是否稳定；校准使用了留出的客户。",
    },
    "overlapping_windows": {
        "en": "The data are short: windows of the past dates overlap, so they say less than "
        "their number suggests.",
        "zh": "数据较短：各过去日期的窗口相互重叠，因此信息量少于其数目所示。",
    },
    "few_leavers": {
        "en": "Few customers left ({leavers}), so the figures are rough.",
        "zh": "流失客户很少（{leavers} 位），数字较为粗略。",
    },
}
"""What a reader of the model must know, by code."""


@dataclass(frozen=True, slots=True)
class OriginFacts:
    """One date that was learnt from.

    Parameters
    ----------
    as_of, until : the outcome is what happened in `[as_of, until)`; None for a plain table.
    customers : how many could leave.
    leavers : how many did.
    """

    as_of: date | None
    until: date | None
    customers: int
    leavers: int

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as plain values for JSON."""
        return {
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            "customers": self.customers,
            "leavers": self.leavers,
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> OriginFacts:
        """Make the facts again from what `as_dict` returned."""
        return cls(
            _day(described["as_of"]),
            _day(described["until"]),
            described["customers"],
            described["leavers"],
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a model was learnt from, and what that is worth.

    Parameters
    ----------
    verdict : a key of `VERDICTS`.
    auc : on rows the model had not learnt from, with its 95 % interval.
    origins : the dates learnt from, oldest first.
    judged_on : `later_origin` or `left_out_customers`: where AUC and calibration come from.
    rounds : number of trees; 0 without.
    notes : keys of `NOTES`.
    """

    verdict: str
    auc: Estimate
    origins: tuple[OriginFacts, ...]
    judged_on: str
    rounds: int
    notes: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share who left at the latest date learnt from."""
        return self.origins[-1].leavers / self.origins[-1].customers

    def texts(self, language: str) -> tuple[str, ...]:
        """Return the verdict and the notes in a language (`en`, `zh`)."""
        leavers = sum(origin.leavers for origin in self.origins)
        told = {
            "auc": self.auc.value,
            "low": self.auc.low,
            "high": self.auc.high,
            "share": self.share,
            "leavers": leavers,
        }
        templates = (VERDICTS[self.verdict], *(NOTES[note] for note in self.notes))
        return tuple(template[language].format(**told) for template in templates)

    def as_dict(self) -> dict[str, Any]:
        """Return the evidence as plain values for JSON."""
        return {
            "verdict": self.verdict,
            "auc": asdict(self.auc),
            "origins": [origin.as_dict() for origin in self.origins],
            "judged_on": self.judged_on,
            "rounds": self.rounds,
            "notes": list(self.notes),
            "texts": {language: list(self.texts(language)) for language in ("en", "zh")},
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Evidence:
        """Make the evidence again from what `as_dict` returned."""
        return cls(
            described["verdict"],
            Estimate(**described["auc"]),
            tuple(OriginFacts.from_dict(one) for one in described["origins"]),
            described["judged_on"],
            described["rounds"],
            tuple(described["notes"]),
        )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
