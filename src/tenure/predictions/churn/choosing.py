"""Which columns a churn model may read: none that is an identifier or that knows the future."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.kernel import DataError
from tenure.predictions.churn.features import (
    Feature,
    FeatureKind,
    FeatureSpace,
    is_text,
    learn_feature,
    plain_texts,
)
from tenure.predictions.panels import CHANGING
from tenure.predictions.scorecards.arrays import Floats
from tenure.predictions.scorecards.ordered import area_under_roc, score_order
from tenure.predictions.tables import FloatArray
from tenure.snapshots import CATALOGUE

SEPARATES_AUC = 0.97
"""A single column that tells leavers apart better than this was filled in after they left."""

REPEATED = frozenset(
    {"first_order_on", "last_order_on", "expected_next_order_on", "rfm_segment", "as_of"}
)
"""Snapshot columns that others say already: the dates as days, the segment as its three scores."""

_TRUSTED = frozenset(column.name for column in CATALOGUE)
_CHANGE = re.compile(rf"^change_\d+_days_({'|'.join(CHANGING)})$")
_IDENTIFIER = re.compile(
    r"(?i:(^|_| )(id|uuid|guid|e_?mail|phone|mobile|tel|name)$)|[a-z]ID$"
    r"|(编号|邮箱|电话|手机|姓名)$"
)
_SUSPECT = re.compile(
    r"(?i:churn|cancel|terminat|unsubscri|closed|deactivat|exited|(^|_)left(_|$)|reason|status)"
    r"|流失|注销|退订|解约|销户"
)
_IDENTIFIER_SHARE = 0.5
_IDENTIFIER_ROWS_MIN = 50

TEXTS: Mapping[str, Mapping[str, str]] = {
    "identifier": {
        "en": "{column} names the customer instead of describing her; it is not used.",
        "zh": "{column} 是客户的标识而不是特征，未使用。",
    },
    "knows_the_future": {
        "en": "{column} alone tells almost all leavers apart (AUC {auc:.3f}), as a column does "
        "that is filled in after they leave; it is not used.",
        "zh": "仅凭 {column} 就几乎能区分所有流失客户（AUC {auc:.3f}），"
        "这类列通常是流失之后才填写的，未使用。",
    },
    "suspect_name": {
        "en": "{column} sounds like something that is known only once a customer has left; "
        "check when it is filled in.",
        "zh": "{column} 听起来像是客户流失后才知道的内容，请核实它何时填写。",
    },
    "constant": {
        "en": "{column} says the same of everybody; it is not used.",
        "zh": "{column} 对所有客户都相同，未使用。",
    },
    "too_many_values": {
        "en": "{column} has almost as many values as rows; it is not used.",
        "zh": "{column} 的取值几乎与行数一样多，未使用。",
    },
    "unreadable": {
        "en": "{column} holds neither numbers, truth values, dates nor text; it is not used.",
        "zh": "{column} 既不是数字、真假值、日期，也不是文本，未使用。",
    },
    "date_without_origin": {
        "en": "{column} is a date, but the rows do not say as of when; it is not used.",
        "zh": "{column} 是日期，但数据没有说明截止日期，未使用。",
    },
}
"""What is said of a column, by code."""


@dataclass(frozen=True, slots=True)
class ColumnRemark:
    """Something a person must know of a column.

    Parameters
    ----------
    column : its name.
    code : a key of `TEXTS`.
    refused : whether the column is left out; else it is used and only pointed at.
    auc : how well it alone tells leavers apart, 0.5..1; None where that was not asked.
    """

    column: str
    code: str
    refused: bool
    auc: float | None = None

    def text(self, language: str) -> str:
        """Return the remark in a language (`en`, `zh`)."""
        return TEXTS[self.code][language].format(column=self.column, auc=self.auc or 0.0)

    def as_dict(self) -> dict[str, Any]:
        """Return the remark as plain values for JSON."""
        return {
            "column": self.column,
            "code": self.code,
            "refused": self.refused,
            "auc": self.auc,
            "text": {language: self.text(language) for language in ("en", "zh")},
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> ColumnRemark:
        """Make a remark again from what `as_dict` returned."""
        return cls(*(described[name] for name in ("column", "code", "refused", "auc")))


def choose_features(
    tables: Sequence[pa.Table],
    labels: Sequence[FloatArray],
    *,
    columns: Sequence[str] | None = None,
    keep: Collection[str] = (),
) -> tuple[FeatureSpace, tuple[ColumnRemark, ...]]:
    """Return the columns that a model may read, and what is to be said of the others.

    Parameters
    ----------
    tables : the training rows, one table per origin.
    labels : 1 for who left, else 0, one array per table.
    columns : only these; None takes all.
    keep : columns to use in spite of a refusal, where a person knows better.

    Returns
    -------
    The feature space, with the last table's typical values, and the remarks.

    Raises
    ------
    DataError : no column is left, or a named one is not there.
    """
    rows = pa.concat_tables(tables, promote_options="permissive")
    left = np.concatenate(labels)
    names = _names(rows, columns)
    features: list[Feature] = []
    remarks: list[ColumnRemark] = []
    for name in names:
        feature, remark = _judged(rows, name, left, forced=name in keep)
        if feature is not None:
            features.append(feature)
        if remark is not None:
            remarks.append(remark)
    if not features:
        raise DataError(
            f"the columns {', '.join(names) or '(none)'}",
            "at least one that tells customers apart",
            "add columns that were known before customers left",
        )
    space = FeatureSpace(tuple(features))
    return space.with_typical(space.encode(_with_all(tables[-1], rows.schema))), tuple(remarks)


def _names(rows: pa.Table, columns: Sequence[str] | None) -> list[str]:
    if columns is None:
        return [name for name in rows.column_names if name not in REPEATED]
    missing = [name for name in columns if name not in rows.column_names]
    if missing:
        raise DataError(
            f"a table without {', '.join(missing)}", "all columns asked for", "correct the names"
        )
    return list(columns)


def _judged(
    rows: pa.Table, name: str, left: FloatArray, *, forced: bool
) -> tuple[Feature | None, ColumnRemark | None]:
    """Return the feature, or None, and a remark, or None."""
    if name == "customer_id":
        return None, None
    known = is_point_in_time(name)
    values = rows[name]
    if not (known or forced) and _IDENTIFIER.search(name):
        return None, ColumnRemark(name, "identifier", True)
    try:
        feature = learn_feature(name, values)
    except DataError:
        return None, ColumnRemark(name, "unreadable", True)
    if feature.kind is FeatureKind.DATE and "as_of" not in rows.column_names:
        return None, ColumnRemark(name, "date_without_origin", True)
    if not (known or forced) and _is_identifier(feature, values):
        return None, ColumnRemark(name, "too_many_values", True)
    numbers = FeatureSpace((feature,)).encode(rows)[:, 0]
    if _is_constant(numbers):
        # a snapshot has columns for every business; those it has no data for need no word
        return None, None if known else ColumnRemark(name, "constant", True)
    if known or forced:
        return feature, None
    separates = separation(numbers, left, categorical=feature.kind is FeatureKind.CATEGORY)
    if separates >= SEPARATES_AUC:
        return None, ColumnRemark(name, "knows_the_future", True, separates)
    if _SUSPECT.search(name):
        return feature, ColumnRemark(name, "suspect_name", False, separates)
    return feature, None


def is_point_in_time(name: str) -> bool:
    """Tell whether a column is the snapshot's own, made only from what was known by then."""
    return name in _TRUSTED or _CHANGE.match(name) is not None


