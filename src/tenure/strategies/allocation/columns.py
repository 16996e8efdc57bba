"""A problem laid out for work: one array per action, uses as shares of their limits.

Actions that can never pay, or that alone would pass a limit, are out from the start; so are
limits that nothing can reach. What remains has limits of 1 and prices in money.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np

from tenure.kernel import OptionError
from tenure.strategies.allocation.problem import (
    ACTIONS_MAX,
    ROUNDING,
    AllocationProblem,
    Floats,
    Integers,
    Limit,
)

CHUNK_ROWS = 16_384
"""Customers worked on at a time: their arrays stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A problem by action.

    Parameters
    ----------
    net : value after cost, `(actions, customers)`; minus infinity where the action is out.
    same : use of each limit that is the same for all customers, `(limits, actions)`, as a share
        of the limit.
    own : use that differs by customer, by limit and action; `same` is 0 there.
    limits : places of the limits in the problem.
    wholes : how much of each limit is 1 here, in its unit.
    groups : the actions of each group.
    actions : the problem's actions that each action stands for: itself, or a combination.
    """

    net: Floats
    same: Floats
    own: Mapping[tuple[int, int], Floats]
    limits: tuple[int, ...]
    wholes: tuple[float, ...]
    groups: tuple[tuple[int, ...], ...]
    actions: tuple[tuple[int, ...], ...]

    @property
    def customers(self) -> int:
        """The number of customers."""
        return int(self.net.shape[1])

    def rows(self, chosen: Integers | slice, *, scale: float = 1.0) -> Columns:
        """Return some customers; `scale` is multiplied to every use."""
        return replace(
            self,
            net=self.net[:, chosen],
            same=self.same * scale,
            own={key: use[chosen] * scale for key, use in self.own.items()},
        )

    def chunks(self) -> Iterator[slice]:
        """Return the customers in pieces, in order."""
        for start in range(0, self.customers, CHUNK_ROWS):
            yield slice(start, start + CHUNK_ROWS)

    def reduced(self, action: int, prices: Floats, rows: slice | Integers) -> Floats:
        """Return an action's value after its cost and the prices of what it uses."""
        left = self.net[action, rows] - float(self.same[:, action] @ prices)
        for (limit, owner), use in self.own.items():
            if owner == action and prices[limit]:
                left -= prices[limit] * use[rows]
        return left

    def uses(self, members: tuple[int, ...], rows: slice | Integers) -> Floats:
        """Return uses of some actions and customers, `(limits, actions, customers)`."""
        count = self.net[0, rows].size
        made = np.empty((len(self.limits), len(members), count))
        made[:] = self.same[:, members, None]
        for (limit, owner), use in self.own.items():
            if owner in members:
                made[limit, members.index(owner)] = use[rows]
        return made

    def use_of(self, limit: int, action: int, row: int) -> float:
        """Return one customer's use of a limit by an action."""
        own = self.own.get((limit, action))
        return float(self.same[limit, action] if own is None else own[row])


def columns_of(problem: AllocationProblem) -> Columns:
    """Return a problem laid out by action.

    Parameters
    ----------
    problem : what is to be decided.

    Raises
    ------
    OptionError : too many combinations of actions for one customer.
    """
    net = np.ascontiguousarray(problem.net().T)
    net[~(net > 0)] = -np.inf
    same = np.zeros((len(problem.limits), problem.actions))
    own: dict[tuple[int, int], Floats] = {}
    wholes = tuple(usable(limit) for limit in problem.limits)
    for place, limit in enumerate(problem.limits):
        uses, whole = np.asarray(limit.uses, np.float64), wholes[place]
        for action in range(problem.actions):
            use = np.array(uses[..., action])
            # a single use past the limit can never be granted
            past = use > whole * (1 + ROUNDING)
            net[action, np.broadcast_to(past, problem.customers)] = -np.inf
            share = use / whole if whole else np.zeros_like(use)
            if share.ndim and share.size and (share != share[0]).any():
                own[place, action] = share
            elif share.size:
                same[place, action] = share.flat[0]
    made = Columns(
        net,
        same,
        own,
        tuple(range(len(problem.limits))),
        wholes,
        _groups(problem),
        tuple((action,) for action in range(problem.actions)),
    )
    return _without_idle_limits(_with_combinations(made, problem.per_customer_max))


def usable(limit: Limit) -> float:
    """Return how much of a limit whole actions can use: 22 of 22.5 contacts."""
    uses = np.asarray(limit.uses, np.float64)
    if uses.ndim > 1 or not (positive := uses[uses > 0]).size or (positive != positive[0]).any():
        return float(limit.at_most)
    return float(positive[0] * np.floor(limit.at_most / positive[0] * (1 + ROUNDING)))


def _groups(problem: AllocationProblem) -> tuple[tuple[int, ...], ...]:
    labels = list(problem.groups) or [None] * problem.actions
    firsts = list(dict.fromkeys(labels))
    return tuple(tuple(i for i, each in enumerate(labels) if each == label) for label in firsts)


def _with_combinations(columns: Columns, most: int | None) -> Columns:
    """Make one group of all where a customer may have fewer actions than there are groups."""
    if most is None or most >= len(columns.groups):
        return columns
    if most == 1:
        return replace(columns, groups=(tuple(range(len(columns.actions))),))
    sets = [
        members
        for size in range(1, most + 1)
        for groups in combinations(columns.groups, size)
        for members in product(*groups)
    ]
    if len(sets) > ACTIONS_MAX:
        raise OptionError(
            f"{len(sets)} combinations of actions for one customer",
            f"at most {ACTIONS_MAX}",
            "allow one action per customer, or as many as there are groups",
        )
    every = slice(None)
    own: dict[tuple[int, int], Floats] = {}
    same = np.zeros((len(columns.limits), len(sets)))
    for place, members in enumerate(sets):
        for limit in range(len(columns.limits)):
            if any((limit, action) in columns.own for action in members):
                own[limit, place] = columns.uses(members, every)[limit].sum(axis=0)
            else:
                same[limit, place] = columns.same[limit, list(members)].sum()
    net = np.stack([columns.net[list(members)].sum(axis=0) for members in sets])
    for (_, place), use in own.items():
        net[place][use > 1 + ROUNDING] = -np.inf
    net[(same > 1 + ROUNDING).any(axis=0)] = -np.inf
    return replace(
        columns, net=net, same=same, own=own, groups=(tuple(range(len(sets))),), actions=tuple(sets)
    )


def _without_idle_limits(columns: Columns) -> Columns:
    """Drop the limits that could not be passed if every customer used the most of each group."""
    most = np.zeros(len(columns.limits))
    for rows in columns.chunks():
        for members in columns.groups:
            possible = np.isfinite(columns.net[list(members), rows])
            uses = np.where(possible, columns.uses(members, rows), 0.0)
            most += uses.max(axis=1, initial=0.0).sum(axis=-1)
    kept = [limit for limit in range(len(columns.limits)) if most[limit] > 1 + ROUNDING]
    place = {limit: number for number, limit in enumerate(kept)}
    return replace(
        columns,
        same=columns.same[kept],
        own={(place[c], k): use for (c, k), use in columns.own.items() if c in place},
        limits=tuple(columns.limits[limit] for limit in kept),
        wholes=tuple(columns.wholes[limit] for limit in kept),
    )
