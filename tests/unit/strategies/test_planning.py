from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow.compute as pc
import pytest

from tenure.kernel import Undefined
from tenure.strategies.believed_effects import FittedEffect, believed_effect
from tenure.strategies.definition import Budget, ChannelRule, ContactCap, Schedule
from tenure.strategies.ground import consent_is_elsewhere
from tenure.strategies.plan import Plan
from tenure.strategies.plan_limits import MONEY, occasion_on, plan_limits
from tenure.strategies.plan_reasons import REASONS
from tests.unit.strategies.plan_grounds import AS_OF, ground, plan, prepared, strategy


@pytest.fixture(scope="module")
def usual() -> Plan:
    return plan()


def with_money(money: float) -> Budget:
    return Budget(money=money, currency="EUR")


def test_everybody_is_planned_or_has_one_reason(usual: Plan) -> None:
    assert usual.customers == usual.planned + sum(usual.reasons.values()) == 1200
    assert set(usual.reasons) <= set(REASONS)
    for code in ("not_in_audience", "audience_unknown", "strategy_holdout", "worth_unknown"):
        assert usual.reasons[code] > 0


def test_nobody_without_consent_in_a_holdout_or_outside_the_audience_is_planned(
    usual: Plan,
) -> None:
    people = ground()
    place = {customer: n for n, customer in enumerate(people.customer_ids.to_pylist())}
    got = usual.decisions.filter(pc.is_valid(usual.decisions["tactic"]))
    assert got.num_rows == usual.contacts > 0
    for row in got.select(["customer_id", "tactic"]).to_pylist():
        number = place[row["customer_id"]]
        tactic = ["reminder", "call", "voucher"].index(row["tactic"])
        assert people.approachable[number]
        assert people.agreed[number, tactic] and people.eligible[number, tactic]


def test_limits_hold_and_count_lots_and_fixed_costs(usual: Plan) -> None:
    for limit in usual.limits:
        assert limit.used <= limit.at_most * (1 + 1e-9)
    assert usual.limit(MONEY).used == pytest.approx(usual.expected_cost)
    hours = sum(tactic.staff_hours for tactic in usual.tactics)
    assert usual.limit("team desk: hours").used == pytest.approx(hours)
    assert usual.limit("team desk: hours").price > 0


def test_a_tactic_that_does_not_repay_its_fixed_cost_is_dropped(usual: Plan) -> None:
    assert usual.dropped == ("voucher",)
    assert not [one for one in usual.tactics if one.name == "voucher" and one.contacts]
    tactics = list(strategy().tactics)
    prior = tactics[2].effect.prior.model_copy(update={"mean": 30.0})
    effect = tactics[2].effect.model_copy(update={"prior": prior})
    tactics[2] = tactics[2].model_copy(update={"effect": effect})
    paying = plan(strategy(tactics=tuple(tactics)))
    assert paying.dropped == ()
    voucher = paying.tactics[2]
    assert voucher.contacts > 50
    assert voucher.cost == pytest.approx(20 + 1.6 * voucher.contacts)
    assert paying.limit(MONEY).used == pytest.approx(paying.expected_cost)


def test_the_same_input_gives_the_same_bytes(usual: Plan) -> None:
    again = plan()
    assert again.decisions.equals(usual.decisions)
    assert again.as_dict() == usual.as_dict()
    assert again.plan_id == usual.plan_id
    assert plan(strategy(budget=with_money(40))).plan_id != usual.plan_id


def test_a_tight_budget_is_blamed_and_has_a_price() -> None:
    tight = plan(strategy(budget=with_money(15)))
    assert tight.limit(MONEY).price > 1
    assert tight.reasons["budget_exhausted"] > 100
    assert tight.expected_cost <= 15
    assert [point.at_most for point in tight.curve][3] == 15
    values = [point.value for point in tight.curve]
    assert values == sorted(values)


def test_propensities_add_up_and_describe_what_happens() -> None:
    many = plan(people=ground(6000), money=100.0)
    chance = many.exploration.chance
    assert 0 < chance <= 0.05
    table = many.decisions
    assert pc.min(table["propensity"]).as_py() > 0
    drawn = table.filter(table["is_explored"])
    share = drawn.num_rows / table.num_rows
    assert share == pytest.approx(chance, rel=0.35)
    # inverse propensities of those who got a tactic count everybody who could have
    weights = 1 / table["propensity"].to_numpy()
    for tactic in many.tactics[:2]:
        got = pc.equal(table["tactic"], tactic.name).fill_null(False).to_numpy()
        assert weights[got].sum() == pytest.approx(tactic.available, rel=0.3)


def test_no_more_than_the_share_of_a_limit_goes_to_lots() -> None:
    hours = 0.4
    teams = tuple(one.model_copy(update={"staff_hours": hours}) for one in strategy().teams)
    tight = plan(strategy(teams=teams), people=ground(6000))
    calls = next(one for one in tight.tactics if one.name == "call")
    assert calls.staff_hours <= hours + 1e-9
    assert tight.exploration.chance < 0.01
    none = plan(strategy(exploration_share=0.0))
    assert none.exploration.customers == 0
    assert set(none.decisions["propensity"].to_pylist()) == {1.0}


