"""The text of a strategy becomes a strategy, or every fault in it, each with its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter

from tenure.kernel import Issue, Severity
from tenure.kernel.located_yaml import (
    LocatedYaml,
    YamlPath,
    faults_error,
    near_hint,
    read_yaml,
    read_yaml_file,
)
from tenure.strategies.checking import Draft, draft_faults
from tenure.strategies.definition import Strategy
from tenure.strategies.faults import read_model, read_value, shown


@dataclass(frozen=True, slots=True)
class CheckedStrategy:
    """A text that was checked as a strategy.

    Parameters
    ----------
    strategy : the strategy; None if there is an error among the issues.
    issues : every fault and warning, in the order of lines.
    located : the text and where its values stand.
    """

    strategy: Strategy | None
    issues: tuple[Issue, ...]
    located: LocatedYaml

    @property
    def errors(self) -> tuple[Issue, ...]:
        """The issues that keep it from being a strategy."""
        return tuple(one for one in self.issues if one.severity is Severity.ERROR)


def parse_strategy(text: str, source: str) -> Strategy:
    """Return the strategy of a YAML text.

    Parameters
    ----------
    text : the YAML.
    source : file name for messages.

    Raises
    ------
    DefinitionError : it is not a strategy; the error names every fault with its line.
    """
    return required(check_strategy(text, source))


def read_strategy(path: Path) -> Strategy:
    """Return the strategy of a YAML file.

    Raises
    ------
    DefinitionError : as in `parse_strategy`, or the file cannot be read.
    """
    return required(check_located(read_yaml_file(path)))


def check_strategy(text: str, source: str) -> CheckedStrategy:
    """Return a text's strategy with every fault and warning found in it.

    Raises
    ------
    DefinitionError : it is not YAML at all.
    """
    return check_located(read_yaml(text, source))


def required(checked: CheckedStrategy) -> Strategy:
    """Return the strategy that was found.

    Raises
    ------
    DefinitionError : there is none; the error names every fault with its line.
    """
    if checked.strategy is None:
        raise faults_error(checked.located.source, checked.errors, "strategy")
    return checked.strategy


def check_located(located: LocatedYaml) -> CheckedStrategy:
    """Return what a located text holds; see `check_strategy`."""
    issues = list(located.issues)
    if not isinstance(located.value, dict):
        issues.append(
            located.issue(
                (),
                shown(located.value),
                "lines of `key: value`",
                "begin with `name: ...`; `tenure strategies presets` shows whole ones",
                code="model_type",
            )
        )
        return CheckedStrategy(None, tuple(issues), located)
    parts: dict[str, object] = {}
    for key, value in located.value.items():
        issues += _read_part(key, value, located, parts)
    issues += _missing(located.value, located)
    issues += draft_faults(Draft(parts, located))
    issues.sort(key=lambda issue: (issue.row or 0, issue.field or ""))
    sound = all(issue.severity is not Severity.ERROR for issue in issues)
    strategy = Strategy.model_validate(located.value) if sound else None
    return CheckedStrategy(strategy, tuple(issues), located)


def _read_part(
    key: str, value: object, located: LocatedYaml, parts: dict[str, object]
) -> Iterator[Issue]:
    """Read one key of the strategy into `parts`; of a list, the sound entries with their place."""
    field = Strategy.model_fields.get(key)
    if field is None:
        known = list(Strategy.model_fields)
        yield located.issue(
            (key,),
            f"the unknown key {key!r}",
            f"one of {', '.join(known)}",
            near_hint(key, known) or "delete the line",
            code="extra_forbidden",
        )
        return
    model = _entry_model(field.annotation)
    if model is None or not isinstance(value, list):
        found, issues = read_value(_adapter(key), field.annotation, value, located, (key,))
        yield from issues
        if not issues:
            parts[key] = found
        return
    entries: dict[YamlPath, BaseModel] = {}
    for place, one in enumerate(value):
        entry, issues = read_model(model, one, located, (key, place))
        yield from issues
        if entry is not None:
            entries[key, place] = entry
    parts[key] = entries
    yield from _length_faults(key, value, located)


@cache
def _adapter(key: str) -> TypeAdapter[Any]:
    field = Strategy.model_fields[key]
    kind: Any = field.annotation
    if field.metadata:
        kind = Annotated[kind, *field.metadata]
    return TypeAdapter(kind)


def _length_faults(key: str, value: list[object], located: LocatedYaml) -> Iterator[Issue]:
    """Hold a list against the model's bounds of its length, whatever its entries are."""
    for rule in Strategy.model_fields[key].metadata:
        least, most = getattr(rule, "min_length", 0), getattr(rule, "max_length", None)
        if len(value) < least or (most is not None and len(value) > most):
            yield located.issue(
                (key,),
                f"{len(value)} {key}",
                f"{least} at least" if len(value) < least else f"{most} at most",
                "add one" if len(value) < least else "split the strategy",
                code="wrong_length",
            )


def _entry_model(annotation: object) -> type[BaseModel] | None:
    """Return the model of a list's entries; None if the annotation is no list of models."""
    if get_origin(annotation) is not tuple:
        return None
    entry = get_args(annotation)[0]
    return entry if isinstance(entry, type) and issubclass(entry, BaseModel) else None


def _missing(value: dict[str, object], located: LocatedYaml) -> Iterator[Issue]:
    for key, field in Strategy.model_fields.items():
        if field.is_required() and key not in value:
            yield located.issue(
                (),
                f"nothing for {key!r}",
                f"the key {key!r}",
                f"add a line `{key}: ...`",
                code="missing",
            )
