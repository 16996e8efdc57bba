"""A rehearsed year: the same limits for all, nothing read of the truth, and told in full."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tenure.assembly.rehearsal_policies import best_possible, most_at_risk_first
from tenure.assembly.rehearsing import (
    MOST_AT_RISK,
    NOTHING_DONE,
    ORACLE,
    TENURE,
    Rehearsal,
    RehearsalOptions,
    rehearse,
)
from tenure.cli import main
from tenure.kernel import Estimate, OptionError
from tenure.pages.rehearsal_page import rehearsal_page
from tenure.strategies.allocation import Limit
from tenure.strategies.plan_limits import PlanLimit

OPTIONS = RehearsalOptions(customers=800, months=3, seed=3)


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    return rehearse(OPTIONS, tmp_path_factory.mktemp("rehearsal"))


def limits(money: float, hours: float) -> tuple[PlanLimit, ...]:
    return (
        PlanLimit(Limit("money", "EUR", money, [0.1, 1.0]), "money", money),
        PlanLimit(Limit("staff", "hours", hours, [0.0, 0.5]), "staff_hours", hours),
    )


def test_every_policy_keeps_the_same_limits(rehearsal: Rehearsal) -> None:
    played = rehearsal.played
    ceiling = played[MOST_AT_RISK][0].cost
    assert ceiling > 0
    for months in played.values():
        assert sum(m.cost for m in months) <= OPTIONS.months * ceiling * 1.05
    assert {len(months) for months in played.values()} == {OPTIONS.months}
    assert rehearsal.earned(NOTHING_DONE) == 0


def test_who_knows_everything_is_ahead_in_the_mean(rehearsal: Rehearsal) -> None:
    assert rehearsal.expected(ORACLE) > rehearsal.expected(TENURE)
    assert rehearsal.expected(ORACLE) > rehearsal.expected(MOST_AT_RISK)


def test_what_was_done_is_measured_and_reviewed(rehearsal: Rehearsal) -> None:
    whole = rehearsal.whole_year.whole
    assert whole.held_out > 30 and isinstance(whole.earned, Estimate)
    assert not rehearsal.whole_year.split.is_broken
    assert len(rehearsal.measured) == OPTIONS.months
    assert [one.month for one in rehearsal.adjustments] == [2]
    proposed = rehearsal.adjustments[0].review.proposed
    assert any(
        tactic.effect.prior is not None and tactic.effect.prior.basis == "measured"
        for tactic in proposed.tactics
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_tells_it_in_both_languages(rehearsal: Rehearsal, language: str) -> None:
    page = rehearsal_page(rehearsal, language)
    assert page.count("<section") == 3 and "http" not in page.replace("http-equiv", "")
    assert ("预演" in page) == (language == "zh")
    assert f"{rehearsal.options.customers}" in page.replace(",", "")


def test_the_most_at_risk_get_the_dearest_until_a_limit_is_reached() -> None:
    risk = np.array([0.2, 0.9, np.nan, 0.8, 0.5, 0.7])
    may = np.array([True, True, True, True, True, False])
    found = most_at_risk_first(risk, may, np.array([0.1, 1.0]), limits(money=10, hours=1.0))
    assert found.tolist() == [0, 1, -1, 1, 0, -1]


def test_the_best_possible_takes_nothing_that_loses() -> None:
    expected = np.array([[5.0, 6.5], [-3.0, -9.0], [0.05, 0.9], [2.0, 1.0]])
    may = np.array([True, True, True, False])
    found = best_possible(expected, may, np.array([0.1, 1.0]), limits(money=100, hours=100))
    assert found.tolist() == [1, -1, -1, -1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"customers": 10}, "500 to 200,000"),
        ({"months": 2}, "3 to 24"),
        ({"pilot_months": 12}, "1 to 11"),
        ({"kind": "subscription"}, "shop or service"),
    ],
)
def test_options_out_of_range_are_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        RehearsalOptions(**given)  # type: ignore[arg-type]


def test_the_command_plays_the_same_for_programs_and_writes_the_pages(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    given = (str(OPTIONS.customers), str(OPTIONS.months), str(OPTIONS.seed))
    words = [
        word
        for pair in zip(("--customers", "--months", "--seed"), given, strict=True)
        for word in pair
    ]
    told = CliRunner().invoke(
        main, ["rehearse", *words, "--output", str(tmp_path / "out"), "--json"]
    )
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    pages = found.pop("reports")
    assert found == json.loads(json.dumps(rehearsal.as_dict(), default=str))
    assert Path(pages["zh"]).read_text(encoding="utf-8") == rehearsal_page(rehearsal, "zh")


def test_the_command_refuses_what_cannot_be_played() -> None:
    wrong = CliRunner().invoke(main, ["rehearse", "--customers", "3"])
    assert wrong.exit_code == 2 and "500 to 200,000" in wrong.output
