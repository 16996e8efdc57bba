"""Two ids turn out to be one customer: which arm she is in, by one rule, and told.

The earliest exposure wins: what happened first cannot have been caused by what came after. Where
neither id was exposed, the arm of the surviving id stands, as if the other had never been. Two ids
exposed to different arms are a conflict; it is counted, since many of them blur an effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from tenure.experiments.assignment import assign
from tenure.experiments.designs import CUSTOMER_UNIT
from tenure.experiments.recorded_arms import chosen_rows, in_batches
from tenure.experiments.starting import Experiment, all_experiments
from tenure.experiments.tables import assignments, experiments, exposures, unit_merges
from tenure.kernel import DataError
from tenure.records import take_turn

Rule = Literal["earliest_exposure", "surviving_arm", "losing_arm"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one id stands in an experiment before a merge.

    Parameters
    ----------
    arm : its arm; None if it has none.
    exposed_at : its first exposure, naive UTC; None if never.
    """

    arm: str | None
    exposed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What a merge settled in one experiment.

    Parameters
    ----------
    experiment : its name.
    losing_id, surviving_id : the two ids.
    arm : the arm of the customer from now on.
    exposed_at : her first exposure; None if never.
    rule : which part of the rule decided.
    is_conflict : the two ids had been exposed to different arms.
    """

    experiment: str
    losing_id: str
    surviving_id: str
    arm: str
    exposed_at: datetime | None
    rule: Rule
    is_conflict: bool


def settle(losing: Standing, surviving: Standing) -> tuple[str, datetime | None, Rule, bool] | None:
    """Return arm, first exposure, rule and conflict of two ids that are one; None: in no arm."""
    exposed = [one for one in (surviving, losing) if one.exposed_at is not None]
    if exposed:
        # At one instant the surviving id comes first: `min` keeps the first of equals.
        first = min(exposed, key=lambda one: one.exposed_at or datetime.max)
        assert first.arm is not None  # an exposure names its arm
        arms = {one.arm for one in exposed}
        return first.arm, first.exposed_at, "earliest_exposure", len(arms) > 1
    if surviving.arm is not None:
        return surviving.arm, None, "surviving_arm", False
    if losing.arm is not None:
        return losing.arm, None, "losing_arm", False
    return None


def merge_units(
    connection: sa.Connection, merges: Sequence[tuple[str, str]], *, at: datetime
) -> list[Settled]:
    """Settle merged customers in every experiment that has recorded one of the two ids.

    Parameters
    ----------
    connection : of a writing unit of work.
    merges : (losing id, surviving id), in the order in which they were found.
    at : when, naive UTC.

    Returns
    -------
    What was settled, for people to be told. Experiments that have recorded neither id need
    nothing: their arm follows from the surviving id. A merge that is known is not told again.

    Raises
    ------
    DataError : an id is merged with itself, or into one that was itself merged into another.
    """
    for losing, surviving in merges:
        if losing == surviving:
            raise DataError(f"the id {losing!r} merged with itself", "two ids", "leave it out")
    told: list[Settled] = []
    for experiment in all_experiments(connection):
        if experiment.design.unit == CUSTOMER_UNIT:
            told += _merge_in(connection, experiment, merges, at)
    return told


def conflict_count(connection: sa.Connection, experiment: Experiment) -> int:
    """Return how many merges joined ids that had been exposed to different arms."""
    wanted = sa.select(sa.func.count()).where(
        unit_merges.c.experiment_id == experiment.experiment_id, unit_merges.c.is_conflict
    )
    return int(connection.execute(wanted).scalar_one())


def erase_unit(connection: sa.Connection, customer_id: str) -> dict[str, int]:
    """Delete every row of a customer from the records of experiments.

    Parameters
    ----------
    connection : of a writing unit of work.
    customer_id : whom to erase, with every id that was merged into this one.

    Returns
    -------
    Rows deleted, by table.
    """
    ids = _all_ids_of(connection, customer_id)
    of_customers = sa.select(experiments.c.experiment_id).where(experiments.c.unit == CUSTOMER_UNIT)
    erased: dict[str, int] = {}
    for table, column in (
        (exposures, exposures.c.unit_id),
        (assignments, assignments.c.unit_id),
        (unit_merges, unit_merges.c.surviving_id),
        (unit_merges, unit_merges.c.losing_id),
    ):
        wanted = table.delete().where(
            column.in_(ids), table.c.experiment_id.in_(of_customers.scalar_subquery())
        )
        erased[table.name] = erased.get(table.name, 0) + connection.execute(wanted).rowcount
    return erased


def _all_ids_of(connection: sa.Connection, customer_id: str) -> set[str]:
    """Return the id with every id that was merged into it."""
    ids, found = {customer_id}, {customer_id}
    while found:
        wanted = sa.select(unit_merges.c.losing_id).where(unit_merges.c.surviving_id.in_(found))
        found = set(connection.execute(wanted).scalars()) - ids
        ids |= found
    return ids


def _merge_in(
    connection: sa.Connection,
    experiment: Experiment,
    merges: Sequence[tuple[str, str]],
    at: datetime,
) -> list[Settled]:
    take_turn(connection, f"experiment:{experiment.name}")
    before = _merged_before(connection, experiment)
    ids = sorted({unit for pair in merges for unit in pair})
    standing = _standings(connection, experiment, ids)
    told: list[Settled] = []
    for losing, surviving in merges:
        if before.get(losing) == surviving:
            continue
        if losing in before or surviving in before:
            known = losing if losing in before else surviving
            raise DataError(
                f"{losing!r} merged into {surviving!r}, while {known!r} was merged into "
                f"{before[known]!r}",
                "ids that still stand for a customer",
                f"merge with {before[known]!r} instead",
            )
        if losing not in standing and surviving not in standing:
            continue
        settled = settle(
            standing.get(losing) or _hashed(experiment, losing),
            standing.get(surviving) or _hashed(experiment, surviving),
        )
        if settled is None:
            continue
        arm, exposed_at, rule, is_conflict = settled
        before[losing] = surviving
        standing[surviving] = Standing(arm, exposed_at)
        told.append(Settled(experiment.name, losing, surviving, arm, exposed_at, rule, is_conflict))
    rows = (
        {
            "experiment_id": experiment.experiment_id,
            "losing_id": one.losing_id,
            "surviving_id": one.surviving_id,
            "arm": one.arm,
            "exposed_at": one.exposed_at,
            "rule": one.rule,
            "is_conflict": one.is_conflict,
            "merged_at": at,
        }
        for one in told
    )
    for batch in in_batches(rows):
        connection.execute(unit_merges.insert(), batch)
    return told


def _merged_before(connection: sa.Connection, experiment: Experiment) -> dict[str, str]:
    wanted = sa.select(unit_merges.c.losing_id, unit_merges.c.surviving_id).where(
        unit_merges.c.experiment_id == experiment.experiment_id
    )
    return {row.losing_id: row.surviving_id for row in connection.execute(wanted)}


def _standings(
    connection: sa.Connection, experiment: Experiment, ids: Sequence[str]
) -> dict[str, Standing]:
    """Return where ids stand that the experiment has recorded."""
    standing = {
        unit: Standing(arm)
        for unit, arm in chosen_rows(connection, assignments, experiment, ids, ("unit_id", "arm"))
    }
    columns = ("unit_id", "arm", "exposed_at")
    for unit, arm, exposed_at in chosen_rows(connection, exposures, experiment, ids, columns):
        standing[unit] = Standing(arm, exposed_at)
    for unit, inherited in _inherited(connection, experiment).items():
        own = standing.get(unit, inherited).exposed_at
        instants = [at for at in (own, inherited.exposed_at) if at is not None]
        standing[unit] = Standing(inherited.arm, min(instants, default=None))
    return standing


def _inherited(connection: sa.Connection, experiment: Experiment) -> Mapping[str, Standing]:
    """Return what earlier merges settled for the ids that survived them."""
    wanted = (
        sa.select(unit_merges)
        .where(unit_merges.c.experiment_id == experiment.experiment_id)
        .order_by(unit_merges.c.merge_id)
    )
    return {
        row["surviving_id"]: Standing(row["arm"], row["exposed_at"])
        for row in connection.execute(wanted).mappings()
    }


def _hashed(experiment: Experiment, unit: str) -> Standing:
    """Return where an id stands that was never recorded: by its hash, if that is the method."""
    if experiment.design.method != "hash":
        return Standing(None)
    arm = int(assign([unit], experiment.design)[0])
    return Standing(experiment.design.arm_names[arm] if arm >= 0 else None)
