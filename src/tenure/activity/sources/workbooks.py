"""Workbooks (XLSX, XLS, ODS): which sheets hold data, where the table lies, cells as texts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb
import python_calamine

from tenure.activity.sources.cells import cell_text
from tenure.activity.sources.layout import (
    MAX_FOOTERS,
    Cells,
    Layout,
    find_layout,
    is_blank,
    is_footer,
    used_width,
)
from tenure.activity.sources.parquet_files import file_sha256
from tenure.activity.sources.raw import (
    MAX_COLUMNS,
    RawSource,
    SourceOptions,
    empty_source,
    skipped_row,
    unique_headers,
)
from tenure.activity.sources.rejects import Rejects
from tenure.activity.sources.staging import TextStage
from tenure.kernel import (
    Issue,
    OptionError,
    Progress,
    ProgressSink,
    Severity,
    SourceError,
)

_SAMPLE_ROWS = 500
_PROGRESS_ROWS = 20_000
Row = tuple[int, list[str | None]]
"""A sheet row's number, 1-based, and its texts."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet and where its table lies.

    Parameters
    ----------
    name : as on its tab.
    height : count of rows.
    layout : found in its first rows; None if it is blank.
    filled : count of rows that are not blank among the first ones.
    """

    name: str
    height: int
    layout: Layout | None
    filled: int

    @property
    def looks_like_data(self) -> bool:
        """True if there are at least two columns, and a row below headers or three without."""
        if self.layout is None or self.layout.width < 2:
            return False
        needed = 3 if self.layout.header is None else self.layout.header + 1
        return self.filled >= min(needed, 3) and self.height > needed - 1


def open_workbook(
    path: Path,
    name: str,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    options: SourceOptions,
    progress: ProgressSink,
) -> Iterator[RawSource]:
    """Yield each sheet that looks like data, or the one sheet a person named.

    Raises
    ------
    SourceError : the workbook is damaged, locked by a password, or has no data.
    OptionError : there is no sheet of the given name.
    """
    digest = file_sha256(path, progress)
    with _opened(path, name) as book:
        sheets = [_look(book, sheet, options) for sheet in _visible(book, options, name)]
        chosen = _choose(sheets, options, name)
        notes = tuple(_left_out(name, s) for s in sheets if s not in chosen and s.filled)
        for sheet in chosen:
            raw = _read_sheet(book, sheet, name, connection, scratch, options, progress)
            one = len(chosen) == 1 and len(book.sheet_names) == 1
            yield replace(
                raw,
                name=name if one else raw.name,
                path=str(path),
                bytes=path.stat().st_size,
                content_sha256=digest,
                notes=notes,
            )
            notes = ()


def _opened(path: Path, name: str) -> python_calamine.CalamineWorkbook:
    try:
        return python_calamine.CalamineWorkbook.from_path(str(path))
    except python_calamine.PasswordError as error:
        raise SourceError(
            f"{name}: a workbook locked by a password",
            "a workbook that opens without one",
            "save a copy without the password",
        ) from error
    except BaseException as error:  # a panic of the reader is no `Exception`
        raise _damaged(error, name) from error


def _damaged(error: BaseException, name: str) -> BaseException:
    """Return what to raise for a fault inside the reader; its panics are no `Exception`."""
    known = isinstance(error, python_calamine.CalamineError | ValueError | OSError | OverflowError)
    if not known and type(error).__name__ != "PanicException":
        return error
    return SourceError(
        f"{name}: a damaged workbook ({error})",
        "a whole XLSX, XLS or ODS file",
        "open it in the program it came from and save it again, or save it as CSV",
    )


def _visible(
    book: python_calamine.CalamineWorkbook, options: SourceOptions, name: str
) -> list[str]:
    """Return the sheets to look at: the named one, or all that are visible worksheets."""
    if options.sheet is not None:
        wanted = options.sheet.strip().lower()
        found = [sheet for sheet in book.sheet_names if sheet.strip().lower() == wanted]
        if not found:
            raise OptionError(
                f"sheet {options.sheet!r}",
                f"one of {', '.join(book.sheet_names)} in {name}",
                "correct `--sheet`, or leave it out to take every sheet with data",
            )
        return found[:1]
    kinds = python_calamine.SheetTypeEnum, python_calamine.SheetVisibleEnum
    return [
        str(sheet.name)
        for sheet in book.sheets_metadata
        if sheet.typ == kinds[0].WorkSheet and sheet.visible == kinds[1].Visible
    ]


def _rows(book: python_calamine.CalamineWorkbook, sheet: str, name: str) -> Iterator[Row]:
    """Yield every row of a sheet, blank ones included."""
    try:
        for number, row in enumerate(book.get_sheet_by_name(sheet).iter_rows(), start=1):
            yield number, [cell_text(cell) for cell in row]
    except BaseException as error:  # a panic of the reader is no `Exception`
        raise _damaged(error, name) from error


def _look(book: python_calamine.CalamineWorkbook, sheet: str, options: SourceOptions) -> Sheet:
    rows = [cells for _, cells in islice(_rows(book, sheet, sheet), _SAMPLE_ROWS)]
    filled = sum(1 for cells in rows if not is_blank(cells))
    layout = _layout(rows, options) if filled else None
    return Sheet(sheet, book.get_sheet_by_name(sheet).total_height, layout, filled)


def _layout(rows: Sequence[Cells], options: SourceOptions) -> Layout:
    found = find_layout(rows)
    width = max(used_width(row) for row in rows[found.body :] or rows)
    width = max(width, found.width)
    if options.header_row is None:
        return replace(found, width=width)
    if options.header_row == 0:
        return Layout(width, None, 0)
    if options.header_row > len(rows):
        raise OptionError(
            f"header row {options.header_row}",
            f"one of the first {len(rows)} rows of the sheet",
            "give the 1-based row of the headers, or 0 if there are none",
        )
    return Layout(width, options.header_row - 1, options.header_row)


def _choose(sheets: list[Sheet], options: SourceOptions, name: str) -> list[Sheet]:
    filled = [sheet for sheet in sheets if sheet.layout is not None]
    if not filled:
        raise empty_source(name)
    if options.sheet is not None or len(filled) == 1:
        return filled
    chosen = [sheet for sheet in filled if sheet.looks_like_data]
    if not chosen:
        raise SourceError(
            f"{name}: {len(filled)} sheets, none of which looks like a table",
            "a sheet with a row of headers and records below",
            f"name the sheet with `--sheet`: {', '.join(sheet.name for sheet in filled)}",
        )
    return chosen


def _left_out(name: str, sheet: Sheet) -> Issue:
    return Issue(
        source=f"{name}#{sheet.name}",
        row=None,
        field=None,
        given=f"a sheet of {sheet.height} rows",
        expected="headers and records below them",
        remedy=f"nothing to do if it holds no data; else give `--sheet {sheet.name}`",
        code="skipped_sheet",
        severity=Severity.NOTE,
    )


def _read_sheet(
    book: python_calamine.CalamineWorkbook,
    sheet: Sheet,
    name: str,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    options: SourceOptions,
    progress: ProgressSink,
) -> RawSource:
    layout = sheet.layout or Layout(1, None, 0)
    if layout.width > MAX_COLUMNS:
        raise SourceError(f"{name}: {layout.width} columns", f"at most {MAX_COLUMNS}", "cut it")
    source = f"{name}#{sheet.name}"
    rows = _rows(book, sheet.name, name)
    above = list(islice(rows, layout.body))
    headers = above.pop(layout.header)[1] if layout.header is not None else []
    columns = unique_headers(headers, layout.width)
    rejects, held = Rejects(connection), deque[Row]()
    with TextStage(scratch, columns) as stage:
        for number, cells in rows:
            held.append((number, cells))
            if len(held) > MAX_FOOTERS:
                _keep(held.popleft(), layout.width, stage, rejects)
            if number % _PROGRESS_ROWS == 0:
                progress(Progress("reading", number, sheet.height, "rows"))
        footers = _footers(held, layout.width)
        for row in held:
            _keep(row, layout.width, stage, rejects)
    listed = [(row, "skipped_preamble") for row in above] + [(r, "skipped_footer") for r in footers]
    return RawSource(
        name=source,
        path="",
        relation=stage.view(connection),
        columns=columns,
        rows=stage.rows,
        encoding=None,
        delimiter=None,
        sheet=sheet.name,
        header_row=layout.header + 1 if layout.header is not None else None,
        bytes=None,
        content_sha256="",
        skipped=tuple(
            skipped_row(source, number, _shown(cells), code)
            for (number, cells), code in listed
            if not is_blank(cells)
        ),
        rejected=rejects.finish(),
        rejected_count=rejects.count,
    )


def _keep(row: Row, width: int, stage: TextStage, rejects: Rejects) -> None:
    number, cells = row
    if is_blank(cells):
        return
    if used_width(cells) > width:
        raw = _shown(cells)
        rejects.add(
            number,
            raw,
            "too_many_columns",
            raw[:200],
            f"at most {width} cells",
            "move what stands to the right of the table elsewhere, or give it a header",
        )
        return
    stage.add([*cells[:width], *[None] * (width - len(cells))], number)


def _footers(held: deque[Row], width: int) -> list[Row]:
    """Take the totals and remarks off the last rows and return them, first one first."""
    rows = list(held)
    end = kept = len(rows)
    while end and (is_blank(rows[end - 1][1]) or is_footer(rows[end - 1][1], width)):
        end -= 1
        if not is_blank(rows[end][1]):
            kept = end
    held.clear()
    held.extend(rows[:kept])
    return rows[kept:]


def _shown(cells: Cells) -> str:
    return "\t".join(cell or "" for cell in cells).rstrip("\t")
