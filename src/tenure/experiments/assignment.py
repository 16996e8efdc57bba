"""Who is in which arm, worked out from the id alone: the same everywhere, at any time.

A unit's place is the first 13 digits of `md5(salt|unit)` in hexadecimal, a number evenly spread
over 0..16**13. Texts of equal length compare as the numbers they write, so every engine with MD5
gives the same answer without converting a digit. Nothing is stored: after a restart, a new import
or on another engine the arm is the same, and a new customer moves nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeAlias

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.experiments.arms import HASH_DIGITS, HASH_SPAN, arm_bounds
from tenure.experiments.designs import Design
from tenure.kernel import DataError, OptionError

Integers = npt.NDArray[np.int64]
Units: TypeAlias = Sequence[str] | npt.NDArray[np.str_] | pa.Array | pa.ChunkedArray

_UNUSED_BITS = 64 - 4 * HASH_DIGITS

NOBODY = -1
"""Stands for "in no arm" in arrays of arms."""


def texts_of(units: Units) -> list[str]:
    """Return ids as a list of texts.

    Raises
    ------
    DataError : an id is empty, absent or no text.
    """
    plain = units.to_pylist() if isinstance(units, pa.Array | pa.ChunkedArray) else list(units)
    if not all(isinstance(unit, str) and unit for unit in plain):
        wrong = next(unit for unit in plain if not (isinstance(unit, str) and unit))
        raise DataError(
            f"the id {wrong!r}", "ids that are texts, none of them empty", "cast them to text"
        )
    return [str(unit) for unit in plain]


def unit_hashes(salt: str, units: Units) -> Integers:
    """Return the place of each unit on the scale 0..16**13 - 1.

    Parameters
    ----------
    salt : what makes this experiment's places independent of any other's.
    units : ids, texts.
    """
    return _hashes(salt, texts_of(units))


def hash_number(salt: str, text: str) -> int:
    """Return the place of one text, as `unit_hashes` does."""
    return int(_hashes(salt, [text])[0])


def assign(units: Units, design: Design) -> Integers:
    """Return the arm of each unit.

    Parameters
    ----------
    units : ids, texts; in any order, since each is taken by itself.
    design : with the method `hash`; other methods need the whole population (`assign_shares`).

    Returns
    -------
    Number of the arm, 0 for the control; `NOBODY` for units outside the slots of its layer.

    Raises
    ------
    OptionError : the design has another method.
    DefinitionError : it has a layer without slots.
    """
    _check_hashed(design)
    texts = texts_of(units)
    places = _hashes(design.key, texts)
    bounds = np.array(arm_bounds(design.arms), dtype=np.int64)
    arms = np.searchsorted(bounds, places, side="right").astype(np.int64)
    arms[~within_slots(texts, design)] = NOBODY
    return arms


def within_slots(units: Units, design: Design) -> npt.NDArray[np.bool_]:
    """Tell which units lie in the slots that the design takes in its layer; all without one."""
    if design.layer is None:
        return np.ones(len(units), dtype=np.bool_)
    low, high = design.layer.bounds()
    places = unit_hashes(design.layer.salt, units)
    return (places >= low) & (places < high)


def arm_names(arms: Integers, design: Design) -> list[str | None]:
    """Return the names of arms given by number; None for `NOBODY`."""
    names = [*design.arm_names, None]
    return [names[arm] for arm in arms]


def arm_expression(unit: ir.StringValue, design: Design) -> ir.StringValue:
    """Return the name of a unit's arm as an expression for DuckDB and Spark.

    Parameters
    ----------
    unit : the column of ids.
    design : with the method `hash`.

    Returns
    -------
    The same as `assign`, by name; null where `assign` says `NOBODY` and where the id is null.

    Raises
    ------
    OptionError : the design has another method.
    DefinitionError : it has a layer without slots.
    """
    _check_hashed(design)
    place = _place(design.key, unit)
    bounds = arm_bounds(design.arms)[:-1]
    # The last arm needs no bound; a null id makes every comparison null, so it is asked first.
    branches = [
        (place < _digits(bound), name)
        for bound, name in zip(bounds, design.arm_names, strict=False)
    ]
    arm = ibis.cases(*branches, (place.notnull(), design.arm_names[-1]))
    if design.layer is None:
        return arm
    low, high = design.layer.bounds()
    slot = _place(design.layer.salt, unit)
    # 16**13 has a digit more than a place: text order would put it below.
    inside = slot >= _digits(low)
    if high < HASH_SPAN:
        inside &= slot < _digits(high)
    return ibis.cases((inside, arm))


def _check_hashed(design: Design) -> None:
    if design.method != "hash":
        raise OptionError(
            f"experiment {design.name!r} with the method {design.method}",
            "the method hash, which needs nothing but the id",
            "use `assign_shares`, which sees the whole population, and record what it returns",
        )


def _hashes(salt: str, texts: Sequence[str]) -> Integers:
    # Not for secrecy: MD5 is what every engine has, and its places are evenly spread.
    start = f"{salt}|".encode()
    md5 = hashlib.md5
    whole = b"".join(
        [md5(start + text.encode(), usedforsecurity=False).digest()[:8] for text in texts]
    )
    places: Integers = (np.frombuffer(whole, dtype=">u8") >> _UNUSED_BITS).astype(np.int64)
    return places


def _place(salt: str, unit: ir.StringValue) -> ir.StringValue:
    # All 32 digits: compared with a bound of 13, the rest decides nothing.
    return (ibis.literal(f"{salt}|") + unit).hexdigest("md5")


def _digits(bound: int) -> str:
    """Write a bound as hashes are written; text order is then the order of numbers."""
    return f"{bound:0{HASH_DIGITS}x}"
