"""`tenure monitor` and `tenure priorities`: what to know, whom to tell, what first."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tenure.assembly import Workspace
from tenure.assembly.simulating import simulate_workspace
from tenure.simulation.kinds import planned_world
from tests.unit.cli.conftest import tenure


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("monitored")
    simulate_workspace(planned_world("shop", customers=300, seed=2), folder / "w", folder / "truth")
    return folder / "w"


def asked(*arguments: str, code: int = 0) -> dict:
    ran = tenure(*arguments, "--json")
    assert ran.exit_code == code, ran.output
    return json.loads(ran.output)


def test_the_main_figures_are_watched_without_a_file(shop):
    found = asked("monitor", "-w", str(shop))
    lines = {line["name"]: line for line in found["lines"]}
    assert set(lines) >= {"retention", "net_value", "weekly_orders"}
    customers = lines["customers"]
    assert all(one["value"] is not None for one in customers["periods"])
    judged = [one for one in customers["periods"] if one["expected"] is not None]
    assert judged
    assert all(one["low"] < one["expected"] < one["high"] for one in judged)
    assert customers["level"]["low"] < customers["level"]["value"] < customers["level"]["high"]


def test_the_values_are_those_of_the_metrics(shop):
    retained = asked("metrics", "retention", "-w", str(shop))["rows"]
    rates = {row["period"]: row["retention_rate"] for row in retained}
    (line,) = [
        one for one in asked("monitor", "-w", str(shop))["lines"] if one["name"] == "retention"
    ]
    assert line["periods"]
    assert all(one["value"] == rates[one["label"]] for one in line["periods"])


def test_a_target_out_of_reach_is_told_to_its_owner(shop, tmp_path):
    as_of = date.fromisoformat(asked("monitor", "-w", str(shop))["as_of"])
    by = as_of.replace(year=as_of.year + 1)
    file = tmp_path / "targets.yaml"
    file.write_text(
        "target_lines:\n"
        "  - {name: keep, figure: retention_rate, owner: Li Na, department: service,\n"
        f"     points: [{{on: {by}, value: 0.999}}]}}\n"
    )
    found = asked("monitor", "-w", str(shop), "--targets", str(file))
    told = {alert["kind"]: alert for alert in found["alerts"]}
    assert told["goal_at_risk"]["owner"] == "Li Na"
    assert found["lines"][0]["goal"]["chance"] < 0.25
    ran = tenure("monitor", "-w", str(shop), "--targets", str(file))
    assert ran.exit_code == 0
    assert "Li Na (service)" in ran.stdout


def test_goals_of_strategies_in_force_are_told_with_forecast_and_chance(shop):
    as_of = Workspace.open(shop).settings.as_of_date() or date(2026, 1, 1)
    for preset in ("keep", "win_back"):
        asked("strategies", "new", preset, "--from", str(as_of), "-w", str(shop))
    asked("apply", "-w", str(shop))
    goals = {goal["strategy"]: goal for goal in asked("monitor", "-w", str(shop))["goals"]}
    keep = goals["keep"]
    assert keep["outlook"] in ("on_course", "in_doubt", "at_risk")
    assert 0 <= keep["chance"] <= 1
    assert keep["forecast"]["low"] < keep["forecast"]["value"] < keep["forecast"]["high"]


def test_a_ready_strategys_target_is_surely_better_than_todays_level(shop):
    made = asked("strategies", "new", "rescue", "--name", "aim", "-w", str(shop))
    lines = {line["name"]: line for line in asked("monitor", "-w", str(shop))["lines"]}
    level = lines["retention"]["level"]
    assert made["target"] == pytest.approx(level["high"], rel=0.005)
    assert made["target"] > level["value"]
    assert f"target: {made['target']:g}" in Path(made["file"]).read_text()


def test_faulty_target_lines_are_told_with_their_line(shop, tmp_path):
    file = tmp_path / "targets.yaml"
    file.write_text(
        "target_lines:\n  - {name: a, figure: retention_rat, owner: x, department: y}\n"
    )
    error = asked("monitor", "-w", str(shop), "--targets", str(file), code=2)["error"]
    assert "line 2" in error["given"]
    assert "retention_rate" in error["remedy"]


def test_the_default_target_lines_can_be_printed_and_read_back(shop, tmp_path):
    text = tenure("monitor", "--show-targets").stdout
    (tmp_path / "t.yaml").write_text(text)
    again = asked("monitor", "-w", str(shop), "--targets", str(tmp_path / "t.yaml"))
    assert again["lines"] == asked("monitor", "-w", str(shop))["lines"]


def test_the_example_of_priorities_is_ranked(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text(tenure("priorities", "--example").stdout)
    found = asked("priorities", str(file))
    assert found["rankings"]["opportunity"]["entries"][0]["name"] == "quick_answer"
    assert found["combined"][0]["name"] == "service_reminder"
    ran = tenure("priorities", str(file), "--language", "zh")
    assert ran.exit_code == 0
    assert "按本人节奏提醒" in ran.stdout


def test_priorities_without_a_file_say_what_to_do():
    assert "--example" in asked("priorities", code=2)["error"]["remedy"]
