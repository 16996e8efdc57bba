"""The catalogue of metrics: the command line, the docs and the report are made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenure.metrics.results import Meaning, MetricResult, Text


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """One option of a metric.

    Parameters
    ----------
    name : keyword of the function.
    flag : the command line's name for it.
    type : `choice`, `integer`, `number`, `date`, `text`, `texts` (comma-separated), `flag`,
        `brackets` (`1,2-4,5-8`) or `table` (a path).
    default : value if it is not given.
    text : what it does, by language.
    choices : accepted values if `type` is `choice`.
    """

    name: str
    flag: str
    type: str
    default: object
    text: Text
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric: what it means, the function that computes it, the options it takes.

    Parameters
    ----------
    meaning : name, title, definition, formula, edge rules.
    function : called as `function(data, calendar=..., as_of=..., **options)`.
    options : accepted options besides `calendar`, `as_of` and `columns`.
    """

    meaning: Meaning
    function: Callable[..., MetricResult]
    options: tuple[OptionSpec, ...]

    @property
    def name(self) -> str:
        """The metric's name."""
        return self.meaning.name

    @property
    def title(self) -> Text:
        """The metric's title by language."""
        return self.meaning.title

    @property
    def definition(self) -> Text:
        """The metric's definition by language."""
        return self.meaning.text


METRICS: Mapping[str, MetricSpec] = {}
"""Every metric by name."""
