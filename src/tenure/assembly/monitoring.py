"""A workspace's key figures under watch: target lines, limits, goals, and who is told of what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from importlib import resources
from pathlib import Path

import numpy as np

from tenure.assembly.customers import day_after_last
from tenure.assembly.figures import metric
from tenure.assembly.strategies import strategies_in_force, strategy_in_force
from tenure.assembly.workspace import Workspace
from tenure.kernel import DataError, PeriodUnit
from tenure.kernel.located_yaml import read_yaml
from tenure.metrics import MetricResult
from tenure.metrics.results import COMPLETE
from tenure.strategies.alerts import (
    Alert,
    Answerable,
    Outlook,
    figure_alerts,
    goal_alert,
    outlook_of,
)
from tenure.strategies.control_limits import (
    FigureForecast,
    FigureSeries,
    WatchedFigure,
    forecast,
    watch,
)
from tenure.strategies.definition import EVERYBODY, Strategy
from tenure.strategies.key_figures import KEY_FIGURES, KeyFigure
from tenure.strategies.presets import preset_strategy
from tenure.strategies.targets import TargetLine, Targets, parse_targets, read_targets

TARGETS_FILE = "targets.yaml"
"""The target lines among a workspace's definitions."""


@dataclass(frozen=True, slots=True)
class MonitoredLine:
    """A target line, its figure under watch, and what is to be told of it.

    Parameters
    ----------
    line : the target line.
    figure : its key figure.
    watched : the figure's closed periods beside their limits.
    target : the target now; None without a target line.
    by : the line's last day if it lies ahead; None otherwise.
    ahead : forecast for that day; None without one.
    """

    line: TargetLine
    figure: KeyFigure
    watched: WatchedFigure
    target: float | None
    by: date | None
    ahead: FigureForecast | None


@dataclass(frozen=True, slots=True)
class MonitoredGoal:
    """A strategy's goal and how it stands.

    Parameters
    ----------
    strategy : the strategy in force.
    figure : the goal's key figure.
    value : the figure in its last closed period; None if unknown.
    period : label of that period; empty if there is none.
    ahead : forecast for the goal's day; None without one.
    outlook : `on_course`, `in_doubt`, `at_risk` or `unknown`.
    reason : why it is unknown; empty if it is not.
    """

    strategy: Strategy
    figure: KeyFigure
    value: float | None
    period: str
    ahead: FigureForecast | None
    outlook: Outlook
    reason: str


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Everything under watch.

    Parameters
    ----------
    as_of : what happened on it or later does not count.
    lines : the target lines.
    goals : the goals of the strategies in force.
    alerts : what somebody should know, bad news first.
    """

    as_of: date
    lines: tuple[MonitoredLine, ...]
    goals: tuple[MonitoredGoal, ...]
    alerts: tuple[Alert, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the findings as plain values for JSON."""
        return {
            "as_of": self.as_of,
            "alerts": [alert.as_dict() for alert in self.alerts],
            "lines": [_line_dict(line) for line in self.lines],
            "goals": [_goal_dict(goal) for goal in self.goals],
        }


def default_targets() -> Targets:
    """Return what is watched where a workspace says nothing: changes of the main figures."""
    return parse_targets(read_yaml(default_targets_text(), TARGETS_FILE))


def default_targets_text() -> str:
    """Return the YAML of what is watched where a workspace says nothing."""
    folder = resources.files("tenure.strategies")
    return folder.joinpath("targets_defaults.yaml").read_text(encoding="utf-8")


def workspace_targets(workspace: Workspace, file: Path | None = None) -> Targets:
    """Return the target lines of a file, of the workspace, or the defaults.

    Raises
    ------
    DefinitionError : the file is not valid; the error names every fault with its line.
    """
    own = file or workspace.definitions / TARGETS_FILE
    return read_targets(own) if file or own.exists() else default_targets()


