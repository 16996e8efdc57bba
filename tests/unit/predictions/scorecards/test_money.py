import pytest

from tenure.kernel import OptionError
from tenure.predictions.scorecards.money import ContactPlan, expected_profit, profit_curve

LEFT = [1, 0, 1, 0]
PRIORITY = [0.9, 0.8, 0.4, 0.1]
VALUE = [100, 50, 20, 10]


def test_the_profit_adds_savings_and_takes_off_offers_and_contacts():
    plan = ContactPlan(contact_cost=1, save_rate=0.2, offer_cost=5, taken_by_stayers=0.5)
    # saved: 0.2 x (100 - 5) - 1 = 18; wasted: 0.5 x 5 + 1 = 3.5
    assert expected_profit(LEFT, PRIORITY, VALUE, plan=plan, depth=1) == pytest.approx(18)
    assert expected_profit(LEFT, PRIORITY, VALUE, plan=plan, depth=0.5) == pytest.approx(14.5)


def test_the_profit_curve_bends_where_contacts_no_longer_pay():
    plan = ContactPlan(contact_cost=5, save_rate=0.5)
    curve = profit_curve(LEFT, PRIORITY, VALUE, plan=plan, depths=[0.25, 0.5, 0.75, 1.0])
    assert curve == [
        (0.25, pytest.approx(45)),
        (0.5, pytest.approx(40)),
        (0.75, pytest.approx(45)),
        (1.0, pytest.approx(40)),
    ]


def test_the_assumptions_are_said_in_both_languages():
    text = ContactPlan(contact_cost=1.5, save_rate=0.125, offer_cost=10).text
    assert "12.5%" in text["en"] and "1.5" in text["en"] and "100%" in text["en"]
    assert "12.5%" in text["zh"] and "1.5" in text["zh"] and "100%" in text["zh"]


@pytest.mark.parametrize(
    "given",
    [
        {"contact_cost": -1, "save_rate": 0.1},
        {"contact_cost": 1, "save_rate": 1.1},
        {"contact_cost": 1, "save_rate": 0.1, "taken_by_stayers": 2},
        {"contact_cost": float("nan"), "save_rate": 0.1},
    ],
)
def test_impossible_assumptions_are_refused(given):
    with pytest.raises(OptionError):
        ContactPlan(**given)
