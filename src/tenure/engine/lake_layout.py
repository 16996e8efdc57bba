"""How a table's rows lie in its files: customer ranges from Parquet footers, and cuts by them.

Compaction writes files whose customers do not overlap, sorted inside. Work on such a table can
go range by range: each part reads few files and needs little memory, whatever the table's size.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from tenure.engine.duck import literal, quote

LAYOUT_KEY = "tenure_layout"
"""Parquet metadata key of the text that says how a compacted file was laid out."""

_BEGUN_INSIDE_MAX = 4
"""Row groups that may begin within one of a well laid out table, itself among them."""

RANGE_COLUMN = "customer_id"
"""The column by whose ranges tables are cut."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows of one row group and its lowest and highest customer; None where not known."""

    rows: int
    low: str | None
    high: str | None


@dataclass(frozen=True, slots=True)
class FileSpan:
    """What one file's footer says.

    Parameters
    ----------
    path : the file.
    groups : its row groups, in order.
    layout : how compaction laid it out; None if it did not.
    """

    path: Path
    groups: tuple[RowGroup, ...]
    layout: str | None

    @property
    def rows(self) -> int:
        """Rows of the file."""
        return sum(group.rows for group in self.groups)

    @property
    def low(self) -> str | None:
        """The lowest customer; None if not known."""
        return _extreme([group.low for group in self.groups], lowest=True)

    @property
    def high(self) -> str | None:
        """The highest customer; None if not known."""
        return _extreme([group.high for group in self.groups], lowest=False)


@dataclass(frozen=True, slots=True)
class CustomerRange:
    """The customers from `low` up to but not including `high`; None leaves an end open."""

    low: str | None = None
    high: str | None = None

    def condition(self) -> str:
        """Return SQL that holds for the rows of the range; unknown customers are in the first."""
        column = quote(RANGE_COLUMN)
        parts = []
        if self.low is not None:
            parts.append(f"{column} >= {literal(self.low)}")
        if self.high is not None:
            below = f"{column} < {literal(self.high)}"
            parts.append(below if self.low is not None else f"({below} OR {column} IS NULL)")
        return " AND ".join(parts) or "true"

    def meets(self, span: FileSpan) -> bool:
        """Tell whether a file can hold rows of the range."""
        if not span.rows:
            return False
        low, high = span.low, span.high
        if low is None or high is None:
            return True
        after = self.low is not None and high < self.low
        before = self.high is not None and low >= self.high
        return not (after or before)


def read_span(path: Path) -> FileSpan:
    """Return what a Parquet file's footer says of its customers."""
    metadata = pq.read_metadata(path)
    index = metadata.schema.names.index(RANGE_COLUMN)
    groups = []
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        statistics = group.column(index).statistics
        known = statistics is not None and statistics.has_min_max
        low, high = (statistics.min, statistics.max) if known else (None, None)
        groups.append(RowGroup(group.num_rows, low, high))
    return FileSpan(path, tuple(groups), layout_of(path))


def layout_of(path: Path) -> str | None:
    """Return how compaction laid a file out; None if it did not."""
    found = (pq.read_metadata(path).metadata or {}).get(LAYOUT_KEY.encode())
    return found.decode() if found is not None else None


def scattered(spans: Sequence[FileSpan], layout: str) -> list[FileSpan]:
    """Return the files that do not follow a layout, those that overlap others among them."""
    strangers = [span for span in spans if span.layout != layout]
    tidy = sorted((s for s in spans if s.layout == layout and s.rows), key=lambda s: s.low or "")
    return strangers + [
        later
        for earlier, later in itertools.pairwise(tidy)
        if earlier.high is None or later.low is None or later.low <= earlier.high
    ]


def loose_rows(spans: Sequence[FileSpan]) -> int:
    """Return how many rows lie in row groups whose customers lie in many others too.

    Work by customer ranges reads such row groups again for each range.
    """
    groups = [group for span in spans for group in span.groups if group.rows]
    lows = sorted(group.low for group in groups if group.low is not None)
    loose = 0
    for group in groups:
        if group.low is None or group.high is None:
            loose += group.rows
            continue
        begun_inside = _position(lows, group.high) - bisect.bisect_left(lows, group.low)
        if begun_inside > _BEGUN_INSIDE_MAX:
            loose += group.rows
    return loose


def cut(spans: Sequence[FileSpan], rows: int) -> list[CustomerRange]:
    """Cut a table into customer ranges of about so many rows.

    Row groups whose customers lie close together say where to cut; wide ones, of files not
    laid out yet, are taken to be spread over all ranges.

    Parameters
    ----------
    spans : the table's files.
    rows : rows wanted in each range; a customer is never cut in two.
    """
    groups = [group for span in spans for group in span.groups if group.rows]
    total = sum(group.rows for group in groups)
    count = -(-total // rows)
    known = [(g.low, g.high, g.rows) for g in groups if g.low is not None and g.high is not None]
    narrow = _narrow(known) or known
    if count < 2 or not narrow:
        return [CustomerRange()]
    share = sum(weight for _, _, weight in narrow) / count
    bounds = [min(low for low, _, _ in narrow)]
    before = 0.0
    for low, _, weight in sorted(narrow):
        if before >= share * len(bounds) and low > bounds[-1]:
            bounds.append(low)
        before += weight
    return ranges_between(bounds[1:])


def ranges_between(bounds: Sequence[str]) -> list[CustomerRange]:
    """Return the ranges that sorted, distinct bounds cut all customers into."""
    ends: list[str | None] = [None, *bounds, None]
    return [CustomerRange(low, high) for low, high in itertools.pairwise(ends)]


def _narrow(groups: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """Return the row groups that reach over few others' first customers."""
    lows = sorted(low for low, _, _ in groups)
    reach = max(2, len(lows) // 10)
    return [
        (low, high, rows)
        for low, high, rows in groups
        if _position(lows, high) - _position(lows, low) <= reach
    ]


def _position(values: list[str], wanted: str) -> int:
    return bisect.bisect_right(values, wanted)


def _extreme(values: list[str | None], *, lowest: bool) -> str | None:
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return min(known) if lowest else max(known)