def test_an_unmeasured_effect_comes_with_the_experiment_that_would_find_it(usual: Plan) -> None:
    reminder, call, voucher = usual.tactics
    assert voucher.experiment is None
    assert reminder.experiment is not None and not isinstance(reminder.experiment, Undefined)
    assert call.experiment is not None and not isinstance(call.experiment, Undefined)
    assert reminder.experiment.customers > call.experiment.customers
    assert not reminder.experiment.is_enough
    assert reminder.experiment.detectable > reminder.experiment.effect
    assert 0 < call.experiment.power_of_plan < 1
    assert "reminder, call" in usual.notes[0]["en"]


def test_the_careful_plan_counts_on_poor_effects(usual: Plan) -> None:
    assert usual.careful.value < usual.net.value
    assert usual.careful.value >= usual.careful.value_of_plan - 25
    assert usual.net.low < usual.net.value < usual.net.high
    assert 0 < usual.loss_probability < 0.5
    for tactic in usual.tactics:
        assert tactic.contacts_if_low <= tactic.contacts_if_high
        if tactic.break_even is not None:
            assert tactic.break_even < tactic.effect


def test_the_limits_of_an_occasion_are_what_is_left_spread_over_what_is_left() -> None:
    weekly = strategy(
        schedule=Schedule(
            starts_on=date(2026, 3, 2),
            ends_on=date(2026, 3, 29),
            rhythm="weekly",
            review_on=date(2026, 4, 20),
        )
    )
    occasion = occasion_on(weekly, date(2026, 3, 17))
    assert (occasion.number, occasion.of, occasion.days) == (3, 4, 7)
    assert occasion_on(weekly, date(2025, 1, 1)).number == 1
    limits = {
        one.limit.name: one.limit.at_most
        for one in plan_limits(weekly, occasion, spent={MONEY: 200.0})
    }
    assert limits == {MONEY: 50.0, "team desk: hours": 6.0}


def test_one_contact_per_customer_when_the_cap_says_so() -> None:
    tactics = list(strategy().tactics)
    tactics[2] = tactics[2].model_copy(
        update={"cost": tactics[2].cost.model_copy(update={"fixed": 0, "redemption": 1})}
    )
    both = strategy(tactics=tuple(tactics), exploration_share=0.0)
    assert plan(both).contacts > plan(both).planned
    capped = plan(both.model_copy(update={"contact_caps": (ContactCap(contacts=1, days=28),)}))
    assert capped.contacts == capped.planned


def test_consent_that_nobody_knows_counts_as_none() -> None:
    silent = strategy(channels=())
    assert not consent_is_elsewhere(silent, "phone")
    assert consent_is_elsewhere(silent, "in_store")
    kept = strategy(channels=(ChannelRule(name="phone", consent="kept_elsewhere"),))
    assert consent_is_elsewhere(kept, "phone")
    people = replace(ground(), agreed=ground().agreed & np.array([False, False, False]))
    nobody = plan(silent, people)
    assert nobody.planned == 0
    assert nobody.reasons["no_consent"] > 700
    assert any("phone" in note["en"] for note in nobody.notes)


class Model:
    """Half of the customers respond, and how surely that is known."""

    def __init__(self, effect: list[float], deviation: float) -> None:
        self.effect, self.deviation = np.array(effect), deviation

    def predict_effects(self, X: object) -> tuple[np.ndarray, np.ndarray]:  # noqa: N803
        return self.effect, np.full(self.effect.size, self.deviation)


def test_an_uncertain_model_is_drawn_to_the_prior() -> None:
    tactic = strategy().tactics[0]
    worth = {"mean_order_value": np.array([100.0, 100.0])}
    sure, unsure = (
        believed_effect(
            tactic,
            worth,
            2,
            margin=0.5,
            fitted=FittedEffect(Model([0.06, 0.0], deviation), "probability", None),
        )
        for deviation in (1e-6, 0.01)
    )
    assert sure.mean == pytest.approx([3.0, 0.0], abs=1e-4)
    # prior and model are alike unsure: half way between
    assert unsure.mean == pytest.approx([2.0, 0.5])
    assert unsure.deviation == pytest.approx([0.5 * 100 * 0.01 / 2**0.5] * 2)
    assert sure.is_measured


def test_an_empty_audience_gives_a_plan_of_nobody() -> None:
    people = ground()
    empty = plan(people=replace(people, in_audience=np.zeros(people.customers, bool)))
    assert empty.planned == empty.contacts == 0
    assert empty.net.value == 0 and empty.gap == 0
    assert sum(empty.reasons.values()) == 1200
    assert empty.as_of == AS_OF


def test_values_are_unknown_where_a_tactic_is_not_available() -> None:
    ready = prepared()
    values = ready.values(ready.considered)
    assert np.isnan(values).sum() == (~ready.available[ready.considered]).sum()
