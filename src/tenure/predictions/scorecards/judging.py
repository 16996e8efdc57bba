"""A model judged on past dates: predictions and outcomes in, a scorecard with a verdict out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from tenure.kernel import OptionError
from tenure.predictions.scorecards.amount_figures import AmountFigures, least_forecast
from tenure.predictions.scorecards.arrays import Integers
from tenure.predictions.scorecards.comparing import compare, unbeaten
from tenure.predictions.scorecards.discrimination import rows_at
from tenure.predictions.scorecards.event_figures import EventFigures
from tenure.predictions.scorecards.findings import LeakageCheck, Text
from tenure.predictions.scorecards.folds import DATES_APART, dates_apart
from tenure.predictions.scorecards.list_figures import ListFigures
from tenure.predictions.scorecards.money import ContactPlan
from tenure.predictions.scorecards.origins import (
    Ranked,
    RankedOrigin,
    Scored,
    ScoredOrigin,
    check_dates,
    owners,
    ranked,
    scored,
)
from tenure.predictions.scorecards.rival_names import RIVAL_TITLES, YARDSTICKS
from tenure.predictions.scorecards.scorecard import Scorecard
from tenure.predictions.scorecards.verdicts import Evidence, verdict
from tenure.predictions.scorecards.weighing import FigureMaker, Weighing

TASKS = ("binary", "amount", "ranking")
DRAWS_MIN = 100

_Origin = TypeVar("_Origin", Scored, Ranked)


@dataclass(frozen=True, slots=True)
class ScorecardOptions:
    """What a scorecard says of itself, and how it judges.

    Parameters
    ----------
    definition, population : what is predicted and of whom, by language.
    titles : names of predictors for people; known rivals have theirs already.
    simplicity : all predictors, the simplest first; None: the rivals as given, then the others,
        then the model.
    depths : how many customers a budget reaches: shares (float, to 1.0) or numbers (int).
    plan : what a contact costs and saves; None shows no profit.
    suggestions : how many suggestions of a list count.
    product_count : products there are to suggest; None if unknown.
    checks : leakage checks that were run.
    draws, seed : bootstrap draws over customers, at least 100.
    confidence : of all intervals, 0..1.
    events_min : customers needed with the event, and without it.
    origins_min : dates needed.
    """

    definition: Text
    population: Text
    titles: Mapping[str, Text] = field(default_factory=dict)
    simplicity: tuple[str, ...] | None = None
    depths: tuple[float, ...] = (0.1,)
    plan: ContactPlan | None = None
    suggestions: int = 10
    product_count: int | None = None
    checks: tuple[LeakageCheck, ...] = ()
    draws: int = 500
    seed: int = 0
    confidence: float = 0.95
    events_min: int = 30
    origins_min: int = 3

    def __post_init__(self) -> None:
        if self.draws < DRAWS_MIN:
            raise OptionError(f"draws = {self.draws}", f"{DRAWS_MIN} or more", "give 500")
        if not 0 < self.confidence < 1:
            raise OptionError(f"confidence = {self.confidence}", "above 0, below 1", "give 0.95")
        if self.suggestions < 1:
            raise OptionError(f"suggestions = {self.suggestions}", "1 or more", "give 10")
        for depth in self.depths:
            rows_at(depth, 1)


def scorecard(
    task: str,
    origins: Sequence[ScoredOrigin | RankedOrigin],
    *,
    model: str,
    rivals: Sequence[str],
    options: ScorecardOptions,
) -> Scorecard:
    """Return how well a model did on past dates, beside its rivals, and the verdict.

    A binary or amount forecast always meets a yardstick that treats everybody alike: if the
    rivals bring none, it is each date's own mean, which nobody could have known beforehand.

    Parameters
    ----------
    task : `binary` (probabilities of an event), `amount` (expected counts or money; both with
        `ScoredOrigin`s) or `ranking` (product lists, with `RankedOrigin`s).
    origins : the past dates, in order, with the same predictors at each; others than `model`
        and `rivals` are candidates too.
    model : the predictor judged.
    rivals : the simple predictors it has to beat.
    options : words, depths, assumptions and how to judge.

    Raises
    ------
    OptionError : an unknown task, too few dates, no rival, or options out of range.
    DataError : arrays that do not fit.

    References
    ----------
    Field, Welsh (2007), Bootstrapping clustered data, J. R. Statist. Soc. B 69(3), 369-390.
    """
    check_dates(origins, least=options.origins_min)
    options = _with_dates_checked(origins, options)
    if task == "ranking":
        lists = [origin for origin in origins if isinstance(origin, RankedOrigin)]
        _check_kind(task, len(lists), len(origins))
        names = _names(lists[0].predictions, model, rivals, options)
        made = [ranked(origin, names) for origin in lists]
        listing = ListFigures(names, options.suggestions, options.product_count)
        return _judge(task, listing, made, _owned(lists, made), model, rivals, options)
    if task not in TASKS:
        raise OptionError(f"task {task!r}", f"one of {', '.join(TASKS)}", "choose one of these")
    forecasts = [origin for origin in origins if isinstance(origin, ScoredOrigin)]
    _check_kind(task, len(forecasts), len(origins))
    binary, yardstick = task == "binary", YARDSTICKS[task]
    names = _names(forecasts[0].predictions, model, rivals, options)
    found = [scored(origin, names, binary=binary) for origin in forecasts]
    if yardstick not in names:
        names, found = (yardstick, *names), [_with_mean(one, yardstick) for one in found]
    owned = _owned(forecasts, found)
    if binary:
        events = EventFigures(names, options.depths, options.plan)
        return _judge(task, events, found, owned, model, (yardstick, *rivals), options)
    amounts = AmountFigures(names, options.depths, model, least_forecast(found))
    return _judge(task, amounts, found, owned, model, (yardstick, *rivals), options)


def _judge(
    task: str,
    maker: FigureMaker[_Origin],
    origins: Sequence[_Origin],
    owned: Sequence[Integers],
    model: str,
    rivals: Sequence[str],
    options: ScorecardOptions,
) -> Scorecard:
    names, confidence = tuple(maker.names), options.confidence
    weighing = Weighing(
        maker, origins, owned, draws=options.draws, seed=options.seed, confidence=confidence
    )
    figures, judged = weighing.figures(), weighing.judged
    simple = tuple(name for name in names if name in rivals)
    comparisons = tuple(compare(judged, model, one, confidence=confidence) for one in simple)
    best = unbeaten(judged, names, confidence=confidence)
    recommended = next(name for name in names if name in best)
    titles = {name: _title(name, options.titles) for name in names}
    order = maker.order_figure
    seen = Evidence(
        model=titles[model],
        recommended=titles[recommended],
        titles=titles,
        comparisons=comparisons,
        judged_by=maker.judged_by,
        order=(order, figures[model][order]),
        dates=len(origins),
        counted=maker.counted(origins, owned),
        needed=options.events_min,
        has_signal=maker.signal(figures[model]),
        nothing_better=recommended == names[0],
        checks=options.checks,
    )
    return Scorecard(
        task=task,
        model=model,
        names=names,
        rivals=simple,
        titles=titles,
        definition=options.definition,
        population=options.population,
        judged_by=maker.judged_by,
        confidence=confidence,
        draws=options.draws,
        figures=figures,
        origins=weighing.by_origin(),
        comparisons=comparisons,
        recommended=recommended,
        verdict=verdict(seen),
        curves=maker.curves(origins),
        checks=options.checks,
        assumptions=options.plan.text if options.plan is not None else {},
    )


def _with_dates_checked(
    origins: Sequence[ScoredOrigin | RankedOrigin], options: ScorecardOptions
) -> ScorecardOptions:
    """Add the check that every scorecard can make itself, unless the caller made a fuller one."""
    if any(check.name == DATES_APART for check in options.checks):
        return options
    made = dates_apart([], [(one.as_of, one.until) for one in origins])
    return replace(options, checks=(*options.checks, made))


def _names(
    given: Mapping[str, object], model: str, rivals: Sequence[str], options: ScorecardOptions
) -> tuple[str, ...]:
    if not rivals or model in rivals:
        raise OptionError(
            f"model {model!r} with rivals {', '.join(rivals) or 'none'}",
            "at least one rival other than the model",
            "add a simple rival: without one nobody can tell whether the model is worth having",
        )
    others = [name for name in given if name not in rivals and name != model]
    natural = tuple(dict.fromkeys((*rivals, *others, model)))
    if options.simplicity is None:
        return natural
    if sorted(options.simplicity) != sorted(natural):
        raise OptionError(
            f"simplicity {', '.join(options.simplicity)}",
            f"each of {', '.join(natural)} once",
            "name every predictor, the simplest first",
        )
    return options.simplicity


def _owned(
    origins: Sequence[ScoredOrigin] | Sequence[RankedOrigin],
    checked: Sequence[Scored] | Sequence[Ranked],
) -> list[Integers]:
    return owners(origins, [one.rows for one in checked])


def _check_kind(task: str, fitting: int, given: int) -> None:
    if fitting != given:
        raise OptionError(
            f"task {task!r} with {given - fitting} origins of another kind",
            "RankedOrigin for ranking, ScoredOrigin for binary and amount",
            "give origins of the task's kind",
        )


def _with_mean(origin: Scored, name: str) -> Scored:
    mean = float(origin.actual.mean()) if origin.rows else 0.0
    same = {name: np.full(origin.rows, mean), **origin.predictions}
    return replace(origin, predictions=same)


def _title(name: str, given: Mapping[str, Text]) -> Text:
    return given.get(name) or RIVAL_TITLES.get(name) or {"en": name, "zh": name}
