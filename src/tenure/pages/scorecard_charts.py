"""Geometry of a scorecard's charts: points in, percentages of the plot's box out.

Drawn by the same macro as the report's charts; coordinates run 0..100 from the top left corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.pages.charts import Bar, Chart, Series, Tick, Write, nice_ticks

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Curve:
    """One line through points, with dots and a band if asked for.

    Parameters
    ----------
    key : its name.
    points : x and y, in order of x.
    dotted : whether each point is shown.
    low, high : the band's ends at the points; empty for none.
    """

    key: str
    points: Sequence[Point]
    dotted: bool = False
    low: Sequence[float] = ()
    high: Sequence[float] = ()


def plane(
    curves: Sequence[Curve], write_x: Write, write_y: Write, *, square: bool = False
) -> Chart:
    """Return curves over two axes of numbers that both begin at 0 or below.

    Parameters
    ----------
    curves : lines, drawn in order.
    write_x, write_y : write the axes' values.
    square : whether both axes have the same end, so that the diagonal means equality.
    """
    xs = [x for curve in curves for x, _ in curve.points]
    ys = [y for curve in curves for y in (*(y for _, y in curve.points), *curve.low, *curve.high)]
    right, top = max(xs, default=1.0), max(ys, default=1.0)
    if square:
        right = top = max(right, top)
    x_ticks, y_ticks = nice_ticks(0.0, right), nice_ticks(min(0.0, *ys, 0.0), top)
    if square:
        x_ticks = y_ticks
    across = _Axis(x_ticks[0], x_ticks[-1], upwards=False)
    up = _Axis(y_ticks[0], y_ticks[-1], upwards=True)
    bands = (_band(curve, across, up) for curve in curves if curve.low)
    return Chart(
        tuple(Tick(across(x), write_x(x), i % 2 == 0) for i, x in enumerate(x_ticks)),
        tuple(Tick(up(y), write_y(y)) for y in y_ticks),
        tuple(_series(curve, across, up) for curve in curves),
        bands=tuple(bands),
        zero=up(0.0) if y_ticks[0] < 0 else None,
    )


def pairs_of_bars(
    labels: Sequence[str],
    first: tuple[str, Sequence[float]],
    second: tuple[str, Sequence[float]],
    write: Write,
) -> Chart:
    """Return two bars side by side per label, above zero or below.

    Parameters
    ----------
    labels : text of each pair.
    first, second : key and values, one per label.
    write : writes a y value.
    """
    values = [*first[1], *second[1]]
    ticks = nice_ticks(min(0.0, *values, 0.0), max(0.0, *values, 0.0))
    up = _Axis(ticks[0], ticks[-1], upwards=True)
    width = 100 / max(len(labels), 1)
    bars = []
    for i in range(len(labels)):
        for place, (key, heights) in enumerate((first, second)):
            ends = sorted((up(0.0), up(heights[i])))
            left = (i + 0.12 + 0.38 * place) * width
            bars.append(Bar(key, _r(left), ends[0], _r(0.36 * width), _r(ends[1] - ends[0])))
    return Chart(
        tuple(Tick(_r((i + 0.5) * width), text) for i, text in enumerate(labels)),
        tuple(Tick(up(tick), write(tick)) for tick in ticks),
        bars=tuple(bar for bar in bars if bar.height > 0),
        zero=up(0.0),
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    upwards: bool

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) * 100
        return _r(100 - share if self.upwards else share)


def _r(number: float) -> float:
    return round(number, 2)


def _series(curve: Curve, across: _Axis, up: _Axis) -> Series:
    places = [(across(x), up(y)) for x, y in curve.points]
    path = "L".join(f"{x} {y}" for x, y in places)
    dots = tuple(f"M{x} {y}h.01" for x, y in places) if curve.dotted else ()
    return Series(curve.key, f"M{path}" if path else "", dots)


def _band(curve: Curve, across: _Axis, up: _Axis) -> str:
    xs = [across(x) for x, _ in curve.points]
    top = "L".join(f"{x} {up(y)}" for x, y in zip(xs, curve.high, strict=True))
    back = zip(reversed(xs), reversed(curve.low), strict=True)
    bottom = "L".join(f"{x} {up(y)}" for x, y in back)
    return f"M{top}L{bottom}Z"
