"""What a report is made from: the metrics' results and a few small tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa

from tenure.metrics.intervals import KaplanMeier
from tenure.metrics.results import MetricResult
from tenure.predictions.scorecards.scorecard import Scorecard
from tenure.strategies.plan_records import RecordedPlan

PLAIN_METRICS = ("totals", "rfm", "intervals")
PERIOD_METRICS = (
    "retention",
    "cohorts",
    "lifecycle",
    "repeat",
    "stickiness",
    "revenue",
    "growth",
)
"""The metrics that a report shows; the second ones are cut into periods."""


@dataclass(frozen=True, slots=True)
class SegmentFigures:
    """One defined segment and who is in it.

    Parameters
    ----------
    name : its name in the workspace.
    title, description : by language (`en`, `zh`).
    expression : its condition as text.
    customers : how many are in it.
    net_value_365_days : their net value in the last 365 days, if orders carry amounts.
    """

    name: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    expression: str
    customers: int
    net_value_365_days: object = None


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One quality rule's outcome.

    Parameters
    ----------
    rule, check : its name and kind.
    status : `pass`, `warn`, `fail` or `unknown`.
    measured, expected : in words, by language (`en`, `zh`).
    """

    rule: str
    check: str
    status: str
    measured: Mapping[str, str]
    expected: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """Everything a report is made from; the same inputs give the same bytes.

    Parameters
    ----------
    business : name shown on top; may be empty.
    as_of : first business day that does not count.
    generated_at : naive UTC instant of the run.
    timezone : IANA name of the business's zone.
    currency : ISO 4217 code; None if there is none or more than one.
    period : unit of the periods, e.g. `month`.
    metrics : results by name; a missing one leaves its figures out.
    stages, rfm, order_counts, overdue_bands, unusual_silence, overdue_customers,
    concentration, source_value : the tables that `aggregates` returns; None leaves the figures out.
    second_order : survival of the time from the first order day to the second.
    call_list : what `call_list.call_list` returns; None where churn was not scored.
    scorecards : how far each kind of scores can be believed, by kind.
    plans : made as of the report's date, with the title of each one's strategy.
    segments : the workspace's segments.
    imports : rows of the table `imports`.
    rules : outcomes of the quality rules.
    show_customers : False leaves every customer's id out of page and exports.
    """

    business: str
    as_of: date
    generated_at: datetime
    timezone: str
    currency: str | None
    period: str
    metrics: Mapping[str, MetricResult]
    stages: pa.Table | None = None
    rfm: pa.Table | None = None
    order_counts: pa.Table | None = None
    overdue_bands: pa.Table | None = None
    unusual_silence: pa.Table | None = None
    overdue_customers: pa.Table | None = None
    concentration: pa.Table | None = None
    source_value: pa.Table | None = None
    second_order: KaplanMeier | None = None
    call_list: pa.Table | None = None
    scorecards: Mapping[str, Scorecard] = field(default_factory=dict)
    plans: tuple[tuple[Mapping[str, str], RecordedPlan], ...] = ()
    segments: tuple[SegmentFigures, ...] = ()
    imports: pa.Table | None = None
    rules: tuple[RuleOutcome, ...] = ()
    show_customers: bool = True
