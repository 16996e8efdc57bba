"""Whether the parts of a strategy fit each other: names, dates, teams, costs, channels, effects.

The checks look at the parts that could be read, so that one fault does not hide another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from pydantic import BaseModel

from tenure.kernel import Issue, Severity
from tenure.kernel.located_yaml import LocatedYaml, YamlPath, near_hint
from tenure.strategies.definition import (
    CHANNELS_NEEDING_CONSENT,
    Budget,
    ChannelRule,
    ContactCap,
    Department,
    Goal,
    Guardrail,
    Limit,
    Prior,
    Schedule,
    Tactic,
    Team,
)
from tenure.strategies.key_figures import GUARDRAIL_KINDS, KEY_FIGURES

_Entry = TypeVar("_Entry", bound=BaseModel)
_Part = TypeVar("_Part")

_MINUTES = 60
_OVER = ("tactics", "channel", "team", "department")
_AMOUNTS = ("money", "contacts", "staff_hours")


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts of a strategy that could be read.

    Parameters
    ----------
    parts : value of each key; of a list, its sound entries by path.
    located : where everything stands.
    """

    parts: Mapping[str, object]
    located: LocatedYaml

    def entries(self, key: str, kind: type[_Entry]) -> list[tuple[YamlPath, _Entry]]:
        """Return the sound entries of a list with their paths."""
        found = self.parts.get(key)
        if not isinstance(found, dict):
            return []
        return [(path, one) for path, one in found.items() if isinstance(one, kind)]

    def part(self, key: str, kind: type[_Part]) -> _Part | None:
        """Return one part, or None if it is absent or unsound."""
        found = self.parts.get(key)
        return found if isinstance(found, kind) else None

    def is_whole(self, key: str) -> bool:
        """Tell whether every entry of a list could be read, so that a name may be missed in it."""
        given = self.located.value
        listed = given.get(key, []) if isinstance(given, dict) else []
        return isinstance(listed, list) and len(listed) == len(self.entries(key, BaseModel))


def draft_faults(draft: Draft) -> Iterator[Issue]:
    """Yield everything in which the parts of a strategy do not fit each other."""
    yield from _repeated_names(draft)
    yield from _schedule_faults(draft)
    yield from _goal_faults(draft)
    yield from _guardrail_faults(draft)
    yield from _share_faults(draft)
    yield from _reference_faults(draft)
    yield from _channel_faults(draft)
    yield from _cap_faults(draft)
    yield from _limit_faults(draft)
    for path, tactic in draft.entries("tactics", Tactic):
        yield from _offer_faults(draft, path, tactic)
        yield from _effect_faults(draft, path, tactic)
        yield from _capacity_faults(draft, path, tactic)
        yield from _budget_faults(draft, path, tactic)


def warned(issue: Issue) -> Issue:
    """Return an issue that is told but does not keep the strategy from being used."""
    return replace(issue, severity=Severity.WARNING)


def _repeated_names(draft: Draft) -> Iterator[Issue]:
    given = draft.located.value
    for key in ("tactics", "limits", "channels", "departments", "teams"):
        listed = given.get(key) if isinstance(given, dict) else None
        seen: dict[object, YamlPath] = {}
        # The plain values are read: a fault elsewhere in an entry must not hide its name.
        for place, one in enumerate(listed if isinstance(listed, list) else []):
            name = one.get("name") if isinstance(one, dict) else None
            path: YamlPath = (key, place, "name")
            if isinstance(name, str) and name in seen:
                yield draft.located.issue(
                    path,
                    f"{name!r} a second time; first in line {draft.located.line(seen[name])}",
                    f"each name of {key} once",
                    "rename or delete one of them",
                    code="repeated_name",
                )
            seen.setdefault(name, path)


def _schedule_faults(draft: Draft) -> Iterator[Issue]:
    schedule, goal = draft.part("schedule", Schedule), draft.part("goal", Goal)
    if schedule is None:
        return
    if schedule.ends_on < schedule.starts_on:
        yield draft.located.issue(
            ("schedule", "ends_on"),
            f"{schedule.ends_on}",
            f"{schedule.starts_on} (starts_on) or later",
            "swap the two dates or change one",
            code="dates_in_wrong_order",
        )
    for path, day, name in (
        (("schedule", "review_on"), schedule.review_on, "review_on"),
        (("goal", "by"), goal.by if goal else None, "by"),
    ):
        if day is not None and day <= schedule.starts_on:
            yield draft.located.issue(
                path,
                f"{day}",
                f"a day after {schedule.starts_on} (starts_on)",
                f"set a later {name}",
                code="dates_in_wrong_order",
            )


def _goal_faults(draft: Draft) -> Iterator[Issue]:
    goal = draft.part("goal", Goal)
    if goal is None:
        return
    figure = KEY_FIGURES.get(goal.metric)
    if figure is None:
        yield _unknown(draft, ("goal", "metric"), goal.metric, list(KEY_FIGURES), "unknown_metric")
    elif goal.target < 0 or (figure.unit == "rate" and goal.target > 1):
        yield draft.located.issue(
            ("goal", "target"),
            f"{goal.target}",
            "a rate within 0..1, e.g. 0.62 for 62 %" if figure.unit == "rate" else "at least 0",
            "change the target",
            code="target_out_of_range",
        )


