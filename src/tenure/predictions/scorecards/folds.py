"""Whether training and test are kept apart: by customer within a date, and by date."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from tenure.predictions.scorecards.findings import LeakageCheck, LeakageFinding, Weight

DATES_APART = "dates_apart"
"""Name of the check that outcomes trained on were known before the date tested at."""

_EXAMPLES_MAX = 3
Window = tuple[date, date]
"""A date and the first day after its outcome's window."""


def customers_apart(folds: Mapping[str, npt.ArrayLike]) -> LeakageCheck:
    """Tell whether any customer stands in two folds of one date, or twice in a fold.

    Folds of different dates share customers rightly; for them `dates_apart` is the check.

    Parameters
    ----------
    folds : the customers' ids by the fold's name.
    """
    names = list(folds)
    ids = [np.asarray(folds[name]) for name in names]
    findings = []
    for name, one in zip(names, ids, strict=True):
        distinct, count = np.unique(one, return_counts=True)
        if (count > 1).any():
            twice = distinct[count > 1]
            findings.append(_finding("customer_twice_in_a_fold", distinct.size, twice, name, name))
    for i, name in enumerate(names):
        for other, theirs in zip(names[i + 1 :], ids[i + 1 :], strict=True):
            shared = np.intersect1d(ids[i], theirs)
            if shared.size:
                findings.append(_finding("customer_in_two_folds", ids[i].size, shared, name, other))
    title = {"en": "No customer in two folds", "zh": "没有客户同时出现在两折中"}
    return LeakageCheck("customers_apart", title, tuple(findings))


def dates_apart(
    training: Sequence[Window], test: Sequence[Window], *, gap_days: int = 0
) -> LeakageCheck:
    """Tell whether every outcome trained on was known before the date it is tested at.

    Parameters
    ----------
    training : date and end of the window of each training date.
    test : the same of the test dates.
    gap_days : days after a window's end until its outcome is known for certain.
    """
    findings = []
    for as_of, _ in test:
        late = [window for window in training if window[1] + timedelta(days=gap_days) > as_of]
        if late:
            findings.append(_late(late[0], as_of, len(late), gap_days))
    ordered = sorted(test)
    for (first, end), (second, _) in itertools.pairwise(ordered):
        if end > second:
            findings.append(_overlap(first, end, second))
    title = {
        "en": "Outcomes known before the date they are tested at",
        "zh": "训练所用结果在测试日期之前已知",
    }
    if not training:
        title = {"en": "Windows of the past dates apart", "zh": "各历史日期的窗口互不重叠"}
    return LeakageCheck(DATES_APART, title, tuple(findings))


def _finding(
    code: str, count: int, who: npt.NDArray[np.generic], one: str, other: str
) -> LeakageFinding:
    told = ", ".join(map(str, who[:_EXAMPLES_MAX].tolist()))
    where = {"en": f"stand in {other} too", "zh": f"同时在 {other} 中"}
    if one == other:
        where = {"en": "stand there more than once", "zh": "重复出现"}
    return LeakageFinding(
        code,
        one,
        {
            "en": f"Of {count} customers in {one}, {who.size} {where['en']}, e.g. {told}: the "
            "model is tested on what it has learned by heart.",
            "zh": f"{one} 的 {count} 位客户中有 {who.size} 位{where['zh']}（如 {told}）："
            "模型是在已背下的样本上测试。",
        },
        {
            "en": "Split by customer, one row each, before anything else is done to the rows.",
            "zh": "请先按客户划分、每人一行，再做其他处理。",
        },
        Weight.PROOF,
    )


def _late(window: Window, as_of: date, count: int, gap_days: int) -> LeakageFinding:
    gap = f" and {gap_days} days for late data" if gap_days else ""
    gap_zh = f"，另加 {gap_days} 天等待迟到数据" if gap_days else ""
    return LeakageFinding(
        "training_sees_the_test",
        None,
        {
            "en": f"{count} training windows, e.g. {window[0]} to {window[1]}{gap}, end after "
            f"the test date {as_of}: their outcomes were not known then.",
            "zh": f"{count} 个训练窗口（如 {window[0]} 至 {window[1]}{gap_zh}）晚于测试日期 "
            f"{as_of} 结束：当时尚不知其结果。",
        },
        {
            "en": "Train only on dates whose windows had closed by the test date.",
            "zh": "只用在测试日期之前已结束的窗口训练。",
        },
        Weight.PROOF,
    )


def _overlap(first: date, end: date, second: date) -> LeakageFinding:
    return LeakageFinding(
        "test_windows_overlap",
        None,
        {
            "en": f"The window from {first} ends on {end}, after the next date {second}: some "
            "outcomes are counted twice, so the dates tell less than they seem to.",
            "zh": f"自 {first} 起的窗口到 {end} 才结束，晚于下一日期 {second}："
            "部分结果被重复计算。",
        },
        {"en": "Space the dates by the horizon.", "zh": "请让日期间隔不小于预测期。"},
        Weight.NOTE,
    )
