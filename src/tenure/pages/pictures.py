"""The report's charts and its cohort table: figures chosen, words attached, geometry computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tenure.pages.charts import Chart, Line, line_chart, stacked_bars, step_curve
from tenure.pages.layout import ROWS_SHOWN_MAX
from tenure.pages.tables import FigureTable, Row, Value
from tenure.pages.values import Kind
from tenure.pages.views import Sights, SourceView

PERIODS_DRAWN_MAX = 36
MONTHS_SHOWN_MAX = 24
HEAT_STEPS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.9)
"""Lower bounds of the eight shades; fixed, so that two reports can be laid side by side."""

_ABOVE = ("new", "resurrecting", "returning")


@dataclass(frozen=True, slots=True)
class LegendItem:
    """One entry of a legend."""

    css: str
    text: str


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart with its words."""

    id: str
    title: str
    subtitle: str
    description: str
    chart: Chart
    legend: tuple[LegendItem, ...] = ()
    short: bool = False


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One cell of the cohort table: open, or a rate with its shade."""

    text: str = ""
    css: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One cohort."""

    label: str
    size: str
    cells: tuple[HeatCell, ...]
    css: str = ""


@dataclass(frozen=True, slots=True)
class HeatView:
    """The cohort table ready to be drawn."""

    id: str
    caption: str
    subtitle: str
    numbers: tuple[int, ...]
    rows: tuple[HeatRow, ...]
    scale: tuple[LegendItem, ...]
    notes: tuple[str, ...]
    source: SourceView


