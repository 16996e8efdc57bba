"""`tenure import`: bring files, folders and database tables into a workspace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from tenure.activity.contract import TableKind
from tenure.activity.import_results import ImportResult, SourceResult
from tenure.activity.importing import ImportOptions
from tenure.activity.sources import SourceOptions, expand
from tenure.assembly import Workspace, import_into
from tenure.cli.options import json_option, parsed_date, parsed_pairs, workspace_option
from tenure.cli.output import clear_errors, console, print_json, print_table, progress_bar
from tenure.kernel import Severity

_Command = TypeVar("_Command", bound=Callable[..., Any])
_ISSUES_PRINTED_MAX = 8

_READING = (
    click.option(
        "--map",
        "mapped",
        multiple=True,
        metavar="ROLE=COLUMN",
        help="Say what a column is, e.g. --map customer=Kunde. Roles: customer, time, "
        "order, product, category, quantity, unit_price, discount, line_total, currency, "
        "kind, status, channel, source, started, ended, plan, recurring_value, "
        "attribute.NAME.",
    ),
    click.option(
        "--as",
        "kind",
        type=click.Choice([k.value for k in TableKind]),
        help="What the rows are. Default: detected.",
    ),
    click.option(
        "--date-order",
        type=click.Choice(["ymd", "dmy", "mdy"]),
        help="Order of day, month and year in dates. Default: detected, or asked.",
    ),
    click.option(
        "--decimal", type=click.Choice([".", ","]), help="Decimal sign. Default: detected."
    ),
    click.option(
        "--timezone", metavar="ZONE", help="Zone of times that name none. Default: the workspace's."
    ),
    click.option("--currency", metavar="CODE", help="ISO 4217 code of the amounts."),
    click.option("--sheet", metavar="NAME", help="Only this sheet of a workbook."),
    click.option("--encoding", metavar="NAME", help="Text encoding. Default: detected."),
    click.option("--delimiter", metavar="CHAR", help="Column delimiter. Default: detected."),
    click.option(
        "--header-row",
        type=click.IntRange(0),
        metavar="N",
        help="Line of the headers; 0: there are none. Default: detected.",
    ),
    click.option("--query", metavar="SQL", help="Query to run at a database URL."),
    click.option(
        "--repeats",
        type=click.Choice(["auto", "keep", "drop"]),
        default="auto",
        show_default=True,
        help="A row equal in every column to an earlier row of the "
        "same file: keep it as a fact, drop it as a mistake; auto drops it where the "
        "file has order numbers.",
    ),
    click.option(
        "--orders",
        "order_rule",
        type=click.Choice(["day", "row"]),
        default="day",
        show_default=True,
        help="Without order numbers, an order is a customer's day, or each row.",
    ),
    click.option(
        "--known-at",
        metavar="DATE",
        help="Date from which customer attributes without a date count as known. Default: now.",
    ),
)


def reading_options(command: _Command) -> _Command:
    """Add every option that says how a file is to be read."""
    for option in reversed(_READING):
        command = option(command)
    return command


def import_options(given: dict[str, Any], workspace: Workspace) -> ImportOptions:
    """Return what the reading options say."""
    known_on = parsed_date(given["known_at"], "--known-at")
    known_at = None
    if known_on is not None:
        local = datetime.combine(known_on, time(), ZoneInfo(workspace.settings.timezone))
        known_at = local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    return ImportOptions(
        source=SourceOptions(
            sheet=given["sheet"],
            delimiter="\t" if given["delimiter"] in ("\\t", "tab") else given["delimiter"],
            encoding=given["encoding"],
            header_row=given["header_row"],
            query=given["query"],
        ),
        roles=parsed_pairs(given["mapped"], "--map", "customer=Kunde"),
        kind=TableKind(given["kind"]) if given["kind"] else None,
        date_order=given["date_order"],
        decimal=given["decimal"],
        timezone=given["timezone"],
        currency=given["currency"],
        repeats=given["repeats"],
        order_rule=given["order_rule"],
        known_at=known_at,
    )


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@workspace_option
@reading_options
@json_option
def import_command(
    paths: tuple[str, ...],
    workspace: Path,
    as_json: bool,
    **given: Any,  # noqa: ANN401
) -> None:
    """Import files, folders or database tables (URL::table).

    Detects how a file is written and what its columns mean, asks what cannot be known, and
    accounts for every row. Importing a file twice, or overlapping files, changes nothing.
    """
    with clear_errors(as_json=as_json):
        expand(paths)  # a wrong path is told before a workspace is made for it
        opened = Workspace.create(workspace)
        with progress_bar(quiet=as_json) as progress:
            result = import_into(opened, paths, import_options(given, opened), progress=progress)
        if as_json:
            print_json(result.as_dict())
        else:
            print_import(result)


def print_import(result: ImportResult) -> None:
    """Print what an import did, for people."""
    print_table(
        "Import",
        ("source", "read", "accepted", "duplicate", "quarantined", "skipped", "rows/s"),
        [
            (
                s.source,
                s.rows_read,
                s.accepted,
                s.duplicate,
                s.quarantined,
                s.skipped,
                int(s.rows_read / s.seconds) if s.seconds else None,
            )
            for s in result.sources
        ],
    )
    for source in result.sources:
        _print_reading(source)
        _print_issues(source)
    for finding in result.quality:
        if finding.state in ("warning", "error"):
            console().print(
                f"! quality rule {finding.rule}: {finding.measured['en']}; "
                f"expected {finding.expected['en']}",
                style="yellow",
                markup=False,
            )


def _print_reading(source: SourceResult) -> None:
    out = console()
    out.print(f"\n{source.source}", style="bold", markup=False)
    for column in source.detected.mapping.columns:
        name = f"{column.role.value}{'.' + column.attribute if column.attribute else ''}"
        reason = column.reasons[0] if column.reasons else ""
        out.print(f"  {name} = {column.column!r} ({column.confidence:.0%}: {reason})", markup=False)
    if source.first_at is not None and source.last_at is not None:
        money = (
            f", {source.value:,.2f} {source.currency or ''}".rstrip()
            if source.value is not None
            else ""
        )
        out.print(
            f"  {source.customers:,} customers, {source.orders:,} orders{money}, "
            f"{source.first_at:%Y-%m-%d} to {source.last_at:%Y-%m-%d} (UTC)",
            markup=False,
        )


def _print_issues(source: SourceResult) -> None:
    out = console()
    for issue in source.issues[:_ISSUES_PRINTED_MAX]:
        where = f"line {issue.row}: " if issue.row is not None else ""
        field = f"{issue.field}: " if issue.field else ""
        style = "yellow" if issue.severity is not Severity.NOTE else ""
        out.print(
            f"  {issue.code}  {where}{field}{issue.given}; expected {issue.expected}; "
            f"{issue.remedy}",
            style=style,
            markup=False,
        )
    if source.issue_count > _ISSUES_PRINTED_MAX:
        out.print(f"  ... and {source.issue_count - _ISSUES_PRINTED_MAX:,} more", markup=False)
    if source.quarantine_file is not None:
        out.print(
            f"  Mend the {source.quarantined:,} quarantined rows in {source.quarantine_file}, "
            "then import that file.",
            markup=False,
        )
