"""The root command and its list of commands."""

from __future__ import annotations

import importlib.metadata

import click

from tenure.cli.import_command import import_command
from tenure.cli.workspace_commands import (
    compact_command,
    doctor_command,
    erase_command,
    init_command,
    settings_command,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(importlib.metadata.version("tenure"), prog_name="tenure")
def main() -> None:
    """Honest customer retention, from a messy export to a report.

    Start with:  tenure run orders.csv
    """


for _command in (
    init_command,
    import_command,
    settings_command,
    doctor_command,
    compact_command,
    erase_command,
):
    main.add_command(_command)
