"""Strategies of a workspace: checked against its people, put in force, given back as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tenure.assembly.customers import CustomersAsOf, customers_as_of
from tenure.assembly.uplift_models import uplift_names
from tenure.assembly.workspace import Workspace
from tenure.kernel import Issue, OptionError, Severity
from tenure.kernel.located_yaml import faults_error, read_yaml, read_yaml_file
from tenure.records import (
    Definition,
    apply_definition,
    current_definition,
    current_definitions,
    definition_history,
    withdraw_definition,
)
from tenure.strategies.audiences import Audience, measure_audience
from tenure.strategies.definition import Strategy
from tenure.strategies.differences import Difference, differences
from tenure.strategies.presets import adapted_preset
from tenure.strategies.reading import CheckedStrategy, check_located, required
from tenure.strategies.validation import Surroundings, audience_faults, surrounding_faults

KIND = "strategy"
"""What strategies are called among the definitions of the records."""
FOLDER = "strategies"
"""Where they lie among a workspace's definitions."""


@dataclass(frozen=True, slots=True)
class ValidatedStrategy:
    """A strategy's text, held against the workspace.

    Parameters
    ----------
    checked : the text, the strategy if it is sound, and every fault and warning.
    audience : whom it speaks of; None if its conditions cannot be read.
    as_of : the snapshot's date.
    """

    checked: CheckedStrategy
    audience: Audience | None
    as_of: date

    @property
    def is_sound(self) -> bool:
        """No error was found; warnings may be."""
        return not self.checked.errors

    def as_dict(self) -> dict[str, object]:
        """Return the finding as plain values for JSON."""
        strategy = self.checked.strategy
        return {
            "file": self.checked.located.source,
            "strategy": strategy.name if strategy else None,
            "is_sound": self.is_sound,
            "as_of": self.as_of,
            "audience": self.audience.as_dict() if self.audience else None,
            "issues": [issue.as_dict() for issue in self.checked.issues],
        }


@dataclass(frozen=True, slots=True)
class AppliedStrategy:
    """What applying one file did.

    Parameters
    ----------
    definition : the version in force afterwards.
    is_new : a version was added; False: the text was in force already.
    changes : what differs from the version before, field by field.
    validated : the text held against the workspace.
    """

    definition: Definition
    is_new: bool
    changes: tuple[Difference, ...]
    validated: ValidatedStrategy


@dataclass(frozen=True, slots=True)
class StrategyDifference:
    """A file beside the version in force.

    Parameters
    ----------
    name : the strategy.
    version : the version in force; None if it was never applied or was withdrawn.
    changes : what differs, field by field; empty if the file says the same.
    is_same_text : not a single sign differs, comments and layout among them.
    """

    name: str
    version: int | None
    changes: tuple[Difference, ...]
    is_same_text: bool


def strategy_files(workspace: Workspace) -> tuple[Path, ...]:
    """Return the files in a workspace's folder of strategies, by name."""
    folder = workspace.definitions / FOLDER
    if not folder.is_dir():
        return ()
    return tuple(sorted(p for p in folder.iterdir() if p.suffix in (".yaml", ".yml")))


def validate_strategies(
    workspace: Workspace, files: Sequence[Path], *, as_of: date | None = None
) -> tuple[ValidatedStrategy, ...]:
    """Hold files against the workspace: its columns, segments, currency and people.

    Parameters
    ----------
    workspace : whose people.
    files : YAML files of one strategy each.
    as_of : date of the snapshot; None: the setting, else the day after the data end.

    Raises
    ------
    DefinitionError : a file cannot be read, or is no YAML; a segment is not valid.
    DataError : the workspace has no activity.
    """
    located = [read_yaml_file(file) for file in files]
    checked = [check_located(one) for one in located]
    state = customers_as_of(workspace, as_of)
    return tuple(_repeats_told([_validate(one, workspace, state) for one in checked]))


