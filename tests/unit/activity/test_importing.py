"""An import as a whole: all or nothing, recorded with its facts, visible from its instant on."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tenure.activity import importing
from tenure.activity.importing import ImportOptions
from tenure.assembly import Workspace, import_into
from tenure.kernel import Progress, QuestionError

HEADER = "customer_id,order_date,line_total\n"
JANUARY = HEADER + "00001,2025-01-03,11.77\n00002,2025-01-12,12.00\n"
FEBRUARY = HEADER + "00001,2025-02-03,5.00\nNA,2025-02-04,5.00\n"
START = datetime(2025, 3, 1)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    minutes = iter(range(10_000))
    return Workspace.create(
        tmp_path / "workspace", clock=lambda: START + timedelta(minutes=next(minutes))
    )


@pytest.fixture
def file(tmp_path: Path):
    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def rows(workspace: Workspace, sql: str) -> list[tuple]:
    return workspace.facts().engine.connection.execute(sql).fetchall()


def test_an_import_is_recorded_with_what_it_said(workspace: Workspace, file):
    told = import_into(workspace, [file("feb.csv", FEBRUARY)]).as_dict()
    ((name, kind, read, accepted, faulty, summary),) = rows(
        workspace, "SELECT source, kind, rows_read, accepted, quarantined, summary FROM imports"
    )
    assert (name, kind, read, accepted, faulty) == ("feb.csv", "orders", 2, 1, 1)
    said = json.loads(summary)
    assert said["detected"] == told["detected"]
    assert said["quarantine_file"] == told["quarantine_file"]


def test_each_fact_names_its_import(workspace: Workspace, file):
    import_into(workspace, [file("jan.csv", JANUARY), file("feb.csv", FEBRUARY)])
    assert rows(
        workspace,
        "SELECT imports.source, count(*) FROM activity JOIN imports USING (import_id) "
        "GROUP BY 1 ORDER BY 1",
    ) == [("feb.csv", 1), ("jan.csv", 2)]


def test_what_came_later_is_not_seen_before(workspace: Workspace, file):
    import_into(workspace, [file("jan.csv", JANUARY)])
    between = workspace.clock()
    import_into(workspace, [file("feb.csv", FEBRUARY)])

    def known(before: datetime | None) -> int:
        activity = workspace.facts(received_before=before).activity
        return activity.collect(activity.table).num_rows

    assert [known(None), known(between), known(START)] == [3, 2, 0]


def test_a_fault_in_between_leaves_nothing(
    workspace: Workspace, file, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(importing, "_record", broken)
    with pytest.raises(OSError, match="disk full"):
        import_into(workspace, [file("jan.csv", JANUARY)])
    assert rows(workspace, "SELECT count(*) FROM activity") == [(0,)]
    assert not list(workspace.scratch.iterdir())
    monkeypatch.undo()
    assert import_into(workspace, [file("jan.csv", JANUARY)]).sources[0].accepted == 2


def test_a_question_about_one_source_stops_all(workspace: Workspace, file):
    unclear = HEADER + "1,03/04/2025,1\n2,05/06/2025,1\n"
    with pytest.raises(QuestionError):
        import_into(workspace, [file("jan.csv", JANUARY), file("x.csv", unclear)])
    assert rows(workspace, "SELECT count(*) FROM imports") == [(0,)]


def test_several_questions_are_asked_at_once(workspace: Workspace, file):
    unclear = "customer_id,order_date,quantity,price\n1,03/04/2025,2,1\n2,05/06/2025,3,1\n"
    with pytest.raises(QuestionError) as caught:
        import_into(workspace, [file("x.csv", unclear)])
    codes = {question["code"] for question in caught.value.questions}
    assert codes == {"ambiguous_date_order", "ambiguous_price"}
    assert "1 more question" in str(caught.value)


def test_the_zone_that_was_said_is_kept_for_the_next_file(workspace: Workspace, file):
    text = "customer_id,order_time,line_total\n1,2025-0{}-03 20:00:00,1\n"
    said = ImportOptions(timezone="America/New_York")
    import_into(workspace, [file("jan.csv", text.format(1))], said)
    import_into(workspace, [file("feb.csv", text.format(2))])
    found = rows(workspace, "SELECT occurred_at::VARCHAR FROM activity ORDER BY 1")
    assert found == [("2025-01-04 01:00:00",), ("2025-02-04 01:00:00",)]


def test_progress_is_told_while_reading(workspace: Workspace, file):
    told: list[Progress] = []
    import_into(workspace, [file("jan.csv", JANUARY)], progress=told.append)
    assert {"reading"} <= {progress.stage for progress in told}
    assert told[-1].done == told[-1].total


def test_the_sum_of_several_sources_counts_a_customer_once(workspace: Workspace, file):
    result = import_into(workspace, [file("jan.csv", JANUARY), file("feb.csv", FEBRUARY)])
    assert (result.customers, result.orders) == (2, 3)
    assert [source.customers for source in result.sources] == [2, 1]
