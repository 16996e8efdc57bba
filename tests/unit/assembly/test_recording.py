"""A workspace's records: opened when asked for, checked by doctor, erased with their bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tenure.assembly import Workspace, check_workspace, erase_customer
from tenure.assembly.recording import RECORDS_FILE, workspace_records_url
from tenure.engine.lake_care import Finding
from tenure.experiments import Arm, Design, exposed_units, log_exposures, start_experiment
from tenure.kernel import RecordsError
from tenure.records import apply_definition, audit_entries
from tenure.records.migrating import VERSION_TABLE
from tenure.settings import Settings
from tests.databases import START, NewDatabase, new_url, postgresql_server, ticking

__all__ = ["new_url", "postgresql_server"]

CUSTOMER = "anna-wang-7"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "shop", {"currency": "EUR"}, clock=ticking())


def finding(workspace: Workspace) -> Finding:
    (found,) = [one for one in check_workspace(workspace) if one.check == "records"]
    return found


def test_records_are_made_when_first_asked_for(workspace: Workspace) -> None:
    file = workspace.root / RECORDS_FILE
    assert finding(workspace).state == "ok"
    assert not file.exists()
    assert workspace.records is workspace.records
    assert file.exists()
    assert workspace.records.clock is workspace.clock
    assert finding(workspace) == Finding(
        "records", "ok", f"sqlite:///{file}, schema {workspace.records.state().found}"
    )


def test_a_folder_with_odd_signs_holds_its_records(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "50% off? #1 @店", {"currency": "EUR"})
    with workspace.records.writing() as connection:
        apply_definition(connection, "strategy", "a", "b", at=START, by="anna")
    assert (workspace.root / RECORDS_FILE).exists()
    assert finding(workspace).state == "ok"


def test_the_setting_names_the_database(tmp_path: Path) -> None:
    def url(setting: str) -> str:
        given = workspace_records_url(tmp_path, Settings(records_url=setting))
        return given.render_as_string(hide_password=False)

    assert url("") == f"sqlite:///{tmp_path}/records.db"
    assert url("sqlite:///kept/here.db") == f"sqlite:///{tmp_path}/kept/here.db"
    assert url("sqlite:////var/records.db") == "sqlite:////var/records.db"
    assert url("postgresql://me:pw@host/db") == "postgresql+psycopg://me:pw@host/db"
    with pytest.raises(RecordsError, match="records_url"):
        url("mysql://host/db")


def test_a_workspace_works_on_either_database(
    workspace: Workspace, new_url: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENURE_RECORDS_URL", new_url())
    opened = Workspace.open(workspace.root)
    with opened.records.writing() as connection:
        apply_definition(connection, "strategy", "a", "b", at=START, by="anna")
    assert finding(opened).state == "ok"
    assert not (workspace.root / RECORDS_FILE).exists()
    opened.records.close()


def test_passwords_are_not_shown() -> None:
    shown = Settings(records_url="postgresql://me:secret@host/db").shown()
    assert shown["records_url"] == "postgresql://me:***@host/db"
    assert shown["timezone"] == "UTC"


def test_doctor_tells_records_that_fail(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENURE_RECORDS_URL", "sqlite:////nowhere/at/all.db")
    assert finding(Workspace.open(workspace.root)).detail.endswith("there is no folder /nowhere/at")
    monkeypatch.setenv("TENURE_RECORDS_URL", "mysql://me:secret@host/db")
    found = finding(Workspace.open(workspace.root))
    assert found.state == "fault"
    assert "secret" not in found.detail


def test_doctor_tells_records_of_another_program(workspace: Workspace) -> None:
    def at_schema(number: str) -> Finding:
        with workspace.records.writing() as connection:
            connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '{number}'")
        return finding(workspace)

    older, newer = at_schema("0001"), at_schema("9999")
    assert (older.state, newer.state) == ("warning", "fault")
    assert "when next used" in older.detail
    assert "newer Tenure" in newer.detail
    with pytest.raises(RecordsError, match="9999"):
        _ = Workspace.open(workspace.root).records


def test_doctor_tells_a_damaged_file(workspace: Workspace) -> None:
    with workspace.records.writing() as connection:
        for number in range(200):
            apply_definition(connection, "strategy", f"s{number}", "x" * 500, at=START, by="anna")
    workspace.records.close()
    file = workspace.root / RECORDS_FILE
    content = bytearray(file.read_bytes())
    content[-20 * 4096 : -4096] = b"\xff" * (19 * 4096)
    file.write_bytes(content)
    assert finding(workspace).state == "fault"


def test_an_erased_customer_leaves_no_bytes_in_the_records(workspace: Workspace) -> None:
    records = workspace.records
    with records.writing() as connection:
        text = apply_definition(connection, "experiment", "e", "text", at=START, by="anna")
        design = Design("e", (Arm("control"), Arm("sms")), "m")
        experiment = start_experiment(connection, design, text.definition, at=START, by="anna")
        units = [CUSTOMER, *(f"other-{number}" for number in range(300))]
        log_exposures(connection, experiment, units, np.zeros(301, np.int64), at=START, by="plan:1")
    assert erased_rows(workspace)["records.exposures"] == 1
    held = [file.read_bytes() for file in workspace.root.glob(f"{RECORDS_FILE}*")]
    assert held
    assert not any(CUSTOMER.encode() in content for content in held)
    assert any(b"other-7" in content for content in held)
    with records.reading() as connection:
        assert exposed_units(connection, experiment).num_rows == 300
        (entry,) = audit_entries(connection, subject="customers")
    assert entry.action == "erased"
    assert CUSTOMER not in str(entry.details)


def test_erasing_without_records_makes_none(workspace: Workspace) -> None:
    assert not any(name.startswith("records.") for name in erased_rows(workspace))
    assert not (workspace.root / RECORDS_FILE).exists()


def test_every_table_of_customers_lets_them_be_erased(workspace: Workspace) -> None:
    with workspace.records.reading() as connection:
        guarded = connection.exec_driver_sql(
            "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_no_delete'"
        ).scalars()
        tables = set(guarded)
        named = {
            table
            for table in tables
            for column in connection.exec_driver_sql(f"PRAGMA table_info({table})").mappings()
            if column["name"] in ("customer_id", "unit_id", "losing_id")
        }
    assert "audit_log" in tables
    assert named == set()


def erased_rows(workspace: Workspace) -> dict[str, int]:
    rows = erase_customer(workspace, CUSTOMER)["rows"]
    assert isinstance(rows, dict)
    return rows