def separation(numbers: FloatArray, left: FloatArray, *, categorical: bool) -> float:
    """Return how well one column alone tells leavers apart, as an AUC from 0.5 to 1.

    Parameters
    ----------
    numbers : the encoded column; NaN is unknown, which may itself be telling.
    left : 1 for who left, else 0.
    categorical : whether the numbers are places in a vocabulary.
    """
    unknown = np.isnan(numbers)
    if categorical:
        places = np.where(unknown, -1, numbers).astype(np.int64) + 1
        sizes = np.bincount(places)
        # half a customer of each kind is added, so that a rare category proves nothing
        shares = (np.bincount(places, weights=left) + 0.5) / (sizes + 1.0)
        return _auc(shares[places], left)
    known = _auc(numbers[~unknown], left[~unknown])
    return max(known, _auc(unknown.astype(np.float64), left))


def _auc(scores: Floats, left: FloatArray) -> float:
    if not 0 < left.sum() < len(left):
        return 0.5
    order = score_order(scores)
    area = float(area_under_roc(order.sums(np.ones_like(left)), order.sums(left)))
    return max(area, 1 - area)


def _is_identifier(feature: Feature, values: pa.ChunkedArray) -> bool:
    if feature.kind is not FeatureKind.CATEGORY or not is_text(values.type):
        return False
    texts = plain_texts(values)
    known = len(texts) - texts.null_count
    many = known >= _IDENTIFIER_ROWS_MIN
    return many and bool(pc.count_distinct(texts).as_py() > _IDENTIFIER_SHARE * known)


def _is_constant(numbers: FloatArray) -> bool:
    known = numbers[~np.isnan(numbers)]
    if len(known) == 0:
        return True
    return len(known) == len(numbers) and bool((known == known[0]).all())


def _with_all(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table with all columns that any of its siblings has."""
    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table
