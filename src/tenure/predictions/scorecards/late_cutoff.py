"""An alarm for features that were cut off too late: a model further ahead than honesty allows."""

from __future__ import annotations

import numpy.typing as npt

from tenure.kernel import Estimate, Undefined
from tenure.predictions.scorecards.discrimination import auc_difference
from tenure.predictions.scorecards.findings import LeakageCheck, LeakageFinding

SLIP_GAIN = 0.04
"""AUC that a cut-off set 15 days late gained on a year and a half of a music shop's orders."""


def jump(
    happened: npt.ArrayLike,
    scores: npt.ArrayLike,
    honest: npt.ArrayLike,
    *,
    slipped: npt.ArrayLike | None = None,
    customers: npt.ArrayLike | None = None,
) -> LeakageCheck:
    """Tell whether a model is further ahead of an honest score than a late cut-off would put it.

    Parameters
    ----------
    happened : 1 or 0 per row.
    scores : the model's scores, higher meaning more likely.
    honest : a score that is known to be honest: the best simple rival, or last year's model.
    slipped : the same rival made from what was known 15 days after the date: what a cut-off
        set too late would gain here. None takes `SLIP_GAIN`.
    customers : whom each row is about, where one customer has several rows.
    """
    title = {
        "en": "The lead over an honest score, beside what a late cut-off gains",
        "zh": "相对于诚实评分的领先幅度，与截止日期延后所得相比",
    }
    lead = auc_difference(happened, scores, honest, customers=customers)
    allowed = SLIP_GAIN
    if slipped is not None:
        gained = auc_difference(happened, slipped, honest, customers=customers)
        allowed = max(gained.value, 0.01) if isinstance(gained, Estimate) else SLIP_GAIN
    if isinstance(lead, Undefined) or lead.low <= allowed:
        return LeakageCheck("cut_off_in_place", title)
    finding = LeakageFinding(
        "too_good_to_be_true",
        None,
        {
            "en": f"The model's AUC is {lead.value:.3f} above the honest score's ({lead.low:.3f} "
            f"to {lead.high:.3f}); a cut-off set 15 days late gains {allowed:.3f}.",
            "zh": f"模型的 AUC 比诚实评分高 {lead.value:.3f}（{lead.low:.3f} 至 {lead.high:.3f}）；"
            f"截止日期晚 15 天可得 {allowed:.3f}。",
        },
        {
            "en": "Either the model has information the simple score lacks, or its features were "
            "cut off too late. Prove which: `tenure backtest --prove`.",
            "zh": "要么模型掌握了简单评分没有的信息，要么特征的截止日期过晚。"
            "请用 `tenure backtest --prove` 证明。",
        },
    )
    return LeakageCheck("cut_off_in_place", title, (finding,))
