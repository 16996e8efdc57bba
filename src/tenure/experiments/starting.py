"""Starting and ending experiments: from then on the design stands, whatever its text becomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from tenure.experiments.designs import Design
from tenure.experiments.exclusion import take_slots
from tenure.experiments.tables import experiment_ends, experiments
from tenure.kernel import DefinitionError
from tenure.records import Definition, record_audit, take_turn


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment that was started.

    Parameters
    ----------
    experiment_id : what other records call it.
    design : as it stood at the start, with the slots taken in its layer.
    definition_id : the version of the text that it came from.
    started_at, started_by : when, naive UTC, and who.
    ended_at : when it ended; None while it runs.
    """

    experiment_id: int
    design: Design
    definition_id: int
    started_at: datetime
    started_by: str
    ended_at: datetime | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return self.design.name

    @property
    def is_running(self) -> bool:
        """It has not ended."""
        return self.ended_at is None


def start_experiment(
    connection: sa.Connection, design: Design, definition: Definition, *, at: datetime, by: str
) -> Experiment:
    """Start an experiment: take its slots and fix its design; a second time changes nothing.

    Parameters
    ----------
    connection : of a writing unit of work.
    design : as it was read from the definition.
    definition : the version in force, of the experiment itself or of what it belongs to.
    at : when, naive UTC.
    by : who.

    Raises
    ------
    DefinitionError : the name stands for another design or an experiment that ended, the salt
        is another's, or its layer is full.
    """
    take_turn(connection, "experiments")
    known = all_experiments(connection)
    for other in known:
        if other.name == design.name:
            return _same(other, design)
        if other.design.key == design.key:
            raise DefinitionError(
                f"experiment {design.name!r} with the salt of {other.name!r}",
                "a salt of its own: one salt puts the same units into the same places",
                "leave `salt` out, or write another",
            )
    if design.layer is not None:
        taken = [(one.name, one.design.layer) for one in known if one.is_running]
        slots = take_slots(design.layer, [(n, layer) for n, layer in taken if layer is not None])
        design = design.in_slots(slots)
    layer = design.layer
    connection.execute(
        experiments.insert().values(
            name=design.name,
            definition_id=definition.definition_id,
            design=design.as_dict(),
            unit=design.unit,
            layer=None if layer is None else layer.name,
            first_slot=None if layer is None else layer.first,
            end_slot=None if layer is None else layer.end,
            started_at=at,
            started_by=by,
        )
    )
    details = {"kind": definition.kind, "name": definition.name, "version": definition.version}
    record_audit(connection, "started", f"experiment:{design.name}", at=at, by=by, details=details)
    return experiment_named(connection, design.name)


def end_experiment(
    connection: sa.Connection, name: str, *, at: datetime, by: str, reason: str = ""
) -> Experiment:
    """End an experiment and give back its slots; what it has recorded stays.

    Raises
    ------
    DefinitionError : there is none of that name.
    """
    take_turn(connection, "experiments")
    found = experiment_named(connection, name)
    if found.is_running:
        connection.execute(
            experiment_ends.insert().values(
                experiment_id=found.experiment_id, ended_at=at, ended_by=by, reason=reason
            )
        )
        details = {"reason": reason}
        record_audit(connection, "ended", f"experiment:{name}", at=at, by=by, details=details)
    return experiment_named(connection, name)


def experiment_named(connection: sa.Connection, name: str) -> Experiment:
    """Return an experiment that was started.

    Raises
    ------
    DefinitionError : there is none of that name; the message lists those there are.
    """
    found = {one.name: one for one in all_experiments(connection)}
    if name not in found:
        raise DefinitionError(
            f"experiment {name!r}, which was never started",
            f"one of {', '.join(found) or 'none: no experiment was started yet'}",
            "check the name, or start it",
        )
    return found[name]


def all_experiments(connection: sa.Connection) -> tuple[Experiment, ...]:
    """Return every experiment that was started, oldest first."""
    wanted = (
        sa.select(experiments, experiment_ends.c.ended_at)
        .join(experiment_ends, isouter=True)
        .order_by(experiments.c.experiment_id)
    )
    return tuple(
        Experiment(
            row["experiment_id"],
            Design.from_dict(row["design"]),
            row["definition_id"],
            row["started_at"],
            row["started_by"],
            row["ended_at"],
        )
        for row in connection.execute(wanted).mappings()
    )


def running_experiments(connection: sa.Connection) -> tuple[Experiment, ...]:
    """Return the experiments that have not ended, oldest first."""
    return tuple(one for one in all_experiments(connection) if one.is_running)


def _same(known: Experiment, design: Design) -> Experiment:
    # The slots were chosen at the start; a text that names none means those.
    if known.design.layer is not None and design.layer is not None and design.layer.first is None:
        design = design.in_slots(
            type(design.layer)(design.layer.name, design.layer.slots, known.design.layer.first)
        )
    if known.is_running and known.design == design:
        return known
    happened = "is running with another design" if known.is_running else "has ended"
    raise DefinitionError(
        f"experiment {known.name!r}, which {happened}",
        "a design that stands from the first customer to the last",
        "give the new experiment another name",
    )
