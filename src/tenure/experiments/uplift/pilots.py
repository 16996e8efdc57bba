"""Pilots: customers of whom some were treated at random, and what they then did.

The chance of being treated is known for each of them, as it was set before the start. A pilot
whose treatment was chosen by a person or a score is none: nothing here can mend that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.experiments.uplift.means import customer_numbers
from tenure.kernel import DataError, OptionError
from tenure.predictions.churn.table_model import arrow_table
from tenure.predictions.scorecards.arrays import events, numbers
from tenure.predictions.tables import FloatArray

Integers = npt.NDArray[np.int64]
OutcomeKind = Literal["auto", "binary", "amount"]

OUTCOMES = ("auto", "binary", "amount")


@dataclass(frozen=True)
class Pilot:
    """A randomised pilot; make one with `pilot`.

    Parameters
    ----------
    table : what was known of each customer before she was treated or held out.
    treated : 1 for who was treated, else 0.
    outcome : what she then did: 0 or 1, or an amount.
    propensity : the chance that she is treated, above 0 and below 1.
    is_binary : whether the outcome is 0 or 1.
    customers : number of each row's customer, where some have several; None where each has one.
    """

    table: pa.Table
    treated: FloatArray
    outcome: FloatArray
    propensity: FloatArray
    is_binary: bool
    customers: Integers | None = None

    def __len__(self) -> int:
        return len(self.outcome)

    def part(self, rows: npt.NDArray[np.bool_]) -> Pilot:
        """Return the pilot of the rows for which `rows` is true."""
        return self.taken(np.flatnonzero(rows))

    def taken(self, rows: Integers) -> Pilot:
        """Return the pilot of the rows with these numbers, in their order."""
        return Pilot(
            self.table.take(rows),
            self.treated[rows],
            self.outcome[rows],
            self.propensity[rows],
            self.is_binary,
            None if self.customers is None else self.customers[rows],
        )


def pilot(
    X: object,  # noqa: N803 - scikit-learn's name
    treated: npt.ArrayLike,
    outcome: npt.ArrayLike,
    propensity: npt.ArrayLike | None = None,
    *,
    kind: OutcomeKind = "auto",
    customers: npt.ArrayLike | None = None,
) -> Pilot:
    """Return a checked pilot.

    Parameters
    ----------
    X : a pandas, Polars or Arrow table, a mapping of columns, or a two-dimensional array.
    treated : 1 (or true) for who was treated, else 0, whether or not the message arrived.
    outcome : what each customer then did, finite.
    propensity : the chance of being treated, one for all or one each; None takes the share that
        was treated, which is right only where all had the same chance.
    kind : `binary` for an outcome of 0 and 1, `amount`, or `auto`, which looks at the values.
    customers : an id per row, where a customer was drawn for several times, such as each month;
        None takes one row for each.

    Raises
    ------
    DataError : lengths differ, a value is out of its range, or an arm has no customer.
    OptionError : there is no such kind.
    """
    if kind not in OUTCOMES:
        raise OptionError(f"outcome {kind!r}", f"one of {', '.join(OUTCOMES)}", "choose one")
    table = arrow_table(X)
    rows = table.num_rows
    arm = events("treated", np.asarray(treated), rows=rows)
    if not 0 < arm.sum() < rows:
        raise DataError(
            f"{rows} customers of whom {int(arm.sum())} were treated",
            "some who were treated and some who were not",
            "hold out a random part before treating",
        )
    found = numbers("outcome", outcome, rows=rows)
    binary = bool(np.isin(found, (0.0, 1.0)).all()) if kind == "auto" else kind == "binary"
    if binary:
        events("outcome", found)
    who = customer_numbers(customers, rows)
    return Pilot(table, arm, found, _propensity(propensity, arm), binary, who)


def _propensity(given: npt.ArrayLike | None, treated: FloatArray) -> FloatArray:
    if given is None:
        return np.full(len(treated), treated.mean())
    chances = np.asarray(given, dtype=np.float64)
    if chances.ndim == 0:
        chances = np.full(len(treated), float(chances))
    chances = numbers("propensity", chances, rows=len(treated))
    outside = (chances <= 0) | (chances >= 1)
    if outside.any():
        row = int(np.argmax(outside))
        raise DataError(
            f"propensity[{row}] = {chances[row]:g}",
            "a chance above 0 and below 1",
            "leave out customers who could only be treated, or only be held out",
        )
    return chances


def folds(pilot: Pilot, count: int, seed: int) -> Integers:
    """Deal customers at random into folds that are alike in arms and in events.

    All rows of a customer stay together; she is dealt by her first.

    Parameters
    ----------
    pilot : whose customers.
    count : number of folds, at least 2.
    seed : of the dealing.

    Returns
    -------
    Each row's fold, 0..count - 1.
    """
    first, who = np.arange(len(pilot)), np.arange(len(pilot))
    if pilot.customers is not None:
        _, first, who = np.unique(pilot.customers, return_index=True, return_inverse=True)
    random = np.random.default_rng(seed)
    shuffled = random.permutation(len(first))
    happened = pilot.outcome if pilot.is_binary else pilot.outcome > 0
    stratum = (pilot.treated * 2 + happened)[first]
    dealt = shuffled[np.argsort(stratum[shuffled], kind="stable")]
    fold = np.empty(len(first), dtype=np.int64)
    fold[dealt] = np.arange(len(first)) % count
    return fold[who]
