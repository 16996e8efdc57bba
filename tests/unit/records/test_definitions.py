"""Definitions are kept in versions, sign for sign, with the entry that says who applied them."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from tenure.kernel import RecordsError
from tenure.records import (
    Applied,
    Database,
    apply_definition,
    audit_entries,
    current_definition,
    current_definitions,
    definition_history,
    definitions,
    digest_of,
    withdraw_definition,
)
from tests.databases import START, NewDatabase

WELCOME = "name: welcome\ntitle: {zh: 欢迎}\n# a comment   \n"


def put(database: Database, name: str, text: str, *, by: str = "anna", note: str = "") -> Applied:
    with database.writing() as connection:
        return apply_definition(
            connection, "strategy", name, text, at=database.clock(), by=by, note=note
        )


def current_text(database: Database, name: str) -> str | None:
    with database.reading() as connection:
        found = current_definition(connection, "strategy", name)
    return None if found is None else found.text


def test_a_text_comes_back_sign_for_sign(database: Database) -> None:
    applied = put(database, "welcome", WELCOME, note="first try")
    assert applied.is_new
    with database.reading() as connection:
        found = current_definition(connection, "strategy", "welcome")
    assert found == applied.definition
    assert (found.text, found.version, found.note) == (WELCOME, 1, "first try")
    assert (found.applied_at, found.applied_by) == (START, "anna")
    assert found.digest == digest_of(WELCOME)


def test_the_same_text_again_changes_nothing(database: Database) -> None:
    first = put(database, "welcome", WELCOME)
    again = put(database, "welcome", WELCOME, by="bo")
    assert not again.is_new
    assert again.definition == first.definition
    with database.reading() as connection:
        assert len(audit_entries(connection)) == 1


def test_another_text_is_the_next_version_and_the_old_one_stays(database: Database) -> None:
    put(database, "welcome", "a")
    put(database, "welcome", "b")
    put(database, "welcome", "a")
    with database.reading() as connection:
        history = definition_history(connection, "strategy", "welcome")
    assert [(one.version, one.text) for one in history] == [(1, "a"), (2, "b"), (3, "a")]
    assert current_text(database, "welcome") == "a"


def test_names_of_several_kinds_do_not_meet(database: Database) -> None:
    put(database, "welcome", "a")
    with database.writing() as connection:
        apply_definition(connection, "segment", "welcome", "s", at=START, by="anna")
        put_first = definition_history(connection, "segment", "welcome")
    assert [one.version for one in put_first] == [1]
    assert current_text(database, "welcome") == "a"


def test_a_withdrawn_definition_is_no_longer_current_but_not_forgotten(database: Database) -> None:
    put(database, "welcome", "a")
    with database.writing() as connection:
        gone = withdraw_definition(
            connection, "strategy", "welcome", at=database.clock(), by="bo", note="too dear"
        )
        assert withdraw_definition(connection, "strategy", "other", at=START, by="bo") is None
    assert gone is not None
    assert gone.definition.is_withdrawn
    assert current_text(database, "welcome") is None
    put(database, "welcome", "a")
    with database.reading() as connection:
        history = definition_history(connection, "strategy", "welcome")
    assert [(one.version, one.is_withdrawn) for one in history] == [
        (1, False),
        (2, True),
        (3, False),
    ]


def test_an_empty_text_is_not_a_withdrawal(database: Database) -> None:
    put(database, "welcome", "a")
    with database.writing() as connection:
        withdraw_definition(connection, "strategy", "welcome", at=START, by="bo")
    assert put(database, "welcome", "").is_new
    assert current_text(database, "welcome") == ""


def test_those_in_force_are_listed_by_name(database: Database) -> None:
    for name in ("win_back", "Überfällig", "activate", "gone"):
        put(database, name, "1")
    put(database, "activate", "2")
    with database.writing() as connection:
        withdraw_definition(connection, "strategy", "gone", at=START, by="bo")
        found = current_definitions(connection, "strategy")
    assert [(one.name, one.text) for one in found] == [
        ("activate", "2"),
        ("win_back", "1"),
        ("Überfällig", "1"),
    ]


def test_each_change_is_in_the_audit_log_newest_first(database: Database) -> None:
    put(database, "welcome", "a", note="start")
    put(database, "other", "a")
    put(database, "welcome", "b", by="bo")
    with database.reading() as connection:
        entries = audit_entries(connection, subject="strategy:welcome")
        assert len(audit_entries(connection, limit=2)) == 2
    assert [(one.recorded_by, one.action, one.details["version"]) for one in entries] == [
        ("bo", "applied", 2),
        ("anna", "applied", 1),
    ]
    assert entries[1].details == {"version": 1, "digest": digest_of("a"), "note": "start"}


def test_a_unit_of_work_that_fails_leaves_neither_version_nor_entry(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        apply_definition(connection, "strategy", "welcome", "a", at=START, by="anna")
        raise ZeroDivisionError
    assert current_text(database, "welcome") is None
    with database.reading() as connection:
        assert audit_entries(connection) == ()


def test_versions_cannot_be_rewritten(database: Database) -> None:
    put(database, "welcome", "a")
    for change in (definitions.update().values(text="b"), definitions.delete()):
        with pytest.raises(RecordsError, match="append-only"), database.writing() as connection:
            connection.execute(change)
    assert current_text(database, "welcome") == "a"


@pytest.mark.parametrize("wrong", [{"version": 0}, {"kind": ""}, {"name": ""}, {"text": None}])
def test_the_database_itself_refuses_half_definitions(
    database: Database, wrong: dict[str, object]
) -> None:
    applied = put(database, "welcome", "a").definition
    row = {
        column.name: getattr(applied, column.name)
        for column in definitions.c
        if column.name != "definition_id"
    }
    row["version"] = 2
    with pytest.raises(RecordsError), database.writing() as connection:
        connection.execute(definitions.insert().values(row | wrong))
    with database.writing() as connection:
        connection.execute(definitions.insert().values(row))


def test_writers_at_once_number_their_versions_in_turn(new_url: NewDatabase) -> None:
    url = new_url()
    Database.open(url).close()

    def write(writer: int) -> None:
        database = Database.open(url)
        for number in range(5):
            put(database, "welcome", f"{writer}.{number}")
        database.close()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    database = Database.open(url)
    with database.reading() as connection:
        history = definition_history(connection, "strategy", "welcome")
        counted = connection.execute(sa.select(sa.func.count()).select_from(definitions))
        assert counted.scalar_one() == 20
    assert [one.version for one in history] == list(range(1, 21))
    assert len({one.text for one in history}) == 20
    database.close()
