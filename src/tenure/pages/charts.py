"""Geometry of the report's charts: numbers in, percentages of the plot's box out.

The plot is an SVG that stretches with the page (`preserveAspectRatio="none"`, strokes that do
not scale); all its words are HTML beside it, so that they stay readable at 390 px.
Coordinates run 0..100 from the top left corner.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Write = Callable[[float], str]
"""Writes a value of the axis as text."""

_MOST_LABELS = 12


@dataclass(frozen=True, slots=True)
class Tick:
    """One label of an axis: its place (0..100), its text, and whether a phone shows it too."""

    place: float
    text: str
    on_phone: bool = True


@dataclass(frozen=True, slots=True)
class Mark:
    """A named point of a chart with its value as text."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its key in the catalogue, its path, its dots."""

    key: str
    path: str
    dots: tuple[str, ...] = ()
    end: Mark | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle and the class that colours it."""

    key: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot ready to be drawn.

    Parameters
    ----------
    x_ticks, y_ticks : labels of the axes; a y tick also draws a line across.
    series : lines, drawn in order.
    bands : paths of filled areas (intervals), drawn first.
    bars : rectangles.
    marks : named points.
    zero : place of the zero line, if the plot has negative values.
    """

    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    series: tuple[Series, ...] = ()
    bands: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()
    zero: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Values of one line, None where not known; `low` and `high` make its band."""

    key: str
    values: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


def line_chart(
    labels: Sequence[str], lines: Sequence[Line], write: Write, write_end: Write
) -> Chart:
    """Return lines over equal steps, each with its band if it has one.

    Parameters
    ----------
    labels : text of each step.
    lines : values, one per label.
    write : writes a y value of the axis.
    write_end : writes the last value of a line.
    """
    known = [v for line in lines for v in (*line.values, *line.low, *line.high) if v is not None]
    ticks = nice_ticks(min(known), max(known))
    scale = _Scale(ticks[0], ticks[-1])
    places = [_step(i, len(labels)) for i in range(len(labels))]
    series = tuple(_series(line, places, scale, write_end) for line in lines)
    bands = tuple(_band(line, places, scale) for line in lines if line.low)
    return Chart(
        _x_ticks(labels, places),
        tuple(Tick(scale.place(t), write(t)) for t in ticks),
        series,
        bands=tuple(band for band in bands if band),
    )


def stacked_bars(
    labels: Sequence[str],
    above: Sequence[tuple[str, Sequence[float]]],
    below: Sequence[tuple[str, Sequence[float]]],
    write: Write,
) -> Chart:
    """Return bars stacked above zero and others hanging below it.

    Parameters
    ----------
    labels : text of each bar.
    above, below : key and values (0 or more, one per label), in stacking order.
    write : writes a y value.
    """
    top = max((sum(v[i] for _, v in above) for i in range(len(labels))), default=0)
    bottom = max((sum(v[i] for _, v in below) for i in range(len(labels))), default=0)
    ticks = nice_ticks(-bottom, top)
    scale = _Scale(ticks[0], ticks[-1])
    width = 100 / max(len(labels), 1)
    bars: list[Bar] = []
    for i in range(len(labels)):
        left = i * width + width * 0.14
        for stack, sign in ((above, 1.0), (below, -1.0)):
            height = 0.0
            for key, values in stack:
                start, height = height, height + values[i]
                ends = sorted((scale.place(sign * start), scale.place(sign * height)))
                bars.append(Bar(key, _r(left), ends[0], _r(width * 0.72), _r(ends[1] - ends[0])))
    places = [(i + 0.5) * width for i in range(len(labels))]
    return Chart(
        _x_ticks(labels, places),
        tuple(Tick(scale.place(t), write(abs(t))) for t in ticks),
        bars=tuple(bar for bar in bars if bar.height > 0),
        zero=scale.place(0),
    )


def step_curve(
    key: str,
    points: Sequence[tuple[float, float, float | None, float | None]],
    marks: Sequence[tuple[float, float, str]],
    write_x: Write,
    write_y: Write,
) -> Chart:
    """Return a curve that holds its value until the next point, with its band.

    Parameters
    ----------
    key : the line's key in the catalogue.
    points : x, y, low, high in order of x; the curve starts at 0, 0.
    marks : x, y and text of named points.
    write_x, write_y : write the axes' values.
    """
    x_ticks = nice_ticks(0, points[-1][0], count=8)
    right, scale = points[-1][0] or 1, _Scale(0, 1)
    steps = [(_r(x / right * 100), y, low, high) for x, y, low, high in points]
    path, height = "M0 100", 0.0
    for x, y, _, _ in steps:
        path += f"H{x}V{scale.place(y)}"
        height = y
    band = _step_band([s for s in steps if s[2] is not None and s[3] is not None], scale)
    return Chart(
        tuple(Tick(_r(t / right * 100), write_x(t)) for t in x_ticks if t <= right),
        tuple(Tick(scale.place(t), write_y(t)) for t in (0, 0.25, 0.5, 0.75, 1)),
        (Series(key, f"{path}H100", end=Mark(100, scale.place(height), write_y(height))),),
        bands=(band,) if band else (),
        marks=tuple(Mark(_r(x / right * 100), scale.place(y), text) for x, y, text in marks),
    )


_FLAT = 1e-9
"""Differences below this share of the values are none: an axis cannot show them."""


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round values from at or below `low` to at or above `high`, about `count` of them."""
    span = high - low
    if span <= _FLAT * max(abs(low), abs(high), 1.0):
        span = abs(high) if abs(high) > _FLAT else 1.0
    rough = span / max(count - 1, 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if first == last:
        last += 1
    return [round(i * step, 10) for i in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def place(self, value: float) -> float:
        return _r(100 - (value - self.low) / (self.high - self.low) * 100)


def _r(number: float) -> float:
    return round(number, 2)


def _step(index: int, count: int) -> float:
    return _r(100 * (index + 0.5) / count)


def _x_ticks(labels: Sequence[str], places: Sequence[float]) -> tuple[Tick, ...]:
    every = math.ceil(len(labels) / _MOST_LABELS)
    last = len(labels) - 1
    # Counting back from the end keeps the newest period labelled.
    return tuple(
        Tick(_r(place), label, (last - i) % (every * 3) == 0 if last > 3 else True)
        for i, (label, place) in enumerate(zip(labels, places, strict=True))
        if (last - i) % every == 0
    )


def _series(line: Line, places: Sequence[float], scale: _Scale, write: Write) -> Series:
    path, pen_down, dots = "", False, []
    end: Mark | None = None
    for x, value in zip(places, line.values, strict=True):
        if value is None:
            pen_down = False
            continue
        y = scale.place(value)
        path += f"{'L' if pen_down else 'M'}{x} {y}"
        dots.append(f"M{x} {y}h.01")
        pen_down, end = True, Mark(x, y, write(value))
    return Series(line.key, path, tuple(dots), end)


def _band(line: Line, places: Sequence[float], scale: _Scale) -> str:
    known = [
        (x, scale.place(low), scale.place(high))
        for x, low, high in zip(places, line.low, line.high, strict=True)
        if low is not None and high is not None
    ]
    if len(known) < 2:
        return ""
    top = "L".join(f"{x} {high}" for x, _, high in known)
    bottom = "L".join(f"{x} {low}" for x, low, _ in reversed(known))
    return f"M{top}L{bottom}Z"


def _step_band(
    steps: Sequence[tuple[float, float, float | None, float | None]], scale: _Scale
) -> str:
    if len(steps) < 2:
        return ""
    top = f"M{steps[0][0]} {scale.place(steps[0][3] or 0)}"
    for x, _, _, high in steps[1:]:
        top += f"H{x}V{scale.place(high or 0)}"
    bottom = ""
    for i in range(len(steps) - 1, 0, -1):
        bottom += f"V{scale.place(steps[i - 1][2] or 0)}H{steps[i - 1][0]}"
    return f"{top}{bottom}Z"
