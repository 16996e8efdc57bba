"""Control limits that know the season, and what lies outside of them: quiet when noise is noise.

Two rules watch every figure: one value too far from its forecast, and several in a row leaning to
one side (a cumulative sum). Each is set so that both together raise a false alarm once in a
stated number of periods.

References
----------
W. A. Shewhart (1931), Economic Control of Quality of Manufactured Product.
E. S. Page (1954), Biometrika 41, 100-115, doi:10.1093/biomet/41.1-2.100.
D. M. Hawkins (1987), The Statistician 36, 299-316, doi:10.2307/2348827 (self-starting sums).
D. Siegmund (1985), Sequential Analysis, chapter 2 (run length of cumulative sums).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from tenure.kernel import Estimate, PeriodUnit
from tenure.kernel.scipy_library import special
from tenure.strategies.expectations import Expectation, Mixture, Reals, joined
from tenure.strategies.key_figures import Unit

QUIET_PERIODS: dict[str, int] = {"day": 365, "week": 260, "month": 120, "quarter": 80, "year": 40}
"""Periods between two false alarms of one figure, by length of the period."""

LEARNING_PERIODS = 8
"""Periods that must be known before the first is judged."""

_SEASONAL = ("month", "quarter")
"""Periods whose season cannot be told from a change before the same season was seen once."""

_LEAN = 0.5
"""What a value may lean to one side before it counts: half of the smallest shift to be found."""
_SCORE_MAX = 3.0
"""One value alone must not look like a shift, so it counts for no more than this."""
_OVERSHOOT = 1.166
_CONFIDENCE = 0.95

Finding = Literal["learning", "unknown", "inside", "outside_low", "outside_high"]
Lean = Literal["none", "down", "up"]


@dataclass(frozen=True, slots=True)
class FigureSeries:
    """A key figure's closed periods, oldest first, without gaps.

    Parameters
    ----------
    unit : length of a period.
    kind : `rate`, `count`, `money` or `ratio`; says on which scale the figure is watched.
    labels, starts : name and first day of each period.
    values : the figure; NaN where it is undefined.
    sizes : for a rate, the number it is a share of; None if unknown.
    """

    unit: PeriodUnit
    kind: Unit
    labels: tuple[str, ...]
    starts: tuple[date, ...]
    values: Reals
    sizes: Reals | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class WatchedPeriod:
    """One period beside what its past let expect.

    Parameters
    ----------
    label, start : the period.
    value : the figure; None where undefined.
    expected, low, high : forecast and control limits made before the period; None while learning.
    finding : where the value lies.
    lean : whether values have leaned to one side until an alarm was due in this period.
    since : label of the period in which the lean began; None without one.
    """

    label: str
    start: date
    value: float | None
    expected: float | None
    low: float | None
    high: float | None
    finding: Finding
    lean: Lean
    since: str | None

    @property
    def is_alarm(self) -> bool:
        """One of the two rules was broken."""
        return self.finding.startswith("outside") or self.lean != "none"


@dataclass(frozen=True, slots=True)
class WatchedFigure:
    """A figure under control limits.

    Parameters
    ----------
    periods : each closed period, oldest first.
    level : its present level without season, with its interval; None while learning.
    quiet_periods : periods between two false alarms, on average.
    """

    periods: tuple[WatchedPeriod, ...]
    level: Estimate | None
    quiet_periods: int


@dataclass(frozen=True, slots=True)
class FigureForecast:
    """What a figure's past lets expect of a period to come.

    Parameters
    ----------
    label_on : a day in the period.
    value : forecast with its 95 % interval.
    chance : that the target is reached, 0..1.
    """

    label_on: date
    value: Estimate
    chance: float


@dataclass(frozen=True, slots=True)
class Rules:
    """Where the two rules give an alarm.

    Parameters
    ----------
    score : largest deviate of a single value.
    total : largest cumulative sum.
    """

    score: float
    total: float

    @classmethod
    def for_quiet(cls, periods: float) -> Rules:
        """Return rules that together raise one false alarm in so many periods."""
        each = 2 * periods
        return cls(float(-special.ndtri(0.5 / each)), _total_for(2 * each))


def watch(series: FigureSeries, *, quiet_periods: int | None = None) -> WatchedFigure:
    """Hold each period of a figure against what the periods before it let expect.

    Parameters
    ----------
    series : the figure's closed periods.
    quiet_periods : periods between two false alarms, at least 10; None: by length of the period.
    """
    quiet = quiet_periods or QUIET_PERIODS[series.unit]
    learner = _Learner(series, Rules.for_quiet(quiet))
    periods = learner.run()
    return WatchedFigure(periods, learner.level(), quiet)


def forecast(
    series: FigureSeries, on: date, target: float, *, better: str
) -> FigureForecast | None:
    """Return what the period that contains a day may bring, and the chance of a target.

    Parameters
    ----------
    series : the figure's closed periods.
    on : a day after the last closed period.
    target : the value to reach.
    better : `higher`: at least the target; `lower`: at most.

    Returns
    -------
    None if too little is known, or if `on` lies before the first open period.
    """
    learner = _Learner(series, Rules.for_quiet(QUIET_PERIODS[series.unit]))
    learner.run()
    if learner.expectation is None or learner.known < LEARNING_PERIODS:
        return None
    days = _days_ahead(series, on)
    if not days:
        return None
    scale, told = learner.scale, learner.expectation.forecasts(days)[-1]
    below = float(told.below(np.array([scale.forth(target, None)]))[0])
    return FigureForecast(on, _estimate(told, scale), below if better == "lower" else 1 - below)


@dataclass(frozen=True, slots=True)
class _Step:
    """What was found of one period; without a forecast it was not judged."""

    place: int
    finding: Finding
    lean: Lean = "none"
    since: str | None = None
    told: Mixture | None = None


@dataclass(frozen=True, slots=True)
class _Scale:
    """The scale on which a figure's noise is about the same everywhere."""

    name: Literal["logit", "log", "log1p", "plain"]

    def forth(self, value: float, size: float | None) -> float:
        if self.name == "logit":
            # Half a customer keeps 0 % and 100 % finite.
            weight = size if size is not None and size > 0 else 1e6
            share = (value * weight + 0.5) / (weight + 1)
            return float(special.logit(np.clip(share, 1e-9, 1 - 1e-9)))
        if self.name == "log1p":
            return float(np.log1p(max(value, 0.0)))
        return float(np.log(max(value, 1e-12))) if self.name == "log" else value

    def back(self, value: float) -> float:
        if self.name == "logit":
            return float(special.expit(value))
        if self.name == "log1p":
            return float(np.expm1(max(value, 0.0)))
        return float(np.exp(value)) if self.name == "log" else value

    def precision(self, size: float | None, typical: float | None) -> float:
        """Return how many times as precise as a typical value this one is."""
        if self.name != "logit" or size is None or typical is None or size <= 0:
            return 1.0
        return size / typical


