"""Ready strategies: one for each stage of a customer's life, and one for each industry.

Their amounts and targets are examples, and their effects are assumptions or published figures,
each with its source; nothing in them was measured on the business that uses them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources

from tenure.kernel import OptionError
from tenure.kernel.located_yaml import LocatedYaml, YamlPath, near_hint, read_yaml
from tenure.strategies.definition import Stage, Strategy
from tenure.strategies.reading import parse_strategy

_FOLDER = "ready"


@dataclass(frozen=True, slots=True)
class Preset:
    """A ready strategy.

    Parameters
    ----------
    name : its name.
    stage : the lifecycle stage it is for; None: an industry's own.
    industry : the industry it is for; None: any.
    title, description : for people, by language.
    """

    name: str
    stage: Stage | None
    industry: str | None
    title: Mapping[str, str]
    description: Mapping[str, str]

    def as_dict(self) -> dict[str, object]:
        """Return the entry as plain values for JSON."""
        return {
            "name": self.name,
            "stage": self.stage,
            "industry": self.industry,
            "title": dict(self.title),
            "description": dict(self.description),
        }


def presets() -> dict[str, Preset]:
    """Return every ready strategy by name, those of the stages first."""
    found = [preset_strategy(name) for name in preset_names()]
    return {
        one.name: Preset(
            one.name,
            one.stage,
            one.industry,
            {str(key): text for key, text in one.title.items()},
            {str(key): text for key, text in (one.description or one.title).items()},
        )
        for one in found
    }


def preset_names() -> tuple[str, ...]:
    """Return the names of the ready strategies: the stages in their order, then industries."""
    stages = ("welcome", "activate", "grow", "keep", "rescue", "win_back")
    files = resources.files(__package__) / _FOLDER
    names = {file.name.removesuffix(".yaml") for file in files.iterdir()}
    return (*stages, *sorted(names.difference(stages)))


def preset_text(name: str) -> str:
    """Return the YAML of a ready strategy.

    Raises
    ------
    OptionError : there is none of that name.
    """
    names = preset_names()
    if name not in names:
        raise OptionError(
            f"ready strategy {name!r}",
            f"one of {', '.join(names)}",
            near_hint(name, list(names)) or "list them by `tenure strategies presets`",
        )
    file = resources.files(__package__) / _FOLDER / f"{name}.yaml"
    return file.read_text(encoding="utf-8")


def preset_strategy(name: str) -> Strategy:
    """Return a ready strategy as it stands.

    Raises
    ------
    OptionError : there is none of that name.
    """
    return parse_strategy(preset_text(name), f"{name}.yaml")


def adapted_preset(
    preset: str,
    *,
    name: str,
    owner: str,
    starts_on: date,
    currency: str,
    target: float | None = None,
) -> str:
    """Return the text of a ready strategy made one's own; comments and layout stay.

    Parameters
    ----------
    preset : which one.
    name : its name in the workspace.
    owner : who answers for it and, until somebody else is named, for its departments.
    starts_on : its first day; every other date keeps its distance.
    currency : of the workspace's amounts; empty leaves the preset's. Amounts do not change.
    target : the goal's target; None leaves the preset's.

    Raises
    ------
    OptionError : there is no such preset.
    """
    located = read_yaml(preset_text(preset), f"{preset}.yaml")
    strategy = preset_strategy(preset)
    shift = starts_on - strategy.schedule.starts_on
    changes: dict[YamlPath, object] = {("name",): name, ("owner",): owner}
    for place in range(len(strategy.departments)):
        changes["departments", place, "owner"] = owner
    changes.update(_shifted(located, shift))
    if currency:
        changes["budget", "currency"] = currency
    if target is not None:
        changes["goal", "target"] = target
    return located.replaced(changes)


def _shifted(located: LocatedYaml, shift: timedelta) -> dict[YamlPath, object]:
    return {
        path: value + shift
        for path, value in located.single_values().items()
        if isinstance(value, date)
    }
