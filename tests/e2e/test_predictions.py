"""From a business's facts to whom to call: fit, judge, score, segments and report."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner

from tenure.assembly import (
    Workspace,
    customers_as_of,
    erase_customer,
    simulate_workspace,
)
from tenure.assembly.predicting import model_in_use
from tenure.cli import main
from tenure.predictions.kinds import restored
from tenure.predictions.panels import panel
from tenure.simulation import planned_world

ASKED = ("churn",)


def run(*words: str) -> dict[str, object]:
    """Run a command with `--json` and return what it printed."""
    result = CliRunner().invoke(main, [*words, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predicted")
    simulate_workspace(
        planned_world("shop", customers=1200, seed=5), folder / "shop", folder / "truth"
    )
    return folder / "shop"


@pytest.fixture(scope="module")
def fitted(root: Path) -> dict[str, object]:
    return run("fit", "churn", "-w", str(root), "--horizon-days", "60")


@pytest.fixture(scope="module")
def scored(root: Path, fitted: dict[str, object]) -> dict[str, int]:
    return run("score", "-w", str(root))["scored"]


def test_a_model_is_a_small_text_with_its_scorecard(root: Path, fitted: dict[str, object]) -> None:
    assert fitted["in_use"] is True
    assert fitted["size_bytes"] < 1_000_000
    card = run("scorecard", "churn", "-w", str(root))["scorecard"]
    assert card == fitted["scorecard"]
    assert len(card["origins"]) >= 3
    assert {"recency", "past_rate", "rfm_cell"} <= set(card["rivals"])
    for one in card["origins"]:
        assert one["until"] <= date(2026, 1, 1).isoformat()


def test_an_attribute_that_knows_the_future_is_named_by_the_scorecard(
    root: Path, fitted: dict[str, object], tmp_path: Path
) -> None:
    honest = {check["name"]: check for check in fitted["scorecard"]["checks"]}
    assert set(honest) == {"dates_apart", "customers_apart", "columns_that_know"}
    assert all(check["passed"] for check in honest.values())
    copied = Path(shutil.copytree(root, tmp_path / "shop"))
    workspace = Workspace.open(copied)
    last = date.fromisoformat(fitted["scorecard"]["origins"][-1]["as_of"])
    seen = panel(workspace.facts(), as_of=last, horizon_days=60, calendar=workspace.calendar)
    left = restored(model_in_use(workspace, "churn")).definition.labels(seen)
    leavers = seen.features.filter(pa.array(left == 1))["customer_id"].to_pylist()
    assert len(leavers) >= 20
    rows = [f"{customer},sent" for customer in leavers]
    gifts = tmp_path / "gifts.csv"
    gifts.write_text("\n".join(("customer_id,farewell_gift", *rows, "")))
    run("import", str(gifts), "-w", str(copied), "--as", "customers", "--known-at", "2020-01-01")
    card = run("fit", "churn", "-w", str(copied), "--horizon-days", "60")["scorecard"]
    found = {check["name"]: check for check in card["checks"]}["columns_that_know"]
    assert [one["column"] for one in found["findings"]] == ["attr_farewell_gift"]
    assert not found["passed"]
    assert "attr_farewell_gift" in card["verdict"]["text"]["en"]
    told = CliRunner().invoke(main, ["scorecard", "churn", "-w", str(copied)])
    assert "attr_farewell_gift" in told.output


def test_a_challenger_leaves_the_model_in_use(root: Path, fitted: dict[str, object]) -> None:
    before = (root / "models" / "churn.json").read_bytes()
    made = run("fit", "churn", "-w", str(root), "--horizon-days", "60", "--challenger")
    assert made["in_use"] is False
    assert (root / "models" / "churn.json").read_bytes() == before
    # the same past and the same seed teach the same
    assert made["fingerprint"] == fitted["fingerprint"]


def test_scores_are_columns_that_segments_can_ask_for(root: Path, scored: dict[str, int]) -> None:
    (root / "definitions" / "segments" / "may_leave.yaml").write_text(
        "name: may_leave\ntitle: {en: May leave, zh: 可能流失}\n"
        "description: {en: May leave., zh: 可能流失。}\n"
        "expression: churn_probability >= 0.2 and warning_level in ('high', 'medium', 'low')\n"
    )
    state = customers_as_of(Workspace.open(root))
    rows = state.snapshot.collect(state.snapshot.table)
    probability = rows["churn_probability"]
    assert len(rows) - probability.null_count == scored["churn"] > 0
    inside = pc.sum(pc.greater_equal(pc.drop_null(probability), 0.2)).as_py()
    members = run("segments", "members", "may_leave", "-w", str(root))["customers"]
    assert len(members) == inside > 0


def test_scoring_again_says_the_same(root: Path, scored: dict[str, int]) -> None:
    def told() -> list[dict[str, object]]:
        state = customers_as_of(Workspace.open(root))
        table = state.snapshot.table.select("customer_id", "churn_probability", "churn_reasons")
        return state.snapshot.collect(table.order_by("customer_id")).to_pylist()

    first = told()
    assert run("score", "churn", "-w", str(root))["scored"] == {"churn": scored["churn"]}
    assert told() == first


def test_the_report_names_whom_to_call_and_why(root: Path, scored: dict[str, int]) -> None:
    assert scored["churn"]
    for language, title in (("en", "Whom to call, and why"), ("zh", "应联系谁，为什么")):
        made = run("report", "-w", str(root), "--language", language)
        page = Path(made["report"]["pages"][0]).read_text(encoding="utf-8")
        assert title in page
    figures = json.loads(Path(made["report"]["figures"]).read_text(encoding="utf-8"))
    listed = figures["tables"]["call_list"]["rows"]
    assert listed
    assert all(row["why_en"] and row["why_zh"] for row in listed[:5])
    risks = [float(row["value_at_risk"]) for row in listed]
    assert risks == sorted(risks, reverse=True)
    assert figures["scorecards"]["churn"]["verdict"]["text"]["zh"]


def test_hidden_customers_are_not_named_in_the_call_list(
    root: Path, scored: dict[str, int]
) -> None:
    made = run("report", "-w", str(root), "--hide-customers")
    figures = json.loads(Path(made["report"]["figures"]).read_text(encoding="utf-8"))
    assert "call_list" not in figures["tables"]


def test_what_was_announced_is_held_against_what_came(root: Path, scored: dict[str, int]) -> None:
    assert scored["churn"]
    first = run_drift(root)
    assert first["checked"] == ["population"]
    run("score", "churn", "-w", str(root), "--as-of", "2025-09-01")
    later = run_drift(root)
    assert later["checked"] == ["population", "announced"]
    assert later["announced_as_of"] == "2025-09-01"


def run_drift(root: Path) -> dict[str, object]:
    """Run `tenure drift`, which exits with 1 where something has moved."""
    result = CliRunner().invoke(main, ["drift", "churn", "-w", str(root), "--json"])
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.stdout)


def test_people_and_programs_are_told_the_same(root: Path, fitted: dict[str, object]) -> None:
    told = CliRunner().invoke(main, ["scorecard", "churn", "-w", str(root)])
    assert told.exit_code == 0, told.output
    verdict = fitted["scorecard"]["verdict"]["text"]["en"]
    assert " ".join(told.output.split()).startswith(" ".join(verdict.split())[:60])
    worth = run("value-of-retention", "-w", str(root))
    assert worth["text"]["en"] and worth["assumptions"]
    said = CliRunner().invoke(main, ["value-of-retention", "-w", str(root)])
    assert said.exit_code == 0 and "Popular" in said.output


def test_an_erased_customer_has_no_scores(root: Path, scored: dict[str, int]) -> None:
    workspace = Workspace.open(root)
    state = customers_as_of(workspace)
    table = state.snapshot.table
    named = state.snapshot.collect(
        table.filter(table.churn_probability.notnull()).select("customer_id").limit(1)
    )
    customer = named["customer_id"][0].as_py()
    assert erase_customer(workspace, customer)["rows"]["churn_scores"] >= 1
    facts = workspace.facts()
    stored = workspace.lake.view().relation(facts.engine, "churn_scores").table
    left = facts.engine.collect(stored.filter(stored.customer_id == customer))
    assert left.num_rows == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("scorecard", "churn"), "tenure fit churn"),
        (("score",), "tenure fit churn"),
        (("fit", "churn", "--origins", "2"), "a whole number from 3"),
        (("fit", "churn", "--horizon-days", "400"), "look less far ahead"),
        (("fit", "churn", "--as-of", "2023-03-01"), "the data's first day, 2023-06-04"),
        (("fit", "churn", "--as-of", "2023-06-20"), "longer history"),
    ],
)
def test_what_cannot_be_done_is_told_with_a_way_out(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    simulate_workspace(
        planned_world("shop", customers=40, seed=1), tmp_path / "shop", tmp_path / "truth"
    )
    result = CliRunner().invoke(main, [*words, "-w", str(tmp_path / "shop"), "--json"])
    assert result.exit_code not in (0, 70), result.output
    assert told in result.output
