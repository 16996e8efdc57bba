"""Holdouts: customers whom nobody contacts, so that it can be seen what contacting earns.

A universal holdout is left alone by everything for a season, one of a strategy or journey by that
alone. Each is drawn by a hash of its own, so they overlap by chance and say nothing of each other.
Whoever is in one is never planned for; in the read-out a holdout is the control arm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from tenure.experiments.arms import Arm, check_name
from tenure.experiments.assignment import Integers, Units, arm_expression, assign, texts_of
from tenure.experiments.designs import Design, Reading
from tenure.kernel import DefinitionError, OptionError

Scope = Literal["universal", "strategy", "journey"]

HELD_OUT, REACHABLE = "held_out", "reachable"
SHARE_DIGITS = 4
_SCALE = 10**SHARE_DIGITS


@dataclass(frozen=True, slots=True)
class Holdout:
    """Customers left alone by everything, or by one strategy or journey.

    Parameters
    ----------
    scope : `universal`, `strategy` or `journey`.
    name : of the strategy or journey; empty if universal.
    share : of all customers, 0..0.5, to four digits. With 0, nobody is held out and the effect
        cannot be measured.
    season : while it lasts the same customers are held out; another season draws others.
    """

    scope: Scope
    name: str
    share: float
    season: str = ""

    def __post_init__(self) -> None:
        """Check scope, name and share."""
        if (self.scope == "universal") != (not self.name):
            raise DefinitionError(
                f"a holdout of scope {self.scope!r} and name {self.name!r}",
                "the name of the strategy or journey, and none if universal",
                "set `name`, or choose another scope",
            )
        if self.name:
            check_name(self.name, "holdout of")
        if not 0 <= self.share <= 0.5 or round(self.share, SHARE_DIGITS) != self.share:
            raise DefinitionError(
                f"a holdout of the share {self.share}",
                f"0 to 0.5, to {SHARE_DIGITS} digits",
                "hold out 0.05 to 0.2 of the customers",
            )

    @property
    def label(self) -> str:
        """What it is called in reasons and records: `universal_holdout`, `strategy_welcome`."""
        return "universal_holdout" if self.scope == "universal" else f"{self.scope}_{self.name}"

    @property
    def salt(self) -> str:
        """What its hash is made with."""
        return f"holdout:{self.scope}:{self.name}:{self.season}"

    def design(self, primary_metric: str, *, reading: Reading | None = None) -> Design:
        """Return the holdout as an experiment whose control arm is left alone.

        Parameters
        ----------
        primary_metric : what decides.
        reading : how it will be read.

        Raises
        ------
        DefinitionError : nobody is held out, so nothing can be measured.
        """
        held = round(self.share * _SCALE)
        if not held:
            raise DefinitionError(
                f"the holdout {self.label} of nobody",
                "a share above 0 to measure against",
                "hold out 0.05 to 0.2 of the customers",
            )
        season = f"_{self.season.replace('-', '_')}" if self.season else ""
        return Design(
            name=f"{self.label}{season}",
            arms=(Arm(HELD_OUT, held), Arm(REACHABLE, _SCALE - held)),
            primary_metric=primary_metric,
            salt=self.salt,
            reading=reading or Reading(),
        )

    def holds(self, units: Units) -> npt.NDArray[np.bool_]:
        """Tell which customers are held out."""
        if not self.share:
            return np.zeros(len(units), dtype=np.bool_)
        held: npt.NDArray[np.bool_] = assign(units, self.design("")) == 0
        return held

    def expression(self, unit: ir.StringValue) -> ir.BooleanValue:
        """Return whether a customer is held out, as an expression for DuckDB and Spark."""
        if not self.share:
            return ibis.literal(False)
        return arm_expression(unit, self.design("")) == HELD_OUT


def held_out_by(units: Units, holdouts: Sequence[Holdout]) -> Integers:
    """Return which holdout leaves each customer alone, for the reason.

    Parameters
    ----------
    units : ids of customers.
    holdouts : those that apply, the most general first.

    Returns
    -------
    Place of the first holdout that holds the customer; -1 if none does.
    """
    texts = texts_of(units)
    found = np.full(len(texts), -1, dtype=np.int64)
    for place, holdout in enumerate(holdouts):
        found[holdout.holds(texts) & (found < 0)] = place
    return found


def season_of(day: date, *, months: int = 12, first_month: int = 1) -> str:
    """Return the season that a day is in, by its first month: `2026-01`.

    Parameters
    ----------
    day : business date.
    months : length of a season: 1, 2, 3, 4, 6 or 12 months.
    first_month : month in which a season begins, 1..12.

    Raises
    ------
    OptionError : a year does not divide into such seasons.
    """
    if months not in (1, 2, 3, 4, 6, 12) or not 1 <= first_month <= 12:
        raise OptionError(
            f"seasons of {months} months from month {first_month} on",
            "1, 2, 3, 4, 6 or 12 months, beginning in month 1..12",
            "choose one of these",
        )
    number = day.year * 12 + day.month - 1
    begin = number - (number - (first_month - 1)) % months
    return f"{begin // 12:04d}-{begin % 12 + 1:02d}"
