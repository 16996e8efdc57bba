"""The best choice of actions under limits that all customers share, and how good it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.kernel import OptionError
from tenure.strategies.allocation.columns import Columns, columns_of
from tenure.strategies.allocation.core_search import WHOLE_ROWS, search_core
from tenure.strategies.allocation.exact_prices import exact_prices
from tenure.strategies.allocation.pricing import Prices, minimal_prices
from tenure.strategies.allocation.problem import (
    ROUNDING,
    AllocationProblem,
    Choices,
    Floats,
)
from tenure.strategies.allocation.rounding import (
    Draft,
    Pool,
    drafted,
    exchange,
    fill,
    least_clear,
    lower,
)

NEAR_ENOUGH, FAR = 1e-6, 1e-4
"""Gaps to the bound, as shares of it, at which the search for better ends, or begins anew."""


@dataclass(frozen=True, slots=True)
class LimitUse:
    """One limit in a plan.

    Parameters
    ----------
    name, unit, at_most : as given.
    used : by the plan, in `unit`.
    price : what one unit more would be worth, in money: 0 where the limit holds nothing back.
    """

    name: str
    unit: str
    at_most: float
    used: float
    price: float

    @property
    def slack(self) -> float:
        """What is left, in `unit`."""
        return max(self.at_most - self.used, 0.0)

    @property
    def is_binding(self) -> bool:
        """Tell whether more of it would be worth something."""
        return self.price > 0


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """A plan and how good it is.

    Parameters
    ----------
    choice : the action of each customer in each group, -1 for none; `(customers, groups)`.
    value : expected value after cost of all chosen actions, money.
    bound : no choice within the limits is worth more.
    limits : how each limit stands.
    is_proven : whether no better choice exists; False where only the gap is known.
    """

    choice: Choices
    value: float
    bound: float
    limits: tuple[LimitUse, ...]
    is_proven: bool

    @property
    def gap(self) -> float:
        """How much better a choice could be at most, as a share of the bound."""
        return max(self.bound - self.value, 0.0) / self.bound if self.bound > 0 else 0.0

    @property
    def prices(self) -> Floats:
        """The price of one unit of each limit, in their order."""
        return np.array([limit.price for limit in self.limits])

    def limit(self, name: str) -> LimitUse:
        """Return one limit by name.

        Raises
        ------
        OptionError : there is none of that name.
        """
        for limit in self.limits:
            if limit.name == name:
                return limit
        names = ", ".join(limit.name for limit in self.limits)
        raise OptionError(f"limit {name!r}", names or "no limits", "name one of them")


def allocate(problem: AllocationProblem, *, prices: npt.ArrayLike | None = None) -> Allocation:
    """Choose at most one action per group and customer, for the most value after cost.

    Parameters
    ----------
    problem : customers, actions, limits.
    prices : of one unit of each limit, near the right ones, e.g. of a plan for a slightly other
        budget; None starts from a sample.

    Returns
    -------
    A choice that holds every limit, with an upper bound of any choice's value.

    Raises
    ------
    OptionError : too many combinations of actions for one customer.

    Examples
    --------
    >>> from tenure.strategies.allocation import AllocationProblem, Limit, allocate
    >>> calls = Limit("calls", "calls", 1, [1, 0])
    >>> plan = allocate(AllocationProblem([[9.0, 4.0], [8.0, 1.0]], [2.0, 0.5], [calls]))
    >>> plan.choice[:, 0].tolist(), plan.value, plan.is_proven
    ([1, 0], 9.5, True)
    """
    columns = columns_of(problem)
    found = minimal_prices(columns, _start(problem, columns, prices))
    draft, proven = _planned(columns, found)
    if found.bound - draft.value(columns) > FAR * found.bound and not proven:
        exact = exact_prices(columns, found)
        if exact.bound < found.bound:
            found = exact
            other, proven = _planned(columns, found)
            draft = max(draft, other, key=lambda one: one.value(columns))
    value = draft.value(columns)
    bound = value if proven else max(found.bound, value)
    choice = _actions(columns, draft.choice, problem)
    return Allocation(choice, value, bound, _limits(problem, columns, found, choice), proven)


def _planned(columns: Columns, found: Prices) -> tuple[Draft, bool]:
    """Return whole actions within the limits, and whether they are proven the best."""
    draft = drafted(columns, found)
    if not columns.limits:
        return draft, True
    lower(columns, found, draft)
    return draft, _improve(columns, found, draft)


def _improve(columns: Columns, found: Prices, draft: Draft) -> bool:
    """Fill what is left and search the core; tell whether the plan is proven the best."""
    pool = Pool.of(columns, found, least_clear(columns, found))
    fill(columns, pool, draft)
    near = found.bound - draft.value(columns) <= NEAR_ENOUGH * found.bound
    if near and columns.customers > WHOLE_ROWS:
        return False
    exchange(pool, draft, columns.groups)
    proven = search_core(columns, found.prices, pool, draft)
    if not proven:
        fill(columns, pool, draft)
        exchange(pool, draft, columns.groups)
    return proven


def _start(
    problem: AllocationProblem, columns: Columns, prices: npt.ArrayLike | None
) -> Floats | None:
    if prices is None:
        return None
    given = np.asarray(prices, np.float64)
    if given.shape != (len(problem.limits),) or not (given >= 0).all():
        raise OptionError(
            f"prices {given.tolist()}", "one of 0 or more per limit", "take another plan's prices"
        )
    return np.asarray(given[list(columns.limits)] * np.array(columns.wholes), np.float64)


def _actions(columns: Columns, choice: Choices, problem: AllocationProblem) -> Choices:
    """Return the problem's actions, one column per group."""
    labels = list(problem.groups) or [None] * problem.actions
    place = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    made = np.full((problem.customers, len(place)), -1, np.int16)
    for taken in choice:
        for number, members in enumerate(columns.actions):
            rows = np.flatnonzero(taken == number) if len(members) > 1 else taken == number
            for action in members:
                made[rows, place[labels[action]]] = action
    return made


