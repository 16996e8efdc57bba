"""Who responds to which tactic, learnt from a strategy's lots and holdouts.

Customers whose tactic was drawn by lot, and those held out, differ by chance alone. Pooled over
plans they are an experiment with known chances for each tactic: drawn, against nothing.
"""

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
    """One plan's customers whose tactic was left to chance, one entry each.

    Parameters
    ----------
    customer_ids : texts.
    features : the columns of `FEATURES`.
    tactic : number of the tactic drawn, -1 for nothing.
    available : which tactics she could have got, `(customers, tactics)`; one at least.
    outcome : net revenue in the days after.
    chance : with which a customer not held out was left to chance, 0..1.
    """

    customer_ids: pa.Array
    features: pa.Table
    tactic: Integers
    available: Flags
    outcome: Floats
    chance: float


@dataclass
class Responses:
    """What a strategy's lots have shown so far.

    Parameters
    ----------
    strategy : its tactics and its share of holdout, the same in every plan added.
    """

    strategy: Strategy
    _plans: list[Lots] = field(default_factory=list)

    def add(self, lots: Lots) -> None:
        """Add a plan whose outcome is known."""
        self._plans.append(lots)

    def contacts(self, name: str) -> int:
        """Return how many contacts by lot a tactic has had."""
        number = [tactic.name for tactic in self.strategy.tactics].index(name)
        return sum(int((lots.tactic == number).sum()) for lots in self._plans)

    def models(self, *, depth: float, seed: int = 0) -> dict[str, UpliftModel]:
        """Return a model of who responds for each tactic that was tried often enough.

        Parameters
        ----------
        depth : share of customers that a tactic can reach, 0..1 exclusive.
        seed : of everything random.

        Returns
        -------
        By tactic; a tactic with fewer than `TREATED_MIN` contacts by lot has none. Effects are in
        net revenue. A customer of several plans is one customer, seen several times.
        """
        found = {}
        for number, tactic in enumerate(self.strategy.tactics):
            if self.contacts(tactic.name) < TREATED_MIN:
                continue
            parts = [self._pilot(number, lots) for lots in self._plans]
            model = UpliftModel(
                depth=depth, cost=float(tactic.expected_cost), outcome="amount", seed=seed
            )
            found[tactic.name] = model.fit(
                pa.concat_tables([part[0] for part in parts]),
                np.concatenate([part[1] for part in parts]),
                np.concatenate([part[2] for part in parts]),
                np.concatenate([part[3] for part in parts]),
                customers=np.concatenate([part[4] for part in parts]),
            )
        return found

    def _pilot(
        self, number: int, lots: Lots
    ) -> tuple[pa.Table, Flags, Floats, Floats, npt.NDArray[np.str_]]:
        """Return a plan's experiment of a tactic: features, treated, outcome, propensity, ids."""
        held = self.strategy.holdout_share
        drawn = lots.tactic == number
        rows = lots.available[:, number] & (drawn | (lots.tactic < 0))
        each = (1 - held) * lots.chance / (lots.available[rows].sum(axis=1) + 1.0)
        # Nothing was drawn, or she is held out: both are the control.
        propensity = each / (2 * each + held)
        ids = np.array(lots.customer_ids.filter(pa.array(rows)).to_pylist(), dtype=np.str_)
        features = lots.features.filter(pa.array(rows))
        return features, drawn[rows], lots.outcome[rows], propensity, ids
