"""Reasons in words: short codes with the customer's own figures, read out in either language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenure.predictions.churn.families import ACTIONS, COLUMN, is_actionable

Figures = Mapping[str, Any]

_LATE: Mapping[str, Mapping[str, str]] = {
    "gap": {
        "en": "Orders every {gap} days on average, last one {days} days ago on {on}",
        "zh": "平均每 {gap} 天下单一次，上次下单在 {days} 天前（{on}）",
    },
    "usual": {
        "en": "One order day so far, {days} days ago on {on}, others order every {usual} days",
        "zh": "仅在 {days} 天前（{on}）下过单，其他客户通常每 {usual} 天下单一次",
    },
    "days": {
        "en": "Last seen {days} days ago on {on}",
        "zh": "上次出现在 {days} 天前（{on}）",
    },
    "": {"en": "Has not been seen yet", "zh": "尚未出现过"},
}
"""The timing by what is known of it: the first whose figure there is."""

_TEXTS: Mapping[str, Mapping[str, str]] = {
    "frequency": {
        "en": "{orders} orders so far, {recent} in the last 90 days, {before} in the 90 before "
        "(typical: {typical_orders} and {typical_recent})",
        "zh": "至今 {orders} 单，近 90 天 {recent} 单，此前 90 天 {before} 单"
        "（典型客户：{typical_orders} 单，近 90 天 {typical_recent} 单）",
    },
    "spend": {
        "en": "Spent {value} so far, {recent} in the last 90 days (typical: {typical_value} and "
        "{typical_recent})",
        "zh": "至今消费 {value}，近 90 天 {recent}（典型客户：{typical_value}，{typical_recent}）",
    },
    "returns": {
        "en": "Sent back goods for {returned} out of {bought}",
        "zh": "购买 {bought}，其中退款 {returned}",
    },
    "variety": {
        "en": "Bought {products} different products in {categories} categories (typical: "
        "{typical_products})",
        "zh": "购买过 {products} 种商品、{categories} 个品类（典型客户：{typical_products} 种）",
    },
    "tenure": {
        "en": "Known for {days} days, since {on} (typical: {typical_days})",
        "zh": "已认识 {days} 天，自 {on} 起（典型客户：{typical_days} 天）",
    },
    "channel": {
        "en": "First order by {first}, last by {last}",
        "zh": "首单渠道 {first}，最近渠道 {last}",
    },
    "source": {"en": "Came from {source}", "zh": "来自 {source}"},
    "contract": {
        "en": "On plan {plan} since {on}, {value} per cycle",
        "zh": "自 {on} 起使用方案 {plan}，每期 {value}",
    },
    COLUMN: {
        "en": "{column} is {value} (typical: {typical})",
        "zh": "{column} 为 {value}（典型客户：{typical}）",
    },
}
_UNKNOWN = {"en": "unknown", "zh": "未知"}
_WHOLE = 1e-9


@dataclass(frozen=True, slots=True)
class ReasonText:
    """One reason for people.

    Parameters
    ----------
    text : the customer's own figures in a sentence.
    raises : whether it raises the probability of leaving; else it lowers it.
    actionable : whether something can be done about it.
    action : what, if something can.
    contribution : by how much it moves the log-odds from the mean customer's.
    """

    text: str
    raises: bool
    actionable: bool
    action: str | None
    contribution: float


def reasons_text(codes: str | None, language: str = "en") -> tuple[str, ...]:
    """Return the reasons that a score was stored with as sentences, the strongest first.

    Parameters
    ----------
    codes : the column `churn_reasons`; None for customers without a score.
    language : `en` or `zh`.
    """
    return tuple(reason.text for reason in read_reasons(codes, language))


def read_reasons(codes: str | None, language: str = "en") -> tuple[ReasonText, ...]:
    """Return the reasons that a score was stored with, in words, the strongest first.

    Parameters
    ----------
    codes : the column `churn_reasons`; None for customers without a score.
    language : `en` or `zh`.
    """
    if codes is None:
        return ()
    return tuple(_read(reason, language) for reason in json.loads(codes))


def _read(reason: Mapping[str, Any], language: str) -> ReasonText:
    family = reason["f"]
    actionable = is_actionable(family)
    return ReasonText(
        _sentence(family, reason["x"], language),
        reason["c"] > 0,
        actionable,
        ACTIONS[family][language] if actionable else None,
        reason["c"],
    )


def _sentence(family: str, figures: Figures, language: str) -> str:
    if family == "timing":
        known = next(key for key in _LATE if not key or figures.get(key) is not None)
        return _LATE[known][language].format_map(_Told(figures, language))
    kind, _, column = family.partition(":")
    told = {"column": _name(column), **figures} if column else figures
    return _TEXTS[kind][language].format_map(_Told(told, language))


def _name(column: str) -> str:
    return column.removeprefix("attr_").replace("_", " ")


class _Told(dict[str, Any]):
    """Figures as they are read out; what is not known is said to be unknown."""

    def __init__(self, figures: Figures, language: str) -> None:
        super().__init__({name: _plain(value) for name, value in figures.items()})
        self._unknown = _UNKNOWN[language]
        for name, value in self.items():
            if value is None:
                self[name] = self._unknown

    def __missing__(self, key: str) -> str:
        return self._unknown


def _plain(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if abs(value - round(value)) < _WHOLE:
        return f"{round(value):,}"
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
