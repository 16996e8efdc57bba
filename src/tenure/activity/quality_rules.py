"""Quality rules as text: what a workspace expects of its data, read and checked from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tenure.kernel import DefinitionError

Share = Annotated[float, Field(ge=0, le=1)]


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    name: str
    severity: Literal["warning", "error"] = "warning"


class FreshnessRule(_Rule):
    """The newest activity is at most `max_age_days` old at the import."""

    check: Literal["freshness"]
    max_age_days: Annotated[int, Field(ge=0)]


class VolumeRule(_Rule):
    """The last closed week's orders are within a band around the median of the weeks before."""

    check: Literal["volume"]
    history_weeks: Annotated[int, Field(ge=3, le=104)] = 8
    low_ratio: Annotated[float, Field(ge=0)] = 0.5
    high_ratio: Annotated[float, Field(gt=0)] = 2.0


class QuarantinedRule(_Rule):
    """At most a share of the last import's rows was quarantined."""

    check: Literal["quarantined"]
    max_share: Share


class MissingRule(_Rule):
    """At most a share of the order rows lacks a column's value."""

    check: Literal["missing"]
    column: Literal["value", "order_id", "channel", "source"]
    max_share: Share


class RangeRule(_Rule):
    """At most a share of the order rows lies outside a range; an empty end is open."""

    check: Literal["range"]
    column: Literal["value"] = "value"
    min: float | None = None
    max: float | None = None
    max_share: Share = 0.0


class LateRule(_Rule):
    """At most a share of an import's rows is older than `max_days`; the first import is history."""

    check: Literal["late"]
    max_days: Annotated[int, Field(ge=0)]
    max_share: Share


class FutureRule(_Rule):
    """At most a share of the rows is dated after the moment they were received."""

    check: Literal["future"]
    max_share: Share = 0.0


Rule = Annotated[
    FreshnessRule | VolumeRule | QuarantinedRule | MissingRule | RangeRule | LateRule | FutureRule,
    Field(discriminator="check"),
]


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path | None

    def fault(self, line: int | None, given: str, expected: str) -> DefinitionError:
        where = f"{self.path or 'quality rules'}" + (f", line {line}" if line else "")
        return DefinitionError(
            f"{where}: {given}", expected, "mend that line; docs/reference/quality.md has all rules"
        )


def default_rules_text() -> str:
    """Return the rules a new workspace starts with, as YAML."""
    folder = resources.files("tenure.activity")
    return folder.joinpath("quality_defaults.yaml").read_text(encoding="utf-8")


def read_rules(path: Path) -> tuple[Rule, ...]:
    """Read a workspace's quality rules; without a file, the defaults.

    Raises
    ------
    DefinitionError : not YAML, an unknown rule or key, a value out of its range; names the line.
    """
    if not path.exists():
        return parse_rules(default_rules_text(), None)
    return parse_rules(path.read_text(encoding="utf-8"), path)


def parse_rules(text: str, path: Path | None) -> tuple[Rule, ...]:
    """Return the rules of a YAML text.

    Raises
    ------
    DefinitionError : as in `read_rules`.
    """
    place = _Place(path)
    try:
        content = yaml.safe_load(text)
        lines = _rule_lines(text)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        raise place.fault(line, str(fault).splitlines()[0], "valid YAML") from fault
    if not isinstance(content, Mapping):
        raise place.fault(1, f"{type(content).__name__}", "a mapping with the key `rules`")
    try:
        return _Rules.model_validate(content).rules
    except ValidationError as fault:
        first = fault.errors()[0]
        number = next((part for part in first["loc"] if isinstance(part, int)), None)
        line = lines[number] if number is not None and number < len(lines) else None
        name = ".".join(str(part) for part in first["loc"])
        raise place.fault(line, f"{name} = {first.get('input')!r}", first["msg"]) from fault


def _rule_lines(text: str) -> list[int]:
    """Return the line on which each rule of the list begins."""
    root = yaml.compose(text)
    if not isinstance(root, yaml.MappingNode):
        return []
    for key, value in root.value:
        if key.value == "rules" and isinstance(value, yaml.SequenceNode):
            return [item.start_mark.line + 1 for item in value.value]
    return []
