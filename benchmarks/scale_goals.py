"""The goals of the scale benchmark: ratios, so that they hold on any machine, and one peak."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.scale_results import Measured, Size
from benchmarks.works import KEPT, PANDAS, POLARS, SQL, SQL_KEPT, TENURE, WORKS

SCAN_LIMITS = {"cohorts": 4.0, "lifecycle": 4.0, "rfm": 5.0, "purchases": 11.0, "snapshot": 17.0}
"""CPU of a work over CPU of the scan of the same files."""

PEAK_LIMIT_MB = 1536.0
COMPILED_LIMIT = 1.1
PANDAS_LIMIT = 5.0
POLARS_LIMIT = 4.0
REFRESH_LIMIT = 1 / 15
SLOPE_LIMIT = 1.05


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal and how it stands.

    Parameters
    ----------
    what : what is measured.
    rows : at which size; None over all of them.
    measured : the ratio (or MB).
    limit : the goal.
    at_least : whether the goal is reached from below.
    """

    what: str
    rows: int | None
    measured: float
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it is reached."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    @property
    def verdict(self) -> str:
        """Return `met`, or by how much it is missed."""
        if self.is_met:
            return "met"
        off = abs(self.measured / self.limit - 1)
        return f"missed by {off:.0%}"


def goals(sizes: Sequence[Size]) -> list[Goal]:
    """Return every goal that the results can tell of."""
    found = [goal for size in sizes for goal in (*_by_scan(size), *_by_peers(size), *_other(size))]
    return found + list(_slopes(sizes))


def lines(found: Sequence[Goal]) -> list[str]:
    """Return the goals as lines for a terminal."""
    head = f"\n{'goal':<58}{'rows':>12}{'measured':>10}{'goal':>12}"
    return [head] + [
        f"{goal.what:<58}{f'{goal.rows:,}' if goal.rows else 'all':>12}{goal.measured:>10.3g}"
        f"{('>= ' if goal.at_least else '<= ') + f'{goal.limit:.3g}':>12}  {goal.verdict}"
        for goal in found
    ]


def _by_scan(size: Size) -> Iterator[Goal]:
    for peer in (TENURE, KEPT):
        for work, limit in SCAN_LIMITS.items():
            each = size.of(peer, work)
            if each is not None:
                ratio = each.cpu_seconds / size.scan.cpu_seconds
                yield Goal(f"{work}, {peer}: CPU over the scan's", size.rows, ratio, limit)


def _by_peers(size: Size) -> Iterator[Goal]:
    for peer, by_hand in ((TENURE, SQL), (KEPT, SQL_KEPT)):
        for work in WORKS:
            ours, theirs = size.of(peer, work), size.of(by_hand, work)
            if ours and theirs:
                ratio = ours.cpu_seconds / theirs.cpu_seconds
                yield Goal(
                    f"{work}, {peer}: CPU over SQL by hand", size.rows, ratio, COMPILED_LIMIT
                )
    for peer in (TENURE, KEPT):
        pairs = _pairs(size, peer, PANDAS)
        if pairs:
            faster = sum(theirs.seconds for _, theirs in pairs) / sum(o.seconds for o, _ in pairs)
            yield Goal(
                f"five works, {peer}: pandas' wall time over ours",
                size.rows, faster, PANDAS_LIMIT, at_least=True,
            )  # fmt: skip
        pairs = _pairs(size, peer, POLARS)
        if pairs:
            won = sum(ours.seconds < theirs.seconds for ours, theirs in pairs)
            yield Goal(
                f"works of five, {peer}: sooner than Polars",
                size.rows, won, POLARS_LIMIT, at_least=True,
            )  # fmt: skip


def _pairs(size: Size, peer: str, rival: str) -> list[tuple[Measured, Measured]]:
    """Return both results of every work; none unless all five were measured."""
    pairs = [(size.of(peer, work), size.of(rival, work)) for work in WORKS]
    known = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
    return known if len(known) == len(WORKS) else []


def _other(size: Size) -> Iterator[Goal]:
    for peer in (TENURE, KEPT):
        peaks = [each.peak_mb for work in WORKS if (each := size.of(peer, work))]
        if peaks:
            yield Goal(
                f"largest peak of the five, {peer}, MB", size.rows, max(peaks), PEAK_LIMIT_MB
            )
    full, more = (size.of(TENURE, name) for name in ("refresh, full", "refresh, one day more"))
    if full and more:
        ratio = more.cpu_seconds / full.cpu_seconds
        yield Goal("refresh by one day: CPU over a full one", size.rows, ratio, REFRESH_LIMIT)


def _slopes(sizes: Sequence[Size]) -> Iterator[Goal]:
    """Yield the slope of log CPU against log rows for each work at two sizes or more."""
    for peer in (TENURE, KEPT):
        for work in WORKS:
            found = [(s.rows, each.cpu_seconds) for s in sizes if (each := s.of(peer, work))]
            if len({rows for rows, _ in found}) > 1:
                yield Goal(f"{work}, {peer}: slope of CPU", None, slope(found), SLOPE_LIMIT)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the least-squares slope of log y against log x."""
    xs, ys = ([math.log(point[axis]) for point in points] for axis in (0, 1))
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    rise = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    return rise / sum((x - x_mean) ** 2 for x in xs)