def _guardrail_faults(draft: Draft) -> Iterator[Issue]:
    known = [*KEY_FIGURES, *GUARDRAIL_KINDS]
    for path, guardrail in draft.entries("guardrails", Guardrail):
        if guardrail.metric not in known:
            yield _unknown(draft, (*path, "metric"), guardrail.metric, known, "unknown_metric")


def _share_faults(draft: Draft) -> Iterator[Issue]:
    given = draft.located.value
    holdout = draft.part("holdout_share", float)
    if holdout == 0 and isinstance(given, dict) and "holdout_share" in given:
        yield warned(
            draft.located.issue(
                ("holdout_share",),
                "0",
                "a share above 0, so that what it earned can be measured",
                "leave a tenth alone, or know that the effect will stay unknown",
                code="no_holdout",
            )
        )


def _reference_faults(draft: Draft) -> Iterator[Issue]:
    teams = [team.name for _, team in draft.entries("teams", Team)]
    departments = [one.name for _, one in draft.entries("departments", Department)]
    if draft.is_whole("teams"):
        for path, tactic in draft.entries("tactics", Tactic):
            if tactic.team is not None and tactic.team not in teams:
                yield _unknown(draft, (*path, "team"), tactic.team, teams, "unknown_team")
    if draft.is_whole("departments"):
        for path, team in draft.entries("teams", Team):
            if team.department not in departments:
                yield _unknown(
                    draft,
                    (*path, "department"),
                    team.department,
                    departments,
                    "unknown_department",
                )


def _channel_faults(draft: Draft) -> Iterator[Issue]:
    if not draft.is_whole("channels"):
        return
    rules = {rule.name: rule for _, rule in draft.entries("channels", ChannelRule)}
    told: set[str] = set()
    for path, tactic in draft.entries("tactics", Tactic):
        rule = rules.get(tactic.channel)
        needs = tactic.channel in CHANNELS_NEEDING_CONSENT and tactic.channel not in told
        if needs and (rule is None or rule.consent is None):
            told.add(tactic.channel)
            yield draft.located.issue(
                (*path, "channel"),
                f"{tactic.channel} without a rule of consent",
                "an entry of `channels` that says who agreed to be contacted by it",
                f"add `channels: [{{name: {tactic.channel}, consent: EXPRESSION}}]`, or "
                "`consent: kept_elsewhere` if the system that sends keeps it",
                code="no_consent_rule",
            )


def _cap_faults(draft: Draft) -> Iterator[Issue]:
    used = {tactic.channel for _, tactic in draft.entries("tactics", Tactic)}
    for path, tactic in draft.entries("tactics", Tactic):
        for place, cap in enumerate(tactic.contact_caps):
            if cap.channel is not None:
                yield draft.located.issue(
                    (*path, "contact_caps", place, "channel"),
                    f"the channel {cap.channel} in a tactic's own cap",
                    "only contacts and days: the tactic has its channel",
                    "delete the line",
                    code="channel_in_tactic_cap",
                )
    for path, cap in draft.entries("contact_caps", ContactCap):
        if cap.channel is not None and cap.channel not in used and draft.is_whole("tactics"):
            yield warned(
                draft.located.issue(
                    (*path, "channel"),
                    f"{cap.channel}, which no tactic uses",
                    f"one of {', '.join(sorted(used))}",
                    "delete the cap, or mend the channel",
                    code="unused_cap",
                )
            )


def _limit_faults(draft: Draft) -> Iterator[Issue]:
    for path, limit in draft.entries("limits", Limit):
        for names, what in ((_OVER, "what it is over"), (_AMOUNTS, "how much")):
            given = [name for name in names if getattr(limit, name) is not None]
            if len(given) != 1:
                yield draft.located.issue(
                    path,
                    f"{' and '.join(given) or 'none'} of {', '.join(names)}",
                    f"exactly one of them, to say {what}",
                    "add or delete a line",
                    code="unclear_limit",
                )
        yield from _limit_references(draft, path, limit)


def _limit_references(draft: Draft, path: YamlPath, limit: Limit) -> Iterator[Issue]:
    tactics = [tactic for _, tactic in draft.entries("tactics", Tactic)]
    known: dict[str, list[str]] = {
        "tactics": [tactic.name for tactic in tactics],
        "channel": sorted({str(tactic.channel) for tactic in tactics}),
        "team": [team.name for _, team in draft.entries("teams", Team)],
        "department": [one.name for _, one in draft.entries("departments", Department)],
    }
    lists = {"tactics": "tactics", "channel": "tactics", "team": "teams"}
    for key, names in known.items():
        given = getattr(limit, key)
        if given is None or not draft.is_whole(lists.get(key, "departments")):
            continue
        for place, name in enumerate(given if key == "tactics" else [given]):
            if name not in names:
                where = (*path, key, place) if key == "tactics" else (*path, key)
                yield _unknown(draft, where, name, names, "unknown_in_limit")