def _scale_of(series: FigureSeries) -> _Scale:
    if series.kind == "rate":
        return _Scale("logit")
    known = series.values[np.isfinite(series.values)]
    if known.size and known.min() > 0:
        return _Scale("log")
    # Counts may be 0, never less.
    return _Scale("log1p") if series.kind == "count" else _Scale("plain")


class _Learner:
    """One walk over the periods of a figure."""

    def __init__(self, series: FigureSeries, rules: Rules) -> None:
        self.series, self.rules = series, rules
        self.scale = _scale_of(series)
        sizes = series.sizes
        self.typical = None if sizes is None or not sizes.size else float(np.median(sizes))
        self.values = np.array(
            [self.scale.forth(v, self._size(n)) if np.isfinite(v) else np.nan
             for n, v in enumerate(series.values)]
        )  # fmt: skip
        known = self.values[np.isfinite(self.values)]
        self.expectation = Expectation(series.unit, _noise_of(known)) if known.size > 1 else None
        self.known = 0
        self.months: set[int] = set()
        self.sums = {"up": 0.0, "down": 0.0}
        self.since: dict[str, str | None] = {"up": None, "down": None}

    def run(self) -> tuple[WatchedPeriod, ...]:
        steps = [self._step(number) for number in range(len(self.series))]
        judged = [step for step in steps if step.told is not None]
        limits = self._limits([step.told for step in judged if step.told is not None])
        by_place = dict(zip((step.place for step in judged), limits, strict=True))
        return tuple(self._shown(step, by_place.get(step.place)) for step in steps)

    def _limits(self, told: list[Mixture]) -> list[tuple[float, float, float]]:
        """Return expected value and limits of many periods at once, which is far faster."""
        if not told:
            return []
        every, share = joined(told), float(special.ndtr(-self.rules.score))
        columns = [every.quantile(at) for at in (0.5, share, 1 - share)]
        back = self.scale.back
        return [(back(a), back(b), back(c)) for a, b, c in zip(*columns, strict=True)]

    def _shown(self, step: _Step, limits: tuple[float, float, float] | None) -> WatchedPeriod:
        series, place = self.series, step.place
        value = float(series.values[place])
        expected, low, high = limits or (None, None, None)
        return WatchedPeriod(
            series.labels[place],
            series.starts[place],
            value if np.isfinite(value) else None,
            expected,
            low,
            high,
            step.finding,
            step.lean,
            step.since,
        )

    def level(self) -> Estimate | None:
        if self.expectation is None or self.known < LEARNING_PERIODS:
            return None
        return _estimate(self.expectation.level(), self.scale)

    def _step(self, place: int) -> _Step:
        series, value = self.series, float(self.values[place])
        if self.expectation is None or not np.isfinite(value):
            if self.expectation is not None:
                self.expectation.pass_by()
            return _Step(place, "unknown")
        middle = _middle(series.starts[place], series.unit)
        precision = self.scale.precision(self._size(place), self.typical)
        is_new_season = middle.month not in self.months
        told = self.expectation.learn(value, middle, precision, is_new_season=is_new_season)
        self.known += 1
        self.months.add(middle.month)
        if self.known <= LEARNING_PERIODS or (is_new_season and series.unit in _SEASONAL):
            return _Step(place, "learning")
        score = float(told.normal_scores(np.array([value]))[0])
        lean, since = self._leaning(score, series.labels[place])
        return _Step(place, self._finding(score), lean, since, told)

    def _finding(self, score: float) -> Finding:
        if abs(score) <= self.rules.score:
            return "inside"
        return "outside_low" if score < 0 else "outside_high"

    def _leaning(self, score: float, label: str) -> tuple[Lean, str | None]:
        counted = float(np.clip(score, -_SCORE_MAX, _SCORE_MAX))
        for way, sign in (("up", 1.0), ("down", -1.0)):
            before = self.sums[way]
            self.sums[way] = max(0.0, before + sign * counted - _LEAN)
            if before == 0.0 and self.sums[way] > 0.0:
                self.since[way] = label
        for way, lean in (("up", "up"), ("down", "down")):
            if self.sums[way] > self.rules.total:
                since = self.since[way]
                self.sums = {"up": 0.0, "down": 0.0}
                if self.expectation is not None:
                    self.expectation.forget_level()
                return ("up" if lean == "up" else "down"), since
        return "none", None

    def _size(self, number: int) -> float | None:
        return None if self.series.sizes is None else float(self.series.sizes[number])


