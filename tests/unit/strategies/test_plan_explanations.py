from __future__ import annotations

import pytest

from tenure.kernel import OptionError
from tenure.strategies.plan import Plan
from tenure.strategies.plan_explanations import PlanExplanation, explain_decision
from tenure.strategies.planning import plan_strategy
from tenure.strategies.preparing import Prepared
from tests.unit.strategies.plan_grounds import AS_OF, prepared


@pytest.fixture(scope="module")
def ready() -> Prepared:
    return prepared()


@pytest.fixture(scope="module")
def plan(ready: Prepared) -> Plan:
    return plan_strategy(ready, as_of=AS_OF)


@pytest.fixture(scope="module")
def told(ready: Prepared, plan: Plan) -> dict[str, PlanExplanation]:
    """The explanation of every fourth customer."""
    rows: dict[str, list[dict]] = {}
    for row in plan.decisions.to_pylist():
        rows.setdefault(row["customer_id"], []).append(row)
    content = plan.as_dict()
    return {
        customer: explain_decision(ready, content, rows.get(customer, []), customer)
        for customer in ready.ground.customer_ids.to_pylist()[::4]
    }


def test_who_is_planned_gets_what_leaves_most_at_the_prices(
    told: dict[str, PlanExplanation],
) -> None:
    planned = [one for one in told.values() if one.given and not one.is_explored]
    assert len(planned) > 100
    for one in planned:
        (given,) = one.given
        best = one.tactics[0]
        left = next(view.left for view in one.tactics if view.name == given)
        assert left == pytest.approx(best.left, abs=0.05)
        assert one.texts[0]["en"].startswith(f"Gets {given}: ")


def test_the_second_needs_what_the_first_leaves_more(told: dict[str, PlanExplanation]) -> None:
    text = next(
        one.texts[1]["en"]
        for one in told.values()
        if one.given == ("reminder",) and not one.is_explored and one.tactics[1].name == "call"
    )
    assert text.startswith("call came second: it would have to bring ")
    assert "team desk: hours (hours) would have to be worth" in text


def test_every_reason_is_told_in_both_languages(told: dict[str, PlanExplanation]) -> None:
    assert len({one.reason for one in told.values()}) >= 6
    for one in told.values():
        assert one.texts[0]["en"].startswith("Gets ")
        assert all(text["zh"] for text in one.texts)
        if one.reason == "strategy_holdout":
            assert one.given == () and all(view.left is None for view in one.tactics)


def test_what_is_barred_says_why(told: dict[str, PlanExplanation]) -> None:
    barred = {view.barred for one in told.values() for view in one.tactics}
    assert barred >= {"condition", "consent", "worth", "dropped", None}


def test_a_lot_is_called_a_lot(told: dict[str, PlanExplanation]) -> None:
    lots = [one for one in told.values() if one.is_explored and one.given]
    assert lots
    assert all("by lot" in one.texts[0]["en"] for one in lots)
    assert all(0 < chance <= 1 for one in lots for chance in one.propensities.values())
    assert lots[0].as_dict()["tactics"]


def test_an_unknown_customer_is_refused(ready: Prepared, plan: Plan) -> None:
    with pytest.raises(OptionError, match="nobody"):
        explain_decision(ready, plan.as_dict(), [], "nobody")
