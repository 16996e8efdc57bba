"""Why a customer gets nothing: one reason each, so that all customers = planned + reasons."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tenure.strategies.ground import Flags, Floats, Ground
from tenure.strategies.preparing import Prepared

Texts = Mapping[str, str]
Codes = npt.NDArray[np.object_]

REASONS: Mapping[str, Texts] = {
    "planned": {"en": "planned", "zh": "已安排"},
    "not_in_audience": {"en": "not in the audience", "zh": "不在目标人群中"},
    "audience_unknown": {
        "en": "not known whether in the audience: a column is empty",
        "zh": "无法判断是否属于目标人群（有空列）",
    },
    "universal_holdout": {
        "en": "in the universal holdout, never contacted",
        "zh": "属于全局对照组，从不联系",
    },
    "strategy_holdout": {
        "en": "in this strategy's holdout, left alone so that the effect can be measured",
        "zh": "属于本策略对照组，不联系以便衡量效果",
    },
    "other_experiment": {"en": "taken by another experiment", "zh": "已参加其他实验"},
    "no_tactic_fits": {"en": "meets no tactic's condition", "zh": "不符合任何措施的条件"},
    "no_consent": {
        "en": "no consent for the channel of any tactic that fits",
        "zh": "未同意任何适用措施的渠道",
    },
    "contacted_enough": {"en": "contacted as often as may be", "zh": "已达联系次数上限"},
    "worth_unknown": {
        "en": "what a tactic is worth to her is unknown: a column is empty",
        "zh": "措施对其价值未知（有空列）",
    },
    "drawn_to_nothing": {
        "en": "explores, and the lot fell on nothing",
        "zh": "参加探索，抽签结果为不联系",
    },
    "not_worth_it": {
        "en": "no tactic is expected to bring more than it costs",
        "zh": "没有措施预期收益高于成本",
    },
    "budget_exhausted": {
        "en": "the money brings more with others",
        "zh": "预算用于他人收益更高",
    },
    "staff_hours_exhausted": {
        "en": "the staff hours bring more with others",
        "zh": "工时用于他人收益更高",
    },
    "contacts_exhausted": {
        "en": "the contacts there are bring more with others",
        "zh": "联系名额用于他人收益更高",
    },
}
"""Every reason in words."""

_BY_KIND = {
    "money": "budget_exhausted",
    "staff_hours": "staff_hours_exhausted",
    "contacts": "contacts_exhausted",
}


def reasons_before(prepared: Prepared) -> Codes:
    """Return why each customer may have no tactic; empty text for those who may have one.

    Parameters
    ----------
    prepared : the strategy and its people.
    """
    ground = prepared.ground
    made = np.full(ground.customers, "", object)
    made[~ground.in_audience] = "not_in_audience"
    made[ground.is_unknown] = "audience_unknown"
    for code, flags in ground.held_out.items():
        made[flags & (made == "")] = code
    open_ = made == ""
    for code, may in _narrowing(ground, prepared):
        made[open_ & ~may & (made == "")] = code
    return made


def _narrowing(ground: Ground, prepared: Prepared) -> list[tuple[str, Flags]]:
    agreed = ground.eligible & ground.agreed
    free = agreed if ground.capped is None else agreed & ~ground.capped
    steps = (
        ("no_tactic_fits", ground.eligible),
        ("no_consent", agreed),
        ("contacted_enough", free),
        ("worth_unknown", prepared.available),
    )
    return [(code, np.asarray(may.any(axis=1))) for code, may in steps]


def reasons_among(
    prepared: Prepared, values: Floats, prices: Floats, left: Floats, active: npt.NDArray[np.bool_]
) -> Codes:
    """Return why each customer who could have a tactic would get none.

    Parameters
    ----------
    prepared : the strategy and its people.
    values : of each tactic, `(customers, tactics)`.
    prices : of one unit of each limit.
    left : what the plan left of each limit.
    active : tactics that are used.
    """
    net = np.where(active, values - prepared.costs, np.nan)
    net = np.where(np.isnan(net), -np.inf, net)
    made = np.full(len(values), "not_worth_it", object)
    pays = net.max(axis=1, initial=-np.inf) > 0
    if not prepared.limits or not pays.any():
        return made
    uses = np.array([one.limit.uses for one in prepared.limits], np.float64)
    charged = prices[:, None] * uses
    best = np.where(net > 0, net - charged.sum(axis=0), -np.inf).argmax(axis=1)
    # without a price, what is left is too little for one more
    short = np.where(uses > left[:, None], uses, 0.0)
    blamed = np.where(charged.max(axis=0) > 0, charged.argmax(axis=0), short.argmax(axis=0))
    codes = np.array([_BY_KIND[one.kind] for one in prepared.limits], object)
    made[pays] = codes[blamed[best]][pays]
    return made


def counted(codes: Codes) -> dict[str, int]:
    """Return how many customers each reason holds, in the order of `REASONS`."""
    names, counts = np.unique(codes.astype(str), return_counts=True)
    found: dict[str, int] = dict(zip(names.tolist(), counts.tolist(), strict=True))
    order = {code: place for place, code in enumerate(REASONS)}
    return {code: found[code] for code in sorted(found, key=lambda c: order.get(c, len(order)))}
