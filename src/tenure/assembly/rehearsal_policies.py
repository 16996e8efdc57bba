"""What a rehearsed year is held against: the most at risk first, and who knows everything."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tenure.activity.facts import Facts
from tenure.kernel import Calendar
from tenure.predictions.panels import panel
from tenure.predictions.purchases.histories import COUNT
from tenure.predictions.purchases.mbg_nbd import MBGNBD
from tenure.simulation.answering import NOTHING
from tenure.strategies.allocation import AllocationProblem, allocate
from tenure.strategies.plan_limits import PlanLimit

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


def at_risk(
    facts: Facts, *, as_of: date, calendar: Calendar, horizon_days: int, silent_days_max: int
) -> pa.Table:
    """Return each customer's risk of not ordering again soon, by a purchase model.

    Parameters
    ----------
    facts : what is known of a business.
    as_of : the model is fitted on what happened before.
    calendar : the business's.
    horizon_days : how far ahead it looks.
    silent_days_max : who has been silent for longer is given up.

    Returns
    -------
    `customer_id` and `risk` (0..1), for customers with an order.
    """
    seen = panel(facts, as_of=as_of, calendar=calendar, change_days=None, attributes=())
    history = seen.history.filter(pc.is_valid(seen.history[COUNT]))
    model = MBGNBD().fit(history)
    recent = pc.less_equal(seen.features["days_since_last_order"], silent_days_max)
    people = seen.history.filter(pc.fill_null(recent, False))
    risk = 1.0 - np.asarray(model.predict_any(people, float(horizon_days)))
    return pa.table({"customer_id": people["customer_id"], "risk": risk})


def most_at_risk_first(
    risk: Floats, may: Flags, costs: Floats, limits: tuple[PlanLimit, ...]
) -> Integers:
    """Return actions given to the most at risk: the dearest first, until a limit is reached.

    Parameters
    ----------
    risk : of each customer; not-a-number for who has none.
    may : who may be contacted.
    costs : of each action.
    limits : as of the plan.

    Returns
    -------
    Index of each customer's action, `NOTHING` without one.
    """
    ranked = np.flatnonzero(may & np.isfinite(risk))
    ranked = ranked[np.argsort(-risk[ranked], kind="stable")]
    action = np.full(len(risk), NOTHING)
    left = np.array([one.limit.at_most for one in limits])
    uses = np.array([np.asarray(one.limit.uses, dtype=np.float64) for one in limits])
    for chosen in np.argsort(-costs, kind="stable"):
        each = uses[:, chosen]
        room = [int(have / use) for have, use in zip(left, each, strict=True) if use > 0]
        count = min([len(ranked), *room])
        action[ranked[:count]] = chosen
        left = left - count * each
        ranked = ranked[count:]
    return action


def best_possible(
    expected: Floats, may: Flags, costs: Floats, limits: tuple[PlanLimit, ...]
) -> Integers:
    """Return the best actions for who knows what each would truly bring in the mean.

    Parameters
    ----------
    expected : margin that each action brings, shape (customers, actions).
    may : who may be contacted.
    costs : of each action.
    limits : as of the plan.
    """
    values = np.where(may[:, None], expected, np.nan)
    found = allocate(AllocationProblem(values, costs, [one.limit for one in limits]))
    return np.asarray(found.choice[:, 0], dtype=np.int64)
