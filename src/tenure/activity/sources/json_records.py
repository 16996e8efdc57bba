"""JSON Lines, and one JSON array of records: keys become columns, nested values stay JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from tenure.activity.sources.encodings import UNDECODABLE
from tenure.activity.sources.lines import BLANKS, CHUNK_BYTES, MARK, MAX_LINE_BYTES, LineStream
from tenure.activity.sources.raw import (
    MAX_COLUMNS,
    SOURCE_ROW,
    RawSource,
    SourceOptions,
    empty_source,
    unique_headers,
)
from tenure.activity.sources.rejects import Rejects, fresh_name
from tenure.activity.sources.writing import NumberedWriter
from tenure.engine.duck import literal, quote
from tenure.kernel import ProgressSink, SourceError

_MAX_ARRAY_BYTES = 256 << 20
_MAX_RECORD_BYTES = CHUNK_BYTES + MAX_LINE_BYTES + (1 << 20)
_UNIT = "\x1f"
"""Stands between number and record; JSON forbids it unescaped."""

_IS_OBJECT = "(CASE WHEN json_valid(j) THEN json_type(j) ELSE '' END = 'OBJECT')"
_EXPECTED = "one JSON object on the line"
_REMEDY = "mend the line so that it is one whole object, or take it out"
_BLANKS = re.compile(r"[ \t\r\n]*")


def open_json(
    path: Path,
    name: str,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    options: SourceOptions,
    progress: ProgressSink,
) -> RawSource:
    """Read JSON Lines or one array of objects once and return it as a relation.

    `source_row` is the line on which a record starts (its place in an array whose elements
    share lines). A line that is no JSON object is rejected.

    Raises
    ------
    SourceError : the file is empty, binary, or holds no object at all.
    """
    stream = LineStream(path, options.encoding, progress)
    pieces = stream.pieces()
    first = next((piece for piece in pieces if piece.strip(BLANKS)), None)
    if first is None:
        raise empty_source(name)
    rejects = Rejects(connection)
    copy = scratch / f"{fresh_name('copy')}.json"
    with copy.open("wb") as file, NumberedWriter(file, _UNIT.encode()) as writer:
        if first.lstrip().startswith(b"["):
            _write_array(_whole(first, pieces, name), name, writer, rejects)
        else:
            _write_lines(first, pieces, writer, rejects)
    records = _name_records(connection, copy)
    keys = _split_records(connection, records, rejects, name)
    columns = unique_headers(keys, len(keys))
    relation, rows = _view(connection, records, keys, columns)
    if not rows or not columns:
        raise SourceError(
            f"{name}: no JSON object on any of {rejects.count} lines",
            'one object per line, such as {"customer": "17", "date": "2026-01-31"}',
            "export the data as JSON Lines or as one array of objects",
        )
    return RawSource(
        name=name,
        path=str(path),
        relation=relation,
        columns=columns,
        rows=rows,
        encoding=stream.encoding,
        delimiter=None,
        sheet=None,
        header_row=None,
        bytes=stream.bytes_read,
        content_sha256=stream.sha256,
        rejected=rejects.finish(),
        rejected_count=rejects.count,
    )


def _write_lines(
    first: bytes, rest: Iterator[bytes], writer: NumberedWriter, rejects: Rejects
) -> None:
    """Copy the lines that may be objects; DuckDB judges them, all at once."""
    line, unit = 1, _UNIT.encode()
    piece: bytes | None = first
    while piece is not None:
        count = piece.count(b"\n")
        if unit in piece or MARK in piece or _has_blank_line(piece):
            _write_each(piece, line, writer, rejects)
        else:
            writer.write_run(piece, line, count)
        line += count
        piece = next(rest, None)


def _has_blank_line(piece: bytes) -> bool:
    return piece.startswith(b"\n") or re.search(rb"\n[ \t]*+\n", piece) is not None


def _write_each(piece: bytes, first_line: int, writer: NumberedWriter, rejects: Rejects) -> None:
    for number, line in enumerate(piece.splitlines(keepends=True), start=first_line):
        if not line.strip(BLANKS):
            continue
        if MARK in line or _UNIT.encode() in line:
            _reject(rejects, number, line.decode())
        else:
            writer.write_record(line, number)


def _reject(rejects: Rejects, line: int, text: str) -> None:
    raw = text.rstrip("\n").replace(UNDECODABLE, "\ufffd")
    code = "undecodable" if UNDECODABLE in text else "bad_json"
    rejects.add(line, raw, code, raw[:200], _EXPECTED, _REMEDY)


def _whole(first: bytes, rest: Iterator[bytes], name: str) -> str:
    pieces, size = [first], len(first)
    for piece in rest:
        pieces.append(piece)
        size += len(piece)
        if size > _MAX_ARRAY_BYTES:
            raise SourceError(
                f"{name}: one JSON array of more than {_MAX_ARRAY_BYTES >> 20} MB",
                "JSON Lines, one object per line, which has no limit",
                "convert it, e.g. with `jq -c '.[]'`",
            )
    return b"".join(pieces).decode().rstrip()


def _write_array(text: str, name: str, writer: NumberedWriter, rejects: Rejects) -> None:
    """Copy each element of the array on a line of its own.

    It is numbered by the line it starts on, or by its place if elements share lines.
    """
    spans = list(_elements(text, name))
    lines, line, counted = [], 1, 0
    for start, _ in spans:
        line += text.count("\n", counted, start)
        counted = start
        lines.append(line)
    if len(set(lines)) < len(lines):
        lines = list(range(1, len(spans) + 1))
    for number, (start, end) in zip(lines, spans, strict=True):
        element = text[start:end]
        if UNDECODABLE in element:
            _reject(rejects, number, element)
        else:
            writer.write_record(element.replace("\n", " ").encode() + b"\n", number)


def _elements(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield where each element of the array starts and ends."""
    decoder = json.JSONDecoder(parse_int=str, parse_float=str)
    position = _after_blanks(text, text.index("[") + 1)
    while text[position : position + 1] != "]":
        try:
            _, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            raise _broken_array(text, position, name) from error
        yield position, end
        position = _after_blanks(text, end)
        if text[position : position + 1] == ",":
            position = _after_blanks(text, position + 1)
        elif text[position : position + 1] != "]":
            raise _broken_array(text, position, name)
    if _after_blanks(text, position + 1) < len(text):
        raise _broken_array(text, position + 1, name)


