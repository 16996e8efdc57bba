"""Who responds to which tactic: learnt from a strategy's plans, kept as text, read by its plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tenure.assembly.plan_outcomes import NOBODY, PlanOutcome, plan_outcome, plans_over
from tenure.assembly.uplift_models import UPLIFT, uplift_path
from tenure.assembly.workspace import Workspace
from tenure.kernel import DataError, Progress, ProgressSink, silent
from tenure.predictions.saving import SavedModel
from tenure.strategies.responses import TREATED_MIN, Lots, Responses

DEPTH = 0.3
"""Share of customers that a tactic is judged at: about what limits allow."""


@dataclass(frozen=True, slots=True)
class LearntResponse:
    """What was learnt of one tactic.

    Parameters
    ----------
    tactic : its name.
    contacts : by lot so far.
    model : name of the fitted model, to be named under `effect.uplift_model`; None if there were
        too few contacts.
    path : its file.
    verdict : whether it can be told who responds, in words; empty without a model.
    """

    tactic: str
    contacts: int
    model: str | None
    path: Path | None
    verdict: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "tactic": self.tactic,
            "contacts": self.contacts,
            "model": self.model,
            "path": self.path,
            "verdict": dict(self.verdict),
        }


def learn_responses(
    workspace: Workspace, name: str, *, seed: int = 0, progress: ProgressSink = silent
) -> tuple[LearntResponse, ...]:
    """Learn who responds to which tactic of a strategy, from its plans' lots and holdouts.

    Parameters
    ----------
    workspace : whose strategy; gets the models.
    name : of a strategy in force.
    seed : of everything random.
    progress : receives the progress, in plans.

    Raises
    ------
    OptionError : no such strategy, or no plan of it was recorded.
    DataError : no plan's time is over yet, or its plans left nothing to chance.
    """
    over, _ = plans_over(workspace, name)
    outcomes = []
    for number, plan in enumerate(over):
        progress(Progress("looking back", number, len(over), "plans"))
        outcomes.append(plan_outcome(workspace, plan))
    progress(Progress("looking back", len(over), len(over), "plans"))
    newest = outcomes[-1].strategy
    tactics = [tactic.name for tactic in newest.tactics]
    same = [
        one
        for one in outcomes
        if [tactic.name for tactic in one.strategy.tactics] == tactics
        and one.strategy.holdout_share == newest.holdout_share
    ]
    responses = Responses(newest)
    for one in same:
        if one.is_explored.any():
            responses.add(_lots(one))
    contacts = {tactic: responses.contacts(tactic) for tactic in tactics}
    if not any(contacts.values()):
        raise DataError(
            f"plans of {name!r} that left nothing to chance",
            f"at least {TREATED_MIN} contacts of a tactic by lot",
            "set exploration_share in the strategy, e.g. 0.2, and plan again",
        )
    models = responses.models(depth=DEPTH, seed=seed)
    found = []
    for tactic in tactics:
        if tactic not in models:
            found.append(LearntResponse(tactic, contacts[tactic], None, None, {}))
            continue
        label = f"{newest.name}_{tactic}"
        path = uplift_path(workspace, label)
        saved = SavedModel(
            UPLIFT,
            same[-1].until,
            workspace.clock().replace(microsecond=0),
            workspace.settings.timezone,
            models[tactic].to_dict(),
            {"strategy": newest.name, "tactic": tactic, "contacts": contacts[tactic]},
        )
        saved.write(path)
        verdict = models[tactic].verdict_["text"]
        found.append(LearntResponse(tactic, contacts[tactic], label, path, verdict))
    return tuple(found)


def _lots(given: PlanOutcome) -> Lots:
    """Return the customers of a plan whose tactic was left to chance."""
    available = given.ready.available
    drawn = given.is_explored & given.is_reachable & ~given.is_held_out
    held = given.is_held_out & given.is_reachable
    rows = (drawn | held) & available.any(axis=1)
    got = given.given.any(axis=1)
    tactic = np.where(drawn & got, given.given.argmax(axis=1), NOBODY)
    chance = float(given.plan.content["exploration"]["chance"])
    return Lots(
        given.ready.ground.customer_ids.filter(pa.array(rows)),
        given.features.filter(pa.array(rows)),
        tactic[rows],
        available[rows],
        given.net_value[rows],
        chance,
    )
