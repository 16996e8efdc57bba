"""The prices of the limits: where the dual of the allocation has its minimum.

With a price on each limit the customers part: each takes, in each group, the action with the
largest value after cost and prices, if that is positive. The sum of these, plus the prices
(limits are 1), is never below the value of any plan that holds the limits: the dual. Its minimum
is looked for where it is smooth: the best action is replaced by a soft maximum at a temperature,
the minimum found by Newton's method with prices held at 0 or more, and the temperature lowered.

Millions of customers are priced in two steps. A sample finds about where the prices are. There
most customers choose clearly; they are held to their choice, and only the others are priced on.
A sum with some choices held is never above the dual, so when the two agree at the held one's
minimum, that is the dual's minimum too.

References
----------
Everett (1963), Generalized Lagrange Multiplier Method, Operations Research 11(3), 399-417.
Bertsekas (1982), Projected Newton Methods for Optimization Problems with Simple Constraints,
SIAM J. Control Optim. 20(2), 221-246.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.strategies.allocation.columns import Columns
from tenure.strategies.allocation.problem import Choices, Flags, Floats, Integers

SAMPLE_ROWS = 16_384
UNDECIDED_ROWS, UNDECIDED_OF = 30_000, 16
_HOT, _COLD, _COOLING = 0.5, 1e-3, 0.25
_COLDEST, _COLDEST_ROWS, _SHARP = 1e-8, 30, 1e-7
_ROUNDS_MAX, _STEPS_MAX, _HALVINGS_MAX = 12, 60, 40
_ROUNDED = 1e-13
CLEAR = 40.0
"""Temperatures by which an action must lead to be certain: exp(-40) is lost in a double's sum."""


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """What everybody takes at given prices.

    Parameters
    ----------
    choice : place of the action of each group, -1 for none; `(groups, customers)`.
    lead : by how much the choice beats the next best, the least over the groups; `(customers,)`.
    value : sum of values after costs and prices.
    used : of each limit.
    """

    choice: Choices
    lead: Floats
    value: float
    used: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """Prices and what they prove.

    Parameters
    ----------
    prices : of each limit's whole, in money.
    bound : the dual there: no plan is worth more.
    chosen : what everybody takes.
    temperature : of the soft maximum at the end.
    """

    prices: Floats
    bound: float
    chosen: Chosen
    temperature: float


def minimal_prices(columns: Columns, start: Floats | None = None) -> Prices:
    """Return the prices at which the dual has its minimum.

    Parameters
    ----------
    columns : the problem.
    start : prices that are near already, e.g. of a slightly other budget.
    """
    limits = len(columns.limits)
    scale = _scale(columns)
    if not limits or not scale:
        none = np.zeros(limits)
        chosen = choose(columns, none)
        return Prices(none, chosen.value, chosen, 0.0)
    near, temperature = _first(columns, scale, start)
    return _refined(columns, near, temperature, scale)


def choose(columns: Columns, prices: Floats) -> Chosen:
    """Return what each customer takes at given prices, and how clearly.

    Parameters
    ----------
    columns : the problem.
    prices : of each limit's whole.
    """
    choice = np.empty((len(columns.groups), columns.customers), np.int16)
    lead = np.empty(columns.customers)
    value, used = 0.0, np.zeros(len(columns.limits))
    for rows in columns.chunks():
        least: Floats | None = None
        for place, members in enumerate(columns.groups):
            best = np.zeros(columns.net[0, rows].size)
            second = np.full(best.size, -np.inf)
            taken = np.full(best.size, -1, np.int16)
            for action in members:
                left = columns.reduced(action, prices, rows)
                taken[left > best] = action
                np.maximum(second, np.minimum(best, left), out=second)
                np.maximum(best, left, out=best)
            choice[place, rows] = taken
            value += float(best.sum())
            best -= second
            least = best if least is None else np.minimum(least, best)
        lead[rows] = least
    for each in choice:
        used += usage(columns, each)
    return Chosen(choice, lead, value, used)


