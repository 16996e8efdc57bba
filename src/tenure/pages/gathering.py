"""From facts to a report's inputs: every metric once, one snapshot, its aggregates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import ibis

from tenure.activity.facts import Facts
from tenure.activity.quality import QualityFinding
from tenure.engine.relations import Relation
from tenure.kernel import Calendar
from tenure.metrics import METRICS, MetricResult
from tenure.metrics.intervals import SECOND, survival_curve
from tenure.pages.aggregates import (
    by_group,
    concentration,
    order_counts,
    overdue_bands,
    overdue_customers,
    source_value,
    unusual_silence,
)
from tenure.pages.call_list import call_list
from tenure.pages.inputs import (
    PERIOD_METRICS,
    PLAIN_METRICS,
    ReportInputs,
    RuleOutcome,
    SegmentFigures,
)
from tenure.predictions.scorecards.scorecard import Scorecard
from tenure.segments import Segments
from tenure.strategies.plan_records import RecordedPlan

STATUSES: Mapping[str, str] = {"pass": "pass", "warning": "warn", "error": "fail"}


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a reader can choose about a report.

    Parameters
    ----------
    business : name shown on top; may be empty.
    currency : ISO 4217 code of the amounts; None if there is none.
    active_rule : who counts as active: `orders`, `rhythm` or `subscription`.
    period : unit of the periods: `day`, `week`, `month`, `quarter` or `year`.
    top : most overdue customers listed by id, 1 or more.
    show_customers : False leaves every customer's id out.
    """

    business: str = ""
    currency: str | None = None
    active_rule: str = "orders"
    period: str = "month"
    top: int = 25
    show_customers: bool = True


def inputs_from_facts(
    facts: Facts,
    snapshot: Relation,
    segments: Segments,
    *,
    calendar: Calendar,
    as_of: date,
    generated_at: datetime,
    quality: Sequence[QualityFinding] = (),
    options: ReportOptions = ReportOptions(),
    costs: Relation | None = None,
    scorecards: Mapping[str, Scorecard] | None = None,
    plans: Sequence[tuple[Mapping[str, str], RecordedPlan]] = (),
) -> ReportInputs:
    """Compute everything a report shows.

    Parameters
    ----------
    facts : the fact tables.
    snapshot : one row per customer as of `as_of`, worked out once, on the facts' engine.
    segments : the workspace's segments.
    calendar : how the business cuts time.
    as_of : first business day that does not count.
    generated_at : naive UTC instant to print on the report.
    quality : outcomes of the quality rules.
    options : what the reader chose.
    costs : acquisition costs (source, period_start, cost, currency), if there are any.
    scorecards : of the models in use, by kind.
    plans : made as of `as_of`, with the title of each one's strategy.
    """
    return ReportInputs(
        business=options.business,
        as_of=as_of,
        generated_at=generated_at,
        timezone=calendar.timezone,
        currency=options.currency,
        period=options.period,
        metrics=_metrics(facts, calendar, as_of, options, costs),
        stages=by_group(snapshot, "lifecycle_stage"),
        rfm=by_group(snapshot, "rfm_segment"),
        order_counts=order_counts(snapshot),
        overdue_bands=overdue_bands(facts.activity, snapshot, as_of),
        unusual_silence=unusual_silence(facts.activity, snapshot, as_of),
        overdue_customers=overdue_customers(facts.activity, snapshot, as_of, options.top)
        if options.show_customers
        else None,
        call_list=call_list(snapshot, options.top) if options.show_customers else None,
        scorecards=scorecards or {},
        plans=tuple(plans),
        concentration=concentration(snapshot),
        source_value=source_value(facts.activity, snapshot, as_of),
        second_order=survival_curve(
            facts.activity, interval=SECOND, calendar=calendar, as_of=as_of
        ),
        segments=_segments(snapshot, segments),
        imports=facts.imports.collect(facts.imports.table),
        rules=tuple(
            RuleOutcome(q.rule, q.check, STATUSES.get(q.state, q.state), q.measured, q.expected)
            for q in quality
        ),
        show_customers=options.show_customers,
    )


def _metrics(
    facts: Facts, calendar: Calendar, as_of: date, options: ReportOptions, costs: Relation | None
) -> dict[str, MetricResult]:
    made: dict[str, MetricResult] = {}
    for name in (*PLAIN_METRICS, *PERIOD_METRICS):
        if name == "stickiness" and options.period == "year":
            continue  # it counts short periods within a longer one, and none is longer
        chosen: dict[str, object] = {"period": options.period} if name in PERIOD_METRICS else {}
        if name == "retention":
            chosen["active_rule"] = options.active_rule
            if options.active_rule == "subscription":
                chosen["subscriptions"] = facts.subscriptions
        if name == "growth":
            chosen["costs"] = costs
        made[name] = METRICS[name].function(
            facts.activity, calendar=calendar, as_of=as_of, **chosen
        )
    made["sources"] = METRICS["growth"].function(
        facts.activity,
        calendar=calendar,
        as_of=as_of,
        period=options.period,
        by_source=True,
        costs=costs,
    )
    return made


def _segments(snapshot: Relation, segments: Segments) -> tuple[SegmentFigures, ...]:
    table = snapshot.table
    sums: dict[str, ibis.Value] = {}
    for number, name in enumerate(segments.names):
        inside = segments.member(name, table)
        sums[f"customers_{number}"] = table.count(where=inside)
        sums[f"value_{number}"] = table.net_value_365_days.sum(where=inside)
    if not sums:
        return ()
    row = snapshot.collect(table.aggregate(**sums)).to_pylist()[0]
    definitions = [segments.get(name) for name in segments.names]
    return tuple(
        SegmentFigures(
            one.name,
            one.title,
            one.description,
            one.expression,
            row[f"customers_{number}"],
            row[f"value_{number}"] if row[f"customers_{number}"] else Decimal(0),
        )
        for number, one in enumerate(definitions)
    )
