"""CSV, TSV and other delimited texts: detected on their first lines, read once, numbered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tenure.activity.sources.dialects import (
    Dialect,
    detect_dialect,
    named_dialect,
    record_end,
    split_cells,
)
from tenure.activity.sources.encodings import UNDECODABLE
from tenure.activity.sources.layout import MAX_FOOTERS, Layout, find_layout, is_footer
from tenure.activity.sources.lines import BLANKS, CHUNK_BYTES, MAX_LINE_BYTES, LineStream
from tenure.activity.sources.numbering import NumberedCopy, Reject
from tenure.activity.sources.raw import (
    MAX_COLUMNS,
    SOURCE_ROW,
    RawSource,
    SourceOptions,
    empty_source,
    skipped_row,
    unique_headers,
)
from tenure.activity.sources.rejects import Rejects, fresh_name
from tenure.activity.sources.writing import NumberedWriter
from tenure.engine.duck import literal, quote
from tenure.kernel import Issue, OptionError, ProgressSink, Severity, SourceError

_SAMPLE_BYTES = 1 << 18
_SAMPLE_LINES = 500
_TAIL_BYTES = 1 << 16
_MAX_RECORD_BYTES = CHUNK_BYTES + MAX_LINE_BYTES + (1 << 20)
_MARK_TEXT = UNDECODABLE

_REASONS = {
    "undecodable": (
        "text in the file's encoding",
        "mend the bytes shown as \ufffd, or name the file's encoding with `--encoding`",
    ),
    "bad_quoting": (
        'every quote (") that opens a cell closed before the next delimiter',
        'close the quote, or double the quotes inside the cell ("")',
    ),
    "too_many_columns": (
        "as many cells as there are columns",
        "enclose cells that contain the delimiter in quotes",
    ),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How a delimited text is to be read, decided on its first lines.

    Parameters
    ----------
    dialect : how records are cut.
    columns : the names.
    header_row : physical line of the headers; None if there are none.
    first_line : physical line of the first record.
    preamble : line and text of each non-blank line above the headers.
    """

    dialect: Dialect
    columns: tuple[str, ...]
    header_row: int | None
    first_line: int
    preamble: tuple[tuple[int, str], ...]


def open_delimited(
    path: Path,
    name: str,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    options: SourceOptions,
    progress: ProgressSink,
) -> RawSource:
    """Read a delimited text once and return it as a relation.

    Raises
    ------
    SourceError : the file is empty, binary, or cannot be cut into at most 10,000 columns.
    OptionError : an option names no encoding, no delimiter, or a line that does not exist.
    """
    stream = LineStream(path, options.encoding, progress)
    pieces = stream.pieces()
    first = next((piece for piece in pieces if piece.strip(BLANKS)), None)
    if first is None:
        raise empty_source(name)
    plan = plan_reading(first, options, name)
    copy_path = scratch / f"{fresh_name('copy')}.csv"
    rejects, tail = Rejects(connection), Footers(plan)
    width = len(plan.columns)
    with (
        copy_path.open("wb") as file,
        NumberedWriter(file, plan.dialect.delimiter.encode()) as writer,
    ):
        copy = NumberedCopy(writer, plan.dialect, width, plan.first_line, _to(rejects, width))
        waiting = b""
        for piece, last in _body(first, pieces, plan):
            body = tail.cut(waiting + piece) if last else waiting + piece
            waiting = copy.add(body, last=last)
    relation = _view(connection, copy_path, plan, multiline=copy.multiline)
    return RawSource(
        name=name,
        path=str(path),
        relation=relation,
        columns=plan.columns,
        rows=copy.rows,
        encoding=stream.encoding,
        delimiter=plan.dialect.shown,
        sheet=None,
        header_row=plan.header_row,
        bytes=stream.bytes_read,
        content_sha256=stream.sha256,
        skipped=(
            *(skipped_row(name, n, text, "skipped_preamble") for n, text in plan.preamble),
            *(skipped_row(name, n, text, "skipped_footer") for n, text in tail.found(copy.line)),
        ),
        notes=_notes(name, stream),
        rejected=rejects.finish(),
        rejected_count=rejects.count,
    )


def plan_reading(first: bytes, options: SourceOptions, name: str) -> Plan:
    """Decide on the first lines of a text how it is to be read.

    Parameters
    ----------
    first : whole lines in UTF-8 from the start of the file.
    options : what a person said.
    name : the file's name, for errors.
    """
    sample = _sample(first)
    dialect = _dialect(sample, options)
    lines = _sample(dialect.prepare("".join(f"{line}\n" for line in sample).encode()))
    starts, rows = _records(lines, dialect)
    layout = _layout(starts, rows, options)
    after = layout.header + 1 if layout.header is not None else layout.body
    width = max(layout.width, _common_length(rows[after:]))
    if width > MAX_COLUMNS:
        raise SourceError(
            f"{name}: {width} columns",
            f"at most {MAX_COLUMNS}",
            "name the delimiter with `--delimiter`, or export one record per line",
        )
    above = layout.header if layout.header is not None else layout.body
    return Plan(
        dialect=dialect,
        columns=unique_headers(rows[above] if layout.header is not None else [], width),
        header_row=starts[above] if layout.header is not None else None,
        first_line=starts[after] if after < len(starts) else len(lines) + 1,
        preamble=tuple(
            (line, "\t".join(cells).replace(_MARK_TEXT, "\ufffd"))
            for line, cells in zip(starts[:above], rows[:above], strict=True)
            if any(cell.strip() for cell in cells)
        ),
    )


