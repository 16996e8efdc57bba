"""`tenure fit`, `backtest`, `scorecard` and `score`: predictions, and how far to believe them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from tenure.assembly import (
    Workspace,
    backtest,
    fit_model,
    read_scorecard,
    score,
)
from tenure.cli.freshness import bring_up_to_date
from tenure.cli.options import as_of_option, json_option, parsed_date, workspace_option
from tenure.cli.output import clear_errors, console, print_json, print_table, progress_bar
from tenure.predictions.kinds import KINDS
from tenure.predictions.learning_dates import CUSTOMERS_MAX, JUDGED_MIN, LearningPlan
from tenure.predictions.scorecards.figures import figure_at, meaning_of
from tenure.predictions.scorecards.scorecard import Scorecard

_Command = TypeVar("_Command", bound=Callable[..., Any])
_SHOWN = {
    "binary": ("auc", "brier", "calibration_error", "total_error", figure_at("lift", 0.1)),
    "amount": ("mean_absolute_error", "total_error", "rank_correlation"),
    "ranking": (),
}
_KIND = click.argument("kind", type=click.Choice(tuple(KINDS)))


def plan_options(command: _Command) -> _Command:
    """Add the options that say from when and over what to learn."""
    for option in (
        click.option("--seed", type=int, default=0, show_default=True, help="Of all chance."),
        click.option(
            "--customers",
            "customers_max",
            type=int,
            default=CUSTOMERS_MAX,
            show_default=True,
            help="Learn from at most so many customers at each past date.",
        ),
        click.option(
            "--gap-days",
            type=int,
            default=0,
            show_default=True,
            help="Days after a window until late data have come in.",
        ),
        click.option(
            "--origins",
            "judged",
            type=int,
            default=JUDGED_MIN,
            show_default=True,
            help="Past dates that the scorecard stands on, 3 or more.",
        ),
        click.option(
            "--horizon-days",
            type=int,
            help="How far to look ahead. Default: as far as the data allow, up to 90.",
        ),
    ):
        command = option(command)
    return command


@click.command("fit")
@_KIND
@workspace_option
@as_of_option
@plan_options
@click.option("--challenger", is_flag=True, help="Keep the model in use; write this one beside it.")
@json_option
def fit_command(
    kind: str,
    workspace: Path,
    as_of: str | None,
    challenger: bool,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - the plan's options, as click hands them over
) -> None:
    """Learn from the past, judge it on past dates, and keep the model as text."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        bring_up_to_date(opened, quiet=as_json)
        plan = LearningPlan(as_of=parsed_date(as_of, "--as-of"), **given)
        with progress_bar(quiet=as_json) as progress:
            made = fit_model(opened, kind, plan, replace=not challenger, progress=progress)
        if as_json:
            print_json(made.as_dict())
            return
        print_scorecard(made.scorecard, opened.settings.language)
        out = console()
        kept = "in use now" if made.in_use else "challenger; the model in use stays"
        out.print(f"Written to {made.path} ({made.size_bytes:,} bytes): {kept}.", markup=False)


@click.command("backtest")
@_KIND
@workspace_option
@as_of_option
@plan_options
@json_option
def backtest_command(
    kind: str,
    workspace: Path,
    as_of: str | None,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - the plan's options, as click hands them over
) -> None:
    """Judge a kind of predictions on past dates without keeping anything."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        bring_up_to_date(opened, quiet=as_json)
        plan = LearningPlan(as_of=parsed_date(as_of, "--as-of"), **given)
        with progress_bar(quiet=as_json) as progress:
            card = backtest(opened, kind, plan, progress=progress).scorecard
        if as_json:
            print_json({"kind": kind, "scorecard": card.as_dict()})
            return
        print_scorecard(card, opened.settings.language)


@click.command("scorecard")
@_KIND
@workspace_option
@click.option("--challenger", is_flag=True, help="That of the challenger.")
@json_option
def scorecard_command(kind: str, workspace: Path, challenger: bool, as_json: bool) -> None:
    """Show how far the model in use can be believed."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        card = read_scorecard(opened, kind, challenger=challenger)
        if as_json:
            print_json({"kind": kind, "scorecard": card.as_dict()})
            return
        print_scorecard(card, opened.settings.language)


@click.command("score")
@click.argument("kinds", nargs=-1, type=click.Choice(tuple(KINDS)))
@workspace_option
@as_of_option
@json_option
def score_command(
    kinds: tuple[str, ...], workspace: Path, as_of: str | None, as_json: bool
) -> None:
    """Score every customer with the models in use; segments and reports read the scores."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        bring_up_to_date(opened, quiet=as_json)
        with progress_bar(quiet=as_json) as progress:
            done = score(opened, kinds, as_of=parsed_date(as_of, "--as-of"), progress=progress)
        if as_json:
            print_json({"scored": done})
            return
        print_table("Scored", ("kind", "customers"), list(done.items()))


def print_scorecard(card: Scorecard, language: str) -> None:
    """Print a scorecard: the verdict first, then what decides, of the model and its rivals."""
    out = console()
    out.print(card.verdict.text[language], markup=False)
    shown = [card.judged_by, *(name for name in _SHOWN[card.task] if name != card.judged_by)]
    shown = [name for name in shown if name in card.figures[card.model]]
    dates = ", ".join(one.as_of.isoformat() for one in card.origins)
    print_table(
        f"{card.definition[language]}\n{dates}",
        ("predictor", *(meaning_of(name).title[language] for name in shown)),
        [
            (card.titles[name][language], *(card.reading(name, each).value for each in shown))
            for name in card.names
        ],
    )
    for check in card.checks:
        for finding in check.findings:
            out.print(f"{finding.evidence[language]} {finding.remedy[language]}", markup=False)
