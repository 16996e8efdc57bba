"""The snapshot of many customers is worked out by ranges of them, and says the same."""

from __future__ import annotations

from datetime import date

import pytest

from tenure.assembly import Workspace, customers_as_of, kept_tables, refresh
from tenure.assembly.customers import CustomersAsOf
from tenure.assembly.simulating import simulate_workspace
from tenure.metrics.kept import KeptActivity
from tenure.simulation.kinds import planned_world


@pytest.fixture(scope="module", params=["shop", "subscription"])
def workspace(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Workspace:
    folder = tmp_path_factory.mktemp(request.param)
    world = planned_world(request.param, customers=300, seed=2)
    simulate_workspace(world, folder / "made", folder / "truth")
    made = Workspace.open(folder / "made")
    refresh(made, full=True)
    return made


@pytest.mark.parametrize("as_of", [None, date(2025, 3, 1)])
def test_ranges_make_the_same_snapshot(
    workspace: Workspace, as_of: date | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = customers_as_of(workspace, as_of)
    cut = tuple(f"C{number:09d}" for number in (20, 77, 250))
    monkeypatch.setattr(kept_tables, "_bounds", lambda view: cut)
    parts = customers_as_of(workspace, as_of)
    assert isinstance(parts.facts.activity, KeptActivity) and parts.facts.activity.bounds == cut

    def rows(found: CustomersAsOf) -> list[dict[str, object]]:
        table = found.snapshot.table
        told: list[dict[str, object]] = found.snapshot.collect(
            table.order_by("customer_id")
        ).to_pylist()
        return told

    assert rows(parts) == rows(whole)
    assert len({row["rfm_segment"] for row in rows(parts)}) > 4
