"""Prices where few can be served and values differ by orders of magnitude: a small exact problem.

There the soft maximum is either too warm to see the few or too cold to move. Those whose choice
differs between half and twice the prices are few, and their problem, with actions that may be
split, is solved exactly; its prices are tried on everybody.
"""

from __future__ import annotations

import numpy as np

from tenure.kernel.scipy_library import optimize, sparse
from tenure.strategies.allocation.columns import Columns
from tenure.strategies.allocation.pricing import Prices, choose, held_value
from tenure.strategies.allocation.problem import Floats

CELLS_MAX = 60_000
"""So many pairs of customer and action are solved exactly."""

_ROUNDS_MAX = 6


def exact_prices(columns: Columns, found: Prices) -> Prices:
    """Return prices with a smaller bound, if a small exact problem has any.

    Parameters
    ----------
    columns : the problem.
    found : prices that are within a factor of two, or not far from it.
    """
    best, prices = found, found.prices
    for _ in range(_ROUNDS_MAX):
        now = choose(columns, prices)
        low, high = choose(columns, prices / 2).choice, choose(columns, prices * 2).choice
        undecided = ((low != high) | (low != now.choice)).any(axis=0)
        if not undecided.any() or undecided.sum() * len(columns.actions) > CELLS_MAX:
            break
        value, used = held_value(columns, now, undecided)
        solved = _solved(columns.rows(np.flatnonzero(undecided)), 1.0 - used)
        if solved is None:
            break
        prices, split = solved
        chosen = choose(columns, prices)
        bound = chosen.value + float(prices.sum())
        if bound < best.bound:
            cold = 1e-9 * bound / columns.customers
            best = Prices(prices, bound, chosen, cold)
        if bound - (split + value) <= 1e-9 * abs(bound):
            break
    return best


def _solved(columns: Columns, left: Floats) -> tuple[Floats, float] | None:
    """Return the exact prices of a small problem and its value; None if nothing is left."""
    if (left < 0).any():
        return None
    actions, rows = np.nonzero(np.isfinite(columns.net))
    group = np.empty(len(columns.actions), np.int64)
    for place, members in enumerate(columns.groups):
        group[list(members)] = place
    places = rows * len(columns.groups) + group[actions]
    size = columns.customers * len(columns.groups)
    once = sparse.csr_array(
        (np.ones(places.size), (places, np.arange(places.size))), shape=(size, places.size)
    )
    uses = columns.uses(tuple(range(len(columns.actions))), slice(None))[:, actions, rows]
    done = optimize.linprog(
        -columns.net[actions, rows],
        sparse.vstack([once, sparse.csr_array(uses)]).tocsc(),
        np.append(np.ones(size), left),
        method="highs",
    )
    if done.status != 0:
        return None
    return np.maximum(-done.ineqlin.marginals[size:], 0.0), float(-done.fun)