class Footers:
    """Cuts totals and remarks off the end of the last piece.

    Parameters
    ----------
    plan : how the text is read.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lines: list[str] = []

    def cut(self, piece: bytes) -> bytes:
        """Return the piece without its footers and the blank lines among them."""
        start = max(0, len(piece) - _TAIL_BYTES)
        start = piece.find(b"\n", start) + 1 if start else 0
        lines = piece[start:].decode().split("\n")[:-1]
        kept = end = len(lines)
        while end > 0 and len(lines) - end < MAX_FOOTERS:
            line = lines[end - 1]
            if line.count('"') % 2 or _MARK_TEXT in line:
                break
            if line.strip():
                if not is_footer(split_cells(line, self._plan.dialect), len(self._plan.columns)):
                    break
                kept = end - 1
            end -= 1
        self._lines = lines[kept:]
        return piece[: len(piece) - sum(len(line.encode()) + 1 for line in self._lines)]

    def found(self, first_line: int) -> list[tuple[int, str]]:
        """Return line number and text of each footer, given the line after the last record."""
        return [(first_line + i, line) for i, line in enumerate(self._lines) if line.strip()]


def _dialect(sample: list[str], options: SourceOptions) -> Dialect:
    filled = [line for line in sample if line.strip(BLANKS.decode())]
    if options.delimiter is not None:
        return named_dialect(options.delimiter, filled)
    hint = re.fullmatch(r'"?sep=(.)"?', filled[0]) if filled else None
    if hint is not None:
        return named_dialect(hint.group(1), filled[1:])
    return detect_dialect(filled)


def _sample(text: bytes) -> list[str]:
    """Return the first whole lines of a text: some hundreds, at most 256 KB, at least one."""
    end = len(text)
    if end > _SAMPLE_BYTES:
        end = text.rfind(b"\n", 0, _SAMPLE_BYTES) + 1 or text.index(b"\n") + 1
    return text[:end].decode().split("\n")[:-1][:_SAMPLE_LINES]


def _records(lines: list[str], dialect: Dialect) -> tuple[list[int], list[list[str]]]:
    """Return the physical line and the cells of each record of a sample, blank ones included."""
    starts: list[int] = []
    rows: list[list[str]] = []
    position = 0
    while position < len(lines):
        end = record_end(lines, position, dialect)
        starts.append(position + 1)
        rows.append(split_cells("\n".join(lines[position:end]), dialect))
        position = end
    return starts, rows


def _layout(starts: list[int], rows: list[list[str]], options: SourceOptions) -> Layout:
    if options.header_row is None:
        return find_layout(rows)
    found = find_layout(rows)
    if options.header_row == 0:
        return Layout(found.width, None, 0)
    if options.header_row not in starts:
        raise OptionError(
            f"header row {options.header_row}",
            f"one of the first {len(starts)} lines",
            "give the 1-based line of the headers, or 0 if there are none",
        )
    index = starts.index(options.header_row)
    return Layout(max(found.width, len(rows[index])), index, index + 1)


def _common_length(rows: list[list[str]]) -> int:
    counted = Counter(len(row) for row in rows if any(cell.strip() for cell in row))
    return max(counted, key=lambda n: (counted[n], n)) if counted else 1


def _body(first: bytes, rest: Iterator[bytes], plan: Plan) -> Iterator[tuple[bytes, bool]]:
    """Yield the pieces below the headers; the last two as one, so that no footer is cut."""
    position = 0
    for _ in range(plan.first_line - 1):
        position = first.index(b"\n", position) + 1
    held = first[position:]
    current = next(rest, None)
    while current is not None:
        following = next(rest, None)
        if following is None:
            held += current
        else:
            yield plan.dialect.prepare(held), False
            held = current
        current = following
    yield plan.dialect.prepare(held), True


def _to(rejects: Rejects, width: int) -> Reject:
    def reject(line: int, record: bytes, code: str) -> None:
        raw = record.decode().rstrip("\n").replace(_MARK_TEXT, "\ufffd")
        expected, remedy = _REASONS[code]
        if code == "too_many_columns":
            expected = f"at most {width} cells"
        rejects.add(line, raw, code, raw[:200], expected, remedy)

    return reject


def _view(connection: duckdb.DuckDBPyConnection, file: Path, plan: Plan, *, multiline: bool) -> str:
    """Name the copy's rows. Quoted line ends demand one thread of DuckDB's reader."""
    relation = fresh_name("source")
    width = len(plan.columns)
    types = ", ".join(["'c0': 'BIGINT'", *(f"'c{i}': 'VARCHAR'" for i in range(1, width + 1))])
    renamed = ", ".join(f"c{i} AS {quote(c)}" for i, c in enumerate(plan.columns, start=1))
    marks = "quote = '\"', escape = '\"'" if plan.dialect.quoted else "quote = '', escape = ''"
    connection.execute(
        f"CREATE TEMP VIEW {relation} AS SELECT {renamed}, c0 AS {SOURCE_ROW} FROM read_csv("
        f"{literal(str(file))}, auto_detect = false, header = false, columns = {{{types}}}, "
        f"delim = {literal(plan.dialect.delimiter)}, {marks}, new_line = '\\n', "
        f"null_padding = true, strict_mode = true, parallel = {str(not multiline).lower()}, "
        f"max_line_size = {_MAX_RECORD_BYTES}, buffer_size = {2 * _MAX_RECORD_BYTES})"
    )
    return relation


def _notes(name: str, stream: LineStream) -> tuple[Issue, ...]:
    if not stream.nul_count:
        return ()
    note = Issue(
        source=name,
        row=None,
        field=None,
        given=f"{stream.nul_count} NUL bytes",
        expected="text",
        remedy="nothing to do: they were left out; ask for a clean export if texts look torn",
        code="nul_bytes_removed",
        severity=Severity.WARNING,
    )
    return (note,)
