"""`tenure audit`: who changed what, and when."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from tenure.assembly import Workspace
from tenure.assembly.recording import audit_trail
from tenure.cli.options import json_option, workspace_option
from tenure.cli.output import clear_errors, print_json, print_table


@click.command("audit")
@workspace_option
@click.option("--subject", metavar="KIND:NAME", help="Only of one subject, e.g. strategy:welcome.")
@click.option("--limit", type=click.IntRange(min=1), default=30, help="At most so many entries.")
@json_option
def audit_command(workspace: Path, subject: str | None, limit: int, as_json: bool) -> None:
    """Show who changed what in the records, newest first.

    The log only grows: the database itself refuses to change or delete an entry. It names no
    customer.
    """
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        entries = audit_trail(
            opened.root, opened.settings, opened.clock, subject=subject, limit=limit
        )
        if as_json:
            print_json({"entries": [asdict(entry) for entry in entries]})
            return
        rows = [
            (f"{entry.recorded_at:%Y-%m-%d %H:%M:%S}Z", entry.recorded_by, entry.action,
             entry.subject)
            for entry in entries
        ]  # fmt: skip
        print_table("Audit log", ("when", "who", "did", "what"), rows, left=4)
