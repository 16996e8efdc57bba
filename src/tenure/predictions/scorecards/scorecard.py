"""The scorecard as a value: figures, rivals, verdict, and how all of it came about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tenure.kernel import DataError
from tenure.predictions.scorecards.averaging import Points
from tenure.predictions.scorecards.comparing import Comparison
from tenure.predictions.scorecards.findings import LeakageCheck, Text, text_of
from tenure.predictions.scorecards.readings import Reading
from tenure.predictions.scorecards.verdicts import Verdict, VerdictCode

SCORECARD_VERSION = 1
"""Raised whenever the meaning of a figure changes."""

Figures = Mapping[str, Mapping[str, Reading]]
"""Readings by predictor and figure."""


@dataclass(frozen=True, slots=True)
class OriginSummary:
    """One past date.

    Parameters
    ----------
    as_of, until : predictions from what was known before `as_of`, outcomes in `[as_of, until)`.
    customers : number of customers predicted for.
    outcome : number of events, sum of amounts, or number of customers who bought.
    figures : readings at this date alone.
    """

    as_of: date
    until: date
    customers: int
    outcome: float
    figures: Figures


@dataclass(frozen=True, slots=True)
class Scorecard:
    """How well a model did on past dates, beside its rivals.

    Parameters
    ----------
    task : `binary`, `amount` or `ranking`.
    model : the predictor judged.
    names : all predictors, the simplest first.
    rivals : the simple ones that the model has to beat.
    titles : the predictors' names for people.
    definition, population : what is predicted, and of whom.
    judged_by : name of the figure that decides.
    confidence : of all intervals, 0..1.
    draws : number of bootstrap draws over customers.
    figures : readings over all dates.
    origins : the dates, each with its own readings.
    comparisons : the model against each rival.
    recommended : the simplest predictor that none beats.
    verdict : the last word.
    curves : points by curve and predictor.
    checks : leakage checks that were run.
    assumptions : what profits assume; empty if none are shown.
    """

    task: str
    model: str
    names: tuple[str, ...]
    rivals: tuple[str, ...]
    titles: Mapping[str, Text]
    definition: Text
    population: Text
    judged_by: str
    confidence: float
    draws: int
    figures: Figures
    origins: tuple[OriginSummary, ...]
    comparisons: tuple[Comparison, ...]
    recommended: str
    verdict: Verdict
    curves: Mapping[str, Mapping[str, Points]]
    checks: tuple[LeakageCheck, ...]
    assumptions: Text

    def reading(self, name: str, figure: str) -> Reading:
        """Return one figure of one predictor over all dates.

        Raises
        ------
        DataError : there is no such predictor or figure.
        """
        found = self.figures.get(name, {}).get(figure)
        if found is None:
            known = ", ".join(self.figures.get(name, self.figures))
            raise DataError(f"figure {figure!r} of {name!r}", f"one of {known}", "check the name")
        return found

    def as_dict(self) -> dict[str, object]:
        """Return the scorecard as plain values for JSON."""
        return {
            "version": SCORECARD_VERSION,
            "task": self.task,
            "model": self.model,
            "names": list(self.names),
            "rivals": list(self.rivals),
            "titles": {name: dict(title) for name, title in self.titles.items()},
            "definition": dict(self.definition),
            "population": dict(self.population),
            "judged_by": self.judged_by,
            "confidence": self.confidence,
            "draws": self.draws,
            "verdict": {"code": self.verdict.code.value, "text": dict(self.verdict.text)},
            "recommended": self.recommended,
            "figures": _figures(self.figures),
            "comparisons": [
                {
                    "rival": one.rival,
                    "skill": one.skill.as_dict(),
                    "better": one.better,
                    "worse": one.worse,
                }
                for one in self.comparisons
            ],
            "origins": [
                {
                    "as_of": one.as_of.isoformat(),
                    "until": one.until.isoformat(),
                    "customers": one.customers,
                    "outcome": one.outcome,
                    "figures": _figures(one.figures),
                }
                for one in self.origins
            ],
            "curves": {
                curve: {name: [list(point) for point in points] for name, points in lines.items()}
                for curve, lines in self.curves.items()
            },
            "checks": [check.as_dict() for check in self.checks],
            "assumptions": dict(self.assumptions),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Scorecard:
        """Return the scorecard that `as_dict` wrote, equal to the one written.

        Raises
        ------
        DataError : of another version, or parts are missing.
        """
        if given.get("version") != SCORECARD_VERSION:
            raise DataError(
                f"a scorecard of version {given.get('version')!r}",
                f"version {SCORECARD_VERSION}",
                "make the scorecard anew",
            )
        try:
            return cls(**_parts(given))
        except KeyError as missing:
            raise DataError(
                f"a scorecard without {missing.args[0]!r}",
                "all parts that `as_dict` writes",
                "make the scorecard anew",
            ) from missing

    def as_json(self) -> str:
        """Return the scorecard as JSON; the same scorecard gives the same bytes."""
        return json.dumps(self.as_dict(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _figures(figures: Figures) -> dict[str, dict[str, dict[str, float | str | None]]]:
    return {
        name: {figure: found.as_dict() for figure, found in readings.items()}
        for name, readings in figures.items()
    }


def _read_figures(given: Mapping[str, Any]) -> Figures:
    return {
        name: {figure: Reading.from_dict(found) for figure, found in readings.items()}
        for name, readings in given.items()
    }


def _parts(given: Mapping[str, Any]) -> dict[str, Any]:
    said = given["verdict"]
    return {
        **{name: given[name] for name in ("task", "model", "judged_by", "confidence", "draws")},
        "names": tuple(given["names"]),
        "rivals": tuple(given["rivals"]),
        "titles": {name: text_of(title) for name, title in given["titles"].items()},
        **{name: text_of(given[name]) for name in ("definition", "population", "assumptions")},
        "figures": _read_figures(given["figures"]),
        "origins": tuple(_origin(one) for one in given["origins"]),
        "comparisons": tuple(
            Comparison(one["rival"], Reading.from_dict(one["skill"]), one["better"], one["worse"])
            for one in given["comparisons"]
        ),
        "recommended": given["recommended"],
        "verdict": Verdict(VerdictCode(said["code"]), text_of(said["text"])),
        "curves": {
            curve: {name: _points(points) for name, points in lines.items()}
            for curve, lines in given["curves"].items()
        },
        "checks": tuple(LeakageCheck.from_dict(one) for one in given["checks"]),
    }


def _origin(given: Mapping[str, Any]) -> OriginSummary:
    return OriginSummary(
        date.fromisoformat(given["as_of"]),
        date.fromisoformat(given["until"]),
        given["customers"],
        given["outcome"],
        _read_figures(given["figures"]),
    )


def _points(given: Sequence[Sequence[float]]) -> Points:
    return tuple(tuple(float(value) for value in point) for point in given)