def usage(columns: Columns, taken: Choices, rows: Integers | slice = slice(None)) -> Floats:
    """Return what is used of each limit where each customer takes an action, -1 for none.

    Parameters
    ----------
    columns : the problem.
    taken : place of the action of each of `rows`.
    rows : the customers.
    """
    counts = np.bincount(taken + 1, minlength=len(columns.actions) + 1)[1:]
    used = columns.same @ counts
    for (limit, action), use in columns.own.items():
        used[limit] += use[rows][taken == action].sum()
    return np.asarray(used, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Soft:
    """The smooth dual at some prices: its value, slope and curvature."""

    value: float
    slope: Floats
    curvature: Floats


def soften(
    columns: Columns,
    prices: Floats,
    temperature: float,
    held: tuple[float, Floats] | None = None,
) -> Soft:
    """Return the dual with the soft maximum.

    Parameters
    ----------
    columns : the problem.
    prices : of each limit's whole.
    temperature : of the soft maximum, money, above 0.
    held : net value and usage of customers held to their choice.
    """
    net, used = held or (0.0, np.zeros(prices.size))
    left = 1.0 - used
    value = float(prices @ left) + net
    slope, curvature = left.copy(), np.zeros((prices.size, prices.size))
    for rows in columns.chunks():
        for members in columns.groups:
            shares, best = soft_choice(columns, prices, temperature, members, rows)
            value += best
            uses, weights = columns.uses(members, rows), shares
            weighted = uses * weights
            slope -= weighted.sum(axis=(1, 2))
            mean = weighted.sum(axis=1)
            flat = uses.reshape(prices.size, -1)
            curvature += weighted.reshape(prices.size, -1) @ flat.T - mean @ mean.T
    return Soft(value, slope, curvature / temperature)


def soft_choice(
    columns: Columns,
    prices: Floats,
    temperature: float,
    members: tuple[int, ...],
    rows: slice | Integers,
) -> tuple[Floats, float]:
    """Return the soft maximum's share of each action of a group, and its sum over customers."""
    power = np.stack([columns.reduced(action, prices, rows) for action in members])
    top = np.maximum(power.max(axis=0), 0.0)
    power -= top
    power /= temperature
    np.exp(power, out=power)
    total = power.sum(axis=0) + np.exp(-top / temperature)
    power /= total
    return power, float(top.sum() + temperature * np.log(total).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """Between which prices to look."""

    low: Floats
    high: Floats

    def free(self, prices: Floats, slope: Floats) -> Flags:
        """Tell which prices may move downhill."""
        stuck = ((prices <= self.low) & (slope >= 0)) | ((prices >= self.high) & (slope <= 0))
        return np.asarray(~stuck)

    def holds(self, prices: Floats) -> bool:
        """Tell whether a price would leave the box, other than below 0."""
        return bool((((prices <= self.low) & (self.low > 0)) | (prices >= self.high)).any())


def _scale(columns: Columns) -> float:
    """Return the mean over customers of the best action's net value."""
    total = sum(
        float(np.maximum(columns.net[:, rows].max(axis=0), 0.0).sum()) for rows in columns.chunks()
    )
    return total / max(columns.customers, 1)


def _first(columns: Columns, scale: float, start: Floats | None) -> tuple[Floats, float]:
    """Return prices of a sample, and the temperature reached."""
    step = -(-columns.customers // SAMPLE_ROWS)
    sample, larger = columns, 1.0
    if step > 1:
        # every step-th customer: a fair sample of any order without a period of that length
        sample = columns.rows(slice(0, None, step))
        larger = columns.customers / sample.customers
        sample = sample.rows(slice(None), scale=larger)
    temperature = scale * _HOT
    prices = np.zeros(len(columns.limits)) if start is None else start / larger
    while True:
        cold = temperature <= scale * _COLD
        prices = _newton(sample, prices, temperature, close=cold)
        if cold:
            return prices * larger, temperature
        temperature = max(temperature * _COOLING, scale * _COLD)


def _refined(columns: Columns, prices: Floats, temperature: float, scale: float) -> Prices:
    """Return the dual's minimum over all customers, from prices that are near it."""
    coldest = scale * min(_COLD, _COLDEST_ROWS / columns.customers)
    total = scale * columns.customers
    typical = _typical_uses(columns)
    best: Prices | None = None
    chosen = choose(columns, prices)
    for _ in range(_ROUNDS_MAX):
        reach, undecided = _undecided(chosen.lead, CLEAR * temperature)
        held = held_value(columns, chosen, undecided)
        rest = columns if undecided.all() else columns.rows(np.flatnonzero(undecided))
        # Within about this reach the held would not change their mind, and their sum is the dual.
        # No price of a whole limit is above the dual's value anywhere.
        most = np.maximum(chosen.value + prices.sum(), prices)
        box = Box(
            np.maximum(prices - reach / typical, 0.0), np.minimum(prices + reach / typical, most)
        )
        while True:
            prices = _newton(rest, prices, temperature, held, box=box)
            cold = temperature <= coldest and _blur(rest, prices, temperature) <= _SHARP * total
            if cold or temperature <= scale * _COLDEST:
                break
            temperature = max(temperature * _COOLING, scale * _COLDEST)
        model = choose(rest, prices).value + held[0] + float(prices @ (1.0 - held[1]))
        chosen = choose(columns, prices)
        bound = chosen.value + float(prices.sum())
        if best is None or bound < best.bound:
            best = Prices(prices, bound, chosen, temperature)
        if bound - model <= 1e-9 * abs(bound) and not box.holds(prices):
            return Prices(prices, bound, chosen, temperature)
    assert best is not None
    return best


def _blur(columns: Columns, prices: Floats, temperature: float) -> float:
    """Return by how much the soft maximum may mislead: many alike customers are all undecided."""
    doubtful = int((choose(columns, prices).lead <= CLEAR * temperature).sum())
    return temperature * doubtful


def _typical_uses(columns: Columns) -> Floats:
    """Return the mean use of each limit by the actions that use it."""
    total, count = columns.same.sum(axis=1), (columns.same > 0).sum(axis=1).astype(float)
    for (limit, _), use in columns.own.items():
        total[limit] += use.mean()
        count[limit] += 1
    return np.asarray(total / count, np.float64)


def _undecided(lead: Floats, clear: float) -> tuple[float, Flags]:
    """Tell whose choice may still change: the least clear, and all within a temperature's reach."""
    few = max(UNDECIDED_ROWS, lead.size // UNDECIDED_OF)
    if lead.size <= few:
        return np.inf, np.ones(lead.size, bool)
    reach = max(float(np.partition(lead, few)[few]), clear)
    return reach, lead <= reach


def held_value(columns: Columns, chosen: Chosen, undecided: Flags) -> tuple[float, Floats]:
    """Return net value and usage of those who keep their choice.

    Parameters
    ----------
    columns : the problem.
    chosen : by all.
    undecided : who may still change.
    """
    value, used = 0.0, np.zeros(len(columns.limits))
    for taken in chosen.choice:
        sure = np.where(undecided, np.int16(-1), taken)
        used += usage(columns, sure)
        for action in np.unique(sure[sure >= 0]):
            value += float(columns.net[action][sure == action].sum())
    return value, used


def _newton(
    columns: Columns,
    prices: Floats,
    temperature: float,
    held: tuple[float, Floats] | None = None,
    *,
    box: Box | None = None,
    close: bool = True,
) -> Floats:
    """Return the prices at which the smooth dual has its minimum, none below 0.

    Parameters
    ----------
    columns, prices, temperature, held : as for `soften`; the prices to start from.
    box : to stay within.
    close : whether to go on until nothing changes; a temperature on the way needs less.
    """
    here = soften(columns, prices, temperature, held)
    within = box or Box(np.zeros(prices.size), np.maximum(here.value, prices))
    tolerance = 1e-9 if close else 1e-3
    for _ in range(_STEPS_MAX):
        free = within.free(prices, here.slope)
        if not free.any() or np.abs(here.slope[free]).max() <= tolerance:
            break
        step = _step(here, free, prices, within)
        if -float(here.slope @ step) <= _ROUNDED * abs(here.value):
            # the value no longer tells two prices apart; the slope still does
            tried = np.clip(prices + step, within.low, within.high)
            there = soften(columns, tried, temperature, held)
            nearer = np.abs(there.slope[free]).max() < np.abs(here.slope[free]).max()
            return tried if nearer else prices
        length = 1.0
        for _ in range(_HALVINGS_MAX):
            tried = np.clip(prices + length * step, within.low, within.high)
            there = soften(columns, tried, temperature, held)
            fall = 1e-4 * min(float(here.slope @ (tried - prices)), 0.0)
            if there.value <= here.value + fall:
                break
            length /= 2
        else:
            break
        prices, here = tried, there
    return prices


def _step(here: Soft, free: Flags, prices: Floats, box: Box) -> Floats:
    """Return Newton's step on the free prices; those it would drive out stop at the box's edge."""
    step, moving = np.zeros(free.size), free.copy()
    # flat where few choose: a little curvature keeps the step finite and downhill
    flat = 1e-10 * max(float(np.trace(here.curvature)), 1e-200) * np.eye(free.size)
    for _ in range(free.size):
        if not moving.any():
            break
        stopped = step * ~moving
        drift = here.slope + here.curvature @ stopped
        among = np.ix_(moving, moving)
        step[moving] = -np.linalg.solve((here.curvature + flat)[among], drift[moving])
        aim = prices + step
        out = moving & ((aim < box.low) | (aim > box.high))
        if not out.any():
            break
        step[out] = (np.clip(aim, box.low, box.high) - prices)[out]
        moving &= ~out
    return step
