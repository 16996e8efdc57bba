"""Predictions of a workspace: fit, judge, score, and tell how far to believe it.

Each kind's model in use (the champion) is `models/<kind>.json`, with its scorecard beside it.
A newly fitted model replaces it only if asked, or if none is there; else it is the challenger.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from tenure.activity.facts import Facts
from tenure.assembly.customers import day_after_last
from tenure.assembly.workspace import Workspace
from tenure.kernel import DataError, DefinitionError, ProgressSink, silent
from tenure.predictions.kinds import KINDS, kind_named, restored
from tenure.predictions.learning_dates import Fitted, LearningPlan, PanelMaker
from tenure.predictions.panels import panel
from tenure.predictions.saving import SavedModel, read_model, write_whole
from tenure.predictions.score_columns import NEXT_PURCHASE, SCORES
from tenure.predictions.scorecards.proving import FutureProof, prove_no_future
from tenure.predictions.scorecards.scorecard import Scorecard
from tenure.predictions.scoring import scoring_rows, write_scores
from tenure.predictions.valuation import worth_of_retention
from tenure.predictions.value.retention_value import RetentionValue
from tenure.predictions.value.value_model import beside

CHALLENGER = "-challenger"


@dataclass(frozen=True, slots=True)
class FitResult:
    """What fitting did.

    Parameters
    ----------
    kind : of scores.
    path : the model's file.
    fingerprint : what names its content.
    size_bytes : of the file.
    in_use : whether it is the champion now.
    scorecard : how far to believe it.
    """

    kind: str
    path: Path
    fingerprint: str
    size_bytes: int
    in_use: bool
    scorecard: Scorecard

    def as_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {
            "kind": self.kind,
            "path": self.path,
            "fingerprint": self.fingerprint,
            "size_bytes": self.size_bytes,
            "in_use": self.in_use,
            "scorecard": self.scorecard.as_dict(),
        }


def fit_model(
    workspace: Workspace,
    kind: str,
    plan: LearningPlan = LearningPlan(),  # noqa: B008 - frozen
    *,
    in_use: bool = True,
    progress: ProgressSink = silent,
) -> FitResult:
    """Fit one kind of scores on a workspace's past, judge it, and keep both.

    Parameters
    ----------
    workspace : whose past.
    kind : `churn`, `value` or `next_purchase`.
    plan : from when and over what to learn.
    in_use : False keeps the model in use and writes the new one beside it, as challenger.
    progress : receives the progress.

    Raises
    ------
    OptionError : there is no such kind.
    DataError : the data are too short or too few to learn from.
    """
    return _keep(workspace, backtest(workspace, kind, plan, progress=progress), in_use=in_use)


def _keep(workspace: Workspace, fitted: Fitted, *, in_use: bool) -> FitResult:
    """Write a fitted model and its scorecard."""
    kind = fitted.kind
    saved = SavedModel(
        kind,
        fitted.as_of,
        workspace.clock().replace(microsecond=0),
        workspace.settings.timezone,
        fitted.model.to_dict(),
        fitted.reference,
    )
    in_use = in_use or not _path(workspace, kind).exists()
    name = kind if in_use else kind + CHALLENGER
    # The scorecard first: a model in use is never without one.
    write_whole(_card(workspace, name), fitted.scorecard.as_json().encode())
    path = _path(workspace, name)
    size = saved.write(path)
    return FitResult(kind, path, saved.fingerprint, size, in_use, fitted.scorecard)


def predict_all(
    workspace: Workspace,
    plan: LearningPlan = LearningPlan(),  # noqa: B008 - frozen
    *,
    progress: ProgressSink = silent,
) -> tuple[dict[str, FitResult], dict[str, DataError]]:
    """Fit every kind of scores that the past of a workspace can teach, and score everybody.

    Parameters
    ----------
    workspace, plan, progress : as for `fit_model`.

    Returns
    -------
    What was fitted, and why the other kinds were not, by kind.
    """
    fitted: dict[str, FitResult] = {}
    refused: dict[str, DataError] = {}
    facts, calendar = workspace.facts(), workspace.calendar
    # Kinds that look back from the same dates over the same window share the panels.
    make: PanelMaker = cache(partial(panel, facts))
    for kind, one in KINDS.items():
        try:
            made = one.fit(facts, plan, calendar=calendar, progress=progress, make=make)
        except DataError as fault:
            refused[kind] = fault
        else:
            fitted[kind] = _keep(workspace, made, in_use=True)
    if fitted:
        score(workspace, tuple(fitted), as_of=plan.as_of)
    return fitted, refused


def backtest(
    workspace: Workspace,
    kind: str,
    plan: LearningPlan = LearningPlan(),  # noqa: B008 - frozen
    *,
    progress: ProgressSink = silent,
) -> Fitted:
    """Fit and judge one kind of scores without keeping anything.

    Parameters
    ----------
    workspace, kind, plan, progress : as for `fit_model`.
    """
    return kind_named(kind).fit(
        workspace.facts(), plan, calendar=workspace.calendar, progress=progress
    )


def prove(
    workspace: Workspace,
    kind: str,
    plan: LearningPlan = LearningPlan(),  # noqa: B008 - frozen
    *,
    as_of: date,
    progress: ProgressSink = silent,
) -> FutureProof:
    """Delete everything from a date on, fit and score anew, and compare every cell.

    Parameters
    ----------
    workspace, kind, plan, progress : as for `fit_model`.
    as_of : the date; its features and scores must not change.

    Raises
    ------
    DataError : there is too little before the date to learn from.
    """
    chosen, until = kind_named(kind), replace(plan, as_of=as_of)
    calendar = workspace.calendar

    def made(facts: Facts) -> pa.Table:
        fitted = chosen.fit(facts, until, calendar=calendar, progress=progress)
        seen = panel(
            facts,
            as_of=as_of,
            calendar=calendar,
            sample=plan.customers_max,
            seed=plan.seed,
            known_until=as_of,
        )
        rows = beside(seen)
        if chosen.rows is scoring_rows:
            scores = fitted.model.score_batch(rows)
        else:
            read = chosen.rows(facts, as_of=as_of, calendar=calendar)
            people = ibis.memtable(rows.select(["customer_id"]))
            scores = fitted.model.score_batch(
                read.collect(read.table.semi_join(people, "customer_id"))
            )
        return rows.join(scores, "customer_id", right_suffix="_score")

    return prove_no_future(made, workspace.facts(), as_of=as_of, calendar=calendar)


def value_of_retention(
    workspace: Workspace,
    plan: LearningPlan = LearningPlan(),  # noqa: B008 - frozen
) -> RetentionValue:
    """Return what one more point of yearly retention would be worth to a workspace's business.

    Parameters
    ----------
    workspace : whose past.
    plan : as of when, over how many customers, and what values assume.

    Raises
    ------
    DataError : there is no activity.
    """
    return worth_of_retention(workspace.facts(), plan, calendar=workspace.calendar)


def fitted_kinds(workspace: Workspace) -> tuple[str, ...]:
    """Return the kinds of which a workspace has a model in use."""
    return tuple(kind for kind in KINDS if _path(workspace, kind).exists())


def model_in_use(workspace: Workspace, kind: str) -> SavedModel:
    """Return a workspace's model of a kind.

    Raises
    ------
    DefinitionError : there is none, or its file is damaged.
    """
    return read_model(_path(workspace, kind_named(kind).name))


def challenger_of(workspace: Workspace, kind: str) -> SavedModel | None:
    """Return the challenger of a workspace's model of a kind; None if there is none.

    Raises
    ------
    DefinitionError : its file is damaged.
    """
    path = _path(workspace, kind_named(kind).name + CHALLENGER)
    return read_model(path) if path.exists() else None


@dataclass(frozen=True, slots=True)
class Promoted:
    """A challenger that became the model in use.

    Parameters
    ----------
    kind : of scores.
    fingerprint : what names its content.
    as_of : first business day that it knows nothing of.
    former : fingerprint of the model that was in use, the challenger now.
    """

    kind: str
    fingerprint: str
    as_of: date
    former: str

    def as_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {
            "kind": self.kind,
            "fingerprint": self.fingerprint,
            "as_of": self.as_of.isoformat(),
            "former": self.former,
        }


def promote(workspace: Workspace, kind: str) -> Promoted:
    """Make the challenger the model in use, and the model in use so far the challenger.

    Each file changes whole or not at all. Whatever interrupts it, a model is in use afterwards,
    and doing it again completes it.

    Parameters
    ----------
    workspace : whose models.
    kind : of scores.

    Raises
    ------
    DefinitionError : there is no challenger or no model in use, or a file is damaged.
    """
    challenger, former = challenger_of(workspace, kind), model_in_use(workspace, kind)
    if challenger is None:
        raise DefinitionError(
            f"no challenger of the {kind} model in use",
            "a model fitted beside it",
            f"fit one first: tenure fit {kind} --challenger",
        )
    cards = [read_scorecard(workspace, kind, challenger=other) for other in (True, False)]
    for name, saved, card in (
        (kind, challenger, cards[0]),
        (kind + CHALLENGER, former, cards[1]),
    ):
        write_whole(_card(workspace, name), card.as_json().encode())
        saved.write(_path(workspace, name))
    return Promoted(kind, challenger.fingerprint, challenger.as_of, former.fingerprint)


def told_dates(
    workspace: Workspace, kind: str, *, challenger: bool = False
) -> Mapping[str, Any] | None:
    """Return how good the dates of next orders were, as `ReturnsCheck.as_dict`; else None.

    Parameters
    ----------
    workspace : whose model.
    kind : of scores; only `next_purchase` tells dates.
    challenger : whether the challenger is asked, not the model in use.

    Raises
    ------
    DefinitionError : there is no model, or its file is damaged.
    """
    if kind != NEXT_PURCHASE:
        return None
    saved = challenger_of(workspace, kind) if challenger else model_in_use(workspace, kind)
    found: Mapping[str, Any] | None = None if saved is None else saved.content["dates_check"]
    return found


def read_scorecard(workspace: Workspace, kind: str, *, challenger: bool = False) -> Scorecard:
    """Return the scorecard of the model in use, or of its challenger.

    Raises
    ------
    DefinitionError : no model of the kind was fitted, or the file is damaged.
    """
    path = _card(workspace, kind_named(kind).name + (CHALLENGER if challenger else ""))
    try:
        return Scorecard.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as fault:
        raise DefinitionError(
            f"no scorecard at {path}", "a fitted model", f"fit one first: tenure fit {kind}"
        ) from fault
    except ValueError as fault:
        raise DefinitionError(
            f"{path}: {fault}", "a scorecard written by `tenure fit`", "fit the model anew"
        ) from fault


def scorecards(workspace: Workspace) -> dict[str, Scorecard]:
    """Return the scorecards of all models in use, by kind."""
    return {kind: read_scorecard(workspace, kind) for kind in fitted_kinds(workspace)}


def score(
    workspace: Workspace,
    kinds: Sequence[str] = (),
    *,
    as_of: date | None = None,
    progress: ProgressSink = silent,
) -> dict[str, int]:
    """Score every customer as of a date and keep the scores in the lake.

    All kinds become visible together.

    Parameters
    ----------
    workspace : whose customers.
    kinds : which scores; none names all of which there is a model.
    as_of : date to look ahead from; None: the setting, else the day after the data end.
    progress : receives the progress, in kinds.

    Returns
    -------
    Number of customers scored, by kind.

    Raises
    ------
    DefinitionError : there is no model.
    DataError : there is no activity.
    """
    chosen = tuple(kinds) or fitted_kinds(workspace)
    if not chosen:
        raise DefinitionError(
            "a workspace without a fitted model",
            f"a model of one of {', '.join(KINDS)}",
            "fit one first: tenure fit churn",
        )
    models = {kind: model_in_use(workspace, kind) for kind in chosen}
    facts = workspace.facts()
    day = as_of or workspace.settings.as_of_date() or day_after_last(facts)
    # Kinds that read the same rows share one expression of them.
    rows = {
        read: read(facts, as_of=day, calendar=workspace.calendar)
        for read in dict.fromkeys(KINDS[kind].rows for kind in models)
    }
    done: dict[str, int] = {}
    with workspace.lake.writing() as writer:
        for kind, saved in models.items():
            table, model = SCORES[kind], restored(saved)
            done[kind] = write_scores(
                rows[KINDS[kind].rows],
                model.score_batch,
                table,
                as_of=day,
                made_at=workspace.clock(),
                model=saved.fingerprint,
                new_file=partial(writer.new_file, table.table),
            )
        writer.commit(f"score {', '.join(done)} as of {day}")
    return done


def _path(workspace: Workspace, name: str) -> Path:
    return workspace.root / "models" / f"{name}.json"


def _card(workspace: Workspace, name: str) -> Path:
    return workspace.root / "models" / f"{name}.scorecard.json"
