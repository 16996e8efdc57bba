"""Target lines as text, and the alerts that a watched figure gives."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tenure.assembly.monitoring import default_targets
from tenure.kernel import DefinitionError
from tenure.kernel.located_yaml import read_yaml
from tenure.strategies.alerts import Answerable, figure_alerts, goal_alert, outlook_of
from tenure.strategies.control_limits import FigureSeries, forecast, watch
from tenure.strategies.key_figures import KEY_FIGURES
from tenure.strategies.targets import Targets, parse_targets

TEXT = """\
target_lines:
  - name: retention
    figure: retention_rate
    owner: Li Na
    department: service
    points:
      - {on: 2026-01-01, value: 0.5}
      - {on: 2026-07-01, value: 0.6}
  - {name: orders, figure: orders, period: week, owner: Wang, department: sales}
"""
WHO = Answerable("orders", "Wang", "sales")


def parsed(text: str) -> Targets:
    return parse_targets(read_yaml(text, "t.yaml"))


def series(values: np.ndarray, kind: str = "count") -> FigureSeries:
    starts = tuple(date(2018 + n // 12, n % 12 + 1, 1) for n in range(len(values)))
    return FigureSeries("month", kind, tuple(f"{s:%Y-%m}" for s in starts), starts, values)


def noise(months: int, seed: int = 1) -> np.ndarray:
    return np.exp(6 + 0.05 * np.random.default_rng(seed).standard_normal(months))


def test_between_two_points_the_line_is_straight_and_outside_it_is_level():
    line = parsed(TEXT).target_lines[0]
    assert line.target_on(date(2025, 1, 1)) == 0.5
    assert line.target_on(date(2026, 1, 1)) == 0.5
    assert line.target_on(date(2026, 4, 2)) == pytest.approx(0.5 + 0.1 * 91 / 181)
    assert line.target_on(date(2027, 1, 1)) == 0.6
    assert parsed(TEXT).target_lines[1].target_on(date(2026, 1, 1)) is None


def test_what_is_watched_without_a_file_is_sound():
    assert {line.figure for line in default_targets().target_lines} <= set(KEY_FIGURES)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("figure: retention_rate", "figure: retention", 3),
        ("owner: Li Na", "ownr: Li Na", 4),
        ("value: 0.6}", "value: 60}", 8),
        ("on: 2026-07-01", "on: 2026-01-01", 8),
        ("name: orders", "name: retention", 9),
        ("period: week", "period: fortnight", 9),
    ],
)
def test_faults_are_told_with_their_line(old, new, line):
    assert old in TEXT
    with pytest.raises(DefinitionError, match=rf"t\.yaml.*line {line}\b"):
        parsed(TEXT.replace(old, new, 1))


def told(values: np.ndarray, figure: str = "orders", target: float | None = None) -> list:
    return list(figure_alerts(watch(series(values)), KEY_FIGURES[figure], WHO, target))


def test_noise_is_told_to_nobody():
    assert told(noise(40)) == []


def test_a_fall_is_bad_news_of_orders_and_good_news_of_customers_gone_quiet():
    values = noise(40)
    values[-1] *= 0.5
    (orders,) = told(values)
    (quiet,) = told(values, "dormant_customers")
    assert (orders.kind, orders.is_bad, quiet.is_bad) == ("outside", True, False)
    assert (orders.owner, orders.department, orders.period) == ("Wang", "sales", "2021-04")
    assert "below" in orders.text["en"]
    assert "低于" in orders.text["zh"]


def test_a_shift_is_told_with_the_month_it_began_in():
    values = noise(46)
    values[40:] *= 0.88
    watched = watch(series(values))
    leaning = [period for period in watched.periods if period.lean == "down"]
    assert leaning
    assert leaning[0].since >= "2021-03"


def test_a_level_surely_below_its_target_is_told_and_one_in_doubt_is_not():
    assert [one.kind for one in told(noise(40), target=450.0)] == ["off_target"]
    assert told(noise(40), target=float(np.exp(6))) == []
    assert told(noise(40), target=350.0) == []


@pytest.mark.parametrize(
    ("chance", "outlook"),
    [(None, "unknown"), (0.9, "on_course"), (0.5, "in_doubt"), (0.1, "at_risk")],
)
def test_a_goal_stands_as_its_chance_says(chance, outlook):
    assert outlook_of(chance) == outlook


def test_a_goal_at_risk_is_told_with_forecast_and_interval():
    by, figure = date(2021, 12, 31), KEY_FIGURES["orders"]
    known = series(noise(40))
    far = forecast(known, by, 600.0, better="higher")
    alert = goal_alert(far, 600.0, by, figure, WHO)
    assert alert.is_bad
    assert "600" in alert.text["en"]
    assert "at risk" in alert.text["en"]
    assert f"{far.value.low:,.0f} to {far.value.high:,.0f}" in alert.text["en"]
    near = forecast(known, by, 350.0, better="higher")
    assert goal_alert(near, 350.0, by, figure, WHO) is None
