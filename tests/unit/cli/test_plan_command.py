"""A plan from the command line: made, recorded once, listed and explained."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.unit.cli.conftest import tenure

TEXT = """
name: {name}
title: {{en: Write and call, zh: 写信与致电}}
owner: Ana
goal: {{metric: retention_rate, target: 0.5, by: {ends}}}
audience: order_count >= 1
tactics:
  - name: letter
    title: {{en: Letter, zh: 信件}}
    action: message
    channel: post
    cost: {{contact: 0.2}}
    contact_caps: [{{contacts: 1, days: 60}}]
    effect:
      prior: {{scale: probability, mean: 0.03, standard_deviation: 0.02,
              worth: mean_order_value, basis: assumption, source: believed}}
  - name: call
    title: {{en: Call, zh: 致电}}
    action: call
    channel: phone
    team: desk
    staff_minutes: 10
    cost: {{contact: 0.1}}
    contact_caps: [{{contacts: 1, days: 60}}]
    effect:
      prior: {{scale: probability, mean: 0.08, standard_deviation: 0.05,
              worth: mean_order_value, basis: assumption, source: believed}}
budget: {{money: 100, currency: USD}}
departments: [{{name: service, title: Service, owner: Ana}}]
teams: [{{name: desk, department: service, staff_hours: 8}}]
channels:
  - {{name: post, consent: kept_elsewhere}}
  - {{name: phone, consent: kept_elsewhere}}
schedule: {{starts_on: {starts}, ends_on: {ends}, rhythm: weekly, review_on: {ends}}}
"""


@pytest.fixture(scope="module")
def as_of(workspace: Path) -> date:
    """The day after the data's end."""
    ran = tenure("segments", "list", "-w", str(workspace), "--json")
    return date.fromisoformat(json.loads(ran.output)["as_of"])


@pytest.fixture
def strategy(workspace: Path, as_of: date, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A strategy in force of its own for each test, over two weeks from the data's end."""
    name = "p_" + request.node.name.removeprefix("test_")[:50]
    currency = tenure("settings", "-w", str(workspace), "--json")
    text = TEXT.format(name=name, starts=as_of, ends=as_of + timedelta(days=13))
    if '"EUR"' in currency.output:
        text = text.replace("USD", "EUR")
    path = tmp_path / f"{name}.yaml"
    path.write_text(text)
    ran = tenure("apply", str(path), "-w", str(workspace), "--by", "ana", "--json")
    assert ran.exit_code == 0, ran.output
    return name


def asked(*arguments: str, code: int = 0) -> dict:
    ran = tenure("plan", *arguments, "--json")
    assert ran.exit_code == code, ran.output
    return json.loads(ran.output)


def test_a_plan_sums_up_and_is_recorded_once(strategy: str, workspace: Path) -> None:
    made = asked(strategy, "-w", str(workspace), "--by", "ana")
    assert (made["is_recorded"], made["is_new"]) == (True, True)
    assert made["customers"] == made["planned"] + sum(made["reasons"].values())
    assert made["contacts"] > 0
    again = asked("make", strategy, "-w", str(workspace), "--by", "bo")
    assert again["is_new"] is False
    assert {**again, "is_new": True} == made
    (listed,) = asked("list", "-w", str(workspace), "--strategy", strategy)["plans"]
    assert (listed["plan_id"], listed["planned_by"]) == (made["plan_id"], "ana")


def test_a_trial_or_another_budget_is_not_recorded(strategy: str, workspace: Path) -> None:
    tried = asked(strategy, "-w", str(workspace), "--try")
    poorer = asked(strategy, "-w", str(workspace), "--budget", "5")
    assert not tried["is_recorded"] and not poorer["is_recorded"]
    assert poorer["expected_cost"] <= 2.5 < tried["expected_cost"]
    assert asked("list", "-w", str(workspace), "--strategy", strategy)["plans"] == []
    refused = asked(strategy, "-w", str(workspace), "--budget", "-1", code=2)
    assert refused["error"]["code"] == "bad_option"


def test_next_week_leaves_out_whom_this_week_contacted_and_spends_the_rest(
    strategy: str, workspace: Path, as_of: date
) -> None:
    first = asked(strategy, "-w", str(workspace))
    second = asked(strategy, "-w", str(workspace), "--as-of", str(as_of + timedelta(days=7)))
    assert (first["occasion"]["number"], second["occasion"]["number"]) == (1, 2)
    money = [next(x for x in one["limits"] if x["name"] == "money") for one in (first, second)]
    assert money[0]["at_most"] == 50
    assert money[1]["at_most"] == pytest.approx(100 - money[0]["used"])
    offered = [{x["name"]: x["available"] for x in one["tactics"]} for one in (first, second)]
    got = {x["name"]: x["contacts"] for x in first["tactics"]}
    assert offered[1]["letter"] == offered[0]["letter"] - got["letter"]


def test_a_decision_is_explained_as_it_was_made(strategy: str, workspace: Path) -> None:
    made = asked(strategy, "-w", str(workspace))
    contacts = 0
    for customer in ("00001", "00002", "00003", "00004"):
        told = asked("explain", customer, "-w", str(workspace), "--strategy", strategy)
        assert told["plan_id"] == made["plan_id"]
        assert all(text["en"] and text["zh"] for text in told["texts"])
        best = told["tactics"][0]
        contacts += len(told["given"])
        if told["given"] and not told["is_explored"]:
            assert told["given"] == [best["name"]]
            assert best["left"] > 0
        if told["reason"] in ("budget_exhausted", "staff_hours_exhausted", "contacts_exhausted"):
            assert best["left"] <= 1e-6
    assert contacts > 0  # the letter pays for nearly everybody
    asked("explain", "nobody", "-w", str(workspace), code=2)


def test_people_read_the_plan_within_80_columns(strategy: str, workspace: Path) -> None:
    ran = tenure("plan", strategy, "-w", str(workspace), "--try")
    assert ran.exit_code == 0, ran.output
    assert max(map(len, ran.output.splitlines())) <= 80
    for words in (
        "one more would be worth",
        "rests on",
        "Other budgets",
        "chance of loss",
        "takes",
    ):
        assert words in " ".join(ran.output.split()) or words.replace(" ", "\n") in ran.output
