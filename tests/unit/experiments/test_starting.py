"""Started experiments: fixed designs, slots taken and given back, told in the audit log."""

from __future__ import annotations

import threading

import pytest

from tenure.experiments import (
    Arm,
    Design,
    Experiment,
    Layer,
    end_experiment,
    experiment_named,
    running_experiments,
    start_experiment,
)
from tenure.kernel import DefinitionError, RecordsError
from tenure.records import Database, apply_definition, audit_entries
from tests.databases import START, NewDatabase

ARMS = (Arm("control"), Arm("sms"))


def start(database: Database, design: Design) -> Experiment:
    with database.writing() as connection:
        text = apply_definition(connection, "experiment", design.name, "text", at=START, by="anna")
        return start_experiment(connection, design, text.definition, at=database.clock(), by="anna")


def end(database: Database, name: str) -> Experiment:
    with database.writing() as connection:
        return end_experiment(connection, name, at=database.clock(), by="bo", reason="done")


def test_a_started_experiment_comes_back_as_it_was_designed(database: Database) -> None:
    design = Design("welcome", ARMS, "m", layer=Layer("contact", 300))
    started = start(database, design)
    assert started.design == design.in_slots(Layer("contact", 300, 0))
    assert started.is_running
    with database.reading() as connection:
        assert experiment_named(connection, "welcome") == started
        (entry,) = audit_entries(connection, subject="experiment:welcome", limit=1)
    assert (entry.action, entry.recorded_by) == ("started", "anna")
    assert entry.details == {"kind": "experiment", "name": "welcome", "version": 1}


def test_starting_twice_is_starting_once(database: Database) -> None:
    design = Design("welcome", ARMS, "m", layer=Layer("contact", 300))
    start(database, Design("other", ARMS, "m", layer=Layer("contact", 100)))
    first = start(database, design)
    assert first.design.layer == Layer("contact", 300, 100)
    assert start(database, design) == first
    assert start(database, first.design) == first


def test_a_running_design_cannot_be_changed(database: Database) -> None:
    start(database, Design("welcome", ARMS, "m"))
    with pytest.raises(DefinitionError, match="running with another design"):
        start(database, Design("welcome", (Arm("control"), Arm("sms", 2)), "m"))


def test_one_salt_serves_one_experiment(database: Database) -> None:
    start(database, Design("welcome", ARMS, "m"))
    with pytest.raises(DefinitionError, match="salt of 'welcome'"):
        start(database, Design("second", ARMS, "m", salt="welcome"))


def test_slots_do_not_overlap_and_come_back_at_the_end(database: Database) -> None:
    def layered(name: str, slots: int) -> Design:
        return Design(name, ARMS, "m", layer=Layer("contact", slots))

    start(database, layered("first", 600))
    start(database, layered("second", 300))
    with pytest.raises(DefinitionError, match=r"first 0\.\.600, second 600\.\.900"):
        start(database, layered("third", 200))
    end(database, "first")
    third = start(database, layered("third", 200))
    assert third.design.layer == Layer("contact", 200, 0)
    with database.reading() as connection:
        assert [one.name for one in running_experiments(connection)] == ["second", "third"]


def test_an_ended_experiment_stays_ended(database: Database) -> None:
    design = Design("welcome", ARMS, "m")
    start(database, design)
    ended = end(database, "welcome")
    assert ended.ended_at is not None
    assert end(database, "welcome") == ended
    with pytest.raises(DefinitionError, match="has ended"):
        start(database, design)


def test_an_unknown_experiment_lists_the_known(database: Database) -> None:
    with database.reading() as connection, pytest.raises(DefinitionError, match="none"):
        experiment_named(connection, "welcome")
    start(database, Design("welcome", ARMS, "m"))
    with database.reading() as connection, pytest.raises(DefinitionError, match="one of welcome"):
        experiment_named(connection, "wellcome")


@pytest.mark.parametrize(
    "statement", ["UPDATE experiments SET name = 'x'", "DELETE FROM experiments"]
)
def test_nobody_rewrites_a_started_design(database: Database, statement: str) -> None:
    start(database, Design("welcome", ARMS, "m"))
    with pytest.raises(RecordsError, match="append-only"), database.writing() as connection:
        connection.exec_driver_sql(statement)


def test_programs_that_start_at_once_share_a_layer_without_overlap(new_url: NewDatabase) -> None:
    url = new_url()
    Database.open(url).close()

    def start_one(number: int) -> None:
        database = Database.open(url)
        start(database, Design(f"e{number}", ARMS, "m", layer=Layer("contact", 200)))
        database.close()

    programs = [threading.Thread(target=start_one, args=(number,)) for number in range(5)]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
    database = Database.open(url)
    with database.reading() as connection:
        layers = [one.design.layer for one in running_experiments(connection)]
    assert sorted(layer.first for layer in layers if layer and layer.first is not None) == [
        0, 200, 400, 600, 800
    ]  # fmt: skip
    database.close()
