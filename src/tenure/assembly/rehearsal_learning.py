"""What a rehearsed year learns from its lots and holdouts: who responds to which tactic."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.experiments.uplift.uplift_model import UpliftModel
from tenure.strategies.definition import Strategy

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

FEATURES = (
    "days_since_last_order",
    "tenure_days",
    "order_count",
    "order_count_90_days",
    "order_count_365_days",
    "net_value_90_days",
    "net_value_365_days",
    "mean_order_value",
    "median_gap_days",
    "overdue_ratio",
    "return_rate",
    "acquisition_source",
)
"""Columns of the snapshot that responses are learnt from."""

TREATED_MIN = 300
"""Contacts by lot from which a tactic's response is learnt."""


@dataclass(frozen=True, slots=True)
class Lots:
    """One month's customers whose action was left to chance, one entry each.

    Parameters
    ----------
    features : the columns of `FEATURES`.
    action : index of the tactic drawn, -1 for nothing.
    options : number of tactics she could have got.
    is_held_out : in the holdout, so that nothing was drawn.
    outcome : net revenue in the month after.
    """

    features: pa.Table
    action: Integers
    options: Integers
    is_held_out: Flags
    outcome: Floats


@dataclass
class Learning:
    """What was seen so far.

    Parameters
    ----------
    strategy : its tactics, shares of holdout and, by month, of exploration.
    """

    strategy: Strategy
    _lots: list[Lots] = field(default_factory=list)
    _chances: list[float] = field(default_factory=list)

    def see(self, lots: Lots, chance: float) -> None:
        """Add a month.

        Parameters
        ----------
        lots : its customers.
        chance : with which a customer not held out was left to chance, 0..1.
        """
        self._lots.append(lots)
        self._chances.append(chance)

    def models(self, *, depth: float, seed: int) -> dict[str, UpliftModel]:
        """Return a model of who responds for each tactic that was tried often enough.

        Parameters
        ----------
        depth : share of customers that a tactic can reach.
        seed : of everything random.
        """
        found = {}
        for number, tactic in enumerate(self.strategy.tactics):
            parts = [self._pilot(number, month) for month in range(len(self._lots))]
            treated = np.concatenate([part[1] for part in parts])
            if treated.sum() < TREATED_MIN:
                continue
            model = UpliftModel(
                depth=depth, cost=float(tactic.expected_cost), outcome="amount", seed=seed
            )
            found[tactic.name] = model.fit(
                pa.concat_tables([part[0] for part in parts]),
                treated,
                np.concatenate([part[2] for part in parts]),
                np.concatenate([part[3] for part in parts]),
            )
        return found

    def _pilot(self, tactic: int, month: int) -> tuple[pa.Table, Flags, Floats, Floats]:
        """Return one month's experiment of a tactic: features, treated, outcome, propensity."""
        lots, chance = self._lots[month], self._chances[month]
        held = self.strategy.holdout_share
        drawn = lots.action == tactic
        rows = drawn | (lots.action < 0)
        each = (1 - held) * chance / (lots.options[rows] + 1.0)
        # Nothing was drawn, or she is in the holdout: both are the control.
        propensity = each / (2 * each + held)
        return lots.features.filter(pa.array(rows)), drawn[rows], lots.outcome[rows], propensity
