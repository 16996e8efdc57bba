"""From a report's inputs to its figures: plain tables, findings and definitions, ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import pyarrow as pa

from tenure.kernel import Calendar, Estimate
from tenure.metrics.catalogue import METRICS
from tenure.metrics.results import Definition, MetricResult, Notice, Text
from tenure.metrics.stages import MEANING as STAGES
from tenure.metrics.stickiness import HISTOGRAM
from tenure.pages import commands
from tenure.pages.customer_tables import customer_tables
from tenure.pages.findings import Finding, find
from tenure.pages.inputs import ReportInputs
from tenure.pages.layout import METRIC_SECTIONS, SECTIONS, kind_of
from tenure.pages.repeat_orders import repeat_summary, second_order
from tenure.pages.tables import Column, FigureTable, as_dict, columns, plain, tidy_rows
from tenure.pages.texts import LANGUAGES, texts
from tenure.pages.values import Kind
from tenure.predictions.scorecards.scorecard import Scorecard
from tenure.strategies.plan_records import RecordedPlan

OWN_DEFINITIONS = (
    "call_list",
    "point_value",
    "retention_change",
    "overdue",
    "concentration",
    "source_value",
    "segments",
    "quality",
)
"""Definitions of figures that no metric has; their words are in the text catalogue."""

SHOWN_OTHERWISE = ("intervals", "rfm", "stages", "sources")
"""Metrics whose figures stand in tables of another shape."""

SNAPSHOT_RULES: dict[str, str] = {"overdue": "rhythm"}
_POPULATIONS: dict[str, str] = {"quality": "imported_rows", "call_list": "customers_at_risk"}


@dataclass(frozen=True, slots=True)
class DefinitionEntry:
    """One definition of the appendix.

    Parameters
    ----------
    title, text : by language.
    active_rule, period, timezone, as_of, version : as in `metrics.Definition`.
    population : code of who is counted.
    """

    title: Mapping[str, str]
    text: Mapping[str, str]
    active_rule: str
    period: str | None
    timezone: str
    as_of: date
    population: str
    version: int


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """Everything a report says, in no language yet.

    Parameters
    ----------
    business, as_of, generated_at, timezone, currency, period : as in `ReportInputs`.
    tables : figure tables by name.
    findings : what matters first, in order.
    definitions : the appendix, by key.
    notices : what a reader must know, by section.
    scorecards : how far each kind of scores can be believed, by kind.
    plans : made as of the report's date, with the title of each one's strategy.
    """

    business: str
    as_of: date
    generated_at: datetime
    timezone: str
    currency: str | None
    period: str
    tables: Mapping[str, FigureTable]
    findings: tuple[Finding, ...]
    definitions: Mapping[str, DefinitionEntry]
    notices: Mapping[str, tuple[Notice, ...]]
    scorecards: Mapping[str, Scorecard]
    plans: tuple[tuple[Mapping[str, str], RecordedPlan], ...]

    def as_dict(self) -> dict[str, object]:
        """Return the figures as plain values for JSON; money is exact text."""
        return {
            "business": self.business,
            "as_of": self.as_of.isoformat(),
            "generated_at": self.generated_at.isoformat(timespec="seconds") + "Z",
            "timezone": self.timezone,
            "currency": self.currency,
            "period": self.period,
            "findings": [_finding(finding) for finding in self.findings],
            "tables": {name: as_dict(table) for name, table in self.tables.items()},
            "definitions": {
                key: {**asdict(entry), "as_of": entry.as_of.isoformat()}
                for key, entry in self.definitions.items()
            },
            "notices": {
                section: [{"code": n.code, "text": dict(n.text)} for n in notices]
                for section, notices in self.notices.items()
            },
            "scorecards": {kind: one.as_dict() for kind, one in self.scorecards.items()},
            "plans": [{"title": dict(title), **plan.content} for title, plan in self.plans],
        }


def collect(inputs: ReportInputs) -> ReportFigures:
    """Return the figures of a report.

    Parameters
    ----------
    inputs : results and small tables; what is missing is left out.
    """
    tables: dict[str, FigureTable] = {}
    for table in (*_metric_tables(inputs), *customer_tables(inputs), *_data_tables(inputs)):
        tables[table.name] = table
    return ReportFigures(
        inputs.business,
        inputs.as_of,
        inputs.generated_at,
        inputs.timezone,
        inputs.currency,
        inputs.period,
        tables,
        find(tables, inputs.period),
        _definitions(inputs),
        _notices(inputs),
        inputs.scorecards,
        inputs.plans,
    )


def _metric_tables(inputs: ReportInputs) -> list[FigureTable]:
    made = []
    for name, result in inputs.metrics.items():
        if name in SHOWN_OTHERWISE:
            continue
        described, rows = _described(result.table), result.rows()
        if name == "stickiness":
            # a year's mean of active customers is another figure of the same name
            rows = [row for row in rows if row["figure"] == HISTOGRAM]
        made.append(
            FigureTable(
                name,
                described,
                tidy_rows(described, rows),
                result.name,
                "customers_with_order",
                commands.metric(
                    result.name, _example_cell(result, rows), period=result.definition.period
                ),
                result.definition.period,
            )
        )
    made += second_order(inputs.second_order)
    totals = inputs.metrics.get("totals")
    return made + repeat_summary(inputs.second_order, totals, inputs.order_counts)


def _example_cell(result: MetricResult, rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return the cell of the latest complete row, so that the command can be run as it stands."""
    if not result.measures:
        return {}
    known = [row for row in rows if row.get("state", "complete") == "complete"]
    if not known:
        return {}
    row = max(reversed(known), key=lambda row: sum(row[key] is not None for key in result.keys))
    cell = {key: row[key] for key in result.keys}
    return {**cell, "measure": result.measures[0]}


