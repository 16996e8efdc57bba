r"""A numbered copy of a delimited text: every record begins with its physical line number.

DuckDB reads a file in parallel but cannot tell a record's line; `row_number() over ()` forces
one thread and is wrong after blank lines, rejected records and quoted line ends. A copy whose
first cell is the line makes numbers exact by construction and keeps all cores busy. While it
is written every record is judged: what reaches the copy is known to split into columns.

A stretch of text is proved clean by one of two tests in C: without quotes, deleting all but
delimiters and `\n` must leave the same line shape again and again; otherwise one regular
expression must match it. Only a record that stops the expression is looked at by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tenure.activity.sources.dialects import Dialect
from tenure.activity.sources.lines import MARK
from tenure.activity.sources.writing import NumberedWriter

MAX_QUOTED_BYTES = 1 << 16
"""A quoted cell with line ends may be this long; a longer one is a quote left open."""

Reject = Callable[[int, bytes, str], None]
"""Receives a rejected record: its line, its bytes, and the code of the reason."""


class NumberedCopy:
    """Writes the numbered copy piece by piece.

    Parameters
    ----------
    writer : writes the copy.
    dialect : how records are cut.
    width : count of columns; a record may have fewer, not more.
    first_line : physical line of the first record.
    reject : receives what does not split into columns.
    """

    def __init__(
        self, writer: NumberedWriter, dialect: Dialect, width: int, first_line: int, reject: Reject
    ) -> None:
        self.rows = 0
        self.multiline = False
        self._writer = writer
        self.line = first_line
        self._width = width
        self._reject = reject
        self._delimiter = dialect.delimiter.encode()
        self._quoted = dialect.quoted
        self._shape = self._delimiter * (width - 1) + b"\n"
        kept = self._delimiter + b"\n"
        self._dropped = bytes(sorted(set(range(256)) - set(kept)))
        self._blank = re.compile(rb"\n[ \t" + re.escape(self._delimiter) + rb"]*+\n")
        beside = rb"[^\n\x00" + re.escape(self._delimiter) + rb"]"
        # Both start with the rare byte itself, which the search skips to at memchr's speed.
        self._stray = re.compile(rb"\x00(?:" + beside + rb"|(?<=" + beside + rb"\x00))")
        self._run = _run_pattern(self._delimiter, width, dialect.quoted)
        self._record = _record_pattern(self._delimiter, dialect.quoted)
        self._cell = _cell_pattern(self._delimiter, dialect.quoted)

    def add(self, piece: bytes, *, last: bool) -> bytes:
        """Judge and write a piece of whole lines; return what must wait for the next piece.

        Parameters
        ----------
        piece : what `add` returned before, and more lines.
        last : True if nothing follows.
        """
        if self._is_rectangular(piece):
            self._write(piece)
            return b""
        position = 0
        while position < len(piece):
            end = self._clean_end(piece, position)
            if end > position:
                self._write(piece[position:end])
                position = end
                continue
            judged = self._judge(piece, position, last=last)
            if judged is None:
                return piece[position:]
            self.line += piece.count(b"\n", position, judged)
            position = judged
        return b""

    def _is_rectangular(self, piece: bytes) -> bool:
        if not piece.isascii() and MARK in piece:
            return False
        bare: bytes | None = piece
        if self._quoted and b'"' in piece:
            bare = _outside_quotes(piece, self._stray)
        if bare is None:
            return False
        shape = bare.translate(None, self._dropped)
        if shape != self._shape * (len(shape) // len(self._shape)):
            return False
        return not (
            self._blank.match(b"\n" + piece[:MAX_QUOTED_BYTES]) or self._blank.search(piece)
        )

    def _clean_end(self, piece: bytes, position: int) -> int:
        match = self._run.match(piece, position)
        return match.end() if match else position

    def _judge(self, piece: bytes, position: int, *, last: bool) -> int | None:
        """Deal with the one record at a position; return its end, or None to wait for more."""
        line_end = piece.index(b"\n", position) + 1
        line = piece[position:line_end]
        if not line.strip(self._delimiter + b" \t\n"):
            return line_end
        match = self._record.match(piece, position, line_end)
        if match is None and self._quoted:
            limit = position + MAX_QUOTED_BYTES
            match = self._record.match(piece, position, limit)
            if match is None and limit > len(piece) and not last:
                return None
            if match is not None and self._width_of(match.group()) != self._width:
                match = None
        if match is None:
            self._reject(self.line, line, "undecodable" if MARK in line else "bad_quoting")
            return line_end
        record = match.group()
        if MARK in record:
            self._reject(self.line, record, "undecodable")
        elif self._width_of(record) > self._width:
            self._reject(self.line, record, "too_many_columns")
        else:
            self.multiline |= record.count(b"\n") > 1
            self.rows += 1
            self._writer.write_record(record, self.line)
        return match.end()

    def _width_of(self, record: bytes) -> int:
        return sum(1 for _ in self._cell.finditer(record))

    def _write(self, run: bytes) -> None:
        """Write a run of clean records of one line each."""
        count = run.count(b"\n")
        self._writer.write_run(run, self.line, count)
        self.line += count
        self.rows += count


def _outside_quotes(piece: bytes, stray: re.Pattern[bytes]) -> bytes | None:
    """Return what stands outside quoted cells, or None unless every quote is where it should be.

    Cut at the quotes, every second part is inside. With NUL (a piece has none) for each
    part inside, runs of NUL are quoted cells: only delimiters and line ends may touch them.
    """
    parts = piece.split(b'"')
    outside = b"\0".join(parts[::2])
    if len(parts) % 2 == 0 or piece.count(b"\n") != outside.count(b"\n"):
        return None
    return None if stray.search(outside) else outside


def _cell(delimiter: bytes, *, quoted: bool, over_lines: bool) -> bytes:
    """Return the expression of one cell. It refuses bytes of `MARK`, unless over lines."""
    mark = re.escape(delimiter)
    barred = rb"" if over_lines else rb"\xf4"
    if not quoted:
        return rb"[^" + mark + rb"\n" + barred + rb"]*+"
    inside = rb'[^"]' if over_lines else rb'[^"\n' + barred + rb"]"
    bare = rb'[^"' + mark + rb"\n" + barred + rb"][^" + mark + rb"\n" + barred + rb"]*+"
    return rb'(?:"(?:' + inside + rb'++|"")*+"|' + bare + rb"|)"


def _run_pattern(delimiter: bytes, width: int, quoted: bool) -> re.Pattern[bytes]:
    """Match the longest run of records of one line each, none blank, none too wide."""
    cell = _cell(delimiter, quoted=quoted, over_lines=False)
    mark = re.escape(delimiter)
    more = b"%d" % (width - 1)
    record = cell + rb"(?:" + mark + cell + rb"){0," + more + rb"}+\n"
    return re.compile(rb"(?:(?![ \t" + mark + rb"]*+\n)" + record + rb")*+")


def _record_pattern(delimiter: bytes, quoted: bool) -> re.Pattern[bytes]:
    """Match one record of any width, line ends in quoted cells included."""
    cell = _cell(delimiter, quoted=quoted, over_lines=True)
    return re.compile(cell + rb"(?:" + re.escape(delimiter) + cell + rb")*+\n")


def _cell_pattern(delimiter: bytes, quoted: bool) -> re.Pattern[bytes]:
    """Match each cell of a well-formed record with the delimiter or line end after it."""
    cell = _cell(delimiter, quoted=quoted, over_lines=True)
    return re.compile(cell + rb"[" + re.escape(delimiter) + rb"\n]")
