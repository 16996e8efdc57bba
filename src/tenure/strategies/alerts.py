"""Alerts: what of a watched figure somebody should know, in words, with who answers for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tenure.kernel import Estimate
from tenure.strategies.control_limits import FigureForecast, WatchedFigure, WatchedPeriod
from tenure.strategies.key_figures import KeyFigure

AlertKind = Literal["outside", "shifted", "off_target", "goal_at_risk"]
Outlook = Literal["on_course", "in_doubt", "at_risk", "unknown"]

ON_COURSE_FROM = 0.75
AT_RISK_BELOW = 0.25
"""Chances of reaching a goal: from here on course, below there at risk, in doubt between."""
RECENT_PERIODS = 2
"""How many of the latest closed periods are told of."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something of a figure that somebody should know.

    Parameters
    ----------
    kind : `outside`: one period beyond its limits; `shifted`: the level has moved;
        `off_target`: the present level is surely on the wrong side of the target line;
        `goal_at_risk`: a goal will probably not be reached.
    is_bad : it goes the wrong way; False: good news, told all the same.
    line : name of the target line or strategy.
    figure : the key figure's name.
    period : label of the period it is about.
    owner, department : who is told.
    text : the alert in words, by language.
    """

    kind: AlertKind
    is_bad: bool
    line: str
    figure: str
    period: str
    owner: str
    department: str
    text: dict[str, str]

    def as_dict(self) -> dict[str, object]:
        """Return the alert as plain values for JSON."""
        return {
            "kind": self.kind,
            "is_bad": self.is_bad,
            "line": self.line,
            "figure": self.figure,
            "period": self.period,
            "owner": self.owner,
            "department": self.department,
            "text": dict(self.text),
        }


@dataclass(frozen=True, slots=True)
class Answerable:
    """Who is told of a line.

    Parameters
    ----------
    line : name of the target line or strategy.
    owner, department : who answers for it.
    """

    line: str
    owner: str
    department: str


def figure_alerts(
    watched: WatchedFigure, figure: KeyFigure, who: Answerable, target: float | None
) -> Iterator[Alert]:
    """Yield the alerts of a figure's latest periods.

    Parameters
    ----------
    watched : the figure under control limits.
    figure : which one.
    who : who is told.
    target : the target line's value now; None without one.
    """
    for period in watched.periods[-RECENT_PERIODS:]:
        if period.finding.startswith("outside"):
            yield _outside(period, figure, who)
        if period.lean != "none":
            yield _shifted(period, watched, figure, who)
    if target is not None and watched.level is not None and watched.periods:
        yield from _off_target(watched.level, target, watched.periods[-1].label, figure, who)


def outlook_of(chance: float | None) -> Outlook:
    """Return how a goal stands by its chance of being reached."""
    if chance is None:
        return "unknown"
    if chance >= ON_COURSE_FROM:
        return "on_course"
    return "at_risk" if chance < AT_RISK_BELOW else "in_doubt"


def goal_alert(
    told: FigureForecast, target: float, by: date, figure: KeyFigure, who: Answerable
) -> Alert | None:
    """Return the alert of a goal at risk; None if it is not."""
    if outlook_of(told.chance) != "at_risk":
        return None
    show = _shown(figure)
    value = told.value
    text = {
        "en": f"{figure.title['en']}: {show(target)} by {by} is at risk. Expected "
        f"{show(value.value)} ({show(value.low)} to {show(value.high)}); the chance of reaching "
        f"it is {told.chance:.0%}.",
        "zh": f"{figure.title['zh']}：{by} 前达到 {show(target)} 的目标有风险。预计 "
        f"{show(value.value)}（{show(value.low)} 至 {show(value.high)}），达成概率为 "
        f"{told.chance:.0%}。",
    }
    return Alert(
        "goal_at_risk", True, who.line, figure.name, str(by), who.owner, who.department, text
    )


def _outside(period: WatchedPeriod, figure: KeyFigure, who: Answerable) -> Alert:
    show, is_low = _shown(figure), period.finding == "outside_low"
    value, low, high = (show(one or 0.0) for one in (period.value, period.low, period.high))
    text = {
        "en": f"{figure.title['en']} was {value} in {period.label}, "
        f"{'below' if is_low else 'above'} the limits of {low} to {high} that its own past "
        "and season let expect.",
        "zh": f"{period.label} 的{figure.title['zh']}为 {value}，"
        f"{'低于' if is_low else '高于'}按其历史与季节预期的范围（{low} 至 {high}）。",
    }
    return _alert("outside", is_low, period.label, figure, who, text)


def _shifted(
    period: WatchedPeriod, watched: WatchedFigure, figure: KeyFigure, who: Answerable
) -> Alert:
    is_low, since = period.lean == "down", period.since or period.label
    level = watched.level
    now = {"en": "", "zh": ""}
    if level is not None:
        show = _shown(figure)
        ends = (show(level.value), show(level.low), show(level.high))
        now = {
            "en": " Its level without season is now {} ({} to {}).".format(*ends),
            "zh": "当前剔除季节后的水平为 {}（{} 至 {}）。".format(*ends),
        }
    text = {
        "en": f"{figure.title['en']} has run {'lower' if is_low else 'higher'} than expected "
        f"since {since}, too long for chance.{now['en']}",
        "zh": f"自 {since} 起，{figure.title['zh']}持续{'低于' if is_low else '高于'}预期，"
        f"已难以用偶然解释。{now['zh']}",
    }
    return _alert("shifted", is_low, period.label, figure, who, text)


def _off_target(
    level: Estimate, target: float, label: str, figure: KeyFigure, who: Answerable
) -> Iterator[Alert]:
    is_short = level.high < target if figure.better == "higher" else level.low > target
    if not is_short:
        return
    show, is_low = _shown(figure), figure.better == "higher"
    ends = f"{show(level.low)} – {show(level.high)}"
    text = {
        "en": f"{figure.title['en']} is surely {'below' if is_low else 'above'} its target line: "
        f"level {show(level.value)} ({ends}), target {show(target)}.",
        "zh": f"{figure.title['zh']}确定{'低于' if is_low else '高于'}目标线：当前水平 "
        f"{show(level.value)}（{ends}），目标 {show(target)}。",
    }
    yield _alert("off_target", is_low, label, figure, who, text)


def _alert(
    kind: AlertKind,
    is_low: bool,
    label: str,
    figure: KeyFigure,
    who: Answerable,
    text: dict[str, str],
) -> Alert:
    is_bad = is_low == (figure.better == "higher")
    return Alert(kind, is_bad, who.line, figure.name, label, who.owner, who.department, text)


def _shown(figure: KeyFigure) -> Callable[[float], str]:
    if figure.unit == "rate":
        return lambda value: f"{value:.1%}"
    if figure.unit == "ratio":
        return lambda value: f"{value:.3f}"
    if figure.unit == "money":
        return lambda value: f"{value:,.2f}"
    return lambda value: f"{value:,.0f}"
