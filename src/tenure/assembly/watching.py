"""Models in use, watched: whether customers changed, and whether what was announced came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import numpy as np
import pyarrow.compute as pc

from tenure.activity.facts import Facts
from tenure.assembly.predicting import challenger_of, model_in_use
from tenure.assembly.workspace import Workspace
from tenure.kernel import Undefined
from tenure.predictions.churn.predictor import ChurnPredictor
from tenure.predictions.kinds import restored
from tenure.predictions.learning_dates import LearningPlan, known_span
from tenure.predictions.panels import Panel, panel
from tenure.predictions.population import watched_rows
from tenure.predictions.saving import SavedModel
from tenure.predictions.score_columns import CHURN, SCORES, VALUE
from tenure.predictions.scorecards.drift import (
    amount_drift,
    calibration_drift,
    parameter_jumps,
    population_drift,
)
from tenure.predictions.scorecards.findings import DriftFinding
from tenure.predictions.scorecards.population import PopulationReference
from tenure.predictions.value.value_model import ValueModel


@dataclass(frozen=True, slots=True)
class Watched:
    """What watching one model found.

    Parameters
    ----------
    kind : of scores.
    fitted_as_of : first day that the model knew nothing of.
    as_of : the date looked from.
    checked : the checks that could be made: `population`, `announced`, `parameters`.
    announced_as_of : date of the scores that were held against what came; None if none is
        old enough yet.
    findings : what moved; nothing is good news.
    """

    kind: str
    fitted_as_of: date
    as_of: date
    checked: tuple[str, ...]
    announced_as_of: date | None
    findings: tuple[DriftFinding, ...]

    def as_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        return {
            "kind": self.kind,
            "fitted_as_of": self.fitted_as_of.isoformat(),
            "as_of": self.as_of.isoformat(),
            "checked": list(self.checked),
            "announced_as_of": self.announced_as_of and self.announced_as_of.isoformat(),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def watch(
    workspace: Workspace,
    kind: str,
    plan: LearningPlan = LearningPlan(),  # noqa: B008 - frozen
) -> Watched:
    """Return what has moved since a workspace's model was fitted.

    Customers now are compared with those it learnt from. The oldest promise that can be judged
    is: the newest scores whose window, and gap for late data, have closed. A challenger's
    parameters are compared with those of the model in use.

    Parameters
    ----------
    workspace : whose model.
    kind : of scores.
    plan : as of when to look, at how many customers.

    Raises
    ------
    DefinitionError : there is no model.
    DataError : there is no activity.
    """
    saved = model_in_use(workspace, kind)
    facts, calendar = workspace.facts(), workspace.calendar
    today = known_span(facts, calendar, plan.as_of)[1]
    checked: list[str] = []
    found: list[DriftFinding] = []
    if saved.reference:
        now = _look(facts, today, None, workspace, plan)
        reference = PopulationReference.from_dict(saved.reference)
        found += population_drift(reference, watched_rows(now.features))
        checked.append("population")
    announced, moved = _announced(workspace, facts, saved, today, plan)
    if announced is not None:
        found += moved
        checked.append("announced")
    other = challenger_of(workspace, kind)
    if kind == VALUE and other is not None:
        found += _jumps(saved, other)
        checked.append("parameters")
    return Watched(kind, saved.as_of, today, tuple(checked), announced, tuple(found))


def _announced(
    workspace: Workspace, facts: Facts, saved: SavedModel, today: date, plan: LearningPlan
) -> tuple[date | None, tuple[DriftFinding, ...]]:
    """Hold the newest scores whose window has closed against what came."""
    if saved.kind not in (CHURN, VALUE):
        return None, ()
    model = restored(saved)
    horizon = (
        model.definition.horizon_days
        if isinstance(model, ChurnPredictor)
        else int(getattr(model, "horizon_days"))  # noqa: B009
    )
    stored = workspace.lake.view().relation(facts.engine, SCORES[saved.kind].table)
    latest = today - timedelta(days=horizon + plan.gap_days)
    old = SCORES[saved.kind].newest(stored.table)
    old = old.filter(old.as_of <= ibis.date(latest))
    day = stored.collect(old.aggregate(day=old.as_of.max()))["day"][0].as_py()
    if day is None:
        return None, ()
    seen = _look(facts, day, horizon, workspace, plan)
    people = ibis.memtable(seen.features.select(["customer_id"]))
    then = stored.collect(old.filter(old.as_of == ibis.date(day)).semi_join(people, "customer_id"))
    places = pc.index_in(then["customer_id"], seen.features["customer_id"].combine_chunks())
    rows = places.to_numpy(zero_copy_only=False)
    if isinstance(model, ChurnPredictor):
        happened, told = model.definition.labels(seen)[rows], "churn_probability"
    else:
        assert seen.outcome is not None
        days = seen.outcome["order_day_count"].to_numpy().astype(np.float64)
        happened, told = days[rows], "expected_orders"
    forecast = then[told].to_numpy()
    known = ~(np.isnan(happened) | np.isnan(forecast))
    compare = calibration_drift if saved.kind == CHURN else amount_drift
    result = compare(
        forecast[known],
        happened[known],
        until=day + timedelta(days=horizon),
        today=today,
        gap_days=plan.gap_days,
    )
    return (None, ()) if isinstance(result, Undefined) else (day, result)


def _look(
    facts: Facts, day: date, horizon: int | None, workspace: Workspace, plan: LearningPlan
) -> Panel:
    return panel(
        facts,
        as_of=day,
        horizon_days=horizon,
        calendar=workspace.calendar,
        change_days=None,
        sample=plan.customers_max,
        seed=plan.seed,
        gap_days=plan.gap_days,
    )


def _jumps(champion: SavedModel, challenger: SavedModel) -> tuple[DriftFinding, ...]:
    told = []
    for saved in (champion, challenger):
        found = ValueModel.from_dict(saved.content).history_.purchases_.maximum_
        told.append(
            (
                dict(zip(found.names, map(float, found.values), strict=True)),
                dict(zip(found.names, found.standard_errors, strict=True)),
            )
        )
    (before, errors_before), (now, errors_now) = told
    return parameter_jumps(before, now, errors_before, errors_now)
