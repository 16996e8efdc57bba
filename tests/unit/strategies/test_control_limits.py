"""Control limits: quiet when noise is noise, early when a figure has changed, honest ahead.

More worlds: TENURE_SIMULATED_WORLDS=5 makes five times as many. Seeds are fixed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest

from tenure.strategies.control_limits import FigureSeries, Rules, forecast, watch

WORLDS = max(1, int(float(os.environ.get("TENURE_SIMULATED_WORLDS", "1"))))
SEASON = np.array([0, -0.1, -0.05, 0, 0.05, 0.1, 0.05, 0, -0.05, 0, 0.2, 0.5])
NOISE = 0.1

Make = Callable[[np.random.Generator, int], np.ndarray]


def monthly(values, kind="money", sizes=None) -> FigureSeries:
    starts = tuple(date(2018 + n // 12, n % 12 + 1, 1) for n in range(len(values)))
    labels = tuple(f"{start:%Y-%m}" for start in starts)
    return FigureSeries("month", kind, labels, starts, np.asarray(values, float), sizes)


def seasonal(rng: np.random.Generator, months: int) -> np.ndarray:
    return np.exp(5 + np.resize(SEASON, months) + NOISE * rng.standard_normal(months))


def steady(rng: np.random.Generator, months: int) -> np.ndarray:
    return np.exp(5 + NOISE * rng.standard_normal(months))


def growing(rng: np.random.Generator, months: int) -> np.ndarray:
    return seasonal(rng, months) * np.exp(0.01 * np.arange(months))


def alarms_per_period(make: Make, worlds: int, months: int = 48) -> float:
    rng, alarms, judged = np.random.default_rng(1), 0, 0
    for _ in range(worlds):
        for period in watch(monthly(make(rng, months))).periods:
            judged += period.expected is not None
            alarms += period.is_alarm
    return alarms / judged


@pytest.mark.slow
@pytest.mark.parametrize("make", [steady, seasonal, growing])
def test_noise_raises_no_more_alarms_than_stated(make):
    """One in 120 periods is stated; 8 worlds of 36 judged months leave 288, and chance its play."""
    worlds = 8 * WORLDS
    stated = 1 / 120
    chance = 2.5 * np.sqrt(stated / (worlds * 36))
    assert alarms_per_period(make, worlds) <= stated + chance


@pytest.mark.slow
@pytest.mark.parametrize(("size", "within", "share"), [(3, 6, 0.8), (5, 3, 0.9)])
def test_a_planted_shift_is_found_within_the_stated_delay(size, within, share):
    """A fall of `size` standard deviations of a single month's noise, after 40 months."""
    rng, found, worlds = np.random.default_rng(2), 0, 10 * WORLDS
    for _ in range(worlds):
        values = seasonal(rng, 46)
        values[40:] *= np.exp(-size * NOISE)
        periods = watch(monthly(values)).periods[40 : 40 + within]
        found += any(p.finding == "outside_low" or p.lean == "down" for p in periods)
    assert found / worlds >= share


def test_december_is_no_alarm_once_it_was_seen():
    values = np.exp(5 + np.resize(SEASON, 60))
    values *= np.exp(0.02 * np.random.default_rng(5).standard_normal(60))
    watched = watch(monthly(values)).periods
    assert not [p.label for p in watched[24:] if p.is_alarm]
    assert watched[59].expected == pytest.approx(values[59], rel=0.1)
    assert watched[58].high < watched[59].expected, "the limits follow the season"


def test_an_outlier_is_outside_and_leaves_the_next_periods_alone():
    rng = np.random.default_rng(3)
    values = steady(rng, 40)
    values[30] *= 3
    periods = watch(monthly(values)).periods
    assert periods[30].finding == "outside_high"
    assert [p.finding for p in periods[31:36]] == ["inside"] * 5


def test_after_a_shift_the_new_level_is_the_normal_one():
    rng = np.random.default_rng(4)
    values = steady(rng, 70)
    values[35:] *= np.exp(-0.5)
    watched = watch(monthly(values))
    assert any(p.is_alarm for p in watched.periods[35:38])
    assert not any(p.is_alarm for p in watched.periods[45:])
    assert watched.level.low < np.exp(4.5) < watched.level.high


def test_the_first_periods_are_learnt_and_not_judged():
    periods = watch(monthly(steady(np.random.default_rng(0), 20))).periods
    assert {p.finding for p in periods[:12]} == {"learning"}
    assert all(p.expected is not None for p in periods[12:])


def test_what_comes_later_changes_no_earlier_judgement():
    values = seasonal(np.random.default_rng(6), 40)
    whole, part = watch(monthly(values)).periods, watch(monthly(values[:30])).periods
    first_guess = [(p.finding, p.lean) for p in whole[:30]]
    assert first_guess == [(p.finding, p.lean) for p in part]