def _after_blanks(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    return match.end() if match else position


def _broken_array(text: str, position: int, name: str) -> SourceError:
    line = text.count("\n", 0, position) + 1
    return SourceError(
        f"{name}: a JSON array that breaks on line {line}: {text[position : position + 60]!r}",
        "one array of objects: [{...}, {...}]",
        "mend that line, or export the data as JSON Lines so that one bad line spoils no other",
    )


def _name_records(connection: duckdb.DuckDBPyConnection, copy: Path) -> str:
    relation = fresh_name("records")
    connection.execute(
        f"CREATE TEMP VIEW {relation} AS SELECT * FROM read_csv({literal(str(copy))}, "
        "auto_detect = false, header = false, columns = {'n': 'BIGINT', 'j': 'VARCHAR'}, "
        f"delim = '{_UNIT}', quote = '', escape = '', new_line = '\\n', "
        f"max_line_size = {_MAX_RECORD_BYTES}, buffer_size = {2 * _MAX_RECORD_BYTES})"
    )
    return relation


def _split_records(
    connection: duckdb.DuckDBPyConnection, records: str, rejects: Rejects, name: str
) -> list[str]:
    """Reject what is no object and return the keys of the others in order of appearance."""
    rejects.add_query(
        f"SELECT n, j, 'bad_json', left(j, 200), {literal(_EXPECTED)}, {literal(_REMEDY)} "
        f"FROM {records} WHERE NOT {_IS_OBJECT}"
    )
    found = connection.execute(
        "SELECT k, min(n) AS line, min(i) AS place FROM ("
        "SELECT n, unnest(json_keys(j)) AS k, unnest(range(len(json_keys(j)))) AS i "
        f"FROM {records} WHERE {_IS_OBJECT}) GROUP BY k ORDER BY line, place, k "
        f"LIMIT {MAX_COLUMNS + 1}"
    ).fetchall()
    if len(found) > MAX_COLUMNS:
        raise SourceError(
            f"{name}: more than {MAX_COLUMNS} different keys",
            f"objects that share at most {MAX_COLUMNS} keys",
            "put varying keys into a nested object; it is kept as JSON text",
        )
    return [str(row[0]) for row in found]


def _view(
    connection: duckdb.DuckDBPyConnection,
    records: str,
    keys: list[str],
    columns: tuple[str, ...],
) -> tuple[str, int]:
    relation = fresh_name("source")
    pointers = ", ".join(literal(_pointer(key)) for key in keys)
    cells = "".join(f"nullif(v[{i}], '') AS {quote(c)}, " for i, c in enumerate(columns, 1))
    values = f"json_extract_string(j, [{pointers}])" if keys else "NULL"
    connection.execute(
        f"CREATE TEMP VIEW {relation} AS SELECT {cells}n AS {SOURCE_ROW} FROM ("
        f"SELECT n, {values} AS v FROM {records} WHERE {_IS_OBJECT})"
    )
    counted = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return relation, int(counted[0]) if counted else 0


def _pointer(key: str) -> str:
    """Return the JSON pointer of a key (RFC 6901); unlike a path it can name any key."""
    return "/" + key.replace("~", "~0").replace("/", "~1")
