"""Tables of figures as a reader sees them: words for headers, text for cells, notes beneath."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import babel.dates

from tenure.metrics.results import Text
from tenure.metrics.rfm import RFM_TITLES
from tenure.metrics.stages import STAGE_TITLES
from tenure.pages.layout import OWN_LANGUAGE, ROWS_SHOWN_MAX, SHARE_BAR, SHOWN
from tenure.pages.tables import Column, FigureTable, Row, Value
from tenure.pages.texts import Texts
from tenure.pages.values import NUMERIC, Kind, Writer

TITLES: Mapping[str, Mapping[str, Text]] = {
    "lifecycle_stage": {stage.value: title for stage, title in STAGE_TITLES.items()},
    "rfm_segment": {segment.value: title for segment, title in RFM_TITLES.items()},
}
"""Codes whose words belong to the metric that makes them."""

CELL_CLASSES: Mapping[Kind, str] = {
    Kind.IDENTIFIER: "id",
    Kind.DATE: "date",
    Kind.INSTANT: "date",
}
NARROW_COLUMNS_MAX = 5
PERIOD_COLUMNS = frozenset({"period", "cohort"})
STATUS_TAGS = frozenset({"pass", "warn", "fail"})


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell: its text and how it is drawn."""

    text: str
    css: str = ""
    bar: float | None = None
    tag: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class HeaderView:
    """One column's header; a hidden one stands over a bar that repeats its neighbour."""

    text: str
    css: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class RowView:
    """One row and its class."""

    cells: tuple[CellView, ...]
    css: str = ""


@dataclass(frozen=True, slots=True)
class SourceView:
    """The line under a figure: as of when, where, of whom, by which definition and command."""

    as_of: str
    timezone: str
    population: str
    definition: str
    title: str
    command: str


