"""One report in one language, as the templates ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from markupsafe import Markup

from tenure.pages.figures import ReportFigures
from tenure.pages.findings import Finding
from tenure.pages.layout import SECTIONS, SOURCE_TABLES
from tenure.pages.pictures import ChartView, HeatView, Pictures
from tenure.pages.plan_section import plan_section
from tenure.pages.scorecard_page import scorecard_html, scorecard_style, scorecard_view
from tenure.pages.tables import Row, Value
from tenure.pages.texts import HTML_LANGUAGE, Texts
from tenure.pages.values import Kind, Writer
from tenure.pages.views import Sights, SourceView, TableView
from tenure.predictions.score_columns import CHURN
from tenure.predictions.scorecards.scorecard import Scorecard

RARE_SHARE = 0.1
"""Where fewer leave, even five times the usual risk means to stay more often than not."""


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One of the figures in the strip on top."""

    label: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding in words."""

    id: str
    care: bool
    amount: str
    stake: str
    interval: str
    headline: str
    detail: str
    working: str
    source: SourceView
    has_amount: bool = False

    @property
    def sentence(self) -> str:
        """The finding in one line, for a terminal."""
        if not (self.has_amount and self.stake):
            return self.headline
        return f"{self.headline} [{self.amount} {self.stake}]"


@dataclass(frozen=True, slots=True)
class DefinitionView:
    """One definition of the appendix in words."""

    id: str
    title: str
    text: str
    terms: str


@dataclass(frozen=True, slots=True)
class VerdictView:
    """How far one kind of scores can be believed: in a sentence, and as a whole scorecard."""

    title: str
    text: str
    base_rate: str
    tag: str
    tag_title: str
    id: str
    section: Markup


class Page:
    """What the report's templates read.

    Parameters
    ----------
    figures : the report's figures.
    texts : the language's catalogue.
    """

    def __init__(self, figures: ReportFigures, texts: Texts) -> None:
        self.figures = figures
        self.texts = texts
        self.writer = Writer(texts, figures.currency)
        unit = texts.say(f"unit.{figures.period}")
        plural = texts.say(f"unit.{figures.period}_plural")
        self._units = {"unit": unit, "unit_plural": plural, "units": plural}
        self.sights = Sights(texts, self.writer, self._units)
        self.pictures = Pictures(figures.tables, self.sights)
        self.html_language = HTML_LANGUAGE[texts.language]
        self.business = figures.business

    @property
    def sections(self) -> tuple[str, ...]:
        """The sections shown: without scores there is nobody to name, and nothing to judge."""
        absent = set() if self.has_calls else {"calls"}
        absent |= set() if self.figures.scorecards else {"scorecards"}
        absent |= set() if self.figures.plans else {"plans"}
        return tuple(name for name in SECTIONS if name not in absent)

    @property
    def has_calls(self) -> bool:
        """Tell whether the report names customers to call, or says why it does not."""
        return "call_list" in self.figures.tables or bool(self.figures.scorecards)

    @cached_property
    def verdicts(self) -> list[VerdictView]:
        """What each model's past forecasts came to."""
        return [self._verdict(kind, card) for kind, card in self.figures.scorecards.items()]

    @property
    def plans(self) -> list[Markup]:
        """Each plan as a part of the page."""
        language = self.texts.language
        return [plan_section(plan.content, title, language) for title, plan in self.figures.plans]

    @property
    def heading(self) -> str:
        """The document's title."""
        return " · ".join(filter(None, (self.texts.say("page.title"), self.business)))

    @property
    def style(self) -> Markup:
        """The style sheet; it holds no text of the data, so it needs no escaping."""
        return scorecard_style()

    @property
    def facts(self) -> list[str]:
        """The line under the title."""
        say, day = self.texts.say, self.writer.day
        said = [say("page.fact.as_of", day=day(self.figures.as_of))]
        totals = self._first("totals")
        first, last = totals.get("first_order_on"), totals.get("last_order_on")
        if isinstance(first, date) and isinstance(last, date):
            said.append(say("page.fact.span", first=day(first), last=day(last)))
        said.append(say("page.fact.timezone", timezone=self.figures.timezone))
        if self.figures.currency:
            said.append(say("page.fact.currency", currency=self.figures.currency))
        return said

    @property
    def made(self) -> str:
        """The last line: from which data, when."""
        until = self.writer.day(self.figures.as_of - timedelta(days=1))
        made = self.writer.day(self.figures.generated_at)
        return self.texts.say("page.made", as_of=until, generated_at=made)

    @property
    def keys(self) -> list[KeyFigure]:
        """The strip of key figures; what is not known is left out."""
        made = (self._customers_key, self._value_key, self._active_key, self._retention_key)
        found = [make() for make in (*made, self._repeat_key, self._overdue_key)]
        return [key for key in found if key is not None]

    @property
    def findings(self) -> list[FindingView]:
        """What matters first, in order."""
        return [self._finding(finding) for finding in self.figures.findings]

    @property
    def definitions(self) -> list[DefinitionView]:
        """The appendix."""
        say, language = self.texts.say, self.texts.language
        return [
            DefinitionView(
                key,
                entry.title[language],
                entry.text[language],
                say(
                    "definition.terms",
                    version=entry.version,
                    rule=say(f"definition.rule.{entry.active_rule}"),
                    period=say(f"unit.{entry.period}") if entry.period else say("definition.none"),
                    timezone=entry.timezone,
                    as_of=self.writer.day(entry.as_of),
                    population=say(f"population.{entry.population}"),
                ),
            )
            for key, entry in self.figures.definitions.items()
        ]

    def notices(self, section: str) -> list[str]:
        """Return what a reader of a section must know."""
        said = self.figures.notices.get(section, ())
        return [notice.text[self.texts.language] for notice in said]

    def table(self, name: str) -> TableView | None:
        """Return a table as it is shown, or None if the report has none."""
        table = self.figures.tables.get(SOURCE_TABLES.get(name, name))
        if table is None:
            return None
        source = self._source(table.definition, table.population, table.command)
        return self.sights.table(replace(table, name=name), source)

    def chart(self, name: str) -> ChartView | None:
        """Return a chart, or None if there is too little to draw."""
        return self.pictures.chart(name)

    def heat(self) -> HeatView | None:
        """Return the cohort table, or None if the report has none."""
        table = self.figures.tables.get("cohorts")
        if table is None:
            return None
        return self.pictures.heat(self._source(table.definition, table.population, table.command))

    def _verdict(self, kind: str, card: Scorecard) -> VerdictView:
        language, prefix = self.texts.language, f"scorecard-{kind}"
        currency = self.figures.currency
        view = scorecard_view(card, language, currency=currency, prefix=prefix, level=3)
        return VerdictView(
            self.texts.say(f"scorecard.{kind}"),
            view.verdict_text,
            self._base_rate(card) if kind == CHURN else "",
            view.verdict_tag,
            view.verdict_title,
            prefix,
            scorecard_html(view, language),
        )

    def _base_rate(self, card: Scorecard) -> str:
        """Return what leaving means here and how many left, with what a rare event asks for."""
        customers = sum(one.customers for one in card.origins)
        left = round(sum(one.outcome for one in card.origins))
        share, first = left / max(customers, 1), card.origins[0]
        return self.texts.say(
            "base_rate.rare" if share < RARE_SHARE else "base_rate.usual",
            definition=card.definition[self.texts.language],
            dates=str(len(card.origins)),
            days=str((first.until - first.as_of).days),
            share=self.writer.percent(share, digits=1),
            left=self.writer.write(Kind.COUNT, left),
            customers=self.writer.write(Kind.COUNT, customers),
        )

    def _source(self, definition: str, population: str, command: str) -> SourceView:
        return SourceView(
            self.writer.day(self.figures.as_of),
            self.figures.timezone,
            self.texts.say(f"population.{population}"),
            definition,
            self.figures.definitions[definition].title[self.texts.language],
            command,
        )

    def _finding(self, finding: Finding) -> FindingView:
        key = f"finding.{finding.name}.{finding.variant}"
        words: dict[str, object] = dict(self._units)
        words["adjective"] = self.texts.say(f"unit.{self.figures.period}_adjective")
        for name, (kind, value) in finding.facts.items():
            words[name.removesuffix(f"_{self.texts.language}")] = self._word(kind, value)

        def say(part: str) -> str:
            full = f"{key}.{part}"
            count = finding.facts.get("count", (Kind.COUNT, 0))[1]
            return self.texts.say(full, count, **words) if self.texts.has(full) else ""

        stake = say("stake")
        amount = "" if finding.at_stake is None else self.writer.about(finding.at_stake)
        if finding.care:
            amount, stake = stake, ""
        table = {"quality": "imported_rows", "concentration": "active_customers"}
        population = table.get(finding.definition, "customers_with_order")
        return FindingView(
            f"{finding.name}-{finding.variant}",
            finding.care,
            amount or self.texts.say("finding.no_amount"),
            stake,
            self._interval(finding),
            say("headline"),
            say("detail"),
            say("working"),
            self._source(finding.definition, population, finding.command),
            has_amount=finding.at_stake is not None,
        )

    def _word(self, kind: Kind, value: Value) -> str:
        return (
            self.sights.period(str(value))
            if kind is Kind.PERIOD
            else self.sights.plain(kind, value)
        )

    def _interval(self, finding: Finding) -> str:
        estimate = finding.estimate
        if estimate is None or finding.estimate_kind is not Kind.MONEY:
            return ""
        key = "range_of_periods" if estimate.method == "range_of_periods" else "range"
        low, high = (self.writer.about(end) for end in (estimate.low, estimate.high))
        return self.texts.say(f"finding.{key}", low=low, high=high)

    def _customers_key(self) -> KeyFigure | None:
        row = self._first("totals")
        if row.get("customers") is None:
            return None
        orders = self.writer.write(Kind.COUNT, row.get("orders"))
        return self._key("customers", Kind.COUNT, row["customers"], "customers_note", orders=orders)

    def _value_key(self) -> KeyFigure | None:
        row = self._first("totals")
        if row.get("net_value") is None:
            return None
        gross, back = (self.writer.write(Kind.MONEY, row[n]) for n in _GROSS)
        return self._key(
            "net_value", Kind.MONEY, row["net_value"], "net_value_note", gross=gross, returned=back
        )

    def _active_key(self) -> KeyFigure | None:
        row = self._latest("lifecycle")
        if row is None:
            return None
        period = self.sights.period(str(row["period"]))
        new = self.writer.write(Kind.COUNT, row["new"])
        return self._key("active", Kind.COUNT, row["active"], "active_note", period=period, new=new)

    def _retention_key(self) -> KeyFigure | None:
        row = self._latest("retention")
        if row is None:
            return None
        period = self.sights.period(str(row["period"]))
        low, high = (
            self.writer.write(Kind.RATE, row[f"retention_rate_{end}"]) for end in ("low", "high")
        )
        return self._key(
            "retention",
            Kind.RATE,
            row["retention_rate"],
            "interval_note",
            period=period,
            low=low,
            high=high,
        )

    def _repeat_key(self) -> KeyFigure | None:
        row = self._first("repeat_summary")
        share = row.get("one_time_share")
        if not isinstance(share, float):
            return None
        more = int(str(row["customers"])) - int(str(row["one_time_customers"]))
        count = self.writer.write(Kind.COUNT, more)
        return self._key("repeat", Kind.RATE, 1 - share, "repeat_note", count=count)

    def _overdue_key(self) -> KeyFigure | None:
        found = next((f for f in self.figures.findings if f.name == "overdue"), None)
        if found is None:
            return None
        usual = self.writer.write(Kind.COUNT, found.facts["usual"][1])
        return self._key(
            "overdue", Kind.COUNT, found.facts["count"][1], "overdue_note", usual=usual
        )

    def _key(self, name: str, kind: Kind, value: Value, note: str, **words: str) -> KeyFigure:
        return KeyFigure(
            self.texts.say(f"page.key.{name}", **words),
            self.writer.write(kind, value),
            self.texts.say(f"page.key.{note}", **words),
        )

    def _first(self, name: str) -> Mapping[str, Value]:
        table = self.figures.tables.get(name)
        return table.rows[0] if table and table.rows else {}

    def _latest(self, name: str) -> Row | None:
        table = self.figures.tables.get(name)
        rows = [row for row in table.rows if row.get("state") == "complete"] if table else []
        return rows[-1] if rows else None


_GROSS = ("gross_value", "returned_value")
