"""A strategy against its business: columns, segments, currency, models, and people to speak to."""

from __future__ import annotations

import pytest

from tenure.kernel import Severity
from tenure.strategies.audiences import measure_audience
from tenure.strategies.reading import CheckedStrategy, check_strategy
from tenure.strategies.validation import Surroundings, audience_faults, surrounding_faults
from tests.unit.segments.people_made import people, segments
from tests.unit.strategies.strategies_made import RESCUE

SEGMENTS = segments(loyal="order_count >= 2", nobody="order_count > 10 and order_count < 5")


def strategy(*changes: tuple[str, str]) -> CheckedStrategy:
    text = RESCUE.replace("overdue_now and order_count >= 2", "loyal")
    text = text.replace("worth: mean_order_value", "worth: net_value")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    checked = check_strategy(text, "r.yaml")
    assert checked.strategy is not None, checked.issues
    return checked


def told(checked: CheckedStrategy, currency: str = "EUR", models: tuple[str, ...] = ()):
    found = surrounding_faults(
        checked.strategy, checked.located, Surroundings(SEGMENTS, currency, models)
    )
    return [(one.row, one.field, one.code, one.severity) for one in found]


def test_a_strategy_that_fits_has_no_faults():
    assert told(strategy()) == []
    assert told(strategy(), currency="") == []


@pytest.mark.parametrize(
    ("change", "line", "field", "code"),
    [
        (("audience: loyal", "audience: loyl"), 8, "audience", "invalid_condition"),
        (("audience: loyal", "audience: order_count"), 8, "audience", "invalid_condition"),
        (("    redemption_rate", "    eligibility: net_valu > 5\n    redemption_rate"), 32,
         "tactics[1].eligibility", "invalid_condition"),
        (("email, consent: kept_elsewhere", "email, consent: attr_agreed = 1"), 39,
         "channels[1].consent", "invalid_condition"),
        (("by: 2026-12-31", "by: 2026-12-31\n  population: loyall"), 8, "goal.population",
         "invalid_condition"),
        (("worth: net_value", "worth: net_valu"), 23, "tactics[0].effect.prior.worth",
         "unknown_column"),
        (("worth: net_value", "worth: rfm_segment"), 23, "tactics[0].effect.prior.worth",
         "unknown_column"),
        (("EUR", "CNY"), 34, "budget.currency", "other_currency"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_line(change, line, field, code):
    assert told(strategy(change)) == [(line, field, code, Severity.ERROR)]


def test_the_nearest_name_is_offered():
    checked = strategy(("audience: loyal", "audience: loyl"))
    (issue,) = surrounding_faults(checked.strategy, checked.located, Surroundings(SEGMENTS))
    assert issue.given == "'loyl' in the condition"
    assert issue.remedy == "did you mean loyal?"


def test_a_model_that_is_not_fitted_is_a_warning_beside_a_prior_and_else_a_fault():
    beside = strategy(("      prior:\n", "      uplift_model: calls\n      prior:\n"))
    assert [one[3] for one in told(beside)] == [Severity.WARNING]
    assert told(beside, models=("calls",)) == []
    start, end = RESCUE.index("      prior:\n"), RESCUE.index("  - name: voucher")
    alone = check_strategy(
        RESCUE[:start].replace("overdue_now and order_count >= 2", "loyal")
        + "      uplift_model: calls\n"
        + RESCUE[end:],
        "r.yaml",
    )
    assert [one[2:] for one in told(alone)] == [("unknown_uplift_model", Severity.ERROR)]


def test_people_are_counted_for_the_audience_and_for_each_tactic():
    checked = strategy(
        ("    redemption_rate", "    eligibility: net_value < 1000\n    redemption_rate"),
        ("email, consent: kept_elsewhere", "email, consent: attr_age = '34'"),
        ("by: 2026-12-31", "by: 2026-12-31\n  population: net_value >= 0"),
    )
    found = measure_audience(checked.strategy, people(), SEGMENTS)
    assert (found.customers, found.members, found.unknown, found.population) == (4, 2, 0, 3)
    call, voucher = found.tactics
    assert (call.name, call.eligible, call.reachable) == ("call", 2, 2)
    assert (voucher.name, voucher.eligible, voucher.reachable) == ("voucher", 1, 1)
    assert list(audience_faults(checked.strategy, checked.located, found)) == []


def test_unknown_people_are_not_in_the_audience_and_are_counted():
    checked = strategy(("audience: loyal", "audience: net_value > 1000000"))
    found = measure_audience(checked.strategy, people(), SEGMENTS)
    assert (found.members, found.unknown) == (1, 1)


def test_an_audience_of_nobody_is_an_error_at_its_line():
    checked = strategy(("audience: loyal", "audience: nobody"))
    found = measure_audience(checked.strategy, people(), SEGMENTS)
    (issue,) = audience_faults(checked.strategy, checked.located, found)
    assert (issue.row, issue.field, issue.given) == (8, "audience", "an audience of nobody")
    assert issue.severity is Severity.ERROR


def test_a_population_of_nobody_is_an_error_at_its_line():
    checked = strategy(("by: 2026-12-31", "by: 2026-12-31\n  population: nobody"))
    found = measure_audience(checked.strategy, people(), SEGMENTS)
    (issue,) = audience_faults(checked.strategy, checked.located, found)
    assert (issue.row, issue.field, issue.given) == (8, "goal.population", "a population of nobody")


def test_a_tactic_for_nobody_is_a_warning():
    checked = strategy(
        ("    team: desk", "    eligibility: order_count > 2 and nobody\n    team: desk")
    )
    found = measure_audience(checked.strategy, people(), SEGMENTS)
    (issue,) = audience_faults(checked.strategy, checked.located, found)
    assert (issue.row, issue.field) == (14, "tactics[0].eligibility")
    assert issue.severity is Severity.WARNING
