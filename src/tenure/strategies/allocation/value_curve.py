"""What a larger or smaller budget would be worth: the plan's value over one limit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tenure.kernel import OptionError
from tenure.strategies.allocation.columns import columns_of
from tenure.strategies.allocation.pricing import minimal_prices
from tenure.strategies.allocation.problem import AllocationProblem, Floats


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The best plan under one value of a limit.

    Parameters
    ----------
    at_most : the limit.
    value : what no plan within it can exceed; with many customers, what the best one brings.
    price : what one unit more would be worth there.
    """

    at_most: float
    value: float
    price: float


def value_curve(
    problem: AllocationProblem, name: str, amounts: Iterable[float]
) -> tuple[CurvePoint, ...]:
    """Return what the best plan is worth over different values of one limit.

    Parameters
    ----------
    problem : customers, actions, limits.
    name : of the limit that varies; the others stay.
    amounts : its values, 0 or more, in its unit.

    Returns
    -------
    One point per amount, rising. Values never fall, and rise less and less: each is the dual's
    minimum, which is concave in a limit.

    Raises
    ------
    OptionError : there is no limit of that name.
    """
    names = [limit.name for limit in problem.limits]
    if name not in names:
        raise OptionError(f"limit {name!r}", ", ".join(names) or "no limits", "name one of them")
    place = names.index(name)
    points: list[CurvePoint] = []
    start: Floats | None = None
    for amount in sorted(amounts):
        limits = list(problem.limits)
        limits[place] = replace(limits[place], at_most=amount)
        columns = columns_of(replace(problem, limits=limits))
        given = None if start is None else start[list(columns.limits)] * np.array(columns.wholes)
        found = minimal_prices(columns, given)
        prices = np.zeros(len(names))
        prices[list(columns.limits)] = found.prices / np.array(columns.wholes)
        points.append(CurvePoint(amount, found.bound, float(prices[place])))
        # a limit that was idle had no price to start from, one of nothing had none to say
        start = prices if amount > 0 and len(columns.limits) == len(names) else None
    return tuple(points)
