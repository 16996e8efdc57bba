"""`tenure fit`, `backtest`, `scorecard` and `score`: predictions, and how far to believe them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from tenure.assembly import (
    Workspace,
    backtest,
    fit_model,
    promote,
    prove,
    read_scorecard,
    score,
    told_dates,
    value_of_retention,
    watch,
)
from tenure.cli.freshness import bring_up_to_date
from tenure.cli.options import as_of_option, json_option, parsed_date, workspace_option
from tenure.cli.output import clear_errors, console, print_json, print_table, progress_bar
from tenure.predictions.kinds import KINDS
from tenure.predictions.learning_dates import CUSTOMERS_MAX, JUDGED_MIN, LearningPlan
from tenure.predictions.scorecards.figures import figure_at, meaning_of
from tenure.predictions.scorecards.proving import FutureProof
from tenure.predictions.scorecards.scorecard import Scorecard
from tenure.predictions.value.assumptions import ValueAssumptions

_Command = TypeVar("_Command", bound=Callable[..., Any])
_SHOWN = {
    "binary": ("auc", "brier", "calibration_error", "total_error", figure_at("lift", 0.1)),
    "amount": ("mean_absolute_error", "total_error", "rank_correlation"),
    "ranking": ("recall", "repeat_recall", "new_recall", "hit_rate", "discounted_gain"),
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
        plan = plan_of(opened, as_of, given)
        with progress_bar(quiet=as_json) as progress:
            made = fit_model(opened, kind, plan, in_use=not challenger, progress=progress)
        if as_json:
            print_json(made.as_dict())
            return
        print_scorecard(made.scorecard, opened.settings.language)
        dates = told_dates(opened, kind, challenger=not made.in_use)
        print_dates(dates, opened.settings.language)
        out = console()
        kept = "in use now" if made.in_use else "challenger; the model in use stays"
        out.print(f"Written to {made.path} ({made.size_bytes:,} bytes): {kept}.", markup=False)


@click.command("backtest")
@_KIND
@workspace_option
@as_of_option
@plan_options
@click.option(
    "--prove",
    "proves",
    is_flag=True,
    help="Also delete everything after the last judged date, fit and score anew, and compare "
    "every cell; exits with 1 if one changes.",
)
@json_option
def backtest_command(
    kind: str,
    workspace: Path,
    as_of: str | None,
    proves: bool,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - the plan's options, as click hands them over
) -> None:
    """Judge a kind of predictions on past dates without keeping anything."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        bring_up_to_date(opened, quiet=as_json)
        plan = plan_of(opened, as_of, given)
        with progress_bar(quiet=as_json) as progress:
            card = backtest(opened, kind, plan, progress=progress).scorecard
            cut = card.origins[-1].as_of
            proof = prove(opened, kind, plan, as_of=cut, progress=progress) if proves else None
        language = opened.settings.language
        if as_json:
            found = None if proof is None else proof.as_dict()
            print_json({"kind": kind, "scorecard": card.as_dict(), "proof": found})
        else:
            print_scorecard(card, language)
            if proof is not None:
                _print_proof(proof, language)
    if proof is not None and not proof.holds:
        raise SystemExit(1)


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
        dates = told_dates(opened, kind, challenger=challenger)
        if as_json:
            print_json({"kind": kind, "scorecard": card.as_dict(), "dates": dates})
            return
        print_scorecard(card, opened.settings.language)
        print_dates(dates, opened.settings.language)


@click.command("promote")
@_KIND
@workspace_option
@json_option
def promote_command(kind: str, workspace: Path, as_json: bool) -> None:
    """Make the challenger the model in use; the one in use so far becomes the challenger."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        made = promote(opened, kind)
        if as_json:
            print_json(made.as_dict())
            return
        console().print(
            f"In use now: the {kind} model fitted as of {made.as_of} ({made.fingerprint[:12]}). "
            "The one before is the challenger: the same command takes this back. "
            f"To do: tenure score {kind}",
            markup=False,
        )


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


@click.command("drift")
@_KIND
@workspace_option
@as_of_option
@json_option
def drift_command(kind: str, workspace: Path, as_of: str | None, as_json: bool) -> None:
    """Tell what has moved since the model in use was fitted; exits with 1 if anything has."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        bring_up_to_date(opened, quiet=as_json)
        found = watch(opened, kind, plan_of(opened, as_of))
        if as_json:
            print_json(found.as_dict())
        else:
            out, language = console(), opened.settings.language
            for finding in found.findings:
                out.print(finding.text[language], markup=False)
            checks = ", ".join(found.checked) or "nothing yet"
            out.print(f"Checked as of {found.as_of}: {checks}.", markup=False)
            if not found.findings:
                out.print("Nothing has moved beyond chance.")
    if found.findings:
        raise SystemExit(1)