def _estimate(told: Mixture, scale: _Scale) -> Estimate:
    tail = (1 - _CONFIDENCE) / 2
    low, middle, high = (scale.back(float(told.quantile(at)[0])) for at in (tail, 0.5, 1 - tail))
    return Estimate(middle, low, high, _CONFIDENCE, "dynamic_linear_model")


def _noise_of(values: Reals) -> float:
    """Return a first guess of the noise from the steps between neighbours, robust to outliers."""
    steps = np.abs(np.diff(values))
    guess = float(np.median(steps)) / (special.ndtri(0.75) * np.sqrt(2)) if steps.size else 0.0
    return max(float(guess), 1e-6 * max(1.0, float(np.abs(values).max())))


def _middle(start: date, unit: PeriodUnit) -> date:
    """Return a day in the middle of a period: a week counts to the month of most of its days."""
    days = {"day": 0, "week": 3, "month": 14, "quarter": 45, "year": 182}
    return start + timedelta(days=days[unit])


def _days_ahead(series: FigureSeries, on: date) -> Sequence[date]:
    """Return the middle of each period after the last closed one, up to the one with `on`."""
    lengths = {"day": 1.0, "week": 7.0, "month": 30.436875, "quarter": 91.310625, "year": 365.2425}
    length = lengths[series.unit]
    count = round((_middle(on, PeriodUnit("day")) - series.starts[-1]).days // length)
    first = _middle(series.starts[-1], series.unit)
    return [first + timedelta(days=round(length * step)) for step in range(1, count + 1)]


def _total_for(run_length: float) -> float:
    """Return the one-sided sum that pure noise reaches once in so many periods (Siegmund)."""
    low, high = 0.0, 50.0
    for _ in range(100):
        middle = (low + high) / 2
        reach = 2 * _LEAN * (middle + _OVERSHOOT)
        length = (np.exp(reach) - reach - 1) / (2 * _LEAN**2)
        low, high = (middle, high) if length < run_length else (low, middle)
    return (low + high) / 2
