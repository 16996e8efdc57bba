"""`tenure review`: what a strategy's plans brought, and what is proposed for next time."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.assembly.reviewing import StrategyReview, review_strategy
from tenure.assembly.workspace import Workspace
from tenure.cli.freshness import bring_up_to_date
from tenure.cli.options import json_option, workspace_option
from tenure.cli.output import clear_errors, console, print_json, print_table, progress_bar
from tenure.kernel import Estimate, OptionError, Undefined
from tenure.strategies.results_words import result_texts
from tenure.strategies.writing import strategy_text


@click.command("review")
@click.argument("strategy")
@workspace_option
@click.option(
    "--write",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the proposed version to a new file, to be read, changed and applied.",
)
@json_option
def review_command(strategy: str, workspace: Path, write: Path | None, as_json: bool) -> None:
    """Hold a strategy's plans against their outcome, and propose the next version.

    Says what each plan cost and brought that would not have come anyway, with its interval and
    the chance of loss; who benefited, who was annoyed; and what follows for each tactic.
    """
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        bring_up_to_date(opened, quiet=as_json)
        if write is not None and write.exists():
            raise OptionError(f"--write {write}, which exists", "a new file", "name another one")
        with progress_bar(quiet=as_json) as progress:
            found = review_strategy(opened, strategy, progress=progress)
        if write is not None:
            write.write_text(strategy_text(found.review.proposed), encoding="utf-8")
        if as_json:
            print_json({**found.as_dict(), "written": write})
            return
        _print(found, opened.settings.language)
        if write is not None:
            console().print(f"Proposed: {write}", markup=False, soft_wrap=True)


def _print(found: StrategyReview, language: str) -> None:
    out = console()
    print_table(
        "Plans",
        ("decided on", "people", "held out", "spent", "earned", "interval"),
        [
            (
                str(one.decided_on),
                one.whole.people,
                one.whole.held_out,
                f"{one.whole.spent:,.0f}",
                *_earned(one.whole.earned),
            )
            for one in found.results
        ],
        left=1,
    )
    out.print(f"The last of them, decided on {found.results[-1].decided_on}:", markup=False)
    for text in result_texts(found.results[-1]):
        out.print(f"- {text[language]}", markup=False)
    out.print("Tactics:", markup=False)
    for tactic in found.review.tactics:
        out.print(f"- {tactic.text[language]}", markup=False)
    if found.pending:
        days = ", ".join(map(str, found.pending))
        out.print(f"Not over yet: plans of {days}.", markup=False)
    if found.review.changes:
        out.print("Proposed changes:", markup=False)
    for change in found.review.changes:
        out.print(f"- {change.field}: {change.before} -> {change.after}", markup=False)


def _earned(found: Estimate | Undefined) -> tuple[str, str]:
    if isinstance(found, Undefined):
        return "n/a", found.reason
    return f"{found.value:,.0f}", f"{found.low:,.0f} to {found.high:,.0f}"
