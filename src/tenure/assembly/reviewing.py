"""The review of a strategy's recorded plans: what each brought, and what is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.assembly.plan_outcomes import PlanOutcome, plan_outcome, plans_over
from tenure.assembly.strategies import strategy_in_force
from tenure.assembly.workspace import Workspace
from tenure.kernel import Progress, ProgressSink, silent
from tenure.strategies.definition import Strategy
from tenure.strategies.ground import Flags, Floats
from tenure.strategies.key_figures import KEY_FIGURES
from tenure.strategies.plan_limits import unit_costs
from tenure.strategies.results import Followed, StrategyResult, strategy_result
from tenure.strategies.reviewing import Review, beliefs, review


@dataclass(frozen=True, slots=True)
class StrategyReview:
    """What a strategy's plans brought, and what is proposed.

    Parameters
    ----------
    version : the version in use.
    results : of each plan whose time to take effect is over, oldest first.
    pending : dates of plans whose time is not over yet.
    review : of the last of them.
    """

    version: int
    results: tuple[StrategyResult, ...]
    pending: tuple[date, ...]
    review: Review

    def as_dict(self) -> dict[str, Any]:
        """Return the review as plain values for JSON."""
        return {
            "version": self.version,
            "results": [result.as_dict() for result in self.results],
            "pending": [day.isoformat() for day in self.pending],
            "review": self.review.as_dict(),
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """One plan's result with what the review needs beside it."""

    result: StrategyResult
    strategy: Strategy
    worth: Mapping[str, float]
    expected: Mapping[str, float]


def review_strategy(
    workspace: Workspace, name: str, *, progress: ProgressSink = silent
) -> StrategyReview:
    """Return what a strategy's recorded plans brought, and the version proposed for next time.

    A plan is measured when the longest of its tactics has had its days to take effect. Who was
    held out follows from her id; what she would have got, from the plan's own prices.

    Parameters
    ----------
    workspace : whose strategy.
    name : of a strategy in force.
    progress : receives the progress, in plans.

    Raises
    ------
    OptionError : no such strategy, or no plan of it was recorded.
    DataError : no plan's time is over yet.
    """
    strategy, definition = strategy_in_force(workspace, name)
    over, pending = plans_over(workspace, name)
    measured = []
    for number, plan in enumerate(over):
        progress(Progress("measuring", number, len(over), "plans"))
        measured.append(_measured(plan_outcome(workspace, plan), workspace))
    progress(Progress("measuring", len(over), len(over), "plans"))
    last = measured[-1]
    found = review(
        strategy,
        [one.result for one in measured],
        margin=workspace.settings.margin_percent / 100,
        worth=last.worth,
        expected=last.expected,
        first=beliefs(measured[0].strategy, measured[0].worth),
    )
    results = tuple(one.result for one in measured)
    return StrategyReview(definition.version, results, tuple(plan.as_of for plan in pending), found)


def _measured(given: PlanOutcome, workspace: Workspace) -> _Measured:
    """Return what one plan brought."""
    plan, strategy = given.plan, given.strategy
    people = (given.would >= 0) & given.is_reachable
    names = np.array([tactic.name for tactic in strategy.tactics])
    followed = Followed(
        names[given.would[people]],
        given.is_held_out[people],
        given.net_value[people],
        given.before[people],
        (given.given @ unit_costs(strategy))[people],
        np.array(given.stages)[people],
        _harms(given, people),
    )
    used = {tactic["name"] for tactic in plan.content["tactics"] if tactic["contacts"]}
    result = strategy_result(
        followed,
        strategy=strategy.name,
        decided_on=plan.as_of,
        counted_until=given.until,
        currency=strategy.budget.currency,
        margin=workspace.settings.margin_percent / 100,
        holdout_share=strategy.holdout_share,
        fixed_cost=sum(float(t.cost.fixed) for t in strategy.tactics if t.name in used),
        guardrails={one.metric: one.margin for one in strategy.guardrails},
    )
    expected = {tactic["name"]: tactic["value"] for tactic in plan.content["tactics"]}
    return _Measured(result, strategy, _worth(given), expected)


def _harms(given: PlanOutcome, people: Flags) -> dict[str, Floats]:
    """Return, of each guardrail that is a kind of activity, to whom it happened."""
    facts = given.state.facts
    activity = facts.activity.table
    found = {}
    for guardrail in given.strategy.guardrails:
        if guardrail.metric in KEY_FIGURES:
            continue
        rows = activity.filter(
            activity.kind == guardrail.metric,
            activity.occurred_on >= given.plan.as_of,
            activity.occurred_on < given.until,
        )
        ids = facts.engine.collect(rows.select("customer_id").distinct())["customer_id"]
        names = ids.combine_chunks().cast(pa.string())
        hit = pc.is_in(given.ready.ground.customer_ids, value_set=names)
        found[guardrail.metric] = hit.to_numpy(zero_copy_only=False).astype(np.float64)[people]
    return found


def _worth(given: PlanOutcome) -> dict[str, float]:
    """Return the mean of what each tactic's prior is multiplied with, over those who get it."""
    found = {}
    for number, tactic in enumerate(given.strategy.tactics):
        prior = tactic.effect.prior
        if prior is None or not isinstance(prior.worth, str):
            continue
        values = given.ready.ground.worth[prior.worth][given.would == number]
        values = values[np.isfinite(values)]
        if len(values) and values.mean() > 0:
            found[tactic.name] = float(values.mean())
    return found
