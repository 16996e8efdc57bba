"""Parquet files: every column as text, instants in ISO form."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from tenure.activity.sources.raw import SOURCE_ROW, RawSource, unique_headers
from tenure.activity.sources.rejects import fresh_name
from tenure.engine.duck import literal, quote
from tenure.kernel import Progress, ProgressSink, SourceError

_CHUNK_BYTES = 8 << 20
_NESTED = ("STRUCT", "MAP", "UNION", "VARIANT")


def open_parquet(
    path: Path, name: str, connection: duckdb.DuckDBPyConnection, progress: ProgressSink
) -> RawSource:
    """Return a Parquet file as a relation of texts; `source_row` is the record's number.

    Raises
    ------
    SourceError : the file has no columns.
    duckdb.Error : the file is damaged.
    """
    reader = f"read_parquet({literal(str(path))})"
    fields = connection.execute(f"DESCRIBE FROM {reader}").fetchall()
    if not fields:
        raise SourceError(f"{name}: no columns", "a table", "export the data again")
    columns = unique_headers([str(field[0]) for field in fields], len(fields))
    texts = ", ".join(
        f"{as_text(quote(str(field[0])), str(field[1]))} AS {quote(column)}"
        for field, column in zip(fields, columns, strict=True)
    )
    number, numbered = "file_row_number + 1", reader[:-1] + ", file_row_number = true)"
    if any(str(field[0]).lower() == "file_row_number" for field in fields):
        number, numbered = "row_number() OVER ()", reader
    relation = fresh_name("source")
    connection.execute(
        f"CREATE TEMP VIEW {relation} AS SELECT {texts}, "
        f"CAST({number} AS BIGINT) AS {SOURCE_ROW} FROM {numbered}"
    )
    counted = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return RawSource(
        name=name,
        path=str(path),
        relation=relation,
        columns=columns,
        rows=int(counted[0]) if counted else 0,
        encoding=None,
        delimiter=None,
        sheet=None,
        header_row=None,
        bytes=path.stat().st_size,
        content_sha256=file_sha256(path, progress),
    )


def as_text(column: str, kind: str) -> str:
    """Return SQL that turns a column of a DuckDB type into text; instants in ISO form.

    Parameters
    ----------
    column : the quoted column.
    kind : DuckDB's name of its type.
    """
    if kind == "VARCHAR":
        return column
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"CAST(timezone('UTC', {column}) AS VARCHAR) || 'Z'"
    if kind == "BLOB":
        return f"coalesce(try(decode({column})), CAST({column} AS VARCHAR))"
    if kind.startswith(_NESTED) or kind.endswith("]"):
        return f"CAST(to_json({column}) AS VARCHAR)"
    return f"CAST({column} AS VARCHAR)"


def file_sha256(path: Path, progress: ProgressSink) -> str:
    """Return the SHA-256 of a file's bytes in hex, read in pieces."""
    digest = hashlib.sha256()
    total, done = path.stat().st_size, 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            progress(Progress("reading", done, total, "bytes"))
    return digest.hexdigest()