def monitor(
    workspace: Workspace, *, file: Path | None = None, as_of: date | None = None
) -> Monitoring:
    """Hold a workspace's key figures and goals against what their past lets expect.

    Parameters
    ----------
    workspace : whose figures and strategies.
    file : YAML of target lines; None: the workspace's, else the defaults.
    as_of : business date to look back from; None: the setting, else the day after the data end.

    Raises
    ------
    DefinitionError : the target lines are not valid.
    DataError : there is no activity.
    """
    targets = workspace_targets(workspace, file)
    day = as_of or workspace.settings.as_of_date() or day_after_last(workspace.facts())
    figures = _Figures(workspace, day)
    lines = [_monitored(line, figures) for line in targets.target_lines]
    strategies = [
        strategy_in_force(workspace, one.name)[0] for one in strategies_in_force(workspace)
    ]
    goals = [_goal(strategy, figures) for strategy in strategies]
    alerts = [alert for line in lines for alert in _line_alerts(line)]
    alerts += [alert for goal in goals for alert in _goal_alerts(goal)]
    alerts.sort(key=lambda alert: not alert.is_bad)
    return Monitoring(day, tuple(lines), tuple(goals), tuple(alerts))


def own_target(workspace: Workspace, preset: str) -> float | None:
    """Return a target for a ready strategy: the least that is surely better than today's level.

    It is the far end of the 95 % interval of the level that the goal's key figure has now, with
    three digits; None where too little is known of it.

    Raises
    ------
    OptionError : there is no such preset.
    """
    goal = preset_strategy(preset).goal
    figure = KEY_FIGURES[goal.metric]
    try:
        day = workspace.settings.as_of_date() or day_after_last(workspace.facts())
        level = watch(_Figures(workspace, day).series(figure, PeriodUnit(goal.period))).level
    except DataError:
        return None
    if level is None:
        return None
    target = float(f"{level.high if figure.better == 'higher' else level.low:.3g}")
    return min(target, 1.0) if figure.unit == "rate" else target


def figure_series(result: MetricResult, figure: KeyFigure, unit: PeriodUnit) -> FigureSeries:
    """Return a key figure's closed periods from its metric, from its first known one on.

    Parameters
    ----------
    result : the figure's metric by periods of `unit`.
    figure : which column, and what it is a share of.
    unit : length of a period.
    """
    # The first period has nobody before it, or began before the data did: it is never judged.
    rows = [row for row in result.rows()[1:] if row["state"] != "open"]
    known = [n for n, row in enumerate(rows) if _known(row, figure) is not None]
    rows = rows[known[0] :] if known else []
    values = [_known(row, figure) for row in rows]
    sizes = [row[figure.over] for row in rows] if figure.over else None
    return FigureSeries(
        unit,
        figure.unit,
        tuple(str(row["period"]) for row in rows),
        tuple(_day(row["period_start"]) for row in rows),
        np.array([np.nan if value is None else value for value in values]),
        None if sizes is None else np.array(sizes, dtype=np.float64),
    )


class _Figures:
    """The series of a workspace, each metric worked out once."""

    def __init__(self, workspace: Workspace, as_of: date) -> None:
        self.workspace, self.as_of = workspace, as_of
        self._results: dict[tuple[str, str], MetricResult] = {}

    def series(self, figure: KeyFigure, unit: PeriodUnit) -> FigureSeries:
        key = (figure.metric, unit)
        if key not in self._results:
            self._results[key] = metric(
                self.workspace, figure.metric, as_of=self.as_of, period=unit
            )
        return figure_series(self._results[key], figure, unit)


def _monitored(line: TargetLine, figures: _Figures) -> MonitoredLine:
    figure = KEY_FIGURES[line.figure]
    series = figures.series(figure, PeriodUnit(line.period))
    watched = watch(series, quiet_periods=line.quiet_periods)
    target = line.target_on(figures.as_of)
    by = line.points[-1].on if line.points and line.points[-1].on >= figures.as_of else None
    ahead = None
    if by is not None:
        ahead = forecast(series, by, line.points[-1].value, better=figure.better)
    return MonitoredLine(line, figure, watched, target, by, ahead)


