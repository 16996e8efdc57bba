"""Arms as they stand: worked out from the id, or as they were dealt out and recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from tenure.experiments.assignment import NOBODY, Integers, Units, assign, texts_of, within_slots
from tenure.experiments.balance import Balanced, assign_balanced
from tenure.experiments.quotas import assign_shares, check_once
from tenure.experiments.starting import Experiment
from tenure.experiments.tables import assignment_intakes, assignments, unit_merges
from tenure.kernel import OptionError
from tenure.records import take_turn

BATCH_ROWS = 20_000
_MARKED_MOST = 2_000


def assign_recorded(
    connection: sa.Connection,
    experiment: Experiment,
    units: Units,
    *,
    at: datetime,
    strata: Sequence[str] | None = None,
    covariates: npt.ArrayLike | None = None,
) -> Integers:
    """Return the arm of each unit, dealing out and recording those that have none yet.

    Parameters
    ----------
    connection : of a writing unit of work.
    experiment : started and running.
    units : ids, texts; with a recorded method, each once.
    at : when, naive UTC.
    strata : name of each unit's stratum; for stratified and re-randomised designs.
    covariates : columns to balance, shape (units, columns); for re-randomised designs.

    Returns
    -------
    Number of the arm; `NOBODY` outside the slots of its layer. A unit keeps the arm it once had,
    whatever its stratum has become; after a merge of two ids, the one that the merge settled.

    Raises
    ------
    OptionError : the experiment has ended, or a re-randomised design comes without covariates.
    DataError : an id stands twice or is no text, or a covariate is missing.
    """
    if experiment.design.method == "hash":
        return arms_in_force(connection, experiment, units)
    texts = check_once(units)
    take_turn(connection, f"experiment:{experiment.name}")
    recorded = _recorded(connection, experiment)
    inside = within_slots(texts, experiment.design)
    new = [place for place, unit in enumerate(texts) if inside[place] and unit not in recorded]
    if new:
        if not experiment.is_running:
            raise OptionError(
                f"{len(new)} new units for experiment {experiment.name!r}, which has ended",
                "an experiment that runs",
                "start another",
            )
        names = ["" if strata is None else strata[place] for place in new]
        known = None if covariates is None else np.asarray(covariates)[new]
        _deal_out(connection, experiment, [texts[place] for place in new], names, known, at)
    return arms_in_force(connection, experiment, texts)


def arms_in_force(connection: sa.Connection, experiment: Experiment, units: Units) -> Integers:
    """Return the arm of each unit as it stands, recording nothing.

    Returns
    -------
    Number of the arm; `NOBODY` outside the slots of its layer, and for units of a recorded
    method that were never dealt out.
    """
    texts = texts_of(units)
    places = {name: place for place, name in enumerate(experiment.design.arm_names)}
    if experiment.design.method == "hash":
        arms = assign(texts, experiment.design)
    else:
        recorded = _recorded(connection, experiment)
        arms = np.array([places.get(recorded.get(unit, ""), NOBODY) for unit in texts], np.int64)
    settled = merged_arms(connection, experiment)
    if settled:
        for place, unit in enumerate(texts):
            if unit in settled:
                arms[place] = places[settled[unit]]
    return arms


def merged_arms(connection: sa.Connection, experiment: Experiment) -> dict[str, str]:
    """Return the arm that merges have settled, by surviving id; the last merge counts."""
    wanted = (
        sa.select(unit_merges.c.surviving_id, unit_merges.c.arm)
        .where(unit_merges.c.experiment_id == experiment.experiment_id)
        .order_by(unit_merges.c.merge_id)
    )
    return {row.surviving_id: row.arm for row in connection.execute(wanted)}


def in_batches(rows: Iterable[Mapping[str, object]]) -> Iterator[list[Mapping[str, object]]]:
    """Yield rows in lists of a size that databases take well."""
    given = iter(rows)
    while batch := list(islice(given, BATCH_ROWS)):
        yield batch


def chosen_rows(
    connection: sa.Connection,
    table: sa.Table,
    experiment: Experiment,
    units: Sequence[str],
    columns: Sequence[str],
) -> Iterator[tuple[Any, ...]]:
    """Yield columns of a table's rows of an experiment and some units, some of them at a time."""
    asked = [table.c[name] for name in columns]
    for first in range(0, len(units), _MARKED_MOST):
        wanted = sa.select(*asked).where(
            table.c.experiment_id == experiment.experiment_id,
            table.c.unit_id.in_(units[first : first + _MARKED_MOST]),
        )
        yield from connection.execute(wanted)


def _recorded(connection: sa.Connection, experiment: Experiment) -> dict[str, str]:
    wanted = sa.select(assignments.c.unit_id, assignments.c.arm).where(
        assignments.c.experiment_id == experiment.experiment_id
    )
    return {row.unit_id: row.arm for row in connection.execute(wanted)}


def _deal_out(
    connection: sa.Connection,
    experiment: Experiment,
    units: list[str],
    strata: list[str],
    covariates: npt.NDArray[np.float64] | None,
    at: datetime,
) -> None:
    design = experiment.design
    already = _counts(connection, experiment)
    drawn: Balanced | None = None
    if design.method == "rerandomised":
        if covariates is None:
            raise OptionError(
                f"experiment {design.name!r}, which balances {', '.join(design.balance)}",
                "these columns beside the units",
                "hand over `covariates`",
            )
        drawn = assign_balanced(units, covariates, design, strata, already)
    arms = assign_shares(units, design, strata, already) if drawn is None else drawn.arms
    last = sa.select(sa.func.max(assignment_intakes.c.intake)).where(
        assignment_intakes.c.experiment_id == experiment.experiment_id
    )
    key = {
        "experiment_id": experiment.experiment_id,
        "intake": (connection.execute(last).scalar() or 0) + 1,
    }
    connection.execute(
        assignment_intakes.insert().values(
            **key,
            units=len(units),
            draw=None if drawn is None else drawn.draw,
            distance=None if drawn is None else drawn.distance,
            distance_limit=None if drawn is None or np.isinf(drawn.limit) else drawn.limit,
            assigned_at=at,
        )
    )
    rows = (
        {**key, "unit_id": unit, "stratum": stratum, "arm": design.arm_names[arm]}
        for unit, stratum, arm in zip(units, strata, arms.tolist(), strict=True)
    )
    for batch in in_batches(rows):
        connection.execute(assignments.insert(), batch)


def _counts(connection: sa.Connection, experiment: Experiment) -> dict[str, list[int]]:
    """Return units by arm that each stratum has."""
    names = experiment.design.arm_names
    wanted = (
        sa.select(assignments.c.stratum, assignments.c.arm, sa.func.count())
        .where(assignments.c.experiment_id == experiment.experiment_id)
        .group_by(assignments.c.stratum, assignments.c.arm)
    )
    counts: dict[str, list[int]] = {}
    for stratum, arm, units in connection.execute(wanted):
        counts.setdefault(stratum, [0] * len(names))[names.index(arm)] = units
    return counts
