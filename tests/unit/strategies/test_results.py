"""What a strategy brought: against its holdout, in money, and in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tenure.kernel import DataError, Estimate, Undefined
from tenure.strategies.results import Followed, StrategyResult, strategy_result
from tenure.strategies.results_words import result_texts, verdict

PEOPLE, HELD = 8000, 0.25


def followed(
    lift: float = 5.0, *, seed: int = 4, cost: float = 0.5, held: float = HELD
) -> Followed:
    """People of two tactics; calls bring `lift` to the dormant and nothing to others."""
    random = np.random.default_rng(seed)
    before = random.gamma(0.5, 40.0, PEOPLE)
    is_held_out = random.random(PEOPLE) < held
    group = np.where(random.random(PEOPLE) < 0.5, "dormant", "steady")
    tactic = np.where(random.random(PEOPLE) < 0.4, "call", "mail")
    outcome = 0.6 * before + random.gamma(0.5, 30.0, PEOPLE)
    outcome += np.where(~is_held_out & (group == "dormant") & (tactic == "call"), lift * 5, 0.0)
    left = (random.random(PEOPLE) < np.where(is_held_out, 0.01, 0.012)).astype(float)
    spent = np.where(is_held_out, 0.0, cost)
    return Followed(tactic, is_held_out, outcome, before, spent, group, {"unsubscribed": left})


def result(given: Followed, **more: float) -> StrategyResult:
    settings: Mapping[str, float] = {"margin": 0.4, "holdout_share": HELD, **more}
    return strategy_result(
        given,
        strategy="rescue",
        decided_on=date(2026, 1, 1),
        counted_until=date(2026, 3, 1),
        currency="EUR",
        guardrails={"unsubscribed": 0.02},
        **settings,
    )


def test_what_was_planted_is_found_in_money() -> None:
    found = result(followed())
    planted = 5 * 5 * 0.5 * 0.4 * found.whole.people * 0.4
    assert isinstance(found.whole.brought, Estimate) and isinstance(found.whole.earned, Estimate)
    assert found.whole.brought.low < planted < found.whole.brought.high
    assert found.whole.earned.value == pytest.approx(found.whole.brought.value - found.whole.spent)
    assert found.whole.spent == pytest.approx(0.5 * found.whole.people)
    assert verdict(found) == "earned"


def test_who_benefited_is_named_and_who_did_not_is_not() -> None:
    found = result(followed(lift=12.0))
    by_name = {part.name: part for part in found.tactics}
    assert by_name["call"].corrected_p_value < 0.001  # type: ignore[operator]
    assert by_name["mail"].corrected_p_value > 0.05  # type: ignore[operator]
    told = " ".join(text["en"] for text in result_texts(found))
    assert "dormant: each of" in told and "steady: each of" not in told


def test_the_pre_period_narrows_the_interval() -> None:
    given = followed()
    blind = replace(given, before=np.zeros(PEOPLE))

    def width(found: StrategyResult) -> float:
        assert isinstance(found.whole.brought, Estimate)
        return found.whole.brought.high - found.whole.brought.low

    assert width(result(given)) < 0.9 * width(result(blind))


def test_without_a_holdout_it_cannot_be_measured() -> None:
    given = followed()
    nobody = replace(given, is_held_out=np.zeros(PEOPLE, dtype=bool))
    found = result(nobody, holdout_share=0.0)
    assert isinstance(found.whole.earned, Undefined)
    assert verdict(found) == "not_measurable"
    assert "cannot be measured" in result_texts(found)[1]["en"]
    json.dumps(found.as_dict())


def test_a_broken_split_comes_before_every_figure() -> None:
    given = followed()
    # Half of the people held out were lost on the way.
    kept = ~given.is_held_out | (np.arange(PEOPLE) % 2 == 0)
    broken = Followed(
        given.tactic[kept], given.is_held_out[kept], given.outcome[kept], given.before[kept],
        given.spent[kept], given.group[kept],
    )  # fmt: skip
    found = result(broken)
    assert verdict(found) == "split_broken"
    assert len(result_texts(found)) == 2


def test_what_costs_more_than_it_brings_is_called_lost() -> None:
    assert verdict(result(followed(lift=0.0, cost=20.0))) == "lost"


def test_a_fixed_cost_is_borne_by_the_whole_only() -> None:
    found = result(followed(), fixed_cost=1000.0)
    assert found.whole.spent == pytest.approx(1000 + sum(part.spent for part in found.tactics))


def test_a_harm_beyond_its_margin_stops_it() -> None:
    given = followed()
    random = np.random.default_rng(3)
    annoyed = (random.random(PEOPLE) < np.where(given.is_held_out, 0.01, 0.08)).astype(float)
    found = result(replace(given, harms={"unsubscribed": annoyed}))
    assert verdict(found) == "harmful"
    assert any("rose beyond" in text["en"] for text in result_texts(found))


def test_intervals_cover_and_chances_are_honest() -> None:
    """In worlds without effect or cost, loss is as likely as gain and intervals hold 0."""
    inside, chances = 0, []
    for seed in range(120):
        whole = result(followed(lift=0.0, seed=seed, cost=0.0)).whole
        assert isinstance(whole.brought, Estimate) and not isinstance(
            whole.chance_of_loss, Undefined
        )
        inside += whole.brought.low <= 0 <= whole.brought.high
        chances.append(whole.chance_of_loss)
    assert inside / 120 >= 0.9
    assert 0.4 < float(np.mean(chances)) < 0.6


def test_every_sentence_is_in_both_languages() -> None:
    for given in (followed(), followed(lift=0.0, cost=20.0)):
        for text in result_texts(result(given)):
            assert text["en"].strip() and any("\u4e00" <= one <= "\u9fff" for one in text["zh"])


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="one entry per person"):
        replace(followed(), spent=np.zeros(3))
