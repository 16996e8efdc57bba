"""Migrations make exactly the tables that the rooms declare, once, whole or not at all."""

from __future__ import annotations

import importlib
import multiprocessing
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

import tenure
from tenure.kernel import RecordsError
from tenure.records import METADATA, Database, apply_definition, definitions, newest_schema
from tenure.records.migrating import SCRIPTS, VERSION_TABLE, migrate
from tests.databases import START, NewDatabase

PACKAGE = Path(tenure.__file__).parent
ROOT = PACKAGE.parent.parent


def declare_all_tables() -> None:
    """Import every module that declares a table of records."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "sa.Table(" in path.read_text(encoding="utf-8"):
            parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
            importlib.import_module(".".join(parts))


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return ScriptDirectory.from_config(config)


def schema_of(connection: sa.Connection) -> dict[str, Any]:
    """Return everything that the database says about its tables, in comparable form."""
    inspector = sa.inspect(connection)
    found: dict[str, Any] = {}
    for table in sorted(set(inspector.get_table_names()) - {VERSION_TABLE}):
        found[table] = {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            },
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": _sorted(inspector.get_foreign_keys(table)),
            "unique": _sorted(inspector.get_unique_constraints(table)),
            "indexes": _sorted(inspector.get_indexes(table)),
            "checks": _sorted(inspector.get_check_constraints(table)),
        }
    return found


def _sorted(found: list[Any]) -> list[tuple[tuple[str, str], ...]]:
    return sorted(tuple(sorted((key, str(value)) for key, value in one.items())) for one in found)


def test_migrations_make_what_the_rooms_declare(new_url: NewDatabase) -> None:
    declare_all_tables()
    migrated = Database.open(new_url())
    declared = Database(new_url())
    with declared.writing() as connection:
        METADATA.create_all(connection)
    with migrated.reading() as connection:
        made = schema_of(connection)
    with declared.reading() as connection:
        wanted = schema_of(connection)
    assert sorted(made) == sorted(wanted) == sorted(METADATA.tables)
    for table, parts in wanted.items():
        assert made[table] == parts, table
    for one in (migrated, declared):
        one.close()


def test_every_constraint_has_a_name() -> None:
    declare_all_tables()
    nameless = [
        f"{table.name}: {constraint!r}"
        for table in METADATA.tables.values()
        for constraint in (*table.constraints, *table.indexes)
        if not constraint.name
    ]
    assert nameless == []


def test_numbers_follow_each_other_without_a_gap_or_a_fork() -> None:
    found = list(scripts().walk_revisions())[::-1]
    numbers = [f"{number:04d}" for number in range(1, len(found) + 1)]
    assert [one.revision for one in found] == numbers
    assert [Path(one.path).name[:4] for one in found] == numbers
    assert newest_schema() == numbers[-1]


def test_each_migration_goes_upon_a_database_that_has_rows(new_url: NewDatabase) -> None:
    database = Database(new_url())
    for script in list(scripts().walk_revisions())[::-1]:
        with database.writing() as connection:
            migrate(connection, database.url, to=script.revision)
        assert database.state().found == script.revision
        with database.writing() as connection:
            apply_definition(connection, "note", script.revision, "text", at=START, by="test")
    assert database.state().is_current
    database.close()


def test_a_migrated_database_is_left_alone(new_url: NewDatabase) -> None:
    url = new_url()
    first = Database.open(url)
    with first.writing() as connection:
        apply_definition(connection, "strategy", "welcome", "a", at=START, by="anna")
    first.close()
    again = Database.open(url)
    with again.reading() as connection:
        assert connection.execute(sa.select(definitions.c.text)).scalars().all() == ["a"]
    again.close()


def test_a_database_of_a_newer_program_is_refused_unchanged(new_url: NewDatabase) -> None:
    url = new_url()
    Database.open(url).close()
    database = Database(url)
    with database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(RecordsError, match=f"schema 9999.*{newest_schema()}.*newer Tenure"):
        Database.open(url)
    assert database.state().is_newer
    database.close()


def test_a_migration_that_fails_leaves_no_half_schema(
    new_url: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_url()

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    # The triggers come last: the tables are made by then.
    monkeypatch.setattr("tenure.records.appending.forbid_changes", fail)
    with pytest.raises(ZeroDivisionError):
        Database.open(url)
    database = Database(url)
    assert database.state().found == ""
    with database.reading() as connection:
        assert sa.inspect(connection).get_table_names() == []
    monkeypatch.undo()
    database.close()
    opened = Database.open(url)
    assert opened.state().is_current
    opened.close()


def _open_and_write(url: str, start: Any, number: int) -> None:
    start.wait()
    database = Database.open(url)
    with database.writing() as connection:
        apply_definition(connection, "strategy", f"s{number}", "a", at=START, by="test")
    database.close()


@pytest.mark.slow
def test_programs_that_open_a_new_database_at_once_migrate_it_once(new_url: NewDatabase) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.unit.records.test_migrating", "alembic.command"])
    for _ in range(3):
        url, start = new_url(), context.Barrier(4)
        programs = [
            context.Process(target=_open_and_write, args=(url, start, number))
            for number in range(4)
        ]
        for program in programs:
            program.start()
        for program in programs:
            program.join()
        assert [program.exitcode for program in programs] == [0, 0, 0, 0]
        database = Database(url)
        assert database.state().is_current
        with database.reading() as connection:
            counted = sa.select(sa.func.count()).select_from(definitions)
            assert connection.execute(counted).scalar_one() == 4
        database.close()


@pytest.mark.slow
def test_the_wheel_carries_the_migrations(tmp_path: Path) -> None:
    building = (
        "import os, sys; os.chdir(sys.argv[1]); "
        "from hatchling.build import build_wheel; build_wheel(sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", building, str(ROOT), str(tmp_path)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    wanted = {path.relative_to(PACKAGE.parent).as_posix() for path in SCRIPTS.rglob("*.py")}
    assert len(wanted) >= 4
    assert wanted <= names
