"""What every source becomes: a relation of texts with exact line numbers, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.kernel import Issue, Severity, SourceError

SOURCE_ROW = "source_row"
"""The column that holds a record's 1-based physical line, sheet row or record number."""

MAX_COLUMNS = 10_000
"""Wider records are a sign of a wrong delimiter, not of data."""


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What a person says about a source instead of leaving it to detection.

    Parameters
    ----------
    sheet : name of the one sheet to read from a workbook.
    delimiter : one character, or `" "` for runs of spaces.
    encoding : a name that Python knows, e.g. `gb18030`.
    header_row : 1-based line (sheet row) of the headers; 0 if there are none.
    query : SQL to read from a database URL, instead of a table.
    """

    sheet: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    header_row: int | None = None
    query: str | None = None


@dataclass(frozen=True, slots=True)
class RawSource:
    """One file, sheet or table, readable as texts inside a DuckDB connection.

    Parameters
    ----------
    name : file name, with `#sheet` for workbooks of several; `table` for databases.
    path : its path, or its URL without the password.
    relation : name of the view: `columns` as VARCHAR (an empty cell is null), then
        `source_row` BIGINT. It may be scanned any number of times, in parallel; its rows come
        in no promised order.
    columns : the headers as they stand, made unique; blank ones are named `column_N`.
    rows : exact count of rows in `relation`.
    encoding, delimiter, sheet : as detected or given; None where they do not apply.
    header_row : 1-based line of the headers; None if there are none.
    bytes : size of the file; None for databases.
    content_sha256 : hex digest of the content (of a `.gz`, of what is inside).
    skipped : one issue per non-blank line above the headers and per footer.
    notes : issues that concern the whole source and count no row.
    rejected : name of a table (`source_row`, `raw`, `code`, `given`, `expected`, `remedy`)
        of records that could not be split into columns; None if there are none.
    rejected_count : count of its rows.
    """

    name: str
    path: str
    relation: str
    columns: tuple[str, ...]
    rows: int
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    header_row: int | None
    bytes: int | None
    content_sha256: str
    skipped: tuple[Issue, ...] = ()
    notes: tuple[Issue, ...] = ()
    rejected: str | None = None
    rejected_count: int = 0

    @property
    def rows_read(self) -> int:
        """Every record of the source: in the relation, rejected, or listed as skipped."""
        return self.rows + self.rejected_count + len(self.skipped)


def unique_headers(cells: Sequence[str | None], width: int) -> tuple[str, ...]:
    """Return `width` column names: headers as they stand, blank ones named, repeats numbered.

    Names are unique without regard to case, as SQL demands, and none is `source_row`.
    """
    taken = {SOURCE_ROW}
    names: list[str] = []
    for position in range(width):
        cell = cells[position] if position < len(cells) else None
        wanted = " ".join((cell or "").split()) or f"column_{position + 1}"
        name, copy = wanted, 1
        while name.lower() in taken:
            copy += 1
            name = f"{wanted}_{copy}"
        taken.add(name.lower())
        names.append(name)
    return tuple(names)


def skipped_row(source: str, row: int, text: str, code: str) -> Issue:
    """Return the issue that lists one row as skipped: `skipped_preamble` or `skipped_footer`."""
    place = "above the headers" if code == "skipped_preamble" else "below the last record"
    return Issue(
        source=source,
        row=row,
        field=None,
        given=text[:200],
        expected="a record",
        remedy=f"nothing to do if this line {place} is no record; else put it among them",
        code=code,
        severity=Severity.NOTE,
    )


def empty_source(name: str) -> SourceError:
    """Return the error for a source without a single row."""
    return SourceError(
        f"{name}: no rows at all",
        "at least a row of headers",
        "check that the export succeeded and export again",
    )
