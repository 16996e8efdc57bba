"""`tenure init`, `settings`, `doctor`, `refresh`, `compact`, `erase`: keeping a workspace."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import click

from tenure.assembly import (
    Workspace,
    check_workspace,
    compact_workspace,
    erase_customer,
    refresh,
)
from tenure.cli.options import json_option, workspace_option
from tenure.cli.output import clear_errors, console, print_json, print_table, progress_bar
from tenure.kernel import OptionError
from tenure.settings import WEEKDAYS, Settings


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--timezone", metavar="ZONE", help="Zone in which the business counts its days.")
@click.option("--currency", metavar="CODE", help="ISO 4217 code of all amounts.")
@click.option("--language", type=click.Choice(["en", "zh"]), help="Language of the report.")
@click.option("--week-start", type=click.Choice(WEEKDAYS), help="First day of the week.")
@click.option("--business", metavar="NAME", help="Name of the business, for the report.")
@json_option
def init_command(folder: Path, as_json: bool, **given: str | None) -> None:
    """Make a workspace: settings, definitions, an empty lake."""
    with clear_errors(as_json=as_json):
        said = {name: value for name, value in given.items() if value is not None}
        workspace = Workspace.create(folder, said)
        if as_json:
            print_json({"workspace": str(workspace.root), **workspace.settings.shown()})
            return
        out = console()
        out.print(f"Workspace ready in {workspace.root}", markup=False)
        out.print(f"Next:  tenure import FILE --workspace {workspace.root}", markup=False)


@click.command("settings")
@workspace_option
@json_option
def settings_command(workspace: Path, as_json: bool) -> None:
    """Show every setting: its value here, its default, what it does."""
    with clear_errors(as_json=as_json):
        settings = Workspace.open(workspace).settings
        if as_json:
            print_json(settings.shown())
            return
        shown = settings.shown()
        rows = [
            (entry.name, shown[entry.name] or "-", entry.metadata["help"])
            for entry in fields(Settings)
        ]
        print_table("Settings", ("name", "value", "meaning"), rows, left=3)


@click.command("doctor")
@workspace_option
@json_option
def doctor_command(workspace: Path, as_json: bool) -> None:
    """Check a workspace: settings, definitions, lake, records, unfinished writes, row counts.

    Exits with 3 if anything is at fault.
    """
    with clear_errors(as_json=as_json):
        findings = check_workspace(Workspace.open(workspace))
        if as_json:
            print_json({"findings": [asdict(finding) for finding in findings]})
        else:
            rows = [(f.state, f.check, f.detail) for f in findings]
            print_table("Check-up", ("state", "check", "detail"), rows, left=3)
    if any(finding.state == "fault" for finding in findings):
        raise SystemExit(3)


@click.command("refresh")
@workspace_option
@click.option("--full", is_flag=True, help="Make everything anew, not only what is new.")
@json_option
def refresh_command(workspace: Path, full: bool, as_json: bool) -> None:
    """Bring the kept customer-days and customer states up to the activity.

    Metrics and the snapshot read them instead of the activity, with equal figures. Only the
    customers that new rows touch are made anew. Large workspaces refresh by themselves
    (setting refresh_from_rows); in a small one, the first refresh begins to keep them.
    """
    with clear_errors(as_json=as_json):
        with progress_bar(quiet=as_json) as progress:
            done = refresh(Workspace.open(workspace), full=full, progress=progress)
        if as_json:
            print_json(done.as_dict())
            return
        print_table(
            "Refresh",
            ("mode", "reason", "customers", "rows", "seconds"),
            [(done.mode, done.reason, done.customers, done.rows, round(done.seconds, 1))],
            left=2,
        )


@click.command("compact")
@workspace_option
@json_option
def compact_command(workspace: Path, as_json: bool) -> None:
    """Rewrite the lake's many small files into few, sorted by customer.

    Activity of many millions of rows becomes several files, each of its own range of customers.
    What lies so already is left alone. Also works out every row's business day anew, so run it
    after changing the time zone.
    """
    with clear_errors(as_json=as_json):
        with progress_bar(quiet=as_json) as progress:
            done = compact_workspace(Workspace.open(workspace), progress=progress)
        if as_json:
            print_json({"tables": [asdict(table) for table in done]})
            return
        rows = [(t.table, t.files_before, t.files_after, t.rows) for t in done]
        print_table("Compacted", ("table", "files before", "files after", "rows"), rows)


@click.command("erase")
@click.argument("customer")
@workspace_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def erase_command(customer: str, workspace: Path, yes: bool, as_json: bool) -> None:
    """Erase one customer: every row in every table, quarantined rows, and all reports so far.

    The bytes are removed from the workspace's files. Backups and your own exports are yours.
    """
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        if not yes:
            if as_json:
                raise OptionError("--json without --yes", "--yes", "add --yes to confirm")
            click.confirm(f"Erase customer {customer!r} for good?", abort=True)
        erased: dict[str, Any] = erase_customer(opened, customer)
        if as_json:
            print_json({"customer": customer, **erased})
            return
        rows = [*erased["rows"].items(), ("quarantine", erased["quarantined_rows"])]
        print_table("Erased rows", ("where", "rows"), rows)
        if erased["reports_removed"]:
            console().print(
                f"{len(erased['reports_removed'])} report files removed: they were made with the "
                "customer in them; `tenure report` writes them anew.",
                markup=False,
            )