def _limits(
    problem: AllocationProblem, columns: Columns, found: Prices, choice: Choices
) -> tuple[LimitUse, ...]:
    used = problem.used(choice)
    prices = np.zeros(len(problem.limits))
    prices[list(columns.limits)] = found.prices / np.array(columns.wholes)
    for place, limit in enumerate(problem.limits):
        uses = np.asarray(limit.uses, np.float64)
        least = uses[uses > 0].min(initial=np.inf)
        if limit.at_most * (1 + ROUNDING) < least < np.inf:
            prices[place] = _first_price(problem, place, prices)
    return tuple(
        LimitUse(
            limit.name, limit.unit, float(limit.at_most), float(used[place]), float(prices[place])
        )
        for place, limit in enumerate(problem.limits)
    )


def _first_price(problem: AllocationProblem, place: int, prices: Floats) -> float:
    """Return what a first use would be worth by the unit, of a limit too small for any."""
    left = problem.net()
    for other, limit in enumerate(problem.limits):
        if other != place:
            uses = np.asarray(limit.uses, np.float64)
            left -= prices[other] * uses
            left[np.broadcast_to(uses > limit.at_most * (1 + ROUNDING), left.shape)] = np.nan
    uses = np.broadcast_to(np.asarray(problem.limits[place].uses, np.float64), left.shape)
    left = np.where(np.isnan(left), -np.inf, left)
    most = 0.0
    labels = np.array([str(label) for label in problem.groups or [""] * problem.actions])
    for label in np.unique(labels):
        own = labels == label
        rival = np.where(uses[:, own] > 0, 0.0, left[:, own]).max(axis=1, initial=0.0)
        gain = left[:, own] - rival[:, None]
        worth = (uses[:, own] > 0) & (gain > 0)
        share = np.where(worth, gain, 0.0) / np.where(worth, uses[:, own], 1.0)
        most = max(most, float(share.max(initial=0.0)))
    return most
