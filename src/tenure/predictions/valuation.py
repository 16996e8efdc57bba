"""What customers will bring, fitted on a business's facts and judged on its past dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow.compute as pc

from tenure.activity.facts import Facts
from tenure.kernel import Calendar, ProgressSink, silent
from tenure.predictions.learning_dates import (
    Fitted,
    LearningPlan,
    PanelMaker,
    horizon_for,
    judged_dates,
    known_span,
    past_panels,
)
from tenure.predictions.panels import Panel, panel
from tenure.predictions.population import reference_of
from tenure.predictions.purchases.histories import COUNT
from tenure.predictions.score_columns import VALUE
from tenure.predictions.value.choosing import fit_value
from tenure.predictions.value.retention_value import RetentionValue
from tenure.predictions.value.value_model import ValueModel, beside
from tenure.predictions.value.value_of_retention import value_of_retention


def fit_valuation(
    facts: Facts,
    plan: LearningPlan = LearningPlan(),  # noqa: B008 - frozen
    *,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    progress: ProgressSink = silent,
    make: PanelMaker | None = None,
) -> Fitted:
    """Return the value model that a business's past recommends, with its scorecard.

    Parameters
    ----------
    facts : the fact tables.
    plan : from when and over what to learn, and what values assume.
    calendar : the business's calendar.
    progress : receives the progress.
    make : as in `past_panels`.

    Raises
    ------
    DataError : the data are too short, or orders carry no amounts.
    """
    span = known_span(facts, calendar, plan.as_of)
    horizon = plan.horizon_days or horizon_for(span, judged=plan.judged, gap_days=plan.gap_days)
    dates = judged_dates(span, horizon_days=horizon, gap_days=plan.gap_days, judged=plan.judged)
    past = past_panels(
        facts,
        dates,
        horizon_days=horizon,
        end=span[1],
        plan=plan,
        calendar=calendar,
        progress=progress,
        make=make,
    )
    assumed = plan.assumptions
    model = ValueModel(
        horizon_days=horizon,
        margin=assumed.margin,
        discount_rate_per_year=assumed.discount_rate_per_year,
        seed=plan.seed,
    )
    found = fit_value(
        _today(facts, span[1], calendar, plan),
        past,
        model=model,
        judged=plan.judged,
        gap_days=plan.gap_days,
    )
    reference = reference_of(past[-1].features)
    return Fitted(VALUE, found.model, found.scorecard, span[1], reference)


def restore_valuation(content: Mapping[str, Any]) -> ValueModel:
    """Make a value model again from what its `to_dict` returned."""
    return ValueModel.from_dict(content)


def worth_of_retention(
    facts: Facts,
    plan: LearningPlan = LearningPlan(),  # noqa: B008 - frozen
    *,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
) -> RetentionValue:
    """Return what one more point of yearly retention would be worth in this business.

    Parameters
    ----------
    facts : the fact tables.
    plan : as of when, over how many customers, and what values assume.
    calendar : the business's calendar.

    Raises
    ------
    DataError : there is no activity.
    """
    span = known_span(facts, calendar, plan.as_of)
    now = beside(_today(facts, span[1], calendar, plan))
    return value_of_retention(now.filter(pc.is_valid(now[COUNT])), plan.assumptions)


def _today(facts: Facts, as_of: date, calendar: Calendar, plan: LearningPlan) -> Panel:
    return panel(
        facts,
        as_of=as_of,
        calendar=calendar,
        change_days=None,
        attributes=(),
        sample=plan.customers_max,
        seed=plan.seed,
    )
