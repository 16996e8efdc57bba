"""A scorecard as HTML: a section to stand in any page, or a page of its own that opens offline."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass

import jinja2
from markupsafe import Markup

from tenure.pages.scorecard_pictures import Picture, ScorecardPictures
from tenure.pages.scorecard_tables import Grid, ScorecardTables
from tenure.pages.scorecard_words import ScorecardWords, scorecard_texts
from tenure.pages.templating import environment
from tenure.pages.texts import HTML_LANGUAGE, texts
from tenure.pages.values import Writer
from tenure.predictions.scorecards.scorecard import Scorecard
from tenure.predictions.scorecards.verdicts import VerdictCode

_GOOD = frozenset({VerdictCode.BEATS})
_BAD = frozenset({VerdictCode.LEAKS, VerdictCode.NO_SIGNAL})


@dataclass(frozen=True, slots=True)
class ScorecardView:
    """What the scorecard's template reads."""

    id: str
    level: int
    title: str
    verdict_title: str
    verdict_text: str
    verdict_tag: str
    facts: tuple[str, ...]
    predictors: Grid
    pictures: tuple[Picture, ...]
    dates: Grid
    figures: Grid
    checks: Grid | None


def scorecard_section(
    card: Scorecard,
    language: str,
    *,
    currency: str | None = None,
    prefix: str = "scorecard",
    level: int = 2,
) -> Markup:
    """Return a scorecard as one HTML section; every value in it is escaped.

    The page around it needs the styles of `scorecard_style`.

    Parameters
    ----------
    card : the scorecard.
    language : `en` or `zh`.
    currency : ISO 4217 code in which amounts are written; None writes plain numbers.
    prefix : what the ids begin with; another for each scorecard of one page.
    level : of the heading, 1..6.

    Raises
    ------
    OptionError : no such language.
    """
    view = scorecard_view(card, language, currency=currency, prefix=prefix, level=level)
    return scorecard_html(view, language)


def scorecard_html(view: ScorecardView, language: str) -> Markup:
    """Return a scorecard in words as one HTML section; every value in it is escaped."""
    return Markup(_template(language, "scorecard.html.j2").render(v=view))


def scorecard_page(card: Scorecard, language: str, *, currency: str | None = None) -> str:
    """Return a scorecard as a page of its own; nothing on it is fetched from anywhere.

    Parameters are those of `scorecard_section`.
    """
    section = scorecard_section(card, language, currency=currency, level=1)
    title = scorecard_texts(language).say("title", definition=card.definition[language])
    page = _template(language, "scorecard_page.html.j2")
    html = page.render(
        section=section,
        style=scorecard_style(),
        title=title,
        html_language=HTML_LANGUAGE[language],
    )
    return html if html.endswith("\n") else html + "\n"


def scorecard_style() -> Markup:
    """Return the style sheet of a page with scorecards; it holds no text of the data."""
    folder = importlib.resources.files("tenure.pages") / "templates"
    sheets = [
        (folder / name).read_text(encoding="utf-8") for name in ("report.css", "scorecard.css")
    ]
    return Markup("\n".join(sheets))


def scorecard_view(
    card: Scorecard, language: str, *, currency: str | None, prefix: str, level: int
) -> ScorecardView:
    """Return a scorecard in words; parameters are those of `scorecard_section`."""
    words = ScorecardWords(scorecard_texts(language), Writer(texts(language), currency))
    tables = ScorecardTables(card, words, prefix)
    say, code = words.texts.say, card.verdict.code
    tag = "pass" if code in _GOOD else "fail" if code in _BAD else "warn"
    return ScorecardView(
        prefix,
        level,
        say("title", definition=card.definition[language]),
        say(f"code.{code.value}"),
        card.verdict.text[language],
        tag,
        _facts(card, words),
        tables.predictors(),
        tuple(ScorecardPictures(card, tables).all()),
        tables.dates(),
        tables.figures(),
        tables.checks(),
    )


def _facts(card: Scorecard, words: ScorecardWords) -> tuple[str, ...]:
    say, day = words.texts.say, words.writer.day
    rows = sum(origin.customers for origin in card.origins)
    said = [
        say("facts.population", population=card.population[words.language]),
        say(
            "facts.dates",
            count=len(card.origins),
            first=day(card.origins[0].as_of),
            last=day(card.origins[-1].as_of),
        ),
        say("facts.customers", count=words.count(rows)),
        say(
            "facts.interval",
            confidence=words.writer.percent(card.confidence, digits=0),
            draws=words.count(card.draws),
        ),
    ]
    if card.assumptions:
        said.append(say("facts.assumptions", text=card.assumptions[words.language]))
    return tuple(said)


def _template(language: str, name: str) -> jinja2.Template:
    return environment(language, s=scorecard_texts(language).say).get_template(name)
