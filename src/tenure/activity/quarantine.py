"""Rows that were not accepted: kept whole, each with what is wrong, ready to be mended."""

from __future__ import annotations

import csv
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from tenure.activity.contract import Mapping
from tenure.activity.import_results import ISSUES_SHOWN_MAX
from tenure.activity.reading import FAULTS
from tenure.activity.sources import RawSource
from tenure.engine.duck import literal, quote
from tenure.kernel import Issue
from tenure.kernel.cells import INERT, inert_cell

PREFIX = "tenure_"
"""Columns of the quarantine file that Tenure adds and ignores when it is imported again."""

_ADDED = ("line", "code", "field", "given", "expected", "to_do", "raw")
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What was quarantined: the file (None if every row was good), first issues, row count."""

    path: Path | None
    issues: tuple[Issue, ...]
    rows: int


def write_quarantine(
    connection: duckdb.DuckDBPyConnection,
    source: RawSource,
    mapping: Mapping,
    folder: Path,
    import_id: str,
) -> Quarantine:
    """Write the rows of the table `faults` and those that could not be split.

    Parameters
    ----------
    connection : the import's connection, with the table `faults`.
    source : the raw source.
    mapping : its reading.
    folder : the workspace's quarantine.
    import_id : names the file.
    """
    rows = _faulty_rows(connection, source, mapping)
    first = next(rows, None)
    if first is None:
        return Quarantine(None, (), 0)
    path = folder / f"{import_id}.csv"
    draft = path.with_suffix(".csv.part")
    issues: list[Issue] = []
    count = 0
    with draft.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*map(inert_cell, source.columns), *(PREFIX + name for name in _ADDED)])
        for cells, issue, raw in _chain(first, rows):
            writer.writerow([*map(inert_cell, (*cells, *_added_cells(issue, raw)))])
            count += 1
            if len(issues) < ISSUES_SHOWN_MAX:
                issues.append(issue)
    draft.replace(path)
    return Quarantine(path, tuple(issues), count)


def without_added(connection: duckdb.DuckDBPyConnection, source: RawSource) -> RawSource:
    """Return a mended quarantine file as the source it came from; any other as it is.

    The columns that `write_quarantine` added are left out, and cells made inert are restored.
    """
    own = tuple(name for name in source.columns if not name.startswith(PREFIX))
    if len(source.columns) - len(own) != len(_ADDED):
        return source
    relation = f"{source.relation}_mended"
    cells = ", ".join(
        f"CASE WHEN regexp_matches({quote(name)}, {literal(INERT)}) "
        f"THEN substr({quote(name)}, 2) ELSE {quote(name)} END AS {quote(name)}"
        for name in own
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {quote(relation)} AS "
        f"SELECT {cells}, source_row FROM {quote(source.relation)}"
    )
    return replace(source, relation=relation, columns=own)


def erase_quarantined(folder: Path, customer_id: str) -> int:
    """Delete the rows that name a customer from all quarantine files; return how many."""
    pattern = naming_pattern(customer_id)
    csv.field_size_limit(sys.maxsize)  # a record cut at the wrong quote can be one huge cell
    count = 0
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = list(csv.reader(file))
        kept = [row for row in rows if not any(_names(pattern, cell) for cell in row)]
        if len(kept) == len(rows):
            continue
        draft = path.with_suffix(".csv.part")
        with draft.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([header, *kept])
        draft.replace(path)
        count += len(rows) - len(kept)
    return count


def naming_pattern(customer_id: str) -> re.Pattern[str]:
    """Return a pattern that finds an id, in any case, as a word of its own, not inside another."""
    return re.compile(rf"(?<![\w.-]){re.escape(customer_id)}(?![\w-])", re.IGNORECASE)


def _names(pattern: re.Pattern[str], cell: str) -> bool:
    # Quarantined rows stand as they were written: full-width, in capitals, padded.
    return pattern.search(unicodedata.normalize("NFKC", cell)) is not None


_Row = tuple[tuple[str, ...], Issue, str]


def _chain(first: _Row, rest: Iterator[_Row]) -> Iterator[_Row]:
    yield first
    yield from rest


def _added_cells(issue: Issue, raw: str) -> tuple[str, ...]:
    return (
        str(issue.row),
        issue.code,
        issue.field or "",
        issue.given,
        issue.expected,
        issue.remedy,
        raw,
    )


def _faulty_rows(
    connection: duckdb.DuckDBPyConnection, source: RawSource, mapping: Mapping
) -> Iterator[_Row]:
    columns = ", ".join(f"raw.{quote(name)}" for name in source.columns)
    faults = connection.execute(
        f"SELECT s.source_row, s.fault_code, s.fault_field, s.fault_given, {columns} "
        f"FROM faults AS s JOIN {quote(source.relation)} AS raw ON raw.source_row = s.source_row "
        "ORDER BY s.source_row"
    )
    while batch := faults.fetchmany(_BATCH):
        for row, code, field, given, *cells in batch:
            issue = _fault_issue(source.name, int(row), code, field, given, mapping)
            yield tuple("" if cell is None else str(cell) for cell in cells), issue, ""
    if source.rejected is None:
        return
    rejects = connection.execute(
        "SELECT source_row, raw, code, given, expected, remedy FROM "
        f"{quote(source.rejected)} ORDER BY source_row"
    )
    while batch := rejects.fetchmany(_BATCH):
        for row, raw, code, given, expected, remedy in batch:
            issue = Issue(source.name, int(row), None, given, expected, remedy, code)
            yield ("",) * len(source.columns), issue, raw or ""


def _fault_issue(
    name: str, row: int, code: str, field: str | None, given: str | None, mapping: Mapping
) -> Issue:
    fault = FAULTS[code]
    column = next((c for c in mapping.columns if c.column == field), None)
    patterns = ", ".join(column.format.patterns) if column is not None else ""
    expected = f"{fault.expected} ({patterns})" if code == "bad_time" else fault.expected
    return Issue(name, row, field, given or "(empty)", expected, fault.remedy, code)
