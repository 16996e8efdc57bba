"""The root command and its list of commands."""

from __future__ import annotations

import importlib.metadata

import click

from tenure.cli.audit_command import audit_command
from tenure.cli.import_command import import_command
from tenure.cli.learn_command import learn_command
from tenure.cli.metrics_command import metrics_command
from tenure.cli.monitor_command import monitor_command
from tenure.cli.plan_command import plan_command
from tenure.cli.predict_commands import (
    backtest_command,
    drift_command,
    fit_command,
    promote_command,
    score_command,
    scorecard_command,
    value_of_retention_command,
)
from tenure.cli.priorities_command import priorities_command
from tenure.cli.rehearse_command import rehearse_command
from tenure.cli.review_command import review_command
from tenure.cli.run_commands import demo_command, report_command, run_command
from tenure.cli.segments_commands import segments_command
from tenure.cli.simulate_command import simulate_command
from tenure.cli.snapshot_command import snapshot_command
from tenure.cli.strategies_commands import (
    apply_command,
    diff_command,
    export_command,
    strategies_command,
    validate_command,
)
from tenure.cli.trace_command import trace_command
from tenure.cli.workspace_commands import (
    compact_command,
    doctor_command,
    erase_command,
    init_command,
    refresh_command,
    settings_command,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(importlib.metadata.version("tenure"), prog_name="tenure")
def main() -> None:
    """Honest customer retention, from a messy export to a report.

    Start with:  tenure run orders.csv
    """


for _command in (
    run_command,
    demo_command,
    simulate_command,
    init_command,
    import_command,
    report_command,
    metrics_command,
    snapshot_command,
    review_command,
    learn_command,
    rehearse_command,
    segments_command,
    fit_command,
    score_command,
    backtest_command,
    scorecard_command,
    promote_command,
    drift_command,
    value_of_retention_command,
    strategies_command,
    validate_command,
    apply_command,
    diff_command,
    export_command,
    monitor_command,
    priorities_command,
    plan_command,
    trace_command,
    audit_command,
    settings_command,
    doctor_command,
    refresh_command,
    compact_command,
    erase_command,
):
    main.add_command(_command)
