"""Predictions of a workspace: what is shared between kinds, and what changes hands."""

from __future__ import annotations

from typing import Any

import pytest

from tenure.assembly import Workspace, fit_model, predict_all, predicting, simulate_workspace
from tenure.predictions.learning_dates import LearningPlan
from tenure.predictions.panels import Panel, panel
from tenure.simulation import planned_world

PLAN = LearningPlan(horizon_days=60)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("predicted")
    world = planned_world("service", customers=300, seed=5)
    simulate_workspace(world, folder / "shop", folder / "truth")
    return Workspace.open(folder / "shop")


@pytest.mark.slow
def test_kinds_share_their_panels_and_learn_what_they_would_learn_alone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = fit_model(workspace, "value", PLAN)
    asked: list[object] = []

    def counted(facts: object, **given: Any) -> Panel:
        asked.append(given["as_of"])
        return panel(facts, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(predicting, "panel", counted)
    fitted, _ = predict_all(workspace, PLAN)
    assert {"churn", "value"} <= set(fitted)
    assert len(asked) == len(set(asked)) > 3
    assert fitted["value"].fingerprint == alone.fingerprint
    assert fitted["value"].scorecard == alone.scorecard
