"""`tenure learn`: who responds to which tactic of a strategy."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.assembly.responding import learn_responses
from tenure.assembly.workspace import Workspace
from tenure.cli.freshness import bring_up_to_date
from tenure.cli.options import json_option, workspace_option
from tenure.cli.output import clear_errors, console, print_json, print_table, progress_bar
from tenure.strategies.responses import TREATED_MIN


@click.command("learn")
@click.argument("strategy")
@workspace_option
@click.option("--seed", type=int, default=0, show_default=True, help="Of everything random.")
@json_option
def learn_command(strategy: str, workspace: Path, seed: int, as_json: bool) -> None:
    """Learn who responds to which tactic, from a strategy's lots and holdouts.

    Each model says whether it can be told at all who responds. Name it under
    effect.uplift_model of its tactic and apply the strategy: its plans then use it.
    """
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        bring_up_to_date(opened, quiet=as_json)
        with progress_bar(quiet=as_json) as progress:
            found = learn_responses(opened, strategy, seed=seed, progress=progress)
        if as_json:
            print_json({"responses": [one.as_dict() for one in found]})
            return
        print_table(
            "Responses",
            ("tactic", "model", "contacts by lot"),
            [
                (one.tactic, one.model or f"needs {TREATED_MIN} contacts", one.contacts)
                for one in found
            ],
            left=2,
        )
        for one in found:
            if one.model is not None:
                told = one.verdict[opened.settings.language]
                console().print(f"- {one.tactic}: {told}", markup=False)
