"""Recorded arms stand: after a restart, for late comers, and when a stratum changes its mind."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from tenure.experiments import (
    NOBODY,
    Arm,
    Design,
    Experiment,
    Layer,
    arms_in_force,
    assign,
    assign_recorded,
    end_experiment,
    start_experiment,
)
from tenure.experiments.tables import assignment_intakes, assignments
from tenure.kernel import OptionError, RecordsError
from tenure.records import Database, apply_definition
from tests.databases import START

ARMS = (Arm("control"), Arm("sms"))
IDS = [f"c{number}" for number in range(400)]
STRATA = [f"s{number % 4}" for number in range(400)]


def started(database: Database, **options: Any) -> Experiment:
    design = Design("welcome", ARMS, "m", **options)
    with database.writing() as connection:
        text = apply_definition(connection, "experiment", "welcome", "text", at=START, by="anna")
        return start_experiment(connection, design, text.definition, at=START, by="anna")


def dealt(
    database: Database, experiment: Experiment, units: list[str], **options: Any
) -> np.ndarray[Any, Any]:
    with database.writing() as connection:
        return assign_recorded(connection, experiment, units, at=database.clock(), **options)


def stored(database: Database) -> int:
    with database.reading() as connection:
        counted = sa.select(sa.func.count()).select_from(assignments)
        return int(connection.execute(counted).scalar_one())


def test_hashed_arms_need_no_record(database: Database) -> None:
    experiment = started(database)
    assert (dealt(database, experiment, IDS) == assign(IDS, experiment.design)).all()
    assert stored(database) == 0


def test_dealt_arms_stand_when_others_come_and_strata_change(database: Database) -> None:
    experiment = started(database, method="stratified", strata=("city",))
    first = dealt(database, experiment, IDS[:100], strata=STRATA[:100])
    later = dealt(database, experiment, IDS, strata=["moved"] * 100 + STRATA[100:])
    assert (later[:100] == first).all()
    counts = Counter(zip(STRATA, later.tolist(), strict=True))
    assert set(counts.values()) == {50}
    assert stored(database) == 400
    with database.reading() as connection:
        assert (arms_in_force(connection, experiment, IDS) == later).all()
        assert arms_in_force(connection, experiment, ["unknown"]).tolist() == [NOBODY]


def test_dealing_out_again_records_nothing(database: Database) -> None:
    experiment = started(database, method="stratified", strata=("city",))
    first = dealt(database, experiment, IDS, strata=STRATA)
    again = dealt(database, experiment, IDS[::-1], strata=STRATA[::-1])
    assert (again[::-1] == first).all()
    with database.reading() as connection:
        intakes = connection.execute(sa.select(assignment_intakes)).mappings().all()
    assert [(one["intake"], one["units"]) for one in intakes] == [(1, 400)]


def test_only_units_in_the_slots_of_the_layer_are_dealt_out(database: Database) -> None:
    experiment = started(database, method="stratified", layer=Layer("contact", 250))
    arms = dealt(database, experiment, IDS)
    inside = int((arms != NOBODY).sum())
    assert 60 < inside < 140
    assert stored(database) == inside
    assert abs((arms == 0).sum() - inside / 2) < 1


def test_the_accepted_draw_of_a_balanced_design_is_kept(database: Database) -> None:
    experiment = started(database, method="rerandomised", balance=("value",), acceptance=0.1)
    values = np.random.default_rng(2).lognormal(size=(400, 1))
    arms = dealt(database, experiment, IDS, covariates=values)
    apart = values[arms == 1].mean() - values[arms == 0].mean()
    assert abs(apart) < 0.2 * values.std()
    with database.reading() as connection:
        (intake,) = connection.execute(sa.select(assignment_intakes)).mappings().all()
    assert intake["draw"] >= 0
    assert intake["distance"] <= intake["distance_limit"]
    with pytest.raises(OptionError, match="balances value"):
        dealt(database, experiment, [*IDS, "new"])


def test_an_ended_experiment_takes_nobody_in(database: Database) -> None:
    experiment = started(database, method="stratified")
    first = dealt(database, experiment, IDS[:10])
    with database.writing() as connection:
        ended = end_experiment(connection, "welcome", at=START, by="anna")
    assert (dealt(database, ended, IDS[:10]) == first).all()
    with pytest.raises(OptionError, match="has ended"):
        dealt(database, ended, IDS[:11])


def test_nobody_moves_a_unit_but_it_can_be_erased(database: Database) -> None:
    experiment = started(database, method="stratified")
    dealt(database, experiment, IDS[:10])
    with pytest.raises(RecordsError, match="append-only"), database.writing() as connection:
        connection.execute(assignments.update().values(arm="sms"))
    with database.writing() as connection:
        connection.execute(assignments.delete().where(assignments.c.unit_id == "c3"))
    assert stored(database) == 9
