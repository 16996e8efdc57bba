"""What is to be decided: values, costs, and the limits that all customers share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tenure.kernel import OptionError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Choices = npt.NDArray[np.int16]
Flags = npt.NDArray[np.bool_]

ACTIONS_MAX = 512
"""Actions, or combinations of them, that one customer may have."""

ROUNDING = 1e-9
"""Share of a limit by which a sum of doubles may pass it: 0.1 + 0.2 is within 0.3."""


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """What may be used up at most, over all customers: money, minutes of a team, contacts.

    Parameters
    ----------
    name : what is limited.
    unit : of `at_most`, e.g. `EUR` or `staff hours`.
    at_most : the limit, 0 or more.
    uses : what each action uses of it per customer, 0 or more, in `unit`: shape `(actions,)`
        where it is the same for everybody, else `(customers, actions)`. An action that is not
        limited by it uses 0.
    """

    name: str
    unit: str
    at_most: float
    uses: npt.ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class AllocationProblem:
    """Customers, actions and limits.

    Parameters
    ----------
    values : what each action is expected to bring that would not have come anyway, in money;
        `(customers, actions)`. Not-a-number where the customer cannot have the action.
    costs : what it is expected to cost; `(actions,)` or `(customers, actions)`.
    limits : what all customers share; the names differ.
    groups : the tactic group of each action; a customer has at most one action of a group.
        Empty: all actions are of one group.
    per_customer_max : actions of one customer over all groups at most; None does not limit them.

    Raises
    ------
    OptionError : shapes that do not fit, or a value, cost, use or limit out of its range.
    """

    values: npt.ArrayLike
    costs: npt.ArrayLike
    limits: Sequence[Limit] = ()
    groups: Sequence[object] = ()
    per_customer_max: int | None = None
    _shape: tuple[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        if values.ndim != 2 or not 1 <= values.shape[1] <= ACTIONS_MAX:
            raise OptionError(
                f"values of shape {values.shape}",
                f"one row per customer, one column per action, 1 to {ACTIONS_MAX} actions",
                "give a table of values",
            )
        object.__setattr__(self, "_shape", values.shape)
        if np.isinf(values).any():
            raise OptionError(
                "an endless value",
                "finite values, not-a-number where there is no such action",
                "use nan",
            )
        self._check("costs", self.costs, below=None)
        if self.groups and len(self.groups) != self.actions:
            raise OptionError(
                f"{len(self.groups)} groups of {self.actions} actions",
                "the group of each action",
                "name one per action",
            )
        if self.per_customer_max is not None and self.per_customer_max < 1:
            raise OptionError(
                f"per_customer_max = {self.per_customer_max}", "1 or more", "raise it, or leave it"
            )
        if len({limit.name for limit in self.limits}) < len(self.limits):
            raise OptionError("two limits of one name", "names that differ", "rename one")
        for limit in self.limits:
            if not limit.at_most >= 0:
                raise OptionError(
                    f"limit {limit.name!r} of {limit.at_most}", "0 or more", "mend the limit"
                )
            self._check(f"uses of {limit.name!r}", limit.uses, below=0.0)

    def _check(self, what: str, given: npt.ArrayLike, *, below: float | None) -> None:
        array = np.asarray(given)
        if array.shape not in (self._shape, self._shape[1:]):
            raise OptionError(
                f"{what} of shape {array.shape}",
                f"{self._shape[1:]} or {self._shape}",
                "give one per action, or one per customer and action",
            )
        # the smallest is not-a-number as soon as one is
        least, most = float(array.min(initial=0.0)), float(array.max(initial=0.0))
        if not np.isfinite(least + most) or (below is not None and least < below):
            raise OptionError(
                f"{what} from {least:g} to {most:g}",
                "finite numbers" + ("" if below is None else f", {below:g} or more"),
                "mend the figures",
            )

    @property
    def customers(self) -> int:
        """The number of customers."""
        return self._shape[0]

    @property
    def actions(self) -> int:
        """The number of actions."""
        return self._shape[1]

    def net(self) -> Floats:
        """Return what each action is expected to leave after its cost; `(customers, actions)`."""
        return np.asarray(self.values, np.float64) - np.asarray(self.costs, np.float64)

    def used(self, choice: npt.ArrayLike) -> Floats:
        """Return what a choice uses of each limit.

        Parameters
        ----------
        choice : the action of each customer in each group, -1 for none; `(customers, groups)`.
        """
        chosen = np.asarray(choice)
        rows, places = np.nonzero(chosen >= 0)
        actions = chosen[rows, places]
        used = []
        for limit in self.limits:
            uses = np.asarray(limit.uses, np.float64)
            if uses.ndim == 1:
                used.append(np.bincount(actions, minlength=self.actions) @ uses)
            else:
                used.append(uses[rows, actions].sum())
        return np.asarray(used, np.float64)
