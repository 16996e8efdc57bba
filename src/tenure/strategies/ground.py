"""The people a plan decides about: who is in the audience, and which tactic each may get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tenure.engine.relations import Relation
from tenure.segments import Segments
from tenure.snapshots.columns import WINDOWS_DAYS
from tenure.strategies.audiences import has_agreed, in_audience, is_eligible
from tenure.strategies.definition import (
    CHANNELS_NEEDING_CONSENT,
    CONSENT_ELSEWHERE,
    Strategy,
)

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Every customer of a snapshot, in the order of their ids, as a strategy sees them.

    Parameters
    ----------
    customer_ids : texts.
    in_audience : whether the customer is in the audience.
    is_unknown : whether that cannot be told, because a column is empty.
    eligible : whether she meets a tactic's own condition; `(customers, tactics)`.
    agreed : whether she agreed to its channel, or it needs no consent; `(customers, tactics)`.
    worth : numeric columns that effects are multiplied with, not-a-number where empty.
    past : what she ordered in past windows: `order_count_<days>`, `net_value_<days>`.
    held_out : who is left alone, by the reason's code, the first that holds counts.
    capped : whether she has been contacted as often as may be; `(customers, tactics)`.
    """

    customer_ids: pa.Array
    in_audience: Flags
    is_unknown: Flags
    eligible: Flags
    agreed: Flags
    worth: Mapping[str, Floats]
    past: Mapping[str, Floats]
    held_out: Mapping[str, Flags] = field(default_factory=dict)
    capped: Flags | None = None

    @property
    def customers(self) -> int:
        """The number of customers."""
        return len(self.customer_ids)

    @property
    def is_held_out(self) -> Flags:
        """Who is in any holdout."""
        nobody: Flags = np.zeros(self.customers, bool)
        for flags in self.held_out.values():
            nobody = nobody | flags
        return nobody

    @property
    def approachable(self) -> Flags:
        """Who is in the audience and in no holdout."""
        return np.asarray(self.in_audience & ~self.is_held_out)


def read_ground(strategy: Strategy, snapshot: Relation, segments: Segments) -> Ground:
    """Return the people of a strategy, in one pass over the snapshot.

    Parameters
    ----------
    strategy : its conditions are valid over the snapshot.
    snapshot : one row per customer.
    segments : the segments its conditions may name.

    Returns
    -------
    Customers in the order of their ids; nobody is held out or capped yet. An unknown consent
    counts as none; that of a channel whose sending system keeps it counts as given, because the
    sending system drops who did not agree.
    """
    table = snapshot.table
    audience = in_audience(strategy, segments, table)
    wanted: dict[str, ir.Value] = {
        "customer_id": table.customer_id,
        "in_audience": audience.fill_null(False),
        "is_unknown": audience.isnull(),
    }
    for place, tactic in enumerate(strategy.tactics):
        may = is_eligible(tactic, segments, table)
        wanted[f"eligible_{place}"] = _flag(may, default=True)
        wanted[f"agreed_{place}"] = _flag(
            has_agreed(strategy, tactic.channel, segments, table),
            default=consent_is_elsewhere(strategy, tactic.channel),
        )
    worth = _worth_columns(strategy)
    past = [f"{what}_{days}" for what in ("order_count", "net_value") for days in WINDOWS_DAYS]
    for column in (*worth, *(f"{name}_days" for name in past)):
        wanted[f"number_{column}"] = table[column].cast("float64")
    rows = snapshot.collect(table.select(**wanted).order_by("customer_id"))
    return Ground(
        rows["customer_id"].combine_chunks(),
        _flags(rows, ["in_audience"])[:, 0],
        _flags(rows, ["is_unknown"])[:, 0],
        _flags(rows, [f"eligible_{k}" for k in range(len(strategy.tactics))]),
        _flags(rows, [f"agreed_{k}" for k in range(len(strategy.tactics))]),
        {column: _numbers(rows, f"number_{column}") for column in worth},
        {name: _numbers(rows, f"number_{name}_days") for name in past},
    )


def consent_is_elsewhere(strategy: Strategy, channel: str) -> bool:
    """Tell whether a channel needs no consent known here: by its kind, or as the strategy says."""
    rule = strategy.channel_rules().get(channel)
    if rule is not None and rule.consent is not None:
        return rule.consent == CONSENT_ELSEWHERE
    return channel not in CHANNELS_NEEDING_CONSENT


def _worth_columns(strategy: Strategy) -> list[str]:
    named = [
        tactic.effect.prior.worth
        for tactic in strategy.tactics
        if tactic.effect.prior is not None and isinstance(tactic.effect.prior.worth, str)
    ]
    return sorted(set(named))


def _flag(condition: ir.BooleanValue | None, *, default: bool) -> ir.BooleanValue:
    return ibis.literal(default) if condition is None else condition.fill_null(False)


def _flags(rows: pa.Table, names: Sequence[str]) -> Flags:
    made = [rows[name].to_numpy(zero_copy_only=False).astype(bool) for name in names]
    return np.column_stack(made) if made else np.zeros((rows.num_rows, 0), bool)


def _numbers(rows: pa.Table, name: str) -> Floats:
    filled = pc.fill_null(rows[name], float("nan"))
    return np.asarray(filled.to_numpy(zero_copy_only=False), np.float64)
