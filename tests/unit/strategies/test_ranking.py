"""Needs and candidates ranked: the formulas, the numbers behind them, and how sure a rank is."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np
import pytest

from tenure.kernel import DefinitionError, Undefined
from tenure.kernel.located_yaml import read_yaml
from tenure.strategies.priorities import Priorities, Range, parse_priorities
from tenure.strategies.ranking import drawn_values, opportunity_score, prioritise

EXAMPLE = (
    resources.files("tenure.strategies")
    .joinpath("priorities_example.yaml")
    .read_text(encoding="utf-8")
)


def listed(text: str) -> Priorities:
    return parse_priorities(read_yaml(text, "p.yaml"))


def ranks(text: str, method: str) -> dict[str, int | None]:
    return {one.name: one.rank for one in prioritise(listed(text)).rankings[method].entries}


def test_opportunity_is_ulwicks():
    assert opportunity_score(9, 4) == 14
    assert opportunity_score(5, 8) == 5, "satisfaction above importance takes nothing away"
    assert ranks(EXAMPLE, "opportunity") == {
        "quick_answer": 1,  # 8.6 + 3.8
        "reminder": 2,  # 6.9 + 2.9
        "fair_price": 3,  # 8.2 + 1.2
        "coffee": 4,  # 3.5
    }


def test_rice_is_reach_times_impact_times_confidence_over_effort():
    found = prioritise(listed(EXAMPLE)).rankings["rice"]
    scores = {one.name: one.score.value for one in found.entries}
    assert scores["chat"] == pytest.approx(900 * 1 * 0.7 / 2)
    assert scores["service_reminder"] == pytest.approx(2400 * 1 * 0.9 / 0.5)
    assert [one.rank for one in found.entries] == [1, 2, 3, 4]


def test_cost_and_benefit_tell_the_chance_of_loss():
    entries = {one.name: one for one in prioritise(listed(EXAMPLE)).rankings["net_benefit"].entries}
    assert entries["service_reminder"].score.value == 14000 - 1200
    assert entries["service_reminder"].parts["chance_of_loss"] < 0.05
    assert entries["espresso_machine"].parts["chance_of_loss"] > 0.8
    assert ranks(EXAMPLE, "benefit_cost_ratio")["service_reminder"] == 1


def test_needs_lie_in_the_quadrants_of_martilla_and_james():
    grid = {one.name: one.quadrant for one in prioritise(listed(EXAMPLE)).grid}
    assert grid == {
        "quick_answer": "concentrate_here",
        "fair_price": "keep_up",
        "reminder": "concentrate_here",
        "coffee": "possible_overkill",
    }
    assert all(
        sum(one.shares.values()) == pytest.approx(1) for one in prioritise(listed(EXAMPLE)).grid
    )


def test_certain_numbers_make_a_certain_ranking():
    text = """\
name: certain
first: 1
needs:
  - {name: a, title: A, importance: 8, satisfaction: 4, source: x}
  - {name: b, title: B, importance: 7, satisfaction: 4, source: x}
"""
    found = prioritise(listed(text)).rankings["opportunity"]
    assert [one.share_first for one in found.entries] == [1.0, 0.0]
    assert found.certainty == 1.0
    assert found.entries[0].score.low == found.entries[0].score.high == 12


def test_equal_numbers_are_a_toss_up_and_share_a_rank():
    need = "importance: {low: 6, likely: 7, high: 8}, satisfaction: {low: 3, likely: 4, high: 5}"
    text = "name: toss\nfirst: 1\nneeds:\n" + "".join(
        f"  - {{name: {name}, title: T, {need}, source: x}}\n" for name in ("a", "b")
    )
    found = prioritise(listed(text), draws=20_000).rankings["opportunity"]
    assert [one.rank for one in found.entries] == [1, 1]
    assert found.entries[0].share_first == pytest.approx(0.5, abs=0.02)


def test_shares_of_the_first_add_up_to_their_number():
    for ranking in prioritise(listed(EXAMPLE)).rankings.values():
        shares = [one.share_first for one in ranking.entries]
        assert sum(shares) == pytest.approx(min(ranking.first, len(shares)))


def test_the_list_is_plain_values_for_programs():
    said = json.loads(json.dumps(prioritise(listed(EXAMPLE)).as_dict()))
    assert said["rankings"]["rice"]["entries"][0]["rank"] == 1


def test_the_same_seed_gives_the_same_list():
    one, other = (prioritise(listed(EXAMPLE), seed=7).as_dict() for _ in range(2))
    assert one == other
    assert one != prioritise(listed(EXAMPLE), seed=8).as_dict()


@pytest.mark.parametrize("given", [(2, 3, 5), (1, 4, 20), (-5, 0, 20)])
def test_nine_of_ten_draws_lie_in_the_range(given):
    values = drawn_values(
        Range(low=given[0], likely=given[1], high=given[2]), np.random.default_rng(1), 40_000
    )
    assert ((values >= given[0]) & (values <= given[2])).mean() == pytest.approx(0.9, abs=0.01)
    assert np.median(values) == pytest.approx(given[1], abs=0.05)


def test_a_candidate_without_cost_has_no_rank_by_money():
    text = EXAMPLE.replace("    cost: {low: 500, likely: 900, high: 1500}\n", "")
    entry = prioritise(listed(text)).rankings["net_benefit"].entries[-1]
    assert (entry.name, entry.rank, entry.share_first) == ("price_page", None, None)
    assert entry.score == Undefined("cost_or_benefit_unknown")


def test_the_combined_list_follows_every_ranking():
    found = prioritise(listed(EXAMPLE))
    first, last = found.combined[0], found.combined[-1]
    assert (first.name, first.rank) == ("service_reminder", 1)
    assert set(first.parts) == {"rice", "net_benefit", "opportunity"}
    assert 0 <= first.score.value < last.score.value <= 1
    assert found.details["needs_without_candidate"] == []


def test_a_need_that_nothing_meets_is_named():
    text = EXAMPLE.replace("    needs: [coffee]\n", "")
    assert prioritise(listed(text)).details["needs_without_candidate"] == ["coffee"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("needs: [quick_answer]", "needs: [quik_answer]", "line 37"),
        ("{low: 500, likely: 900, high: 1400}", "{low: 500, likely: 1900, high: 1400}", "line 38"),
        ("{low: 500, likely: 900, high: 1400}", "{low: 500, likely: 900, high: 9400}", "4000"),
        ("effort: {low: 1, likely: 2, high: 4}", "effort: 0", "above 0"),
        ("importance: {low: 8.2, likely: 8.6, high: 9.0}", "importance: 11", "at most 10"),
        ("confidence: 0.7", "confidence: 7", "at most 1"),
        ("confidence: 0.7", "confidnce: 0.7", "confidence"),
        ("name: chat", "name: price_page", "second time"),
    ],
)
def test_faults_are_told_with_their_line(old, new, said):
    assert old in EXAMPLE
    with pytest.raises(DefinitionError, match=r"p\.yaml") as error:
        listed(EXAMPLE.replace(old, new, 1))
    assert said in str(error.value)


def test_nothing_to_rank_is_a_fault():
    with pytest.raises(DefinitionError, match="neither"):
        listed("name: empty\n")
