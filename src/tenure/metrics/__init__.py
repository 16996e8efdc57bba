"""The metrics: retention, cohorts, lifecycle, revenue and the rest, each with its definition.

Enters: activity as any table (relation, Ibis, DataFrame, Arrow, path) and choices.
Leaves: a `MetricResult`: rows, how they were defined, and the customers behind each cell.
`METRICS` lists every metric by name.
"""

from tenure.metrics.catalogue import METRICS, MetricSpec, OptionSpec
from tenure.metrics.churn import churn_by_label
from tenure.metrics.cohorts import cohorts
from tenure.metrics.growth import growth
from tenure.metrics.intervals import intervals
from tenure.metrics.lifecycle import lifecycle
from tenure.metrics.repeat import repeat
from tenure.metrics.results import Definition, Meaning, MetricResult, Notice
from tenure.metrics.retention import retention
from tenure.metrics.revenue import revenue
from tenure.metrics.rfm import rfm
from tenure.metrics.rhythm import rhythm
from tenure.metrics.stages import stages
from tenure.metrics.stickiness import stickiness
from tenure.metrics.totals import totals

__all__ = [
    "METRICS",
    "Definition",
    "Meaning",
    "MetricResult",
    "MetricSpec",
    "Notice",
    "OptionSpec",
    "churn_by_label",
    "cohorts",
    "growth",
    "intervals",
    "lifecycle",
    "repeat",
    "retention",
    "revenue",
    "rfm",
    "rhythm",
    "stages",
    "stickiness",
    "totals",
]
