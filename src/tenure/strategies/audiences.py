"""Whom a strategy speaks of: its conditions over the snapshot, and how many people they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis.expr.types as ir

from tenure.engine.relations import Relation
from tenure.kernel.located_yaml import YamlPath
from tenure.segments import Segments
from tenure.segments.parsing import Place
from tenure.strategies.definition import CONSENT_ELSEWHERE, EVERYBODY, Strategy, Tactic


@dataclass(frozen=True, slots=True)
class ConditionPlace(Place):
    """A condition inside a strategy; the fault's own line is told beside it."""

    def describe(self, line: int = 1) -> str:
        """Return the place in words; `line` is 1-based inside the text."""
        return "the condition" if line == 1 else f"line {line} of the condition"


@dataclass(frozen=True, slots=True)
class TacticAudience:
    """How many people one tactic can be given to.

    Parameters
    ----------
    name : the tactic.
    eligible : customers in the audience who meet its eligibility.
    reachable : those of them who agreed to its channel, as far as the strategy knows.
    """

    name: str
    eligible: int
    reachable: int


@dataclass(frozen=True, slots=True)
class Audience:
    """How many people a strategy speaks of.

    Parameters
    ----------
    customers : everybody in the snapshot.
    members : customers in the audience.
    unknown : customers of whom it cannot be told; they are not in it.
    population : customers the goal is measured on.
    tactics : the people of each tactic, in the order of the strategy.
    """

    customers: int
    members: int
    unknown: int
    population: int
    tactics: tuple[TacticAudience, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the sizes as plain values for JSON."""
        return {
            "customers": self.customers,
            "members": self.members,
            "unknown": self.unknown,
            "population": self.population,
            "tactics": [
                {"name": one.name, "eligible": one.eligible, "reachable": one.reachable}
                for one in self.tactics
            ],
        }


def conditions_of(strategy: Strategy) -> dict[YamlPath, str]:
    """Return every condition of a strategy by the place where it stands."""
    found: dict[YamlPath, str] = {("audience",): strategy.audience}
    population = strategy.goal.population
    if population is not None and population != EVERYBODY:
        found["goal", "population"] = population
    for place, tactic in enumerate(strategy.tactics):
        if tactic.eligibility is not None:
            found["tactics", place, "eligibility"] = tactic.eligibility
    for place, rule in enumerate(strategy.channels):
        if rule.consent is not None and rule.consent != CONSENT_ELSEWHERE:
            found["channels", place, "consent"] = rule.consent
    return found


def in_audience(strategy: Strategy, segments: Segments, table: ir.Table) -> ir.BooleanValue:
    """Return whether each row of a snapshot is in the audience; null where it is unknown."""
    return _condition(strategy.audience, segments, table)


def in_population(strategy: Strategy, segments: Segments, table: ir.Table) -> ir.BooleanValue:
    """Return whether each row of a snapshot is one of those the goal is measured on."""
    if strategy.goal.population == EVERYBODY:
        return table.customer_id.notnull()
    return _condition(strategy.goal.population or strategy.audience, segments, table)


def is_eligible(tactic: Tactic, segments: Segments, table: ir.Table) -> ir.BooleanValue | None:
    """Return whether each row may get a tactic; None if everybody may."""
    if tactic.eligibility is None:
        return None
    return _condition(tactic.eligibility, segments, table)


def has_agreed(
    strategy: Strategy, channel: str, segments: Segments, table: ir.Table
) -> ir.BooleanValue | None:
    """Return whether each row agreed to a channel; None where the strategy does not know."""
    rule = strategy.channel_rules().get(channel)
    if rule is None or rule.consent is None or rule.consent == CONSENT_ELSEWHERE:
        return None
    return _condition(rule.consent, segments, table)


def measure_audience(strategy: Strategy, snapshot: Relation, segments: Segments) -> Audience:
    """Count the people of a strategy, in one pass over the snapshot.

    Parameters
    ----------
    strategy : its conditions are valid over the snapshot.
    snapshot : one row per customer.
    segments : the segments its conditions may name.
    """
    table = snapshot.table
    asked = in_audience(strategy, segments, table)
    inside = asked.fill_null(False)
    sums: dict[str, ir.Value] = {
        "customers": table.count(),
        "members": table.count(where=inside),
        "unknown": table.count(where=asked.isnull()),
        "population": table.count(where=in_population(strategy, segments, table).fill_null(False)),
    }
    for place, tactic in enumerate(strategy.tactics):
        may = _narrowed(inside, is_eligible(tactic, segments, table))
        agreed = _narrowed(may, has_agreed(strategy, tactic.channel, segments, table))
        sums[f"eligible_{place}"] = table.count(where=may)
        sums[f"reachable_{place}"] = table.count(where=agreed)
    row: Mapping[str, int] = snapshot.collect(table.aggregate(**sums)).to_pylist()[0]
    return Audience(
        customers=int(row["customers"]),
        members=int(row["members"]),
        unknown=int(row["unknown"]),
        population=int(row["population"]),
        tactics=tuple(
            TacticAudience(one.name, int(row[f"eligible_{n}"]), int(row[f"reachable_{n}"]))
            for n, one in enumerate(strategy.tactics)
        ),
    )


def _condition(text: str, segments: Segments, table: ir.Table) -> ir.BooleanValue:
    return segments.compiled(text, ConditionPlace("condition"), table)


def _narrowed(inside: ir.BooleanValue, further: ir.BooleanValue | None) -> ir.BooleanValue:
    return inside if further is None else inside & further.fill_null(False)
