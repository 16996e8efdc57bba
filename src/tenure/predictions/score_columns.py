"""The scores that the lake keeps, one table per kind, and how each column reads.

A score belongs to the date it looks ahead from. Scoring a date again adds rows; those made last
count. Nothing else describes a score: segments, the report and the docs read this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis.expr.types as ir
import pyarrow as pa

from tenure.activity.contract import INSTANT
from tenure.snapshots import SnapshotColumn

CHURN, VALUE, NEXT_PURCHASE = "churn", "value", "next_purchase"

_STAMPS = ("made_at", "model", "as_of")
_TEXT, _DATE, _REAL = pa.string(), pa.date32(), pa.float64()
_NOT_SCORED = {"en": "not scored as of this date", "zh": "该日期未评分"}
_NOT_AT_RISK = {
    "en": "not scored as of this date, or had left (or never come) by then",
    "zh": "该日期未评分，或当时已流失（或从未购买）",
}


def _column(
    name: str,
    dtype: pa.DataType,
    unit: str,
    english: str,
    chinese: str,
    kind: str,
    null_means: Mapping[str, str] = _NOT_SCORED,
) -> SnapshotColumn:
    return SnapshotColumn(
        name, dtype, unit, {"en": english, "zh": chinese}, f"scores ({kind})", null_means
    )


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """One kind of scores.

    Parameters
    ----------
    kind : `churn`, `value` or `next_purchase`.
    columns : what it says of a customer; each becomes a column of the snapshot.
    """

    kind: str
    columns: tuple[SnapshotColumn, ...]

    @property
    def table(self) -> str:
        """The lake's table."""
        return f"{self.kind}_scores"

    @property
    def schema(self) -> pa.Schema:
        """The lake's columns: when and by what made, for which date, of whom, and the scores."""
        return pa.schema(
            [
                pa.field("made_at", INSTANT),
                pa.field("model", pa.string()),
                pa.field("as_of", pa.date32()),
                pa.field("customer_id", pa.string()),
                *(pa.field(column.name, column.dtype) for column in self.columns),
            ]
        )

    @property
    def told(self) -> pa.Schema:
        """What a model says of customers: who, and the scores."""
        return pa.schema([field for field in self.schema if field.name not in _STAMPS])

    def newest(self, stored: ir.Table) -> ir.Table:
        """Return the scores that count: of each date, those made last.

        Parameters
        ----------
        stored : the lake's table.
        """
        last = stored.group_by("as_of").aggregate(last_made_at=stored.made_at.max())
        joined = stored.inner_join(last, "as_of")
        newest = joined.filter(joined.made_at == joined.last_made_at)
        return newest.select("as_of", "customer_id", *(column.name for column in self.columns))


SCORES: Mapping[str, ScoreTable] = {
    one.kind: one
    for one in (
        ScoreTable(
            CHURN,
            (
                _column(
                    "churn_probability",
                    _REAL,
                    "ratio",
                    "Calibrated probability to churn within the model's horizon.",
                    "在模型预测期内流失的校准概率。",
                    CHURN,
                    _NOT_AT_RISK,
                ),
                _column(
                    "churn_probability_low",
                    _REAL,
                    "ratio",
                    "Lower end of the probability's 90 % interval.",
                    "该概率 90% 区间的下限。",
                    CHURN,
                    _NOT_AT_RISK,
                ),
                _column(
                    "churn_probability_high",
                    _REAL,
                    "ratio",
                    "Upper end of the probability's 90 % interval.",
                    "该概率 90% 区间的上限。",
                    CHURN,
                    _NOT_AT_RISK,
                ),
                _column(
                    "warning_level",
                    _TEXT,
                    "text",
                    "high, medium or low, by the model's thresholds.",
                    "按模型阈值划分的预警等级：high 高、medium 中、low 低。",
                    CHURN,
                    _NOT_AT_RISK,
                ),
                _column(
                    "churn_reasons",
                    _TEXT,
                    "text",
                    "Why the probability is what it is, as codes with the customer's own figures.",
                    "概率成因：原因代码及该客户自身的数值。",
                    CHURN,
                    _NOT_AT_RISK,
                ),
            ),
        ),
        ScoreTable(
            VALUE,
            (
                _column(
                    "active_probability",
                    _REAL,
                    "ratio",
                    "Probability that the customer has not left for good.",
                    "该客户尚未永久离开的概率。",
                    VALUE,
                ),
                _column(
                    "expected_orders",
                    _REAL,
                    "order days",
                    "Expected order days within the model's horizon.",
                    "预测期内的期望下单天数。",
                    VALUE,
                ),
                _column(
                    "expected_value",
                    _REAL,
                    "money",
                    "Expected margin within the model's horizon, discounted.",
                    "预测期内折现后的期望毛利。",
                    VALUE,
                ),
                _column(
                    "expected_value_low",
                    _REAL,
                    "money",
                    "Lower end of the expected value's 90 % interval.",
                    "期望价值 90% 区间的下限。",
                    VALUE,
                ),
                _column(
                    "expected_value_high",
                    _REAL,
                    "money",
                    "Upper end of the expected value's 90 % interval.",
                    "期望价值 90% 区间的上限。",
                    VALUE,
                ),
            ),
        ),
        ScoreTable(
            NEXT_PURCHASE,
            (
                _column(
                    "next_purchase_from_on",
                    _DATE,
                    "date",
                    "First day of the range that holds the next order day, if there is one, "
                    "with probability 0.8.",
                    "若再次下单，以 0.8 的概率落入的日期区间的首日。",
                    NEXT_PURCHASE,
                ),
                _column(
                    "next_purchase_until_on",
                    _DATE,
                    "date",
                    "Last day of that range.",
                    "该日期区间的末日。",
                    NEXT_PURCHASE,
                ),
                _column(
                    "next_products",
                    _TEXT,
                    "text",
                    "Products most likely bought next, best first, as a JSON list.",
                    "最可能购买的商品（从高到低，JSON 列表）。",
                    NEXT_PURCHASE,
                ),
            ),
        ),
    )
}
"""Every kind of scores by its name."""

SCORE_COLUMNS: tuple[SnapshotColumn, ...] = tuple(c for t in SCORES.values() for c in t.columns)
"""All columns that scores add to the snapshot."""

SCORE_TABLES: Mapping[str, pa.Schema] = {one.table: one.schema for one in SCORES.values()}
"""The lake's tables of scores."""
