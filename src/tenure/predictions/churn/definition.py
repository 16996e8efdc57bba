"""What leaving means in this business: who can still leave, and who has left.

| kind         | who can still leave at the origin               | who has left                |
|--------------|-------------------------------------------------|-----------------------------|
| own_rhythm   | customers with an order whose limit has not     | no order up to the limit    |
|              | passed and lies within the horizon              |                             |
| fixed_window | customers who ordered in the `window_days`      | no order within the horizon |
|              | before it (None: all who ever ordered)          |                             |
| contract_end | customers with a contract on the day before it  | no contract covers the      |
|              |                                                 | horizon's last day          |

The limit of own_rhythm is the latest order day plus the larger of `multiple` x the customer's
usual gap and `silence_days_min`. Whoever cannot leave has no label and no score: who is past the
limit has left already, who reaches it only after the horizon cannot be told yet. Nobody has a
label before the horizon has closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.activity.facts import Facts
from tenure.kernel import Calendar, DataError, DefinitionError
from tenure.metrics.rhythm import OWN
from tenure.predictions.panels import Panel, panel
from tenure.predictions.tables import FloatArray
from tenure.snapshots.contracts import ACTIVE

Flags = npt.NDArray[np.bool_]


class ChurnKind(StrEnum):
    """Ways in which customers leave."""

    OWN_RHYTHM = "own_rhythm"
    FIXED_WINDOW = "fixed_window"
    CONTRACT_END = "contract_end"


class Standing(StrEnum):
    """Whether a customer can still leave."""

    AT_RISK = "at_risk"
    LEFT = "left"
    TOO_EARLY = "too_early"
    NO_ORDER = "no_order"
    NO_CONTRACT = "no_contract"


STANDINGS: Mapping[Standing, Mapping[str, str]] = {
    Standing.AT_RISK: {"en": "can still leave", "zh": "可能流失"},
    Standing.LEFT: {"en": "has left already", "zh": "已经流失"},
    Standing.TOO_EARLY: {
        "en": "cannot be late within the horizon",
        "zh": "在预测期内不可能逾期",
    },
    Standing.NO_ORDER: {"en": "never ordered", "zh": "从未下单"},
    Standing.NO_CONTRACT: {"en": "has no contract", "zh": "没有合同"},
}
"""Each standing for people."""


@dataclass(frozen=True, slots=True)
class ChurnDefinition:
    """What leaving means; plain values that can live in YAML.

    Parameters
    ----------
    kind : `own_rhythm`, `fixed_window` or `contract_end`.
    horizon_days : how far ahead to look, from 1.
    window_days : fixed_window: how lately a customer must have ordered to be there at all, from
        1; None takes all who ever ordered.
    multiple : own_rhythm: how many of her usual gaps a customer may be silent, above 0.
    silence_days_min : own_rhythm: no shorter silence is a departure, from 0.
    reason : why this definition was chosen, by language; None where a person chose it.

    Raises
    ------
    DefinitionError : a value is out of its range.
    """

    kind: str = ChurnKind.FIXED_WINDOW.value
    horizon_days: int = 90
    window_days: int | None = 365
    multiple: float = 3.0
    silence_days_min: int = 30
    reason: Mapping[str, str] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in list(ChurnKind):
            _refuse("kind", self.kind, f"one of {', '.join(ChurnKind)}")
        if self.horizon_days < 1:
            _refuse("horizon_days", self.horizon_days, "a whole number from 1")
        if self.window_days is not None and self.window_days < 1:
            _refuse("window_days", self.window_days, "a whole number from 1, or none")
        if not self.multiple > 0:
            _refuse("multiple", self.multiple, "a number above 0")
        if self.silence_days_min < 0:
            _refuse("silence_days_min", self.silence_days_min, "a whole number from 0")

    def standing(self, features: pa.Table | pa.RecordBatch) -> npt.NDArray[np.object_]:
        """Return each customer's `Standing`, from what was known at the origin.

        Parameters
        ----------
        features : rows of a panel's features.
        """
        if self.kind == ChurnKind.CONTRACT_END:
            active = _texts(features, "subscription_status") == ACTIVE
            return np.where(active, Standing.AT_RISK, Standing.NO_CONTRACT).astype(object)
        silent = _numbers(features, "days_since_last_order")
        standing = np.full(len(silent), Standing.AT_RISK, dtype=object)
        if self.kind == ChurnKind.FIXED_WINDOW:
            if self.window_days is not None:
                standing[silent > self.window_days] = Standing.LEFT
        else:
            limit = self.limit_days(features)
            standing[silent > limit] = Standing.LEFT
            standing[silent + self.horizon_days <= limit] = Standing.TOO_EARLY
            standing[np.isnan(limit)] = Standing.TOO_EARLY
        standing[np.isnan(silent)] = Standing.NO_ORDER
        return standing

    def at_risk(self, features: pa.Table | pa.RecordBatch) -> Flags:
        """Return who can still leave."""
        return np.asarray(self.standing(features) == Standing.AT_RISK)

    def limit_days(self, features: pa.Table | pa.RecordBatch) -> FloatArray:
        """Return own_rhythm's limit: days of silence after which a customer has left.

        Parameters
        ----------
        features : rows of a panel's features; NaN where nobody's rhythm is known.
        """
        usual = _numbers(features, "rhythm_days")
        longest = np.floor(self.multiple * usual)
        return np.where(np.isnan(usual), np.nan, np.maximum(longest, self.silence_days_min))

    def labels(self, panel: Panel) -> FloatArray:
        """Return 1 for who left, 0 for who stayed, NaN for who could not leave.

        Parameters
        ----------
        panel : of this definition's horizon.

        Raises
        ------
        DataError : the panel's window is not closed, or of another length.
        """
        if panel.outcome is None or panel.until is None:
            raise DataError(
                f"a panel as of {panel.as_of} whose outcome is not known yet",
                "one whose window has closed",
                "take an earlier date",
            )
        if (panel.until - panel.as_of).days != self.horizon_days:
            raise DataError(
                f"a panel over {(panel.until - panel.as_of).days} days",
                f"one over {self.horizon_days} days, as the definition says",
                "make the panel with the definition's horizon",
            )
        if self.kind == ChurnKind.CONTRACT_END:
            left = _numbers(panel.outcome, "contract_ended")
        else:
            waited = _days_until(panel.outcome["next_order_on"], panel.as_of)
            if self.kind == ChurnKind.FIXED_WINDOW:
                left = np.isnan(waited).astype(np.float64)
            else:
                silent = _numbers(panel.features, "days_since_last_order") + waited
                returned = silent <= self.limit_days(panel.features)
                left = (~returned).astype(np.float64)
        return np.where(self.at_risk(panel.features), left, np.nan)

    def as_dict(self) -> dict[str, Any]:
        """Return the definition as plain values for YAML or JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Self:
        """Make a definition from plain values.

        Raises
        ------
        DefinitionError : a name is unknown or a value is out of its range.
        """
        names = list(cls.__dataclass_fields__)
        unknown = [name for name in described if name not in names]
        if unknown:
            raise DefinitionError(
                f"churn definition with {', '.join(map(str, unknown))}",
                f"only {', '.join(names)}",
                "correct the name",
            )
        try:
            return cls(**described)
        except TypeError:
            raise DefinitionError(
                f"churn definition {dict(described)}",
                "whole numbers of days and a number for multiple",
                "correct the values",
            ) from None

    def text(self, language: str) -> str:
        """Return the definition in a language (`en`, `zh`)."""
        everyone = self.kind == ChurnKind.FIXED_WINDOW and self.window_days is None
        return _TEXTS["fixed_window_of_all" if everyone else self.kind][language].format(
            horizon=self.horizon_days,
            window=self.window_days,
            multiple=f"{self.multiple:g}",
            least=self.silence_days_min,
        )


