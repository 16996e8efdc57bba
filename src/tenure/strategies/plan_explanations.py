"""Why one customer gets what she gets: what came second, and what would have to change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tenure.kernel import OptionError
from tenure.strategies.plan_reasons import REASONS, reasons_before
from tenure.strategies.preparing import Prepared

Texts = Mapping[str, str]

_BARRED: Mapping[str, Texts] = {
    "condition": {"en": "its condition is not met", "zh": "不符合其条件"},
    "consent": {"en": "no consent for its channel", "zh": "未同意该渠道"},
    "cap": {"en": "contacted as often as may be", "zh": "已达联系次数上限"},
    "worth": {"en": "its worth to her is unknown", "zh": "其价值未知"},
    "dropped": {
        "en": "left out: it would not repay its fixed cost",
        "zh": "已剔除：无法收回固定成本",
    },
}


@dataclass(frozen=True, slots=True)
class Charge:
    """What one contact uses of a limit with a price.

    Parameters
    ----------
    limit : its name.
    uses : of it, in `unit`.
    unit : of the limit.
    price : of one unit.
    """

    limit: str
    uses: float
    unit: str
    price: float

    @property
    def amount(self) -> float:
        """Money charged."""
        return self.uses * self.price


@dataclass(frozen=True, slots=True)
class TacticView:
    """One tactic in the eyes of one customer.

    Parameters
    ----------
    name, group : the tactic.
    barred : why she cannot have it, as a code; None if she can.
    value : what a contact is expected to bring; None if she cannot have it.
    cost : what it is expected to cost.
    charges : what limits with a price are charged for it.
    left : value after cost and charges: the plan takes the largest above 0 in each group.
    """

    name: str
    group: str
    barred: str | None
    value: float | None
    cost: float
    charges: tuple[Charge, ...]
    left: float | None


@dataclass(frozen=True, slots=True)
class PlanExplanation:
    """Why one customer gets what she gets.

    Parameters
    ----------
    customer_id : the customer.
    reason : a code of `REASONS`.
    given : tactics she gets.
    is_explored : whether by lot.
    propensities : chance with which each group's decision was made.
    tactics : every tactic, best first.
    texts : why, what came second, what would have to change; sentences by language.
    """

    customer_id: str
    reason: str
    given: tuple[str, ...]
    is_explored: bool
    propensities: Mapping[str, float]
    tactics: tuple[TacticView, ...]
    texts: tuple[Texts, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the explanation as plain values for JSON."""
        return {
            **asdict(self),
            "tactics": [
                {
                    **asdict(one),
                    "charges": [{**asdict(c), "amount": c.amount} for c in one.charges],
                }
                for one in self.tactics
            ],
            "texts": [dict(text) for text in self.texts],
        }


def explain_decision(
    prepared: Prepared,
    content: Mapping[str, Any],
    decisions: Sequence[Mapping[str, Any]],
    customer_id: str,
) -> PlanExplanation:
    """Return why one customer gets what she gets in a plan.

    Parameters
    ----------
    prepared : what the plan was made of; the customer is enough of its people.
    content : the plan, see `Plan.as_dict`.
    decisions : the customer's rows of its decisions.
    customer_id : the customer.

    Raises
    ------
    OptionError : no such customer.
    """
    row = prepared.ground.customer_ids.index(customer_id).as_py()
    if row < 0:
        raise OptionError(
            f"customer {customer_id!r}",
            f"a customer of the snapshot as of {content['as_of']}",
            "check the id; `tenure segments members` lists ids",
        )
    views = _views(prepared, content, row)
    given = tuple(str(one["tactic"]) for one in decisions if one["tactic"] is not None)
    reason = str(decisions[0]["reason"]) if decisions else str(reasons_before(prepared)[row])
    explored = any(one["is_explored"] for one in decisions)
    currency = prepared.strategy.budget.currency
    texts = [_first(reason, given, explored, views, currency)]
    texts += _others(given, explored, views, currency)
    return PlanExplanation(
        customer_id,
        reason,
        given,
        explored,
        {str(one["tactic_group"]): float(one["propensity"]) for one in decisions},
        views,
        tuple(texts),
    )


