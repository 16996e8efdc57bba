"""Tables about customers: stages, RFM, segments, who is overdue, concentration, sources."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa

from tenure.metrics.results import MetricResult
from tenure.metrics.rfm import RfmSegment
from tenure.metrics.stages import Stage
from tenure.pages import commands
from tenure.pages.aggregates import BANDS
from tenure.pages.call_list import call_list_table
from tenure.pages.inputs import ReportInputs
from tenure.pages.tables import Column, FigureTable, columns, tidy_rows
from tenure.pages.values import Kind

OVERDUE_SEGMENT = "overdue"
ORDERS: dict[str, list[str]] = {
    "lifecycle_stage": [stage.value for stage in Stage],
    "rfm_segment": [segment.value for segment in RfmSegment],
}
"""Order of the rows: from the first acquaintance to the end, from the best to the lost."""

_PREFIX = {"stages": "lifecycle_", "rfm": "rfm_"}


def customer_tables(inputs: ReportInputs) -> list[FigureTable]:
    """Return the tables made from the snapshot and the segments; what is missing is left out."""
    made = []
    if inputs.stages is not None:
        made.append(_grouped("stages", "lifecycle_stage", inputs.stages, "all_customers"))
    if inputs.rfm is not None:
        made.append(_grouped("rfm", "rfm_segment", inputs.rfm, "customers_with_order"))
    if inputs.segments:
        made.append(_segments(inputs))
    if inputs.overdue_bands is not None:
        made.append(_overdue_bands(inputs.overdue_bands))
    if inputs.unusual_silence is not None:
        made.append(_unusual_silence(inputs.unusual_silence))
    if inputs.overdue_customers is not None and inputs.show_customers:
        made.append(_overdue_customers(inputs.overdue_customers))
    if inputs.call_list is not None and inputs.show_customers:
        made.append(call_list_table(inputs.call_list))
    if inputs.concentration is not None:
        made.append(_concentration(inputs.concentration))
    if inputs.source_value is not None:
        made.append(_source_value(inputs.source_value))
    if "sources" in inputs.metrics:
        made += _sources(inputs.metrics["sources"])
    return made


def _grouped(name: str, key: str, counted: pa.Table, population: str) -> FigureTable:
    described = (
        Column(key, Kind.CODE),
        *columns(
            customers=Kind.COUNT,
            customer_share=Kind.RATE,
            net_value_365_days=Kind.MONEY,
            value_share=Kind.RATE,
            net_value=Kind.MONEY,
        ),
    )
    order = ORDERS[key]
    rows = sorted(counted.to_pylist(), key=lambda row: order.index(str(row[key])))
    command = commands.metric(
        name, {key.removeprefix(_PREFIX[name]): rows[-1][key]} if rows else {}
    )
    return FigureTable(
        name, described, tidy_rows(described, _with_shares(rows)), name, population, command
    )


def _overdue_bands(counted: pa.Table) -> FigureTable:
    described = columns(
        band=Kind.CODE,
        customers=Kind.COUNT,
        customer_share=Kind.RATE,
        net_value_365_days=Kind.MONEY,
        value_share=Kind.RATE,
        net_value=Kind.MONEY,
        usual_customers=Kind.COUNT,
        usual_net_value_365_days=Kind.MONEY,
        overdue=Kind.CODE,
    )
    rows = sorted(counted.to_pylist(), key=lambda row: BANDS.index(row["band"]))
    for row in rows:
        usual = row["usual_customers"]
        row["usual_customers"] = None if usual is None else round(usual)
        row["overdue"] = "yes" if row["band"].startswith("overdue") else "no"
    command = commands.segment(OVERDUE_SEGMENT)
    return FigureTable(
        "overdue_bands",
        described,
        tidy_rows(described, _with_shares(rows)),
        "overdue",
        "customers_with_order",
        command,
    )


def _unusual_silence(counted: pa.Table) -> FigureTable:
    described = columns(customers=Kind.COUNT, net_value_365_days=Kind.MONEY)
    return FigureTable(
        "unusual_silence",
        described,
        tidy_rows(described, counted.to_pylist()),
        "overdue",
        "customers_with_order",
        commands.segment(OVERDUE_SEGMENT),
    )


def _overdue_customers(listed: pa.Table) -> FigureTable:
    described = columns(
        customer_id=Kind.IDENTIFIER,
        net_value_365_days=Kind.MONEY,
        order_count=Kind.COUNT,
        last_order_on=Kind.DATE,
        rhythm_days=Kind.DAYS,
        days_since_last_order=Kind.COUNT,
        overdue_days=Kind.DAYS,
        overdue_ratio=Kind.RATIO,
        longest_gap_days=Kind.COUNT,
        long_gaps=Kind.COUNT,
        gaps=Kind.COUNT,
    )
    command = commands.segment(OVERDUE_SEGMENT)
    return FigureTable(
        "overdue_customers",
        described,
        tidy_rows(described, listed.to_pylist()),
        "overdue",
        "customers_with_order",
        command,
    )


def _concentration(ranked: pa.Table) -> FigureTable:
    described = columns(
        top_share=Kind.RATE,
        customers=Kind.COUNT,
        net_value_365_days=Kind.MONEY,
        value_share=Kind.RATE,
        overdue_customers=Kind.COUNT,
        overdue_net_value_365_days=Kind.MONEY,
    )
    rows = ranked.to_pylist()
    for row in rows:
        row["value_share"] = _share(row["net_value_365_days"], row["total_value"])
    return FigureTable(
        "concentration",
        described,
        tidy_rows(described, rows),
        "concentration",
        "active_customers",
        commands.snapshot(),
    )


def _source_value(counted: pa.Table) -> FigureTable:
    described = columns(
        source=Kind.TEXT, customers=Kind.COUNT, mean_value=Kind.UNIT_MONEY, error=Kind.UNIT_MONEY
    )
    known = [row for row in counted.to_pylist() if row["source"] is not None]
    return FigureTable(
        "source_value",
        described,
        tidy_rows(described, known),
        "source_value",
        "customers_seen_long",
        commands.snapshot(),
    )


def _sources(result: MetricResult) -> list[FigureTable]:
    """Return each source's customers; nothing if the data name no source."""
    complete = [row for row in result.rows() if row["state"] == "complete"]
    named = {row["source"] for row in complete if row["source"] is not None}
    if not named:
        return []
    latest = max(str(row["period"]) for row in complete)
    rows = [row for row in complete if row["period"] == latest]
    total = sum(int(str(row["cumulative"])) for row in rows)
    for row in rows:
        row["customers"], row["customer_share"] = row["cumulative"], None
        row["customer_share"] = _share(row["cumulative"], total)
    rows.sort(key=lambda row: (-int(str(row["cumulative"])), str(row["source"])))
    described = columns(
        source=Kind.TEXT,
        period=Kind.PERIOD,
        customers=Kind.COUNT,
        customer_share=Kind.RATE,
        new=Kind.COUNT,
        active=Kind.COUNT,
        cost=Kind.MONEY,
    )
    period = result.definition.period
    cell = {"source": rows[0]["source"], "period": latest, "measure": "cumulative"}
    command = commands.metric("growth", cell, period=period, by_source=True)
    return [
        FigureTable(
            "sources",
            described,
            tidy_rows(described, rows),
            "growth",
            "customers_with_order",
            command,
            period,
        )
    ]


