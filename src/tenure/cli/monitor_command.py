"""`tenure monitor`: what somebody should know of the key figures and goals, and who."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.assembly.monitoring import MonitoredGoal, MonitoredLine, default_targets_text, monitor
from tenure.assembly.workspace import Workspace
from tenure.cli.options import as_of_option, json_option, parsed_date, workspace_option
from tenure.cli.output import clear_errors, console, print_json, print_table
from tenure.strategies.control_limits import FigureForecast
from tenure.strategies.key_figures import Unit


@click.command("monitor")
@workspace_option
@click.option(
    "--targets",
    "file",
    type=click.Path(path_type=Path),
    help="YAML of target lines. Default: definitions/targets.yaml, else the main figures.",
)
@click.option("--show-targets", is_flag=True, help="Print the default target lines and end.")
@as_of_option
@json_option
def monitor_command(
    workspace: Path, file: Path | None, show_targets: bool, as_of: str | None, as_json: bool
) -> None:
    """Tell which key figures have changed and which goals are at risk, and whom to tell.

    Each closed period is held against what the periods before it, and the season, let expect.
    """
    with clear_errors(as_json=as_json):
        if show_targets:
            text = default_targets_text()
            if as_json:
                print_json({"text": text})
            else:
                click.echo(text, nl=False)
            return
        opened = Workspace.open(workspace)
        found = monitor(opened, file=file, as_of=parsed_date(as_of, "--as-of"))
        if as_json:
            print_json(found.as_dict())
            return
        language, out = opened.settings.language, console()
        if not found.alerts:
            out.print(f"Nothing out of the ordinary as of {found.as_of}", markup=False)
        for alert in found.alerts:
            mark = "!" if alert.is_bad else "+"
            out.print(f"{mark} {alert.text[language]}", markup=False)
            out.print(f"    {alert.line}: {alert.owner} ({alert.department})", markup=False)
        print_table(
            f"Key figures as of {found.as_of}",
            ("line", "period", "value", "expected", "low", "high", "target", "state"),
            [_line_row(line) for line in found.lines],
            left=2,
        )
        if found.goals:
            print_table(
                "Goals",
                (
                    "strategy",
                    "figure",
                    "target",
                    "by",
                    "forecast",
                    "low",
                    "high",
                    "chance",
                    "state",
                ),
                [_goal_row(goal) for goal in found.goals],
                left=2,
            )


def _line_row(line: MonitoredLine) -> tuple[object, ...]:
    if not line.watched.periods:
        return (line.line.name, "-", None, None, None, None, None, "no closed period")
    last = line.watched.periods[-1]
    unit = line.figure.unit
    figures = (last.value, last.expected, last.low, last.high, line.target)
    state = last.finding if last.lean == "none" else f"shifted {last.lean}"
    return (line.line.name, last.label, *(_cell(one, unit) for one in figures), state)


def _goal_row(goal: MonitoredGoal) -> tuple[object, ...]:
    unit, aim = goal.figure.unit, goal.strategy.goal
    value = _forecast_cells(goal.ahead, unit)
    state = goal.outlook.replace("_", " ")
    if goal.reason:
        state = f"{state} ({goal.reason.replace('_', ' ')})"
    return (goal.strategy.name, aim.metric, _cell(aim.target, unit), str(aim.by), *value, state)


def _forecast_cells(ahead: FigureForecast | None, unit: Unit) -> tuple[str, str, str, str]:
    if ahead is None:
        return ("n/a",) * 4
    told = ahead.value
    low, value, high = (_cell(one, unit) for one in (told.low, told.value, told.high))
    return value, low, high, f"{ahead.chance:.0%}"


def _cell(value: float | None, unit: Unit) -> str:
    if value is None:
        return "n/a"
    shapes = {"rate": f"{value:.1%}", "count": f"{value:,.0f}", "money": f"{value:,.2f}"}
    return shapes.get(unit, f"{value:.3f}")
