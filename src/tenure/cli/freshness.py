"""Kept tables brought up to date before a command reads them."""

from __future__ import annotations

from tenure.assembly import Workspace, refresh_if_due
from tenure.cli.output import progress_bar


def bring_up_to_date(workspace: Workspace, *, quiet: bool) -> None:
    """Refresh a workspace's kept tables if they are due, showing progress unless quiet."""
    with progress_bar(quiet=quiet) as progress:
        refresh_if_due(workspace, progress=progress)
