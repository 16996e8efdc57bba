"""Columns and figures that look as if they knew the future, found from the data alone.

A statistic proves nothing: it raises an alarm that `prove_no_future` or a person must settle.
The thresholds lie where honest columns of honest data do not come: see the tests for the rate.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.kernel import Estimate, Undefined, wilson_interval
from tenure.kernel.scipy_library import special
from tenure.predictions.scorecards.arrays import Flags, Floats, Integers, events
from tenure.predictions.scorecards.coded_columns import (
    CATEGORIES_MAX,
    CodedColumn,
    coded_column,
)
from tenure.predictions.scorecards.discrimination import auc
from tenure.predictions.scorecards.findings import LeakageCheck, LeakageFinding, Text, Weight
from tenure.predictions.scorecards.proving import FutureProof
from tenure.snapshots.catalogue import CATALOGUE
from tenure.snapshots.columns import ATTRIBUTE_PREFIX

POINT_IN_TIME = frozenset(column.name for column in CATALOGUE)
"""Columns that the snapshot makes as of a date by construction."""

AUC_ALARM = 0.97
"""AUC of a single column, on rows it was not fitted to, above which it is suspected."""

NAMED_AUC_ALARM = 0.8
"""The same for a column whose name already sounds like the outcome."""

MISSING_GAP_ALARM = 0.8
"""Difference of the missing share between events and others above which it is suspected."""

PURE_SHARE_ALARM = 0.98
"""Share of the rarer outcome among rows of one value above which the value is suspected."""

_FALSE_ALARM = 1e-3
_ROWS_MIN = 50
_VALUE_ROWS_MIN = 16
_DISTINCT_SHARE = 0.95

_NAMES = re.compile(
    r"status|state$|cancel|churn|terminat|clos(ed|ure)|ended|end_date|end_on|ends_on|expir|reason|"
    r"refund|total|lifetime|final|outcome|label|target|^next_|future|deactivat|unsubscri|exit|"
    r"left_on|lost_on|状态|取消|流失|注销|退订|原因|退款|退货|总额|总计|累计|合计|终止|结束|到期|"
    r"结果|标签|最终|下次|未来|离开|停用|关闭",
    re.IGNORECASE,
)
_CHANGE = re.compile(r"^change_\d+_days_")
_ID = re.compile(r"(^|_)(id|uuid|guid|key|no|number|code)$|编号|号码|账号|^id$", re.IGNORECASE)
_TITLE = {"en": "Columns that know the outcome", "zh": "知道结果的列"}
_REMEDY = {
    "en": "Find out when this column is filled. If later than the date of the forecast, leave it "
    "out or take its value as known at that date.",
    "zh": "请查明该列何时填写；若晚于预测日期，请删除，或改用当时已知的值。",
}


def suspects(
    table: pa.Table,
    happened: npt.ArrayLike,
    *,
    id_column: str = "customer_id",
    honest: Collection[str] = POINT_IN_TIME,
    proof: FutureProof | None = None,
) -> LeakageCheck:
    """Return the columns that know the outcome, by name and with what gives them away.

    Parameters
    ----------
    table : features as of the date, one row per customer.
    happened : 1 or 0 per row; whether the event came after the date.
    id_column : the customer's id, which is no feature.
    honest : columns that are made as of a date by construction, and so are suspected only if
        one alone tells the outcome; the snapshot's own, and their changes, by default.
    proof : what deleting the future changed, if that was tried; its findings come first.

    Raises
    ------
    DataError : outcomes that are not 0 or 1 or do not fit the table.
    """
    y = events("happened", happened, rows=table.num_rows)
    found = [] if proof is None else list(proof.findings)
    names = [name for name in table.column_names if name != id_column]
    for name in names:
        column = coded_column(name, table[name])
        if column is None:
            continue
        checks = [_id_like, _tells_the_outcome]
        if _CHANGE.sub("", name) not in honest:
            checks += [_missing_tells, _value_tells, _named_for_it]
        told = (check(column, y, len(names)) for check in checks)
        made = next((one for one in told if one is not None), None)
        if made is not None:
            found.append(made)
    return LeakageCheck("columns_that_know", _TITLE, tuple(found))


def _id_like(column: CodedColumn, y: Floats, columns: int) -> LeakageFinding | None:
    rows = int((~column.missing).sum())
    if rows < _ROWS_MIN or column.distinct < _DISTINCT_SHARE * rows:
        return None
    if column.whole is not None:
        known = column.whole[~column.missing]
        width = int(known.max() - known.min()) + 1
        # So many draws from so narrow a range would meet twice, unless they were numbered.
        numbered = column.distinct == rows and width < rows * rows / 60
        if not (numbered or _ID.search(column.name)):
            return None
    elif not column.textual:
        return None
    return LeakageFinding(
        "id_like",
        column.name,
        {
            "en": f"{column.name} has {column.distinct} values in {rows} rows: it numbers rows "
            "instead of describing customers, and may follow the order in which they were filed.",
            "zh": f"{column.name} 在 {rows} 行中有 {column.distinct} 个不同的值：它只是编号，"
            "并可能反映录入顺序。",
        },
        {"en": "Leave it out of the features.", "zh": "请不要作为特征。"},
    )


def _tells_the_outcome(column: CodedColumn, y: Floats, columns: int) -> LeakageFinding | None:
    found = _auc_alone(column.codes, y)
    if found is None or found.value < AUC_ALARM or found.low < 0.9:
        return None
    return LeakageFinding(
        "tells_the_outcome",
        column.name,
        {
            "en": f"{column.name} alone tells the outcome with an AUC of {found.value:.3f}: "
            "hardly anything known beforehand does.",
            "zh": f"仅凭 {column.name} 一列，AUC 就达到 {found.value:.3f}："
            "事先已知的信息几乎不可能做到。",
        },
        _REMEDY,
    )


def _missing_tells(column: CodedColumn, y: Floats, columns: int) -> LeakageFinding | None:
    if not 0 < column.missing.sum() < y.size:
        return None
    shares = []
    for kind in (y == 1, y == 0):
        share = wilson_interval(int(column.missing[kind].sum()), int(kind.sum()))
        if isinstance(share, Undefined):
            return None
        shares.append(share)
    gap = abs(shares[0].value - shares[1].value)
    apart = max(shares[0].low - shares[1].high, shares[1].low - shares[0].high)
    if gap < MISSING_GAP_ALARM or apart < MISSING_GAP_ALARM / 2:
        return None
    one, other = (f"{share.value:.0%}" for share in shares)
    return LeakageFinding(
        "missing_tells_the_outcome",
        column.name,
        {
            "en": f"{column.name} is missing for {one} of those with the event and {other} of "
            "the others: it is filled when the event happens.",
            "zh": f"{column.name} 在发生者中缺失 {one}，在其他人中缺失 {other}："
            "它是在事件发生时填写的。",
        },
        _REMEDY,
    )


def _value_tells(column: CodedColumn, y: Floats, columns: int) -> LeakageFinding | None:
    """Return a value (or being filled) that only the rarer outcome has."""
    rare = 1.0 if y.mean() <= 0.5 else 0.0
    is_rare, known = y == rare, ~column.missing
    base = float(is_rare.mean())
    groups: list[tuple[str, Flags]] = [("missing", column.missing), ("filled", known)]
    sizes = np.bincount(column.values[known], minlength=1)
    groups.append(("unusual", known & (column.values != int(np.argmax(sizes)))))
    if column.textual:
        # Of numbers no single value is asked: the busiest customers rightly all come back.
        often = np.flatnonzero(sizes >= _VALUE_ROWS_MIN)[:CATEGORIES_MAX]
        groups += [("value", column.values == value) for value in often]
    for state, rows in groups:
        count, hits = int(rows.sum()), int((rows & is_rare).sum())
        if not _VALUE_ROWS_MIN <= count < y.size or hits < PURE_SHARE_ALARM * count:
            continue
        if special.bdtrc(hits - 1, count, base) * columns * len(groups) <= _FALSE_ALARM:
            share = hits / count
            return _pure_finding(column.name, state, count, share, base, happened=rare == 1)
    return None


def _pure_finding(
    name: str, state: str, count: int, share: float, base: float, *, happened: bool
) -> LeakageFinding:
    where = {
        "missing": {"en": "is missing", "zh": "缺失"},
        "filled": {"en": "is filled", "zh": "有值"},
        "unusual": {"en": "is not its usual value", "zh": "不是常见值"},
        "value": {"en": "has one certain value", "zh": "取某一特定值"},
    }[state]
    what: Text = {"en": "have the event", "zh": "发生了该事件"}
    if not happened:
        what = {"en": "do not have the event", "zh": "没有发生该事件"}
    return LeakageFinding(
        "value_tells_the_outcome",
        name,
        {
            "en": f"Of the {count} customers whose {name} {where['en']}, {share:.0%} "
            f"{what['en']}, against {base:.0%} of all.",
            "zh": f"{name}{where['zh']}的 {count} 位客户中，{share:.0%} {what['zh']}，"
            f"而全体为 {base:.0%}。",
        },
        _REMEDY,
    )


def _named_for_it(column: CodedColumn, y: Floats, columns: int) -> LeakageFinding | None:
    bare = column.name.removeprefix(ATTRIBUTE_PREFIX)
    if not _NAMES.search(bare):
        return None
    found = _auc_alone(column.codes, y)
    strong = found is not None and found.value > NAMED_AUC_ALARM and found.low > 0.75
    shown = "n/a" if found is None else f"{found.value:.3f}"
    return LeakageFinding(
        "named_like_the_outcome",
        column.name,
        {
            "en": f"{column.name} is named like a status, a total or the outcome itself "
            f"(AUC alone {shown}); such fields are often filled in hindsight.",
            "zh": f"{column.name} 的名称像状态、总计或结果本身（单列 AUC {shown}）；"
            "这类字段常在事后填写。",
        },
        _REMEDY,
        Weight.ALARM if strong else Weight.NOTE,
    )


def _auc_alone(codes: Integers, y: Floats) -> Estimate | None:
    """Return the AUC of a column by the event share of its bins, fitted on the other half."""
    half = np.random.default_rng(y.size).permutation(y.size) % 2
    base, found = y.mean(), []
    for side in (0, 1):
        learn, judge = half != side, half == side
        width = int(codes.max(initial=0)) + 1
        count = np.bincount(codes[learn], minlength=width)
        share = (np.bincount(codes[learn], y[learn], width) + base) / (count + 1)
        one = auc(y[judge], share[codes[judge]]) if judge.any() else Undefined("empty")
        if isinstance(one, Undefined):
            return None
        found.append(one)
    value = (found[0].value + found[1].value) / 2
    low = value - math.hypot(*(one.value - one.low for one in found)) / 2
    high = value + math.hypot(*(one.high - one.value for one in found)) / 2
    return Estimate(value, low, high, found[0].confidence, "two_halves")