def _views(prepared: Prepared, content: Mapping[str, Any], row: int) -> tuple[TacticView, ...]:
    ground, prices = prepared.ground, {x["name"]: x["price"] for x in content["limits"]}
    values = prepared.values(np.array([row]))[0]
    made = []
    for place, tactic in enumerate(prepared.strategy.tactics):
        barred = _barred(prepared, content, row, place)
        reachable = ground.approachable[row] and barred is None
        charges = tuple(
            Charge(name, uses, one.limit.unit, prices.get(name, 0.0))
            for one in prepared.limits
            if (uses := float(np.asarray(one.limit.uses)[place])) > 0
            and prices.get(name := one.limit.name, 0.0) > 0
        )
        value = float(values[place]) if reachable else None
        cost = float(prepared.costs[place])
        left = None if value is None else value - cost - sum(each.amount for each in charges)
        made.append(TacticView(tactic.name, tactic.group, barred, value, cost, charges, left))
    return tuple(sorted(made, key=lambda one: -np.inf if one.left is None else one.left)[::-1])


def _barred(prepared: Prepared, content: Mapping[str, Any], row: int, place: int) -> str | None:
    ground = prepared.ground
    if not ground.eligible[row, place]:
        return "condition"
    if not ground.agreed[row, place]:
        return "consent"
    if ground.capped is not None and ground.capped[row, place]:
        return "cap"
    if not np.isfinite(prepared.effects[place].mean[row]):
        return "worth"
    return "dropped" if prepared.strategy.tactics[place].name in content["dropped"] else None


def _first(
    reason: str,
    given: tuple[str, ...],
    explored: bool,
    views: Sequence[TacticView],
    currency: str,
) -> Texts:
    if not given:
        words = REASONS[reason]
        return {"en": f"Gets nothing: {words['en']}.", "zh": f"不安排：{words['zh']}。"}
    names = ", ".join(given)
    if explored:
        return {
            "en": f"Gets {names} by lot, so that effects can be learned.",
            "zh": f"抽签安排 {names}，用于了解效果。",
        }
    left = sum(one.left or 0.0 for one in views if one.name in given)
    return {
        "en": f"Gets {names}: after its cost and what the limits charge it leaves "
        f"{left:,.2f} {currency}, the most of all.",
        "zh": f"安排 {names}：扣除成本与限额费用后剩 {left:,.2f} {currency}，为最优。",
    }


def _others(
    given: tuple[str, ...], explored: bool, views: Sequence[TacticView], currency: str
) -> list[Texts]:
    """Return what came second in each group, and what would have to change."""
    made: list[Texts] = []
    for group in dict.fromkeys(one.group for one in views):
        own = [one for one in views if one.group == group]
        chosen = next((one for one in own if one.name in given), None)
        rivals = [one for one in own if one.left is not None and one is not chosen]
        if rivals and not explored:
            made.append(_rival(rivals[0], chosen, currency))
        made += [
            {
                "en": f"{one.name} is not open to her: {_BARRED[one.barred]['en']}.",
                "zh": f"{one.name} 不适用：{_BARRED[one.barred]['zh']}。",
            }
            for one in own
            if one.barred is not None
        ]
    return made


def _rival(rival: TacticView, chosen: TacticView | None, currency: str) -> Texts:
    bar = max(chosen.left or 0.0, 0.0) if chosen is not None else 0.0
    missing = bar - (rival.left or 0.0)
    value = rival.value or 0.0
    dearest = max(rival.charges, key=lambda each: each.amount, default=None)
    english = (
        f"{rival.name} came second: it would have to bring {value + missing:,.2f} rather than "
        f"{value:,.2f} {currency}"
        if chosen is not None
        else f"{rival.name} is nearest: it would have to bring {value + missing:,.2f} rather than "
        f"{value:,.2f} {currency}"
    )
    chinese = (
        f"{rival.name} {'次之' if chosen is not None else '最接近'}："
        f"其收益须为 {value + missing:,.2f}，而非 {value:,.2f} {currency}"
    )
    if dearest is not None and dearest.amount >= missing > 0:
        price = dearest.price - missing / dearest.uses
        english += (
            f", or one of {dearest.limit} ({dearest.unit}) would have to be worth "
            f"{price:,.2f} rather than {dearest.price:,.2f}"
        )
        chinese += (
            f"；或 {dearest.limit}（{dearest.unit}）的单价须为 {price:,.2f}，"
            f"而非 {dearest.price:,.2f}"
        )
    return {"en": english + ".", "zh": chinese + "。"}