def test_a_gap_is_unknown_and_not_zero():
    values = steady(np.random.default_rng(7), 30)
    values[20] = np.nan
    periods = watch(monthly(values)).periods
    assert (periods[20].finding, periods[20].value) == ("unknown", None)
    assert periods[21].finding == "inside"


def test_a_figure_that_never_moves_raises_no_alarm():
    periods = watch(monthly(np.full(30, 0.5), "rate", np.full(30, 100.0))).periods
    assert not any(p.is_alarm for p in periods)


@pytest.mark.parametrize("values", [[], [3.0], [np.nan] * 5])
def test_too_little_is_told_as_such(values):
    series = monthly(values)
    assert watch(series).level is None
    assert forecast(series, date(2030, 1, 15), 1.0, better="higher") is None


def test_rates_of_few_customers_may_move_more():
    rng = np.random.default_rng(8)
    sizes = np.where(np.arange(48) == 47, 40.0, 4000.0)
    rates = rng.binomial(sizes.astype(int), 0.6) / sizes
    rates[47] = 0.45
    alone = watch(monthly(rates, "rate", sizes)).periods[47]
    assert alone.finding == "inside"
    blind = watch(monthly(rates, "rate")).periods[47]
    assert blind.finding == "outside_low"
    assert 0 < alone.low < alone.high < 1


def test_counts_have_limits_of_at_least_nothing():
    counts = np.random.default_rng(15).poisson(1.5, 40).astype(float)
    periods = watch(monthly(counts, "count")).periods
    assert counts.min() == 0
    assert all(p.low >= 0 for p in periods if p.low is not None)


def test_weekdays_are_a_season_of_days():
    rng = np.random.default_rng(9)
    starts = tuple(date(2025, 1, 6) + timedelta(days=n) for n in range(84))
    week = np.array([0, 0, 0, 0, 0.3, 0.8, -0.9])
    values = np.exp(4 + np.resize(week, 84) + 0.05 * rng.standard_normal(84))
    series = FigureSeries("day", "count", tuple(map(str, starts)), starts, values)
    periods = watch(series).periods
    assert not any(p.is_alarm for p in periods[28:])
    saturday, sunday = periods[-2], periods[-1]
    assert sunday.high < saturday.low


def test_sums_reach_their_limit_as_seldom_as_stated():
    """The stated run length is that of pure noise on the sums themselves."""
    rules, rng = Rules.for_quiet(60), np.random.default_rng(10)
    scores = np.clip(rng.standard_normal((2000, 240)), -3, 3)
    up, down = np.zeros(2000), np.zeros(2000)
    sums = outside = 0
    for column in scores.T:
        up, down = np.maximum(0, up + column - 0.5), np.maximum(0, down - column - 0.5)
        over = (up > rules.total) | (down > rules.total)
        sums += int(over.sum())
        up[over] = down[over] = 0.0
    outside = int((np.abs(rng.standard_normal(scores.shape)) > rules.score).sum())
    assert scores.size / sums == pytest.approx(120, rel=0.15)
    assert scores.size / outside == pytest.approx(120, rel=0.1)


def test_the_forecast_says_how_sure_a_goal_is():
    rng = np.random.default_rng(11)
    series = monthly(steady(rng, 48))
    by = date(2022, 3, 31)
    easy = forecast(series, by, float(np.exp(4.6)), better="higher")
    even = forecast(series, by, float(np.exp(5.0)), better="higher")
    hard = forecast(series, by, float(np.exp(5.4)), better="higher")
    assert easy.chance > 0.95 > even.chance > 0.2 > hard.chance
    assert hard.chance + forecast(series, by, float(np.exp(5.4)), better="lower").chance == (
        pytest.approx(1)
    )
    assert even.value.low < even.value.value < even.value.high


def test_further_ahead_is_less_sure():
    series = monthly(seasonal(np.random.default_rng(12), 48))
    near = forecast(series, date(2022, 1, 31), 100.0, better="higher").value
    far = forecast(series, date(2023, 1, 31), 100.0, better="higher").value
    assert far.high / far.low > near.high / near.low


@pytest.mark.slow
def test_forecasts_hold_what_they_promise():
    """95 % intervals of months 3 and 12 ahead, over worlds with season and noise."""
    rng, inside, asked = np.random.default_rng(13), 0, 0
    for _ in range(12 * WORLDS):
        values = seasonal(rng, 60)
        series = monthly(values[:48])
        for ahead in (3, 12):
            start = date(2022, ahead, 15)
            told = forecast(series, start, 1.0, better="higher").value
            inside += told.low <= values[47 + ahead] <= told.high
            asked += 1
    assert inside / asked >= 0.95 - 2.5 * np.sqrt(0.05 * 0.95 / asked)