@dataclass(frozen=True, slots=True)
class TableView:
    """A table ready to be drawn."""

    id: str
    caption: str
    subtitle: str
    headers: tuple[HeaderView, ...]
    rows: tuple[RowView, ...]
    notes: tuple[str, ...]
    source: SourceView
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class Sights:
    """What turns tables into views: the words, the writer of values and the unit of periods.

    Parameters
    ----------
    texts : the language's catalogue.
    writer : writes values.
    units : the report's period in words: `unit`, `unit_plural`, `units`.
    """

    texts: Texts
    writer: Writer
    units: Mapping[str, str]

    def table(self, table: FigureTable, source: SourceView) -> TableView:
        """Return a table with the columns that the page shows."""
        shown = [
            self._own_language(n)
            for n in SHOWN[table.name]
            if n == SHARE_BAR or n in OWN_LANGUAGE or self._has(table, n)
        ]
        kinds = {column.name: column.kind for column in table.columns}
        headers = tuple(
            self._header(n, kinds.get(n, Kind.RATE), first=i == 0) for i, n in enumerate(shown)
        )
        rows = table.rows[-ROWS_SHOWN_MAX:] if PERIOD_COLUMNS & set(shown[:1]) else table.rows
        limited = (
            (self.texts.say("cell.limited", count=len(rows)),)
            if len(rows) < len(table.rows)
            else ()
        )
        return TableView(
            table.name,
            self.texts.say(f"table.{table.name}.caption", **self.units),
            self.texts.say(f"table.{table.name}.subtitle", **self.units),
            headers,
            tuple(self._row(table, row, shown) for row in rows),
            (*limited, *self._reasons(rows, shown)),
            source,
            narrow=len(shown) <= NARROW_COLUMNS_MAX,
        )

    def word(self, name: str, value: Value) -> str:
        """Return the word for a code, or the code itself where it is the business's own."""
        titles = TITLES.get(name, {})
        if str(value) in titles:
            return titles[str(value)][self.texts.language]
        key = f"code.{name}.{value}"
        return self.texts.say(key) if self.texts.has(key) else str(value)

    def value(self, column: Column, value: Value) -> str:
        """Return a cell's text."""
        if value is None:
            return ""
        if column.kind is Kind.CODE:
            return self.word(column.name, value)
        if column.kind is Kind.PERIOD:
            return self.period(str(value))
        if isinstance(value, bool):
            return self.texts.say("code.flag.yes" if value else "code.flag.no")
        return self.writer.write(column.kind, value)

    def plain(self, kind: Kind, value: Value) -> str:
        """Return a value of a kind as text."""
        return self.writer.write(kind, value)

    def short_percent(self, rate: float) -> str:
        """Return a rate as a percentage with one decimal below 10 %, none above."""
        return self.writer.percent(rate, digits=0 if rate >= 0.1 or rate == 0 else 1)

    def whole_percent(self, rate: float) -> str:
        """Return a rate as a whole percentage."""
        return self.writer.percent(rate, digits=0)

    def period(self, name: str) -> str:
        """Return a period's name in the language's form: 2017-01 as Jan 2017 or 2017年1月."""
        parts = name.split("-")
        if len(parts) == 2 and parts[1].isdigit():
            month = date(int(parts[0]), int(parts[1]), 1)
            pattern = "yyyy年M月" if self.texts.language == "zh" else "MMM yyyy"
            return str(_format_month(month, pattern, self.texts))
        if len(parts) == 2 and parts[1][:1] in ("Q", "W"):
            kind = "quarter" if parts[1][0] == "Q" else "week"
            number = str(int(parts[1][1:]))
            return self.texts.say(f"period.{kind}_name", year=parts[0], number=number)
        if len(parts) == 3:
            return self.writer.day(date.fromisoformat(name))
        return name

    def short_period(self, name: str, previous: str | None) -> str:
        """Return a period's name for an axis: the year only where it changes."""
        parts = name.split("-")
        if len(parts) == 2 and parts[1].isdigit():
            pattern = "M月" if self.texts.language == "zh" else "MMM"
            month = str(_format_month(date(int(parts[0]), int(parts[1]), 1), pattern, self.texts))
            changed = previous is None or previous.split("-")[0] != parts[0]
            if not changed:
                return month
            year = parts[0][2:]
            return f"{year}年{month}" if self.texts.language == "zh" else f"{month} ’{year}"
        return self.period(name)

    def _own_language(self, name: str) -> str:
        return f"{name}_{self.texts.language}" if name in OWN_LANGUAGE else name

    def _has(self, table: FigureTable, name: str) -> bool:
        # a column without a single known value tells nothing on a page
        return name in table.names and any(row.get(name) is not None for row in table.rows)

    def _header(self, name: str, kind: Kind, *, first: bool) -> HeaderView:
        if name == SHARE_BAR:
            return HeaderView("", hidden=True)
        css = "num" if kind in NUMERIC and not first else ""
        bare = name.removesuffix(f"_{self.texts.language}")
        name = bare if bare in OWN_LANGUAGE else name
        return HeaderView(self.texts.say(f"column.{name}"), css)

    def _row(self, table: FigureTable, row: Row, shown: Sequence[str]) -> RowView:
        kinds = {column.name: column for column in table.columns}
        cells: list[CellView] = []
        for i, name in enumerate(shown):
            if name == SHARE_BAR:
                share = row.get(shown[i - 1])
                cells.append(CellView("", bar=round(100 * float(str(share or 0)), 1)))
            else:
                cells.append(self._cell(kinds[name], row, first=i == 0))
        state = row.get("state")
        return RowView(tuple(cells), "open" if state == "open" else "")

    def _cell(self, column: Column, row: Row, *, first: bool) -> CellView:
        value = row.get(column.name)
        numeric = column.kind in NUMERIC
        css = "num" if numeric and not first else CELL_CLASSES.get(column.kind, "")
        if value is None:
            state = str(row.get("state") or "")
            known = "open" if state == "open" else "undefined"
            key = f"code.{column.name}.none"
            if self.texts.has(key):
                return CellView(self.texts.say(key), css)
            missing = self.texts.say("cell.none" if first else f"cell.{known}")
            return CellView(missing, css, missing=True)
        text = self.value(column, value)
        tag = str(value) if column.name == "status" and value in STATUS_TAGS else ""
        return CellView(text, css, tag=tag)

    def _reasons(self, rows: Iterable[Row], shown: Sequence[str]) -> tuple[str, ...]:
        found = {
            str(row["reason"])
            for row in rows
            if row.get("reason") and any(row.get(name, "") is None for name in shown)
        }
        words = [self.word("reason", reason) for reason in sorted(found)]
        joined = self.texts.say("cell.separator").join(words)
        return (self.texts.say("cell.reasons", reasons=joined),) if words else ()


def _format_month(month: date, pattern: str, texts: Texts) -> str:
    return str(babel.dates.format_date(month, pattern, locale=texts.locale))
