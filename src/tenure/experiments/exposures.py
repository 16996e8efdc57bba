"""Exposures: who came to the decision, logged when it was made, not when a message went out.

What happens after the decision (quiet hours, throttling, a bounced address) may differ between
the arms. Logged at the decision, and for the control arm alike, the arms stay comparable: that
is the group over which effects are estimated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from tenure.experiments.assignment import Integers, Units, texts_of
from tenure.experiments.recorded_arms import chosen_rows, in_batches, merged_arms
from tenure.experiments.starting import Experiment
from tenure.experiments.tables import assignments, exposures, unit_merges
from tenure.kernel import DataError, OptionError
from tenure.records import take_turn

EXPOSED = pa.schema(
    [
        pa.field("unit_id", pa.string(), nullable=False),
        pa.field("arm", pa.string(), nullable=False),
        pa.field("stratum", pa.string()),
        pa.field("propensity", pa.float64(), nullable=False),
        pa.field("exposed_at", pa.timestamp("us"), nullable=False),
    ]
)
"""Columns of `exposed_units`."""


class _Exposure(NamedTuple):
    """One row, in the order in which the exposures of one unit count."""

    exposed_at: datetime
    is_merged: bool
    unit_id: str
    arm: str
    stratum: str | None
    propensity: float


@dataclass(frozen=True, slots=True)
class Logged:
    """What logging did: new + known = the units given.

    Parameters
    ----------
    new : units exposed for the first time.
    known : units that were exposed before; their first exposure stands.
    """

    new: int
    known: int


def log_exposures(
    connection: sa.Connection,
    experiment: Experiment,
    units: Units,
    arms: Integers,
    *,
    at: datetime,
    by: str,
    propensities: npt.ArrayLike | None = None,
) -> Logged:
    """Log that units came to the decision, in the unit of work in which it is made.

    Parameters
    ----------
    connection : of a writing unit of work.
    experiment : started and running.
    units : ids, texts, each once.
    arms : number of the arm of each, as `arms_in_force` says; none is `NOBODY`.
    at : when it was decided, naive UTC.
    by : what decided: a plan, a journey.
    propensities : chance that each unit had to be in its arm, above 0, at most 1; default: the
        arm's share.

    Raises
    ------
    DataError : an id stands twice, an arm does not exist, a chance is out of its range, or a
        unit was exposed to another arm before. Nothing is logged then.
    OptionError : the experiment has ended.
    """
    texts = texts_of(units)
    _check(experiment, texts, arms)
    shares = np.array([float(share) for share in experiment.design.shares])
    chances = shares[arms] if propensities is None else np.asarray(propensities, np.float64)
    if chances.shape != arms.shape or not ((chances > 0) & (chances <= 1)).all():
        raise DataError(
            "propensities that are missing, or not within 0..1",
            "one per unit, above 0, at most 1: a unit with no chance has no place in the arm",
            "hand over the chance each unit really had",
        )
    take_turn(connection, f"experiment:{experiment.name}")
    names = experiment.design.arm_names
    known: dict[str, str] = dict(
        chosen_rows(connection, exposures, experiment, texts, ("unit_id", "arm"))
    )
    settled = merged_arms(connection, experiment)
    stands = {unit: settled.get(unit, arm) for unit, arm in known.items()}
    _check_same(experiment, stands, texts, arms)
    rows = (
        {
            "experiment_id": experiment.experiment_id,
            "unit_id": unit,
            "arm": names[arm],
            "propensity": chance,
            "exposed_at": at,
            "decided_by": by,
        }
        for unit, arm, chance in zip(texts, arms.tolist(), chances.tolist(), strict=True)
        if unit not in known
    )
    for batch in in_batches(rows):
        connection.execute(exposures.insert(), batch)
    return Logged(len(texts) - len(known), len(known))


def exposed_units(connection: sa.Connection, experiment: Experiment) -> pa.Table:
    """Return who was exposed to which arm, each unit once, merged ids under the surviving one.

    Of ids that were merged, the earliest exposure stands.

    Returns
    -------
    Columns as in `EXPOSED`, by unit; `stratum` is null unless it was recorded.
    """
    wanted = (
        sa.select(
            exposures.c.unit_id,
            exposures.c.arm,
            assignments.c.stratum,
            exposures.c.propensity,
            exposures.c.exposed_at,
        )
        .join(
            assignments,
            (assignments.c.experiment_id == exposures.c.experiment_id)
            & (assignments.c.unit_id == exposures.c.unit_id),
            isouter=True,
        )
        .where(exposures.c.experiment_id == experiment.experiment_id)
    )
    survivors = surviving_ids(connection, experiment)
    first: dict[str, _Exposure] = {}
    for unit_id, *rest in connection.execute(wanted):
        unit = survivors.get(unit_id, unit_id)
        # At one instant the survivor's own exposure comes first.
        found = _Exposure(rest[3], unit_id != unit, unit_id, *rest[:3])
        if unit not in first or found < first[unit]:
            first[unit] = found
    ordered = sorted(first.items())
    columns: dict[str, list[object]] = {"unit_id": [unit for unit, _ in ordered]}
    for name in EXPOSED.names[1:]:
        columns[name] = [getattr(one, name) for _, one in ordered]
    return pa.table(columns, schema=EXPOSED)


def surviving_ids(connection: sa.Connection, experiment: Experiment) -> dict[str, str]:
    """Return for each id that was merged into another the one that survives in the end."""
    wanted = sa.select(unit_merges.c.losing_id, unit_merges.c.surviving_id).where(
        unit_merges.c.experiment_id == experiment.experiment_id
    )
    merged = {row.losing_id: row.surviving_id for row in connection.execute(wanted)}
    final: dict[str, str] = {}
    for unit in merged:
        survivor = merged[unit]
        while survivor in merged:
            survivor = merged[survivor]
        final[unit] = survivor
    return final


def _check(experiment: Experiment, texts: list[str], arms: Integers) -> None:
    if not experiment.is_running:
        raise OptionError(
            f"exposures in experiment {experiment.name!r}, which has ended",
            "an experiment that runs",
            "start another",
        )
    if len(set(texts)) < len(texts) or arms.shape != (len(texts),):
        raise DataError(
            f"{len(texts)} units, {len(set(texts))} of them different, with {len(arms)} arms",
            "each unit once, with its arm",
            "drop repeats",
        )
    if len(arms) and not (arms.min() >= 0 and arms.max() < len(experiment.design.arms)):
        raise DataError(
            "units that are in no arm", "units of the experiment alone", "leave the others out"
        )


def _check_same(
    experiment: Experiment, known: dict[str, str], texts: Sequence[str], arms: Integers
) -> None:
    names = experiment.design.arm_names
    moved = [
        unit
        for unit, arm in zip(texts, arms.tolist(), strict=True)
        if known.get(unit, names[arm]) != names[arm]
    ]
    if moved:
        raise DataError(
            f"{len(moved)} units of experiment {experiment.name!r} in another arm than before, "
            f"e.g. {moved[0]!r}",
            "the arm of the first exposure",
            "take arms from `arms_in_force`",
        )
