"""Exposures are logged once, when decided; merged ids count as one, by the earliest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tenure.experiments import (
    EXPOSED,
    Arm,
    Design,
    Experiment,
    Settled,
    arms_in_force,
    assign,
    assign_recorded,
    conflict_count,
    end_experiment,
    erase_unit,
    exposed_units,
    log_exposures,
    merge_units,
    start_experiment,
)
from tenure.experiments.exposures import Logged
from tenure.kernel import DataError, OptionError, RecordsError
from tenure.records import Database, apply_definition
from tests.databases import START

IDS = [f"c{number}" for number in range(40)]
DAY = timedelta(days=1)


@pytest.fixture
def experiment(database: Database) -> Experiment:
    return started(database, "welcome")


def started(database: Database, name: str, **options: Any) -> Experiment:
    design = Design(name, (Arm("control", 1), Arm("sms", 3)), "m", **options)
    with database.writing() as connection:
        text = apply_definition(connection, "experiment", name, "text", at=START, by="anna")
        return start_experiment(connection, design, text.definition, at=START, by="anna")


def log(
    database: Database,
    experiment: Experiment,
    units: list[str],
    at: datetime = START,
    arms: list[int] | None = None,
    **options: Any,
) -> Logged:
    with database.writing() as connection:
        chosen = arms_in_force(connection, experiment, units) if arms is None else np.array(arms)
        return log_exposures(connection, experiment, units, chosen, at=at, by="plan:1", **options)


def rows(database: Database, experiment: Experiment) -> dict[str, dict[str, Any]]:
    with database.reading() as connection:
        table = exposed_units(connection, experiment)
    assert table.schema == EXPOSED
    return {row["unit_id"]: row for row in table.to_pylist()}


def merge(database: Database, *pairs: tuple[str, str]) -> list[Settled]:
    with database.writing() as connection:
        return merge_units(connection, pairs, at=START)


def in_arm(experiment: Experiment, arm: int) -> list[str]:
    """Ids that the hash puts into an arm."""
    arms = assign(IDS, experiment.design)
    return [unit for unit, own in zip(IDS, arms, strict=True) if own == arm]


def test_the_first_exposure_stands(database: Database, experiment: Experiment) -> None:
    assert log(database, experiment, IDS[:10]) == Logged(10, 0)
    assert log(database, experiment, IDS[5:15], START + DAY) == Logged(5, 5)
    found = rows(database, experiment)
    assert sorted(found) == sorted(IDS[:15])
    assert {found[unit]["exposed_at"] for unit in IDS[:10]} == {START}
    assert {found[unit]["exposed_at"] for unit in IDS[10:15]} == {START + DAY}


def test_the_chance_is_the_arm_s_share_unless_told(
    database: Database, experiment: Experiment
) -> None:
    log(database, experiment, IDS[:20])
    log(database, experiment, IDS[20:22], propensities=[0.05, 1.0])
    found = rows(database, experiment)
    for unit in IDS[:20]:
        assert found[unit]["propensity"] == {"control": 0.25, "sms": 0.75}[found[unit]["arm"]]
    assert [found[unit]["propensity"] for unit in IDS[20:22]] == [0.05, 1.0]


@pytest.mark.parametrize(
    ("units", "arms", "chances", "match"),
    [
        (["a", "a"], [0, 0], None, "each unit once"),
        (["a", "b"], [0], None, "each unit once"),
        (["a"], [-1], None, "in no arm"),
        (["a"], [2], None, "in no arm"),
        (["a"], [0], [0.0], "propensities"),
        (["a"], [0], [1.1], "propensities"),
        (["a"], [0], [float("nan")], "propensities"),
        (["a"], [0], [0.5, 0.5], "propensities"),
    ],
)
def test_exposures_that_cannot_be_are_refused(
    database: Database,
    experiment: Experiment,
    units: list[str],
    arms: list[int],
    chances: list[float] | None,
    match: str,
) -> None:
    with pytest.raises(DataError, match=match):
        log(database, experiment, units, arms=arms, propensities=chances)
    assert rows(database, experiment) == {}


def test_a_unit_does_not_change_its_arm(database: Database, experiment: Experiment) -> None:
    log(database, experiment, ["a", "b"], arms=[0, 1])
    with pytest.raises(DataError, match=r"another arm than before, e\.g\. 'b'"):
        log(database, experiment, ["c", "b"], arms=[0, 0])
    assert sorted(rows(database, experiment)) == ["a", "b"]


def test_an_ended_experiment_logs_nothing(database: Database, experiment: Experiment) -> None:
    with database.writing() as connection:
        ended = end_experiment(connection, "welcome", at=START, by="anna")
    with pytest.raises(OptionError, match="has ended"):
        log(database, ended, ["a"])


def test_recorded_strata_come_along(database: Database) -> None:
    experiment = started(database, "shops", method="stratified", strata=("city",))
    with database.writing() as connection:
        assign_recorded(connection, experiment, ["a", "b"], at=START, strata=["x", "y"])
    log(database, experiment, ["a", "b"])
    found = rows(database, experiment)
    assert [found[unit]["stratum"] for unit in ("a", "b")] == ["x", "y"]


def test_nobody_rewrites_an_exposure(database: Database, experiment: Experiment) -> None:
    log(database, experiment, ["a"])
    with pytest.raises(RecordsError, match="append-only"), database.writing() as connection:
        connection.exec_driver_sql("UPDATE exposures SET arm = 'control'")


def test_of_merged_ids_the_earliest_exposure_wins(
    database: Database, experiment: Experiment
) -> None:
    (control, *_), (treated, *_) = in_arm(experiment, 0), in_arm(experiment, 1)
    log(database, experiment, [control], START + DAY)
    log(database, experiment, [treated], START)
    (settled,) = merge(database, (treated, control))
    assert settled == Settled(
        "welcome", treated, control, "sms", START, "earliest_exposure", is_conflict=True
    )
    found = rows(database, experiment)
    assert list(found) == [control]
    assert (found[control]["arm"], found[control]["exposed_at"]) == ("sms", START)
    with database.reading() as connection:
        assert arms_in_force(connection, experiment, [control]).tolist() == [1]
        assert conflict_count(connection, experiment) == 1
    # She comes to the next decision in the arm that was settled.
    assert log(database, experiment, [control], START + 2 * DAY) == Logged(0, 1)


def test_an_exposed_id_wins_over_one_that_never_was(
    database: Database, experiment: Experiment
) -> None:
    (control, *_), (treated, *_) = in_arm(experiment, 0), in_arm(experiment, 1)
    log(database, experiment, [treated])
    (settled,) = merge(database, (treated, control))
    assert (settled.arm, settled.rule, settled.is_conflict) == ("sms", "earliest_exposure", False)
    assert log(database, experiment, [control], START + DAY) == Logged(1, 0)
    found = rows(database, experiment)
    assert (found[control]["arm"], found[control]["exposed_at"]) == ("sms", START)


def test_of_ids_never_exposed_the_surviving_one_stands(
    database: Database, experiment: Experiment
) -> None:
    (control, *_), (treated, *_) = in_arm(experiment, 0), in_arm(experiment, 1)
    assert merge(database, (treated, control)) == []
    with database.reading() as connection:
        assert arms_in_force(connection, experiment, [control]).tolist() == [0]
    shops = started(database, "shops", method="stratified")
    with database.writing() as connection:
        assign_recorded(connection, shops, ["a", "b", "c", "d"], at=START)
        before = arms_in_force(connection, shops, ["a", "b", "c", "d"]).tolist()
    settled = merge(database, ("a", "b"), ("c", "new"))
    assert [(one.surviving_id, one.rule) for one in settled] == [
        ("b", "surviving_arm"),
        ("new", "losing_arm"),
    ]
    with database.reading() as connection:
        assert arms_in_force(connection, shops, ["b", "new"]).tolist() == [before[1], before[2]]


def test_merges_of_merged_ids_follow_the_same_rule(
    database: Database, experiment: Experiment
) -> None:
    one, two, three = in_arm(experiment, 0)[0], in_arm(experiment, 1)[0], in_arm(experiment, 0)[1]
    log(database, experiment, [two], START)
    log(database, experiment, [three], START + DAY)
    log(database, experiment, [one], START - DAY)
    told = merge(database, (two, three), (three, one))
    assert [(settled.arm, settled.is_conflict) for settled in told] == [
        ("sms", True),
        ("control", True),
    ]
    found = rows(database, experiment)
    assert list(found) == [one]
    assert (found[one]["arm"], found[one]["exposed_at"]) == ("control", START - DAY)


def test_an_exposure_after_the_merge_counts_in_the_next(
    database: Database, experiment: Experiment
) -> None:
    shops = started(database, "shops", method="stratified")
    with database.writing() as connection:
        assign_recorded(connection, shops, ["a", "b", "c"], at=START)
    merge(database, ("a", "b"))
    log(database, shops, ["b"], START)
    log(database, shops, ["c"], START + DAY)
    (settled,) = merge(database, ("b", "c"))
    assert (settled.rule, settled.exposed_at) == ("earliest_exposure", START)
    assert list(rows(database, shops)) == ["c"]


def test_a_merge_known_already_is_not_told_again(
    database: Database, experiment: Experiment
) -> None:
    log(database, experiment, ["c1"])
    assert len(merge(database, ("c1", "c2"))) == 1
    assert merge(database, ("c1", "c2")) == []


@pytest.mark.parametrize("pair", [("c1", "c1"), ("c1", "c3"), ("c4", "c1")])
def test_a_merge_that_cannot_be_is_refused(
    database: Database, experiment: Experiment, pair: tuple[str, str]
) -> None:
    log(database, experiment, ["c1", "c4"])
    merge(database, ("c1", "c2"))
    with pytest.raises(DataError):
        merge(database, pair)


def test_stores_are_not_customers(database: Database) -> None:
    stores = started(database, "stores", unit="store_id")
    log(database, stores, ["c1"], arms=[1])
    assert merge(database, ("c1", "c2")) == []
    with database.writing() as connection:
        erase_unit(connection, "c1")
    assert list(rows(database, stores)) == ["c1"]


def test_an_erased_customer_is_gone_with_every_id_she_had(
    database: Database, experiment: Experiment
) -> None:
    shops = started(database, "shops", method="stratified")
    with database.writing() as connection:
        assign_recorded(connection, shops, ["a", "b", "c"], at=START)
    log(database, experiment, ["a", "b", "c"], START)
    merge(database, ("a", "b"))
    with database.writing() as connection:
        assert erase_unit(connection, "b") == {"exposures": 2, "assignments": 2, "unit_merges": 2}
    assert list(rows(database, experiment)) == ["c"]
