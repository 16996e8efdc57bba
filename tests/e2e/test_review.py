"""From the text of a strategy to what it earned, on a business that answers: plan, act, review."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tenure.assembly import Workspace
from tenure.cli import main
from tenure.simulation.answering import NOTHING, Answer
from tenure.simulation.kinds import planned_world
from tenure.simulation.played import Course, PlayedBusiness
from tenure.strategies.presets import preset_names, preset_strategy
from tenure.strategies.reading import parse_strategy
from tenure.strategies.writing import strategy_text

STRATEGY = """\
name: spring
title: {{en: Spring, zh: 春季}}
owner: A. Person
goal: {{metric: retention_rate, target: 0.5, by: {until}}}
audience: order_count >= 1 and days_since_last_order <= 365
tactics:
  - name: voucher
    title: {{en: Voucher, zh: 优惠券}}
    action: offer
    channel: in_app
    cost: {{contact: 0.3}}
    effect:
      within_days: 30
      prior:
        {{scale: value, mean: 2.0, standard_deviation: 4.0, basis: assumption, source: a guess}}
budget: {{money: 2000, currency: EUR}}
holdout_share: 0.3
exploration_share: 0.4
guardrails:
  - {{metric: unsubscribed, margin: 0.02}}
schedule: {{starts_on: {day}, ends_on: {until}, rhythm: once, review_on: {after}}}
"""


def run(*words: str, code: int = 0) -> dict[str, object]:
    result = CliRunner().invoke(main, [*words, "--json"])
    assert result.exit_code == code, result.output
    told: dict[str, object] = json.loads(result.stdout)
    return told


def add(workspace: Workspace, table: str, rows: pa.Table) -> None:
    with workspace.lake.writing() as writer:
        pq.write_table(rows, writer.new_file(table))
        writer.commit("add")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Course, float]:
    """A workspace whose strategy was planned and acted on, and what that truly brought."""
    world = planned_world("shop", customers=4000, seed=8, months=20)
    business = PlayedBusiness(world, (Answer("voucher", 30, 3.0, 0.0),), months=2)
    root = tmp_path_factory.mktemp("review") / "shop"
    workspace = Workspace.create(
        root,
        {"timezone": world.timezone, "currency": world.currency, "margin_percent": 40},
    )
    course, day = Course(business), business.days[0]
    add(workspace, "customer_attributes", business.facts("customer_attributes"))
    add(workspace, "activity", course.rows(None, day))
    dates = {"day": day, "until": day + timedelta(days=29), "after": day + timedelta(days=30)}
    file = root / "spring.yaml"
    file.write_text(STRATEGY.format(**dates), encoding="utf-8")
    run("apply", str(file), "-w", str(root))
    plan = run("plan", "spring", "-w", str(root), "--as-of", str(day))
    early = run("review", "spring", "-w", str(root), code=4)
    assert "has had its days" in json.dumps(early)
    decisions = pq.read_table(root / "lake" / "plan_decisions")
    chosen = decisions.filter(pa.compute.is_valid(decisions["tactic"]))["customer_id"]
    action = np.full(len(business.customers), NOTHING)
    action[business.places(chosen)] = 0
    assert (action == 0).sum() == plan["contacts"]
    truth = float(course.act(0, action).value.sum()) * 0.4
    add(workspace, "activity", course.rows(day, business.end))
    return root, course, truth


def test_the_review_covers_what_was_truly_earned(played: tuple[Path, Course, float]) -> None:
    root, _, truth = played
    found = run("review", "spring", "-w", str(root))
    result = found["results"][0]  # type: ignore[index]
    brought = result["whole"]["brought"]
    assert brought["low"] < truth < brought["high"]
    assert result["whole"]["held_out"] > 200 and not result["split"]["is_broken"]
    assert result["harms"][0]["metric"] == "unsubscribed"
    changed = [change["field"] for change in found["review"]["changes"]]  # type: ignore[index]
    assert any(field.startswith("tactics[voucher].effect.prior") for field in changed)


def test_the_proposed_version_can_be_applied(
    played: tuple[Path, Course, float], tmp_path: Path
) -> None:
    root, _, _ = played
    file = tmp_path / "next.yaml"
    told = CliRunner().invoke(main, ["review", "spring", "-w", str(root), "--write", str(file)])
    assert told.exit_code == 0, told.output
    lines = [line for line in told.output.splitlines() if not line.startswith("Proposed: ")]
    assert "Voucher:" in told.output and max(map(len, lines)) <= 80
    proposed = parse_strategy(file.read_text(encoding="utf-8"), "next.yaml")
    prior = proposed.tactics[0].effect.prior
    assert prior is not None and prior.basis == "measured"
    run("apply", str(file), "-w", str(root))
    again = run("review", "spring", "-w", str(root))
    assert again["version"] == 2
    run("review", "spring", "-w", str(root), "--write", str(file), code=2)


def test_the_report_of_the_day_shows_the_plan_and_claims_no_cause(
    played: tuple[Path, Course, float],
) -> None:
    root, course, _ = played
    day = str(course.business.days[0])
    for language, said in (("en", "Nothing here is concluded from past campaigns"), ("zh", "抽签")):
        told = run("report", "-w", str(root), "--as-of", day, "--language", language)
        page = Path(told["report"]["pages"][0]).read_text(encoding="utf-8")  # type: ignore[index]
        assert 'id="plan-spring"' in page and said in page
        assert "plan-spring-reasons" in page and "plan-spring-experiments" in page


def test_a_universal_holdout_is_left_alone_and_accounted_for(
    played: tuple[Path, Course, float],
) -> None:
    root, course, _ = played
    day = str(course.business.days[0])
    settings = root / "tenure.toml"
    before = settings.read_text(encoding="utf-8")
    try:
        settings.write_text(
            before.replace("universal_holdout_percent = 0", "universal_holdout_percent = 20"),
            encoding="utf-8",
        )
        plan = run("plan", "spring", "-w", str(root), "--as-of", day, "--try")
        again = run("plan", "spring", "-w", str(root), "--as-of", day, "--try")
        review = run("review", "spring", "-w", str(root))
    finally:
        settings.write_text(before, encoding="utf-8")
    reasons = plan["reasons"]
    assert isinstance(reasons, dict) and isinstance(plan["customers"], int)
    assert 0.15 < reasons["universal_holdout"] / plan["audience"] < 0.25  # type: ignore[operator]
    assert plan["planned"] + sum(reasons.values()) == plan["customers"]
    assert again["plan_id"] == plan["plan_id"]
    assert not review["results"][0]["split"]["is_broken"]  # type: ignore[index]


def test_who_responds_is_learnt_from_lots_and_used_by_the_next_plan(
    played: tuple[Path, Course, float],
) -> None:
    root, course, _ = played
    learnt = run("learn", "spring", "-w", str(root))["responses"][0]  # type: ignore[index]
    assert learnt["model"] == "spring_voucher" and learnt["contacts"] >= 300
    assert Path(learnt["path"]).stat().st_size < 1_000_000
    assert learnt["verdict"]["en"] and learnt["verdict"]["zh"]
    file = root / "with_model.yaml"
    day = course.business.days[1]
    dates = {"day": day, "until": day + timedelta(days=29), "after": day + timedelta(days=30)}
    text = STRATEGY.format(**dates).replace("name: spring", "name: summer")
    text = text.replace("within_days: 30", "within_days: 30\n      uplift_model: spring_voucher")
    file.write_text(text, encoding="utf-8")
    run("apply", str(file), "-w", str(root))
    plan = run("plan", "summer", "-w", str(root), "--as-of", str(day))
    assert plan["tactics"][0]["basis"] == "uplift_model"  # type: ignore[index]
    chosen = pq.read_table(root / "lake" / "plan_decisions")
    someone = chosen.filter(pa.compute.equal(chosen["strategy"], "summer"))["customer_id"][0]
    told = run("plan", "explain", someone.as_py(), "-w", str(root), "--strategy", "summer")
    assert told["plan_id"] == plan["plan_id"]
    file.write_text(text.replace("spring_voucher", "spring_vouchre"), encoding="utf-8")
    warned = json.dumps(run("validate", str(file), "-w", str(root)))
    assert "spring_vouchre" in warned


def test_a_strategy_never_planned_says_so(played: tuple[Path, Course, float]) -> None:
    root, _, _ = played
    told = run("review", "autumn", "-w", str(root), code=2)
    assert "autumn" in json.dumps(told)


@pytest.mark.parametrize("name", preset_names())
def test_a_strategy_written_reads_back_the_same(name: str) -> None:
    strategy = preset_strategy(name)
    text = strategy_text(strategy)
    assert parse_strategy(text, f"{name}.yaml") == strategy
