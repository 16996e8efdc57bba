"""The last customers decided exactly: branch and bound over those whose action is least clear.

References
----------
Balas, Zemel (1980), An Algorithm for Large Zero-One Knapsack Problems, Operations Research 28(5),
1130-1154: only a small core of a knapsack is in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np

from tenure.strategies.allocation.columns import Columns
from tenure.strategies.allocation.problem import ROUNDING, Floats
from tenure.strategies.allocation.rounding import Draft, Pool

CORE_ROWS = 24
WHOLE_ROWS = 12
"""So few customers are searched to the end."""

_NODES, _NODES_WHOLE = 20_000, 400_000
_OPTIONS_MAX = 256


@dataclass(frozen=True, slots=True)
class _Option:
    """What one customer can have: an action or none of each group."""

    net: float
    reduced: float
    uses: tuple[float, ...]
    actions: tuple[int, ...]


@dataclass(slots=True)
class _Search:
    rows: list[list[_Option]]
    ahead: list[float]
    prices: tuple[float, ...]
    best: float
    nodes_left: int
    found: list[_Option] | None = None
    path: list[_Option] = field(default_factory=list)

    def descend(self, value: float, left: tuple[float, ...]) -> None:
        depth = len(self.path)
        if depth == len(self.rows):
            if value > self.best:
                self.best, self.found = value, list(self.path)
            return
        room = sum(price * each for price, each in zip(self.prices, left, strict=True))
        for option in self.rows[depth]:
            used = sum(p * u for p, u in zip(self.prices, option.uses, strict=True))
            bound = value + option.net + self.ahead[depth + 1] + room - used
            # options come with falling bounds: none after this one can do better
            if bound <= self.best + 1e-12 * abs(self.best):
                return
            remaining = tuple(a - b for a, b in zip(left, option.uses, strict=True))
            if min(remaining, default=0.0) < -ROUNDING:
                continue
            if self.nodes_left <= 0:
                return
            self.nodes_left -= 1
            self.path.append(option)
            self.descend(value + option.net, remaining)
            self.path.pop()


def search_core(columns: Columns, prices: Floats, pool: Pool, draft: Draft) -> bool:
    """Decide the least clear customers anew, exactly, and keep the result if it is better.

    Parameters
    ----------
    columns : the problem.
    prices : of its limits.
    pool : customers, least clear first.
    draft : changed in place.

    Returns
    -------
    Whether the plan is proven to be the best: all customers were searched to the end.
    """
    whole = columns.customers <= WHOLE_ROWS
    count = pool.rows.size if whole else min(CORE_ROWS, pool.rows.size)
    options = [_options(columns, pool, place) for place in range(count)]
    core = pool.rows[:count]
    now = sum(
        columns.net[action, row]
        for taken in draft.choice
        for row, action in zip(core, taken[core], strict=True)
        if action >= 0
    )
    left = 1 - draft.used
    for taken in draft.choice:
        for place, row in enumerate(core):
            if taken[row] >= 0:
                left = left + pool.uses[:, taken[row], place]
    # the clearest first: there the bound cuts at once
    order = list(range(count))[::-1]
    ahead = np.zeros(count + 1)
    ahead[:count] = np.cumsum([options[i][0].reduced for i in order][::-1])[::-1]
    search = _Search(
        [options[i] for i in order],
        ahead.tolist(),
        tuple(prices.tolist()),
        float(now),
        _NODES_WHOLE if whole else _NODES,
    )
    search.descend(0.0, tuple(left.tolist()))
    if search.found is not None:
        used = 1 - left
        for place, option in zip(order, search.found, strict=True):
            draft.choice[:, core[place]] = option.actions
            used = used + np.asarray(option.uses)
        draft.used = used
    return whole and search.nodes_left > 0


def _options(columns: Columns, pool: Pool, place: int) -> list[_Option]:
    """Return what one customer can have, best after prices first."""
    open_ = [
        [*(a for a in members if np.isfinite(pool.net[a, place])), -1] for members in columns.groups
    ]
    made = [
        _Option(
            float(sum(pool.net[a, place] for a in actions)),
            float(sum(pool.reduced[a, place] for a in actions)),
            tuple(sum(float(u) for u in uses) for uses in pool.uses[:, list(actions), place]),
            actions,
        )
        for actions in product(*open_)
    ]
    made.sort(key=lambda option: -option.reduced)
    return made[:_OPTIONS_MAX]
