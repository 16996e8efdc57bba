"""Exact shares within strata: units in a random order, arms dealt out like the teeth of a comb.

In each stratum, arm by arm, the k-th unit is in the arm if a comb with the arm's share, begun at
a random place, has a tooth there (systematic sampling, Madow & Madow 1944,
doi:10.1214/aoms/1177731312). Every unit's chance is exactly the arm's share, in a stratum of one
as in one of a million; the comb goes on where it ended when units are added later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.experiments.arms import HASH_SPAN, Arm
from tenure.experiments.assignment import Integers, Units, hash_number, texts_of, unit_hashes
from tenure.experiments.designs import Design
from tenure.kernel import DataError

Counts = Mapping[str, Sequence[int]]
"""Units by arm that each stratum has already."""


@dataclass(frozen=True, slots=True)
class Strata:
    """The strata of the units to be assigned.

    Parameters
    ----------
    names : each stratum's name, sorted.
    codes : for each unit, the place of its stratum in `names`; shape (units,).
    counts : units assigned before, by stratum and arm; shape (strata, arms).
    """

    names: tuple[str, ...]
    codes: Integers
    counts: Integers


def strata_of(strata: Sequence[str] | None, units: int, arms: int, already: Counts) -> Strata:
    """Return the strata of units.

    Parameters
    ----------
    strata : name of each unit's stratum; None: one stratum for all.
    units : how many units there are.
    arms : how many arms there are.
    already : units assigned before, by stratum; absent strata have none.

    Raises
    ------
    DataError : not one stratum per unit.
    """
    given = [""] * units if strata is None else list(strata)
    if len(given) != units:
        raise DataError(
            f"{len(given)} strata for {units} units", "one stratum per unit", "hand over both alike"
        )
    names = tuple(sorted(set(given)))
    places = {name: place for place, name in enumerate(names)}
    codes = np.array([places[name] for name in given], dtype=np.int64)
    counts = np.array([already.get(name, (0,) * arms) for name in names], dtype=np.int64)
    return Strata(names, codes, counts.reshape(len(names), arms))


def assign_shares(
    units: Units, design: Design, strata: Sequence[str] | None = None, already: Counts | None = None
) -> Integers:
    """Return the arm of each unit, with exact shares in each stratum.

    Parameters
    ----------
    units : ids of the units to be assigned now, texts, each once; their order plays no part.
    design : says arms and salt.
    strata : name of each unit's stratum; None: one stratum for all.
    already : units by arm that each stratum has from earlier calls. Record what this returns:
        it depends on who else is there.

    Returns
    -------
    Number of the arm. In a stratum, an arm's count differs from its share by less than one unit
    with two arms, by less than two with more, and not at all where the share is whole.

    Raises
    ------
    DataError : an id stands twice, or there is not one stratum per unit.
    """
    texts = check_once(units)
    found = strata_of(strata, len(texts), len(design.arms), already or {})
    order = np.lexsort((np.array(texts), unit_hashes(design.key, texts)))
    return deal(order, found, design.arms, comb_starts(found.names, design))


def check_once(units: Units) -> list[str]:
    """Return ids as texts.

    Raises
    ------
    DataError : one stands twice.
    """
    texts = texts_of(units)
    if len(set(texts)) < len(texts):
        raise DataError(
            f"{len(texts) - len(set(texts))} ids that stand twice", "each id once", "drop repeats"
        )
    return texts


def comb_starts(names: Sequence[str], design: Design) -> Integers:
    """Return where each stratum's comb begins for each arm but the last, by hash.

    Returns
    -------
    Shape (strata, arms - 1): evenly spread over 0..weights of this arm and those after it.
    """
    left = weights_left(design.arms)[:-1]
    starts = [
        [
            hash_number(f"{design.key}#{level}", name) * int(weight) // HASH_SPAN
            for level, weight in enumerate(left)
        ]
        for name in names
    ]
    return np.array(starts, dtype=np.int64).reshape(len(names), len(left))


def weights_left(arms: Sequence[Arm]) -> Integers:
    """Return for each arm the sum of its weight and those after it."""
    weights = np.array([arm.weight for arm in arms], dtype=np.int64)
    return np.cumsum(weights[::-1])[::-1]


def deal(
    order: npt.NDArray[np.intp], strata: Strata, arms: Sequence[Arm], starts: Integers
) -> Integers:
    """Return the arm of each unit, dealt out in an order.

    Parameters
    ----------
    order : places of the units, first to be dealt first; shape (units,).
    strata : of the units.
    arms : with their weights.
    starts : as from `comb_starts`.
    """
    order = order[np.argsort(strata.codes[order], kind="stable")]
    codes = strata.codes[order]
    left = weights_left(arms)
    # Units of a stratum that come to an arm or to one after it: before, and now.
    reached = np.cumsum(strata.counts[:, ::-1], axis=1)[:, ::-1]
    dealt = np.full(len(order), len(arms) - 1, dtype=np.int64)
    free = np.ones(len(order), dtype=np.bool_)
    begins = np.searchsorted(codes, np.arange(len(strata.names)))
    for level, arm in enumerate(arms[:-1]):
        before: Integers = np.cumsum(free) - free
        place = before - before[begins][codes] + reached[codes, level]
        tooth = (place * arm.weight + starts[codes, level]) % left[level]
        chosen = free & (tooth >= left[level] - arm.weight)
        dealt[chosen] = level
        free &= ~chosen
    assigned = np.empty_like(dealt)
    assigned[order] = dealt
    return assigned
