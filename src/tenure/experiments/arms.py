"""The arms of an experiment and the exact shares their weights stand for."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from pydantic import ConfigDict

from tenure.kernel import DefinitionError

STRICT = ConfigDict(extra="forbid")
"""A text with a key that means nothing is refused, not half understood."""

HASH_DIGITS = 13
HASH_SPAN = 16**HASH_DIGITS
WEIGHTS_MOST = 1_000_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm: what is done, or not done, to those who are in it.

    Parameters
    ----------
    name : lower-case letters, digits and `_`.
    weight : whole number, 1 or more; an arm's share is its weight over the sum of all weights.
    """

    __pydantic_config__ = STRICT

    name: str
    weight: int = 1

    def __post_init__(self) -> None:
        """Check name and weight."""
        check_name(self.name, "arm")
        if not 1 <= self.weight <= WEIGHTS_MOST:
            raise DefinitionError(
                f"arm {self.name!r} with the weight {self.weight}",
                f"a whole number from 1 to {WEIGHTS_MOST}",
                "give weights like 50 and 50, or 90 and 10; leave an arm of nobody out",
            )


def check_name(name: str, what: str) -> None:
    """Check the name of an experiment, arm, layer or holdout.

    Raises
    ------
    DefinitionError : it has other signs than lower-case letters, digits and `_`.
    """
    if not _NAME.fullmatch(name):
        raise DefinitionError(
            f"{what} {name!r}", "a name of a-z, 0-9 and _, at most 64 signs", "rename it"
        )


def check_arms(arms: Sequence[Arm], where: str) -> None:
    """Check that there are two arms or more, each name once.

    Raises
    ------
    DefinitionError : fewer, two of one name, or weights too large to divide exactly.
    """
    names = [arm.name for arm in arms]
    if len(names) < 2 or len(set(names)) < len(names):
        raise DefinitionError(
            f"{where} with the arms {', '.join(names) or 'none'}",
            "two arms or more, each name once; the first is the control",
            "add an arm, or rename one",
        )
    if sum(arm.weight for arm in arms) > WEIGHTS_MOST:
        raise DefinitionError(
            f"{where} with weights that add up to {sum(arm.weight for arm in arms)}",
            f"at most {WEIGHTS_MOST}",
            "give smaller weights in the same proportion",
        )


def arm_shares(arms: Sequence[Arm]) -> tuple[Fraction, ...]:
    """Return the share of each arm; they add up to 1."""
    total = sum(arm.weight for arm in arms)
    return tuple(Fraction(arm.weight, total) for arm in arms)


def arm_bounds(arms: Sequence[Arm]) -> tuple[int, ...]:
    """Return the end of each arm on the scale of hashes, 0..16**13; the last is its end.

    A unit is in the first arm whose bound is above its hash.
    """
    return tuple(math.ceil(share * HASH_SPAN) for share in accumulate(arm_shares(arms)))
