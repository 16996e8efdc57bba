"""Predictions of a workspace: what is shared between kinds, and what changes hands."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tenure.assembly import (
    Workspace,
    fit_model,
    model_in_use,
    predict_all,
    predicting,
    promote,
    read_scorecard,
    simulate_workspace,
)
from tenure.cli import main
from tenure.kernel import DefinitionError
from tenure.predictions import learning_dates, saving
from tenure.predictions.learning_dates import LearningPlan
from tenure.predictions.panels import Panel, panel
from tenure.predictions.saving import SavedModel
from tenure.predictions.scorecards.judging import scorecard
from tenure.predictions.scorecards.scorecard import Scorecard
from tenure.simulation import planned_world
from tests.unit.predictions.scorecards.cards import options, ranking_origins

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
    # As few dates as can be judged: each takes seconds.
    monkeypatch.setattr(learning_dates, "DATES_MAX", PLAN.judged + 1)
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


def card(seed: int) -> Scorecard:
    made = ranking_origins(count=100, seed=seed)
    return scorecard("ranking", made, model="model", rivals=["popular"], options=options())


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    """A workspace with two models of a kind that nothing but promotion looks into."""
    made = Workspace.create(tmp_path / "shop")
    for number, name in enumerate(("next_purchase", "next_purchase-challenger")):
        coverage = {"value": 0.8 + number / 100, "low": 0.7, "high": 0.9, "confidence": 0.9}
        dates = {
            "returned": 120,
            "likely_coverage": coverage,
            "widely_coverage": coverage,
            "text": {"en": f"Dates of model {number}.", "zh": f"模型 {number} 的日期。"},
        }
        content = {"dates_check": dates}
        saved = SavedModel(
            "next_purchase", date(2025, 1 + number, 1), datetime(2025, 6, 1), "UTC", content, {}
        )
        saved.write(made.root / "models" / f"{name}.json")
        text = card(number).as_json()
        (made.root / "models" / f"{name}.scorecard.json").write_text(text, encoding="utf-8")
    return made


def test_promotion_swaps_model_and_scorecard_and_takes_itself_back(shop: Workspace) -> None:
    before = model_in_use(shop, "next_purchase")
    done = promote(shop, "next_purchase")
    assert (done.as_of, done.former) == (date(2025, 2, 1), before.fingerprint)
    assert model_in_use(shop, "next_purchase").fingerprint == done.fingerprint
    assert read_scorecard(shop, "next_purchase") == card(1)
    assert read_scorecard(shop, "next_purchase", challenger=True) == card(0)
    assert promote(shop, "next_purchase").fingerprint == before.fingerprint


def test_promotion_without_a_challenger_is_refused(shop: Workspace) -> None:
    for file in (shop.root / "models").glob("*-challenger*"):
        file.unlink()
    with pytest.raises(DefinitionError, match="tenure fit next_purchase --challenger"):
        promote(shop, "next_purchase")
    told = CliRunner().invoke(main, ["promote", "next_purchase", "-w", str(shop.root)])
    assert told.exit_code not in (0, 70)
    assert "--challenger" in told.output


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_an_interrupted_promotion_leaves_a_model_in_use_and_can_be_completed(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Whichever of the four files cannot be written."""
    former = model_in_use(shop, "next_purchase")
    real, written = saving.write_whole, []

    def failing(path: Path, data: bytes) -> None:
        written.append(path)
        if len(written) == step:
            raise OSError("disk full")
        real(path, data)

    with monkeypatch.context() as broken:
        broken.setattr(predicting, "write_whole", failing)
        broken.setattr(saving, "write_whole", failing)
        with pytest.raises(OSError, match="disk full"):
            promote(shop, "next_purchase")
    now = model_in_use(shop, "next_purchase")
    if now.fingerprint == former.fingerprint:
        now = model_in_use(shop, promote(shop, "next_purchase").kind)
    assert now.as_of == date(2025, 2, 1)
    assert read_scorecard(shop, "next_purchase") == card(1)


def test_the_scorecard_of_the_next_purchase_prints_figures_and_dates(shop: Workspace) -> None:
    words = ["scorecard", "next_purchase", "-w", str(shop.root)]
    told = CliRunner().invoke(main, words)
    assert told.exit_code == 0, told.output
    for word in ("Recall", "NDCG", "0.1886", "Dates of model 0.", "80.0%"):
        assert word in told.output, told.output
    asked = json.loads(CliRunner().invoke(main, [*words, "--json", "--challenger"]).stdout)
    assert asked["dates"]["text"]["en"] == "Dates of model 1."