def _line_alerts(monitored: MonitoredLine) -> Iterable[Alert]:
    line, figure = monitored.line, monitored.figure
    who = Answerable(line.name, line.owner, line.department)
    yield from figure_alerts(monitored.watched, figure, who, monitored.target)
    if monitored.by is not None and monitored.ahead is not None:
        alert = goal_alert(monitored.ahead, line.points[-1].value, monitored.by, figure, who)
        if alert is not None:
            yield alert


def _goal(strategy: Strategy, figures: _Figures) -> MonitoredGoal:
    goal = strategy.goal
    figure = KEY_FIGURES[goal.metric]
    if goal.population != EVERYBODY:
        # People chosen by what they did have no comparable past: it is what they were chosen by.
        return MonitoredGoal(strategy, figure, None, "", None, "unknown", "no_comparable_past")
    series = figures.series(figure, PeriodUnit(goal.period))
    if not len(series):
        return MonitoredGoal(strategy, figure, None, "", None, "unknown", "no_closed_period")
    last = float(series.values[-1])
    value, period = (last if np.isfinite(last) else None), series.labels[-1]
    if goal.by < figures.as_of:
        return MonitoredGoal(strategy, figure, value, period, None, "unknown", "day_has_passed")
    ahead = forecast(series, goal.by, goal.target, better=figure.better)
    outlook = outlook_of(ahead.chance if ahead else None)
    reason = "" if ahead else "too_few_periods"
    return MonitoredGoal(strategy, figure, value, period, ahead, outlook, reason)


def _goal_alerts(goal: MonitoredGoal) -> Iterable[Alert]:
    if goal.ahead is None:
        return
    strategy = goal.strategy
    department = strategy.departments[0].title["en"] if strategy.departments else ""
    who = Answerable(strategy.name, strategy.owner, department)
    alert = goal_alert(goal.ahead, strategy.goal.target, strategy.goal.by, goal.figure, who)
    if alert is not None:
        yield alert


def _known(row: dict[str, object], figure: KeyFigure) -> float | None:
    value = row[figure.column]
    # A rate over nothing is null; a row that is undefined as a whole may still hold counts.
    if value is None or (row["state"] != COMPLETE and figure.unit == "rate"):
        return None
    return float(str(value))


def _day(value: object) -> date:
    assert isinstance(value, date)  # the metric's own schema
    return value


def _line_dict(line: MonitoredLine) -> dict[str, object]:
    return {
        "name": line.line.name,
        "figure": line.figure.as_dict(),
        "period": line.line.period,
        "owner": line.line.owner,
        "department": line.line.department,
        "target": line.target,
        "level": None if line.watched.level is None else asdict(line.watched.level),
        "quiet_periods": line.watched.quiet_periods,
        "goal": None
        if line.by is None
        else {"by": line.by, "target": line.line.points[-1].value, **_ahead(line.ahead)},
        "periods": [
            {**asdict(period), "is_alarm": period.is_alarm} for period in line.watched.periods
        ],
    }


def _goal_dict(goal: MonitoredGoal) -> dict[str, object]:
    return {
        "strategy": goal.strategy.name,
        "figure": goal.figure.as_dict(),
        "owner": goal.strategy.owner,
        "target": goal.strategy.goal.target,
        "by": goal.strategy.goal.by,
        "value": goal.value,
        "period": goal.period,
        "outlook": goal.outlook,
        "reason": goal.reason,
        **_ahead(goal.ahead),
    }


def _ahead(ahead: FigureForecast | None) -> dict[str, object]:
    return {
        "forecast": None if ahead is None else asdict(ahead.value),
        "chance": None if ahead is None else ahead.chance,
    }
