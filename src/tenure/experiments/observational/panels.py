"""Outcomes by unit and period: one row per customer or store, one column per period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError, OptionError
from tenure.predictions.scorecards.arrays import events
from tenure.predictions.tables import FloatArray


@dataclass(frozen=True)
class OutcomePanel:
    """Outcomes of units over periods; make one with `outcome_panel`.

    Parameters
    ----------
    outcome : shape (units, periods), oldest period first.
    treated : whether the action reached the unit, shape (units,).
    starts : number of the first period with the action; all earlier ones are without.
    cluster : number of each unit's cluster, such as her store.
    """

    outcome: FloatArray
    treated: npt.NDArray[np.bool_]
    starts: int
    cluster: npt.NDArray[np.int64]

    @property
    def before(self) -> FloatArray:
        """Outcomes of the periods without the action."""
        return self.outcome[:, : self.starts]

    def until(self, starts: int) -> OutcomePanel:
        """Return the panel of the periods before the action, as if it had started earlier."""
        return OutcomePanel(self.before, self.treated, starts, self.cluster)


def outcome_panel(
    outcome: npt.ArrayLike,
    treated: npt.ArrayLike,
    starts: int,
    *,
    clusters: npt.ArrayLike | None = None,
) -> OutcomePanel:
    """Return checked outcomes.

    Parameters
    ----------
    outcome : shape (units, periods), oldest period first, finite: a customer who bought nothing
        in a period has 0 there. Periods are of equal length.
    treated : 1 (or true) for units that the action reached, all from the same period on.
    starts : number of the first period with the action, from 1.
    clusters : an id per unit of what she shares with others, such as her store, where the
        action was given to stores; None takes each unit for herself.

    Raises
    ------
    DataError : shapes differ, a value is not finite, or a group is empty.
    OptionError : there is no period before, or none with the action.
    """
    values = np.asarray(outcome, dtype=np.float64)
    if values.ndim != 2 or not np.isfinite(values).all():
        raise DataError(
            f"outcomes of shape {values.shape}",
            "a finite number for each unit and period",
            "fill periods without an order with 0, or leave units out that were not there",
        )
    units, periods = values.shape
    arm = events("treated", np.asarray(treated), rows=units).astype(np.bool_)
    if arm.all() or not arm.any():
        raise DataError(
            f"{units} units of which {int(arm.sum())} were treated",
            "some treated and some not",
            "add units that the action never reached",
        )
    if not 1 <= starts < periods:
        raise OptionError(
            f"the action from period {starts} of {periods}",
            f"a number from 1 to {periods - 1}",
            "count periods from 0 and take some from before the action",
        )
    if clusters is None:
        return OutcomePanel(values, arm, starts, np.arange(units, dtype=np.int64))
    given = np.asarray(clusters)
    if given.shape != (units,):
        raise DataError(f"clusters of shape {given.shape}", f"{units} ids", "give one per unit")
    _, numbers = np.unique(given.astype(str), return_inverse=True)
    return OutcomePanel(values, arm, starts, np.asarray(numbers, dtype=np.int64))
