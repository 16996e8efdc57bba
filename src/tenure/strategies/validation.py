"""Whether a strategy fits the business it is for: its columns, segments, currency and people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tenure.kernel import DefinitionError, Issue
from tenure.kernel.located_yaml import LocatedYaml, YamlPath, near_hint
from tenure.segments import Segments
from tenure.snapshots import ColumnKind
from tenure.strategies.audiences import Audience, ConditionPlace, conditions_of
from tenure.strategies.checking import warned
from tenure.strategies.definition import Strategy


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a strategy is held against.

    Parameters
    ----------
    segments : the workspace's segments over the columns its snapshot has.
    currency : of the workspace's amounts; empty if none is known yet.
    uplift_models : names of the fitted uplift models.
    """

    segments: Segments
    currency: str = ""
    uplift_models: tuple[str, ...] = ()


def surrounding_faults(
    strategy: Strategy, located: LocatedYaml, surroundings: Surroundings
) -> Iterator[Issue]:
    """Yield everything in which a strategy does not fit the workspace.

    Parameters
    ----------
    strategy : sound in itself.
    located : the text it was read from.
    surroundings : the workspace's columns, segments, currency and models.
    """
    for where, text in conditions_of(strategy).items():
        yield from _condition_faults(where, text, located, surroundings.segments)
    if surroundings.currency and strategy.budget.currency != surroundings.currency:
        yield located.issue(
            ("budget", "currency"),
            strategy.budget.currency,
            f"{surroundings.currency}, the currency of the workspace's amounts",
            "write the amounts in that currency",
            code="other_currency",
        )
    for place, tactic in enumerate(strategy.tactics):
        path: YamlPath = ("tactics", place, "effect")
        prior, model = tactic.effect.prior, tactic.effect.uplift_model
        if prior is not None and isinstance(prior.worth, str):
            yield from _worth_faults((*path, "prior", "worth"), prior.worth, located, surroundings)
        if model is not None and model not in surroundings.uplift_models:
            issue = located.issue(
                (*path, "uplift_model"),
                f"the uplift model {model!r}",
                f"one of {', '.join(surroundings.uplift_models) or '(none is fitted yet)'}",
                near_hint(model, list(surroundings.uplift_models))
                or "fit it from a randomised pilot; until then the prior is used",
                code="unknown_uplift_model",
            )
            yield issue if prior is None else warned(issue)


def audience_faults(
    strategy: Strategy, located: LocatedYaml, audience: Audience
) -> Iterator[Issue]:
    """Yield an error for an audience or a population of nobody, a warning for a tactic's."""
    if not audience.members:
        yield _nobody(("audience",), "an audience of nobody", audience, located)
    if strategy.goal.population is not None and not audience.population:
        yield _nobody(("goal", "population"), "a population of nobody", audience, located)
    for place, (tactic, people) in enumerate(zip(strategy.tactics, audience.tactics, strict=True)):
        if audience.members and not people.reachable:
            key = (
                "eligibility" if tactic.eligibility is not None and not people.eligible else "name"
            )
            yield warned(
                located.issue(
                    ("tactics", place, key),
                    f"nobody to give {tactic.name!r} to: of {audience.members:,} in the audience "
                    f"{people.eligible:,} are eligible and {people.reachable:,} agreed to "
                    f"{tactic.channel}",
                    "at least one person",
                    "widen the eligibility, check the channel's consent, or drop the tactic",
                    code="nobody_for_tactic",
                )
            )


def _nobody(path: YamlPath, given: str, audience: Audience, located: LocatedYaml) -> Issue:
    hint = f" ({audience.unknown:,} cannot be told: a column is empty)" if audience.unknown else ""
    return located.issue(
        path,
        given,
        f"at least one of the {audience.customers:,} customers{hint}",
        "widen the condition; `tenure segments list` shows how many each segment holds",
        code="nobody",
    )


def _condition_faults(
    path: YamlPath, text: str, located: LocatedYaml, segments: Segments
) -> Iterator[Issue]:
    try:
        segments.compiled(text, ConditionPlace("condition"))
    except DefinitionError as error:
        yield located.issue(
            path, error.given, error.expected, error.remedy, code="invalid_condition"
        )


def _worth_faults(
    path: YamlPath, column: str, located: LocatedYaml, surroundings: Surroundings
) -> Iterator[Issue]:
    kinds = surroundings.segments.kinds
    numeric = [name for name, kind in kinds.items() if kind is ColumnKind.NUMBER]
    if column not in numeric:
        kind = kinds.get(column)
        yield located.issue(
            path,
            f"the {kind.value} column {column!r}" if kind else f"{column!r}",
            "a numeric column of the snapshot, or an amount",
            near_hint(column, numeric) or "`tenure snapshot --columns` lists them",
            code="unknown_column",
        )
