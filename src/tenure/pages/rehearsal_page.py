"""A rehearsed year as a page: what each policy earned, what was measured, what was changed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from tenure.assembly.rehearsing import (
    MOST_AT_RISK,
    ORACLE,
    POLICIES,
    TENURE,
    PlayedMonth,
    Rehearsal,
)
from tenure.kernel import Estimate, Undefined
from tenure.pages.charts import Line, line_chart
from tenure.pages.document import Document, Section, document_page
from tenure.pages.pictures import ChartView, LegendItem
from tenure.pages.scorecard_pictures import Picture
from tenure.pages.scorecard_tables import Cell, Grid
from tenure.pages.texts import catalogue, texts
from tenure.pages.values import Kind, Writer
from tenure.strategies.results import StrategyResult
from tenure.strategies.results_words import result_texts

_DRAWN = (TENURE, MOST_AT_RISK, ORACLE)
_STYLES = (0, 1, 2)


def rehearsal_page(rehearsal: Rehearsal, language: str) -> str:
    """Return a rehearsed year as a page that opens offline.

    Parameters
    ----------
    rehearsal : what was played.
    language : `en` or `zh`.

    Raises
    ------
    OptionError : no such language.
    """
    return document_page(_Page(rehearsal, language).document(), language)


class _Page:
    """Words and figures of one rehearsal in one language."""

    def __init__(self, rehearsal: Rehearsal, language: str) -> None:
        self.rehearsal, self.language = rehearsal, language
        self.say = catalogue("rehearsal", language).say
        self.writer = Writer(texts(language), rehearsal.currency)

    def document(self) -> Document:
        """Return the whole page."""
        given, count = self.rehearsal, str(len(self.rehearsal.played[TENURE]))
        customers = self.writer.write(Kind.COUNT, given.options.customers)
        return Document(
            self.say("title"),
            (
                self.say("lead", customers=customers, months=count),
                self._verdict(),
                self.say("caution"),
            ),
            (
                Section(
                    "earned",
                    self.say("summary.title"),
                    (self.say("truth"),),
                    pictures=(self._picture(),),
                    grids=(self._summary(count),),
                ),
                Section(
                    "year",
                    self.say("year.title"),
                    (self.say("year.subtitle"),),
                    tuple(text[self.language] for text in result_texts(given.whole_year)),
                    grids=(self._months(),),
                ),
                Section("reviews", self.say("reviews.title"), self._none(), self._reviews()),
            ),
        )

    def _verdict(self) -> str:
        given = self.rehearsal
        return self.say(
            "verdict.better",
            earned=self._money(given.earned(TENURE)),
            share=self._share(TENURE),
            risk=self._money(given.earned(MOST_AT_RISK)),
        )

    def _money(self, value: float) -> str:
        return self.writer.money(value)

    def _share(self, policy: str) -> str:
        whole = self.rehearsal.earned(ORACLE)
        if not whole > 0:
            return "–"
        return self.writer.percent(self.rehearsal.earned(policy) / whole, digits=0)

    def _summary(self, count: str) -> Grid:
        names = ("policy", "contacts", "cost", "brought", "earned", "expected", "share")
        rows = []
        for policy in POLICIES:
            months = self.rehearsal.played[policy]
            figures = (
                self.writer.write(Kind.COUNT, sum(m.contacts for m in months)),
                self._money(sum(m.cost for m in months)),
                self._money(sum(m.brought for m in months)),
                self._money(self.rehearsal.earned(policy)),
                self._money(self.rehearsal.expected(policy)),
                self._share(policy),
            )
            rows.append(_row(self.say(f"policy.{policy}"), figures))
        return Grid(
            "summary",
            self.say("summary.title"),
            self.say("summary.subtitle", months=count),
            _headers(self.say(f"summary.{name}") for name in names),
            tuple(rows),
        )

    def _months(self) -> Grid:
        rows = [
            _row(
                self.writer.day(month.starts_on),
                (
                    self.writer.write(Kind.COUNT, month.contacts),
                    self._money(month.cost),
                    self._money(month.earned),
                    self._measured(result),
                ),
            )
            for month, result in zip(
                self.rehearsal.played[TENURE], self.rehearsal.measured, strict=True
            )
        ]
        names = ("month", "contacts", "cost", "true", "measured")
        return Grid(
            "months",
            self.say("months.title"),
            self.say("months.subtitle"),
            _headers(self.say(f"months.{name}") for name in names),
            tuple(rows),
        )

    def _measured(self, result: StrategyResult) -> str:
        found: Estimate | Undefined = result.whole.earned
        if isinstance(found, Undefined):
            return "–"
        return f"{self._money(found.value)} ({self._money(found.low)} – {self._money(found.high)})"

    def _picture(self) -> Picture:
        labels = [self.writer.day(month.starts_on) for month in self.rehearsal.played[TENURE]]
        lines = {policy: _added_up(self.rehearsal.played[policy]) for policy in _DRAWN}
        chart = line_chart(
            labels,
            [Line(policy, values) for policy, values in lines.items()],
            self._money,
            self._money,
        )
        ends = {policy: self._money(values[-1]) for policy, values in lines.items()}
        view = ChartView(
            "earned",
            self.say("chart.title"),
            self.say("chart.subtitle", currency=self.rehearsal.currency),
            self.say(
                "chart.description",
                tenure=ends[TENURE],
                risk=ends[MOST_AT_RISK],
                oracle=ends[ORACLE],
            ),
            chart,
            tuple(
                LegendItem(f"line l{style}", self.say(f"policy.{policy}"))
                for style, policy in zip(_STYLES, _DRAWN, strict=True)
            ),
        )
        rows = [
            _row(label, tuple(self._money(lines[policy][place]) for policy in _DRAWN))
            for place, label in enumerate(labels)
        ]
        headers = (self.say("months.month"), *(self.say(f"policy.{one}") for one in _DRAWN))
        return Picture(
            view, Grid("earned-table", self.say("chart.table"), "", _headers(headers), tuple(rows))
        )

    def _none(self) -> tuple[str, ...]:
        return () if self.rehearsal.adjustments else (self.say("reviews.none"),)

    def _reviews(self) -> tuple[str, ...]:
        told = []
        for one in self.rehearsal.adjustments:
            after = self.say("reviews.after", month=str(one.month))
            told += [f"{after}: {tactic.text[self.language]}" for tactic in one.review.tactics]
            told += [f"{after}: {name}: {text[self.language]}" for name, text in one.learnt.items()]
        return tuple(told)


def _added_up(months: tuple[PlayedMonth, ...]) -> list[float]:
    return list(accumulate(month.earned for month in months))


def _headers(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, "num" if place else "") for place, name in enumerate(names))


def _row(name: str, figures: tuple[str, ...]) -> tuple[Cell, ...]:
    return (Cell(name), *(Cell(text, css="num") for text in figures))
