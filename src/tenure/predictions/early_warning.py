"""The early warning fitted on a business's facts, and judged on its past dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa

from tenure.activity.facts import Facts
from tenure.kernel import Calendar, ProgressSink, silent
from tenure.predictions.churn.definition import ChurnDefinition, default_definition
from tenure.predictions.churn.learning import LearningOptions
from tenure.predictions.churn.predictor import labelled, train_churn, train_each
from tenure.predictions.learning_dates import (
    Fitted,
    LearningPlan,
    PanelMaker,
    horizon_for,
    judged_dates,
    known_span,
    past_panels,
)
from tenure.predictions.panels import Panel
from tenure.predictions.population import reference_of
from tenure.predictions.score_columns import CHURN
from tenure.predictions.scorecards.judging import ScorecardOptions, scorecard
from tenure.predictions.scorecards.origins import ScoredOrigin
from tenure.predictions.scorecards.rivals import EarlierDate, naive_probabilities
from tenure.predictions.scorecards.rolling_checks import JudgedDate, rolling_checks
from tenure.predictions.scorecards.scorecard import Scorecard

METHODS = ("logistic", "boosted", "blend")
"""Ways to learn, the simplest first."""

TITLES = {
    "logistic": {"en": "a logistic regression", "zh": "逻辑回归"},
    "boosted": {"en": "boosted trees", "zh": "提升树"},
    "blend": {"en": "trees and regression together", "zh": "提升树与逻辑回归的组合"},
}


def fit_early_warning(
    facts: Facts,
    plan: LearningPlan = LearningPlan(),  # noqa: B008 - frozen
    *,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    definition: ChurnDefinition | None = None,
    progress: ProgressSink = silent,
    make: PanelMaker | None = None,
) -> Fitted:
    """Return the early warning that a business's past teaches, with its scorecard.

    At each judged date a model learns from the dates whose outcome was known by then; the one
    returned learns from all.

    Parameters
    ----------
    facts : the fact tables.
    plan : from when and over what to learn.
    calendar : the business's calendar.
    definition : what leaving means; None chooses from the data.
    progress : receives the progress.
    make : as in `past_panels`.

    Raises
    ------
    DataError : the data are too short, or too few customers left or stayed.
    """
    span = known_span(facts, calendar, plan.as_of)
    if definition is None:
        horizon = plan.horizon_days or horizon_for(span, judged=plan.judged, gap_days=plan.gap_days)
        definition = default_definition(facts, as_of=span[1], calendar=calendar, horizon=horizon)
    elif plan.horizon_days is not None:
        definition = replace(definition, horizon_days=plan.horizon_days)
    dates = judged_dates(
        span,
        horizon_days=definition.horizon_days,
        gap_days=plan.gap_days,
        judged=plan.judged,
    )
    panels = past_panels(
        facts,
        dates,
        horizon_days=definition.horizon_days,
        end=span[1],
        plan=plan,
        calendar=calendar,
        progress=progress,
        make=make,
    )
    card = judge(panels, definition, plan)
    method = card.recommended if card.recommended in METHODS else METHODS[0]
    model = train_churn(panels, definition, LearningOptions(method=method, seed=plan.seed))
    return Fitted(CHURN, model, card, span[1], reference_of(panels[-1].features))


def judge(panels: Sequence[Panel], definition: ChurnDefinition, plan: LearningPlan) -> Scorecard:
    """Return the scorecard of early warnings learnt before each of the last dates.

    Parameters
    ----------
    panels : with outcomes, oldest first.
    definition : what leaving means.
    plan : how many dates are judged, by which seed.
    """
    found = [
        _judged(panels[:number], panels[number], definition, plan.seed)
        for number in range(len(panels) - plan.judged, len(panels))
    ]
    origins = [origin for origin, _ in found]
    rivals = tuple(name for name in origins[0].predictions if name not in METHODS)
    return scorecard(
        "binary",
        origins,
        model=METHODS[-1],
        rivals=rivals,
        options=ScorecardOptions(
            definition={language: definition.text(language) for language in ("en", "zh")},
            population={"en": "customers who could still leave", "zh": "仍可能流失的客户"},
            titles=TITLES,
            simplicity=(*rivals, *METHODS),
            checks=rolling_checks([checked for _, checked in found], gap_days=plan.gap_days),
            seed=plan.seed,
        ),
    )


def _judged(
    earlier: Sequence[Panel], now: Panel, definition: ChurnDefinition, seed: int
) -> tuple[ScoredOrigin, JudgedDate]:
    """Return what models and rivals that knew only earlier dates said, and what happened."""
    seen = labelled(now, definition)
    rows = seen.table
    models = train_each(earlier, definition, METHODS, LearningOptions(seed=seed))
    predictions = {name: model.probabilities(rows) for name, model in models.items()}
    _, low, high = models[METHODS[-1]].estimates(rows)
    past = [labelled(panel, definition) for panel in earlier]
    rivals = naive_probabilities(
        [EarlierDate(one.table, one.left) for one in past],
        rows,
        horizon_days=definition.horizon_days,
    )
    spent = rows["net_value_365_days"].cast(pa.float64()).to_numpy(zero_copy_only=False)
    until = now.as_of + timedelta(days=definition.horizon_days)
    checked = JudgedDate(
        now.as_of,
        until,
        rows,
        seen.left,
        tuple((one.as_of, one.until) for one in earlier if one.until is not None),
        frozenset(name for model in models.values() for name in model.columns),
    )
    origin = ScoredOrigin(
        now.as_of,
        until,
        seen.left,
        {**rivals, **predictions},
        customers=seen.customers,
        value=None if np.isnan(spent).any() else np.maximum(spent, 0.0),
        low=low,
        high=high,
    )
    return origin, checked