@click.command("value-of-retention")
@workspace_option
@as_of_option
@json_option
def value_of_retention_command(workspace: Path, as_of: str | None, as_json: bool) -> None:
    """Tell what one more point of yearly retention would be worth in this business."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        bring_up_to_date(opened, quiet=as_json)
        found = value_of_retention(opened, plan_of(opened, as_of))
        if as_json:
            print_json(found.as_dict())
            return
        out, language = console(), opened.settings.language
        replacing = found.replacement_text
        told = (found.text, *([] if replacing is None else [replacing]), found.popular_text)
        for text in (*told, *found.assumptions):
            out.print(text[language], markup=False)


def plan_of(
    workspace: Workspace, as_of: str | None = None, given: Mapping[str, Any] | None = None
) -> LearningPlan:
    """Return from when and over what to learn, by a workspace's settings and a command's options.

    Parameters
    ----------
    workspace : whose settings.
    as_of : a date given on the command line.
    given : other fields of the plan.
    """
    settings = workspace.settings
    return LearningPlan(
        as_of=parsed_date(as_of, "--as-of") or settings.as_of_date(),
        assumptions=ValueAssumptions(
            settings.margin_percent / 100,
            settings.discount_rate_percent / 100,
            float(settings.acquisition_cost),
        ),
        **(given or {}),
    )


def _print_proof(proof: FutureProof, language: str) -> None:
    deleted = sum(proof.deleted.values())
    told = "not one cell changed" if proof.holds else "it does not hold"
    console().print(
        f"Proof: {deleted:,} rows from {proof.as_of} on deleted, {len(proof.columns)} columns of "
        f"{proof.customers:,} customers compared: {told}.",
        markup=False,
    )
    for finding in proof.findings:
        console().print(finding.evidence[language], markup=False)


def _is(name: str, wanted: str) -> bool:
    """Tell whether a figure is the one wanted, at whatever length of list it was worked out."""
    return name == wanted or (name.startswith(f"{wanted}_at_") and name.endswith("_suggestions"))


def print_dates(dates: Mapping[str, Any] | None, language: str) -> None:
    """Print how good the dates of next orders were; nothing for other kinds.

    Parameters
    ----------
    dates : as `told_dates` returns them.
    language : `en` or `zh`.
    """
    if dates is None:
        return
    out = console()
    out.print(dates["text"][language], markup=False)
    rows = []
    for name, nominal in (("likely_coverage", 0.5), ("widely_coverage", 0.8)):
        found = dates[name]
        if "value" in found:
            span = f"{found['low']:.1%} to {found['high']:.1%}"
            rows.append((f"{nominal:.0%}", f"{found['value']:.1%}", span))
    if rows:
        title = f"Share of {dates['returned']:,} next orders within their range of days"
        print_table(title, ("announced", "came", "interval"), rows)


def print_scorecard(card: Scorecard, language: str) -> None:
    """Print a scorecard: the verdict first, then what decides, of the model and its rivals."""
    out = console()
    out.print(card.verdict.text[language], markup=False)
    held = card.figures[card.model]
    wanted = [name for each in _SHOWN[card.task] for name in held if _is(name, each)]
    shown = [card.judged_by, *(name for name in wanted if name != card.judged_by)]
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
        result = "passed" if check.passed else "FAILED"
        out.print(f"Check: {check.title[language]}: {result}.", markup=False)
        for finding in check.findings:
            out.print(f"{finding.evidence[language]} {finding.remedy[language]}", markup=False)