def _segments(inputs: ReportInputs) -> FigureTable:
    described = columns(
        segment=Kind.TEXT,
        title_en=Kind.TEXT,
        title_zh=Kind.TEXT,
        customers=Kind.COUNT,
        net_value_365_days=Kind.MONEY,
        expression=Kind.TEXT,
    )
    rows = [
        {
            "segment": s.name,
            "title_en": s.title.get("en", s.name),
            "title_zh": s.title.get("zh", s.name),
            "customers": s.customers,
            "net_value_365_days": s.net_value_365_days,
            "expression": " ".join(s.expression.split()),
        }
        for s in inputs.segments
    ]
    return FigureTable(
        "segments",
        described,
        tidy_rows(described, rows),
        "segments",
        "all_customers",
        commands.segment("NAME"),
    )


def _with_shares(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    customers = sum(int(str(row["customers"])) for row in rows)
    values = [row["net_value_365_days"] for row in rows]
    known = [Decimal(str(value)) for value in values if value is not None]
    total = sum(known, Decimal(0)) if known else None
    for row in rows:
        row["customer_share"] = _share(row["customers"], customers)
        row["value_share"] = _share(row["net_value_365_days"], total)
    return rows


def _share(part: object, whole: object) -> float | None:
    if part is None or whole is None or float(str(whole)) <= 0:
        return None
    return float(str(part)) / float(str(whole))
