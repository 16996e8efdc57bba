"""The leakage checks that every backtest runs on what it learnt from and what it was tested at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.predictions.scorecards.findings import LeakageCheck, LeakageFinding, Weight
from tenure.predictions.scorecards.folds import Window, customers_apart, dates_apart
from tenure.predictions.scorecards.leakage import POINT_IN_TIME, suspects


@dataclass(frozen=True, slots=True)
class JudgedDate:
    """A past date as the checks see it.

    Parameters
    ----------
    as_of, until : the outcome is what happened in `[as_of, until)`.
    table : what was known of each customer, a row each, with `customer_id`.
    happened : 1 or 0 per row; whether the event came within the window.
    trained : date and end of each window that its models learnt from.
    read : columns that its models read; None where they may read any.
    """

    as_of: date
    until: date
    table: pa.Table
    happened: npt.ArrayLike
    trained: tuple[Window, ...]
    read: frozenset[str] | None = None


def rolling_checks(
    dates: Sequence[JudgedDate],
    *,
    gap_days: int = 0,
    honest: Collection[str] = POINT_IN_TIME,
) -> tuple[LeakageCheck, ...]:
    """Return the checks of columns, customers and dates over all judged dates.

    A suspected column that no model reads is only noted: it cannot have made the figures better.

    Parameters
    ----------
    dates : the judged dates, at least one.
    gap_days : days after a window's end until its outcome is known for certain.
    honest : as in `suspects`.
    """
    columns = [suspects(one.table, one.happened, honest=honest) for one in dates]
    told: dict[str | None, LeakageFinding] = {}
    for one, check in reversed(list(zip(dates, columns, strict=True))):
        for finding in check.findings:
            weighed = _weighed(finding, one.read)
            known = told.get(finding.column)
            if known is None or (known.weight is Weight.NOTE and weighed.weight is Weight.ALARM):
                told[finding.column] = weighed
    people = [
        customers_apart({one.as_of.isoformat(): np.asarray(one.table["customer_id"].to_pylist())})
        for one in dates
    ]
    # Each date's models learnt from other windows; only the last look is over all dates together.
    windows = [(one.as_of, one.until) for one in dates]
    apart = [
        dates_apart(one.trained, [window], gap_days=gap_days)
        for one, window in zip(dates, windows, strict=True)
    ]
    overlaps = dates_apart([], windows).findings
    return (
        replace(apart[0], findings=(*_all(apart), *overlaps)),
        replace(people[0], findings=_all(people), title=_ONCE),
        replace(columns[0], findings=tuple(told.values())),
    )


_ONCE = {"en": "Each customer once at a date", "zh": "每位客户在每个日期只出现一次"}


def _all(checks: Sequence[LeakageCheck]) -> tuple[LeakageFinding, ...]:
    return tuple(finding for check in checks for finding in check.findings)


def _weighed(finding: LeakageFinding, read: frozenset[str] | None) -> LeakageFinding:
    if read is None or finding.column is None or finding.column in read:
        return finding
    evidence = {
        "en": f"{finding.evidence['en']} No model judged here reads it.",
        "zh": f"{finding.evidence['zh']}此处评判的模型均未使用该列。",
    }
    return replace(finding, evidence=evidence, weight=Weight.NOTE)
