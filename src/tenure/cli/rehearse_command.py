"""`tenure rehearse`: play a year of decisions on a made business."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from tenure.assembly.rehearsing import POLICIES, TENURE, Rehearsal, RehearsalOptions, rehearse
from tenure.cli.options import json_option
from tenure.cli.output import clear_errors, console, print_json, print_table, progress_bar
from tenure.kernel import Undefined
from tenure.pages.rehearsal_page import rehearsal_page
from tenure.strategies.results_words import result_texts

_LANGUAGES = ("en", "zh")


@click.command("rehearse")
@click.option(
    "--kind",
    type=click.Choice(("shop", "service")),
    default="shop",
    show_default=True,
    help="What business: orders at will, or by appointment.",
)
@click.option(
    "--customers", type=int, default=20_000, show_default=True, help="How many customers."
)
@click.option("--months", type=int, default=12, show_default=True, help="How many are played.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed plays the same."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("rehearsal"),
    show_default=True,
    help="Folder of the report, in both languages.",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder, new or empty, in which the workspaces stay. Default: they are removed.",
)
@json_option
def rehearse_command(
    kind: str,
    customers: int,
    months: int,
    seed: int,
    output: Path,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Play a year on a made business: plan, act, measure, review, adjust, month by month.

    The business answers what is done to it by known laws, so that what the year earned can be
    held against doing nothing, against calling the most at risk, and against an oracle.
    """
    with clear_errors(as_json=as_json), ExitStack() as closing:
        options = RehearsalOptions(kind=kind, customers=customers, months=months, seed=seed)
        folder = keep or Path(closing.enter_context(tempfile.TemporaryDirectory()))
        with progress_bar(quiet=as_json) as progress:
            found = rehearse(options, folder, progress=progress)
        output.mkdir(parents=True, exist_ok=True)
        pages = {}
        for language in _LANGUAGES:
            pages[language] = output / f"rehearsal.{language}.html"
            pages[language].write_text(rehearsal_page(found, language), encoding="utf-8")
        if as_json:
            print_json({**found.as_dict(), "reports": pages})
            return
        _print(found)
        for path in pages.values():
            console().print(f"Report: {path}", markup=False, soft_wrap=True)


def _print(found: Rehearsal) -> None:
    print_table(
        "Earned (true figures)",
        ("policy", "contacts", "cost", "earned", "in the mean"),
        [
            (
                policy,
                sum(month.contacts for month in found.played[policy]),
                f"{sum(month.cost for month in found.played[policy]):,.0f}",
                f"{found.earned(policy):,.0f}",
                f"{found.expected(policy):,.0f}",
            )
            for policy in POLICIES
        ],
        left=1,
    )
    print_table(
        "Month by month",
        ("from", "contacts", "cost", "earned", "measured"),
        [
            (
                str(month.starts_on),
                month.contacts,
                f"{month.cost:,.0f}",
                f"{month.earned:,.0f}",
                "n/a"
                if isinstance(result.whole.earned, Undefined)
                else f"{result.whole.earned.value:,.0f} ({result.whole.earned.low:,.0f} to "
                f"{result.whole.earned.high:,.0f})",
            )
            for month, result in zip(found.played[TENURE], found.measured, strict=True)
        ],
        left=1,
    )
    out = console()
    out.print("What the holdout proves over the whole time:", markup=False)
    for text in result_texts(found.whole_year):
        out.print(f"- {text['en']}", markup=False)
