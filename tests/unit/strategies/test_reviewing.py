"""The review: plan against outcome, pooled beliefs, and the version proposed."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from tenure.kernel import Estimate, Undefined
from tenure.strategies.definition import Strategy
from tenure.strategies.presets import preset_strategy
from tenure.strategies.results import Followed, StrategyResult, strategy_result
from tenure.strategies.reviewing import beliefs, review

MARGIN = 0.4
WORTH = {"call": 60.0, "reminder": 50.0, "voucher": 55.0}


def strategy() -> Strategy:
    return preset_strategy("rescue")


def campaign(lifts: dict[str, float], *, seed: int, people: int = 6000) -> StrategyResult:
    """One campaign in which each tactic brings so much revenue per person."""
    random = np.random.default_rng(seed)
    tactic = random.choice(sorted(lifts), people)
    held = random.random(people) < 0.3
    lift = np.array([lifts[name] for name in tactic])
    outcome = random.gamma(0.5, 30.0, people) + np.where(held, 0.0, lift)
    followed = Followed(
        tactic, held, outcome, np.zeros(people), np.where(held, 0.0, 0.3), np.full(people, "all")
    )
    return strategy_result(
        followed,
        strategy="rescue",
        decided_on=date(2027, 1, 4),
        counted_until=date(2027, 3, 5),
        currency="EUR",
        margin=MARGIN,
        holdout_share=0.3,
    )


def test_beliefs_move_from_what_was_assumed_to_what_was_measured() -> None:
    given = strategy()
    first = beliefs(given, WORTH)
    assert first["call"].mean == pytest.approx(0.05 * 60)
    found = review(
        given, [campaign({"call": 9.0, "reminder": 0.6}, seed=1)], margin=MARGIN, worth=WORTH
    )
    call = next(one for one in found.tactics if one.tactic == "call")
    assert call.before is not None and call.after is not None
    assert call.before.mean < call.after.mean < 9.5
    assert isinstance(call.brought, Estimate) and call.campaigns == 1
    prior = found.proposed.tactic("call").effect.prior
    assert prior is not None and prior.basis == "measured" and prior.scale == "probability"
    assert prior.mean * 60 == pytest.approx(call.after.mean, abs=1e-4)
    assert prior.worth == "mean_order_value"


def test_a_tactic_that_was_not_used_stays_as_it_is() -> None:
    given = strategy()
    found = review(given, [campaign({"call": 5.0}, seed=2)], margin=MARGIN, worth=WORTH)
    assert found.proposed.tactic("voucher") == given.tactic("voucher")
    voucher = next(one for one in found.tactics if one.tactic == "voucher")
    assert isinstance(voucher.brought, Undefined) and voucher.is_kept
    assert all(change.field.startswith("tactics[call]") for change in found.changes)


def test_what_does_not_pay_is_proposed_to_be_dropped() -> None:
    given = strategy()
    results = [campaign({"call": 8.0, "voucher": -2.0}, seed=seed) for seed in (3, 4, 5)]
    found = review(given, results, margin=MARGIN, worth=WORTH)
    assert [one.tactic for one in found.tactics if not one.is_kept] == ["voucher"]
    assert {one.name for one in found.proposed.tactics} == {"call", "reminder"}
    dropped = next(one for one in found.tactics if one.tactic == "voucher")
    assert "drop it" in dropped.text["en"] and "取消" in dropped.text["zh"]


def test_more_campaigns_make_it_surer() -> None:
    given = strategy()
    results = [campaign({"call": 6.0}, seed=seed) for seed in range(10, 16)]
    deviations = []
    for count in (1, 6):
        found = review(given, results[:count], margin=MARGIN, worth=WORTH)
        after = next(one for one in found.tactics if one.tactic == "call").after
        assert after is not None
        deviations.append(after.standard_deviation)
    assert deviations[1] < 0.75 * deviations[0]


def test_a_campaign_with_a_broken_split_teaches_nothing() -> None:
    given = strategy()
    random = np.random.default_rng(0)
    broken = Followed(
        np.full(1000, "call"), np.arange(1000) < 20, random.gamma(1, 50, 1000), np.zeros(1000),
        np.zeros(1000), np.full(1000, "all"),
    )  # fmt: skip
    result = strategy_result(
        broken, strategy="rescue", decided_on=date(2027, 1, 4), counted_until=date(2027, 3, 5),
        currency="EUR", margin=MARGIN, holdout_share=0.3,
    )  # fmt: skip
    found = review(given, [result], margin=MARGIN, worth=WORTH)
    assert found.proposed == given and not found.changes


def test_if_nothing_pays_people_decide() -> None:
    given = strategy()
    lost = {"call": -9.0, "reminder": -9.0, "voucher": -9.0}
    found = review(given, [campaign(lost, seed=s) for s in (1, 2, 3)], margin=MARGIN, worth=WORTH)
    assert len(found.proposed.tactics) == 3
    assert all(one.pays < 0.1 for one in found.tactics)  # type: ignore[operator]
    assert all("for people to decide" in one.text["en"] for one in found.tactics)
    assert not any("drop it" in one.text["en"] for one in found.tactics)


def test_plan_and_outcome_stand_side_by_side() -> None:
    found = review(
        strategy(),
        [campaign({"call": 5.0}, seed=6)],
        margin=MARGIN,
        worth=WORTH,
        expected={"call": 12_345.0},
    )
    call = next(one for one in found.tactics if one.tactic == "call")
    assert "expected 12,345 EUR" in call.text["en"] and "brought" in call.text["en"]
    json.dumps(found.as_dict())