def apply_strategies(
    workspace: Workspace, files: Sequence[Path], *, by: str, note: str = ""
) -> tuple[AppliedStrategy, ...]:
    """Put files in force as the next version of their strategies: all of them, or none.

    Parameters
    ----------
    workspace : whose people and records.
    files : YAML files of one strategy each.
    by : who applies.
    note : why.

    Raises
    ------
    DefinitionError : a file is not valid here; the error names every fault with its line.
    RecordsError : the records cannot be written.
    """
    validated = validate_strategies(workspace, files)
    faults = tuple(issue for one in validated for issue in one.checked.errors)
    if faults:
        sources = dict.fromkeys(issue.source for issue in faults)
        raise faults_error(" and ".join(sources), faults, "strategy")
    with workspace.records.writing() as connection:
        done = []
        for one in validated:
            strategy, text = required(one.checked), one.checked.located.text
            before = current_definition(connection, KIND, strategy.name)
            applied = apply_definition(
                connection,
                KIND,
                strategy.name,
                text,
                at=workspace.clock(),
                by=by,
                note=note,
            )
            done.append(
                AppliedStrategy(applied.definition, applied.is_new, _changes(before, one), one)
            )
    return tuple(done)


def new_strategy(
    workspace: Workspace,
    preset: str,
    *,
    owner: str,
    name: str | None = None,
    starts_on: date | None = None,
    target: float | None = None,
) -> Path:
    """Copy a ready strategy into the workspace's definitions and return its file.

    Parameters
    ----------
    workspace : gets the file; its currency is written into it, amounts stay as they are.
    preset : which one.
    owner : who answers for it.
    name : its name and its file's; None: the preset's.
    starts_on : its first day; None: the workspace's as-of date, else tomorrow.
    target : its goal's target; None: the preset's, which is an example.

    Raises
    ------
    OptionError : there is no such preset, or a file of that name is there already.
    """
    text = adapted_preset(
        preset,
        name=name or preset,
        owner=owner,
        starts_on=starts_on or _next_day(workspace),
        currency=workspace.settings.currency,
        target=target,
    )
    required(check_located(read_yaml(text, f"{name or preset}.yaml")))
    folder = workspace.definitions / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name or preset}.yaml"
    try:
        with file.open("x", encoding="utf-8", newline="") as opened:
            opened.write(text)
    except FileExistsError:
        raise OptionError(
            f"{file}, which is there already",
            "a name that is free",
            "give another with --name, or delete the file",
        ) from None
    return file


def withdraw_strategy(workspace: Workspace, name: str, *, by: str, note: str = "") -> Definition:
    """Say that a strategy is no longer in force; its versions stay.

    Raises
    ------
    OptionError : there is none of that name in force.
    """
    with workspace.records.writing() as connection:
        applied = withdraw_definition(
            connection, KIND, name, at=workspace.clock(), by=by, note=note
        )
    if applied is None:
        raise _not_in_force(workspace, name)
    return applied.definition


def strategies_in_force(workspace: Workspace) -> tuple[Definition, ...]:
    """Return the version in force of every strategy, by name."""
    with workspace.records.reading() as connection:
        return current_definitions(connection, KIND)


def strategy_history(workspace: Workspace, name: str) -> tuple[Definition, ...]:
    """Return every version of a strategy, oldest first.

    Raises
    ------
    OptionError : there is none of that name.
    """
    with workspace.records.reading() as connection:
        found = definition_history(connection, KIND, name)
    if not found:
        raise _not_in_force(workspace, name)
    return found


def strategy_in_force(
    workspace: Workspace, name: str, *, version: int | None = None
) -> tuple[Strategy, Definition]:
    """Return a strategy that was applied, and the version it comes from.

    Parameters
    ----------
    workspace : whose records.
    name : the strategy.
    version : an older version; None: the one in force.

    Raises
    ------
    OptionError : there is none of that name or version in force.
    """
    definition = _definition(workspace, name, version)
    source = f"{name} (version {definition.version})"
    return required(check_located(read_yaml(definition.text, source))), definition