def _data_tables(inputs: ReportInputs) -> list[FigureTable]:
    made = []
    if inputs.imports is not None:
        described = columns(
            received_at=Kind.INSTANT,
            file=Kind.TEXT,
            sheet=Kind.TEXT,
            rows_read=Kind.COUNT,
            accepted=Kind.COUNT,
            duplicate=Kind.COUNT,
            quarantined=Kind.COUNT,
            skipped=Kind.COUNT,
        )
        rows = [{**row, "file": row["source"]} for row in inputs.imports.to_pylist()]
        rows.sort(key=lambda row: (row["received_at"], row["import_id"]))
        made.append(_data_table("imports", described, rows))
    if inputs.rules:
        described = columns(
            rule=Kind.TEXT,
            check=Kind.CODE,
            status=Kind.CODE,
            measured_en=Kind.TEXT,
            measured_zh=Kind.TEXT,
            expected_en=Kind.TEXT,
            expected_zh=Kind.TEXT,
        )
        rows = [
            {
                "rule": one.rule,
                "check": one.check,
                "status": one.status,
                **{f"measured_{language}": text for language, text in one.measured.items()},
                **{f"expected_{language}": text for language, text in one.expected.items()},
            }
            for one in inputs.rules
        ]
        made.append(_data_table("quality", described, rows))
    return made


def _data_table(
    name: str, described: tuple[Column, ...], rows: Sequence[Mapping[str, object]]
) -> FigureTable:
    return FigureTable(
        name, described, tidy_rows(described, rows), "quality", "imported_rows", "tenure doctor"
    )


def _described(table: pa.Table) -> tuple[Column, ...]:
    return tuple(Column(field.name, kind_of(field.name, field.type)) for field in table.schema)


def _definitions(inputs: ReportInputs) -> dict[str, DefinitionEntry]:
    entries = {
        result.name: _metric_definition(METRICS[result.name].title, result.definition)
        for result in inputs.metrics.values()
    }
    staged = STAGES.applied(Calendar(inputs.timezone), inputs.as_of, active_rule="rhythm")
    entries["stages"] = _metric_definition(STAGES.title, staged)
    for key in OWN_DEFINITIONS:
        entries[key] = DefinitionEntry(
            {language: texts(language).say(f"definition.{key}.title") for language in LANGUAGES},
            {language: texts(language).say(f"definition.{key}.text") for language in LANGUAGES},
            SNAPSHOT_RULES.get(key, "none"),
            inputs.period if key in ("point_value", "retention_change") else None,
            inputs.timezone,
            inputs.as_of,
            _POPULATIONS.get(key, "customers_with_order"),
            1,
        )
    return entries


def _metric_definition(title: Text, definition: Definition) -> DefinitionEntry:
    return DefinitionEntry(
        dict(title),
        dict(definition.text),
        definition.active_rule,
        definition.period,
        definition.timezone,
        definition.as_of or date.min,
        "customers_with_order",
        definition.version,
    )


def _notices(inputs: ReportInputs) -> dict[str, tuple[Notice, ...]]:
    """Return each notice once, in the first section it concerns."""
    said: dict[str, tuple[Notice, ...]] = {}
    known: set[str] = set()
    named = sorted(inputs.metrics, key=lambda name: SECTIONS.index(METRIC_SECTIONS[name]))
    for name in named:
        section = METRIC_SECTIONS[name]
        for notice in inputs.metrics[name].warnings:
            if notice.text["en"] not in known:
                said[section] = (*said.get(section, ()), notice)
                known.add(notice.text["en"])
    return said


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "name": finding.name,
        "variant": finding.variant,
        "at_stake": plain(finding.at_stake),
        "interval": _interval(finding.estimate),
        "facts": {name: plain(value) for name, (_, value) in finding.facts.items()},
        "definition": finding.definition,
        "command": finding.command,
    }


def _interval(estimate: Estimate | None) -> dict[str, object] | None:
    if estimate is None:
        return None
    return {
        "value": float(f"{estimate.value:.10g}"),
        "low": float(f"{estimate.low:.10g}"),
        "high": float(f"{estimate.high:.10g}"),
        "confidence": estimate.confidence,
        "method": estimate.method,
    }
