"""Designs come back from plain values as they were, and refuse parts that do not fit."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from tenure.experiments import Arm, Design, Guardrail, Layer, Reading
from tenure.kernel import DefinitionError

ARMS = (Arm("control", 1), Arm("sms", 2))
FULL = Design(
    name="welcome_sms",
    arms=ARMS,
    primary_metric="net_revenue",
    salt="spring",
    unit="store_id",
    method="rerandomised",
    strata=("city",),
    balance=("orders", "value"),
    acceptance=0.05,
    layer=Layer("contact", 300, 200),
    population="new_customers",
    starts_on=date(2026, 3, 1),
    ends_on=date(2026, 4, 1),
    secondary_metrics=("order_count",),
    guardrails=(Guardrail("unsubscribe_rate", 0.002, "lower"),),
    reading=Reading("group_sequential", alpha=0.1, looks=4, smallest_effect=0.05),
    title={"en": "Welcome", "zh": "欢迎"},
    hypothesis="A message brings them back.",
)


def test_a_design_survives_json() -> None:
    assert Design.from_dict(json.loads(json.dumps(FULL.as_dict()))) == FULL


def test_what_is_left_out_takes_its_default() -> None:
    plain = {"name": "w", "arms": [{"name": "a"}, {"name": "b"}], "primary_metric": "m"}
    design = Design.from_dict(plain)
    assert design == Design("w", (Arm("a"), Arm("b")), "m")
    assert (design.key, design.unit, design.is_clustered) == ("w", "customer_id", False)
    assert Design.from_dict(design.as_dict()) == design


def test_shares_are_exact_and_the_salt_is_the_name_unless_given() -> None:
    assert FULL.shares == (Fraction(1, 3), Fraction(2, 3))
    assert FULL.arm_names == ("control", "sms")
    assert FULL.key == "spring"
    assert FULL.is_clustered


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"name": "Welcome!"}, "a-z"),
        ({"arms": (Arm("a"),)}, "two arms"),
        ({"arms": (Arm("a"), Arm("a"))}, "each name once"),
        ({"arms": (Arm("a", 700_000), Arm("b", 700_000))}, "at most 1000000"),
        ({"method": "hash", "balance": ()}, "strata and the method hash"),
        ({"balance": ()}, "columns to balance"),
        ({"method": "stratified"}, "columns to balance"),
        ({"acceptance": 0.0}, "above 0"),
        ({"salt": "a|b"}, "without the sign"),
        ({"ends_on": date(2026, 3, 1)}, "end after the start"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, Any], match: str) -> None:
    values = {name: getattr(FULL, name) for name in FULL.__dataclass_fields__}
    with pytest.raises(DefinitionError, match=match):
        Design(**(values | change))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Arm("a", 0), "weight 0"),
        (lambda: Arm("A b"), "a-z"),
        (lambda: Guardrail("m", 0), "above 0"),
        (lambda: Reading(alpha=0.7), "alpha 0.7"),
        (lambda: Reading(looks=3), "3 looks with the mode 'fixed'"),
        (lambda: Reading("group_sequential"), "1 looks"),
        (lambda: Layer("contact", 0, 0), "0 slots"),
        (lambda: Layer("contact", 300, 800), "300 slots from 800"),
    ],
)
def test_values_out_of_their_range_are_refused(make: Any, match: str) -> None:
    with pytest.raises(DefinitionError, match=match):
        make()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"colour": 1}, ("colour",)),
        ({"arms": [{"name": "a", "weight": 0.5}, {"name": "b"}]}, ("arms", 0, "weight")),
        ({"layer": {"name": "contact", "slots": 3, "share": 1}}, ("layer", "share")),
        ({"method": "coin"}, ("method",)),
    ],
)
def test_faults_of_plain_values_name_their_place(
    change: dict[str, Any], place: tuple[object, ...]
) -> None:
    with pytest.raises(ValidationError) as caught:
        Design.from_dict(FULL.as_dict() | change)
    assert caught.value.errors()[0]["loc"] == place