def export_strategy(workspace: Workspace, name: str, *, version: int | None = None) -> str:
    """Return the text of a strategy as it was applied, sign for sign.

    Raises
    ------
    OptionError : there is none of that name or version in force.
    """
    return _definition(workspace, name, version).text


def compare_strategy(workspace: Workspace, file: Path) -> StrategyDifference:
    """Return in what a file differs from the version in force.

    Raises
    ------
    DefinitionError : the file is not a sound strategy.
    """
    checked = check_located(read_yaml_file(file))
    strategy = required(checked)
    with workspace.records.reading() as connection:
        before = current_definition(connection, KIND, strategy.name)
    return StrategyDifference(
        strategy.name,
        before.version if before else None,
        _field_changes(before, checked),
        before is not None and before.text == checked.located.text,
    )


def _validate(
    checked: CheckedStrategy, workspace: Workspace, state: CustomersAsOf
) -> ValidatedStrategy:
    strategy = checked.strategy
    if strategy is None:
        return ValidatedStrategy(checked, None, state.as_of)
    surroundings = Surroundings(
        state.segments, workspace.settings.currency, uplift_names(workspace)
    )
    issues = list(surrounding_faults(strategy, checked.located, surroundings))
    audience = None
    if not any(issue.code == "invalid_condition" for issue in issues):
        audience = measure_audience(strategy, state.snapshot, state.segments)
        issues += audience_faults(strategy, checked.located, audience)
    return ValidatedStrategy(_with_issues(checked, issues), audience, state.as_of)


def _with_issues(checked: CheckedStrategy, issues: Iterable[Issue]) -> CheckedStrategy:
    every = sorted((*checked.issues, *issues), key=lambda issue: issue.row or 0)
    sound = all(issue.severity is not Severity.ERROR for issue in every)
    return replace(checked, issues=tuple(every), strategy=checked.strategy if sound else None)


def _repeats_told(validated: list[ValidatedStrategy]) -> Iterable[ValidatedStrategy]:
    """Yield each, with an error where an earlier file has the same name."""
    first: dict[str, str] = {}
    for one in validated:
        strategy, located = one.checked.strategy, one.checked.located
        if strategy is not None and strategy.name in first:
            issue = located.issue(
                ("name",),
                f"{strategy.name!r}, which {first[strategy.name]} has too",
                "each strategy in one file",
                "rename one, or leave one file out",
                code="repeated_name",
            )
            yield replace(one, checked=_with_issues(one.checked, [issue]))
            continue
        if strategy is not None:
            first[strategy.name] = located.source
        yield one


def _changes(before: Definition | None, after: ValidatedStrategy) -> tuple[Difference, ...]:
    return _field_changes(before, after.checked)


def _field_changes(before: Definition | None, after: CheckedStrategy) -> tuple[Difference, ...]:
    old: object = {}
    if before is not None:
        old = read_yaml(before.text, before.name).value
    return differences(old, after.located.value)


def _definition(workspace: Workspace, name: str, version: int | None) -> Definition:
    with workspace.records.reading() as connection:
        if version is None:
            found = current_definition(connection, KIND, name)
        else:
            versions = definition_history(connection, KIND, name)
            found = next((one for one in versions if one.version == version), None)
    if found is None or found.is_withdrawn:
        raise _not_in_force(workspace, name, version)
    return found


def _next_day(workspace: Workspace) -> date:
    zone = ZoneInfo(workspace.calendar.timezone)
    now = workspace.clock().replace(tzinfo=UTC).astimezone(zone)
    return workspace.settings.as_of_date() or now.date() + timedelta(days=1)


def _not_in_force(workspace: Workspace, name: str, version: int | None = None) -> OptionError:
    known = ", ".join(one.name for one in strategies_in_force(workspace))
    of_version = "" if version is None else f", version {version}"
    return OptionError(
        f"strategy {name!r}{of_version}",
        f"one in force: {known or '(none is)'}",
        "check the name with `tenure strategies list`, or apply its file: tenure apply FILE",
    )
