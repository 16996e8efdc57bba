"""A few planned looks, each with its share of the permitted false alarms (alpha spending).

Cheaper than a confidence sequence where the end is known. The boundaries are found look by look:
the density of what has not crossed yet is carried from one look to the next by quadrature.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np

from tenure.experiments.effects.modes import check_confidence, student_quantile, two_sided_p
from tenure.experiments.effects.moments import FloatArray
from tenure.kernel import OptionError
from tenure.kernel.scipy_library import special

Spending = Literal["obrien_fleming", "pocock"]

_NODES = 240
_WIDEST = 8.5  # standard errors: further out lies less than 2e-17 of the normal distribution
_HALVINGS = 60
_LEVELS = 40
_LEAST_LEVEL = 1e-12


@dataclass(frozen=True, slots=True)
class GroupSequential:
    """Read at a few planned looks; may stop at each.

    Intervals are repeated confidence intervals: they hold at all looks together, whether or not
    one stops.

    Parameters
    ----------
    looks : share of the planned customers at each look so far, rising, the last is now; 1 is
        the planned end. They may differ from what was planned; the spending follows them.
    confidence : coverage over all looks together, 0..1 exclusive.
    spending : `obrien_fleming`, hard to stop early and nearly free at the end, or `pocock`,
        about equally hard at every look.

    References
    ----------
    Lan, DeMets (1983), Biometrika 70, 659-663, doi:10.1093/biomet/70.3.659; Jennison, Turnbull
    (2000), Group Sequential Methods, chapters 7, 9 and 19.
    """

    looks: tuple[float, ...]
    confidence: float = 0.95
    spending: Spending = "obrien_fleming"
    name: ClassVar[str] = "group_sequential"

    def __post_init__(self) -> None:
        check_confidence(self.confidence)
        check_looks(self.looks)
        if self.spending not in ("obrien_fleming", "pocock"):
            raise OptionError(
                f"spending {self.spending!r}", "obrien_fleming or pocock", "choose one of them"
            )

    def reach(self, degrees: float, customers: int) -> float:
        """Return the boundary of the last look, in standard errors."""
        edge = spent_boundaries(self.looks, 1 - self.confidence, self.spending)[-1]
        return _student(edge, degrees)

    def p_value(self, statistic: float, degrees: float, customers: int) -> float:
        """Return the smallest level at which this look would cross its boundary."""
        # The same tail on the normal scale, on which the boundaries were found.
        tail = max(two_sided_p(statistic, degrees) / 2, float(special.ndtr(-_WIDEST)))
        edges, levels = _boundary_by_level(self.looks, 1 - self.confidence, self.spending)
        return float(np.exp(np.interp(-special.ndtri(tail), edges, levels)))


def spent_boundaries(
    looks: tuple[float, ...], level: float, spending: Spending
) -> tuple[float, ...]:
    """Return the two-sided boundary of each look, in standard errors.

    Parameters
    ----------
    looks : share of the information at each look, rising, at most 1.
    level : permitted false alarms over all looks, 0..1 exclusive.
    spending : how they are spread over the looks.
    """
    return _found(tuple(looks), level, spending)


def spent(share: float, level: float, spending: Spending) -> float:
    """Return the false alarms, both sides together, that may be spent up to a share of the plan."""
    if share <= 0:
        return 0.0
    share = min(share, 1.0)
    if spending == "pocock":
        return level * math.log1p((math.e - 1) * share)
    edge = -special.ndtri(level / 4)
    return float(min(level, 4 * special.ndtr(-edge / math.sqrt(share))))


def crossing_probability(
    looks: Sequence[float], boundaries: Sequence[float], *, drift: float = 0.0
) -> float:
    """Return the chance that any look lies beyond its boundary, to either side.

    Parameters
    ----------
    looks : share of the information at each look, rising.
    boundaries : one per look, in standard errors.
    drift : the effect in standard errors at full information; 0 is none.
    """
    check_looks(tuple(looks))
    held = _start()
    total = 0.0
    for place, (look, edge) in enumerate(zip(looks, boundaries, strict=True)):
        step = look - (looks[place - 1] if place else 0.0)
        total += _exit(held, edge * math.sqrt(look), step, drift)
        held = _carried(held, edge, look, step, drift)
    return min(total, 1.0)


def drift_for_power(
    looks: tuple[float, ...], level: float, spending: Spending, power: float
) -> float:
    """Return the effect, in standard errors at the planned end, that is found at a given rate."""
    boundaries = spent_boundaries(looks, level, spending)
    low, high = 0.0, 20.0
    for _ in range(40):
        middle = (low + high) / 2
        if crossing_probability(looks, boundaries, drift=middle) < power:
            low = middle
        else:
            high = middle
    return high


def check_looks(looks: Sequence[float]) -> None:
    """Raise an `OptionError` unless looks are shares that rise from above 0 to at most 1."""
    rising = all(b - a > 1e-3 for a, b in zip((0.0, *looks), looks, strict=False))
    if not looks or not rising or looks[-1] > 1 or len(looks) > 100:
        raise OptionError(
            f"looks {tuple(looks)}",
            "1 to 100 shares of the planned customers, rising to at most 1",
            "pass e.g. (0.25, 0.5, 0.75, 1.0)",
        )


@dataclass(frozen=True, slots=True)
class _Held:
    """The density of what has not crossed yet: nodes, and density times quadrature weight."""

    nodes: FloatArray
    mass: FloatArray


def _start() -> _Held:
    return _Held(np.zeros(1), np.ones(1))


@lru_cache(maxsize=4096)
def _found(looks: tuple[float, ...], level: float, spending: Spending) -> tuple[float, ...]:
    """Return the boundaries; those of earlier looks come from the cache."""
    edges = _found(looks[:-1], level, spending) if len(looks) > 1 else ()
    held = _held_after(looks[:-1], edges)
    before = looks[-2] if len(looks) > 1 else 0.0
    budget = spent(looks[-1], level, spending) - spent(before, level, spending)
    step, root = looks[-1] - before, math.sqrt(looks[-1])
    low, high = 0.0, _WIDEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _exit(held, middle * root, step, 0.0) > budget:
            low = middle
        else:
            high = middle
    return (*edges, high)


@lru_cache(maxsize=4096)
def _held_after(looks: tuple[float, ...], edges: tuple[float, ...]) -> _Held:
    if not looks:
        return _start()
    before = looks[-2] if len(looks) > 1 else 0.0
    held = _held_after(looks[:-1], edges[:-1])
    return _carried(held, edges[-1], looks[-1], looks[-1] - before, 0.0)


def _exit(held: _Held, edge: float, step: float, drift: float) -> float:
    """Return the chance to lie beyond +-edge after a step, from where nothing had crossed."""
    scale = math.sqrt(step)
    centre = held.nodes + drift * step
    beyond = special.ndtr((centre - edge) / scale) + special.ndtr((-edge - centre) / scale)
    return float(held.mass @ beyond)


def _carried(held: _Held, edge: float, look: float, step: float, drift: float) -> _Held:
    """Return the density at a look between its boundaries."""
    root = math.sqrt(look)
    low = max(-edge * root, drift * look - _WIDEST * root)
    high = min(edge * root, drift * look + _WIDEST * root)
    if low >= high:
        return _Held(np.zeros(1), np.zeros(1))
    unit, weights = _legendre()
    nodes = (low + high) / 2 + (high - low) / 2 * unit
    gaps = (nodes[:, None] - held.nodes[None, :] - drift * step) / math.sqrt(step)
    density = np.exp(-gaps * gaps / 2) @ held.mass / math.sqrt(2 * math.pi * step)
    return _Held(nodes, density * weights * (high - low) / 2)


@lru_cache(maxsize=1)
def _legendre() -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights


@lru_cache(maxsize=256)
def _boundary_by_level(
    looks: tuple[float, ...], level: float, spending: Spending
) -> tuple[FloatArray, FloatArray]:
    """Return the last look's boundary at many levels, rising, and the levels' logarithms."""
    spread = np.exp(np.linspace(math.log(_LEAST_LEVEL), math.log(0.999), _LEVELS))
    levels = np.unique(np.append(spread, level))[::-1]
    edges = [_found(looks, float(one), spending)[-1] for one in levels]
    # Far out the boundary stays at the widest: a table to read from has to rise.
    rising = np.maximum.accumulate(np.array([0.0, *edges]))
    return rising, np.log(np.array([1.0, *levels]))


def _student(edge: float, degrees: float) -> float:
    """Return Student's quantile with the tail of a normal boundary."""
    return -student_quantile(float(special.ndtr(-edge)), degrees)
