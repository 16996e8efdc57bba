"""The catalogue of metrics: the command line, the docs and the report are made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenure.metrics import options
from tenure.metrics.cohorts import MEANING as COHORTS
from tenure.metrics.cohorts import cohorts
from tenure.metrics.growth import MEANING as GROWTH
from tenure.metrics.growth import growth
from tenure.metrics.intervals import MEANING as INTERVALS
from tenure.metrics.intervals import intervals
from tenure.metrics.lifecycle import MEANING as LIFECYCLE
from tenure.metrics.lifecycle import lifecycle
from tenure.metrics.options import OptionSpec
from tenure.metrics.repeat import MEANING as REPEAT
from tenure.metrics.repeat import repeat
from tenure.metrics.results import Meaning, MetricResult, Text
from tenure.metrics.retention import MEANING as RETENTION
from tenure.metrics.retention import retention
from tenure.metrics.revenue import MEANING as REVENUE
from tenure.metrics.revenue import revenue
from tenure.metrics.rfm import MEANING as RFM
from tenure.metrics.rfm import rfm
from tenure.metrics.stickiness import MEANING as STICKINESS
from tenure.metrics.stickiness import stickiness
from tenure.metrics.totals import MEANING as TOTALS
from tenure.metrics.totals import totals

__all__ = ["METRICS", "MetricSpec", "OptionSpec"]


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


_SPECS = (
    MetricSpec(TOTALS, totals, (options.period(None), *options.WINDOW)),
    MetricSpec(
        RETENTION,
        retention,
        (options.period(), *options.WINDOW, *options.RETENTION),
    ),
    MetricSpec(COHORTS, cohorts, (options.period(), *options.WINDOW, *options.COHORTS)),
    MetricSpec(LIFECYCLE, lifecycle, (options.period(), *options.WINDOW)),
    MetricSpec(RFM, rfm, ()),
    MetricSpec(REPEAT, repeat, (options.period(), *options.WINDOW, *options.REPEAT)),
    MetricSpec(INTERVALS, intervals, options.INTERVALS),
    MetricSpec(REVENUE, revenue, (options.period(), *options.WINDOW)),
    MetricSpec(GROWTH, growth, (options.period(), *options.WINDOW, *options.GROWTH)),
    MetricSpec(
        STICKINESS,
        stickiness,
        (options.period("day"), *options.WINDOW, *options.STICKINESS),
    ),
)

METRICS: Mapping[str, MetricSpec] = {spec.name: spec for spec in _SPECS}
"""Every metric by name."""
