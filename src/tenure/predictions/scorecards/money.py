"""What contacting the customers at the top of a list would bring, under stated assumptions.

Per contacted customer: one who would leave is saved at `save_rate` and then brings her value
less the offer; one who would have stayed takes the offer for nothing; each contact costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.kernel import OptionError
from tenure.predictions.scorecards.arrays import Floats, events, numbers
from tenure.predictions.scorecards.discrimination import rows_at
from tenure.predictions.scorecards.ordered import captured, score_order


@dataclass(frozen=True, slots=True)
class ContactPlan:
    """What one contact costs and may save: assumptions, said wherever a profit is shown.

    Parameters
    ----------
    contact_cost : cost of one contact, money, >= 0.
    save_rate : share of contacted leavers who stay because of it, 0..1.
    offer_cost : cost of the offer for each who takes it, money, >= 0.
    taken_by_stayers : share of contacted stayers who take the offer, 0..1.
    """

    contact_cost: float
    save_rate: float
    offer_cost: float = 0.0
    taken_by_stayers: float = 1.0

    def __post_init__(self) -> None:
        for name in ("save_rate", "taken_by_stayers"):
            if not 0 <= getattr(self, name) <= 1:
                raise OptionError(
                    f"{name} = {getattr(self, name)}", "a share from 0 to 1", "give 0.1 for 10 %"
                )
        for name in ("contact_cost", "offer_cost"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise OptionError(
                    f"{name} = {getattr(self, name)}", "an amount from 0", "give money per contact"
                )

    @property
    def text(self) -> Mapping[str, str]:
        """The assumptions in words."""
        rate, taken = f"{self.save_rate:.1%}", f"{self.taken_by_stayers:.0%}"
        cost, offer = f"{self.contact_cost:g}", f"{self.offer_cost:g}"
        return {
            "en": f"Assumed: each contact costs {cost}; {rate} of the leavers contacted stay "
            f"because of it; the offer costs {offer} for each of them and for {taken} of the "
            "contacted who would have stayed anyway.",
            "zh": f"假设：每次联系成本 {cost}；被联系的将流失客户中有 {rate} 因此留下；"
            f"他们以及 {taken} 本来就会留下的被联系者，每人使用优惠的成本为 {offer}。",
        }


def profits(happened: Floats, value: Floats, plan: ContactPlan) -> Floats:
    """Return what contacting each customer would have brought, in expectation.

    Parameters
    ----------
    happened : 1 for who left, else 0.
    value : what keeping the customer is worth, money.
    plan : the assumptions.
    """
    saved = happened * plan.save_rate * (value - plan.offer_cost)
    wasted = (1 - happened) * plan.taken_by_stayers * plan.offer_cost
    return saved - wasted - plan.contact_cost


def expected_profit(
    happened: npt.ArrayLike,
    priority: npt.ArrayLike,
    value: npt.ArrayLike,
    *,
    plan: ContactPlan,
    depth: float,
) -> float:
    """Return what contacting the customers at the top of a list would have brought.

    Parameters
    ----------
    happened : 1 for who left, else 0.
    priority : by which the list is ordered, highest first.
    value : what keeping each customer is worth, money.
    plan : the assumptions.
    depth : share of the customers (to 1.0) or a whole number of them.

    References
    ----------
    Neslin et al. (2006), Defection Detection, J. Marketing Research 43(2), 204-211, equation 1.
    """
    y = events("happened", happened)
    order = score_order(numbers("priority", priority, rows=y.size))
    gained = profits(y, numbers("value", value, rows=y.size), plan)
    taken = rows_at(depth, y.size)
    return float(captured(order.sums(np.ones_like(y)), order.sums(gained), taken))


def profit_curve(
    happened: npt.ArrayLike,
    priority: npt.ArrayLike,
    value: npt.ArrayLike,
    *,
    plan: ContactPlan,
    depths: Sequence[float],
) -> list[tuple[float, float]]:
    """Return (share of customers contacted, profit) at each depth; parameters as above."""
    y = events("happened", happened)
    order = score_order(numbers("priority", priority, rows=y.size))
    gained = profits(y, numbers("value", value, rows=y.size), plan)
    edges = np.concatenate(([0.0], np.cumsum(order.sums(np.ones_like(y)))))
    profit = np.concatenate(([0.0], np.cumsum(order.sums(gained))))
    taken = np.array([rows_at(depth, y.size) for depth in depths])
    return list(
        zip((taken / y.size).tolist(), np.interp(taken, edges, profit).tolist(), strict=True)
    )
