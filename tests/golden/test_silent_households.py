"""Complete Journey: how many households were silent at the year's end, under two definitions.

Source: the data's true-figures page (406 / 215 / 142, whole days of 24 hours before midnight
UTC, orders of that early morning included), and what the snapshot must say, counted with plain
SQL: calendar days, and nothing of the as-of day itself (424 / 219 / 144).
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from tenure.assembly import Workspace, customers_as_of, import_into
from tenure.engine.duck import first_row

AS_OF = date(2018, 1, 1)


@pytest.fixture(scope="module")
def workspace(complete_journey: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("silent") / "workspace"
    made = Workspace.create(root, {"currency": "USD"}, clock=lambda: datetime(2018, 6, 1))
    import_into(made, [complete_journey / "transactions.parquet"])
    return made


def test_whole_days_of_24_hours_before_midnight(workspace: Workspace) -> None:
    silent = first_row(
        workspace.facts().engine.connection,
        "SELECT " + ", ".join(f"count(*) FILTER (days > {n})" for n in (30, 60, 90)) + " FROM "
        "(SELECT floor(epoch(TIMESTAMP '2018-01-01' - max(occurred_at)) / 86400) AS days "
        "FROM activity GROUP BY customer_id)",
    )
    assert silent == (406, 215, 142)


def test_the_snapshot_counts_calendar_days_before_its_own(workspace: Workspace) -> None:
    snapshot = customers_as_of(workspace, AS_OF).snapshot
    days = snapshot.collect(snapshot.table.select("days_since_last_order"))
    counted = days.column(0).to_pylist()
    assert [sum(d > n for d in counted) for n in (30, 60, 90)] == [424, 219, 144]
