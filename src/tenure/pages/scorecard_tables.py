"""A scorecard's tables in words: predictors, dates, all figures, checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.pages.scorecard_words import ScorecardWords
from tenure.predictions.scorecards.figures import meaning_of
from tenure.predictions.scorecards.scorecard import Scorecard

_KEYS: dict[str, tuple[str, ...]] = {
    "binary": ("auc", "lift", "profit", "brier", "calibration_error", "total_error"),
    "amount": ("normalised_gini", "top_share", "mean_absolute_error", "deviance", "total_error"),
    "ranking": ("recall", "repeat_recall", "new_recall", "hit_rate", "discounted_gain"),
}
_DATE_KEYS: dict[str, tuple[str, ...]] = {
    "binary": ("auc", "lift", "total_error"),
    "amount": ("normalised_gini", "mean_absolute_error", "total_error"),
    "ranking": ("recall", "hit_rate"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, a smaller line beneath, tags beside it."""

    text: str
    small: str = ""
    css: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """A table ready to be drawn; the first cell of a row names it.

    Parameters
    ----------
    id : unique on the page.
    caption, subtitle : words above it.
    headers : text and class of each column.
    rows : cells, as many as headers.
    """

    id: str
    caption: str
    subtitle: str
    headers: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Cell, ...], ...]


class ScorecardTables:
    """Makes the tables of one scorecard.

    Parameters
    ----------
    card : the scorecard.
    words : writes titles and figures.
    prefix : what the ids on the page begin with.
    """

    def __init__(self, card: Scorecard, words: ScorecardWords, prefix: str) -> None:
        self.card, self.words, self.prefix = card, words, prefix

    def title(self, name: str) -> str:
        """Return a predictor's name as it begins a line."""
        text = self.card.titles[name][self.words.language]
        return text[:1].upper() + text[1:]

    def predictors(self) -> Grid:
        """Return the model and its rivals by their key figures, the simplest first."""
        skills = {one.rival: one.skill for one in self.card.comparisons}
        figures = self._shown(_KEYS[self.card.task])
        rows = []
        for name in self.card.names:
            tags = [self._tag("model")] if name == self.card.model else []
            tags += [self._tag("recommended")] if name == self.card.recommended else []
            readings = self.card.figures[name]
            cells = [self._number(*self.words.reading(f, readings.get(f))) for f in figures]
            skill = skills.get(name)
            told = ("", "") if skill is None else self.words.skill(skill)
            rows.append((Cell(self.title(name), tags=tuple(tags)), self._number(*told), *cells))
        say, language = self.words.texts.say, self.words.language
        judged = meaning_of(self.card.judged_by).title[language]
        headers = [(say("column.predictor"), ""), (say("column.skill"), "num")]
        return Grid(
            f"{self.prefix}-predictors",
            say("table.predictors.caption"),
            say("table.predictors.subtitle", judged=judged),
            (*headers, *self._headers(figures)),
            tuple(rows),
        )

    def dates(self) -> Grid:
        """Return the past dates with the model's figures at each."""
        say, day = self.words.texts.say, self.words.writer.day
        figures = self._shown(_DATE_KEYS[self.card.task])
        rows = []
        for origin in self.card.origins:
            readings = origin.figures[self.card.model]
            rows.append(
                (
                    Cell(day(origin.as_of)),
                    Cell(day(origin.until), css="date"),
                    self._number(self.words.count(origin.customers)),
                    self._number(self.words.count(origin.outcome)),
                    *(self._number(*self.words.reading(f, readings.get(f))) for f in figures),
                )
            )
        return Grid(
            f"{self.prefix}-dates",
            say("table.dates.caption"),
            say("table.dates.subtitle", model=self.title(self.card.model)),
            (
                (say("column.as_of"), ""),
                (say("column.until"), ""),
                (say("column.customers"), "num"),
                (say(f"column.outcome.{self.card.task}"), "num"),
                *self._headers(figures),
            ),
            tuple(rows),
        )

    def figures(self) -> Grid:
        """Return every figure of the model with its meaning."""
        say, language = self.words.texts.say, self.words.language
        rows = []
        for name, found in self.card.figures[self.card.model].items():
            meaning = meaning_of(name)
            value, interval = self.words.reading(name, found)
            rows.append(
                (
                    Cell(meaning.title[language]),
                    self._number(value),
                    self._number(interval),
                    Cell(say(f"better.{meaning.better}")),
                    Cell(meaning.definition[language]),
                )
            )
        names = ("figure", "value", "interval", "better", "definition")
        return Grid(
            f"{self.prefix}-figures",
            say("table.figures.caption", model=self.title(self.card.model)),
            say("table.figures.subtitle"),
            tuple((say(f"column.{n}"), "num" if n in ("value", "interval") else "") for n in names),
            tuple(rows),
        )

    def checks(self) -> Grid | None:
        """Return the leakage checks that were run; None if there were none."""
        say, language = self.words.texts.say, self.words.language
        rows = []
        for check in self.card.checks:
            told = [finding.evidence[language] for finding in check.findings]
            rows.append(
                (
                    Cell(check.title[language]),
                    Cell(say("check.passed" if check.passed else "check.failed")),
                    Cell(" ".join(told) or say("check.none")),
                )
            )
        if not rows:
            return None
        return Grid(
            f"{self.prefix}-checks",
            say("table.checks.caption"),
            say("table.checks.subtitle"),
            tuple((say(f"column.{name}"), "") for name in ("check", "result", "evidence")),
            tuple(rows),
        )

    def points(self, name: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Grid:
        """Return a chart's points as a table without a caption of its own."""
        return Grid(
            f"{self.prefix}-{name}-points",
            self.words.texts.say(f"chart.{name}.title"),
            "",
            tuple((header, "" if i == 0 else "num") for i, header in enumerate(headers)),
            tuple((Cell(row[0]), *(self._number(text) for text in row[1:])) for row in rows),
        )

    def _shown(self, wanted: Sequence[str]) -> list[str]:
        """Return the model's figures that are wanted, each at every depth it has."""
        held = self.card.figures[self.card.model]
        return [f for w in wanted for f in held if f == w or f.startswith(f"{w}_at_")]

    def _headers(self, figures: Sequence[str]) -> list[tuple[str, str]]:
        return [(meaning_of(name).title[self.words.language], "num") for name in figures]

    def _tag(self, name: str) -> str:
        return self.words.texts.say(f"tag.{name}")

    def _number(self, text: str, small: str = "") -> Cell:
        return Cell(text, small, "num")