_TEXTS: Mapping[str, Mapping[str, str]] = {
    "own_rhythm": {
        "en": "A customer leaves when she stays silent for more than {multiple} times her usual "
        "gap between orders, and at least {least} days. Looked at: customers who would reach "
        "that limit within {horizon} days.",
        "zh": "客户沉默时间超过其通常下单间隔的 {multiple} 倍且不少于 {least} 天，即为流失。"
        "考察范围：将在 {horizon} 天内达到该界限的客户。",
    },
    "fixed_window": {
        "en": "A customer leaves when she places no order within {horizon} days. Looked at: "
        "customers with an order in the last {window} days.",
        "zh": "{horizon} 天内没有下单即为流失。考察范围：近 {window} 天内有订单的客户。",
    },
    "fixed_window_of_all": {
        "en": "A customer leaves when she places no order within {horizon} days. Looked at: "
        "everyone who ever ordered.",
        "zh": "{horizon} 天内没有下单即为流失。考察范围：所有曾下单的客户。",
    },
    "contract_end": {
        "en": "A customer leaves when her contract has ended {horizon} days later. Looked at: "
        "customers with a running contract.",
        "zh": "{horizon} 天后合同已结束即为流失。考察范围：合同生效中的客户。",
    },
}


_RECENT_DAYS = 365
_CONTRACT_SHARE_MIN = 0.5
_RHYTHM_SHARE_MIN = 0.3
_LOOKED_AT = 20_000

