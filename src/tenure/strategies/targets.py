"""Target lines as text: which key figures are watched, what they should be, and who answers.

```yaml
name: targets
target_lines:
  - name: retention
    figure: retention_rate
    period: month
    owner: Li Na
    department: service
    points:
      - {on: 2026-01-01, value: 0.55}
      - {on: 2026-12-31, value: 0.62}
```
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

from tenure.kernel import Issue
from tenure.kernel.located_yaml import (
    LocatedYaml,
    YamlPath,
    near_hint,
    read_yaml_file,
)
from tenure.strategies.definition import Day, Line, Name, Real
from tenure.strategies.faults import whole_model
from tenure.strategies.key_figures import KEY_FIGURES

Period = Literal["day", "week", "month", "quarter", "year"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TargetPoint(_Part):
    """What a figure should be on a day; between points the line is straight.

    Parameters
    ----------
    on : the day.
    value : the figure's target, rates within 0..1.
    """

    on: Day
    value: Real


class TargetLine(_Part):
    """One figure under watch.

    Parameters
    ----------
    name : its name among the lines.
    figure : a key figure.
    period : the length of a period.
    owner : who is told.
    department : whose department it is.
    points : the target line; empty: only watched for changes.
    quiet_periods : periods between two false alarms; None: by length of the period.
    """

    name: Name
    figure: Name
    period: Period = "month"
    owner: Line
    department: Line
    points: tuple[TargetPoint, ...] = ()
    quiet_periods: Annotated[int, Strict(), Field(ge=10, le=100_000)] | None = None

    def target_on(self, day: date) -> float | None:
        """Return the target on a day; before the first point and after the last, it is theirs."""
        if not self.points:
            return None
        before = [point for point in self.points if point.on <= day]
        after = [point for point in self.points if point.on > day]
        if not before or not after:
            return (before[-1] if before else after[0]).value
        left, right = before[-1], after[0]
        share = (day - left.on).days / (right.on - left.on).days
        return left.value + share * (right.value - left.value)


class Targets(_Part):
    """The figures that a workspace watches.

    Parameters
    ----------
    name : name of the definition.
    target_lines : the figures, each name once.
    """

    name: Name = "targets"
    target_lines: Annotated[tuple[TargetLine, ...], Field(min_length=1, max_length=200)]


def read_targets(path: Path) -> Targets:
    """Return the target lines of a YAML file.

    Raises
    ------
    DefinitionError : it cannot be read or is not valid; the error names every fault with its line.
    """
    return parse_targets(read_yaml_file(path))


def parse_targets(located: LocatedYaml) -> Targets:
    """Return the target lines of a located YAML text.

    Raises
    ------
    DefinitionError : it is not valid; the error names every fault with its line.
    """
    return whole_model(Targets, located, _faults, "list of target lines")


def _faults(targets: Targets, located: LocatedYaml) -> Iterator[Issue]:
    seen: set[str] = set()
    for place, line in enumerate(targets.target_lines):
        path: YamlPath = ("target_lines", place)
        if line.name in seen:
            yield located.issue(
                (*path, "name"),
                f"{line.name!r} a second time",
                "each name once",
                "rename or delete one of them",
                code="repeated_name",
            )
        seen.add(line.name)
        figure = KEY_FIGURES.get(line.figure)
        if figure is None:
            yield located.issue(
                (*path, "figure"),
                f"{line.figure!r}",
                f"one of {', '.join(KEY_FIGURES)}",
                near_hint(line.figure, list(KEY_FIGURES)) or "check the name",
                code="unknown_metric",
            )
        for number, point in enumerate(line.points):
            if figure is not None and figure.unit == "rate" and not 0 <= point.value <= 1:
                yield located.issue(
                    (*path, "points", number, "value"),
                    f"{point.value}",
                    "a rate within 0..1, e.g. 0.62 for 62 %",
                    "change the value",
                    code="target_out_of_range",
                )
            if number and point.on <= line.points[number - 1].on:
                yield located.issue(
                    (*path, "points", number, "on"),
                    f"{point.on}",
                    f"a day after {line.points[number - 1].on}",
                    "list the points in the order of days",
                    code="dates_in_wrong_order",
                )
