"""Units of work: one transaction each, the same on both databases; faults say what to do."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from tenure.kernel import RecordsBusyError, RecordsError
from tenure.records import Database, audit_entries, audit_log, record_audit, take_turn
from tests.databases import START, NewDatabase, at_server


def note(connection: sa.Connection, subject: str) -> None:
    record_audit(connection, "noted", subject, at=START, by="test")


def subjects(database: Database) -> list[str]:
    with database.reading() as connection:
        return [entry.subject for entry in audit_entries(connection)]


def test_a_unit_of_work_is_there_whole_when_it_ends(database: Database) -> None:
    with database.writing() as connection:
        note(connection, "a")
        note(connection, "b")
    assert subjects(database) == ["b", "a"]


def test_a_unit_of_work_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        note(connection, "a")
        raise ZeroDivisionError
    assert subjects(database) == []


def test_a_reading_unit_cannot_write(database: Database) -> None:
    with pytest.raises(RecordsError), database.reading() as connection:
        note(connection, "a")
    assert subjects(database) == []
    with database.writing() as connection:
        note(connection, "b")
    assert subjects(database) == ["b"]


def test_a_reading_unit_sees_one_state_throughout(database: Database) -> None:
    with database.reading() as reader:
        assert audit_entries(reader) == ()
        with database.writing() as writer:
            note(writer, "a")
        assert audit_entries(reader) == ()
    assert subjects(database) == ["a"]


def test_a_writing_unit_within_another_is_refused_instead_of_waiting_for_itself(
    database: Database,
) -> None:
    with database.writing() as connection:
        with pytest.raises(RuntimeError, match="wait for itself"), database.writing():
            pass
        note(connection, "a")
    with database.writing() as connection:
        note(connection, "b")
    assert subjects(database) == ["b", "a"]


def test_two_writers_with_one_turn_do_not_meet(new_url: NewDatabase) -> None:
    url = new_url()
    first, second = (Database.open(url, busy_seconds=5) for _ in range(2))
    order: list[str] = []
    inside = threading.Event()

    def wait_for_turn() -> None:
        inside.wait(5)
        with second.writing() as connection:
            take_turn(connection, "thing")
            order.append("second")

    waiting = threading.Thread(target=wait_for_turn)
    waiting.start()
    with first.writing() as connection:
        take_turn(connection, "thing")
        inside.set()
        waiting.join(0.3)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    first.close()
    second.close()


def test_a_writer_that_waits_too_long_is_told_so(new_url: NewDatabase) -> None:
    url = new_url()
    holder = Database.open(url)
    hasty = Database.open(url, busy_seconds=0.1)
    with holder.writing() as held:
        take_turn(held, "thing")
        with pytest.raises(RecordsBusyError, match="wait for"), hasty.writing() as connection:
            take_turn(connection, "thing")
    holder.close()
    hasty.close()


def test_what_a_constraint_refuses_is_told_and_leaves_nothing(database: Database) -> None:
    with pytest.raises(RecordsError, match="fits"), database.writing() as connection:
        note(connection, "a")
        connection.execute(audit_log.insert().values(action="x"))
    assert subjects(database) == []


def test_rows_that_only_grow_can_be_changed_by_nobody(database: Database) -> None:
    with database.writing() as connection:
        note(connection, "a")
    for change in (audit_log.update().values(subject="b"), audit_log.delete()):
        with pytest.raises(RecordsError, match="append-only"), database.writing() as connection:
            connection.execute(change)
    assert subjects(database) == ["a"]


@pytest.mark.postgresql
def test_a_growing_table_cannot_be_emptied_either(postgresql_server: str) -> None:
    database = Database.open(postgresql_server)
    with pytest.raises(RecordsError, match="append-only"), database.writing() as connection:
        connection.exec_driver_sql("TRUNCATE audit_log")
    database.close()


@pytest.mark.postgresql
def test_the_schema_that_a_url_names_is_used(postgresql_server: str) -> None:
    at_server(postgresql_server, "CREATE SCHEMA shop")
    url = sa.make_url(postgresql_server).update_query_dict({"options": "-csearch_path=shop"})
    database = Database.open(url)
    with database.reading() as connection:
        assert "audit_log" in sa.inspect(connection).get_table_names(schema="shop")
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "30s"
    database.close()


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("", "cannot be read"),
        ("records.db", "cannot be read"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://u:secret@h/d", "records in mysql"),
        ("duckdb:///x", "records in duckdb"),
    ],
)
def test_a_url_of_no_records_is_refused(url: str, match: str) -> None:
    with pytest.raises(RecordsError, match=match) as caught:
        Database(url)
    assert "secret" not in str(caught.value)


@pytest.mark.postgresql
def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    with pytest.raises(RecordsError, match="check that it runs") as caught:
        Database.open("postgresql://me:secret@127.0.0.1:9/records")
    assert "secret" not in str(caught.value)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="make the folder"):
        Database.open(f"sqlite:///{tmp_path}/nowhere/records.db")


def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "records.db"
    file.write_text("customer,amount\n" * 100)
    with pytest.raises(RecordsError, match="not a database"):
        Database.open(f"sqlite:///{file}")
    assert file.read_text() == "customer,amount\n" * 100


def test_looking_at_the_state_makes_no_file(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/records.db")
    assert database.state().found == ""
    assert list(tmp_path.iterdir()) == []


def test_sqlite_writes_ahead_reaches_the_disk_and_checks_references(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/records.db")
    with database.reading() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.close()


def test_a_whole_file_has_no_damage_and_a_broken_one_is_told(tmp_path: Path) -> None:
    file = tmp_path / "records.db"
    database = Database.open(f"sqlite:///{file}")
    with database.writing() as connection:
        for number in range(500):
            note(connection, f"subject {number}")
    assert database.damage() == ""
    database.close()
    content = bytearray(file.read_bytes())
    content[8 * 4096 : 9 * 4096] = b"\xff" * 4096
    file.write_bytes(content)
    broken = Database(f"sqlite:///{file}")
    assert broken.damage() != ""
    broken.close()