_REASONS: Mapping[str, Mapping[str, str]] = {
    "contract_end": {
        "en": "{share:.0%} of the customers who are there have a running contract, so leaving is "
        "its end.",
        "zh": "{share:.0%} 的现有客户有生效中的合同，因此以合同结束为流失。",
    },
    "own_rhythm": {
        "en": "{share:.0%} of the customers of the last year have a rhythm of their own and most "
        "of their limits lie within {horizon} days, so each is judged by her own.",
        "zh": "近一年的客户中 {share:.0%} 有自己的下单节奏，且其界限大多在 {horizon} 天以内，"
        "因此按各自的节奏判断。",
    },
    "fixed_window": {
        "en": "Only {share:.0%} of the customers of the last year can be judged by a rhythm of "
        "their own within {horizon} days, so all are judged by the same window.",
        "zh": "近一年的客户中只有 {share:.0%} 能在 {horizon} 天内按自己的节奏判断，"
        "因此所有客户使用同一窗口。",
    },
}


def default_definition(
    facts: Facts,
    *,
    as_of: date,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    horizon: int = 90,
    sample: int = _LOOKED_AT,
) -> ChurnDefinition:
    """Return the definition that fits a business, with the reason.

    Contracts where at least half of those who are there have one; own rhythm where at least 30 %
    of the last year's customers can be judged by theirs within the horizon; else a fixed window.

    Parameters
    ----------
    facts : the fact tables.
    as_of : only what happened on earlier days is looked at.
    calendar : the business's calendar.
    horizon : how far ahead to look, days from 1.
    sample : how many customers are looked at.
    """
    seen = panel(
        facts, as_of=as_of, calendar=calendar, change_days=None, attributes=(), sample=sample
    )
    return definition_for(seen.features, horizon)


def definition_for(features: pa.Table, horizon_days: int) -> ChurnDefinition:
    """Return the definition that fits customers as they are known at one date.

    Parameters
    ----------
    features : a panel's features.
    horizon_days : how far ahead to look, from 1.
    """
    recent = _numbers(features, "days_since_last_order") <= _RECENT_DAYS
    contract = _texts(features, "subscription_status") == ACTIVE
    there = int((recent | contract).sum())
    by_contract = float(contract.sum() / there) if there else 0.0
    if by_contract >= _CONTRACT_SHARE_MIN:
        kind, share = ChurnKind.CONTRACT_END, by_contract
    else:
        own = _texts(features, "rhythm_source") == OWN
        rhythmic = ChurnDefinition(ChurnKind.OWN_RHYTHM.value, horizon_days)
        judged = own & recent & rhythmic.at_risk(features)
        share = float(judged.sum() / recent.sum()) if recent.any() else 0.0
        enough = share >= _RHYTHM_SHARE_MIN
        kind = ChurnKind.OWN_RHYTHM if enough else ChurnKind.FIXED_WINDOW
    told = {"share": share, "horizon": horizon_days}
    reason = {language: text.format(**told) for language, text in _REASONS[kind].items()}
    window = max(_RECENT_DAYS, horizon_days)
    return ChurnDefinition(kind.value, horizon_days, window, reason=reason)


def _numbers(table: pa.Table | pa.RecordBatch, column: str) -> FloatArray:
    values = table[column]
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    numbers = values.cast(pa.float64())
    if isinstance(numbers, pa.ChunkedArray):
        return np.asarray(numbers.to_numpy(), dtype=np.float64)
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)


def _texts(table: pa.Table | pa.RecordBatch, column: str) -> npt.NDArray[np.object_]:
    return np.array(table[column].to_pylist(), dtype=object)


def _days_until(dates: pa.ChunkedArray, origin: date) -> FloatArray:
    days = dates.cast(pa.int32()).cast(pa.float64()).to_numpy()
    return np.asarray(days - (origin - date(1970, 1, 1)).days, dtype=np.float64)


def _refuse(name: str, value: object, expected: str) -> None:
    raise DefinitionError(f"{name} {value!r}", expected, f"correct {name} in the definition")
