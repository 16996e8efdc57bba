"""What a reader of several metrics must know, worded once."""

from __future__ import annotations

from tenure.metrics.periods import Periods
from tenure.metrics.results import Notice


def left_censored(shown: Periods) -> tuple[Notice, ...]:
    """Warn that customers first seen in the data's first period may be older customers."""
    if shown.last < shown.first or shown.first > shown.beginning:
        return ()
    first = shown.label(shown.beginning)
    return (
        Notice(
            "left_censored",
            {
                "en": f"The data begin in {first}: customers first seen then may be older "
                "customers, so they are not all new.",
                "zh": f"数据从 {first} 开始：该周期首次出现的客户可能是老客户，并非全部为新客户。",
            },
        ),
    )
