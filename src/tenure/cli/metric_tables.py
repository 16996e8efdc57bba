"""A metric on a terminal of 80 columns: the columns that matter first, cohorts as a triangle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from tenure.cli.output import console, print_table
from tenure.metrics import MetricResult

_ROWS_MAX = 60
_COHORT_COLUMNS_MAX = 11

_COLUMNS: Mapping[str, Sequence[str]] = {
    "retention": (
        "period",
        "at_start",
        "retained",
        "lost",
        "new",
        "retention_rate",
        "retention_rate 95%",
        "textbook_retention_rate",
        "state",
    ),
    "lifecycle": (
        "period",
        "active",
        "new",
        "returning",
        "resurrecting",
        "dormant",
        "quick_ratio",
        "state",
    ),
    "revenue": (
        "period",
        "orders",
        "net_value",
        "mean_order_value",
        "revenue_per_customer",
        "gross_revenue_retention",
        "net_revenue_retention",
        "state",
    ),
    "growth": (
        "period",
        "source",
        "new",
        "active",
        "cumulative",
        "net_growth",
        "growth_rate",
        "cost_per_acquisition",
        "state",
    ),
    "repeat": (
        "reading",
        "cohort",
        "customers",
        "repeat_customers",
        "rate",
        "rate 95%",
        "state",
    ),
}
"""Columns shown of the wide metrics; `--json` has them all."""

_INTERVAL = " 95%"
_RATES = ("rate", "share", "retention", "active_ratio")

Row = Mapping[str, object]


def print_metric(result: MetricResult, title: str) -> None:
    """Print a metric for people: its rows, what it means, what to know about it."""
    rows = result.rows()
    names = _shown_names(result, rows)
    if result.name == "cohorts":
        _print_triangle(title, rows)
    elif len(rows) == 1:
        print_table(title, ("figure", "value"), [(name, _plain(rows[0][name])) for name in names])
    else:
        cells = [[_cell(name, row) for name in names] for row in rows[:_ROWS_MAX]]
        left = sum(1 for name in names if name in result.keys)
        print_table(title, [name.replace("_", " ") for name in names], cells, left=max(1, left))
    _print_definition(result, len(rows))


def _shown_names(result: MetricResult, rows: Sequence[Row]) -> list[str]:
    wanted = _COLUMNS.get(result.name, result.table.column_names)
    known = {*result.table.column_names}
    return [
        name for name in wanted if name.endswith(_INTERVAL) or (name in known and _says(name, rows))
    ]


def _says(name: str, rows: Sequence[Row]) -> bool:
    """Leave out columns that say nothing: all empty, or a state that is complete throughout."""
    values = {str(row[name]) for row in rows}
    return bool(values - {"None"}) and not (name == "state" and values == {"complete"})


def _print_triangle(title: str, rows: Sequence[Row]) -> None:
    """Print cohorts down, periods since their start across; open cells stay empty."""
    numbers = sorted({int(str(row["period_number"])) for row in rows})[:_COHORT_COLUMNS_MAX]
    lines: dict[tuple[str, str], dict[object, Row]] = {}
    for row in rows:
        name = str(row["cohort"]) if row["row"] == "cohort" else "all, weighted"
        lines.setdefault((str(row["attribute"] or ""), name), {})[row["period_number"]] = row
    table = []
    for (attribute, cohort), cells in lines.items():
        size = next(iter(cells.values()))["cohort_size"]
        rates = [_percent(cells.get(number)) for number in numbers]
        table.append((f"{attribute} {cohort}".strip(), size, *rates))
    print_table(
        f"{title}, % of the cohort", ("cohort", "size", *map(str, numbers)), table[:_ROWS_MAX]
    )


def _percent(row: Row | None) -> str:
    rate = row["rate"] if row is not None else None
    return f"{100 * rate:.1f}" if isinstance(rate, float) else ""


def _print_definition(result: MetricResult, count: int) -> None:
    out = console()
    if count > _ROWS_MAX and result.name != "cohorts":
        out.print(f"... and {count - _ROWS_MAX} more rows (--json has all)")
    definition = result.definition
    out.print(f"\n{definition.text['en']}", markup=False, style="dim")
    out.print(
        f"As of {definition.as_of}, days in {definition.timezone}, {definition.population}, "
        f"definition version {definition.version}. All columns: --json. "
        "The customers behind a cell: --cell.",
        markup=False,
        style="dim",
    )
    for notice in result.warnings:
        out.print(f"! {notice.text['en']}", markup=False, style="yellow")


def _cell(name: str, row: Row) -> object:
    if name.endswith(_INTERVAL):
        low, high = (row[f"{name.removesuffix(_INTERVAL)}_{end}"] for end in ("low", "high"))
        if not (isinstance(low, float) and isinstance(high, float)):
            return None
        return f"{100 * low:.1f}-{high:.1%}"
    value = row[name]
    if isinstance(value, float) and any(word in name for word in _RATES):
        return f"{value:.1%}"
    return _plain(value)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
