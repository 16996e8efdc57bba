"""`tenure trace`: from a customer's facts back to the files and lines they came from."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.assembly import Workspace, trace
from tenure.cli.options import json_option, workspace_option
from tenure.cli.output import clear_errors, print_json, print_table
from tenure.kernel import OptionError


@click.command("trace")
@click.argument("customer")
@click.option("--order", metavar="ID", help="Only this order.")
@workspace_option
@json_option
def trace_command(customer: str, order: str | None, workspace: Path, as_json: bool) -> None:
    """Show every fact known of a customer, with the file and line it came from."""
    with clear_errors(as_json=as_json):
        rows = trace(Workspace.open(workspace), customer, order_id=order)
        if not rows:
            raise OptionError(
                f"customer {customer!r}" + (f", order {order!r}" if order else ""),
                "one that has activity",
                "check the id; `tenure snapshot` lists all customers",
            )
        if as_json:
            print_json({"customer": customer, "activity": rows})
            return
        print_table(
            f"Activity of {customer}",
            ("when (UTC)", "kind", "order", "value", "file", "line"),
            [
                (
                    r["occurred_at"],
                    r["kind"],
                    r["order_id"],
                    r["value"],
                    r["source_file"],
                    r["source_row"],
                )
                for r in rows
            ],
            left=3,
        )