@dataclass(frozen=True, slots=True)
class Pictures:
    """Draws what a chart says better than a table.

    Parameters
    ----------
    tables : the report's tables.
    sights : the words and the writer.
    """

    tables: Mapping[str, FigureTable]
    sights: Sights

    def chart(self, name: str) -> ChartView | None:
        """Return a chart by name, or None if fewer than two points are known."""
        makers: dict[str, Callable[[], ChartView | None]] = {
            "retention": self._retention,
            "lifecycle": self._lifecycle,
            "second_order": self._second_order,
        }
        return makers[name]()

    def heat(self, source: SourceView) -> HeatView | None:
        """Return the cohort table: the mean first, then the newest cohorts."""
        rows = [row for row in self.tables["cohorts"].rows if row.get("attribute") is None]
        names = sorted({str(row["cohort"]) for row in rows if row["row"] == "cohort"})
        if not names:
            return None
        numbers = sorted({int(str(row["period_number"])) for row in rows})
        shown, columns = names[-ROWS_SHOWN_MAX:], tuple(numbers[:MONTHS_SHOWN_MAX])
        say = self.sights.texts.say
        units = self.sights.units
        notes = [say("heat.note", **units)]
        if len(shown) < len(names) or len(columns) < len(numbers):
            notes.append(say("heat.limited", rows=len(shown), columns=len(columns), **units))
        cells = {(row["row"], row["cohort"], row["period_number"]): row for row in rows}
        mean = self._heat_row("mean", None, say("heat.mean"), columns, cells)
        made = [self._heat_row("cohort", n, self.sights.period(n), columns, cells) for n in shown]
        return HeatView(
            "cohorts",
            say("table.cohorts.caption", **units),
            say("table.cohorts.subtitle", **units),
            columns,
            (mean, *made),
            tuple(
                LegendItem(f"h{i}", self.sights.whole_percent(low))
                for i, low in enumerate(HEAT_STEPS)
            ),
            tuple(notes),
            source,
        )

    def _heat_row(
        self,
        kind: str,
        cohort: str | None,
        label: str,
        numbers: Sequence[int],
        cells: Mapping[tuple[Value, Value, Value], Row],
    ) -> HeatRow:
        rows = [cells.get((kind, cohort, number)) for number in numbers]
        known = next((row for row in rows if row is not None), None)
        size = None if known is None else known["cohort_size"]
        return HeatRow(
            label,
            self.sights.plain(Kind.COUNT, size),
            tuple(self._heat_cell(row) for row in rows),
            "mean" if kind == "mean" else "",
        )

    def _heat_cell(self, row: Row | None) -> HeatCell:
        if row is None:
            return HeatCell(open=True)  # beyond the as-of date
        rate = row["rate"]
        if rate is None:
            return HeatCell(open=row["state"] == "open", text="–")
        step = max(i for i, low in enumerate(HEAT_STEPS) if float(str(rate)) >= low)
        return HeatCell(self.sights.short_percent(float(str(rate))), f"h{step}")

    def _drawn(self, name: str) -> list[Row]:
        table = self.tables.get(name)
        rows = [row for row in table.rows if row["state"] == "complete"] if table else []
        return rows[-PERIODS_DRAWN_MAX:]

    def _labels(self, rows: Sequence[Row]) -> list[str]:
        names = [str(row["period"]) for row in rows]
        before: list[str | None] = [None, *names[:-1]]
        return [self.sights.short_period(n, p) for n, p in zip(names, before, strict=True)]

    def _retention(self) -> ChartView | None:
        rows = self._drawn("retention")
        if len(rows) < 2:
            return None
        keys = ("retention_rate", "textbook_retention_rate")
        strict = Line(
            keys[0],
            _floats(rows, keys[0]),
            _floats(rows, "retention_rate_low"),
            _floats(rows, "retention_rate_high"),
        )
        lines = (strict, Line(keys[1], _floats(rows, keys[1])))
        last = rows[-1]
        return self._view(
            "retention",
            line_chart(
                self._labels(rows),
                lines,
                self.sights.short_percent,
                lambda rate: self.sights.plain(Kind.RATE, rate),
            ),
            tuple(
                LegendItem(f"line l{i}", self.sights.texts.say(f"chart.legend.{key}"))
                for i, key in enumerate(keys)
            ),
            count=len(rows),
            period=self.sights.period(str(last["period"])),
            rate=self.sights.plain(Kind.RATE, last[keys[0]]),
            textbook=self.sights.plain(Kind.RATE, last[keys[1]]),
        )

    def _lifecycle(self) -> ChartView | None:
        rows = self._drawn("lifecycle")
        if len(rows) < 2:
            return None
        above = [(key, [v or 0.0 for v in _floats(rows, key)]) for key in reversed(_ABOVE)]
        below = [("dormant", [v or 0.0 for v in _floats(rows, "dormant")])]
        chart = stacked_bars(
            self._labels(rows), above, below, lambda v: self.sights.plain(Kind.COUNT, v)
        )
        last = rows[-1]
        return self._view(
            "lifecycle",
            chart,
            tuple(
                LegendItem(f"k-{key}", self.sights.texts.say(f"chart.legend.{key}"))
                for key in (*_ABOVE, "dormant")
            ),
            count=len(rows),
            period=self.sights.period(str(last["period"])),
            active=self.sights.plain(Kind.COUNT, last["active"]),
            dormant=self.sights.plain(Kind.COUNT, last["dormant"]),
        )

    def _second_order(self) -> ChartView | None:
        table = self.tables.get("second_order_curve")
        rows = [r for r in table.rows if r["returned_share"] is not None] if table else []
        if len(rows) < 2:
            return None
        xs, ys = _floats(rows, "within_days"), _floats(rows, "returned_share")
        lows, highs = _floats(rows, "returned_share_low"), _floats(rows, "returned_share_high")
        points = [
            (x or 0.0, y or 0.0, low, high)
            for x, y, low, high in zip(xs, ys, lows, highs, strict=True)
        ]
        say = self.sights.texts.say
        chart = step_curve(
            "returned_share",
            points,
            self._marks(points),
            lambda v: say("chart.second_order.days", count=self.sights.plain(Kind.COUNT, v)),
            self.sights.whole_percent,
        )
        return self._view(
            "second_order",
            chart,
            (),
            share=self.sights.plain(Kind.RATE, points[-1][1]),
            days=self.sights.plain(Kind.DAYS, points[-1][0]),
        )

    def _marks(
        self, points: Sequence[tuple[float, float, float | None, float | None]]
    ) -> list[tuple[float, float, str]]:
        summary = self.tables.get("repeat_summary")
        marks = []
        for share, name in ((0.5, "half_returned_days"), (0.9, "most_returned_days")):
            days = summary.rows[0].get(name) if summary else None
            if days is None:
                continue
            x = float(str(days))
            height = max((y for at, y, _, _ in points if at <= x), default=0.0)
            text = self.sights.texts.say(
                "chart.second_order.mark",
                share=self.sights.whole_percent(share),
                days=self.sights.plain(Kind.DAYS, x),
            )
            marks.append((x, height, text))
        return marks

    def _view(
        self, name: str, chart: Chart, legend: tuple[LegendItem, ...], **words: object
    ) -> ChartView:
        say, words = self.sights.texts.say, {**self.sights.units, **words}
        return ChartView(
            name,
            say(f"chart.{name}.title", **words),
            say(f"chart.{name}.subtitle", **words),
            say(f"chart.{name}.description", **words),
            chart,
            legend,
            short=name == "second_order",
        )


def _floats(rows: Sequence[Row], name: str) -> list[float | None]:
    return [None if row[name] is None else float(str(row[name])) for row in rows]