def _offer_faults(draft: Draft, path: YamlPath, tactic: Tactic) -> Iterator[Issue]:
    offer, where = tactic.offer, (*path, "offer")
    if offer.kind in ("percent_off", "amount_off", "points") and offer.value is None:
        yield draft.located.issue(
            where,
            f"{offer.kind} without a value",
            "value: how much is given",
            "add a line `value: ...`",
            code="offer_without_value",
        )
    if offer.kind == "percent_off" and offer.value is not None and offer.value > 100:
        yield draft.located.issue(
            (*where, "value"),
            f"{offer.value} percent off",
            "at most 100",
            "change the value",
            code="offer_out_of_range",
        )
    if tactic.cost.redemption > 0 and tactic.redemption_rate == 0:
        yield draft.located.issue(
            (*path, "cost", "redemption"),
            f"a cost on redemption of {tactic.cost.redemption} where nobody redeems",
            "a redemption_rate above 0",
            "say which share of the contacted is expected to take the offer up",
            code="cost_without_redemption",
        )


def _effect_faults(draft: Draft, path: YamlPath, tactic: Tactic) -> Iterator[Issue]:
    effect, where = tactic.effect, (*path, "effect")
    if effect.prior is None and effect.uplift_model is None:
        yield draft.located.issue(
            where,
            "neither a prior nor an uplift model",
            "at least one of them",
            "say what is believed: prior with mean, standard_deviation, basis and source",
            code="no_effect",
        )
    if effect.prior is not None:
        yield from _prior_faults(draft, (*where, "prior"), effect.prior)


def _prior_faults(draft: Draft, path: YamlPath, prior: Prior) -> Iterator[Issue]:
    if prior.scale == "probability" and prior.worth is None:
        yield draft.located.issue(
            path,
            "a probability without its worth",
            "worth: a numeric column of the snapshot, or an amount",
            "add e.g. `worth: mean_order_value`",
            code="prior_without_worth",
        )
    if prior.scale == "value" and prior.worth is not None:
        yield draft.located.issue(
            (*path, "worth"),
            "a worth beside scale: value",
            "worth only where scale is probability",
            "delete the line, or set scale: probability",
            code="prior_with_two_worths",
        )
    if prior.scale == "probability":
        for name in ("mean", "standard_deviation"):
            size = abs(getattr(prior, name))
            if size > 1:
                yield draft.located.issue(
                    (*path, name),
                    f"{getattr(prior, name)}",
                    "a probability, at most 1",
                    "write 0.03 for three percentage points",
                    code="prior_out_of_range",
                )


def _capacity_faults(draft: Draft, path: YamlPath, tactic: Tactic) -> Iterator[Issue]:
    for key, given in (
        ("staff_minutes", tactic.staff_minutes > 0),
        ("contacts_per_day", tactic.contacts_per_day is not None),
    ):
        if given and tactic.team is None:
            yield draft.located.issue(
                (*path, key),
                f"{key} without a team",
                "the team whose time it takes",
                "add `team: ...` to the tactic and the team to `teams`",
                code="capacity_without_team",
            )


def _budget_faults(draft: Draft, path: YamlPath, tactic: Tactic) -> Iterator[Issue]:
    budget = draft.part("budget", Budget)
    if budget is None:
        return
    least = tactic.cost.fixed + tactic.expected_cost
    if least > budget.money:
        yield draft.located.issue(
            (*path, "cost"),
            f"{_money(least)} for a single contact (fixed {_money(tactic.cost.fixed)}, each "
            f"{_money(tactic.expected_cost)})",
            f"at most the budget of {_money(budget.money)} {budget.currency}",
            "raise the budget, or drop the tactic",
            code="cost_above_budget",
        )
    hours = [budget.staff_hours, *_team_hours(draft, tactic)]
    least_hours = min((one for one in hours if one is not None), default=None)
    if least_hours is not None and tactic.staff_minutes > least_hours * _MINUTES:
        yield draft.located.issue(
            (*path, "staff_minutes"),
            f"{tactic.staff_minutes:g} minutes for a single contact",
            f"at most the {least_hours:g} staff hours there are",
            "raise the hours, or drop the tactic",
            code="staff_above_budget",
        )


def _team_hours(draft: Draft, tactic: Tactic) -> list[float | None]:
    return [
        team.staff_hours for _, team in draft.entries("teams", Team) if team.name == tactic.team
    ]


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _unknown(draft: Draft, path: YamlPath, name: str, known: list[str], code: str) -> Issue:
    return draft.located.issue(
        path,
        f"{name!r}",
        f"one of {', '.join(known) or '(none is defined)'}",
        near_hint(name, known) or "check the name, or define it",
        code=code,
    )
