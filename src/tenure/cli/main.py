"""The root command and its list of commands."""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
from collections.abc import Iterator, Mapping, MutableMapping
from typing import cast

import click

_NEW_OBJECTS_MAX = 50_000

# Where each command lives: `fit` is `fit_command` of `tenure.cli.predict_commands`.
_ROOMS = {
    "run": "run_commands",
    "demo": "run_commands",
    "simulate": "simulate_command",
    "init": "workspace_commands",
    "import": "import_command",
    "report": "run_commands",
    "metrics": "metrics_command",
    "snapshot": "snapshot_command",
    "review": "review_command",
    "learn": "learn_command",
    "rehearse": "rehearse_command",
    "segments": "segments_commands",
    "fit": "predict_commands",
    "score": "predict_commands",
    "backtest": "predict_commands",
    "scorecard": "predict_commands",
    "promote": "predict_commands",
    "drift": "predict_commands",
    "value-of-retention": "predict_commands",
    "strategies": "strategies_commands",
    "validate": "strategies_commands",
    "apply": "strategies_commands",
    "diff": "strategies_commands",
    "export": "strategies_commands",
    "monitor": "monitor_command",
    "priorities": "priorities_command",
    "plan": "plan_command",
    "trace": "trace_command",
    "audit": "audit_command",
    "settings": "workspace_commands",
    "doctor": "workspace_commands",
    "refresh": "workspace_commands",
    "compact": "workspace_commands",
    "erase": "workspace_commands",
}


class _LateCommands(Mapping[str, click.Command]):
    """Commands that load when they are called: one that needs no model waits for none."""

    def __getitem__(self, name: str) -> click.Command:
        module = importlib.import_module(f"tenure.cli.{_ROOMS[name]}")
        command: click.Command = getattr(module, f"{name.replace('-', '_')}_command")
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(_ROOMS)

    def __len__(self) -> int:
        return len(_ROOMS)


@click.group(
    # click only reads them.
    commands=cast("MutableMapping[str, click.Command]", _LateCommands()),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(importlib.metadata.version("tenure"), prog_name="tenure")
def main() -> None:
    """Honest customer retention, from a messy export to a report.

    Start with:  tenure run orders.csv
    """
    # What is made while a command begins (modules, expressions) stays: look through it seldom.
    gc.set_threshold(_NEW_OBJECTS_MAX)
