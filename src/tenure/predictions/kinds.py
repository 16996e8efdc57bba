"""The kinds of scores: how each is fitted on facts, and how it comes back from its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from tenure.activity.facts import Facts
from tenure.engine.relations import Relation
from tenure.kernel import Calendar, DefinitionError, OptionError, ProgressSink
from tenure.predictions.churn.predictor import ChurnPredictor
from tenure.predictions.early_warning import fit_early_warning
from tenure.predictions.learning_dates import Fitted, LearningPlan, Learnt, PanelMaker
from tenure.predictions.next_orders import NextPurchase, fit_next_purchase, next_order_rows
from tenure.predictions.saving import SavedModel
from tenure.predictions.score_columns import CHURN, NEXT_PURCHASE, VALUE
from tenure.predictions.scoring import scoring_rows
from tenure.predictions.valuation import fit_valuation, restore_valuation


class Fit(Protocol):
    """Fits one kind of scores on facts and judges it on past dates."""

    def __call__(
        self,
        facts: Facts,
        plan: LearningPlan,
        *,
        calendar: Calendar,
        progress: ProgressSink,
        make: PanelMaker | None = None,
    ) -> Fitted:
        """Return the model and its scorecard; `make` is as in `past_panels`."""


class Rows(Protocol):
    """Says what a model reads of every customer when it scores."""

    def __call__(self, facts: Facts, *, as_of: date, calendar: Calendar) -> Relation:
        """Return one row per customer, as known before a date."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of scores.

    Parameters
    ----------
    name : `churn`, `value` or `next_purchase`.
    fit : learns it.
    restore : makes a fitted model again from what its `to_dict` returned.
    rows : what its `score_batch` reads of every customer.
    """

    name: str
    fit: Fit
    restore: Callable[[Mapping[str, Any]], Learnt]
    rows: Rows = scoring_rows


KINDS: Mapping[str, Kind] = {
    one.name: one
    for one in (
        Kind(CHURN, fit_early_warning, ChurnPredictor.from_dict),
        Kind(VALUE, fit_valuation, restore_valuation),
        Kind(NEXT_PURCHASE, fit_next_purchase, NextPurchase.from_dict, next_order_rows),
    )
}
"""Every kind by its name."""


def kind_named(name: str) -> Kind:
    """Return a kind.

    Raises
    ------
    OptionError : there is none of that name.
    """
    if name not in KINDS:
        raise OptionError(f"kind of scores {name!r}", f"one of {', '.join(KINDS)}", "check it")
    return KINDS[name]


def restored(saved: SavedModel) -> Learnt:
    """Make a saved model again.

    Raises
    ------
    DefinitionError : it was saved in a shape that this version does not know.
    """
    try:
        return kind_named(saved.kind).restore(saved.content)
    except (KeyError, TypeError, ValueError) as fault:
        raise DefinitionError(
            f"a {saved.kind} model of {saved.fitted_at:%Y-%m-%d}: {type(fault).__name__}: {fault}",
            "a model saved by this version of Tenure",
            f"fit it anew: tenure fit {saved.kind}",
        ) from fault
