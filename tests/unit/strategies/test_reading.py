"""A strategy's text: what it must say, and every fault with its line, all in one go."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tenure.kernel import DefinitionError, Severity
from tenure.strategies.reading import check_strategy, parse_strategy
from tests.unit.strategies.strategies_made import RESCUE


def faults(*changes: tuple[str, str]) -> list[tuple[int | None, str | None, str]]:
    """Return line, field and code of the faults after changes of the sound text."""
    text = RESCUE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return [(one.row, one.field, one.code) for one in check_strategy(text, "r.yaml").issues]


def test_a_sound_text_becomes_a_strategy():
    strategy = parse_strategy(RESCUE, "r.yaml")
    assert strategy.name == "rescue_overdue"
    assert strategy.goal.by == date(2026, 12, 31)
    assert strategy.title["zh"] == "挽救逾期客户"
    assert strategy.tactic("voucher").title == {"en": "Voucher", "zh": "Voucher"}
    assert strategy.tactic("voucher").expected_cost == Decimal("0.82")
    assert strategy.tactic("call").effect.prior.worth == "mean_order_value"
    assert strategy.schedule.days == 91
    assert strategy.team("desk").staff_hours == 60


def test_amounts_are_exact():
    strategy = parse_strategy(RESCUE.replace("0.30", "0.1"), "r.yaml")
    assert strategy.tactic("call").cost.contact == Decimal("0.1")


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "code"),
    [
        ("owner: Li Na", "ownr: Li Na", 3, "ownr", "extra_forbidden"),
        ("target: 0.62", "target: 62", 6, "goal.target", "target_out_of_range"),
        ("target: 0.62", "target: high", 6, "goal.target", "float_type"),
        ("metric: retention_rate", "metric: retntion", 5, "goal.metric", "unknown_metric"),
        ("by: 2026-12-31", "by: 2026-12-32", 7, "goal.by", "date_type"),
        ("by: 2026-12-31", "by: 2026-08-31", 7, "goal.by", "dates_in_wrong_order"),
        ("channel: phone\n", "channel: phon\n", 13, "tactics[0].channel", "literal_error"),
        ("    team: desk\n", "", 14, "tactics[0].staff_minutes", "capacity_without_team"),
        ("team: desk", "team: dsk", 14, "tactics[0].team", "unknown_team"),
        ("staff_minutes: 6", "staff_minutes: -6", 15, "tactics[0].staff_minutes", None),
        ("staff_hours: 60", "staff_hours: 0.05", 15, "tactics[0].staff_minutes", None),
        ("per_day: 40", "per_day: 4.5", 16, "tactics[0].contacts_per_day", None),
        ("{contact: 0.30}", "{contract: 0.30}", 17, "tactics[0].cost.contract", "extra_forbidden"),
        ("contact: 0.30", "contact: -1", 17, "tactics[0].cost.contact", "greater_than_equal"),
        ("contact: 0.30", "contact: 0.12345", 17, "tactics[0].cost.contact", "decimal_max_places"),
        ("contact: 0.30", "contact: 6000", 17, "tactics[0].cost", "cost_above_budget"),
        ("contact: 0.30", "contact: true", 17, "tactics[0].cost.contact", "is_instance_of"),
        ("mean: 0.05", "mean: 5", 21, "tactics[0].effect.prior.mean", "prior_out_of_range"),
        ("deviation: 0.04", "deviation: 0", 22, "tactics[0].effect.prior.standard_deviation", None),
        ("worth: mean_order_value", "worth: [1]", 23, "tactics[0].effect.prior.worth", None),
        ("        worth: mean_order_value\n", "", 19, "tactics[0].effect.prior", None),
        ("basis: assumption", "basis: fact", 24, "tactics[0].effect.prior.basis", None),
        ("name: voucher\n", "name: call\n", 26, "tactics[1].name", "repeated_name"),
        (", value: 10}", "}", 30, "tactics[1].offer", "offer_without_value"),
        ("amount_off, value: 10", "percent_off, value: 110", 30, "tactics[1].offer.value", None),
        ("fixed: 50", "fixed: 5000", 31, "tactics[1].cost", "cost_above_budget"),
        ("    redemption_rate: 0.08\n", "", 31, "tactics[1].cost.redemption", None),
        ("redemption_rate: 0.08", "redemption_rate: 8", 32, "tactics[1].redemption_rate", None),
        ("money: 5000", "money: -1", 34, "budget.money", "greater_than_equal"),
        ("money: 5000", "money: 5000_", 34, "budget.money", "is_instance_of"),
        ("EUR", "euro", 34, "budget.currency", "string_pattern_mismatch"),
        ("[voucher]", "[vouchr]", 36, "limits[0].tactics[0]", "unknown_in_limit"),
        (", money: 2000", "", 36, "limits[0]", "unclear_limit"),
        (", money: 2000", ", money: 2000, contacts: 5", 36, "limits[0]", "unclear_limit"),
        ("  - {name: phone, consent: kept_elsewhere}\n", "", 13, "tactics[0].channel", None),
        ("department: service,", "department: sales,", 43, "teams[0].department", None),
        ("ends_on: 2026-11-30", "ends_on: 2026-08-30", 44, "schedule.ends_on", None),
        ("review_on: 2026-12-05", "review_on: 2026-09-01", 44, "schedule.review_on", None),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_line(old, new, line, field, code):
    found = faults((old, new))
    matching = [one for one in found if (one[0], one[1]) == (line, field)]
    assert matching, found
    assert code is None or matching[0][2] == code


def test_every_fault_is_told_in_one_go():
    found = faults(
        ("owner: Li Na\n", ""),
        ("target: 0.62", "target: 62"),
        ("channel: phone\n", "channel: phon\n"),
        ("fixed: 50", "fixed: 5000"),
        ("money: 2000", "mony: 2000"),
        ("ends_on: 2026-11-30", "ends_on: 2026-08-30"),
    )
    assert [field for _, field, _ in found] == [
        None,
        "goal.target",
        "tactics[0].channel",
        "tactics[1].cost",
        "limits[0].mony",
        "schedule.ends_on",
    ]


def test_the_nearest_known_word_is_offered():
    text = RESCUE.replace("owner:", "ownr:").replace("channel: phone\n", "channel: phon\n")
    remedies = [one.remedy for one in check_strategy(text, "r.yaml").issues]
    assert "did you mean owner?" in remedies
    assert "did you mean phone?" in remedies


def test_an_effect_must_rest_on_something():
    start, end = RESCUE.index("      prior:\n"), RESCUE.index("  - name: voucher")
    text = RESCUE[:start] + "      within_days: 30\n" + RESCUE[end:]
    (issue,) = check_strategy(text, "r.yaml").issues
    assert (issue.row, issue.code) == (18, "no_effect")


def test_a_model_alone_is_an_effect():
    start, end = RESCUE.index("      prior:\n"), RESCUE.index("  - name: voucher")
    text = RESCUE[:start] + "      uplift_model: rescue\n" + RESCUE[end:]
    assert parse_strategy(text, "r.yaml").tactic("call").effect.uplift_model == "rescue"


def test_no_holdout_is_a_warning_and_the_strategy_still_holds():
    checked = check_strategy(RESCUE + "holdout_share: 0.0\n", "r.yaml")
    assert checked.strategy is not None
    (issue,) = checked.issues
    assert (issue.severity, issue.code) == (Severity.WARNING, "no_holdout")


def test_a_share_above_its_bound_is_refused():
    (issue,) = check_strategy(RESCUE + "holdout_share: 1.5\n", "r.yaml").issues
    assert (issue.row, issue.given, issue.expected) == (45, "1.5", "at most 0.9")


def test_the_error_names_file_and_lines():
    text = RESCUE.replace("target: 0.62", "target: 62").replace("EUR", "euro")
    with pytest.raises(DefinitionError) as error:
        parse_strategy(text, "r.yaml")
    said = str(error.value)
    assert "r.yaml" in said
    assert "line 6" in said
    assert "line 34" in said
    assert len(error.value.issues) == 2


def test_one_fault_is_said_in_one_sentence():
    with pytest.raises(DefinitionError, match=r"r\.yaml, line 34: budget\.currency: 'euro'"):
        parse_strategy(RESCUE.replace("EUR", "euro"), "r.yaml")


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n", "5\n"])
def test_what_is_no_mapping_is_refused(text):
    (issue,) = check_strategy(text, "r.yaml").issues
    assert issue.code == "model_type"


def test_no_tactics_at_all_is_a_fault():
    start, end = RESCUE.index("tactics:"), RESCUE.index("budget:")
    text = RESCUE[:start] + "tactics: []\n" + RESCUE[end:].replace("[voucher]", "[a]")
    assert ("tactics", "wrong_length") in [
        (one.field, one.code) for one in check_strategy(text, "r.yaml").issues
    ]
