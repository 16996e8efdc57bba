"""Families of features: columns that tell one story and therefore give one reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tenure.predictions.churn.features import FeatureSpace

TIMING, FREQUENCY, SPEND, RETURNS = "timing", "frequency", "spend", "returns"
VARIETY, TENURE, CHANNEL, SOURCE, CONTRACT = "variety", "tenure", "channel", "source", "contract"
COLUMN = "column"
"""Beginning of the family of a column that no other family has: `column:<name>`."""

_MEMBERS: Mapping[str, str] = {
    "days_since_last_order": TIMING,
    "last_activity_on": TIMING,
    "overdue_ratio": TIMING,
    "recency_score": TIMING,
    "lifecycle_stage": TIMING,
    "rhythm_days": TIMING,
    "rhythm_source": TIMING,
    "median_gap_days": TIMING,
    "mean_gap_days": TIMING,
    "order_count": FREQUENCY,
    "repeat_order_count": FREQUENCY,
    "order_day_count": FREQUENCY,
    "order_count_30_days": FREQUENCY,
    "order_count_90_days": FREQUENCY,
    "order_count_365_days": FREQUENCY,
    "frequency_score": FREQUENCY,
    "gross_value": SPEND,
    "net_value": SPEND,
    "mean_order_value": SPEND,
    "net_value_30_days": SPEND,
    "net_value_90_days": SPEND,
    "net_value_365_days": SPEND,
    "monetary_score": SPEND,
    "returned_value": RETURNS,
    "return_rate": RETURNS,
    "distinct_product_count": VARIETY,
    "distinct_category_count": VARIETY,
    "tenure_days": TENURE,
    "first_activity_on": TENURE,
    "first_channel": CHANNEL,
    "last_channel": CHANNEL,
    "acquisition_source": SOURCE,
    "subscription_status": CONTRACT,
    "subscription_plan": CONTRACT,
    "subscription_started_on": CONTRACT,
    "subscription_ended_on": CONTRACT,
    "subscription_recurring_value": CONTRACT,
}

_TOLD_BY: Mapping[str, frozenset[str]] = {
    TIMING: frozenset({"days_since_last_order", "last_activity_on"}),
    FREQUENCY: frozenset({"order_count"}),
    SPEND: frozenset({"net_value"}),
    RETURNS: frozenset({"returned_value"}),
    VARIETY: frozenset({"distinct_product_count"}),
    TENURE: frozenset({"tenure_days", "first_activity_on"}),
    CHANNEL: frozenset({"first_channel", "last_channel"}),
    SOURCE: frozenset({"acquisition_source"}),
    CONTRACT: frozenset({"subscription_plan", "subscription_started_on"}),
}
"""A family can be told only with one of these; without, each column speaks for itself."""

ACTIONS: Mapping[str, Mapping[str, str]] = {
    TIMING: {
        "en": "Get in touch now, with a reason to come back",
        "zh": "现在联系，给出回来的理由",
    },
    FREQUENCY: {"en": "Suggest the next order or appointment", "zh": "建议下一次下单或预约"},
    SPEND: {"en": "Make an offer that fits past purchases", "zh": "按以往购买给出合适的优惠"},
    RETURNS: {"en": "Ask what went wrong and put it right", "zh": "询问哪里出了问题并解决"},
    VARIETY: {"en": "Show something new that fits", "zh": "推荐合适的新品"},
    CONTRACT: {"en": "Talk about the contract before it ends", "zh": "在合同到期前沟通续约"},
}
"""What can be done about a family; the others cannot be changed."""

_CHANGE = re.compile(r"^change_\d+_days_(?P<column>.+)$")


@dataclass(frozen=True, slots=True)
class Family:
    """Features that give one reason.

    Parameters
    ----------
    name : of the family.
    places : of its features in the space.
    """

    name: str
    places: tuple[int, ...]


def families_of(space: FeatureSpace) -> tuple[Family, ...]:
    """Return the families of a space's features, in the order in which they first occur."""
    columns = set(space.columns)
    places: dict[str, list[int]] = {}
    for place, column in enumerate(space.columns):
        name = family_of(column)
        if name in _TOLD_BY and not _TOLD_BY[name] & columns:
            name = f"{COLUMN}:{column}"
        places.setdefault(name, []).append(place)
    return tuple(Family(name, tuple(own)) for name, own in places.items())


def family_of(column: str) -> str:
    """Return the family of a column; a change belongs to the column that changes."""
    change = _CHANGE.match(column)
    plain = change["column"] if change else column
    return _MEMBERS.get(plain, f"{COLUMN}:{column}")


def is_actionable(family: str) -> bool:
    """Tell whether something can be done about a reason of this family."""
    return family in ACTIONS
