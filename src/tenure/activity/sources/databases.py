"""A table or query behind a SQLAlchemy URL, streamed into texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from tenure.activity.sources.cells import cell_text
from tenure.activity.sources.raw import RawSource, SourceOptions, unique_headers
from tenure.activity.sources.staging import TextStage
from tenure.kernel import Progress, ProgressSink, SourceError
from tenure.kernel.late_doors import LateModule

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy import exc
else:
    # Files are read without it, and would wait for it.
    sa = LateModule("sqlalchemy")
    exc = LateModule("sqlalchemy.exc")

_BATCH_ROWS = 10_000
_TABLE_MARK = "::"
_LISTED_TABLES = 30


def is_url(given: str | Path) -> bool:
    """Tell if a source is a database URL and not a path."""
    return isinstance(given, str) and "://" in given


def open_database(
    given: str,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    options: SourceOptions,
    progress: ProgressSink,
) -> RawSource:
    """Stream a table (`URL::table`) or `options.query` and return it as a relation of texts.

    `source_row` is the record's number in the order the database delivered.

    Raises
    ------
    SourceError : a bad URL, a missing driver, no connection, no such table, a wrong query.
    """
    address, _, table = given.partition(_TABLE_MARK)
    url = _url(address)
    shown = url.render_as_string(hide_password=True)
    with _faults_told(url, shown), _engine(url, shown) as engine:
        if options.query is None:
            table = table or _only_table(engine, shown)
            statement = sa.text(f"SELECT * FROM {_checked_table(engine, table, shown)}")
        else:
            statement = sa.text(options.query)
        with engine.connect() as reader:
            stream = reader.execution_options(stream_results=True, yield_per=_BATCH_ROWS)
            result = stream.execute(statement)
            if not result.returns_rows:
                raise SourceError(f"{shown}: a statement without rows", "a SELECT", "correct it")
            columns, stage, digest = _staged(result, scratch, progress)
    name = table if options.query is None else "query"
    return RawSource(
        name=name,
        path=f"{shown}{_TABLE_MARK}{name}",
        relation=stage.view(connection),
        columns=columns,
        rows=stage.rows,
        encoding=None,
        delimiter=None,
        sheet=None,
        header_row=None,
        bytes=None,
        content_sha256=digest,
    )


def _staged(
    result: sa.CursorResult[tuple[object, ...]], scratch: Path, progress: ProgressSink
) -> tuple[tuple[str, ...], TextStage, str]:
    names = list(result.keys())
    columns = unique_headers(names, len(names))
    digest = hashlib.sha256("\x1f".join(columns).encode())
    with TextStage(scratch, columns) as stage:
        for batch in result.partitions(_BATCH_ROWS):
            for record in batch:
                cells = [cell_text(value) for value in record]
                stage.add(cells, stage.rows + 1)
                digest.update(("\x1e" + "\x1f".join(c or "" for c in cells)).encode())
            progress(Progress("reading", stage.rows, None, "rows"))
    return columns, stage, digest.hexdigest()


def _url(address: str) -> sa.URL:
    try:
        url = sa.make_url(address)
    except (exc.SQLAlchemyError, ValueError) as error:
        raise SourceError(
            "a database URL that cannot be read",
            "dialect://user:password@host/database::table, e.g. sqlite:///shop.db::orders",
            "correct the URL; write @ : / in a password as %40 %3A %2F",
        ) from error
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        path = Path(str(url.database))
        if not str(path).startswith("file:") and not path.is_file():
            raise SourceError(f"{path}: no such database", "an SQLite file", "check the path")
    return url


@contextmanager
def _engine(url: sa.URL, shown: str) -> Iterator[sa.Engine]:
    try:
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    except (ImportError, exc.NoSuchModuleError) as error:
        raise SourceError(
            f"{shown}: no driver for {url.drivername!r} ({error})",
            "an installed SQLAlchemy dialect and driver",
            "install the driver, e.g. `pip install 'tenure[postgresql]'` and postgresql+psycopg://",
        ) from error
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _faults_told(url: sa.URL, shown: str) -> Iterator[None]:
    try:
        yield
    except exc.SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        text = said[0] if said else type(error).__name__
        if url.password:
            text = text.replace(str(url.password), "***")
        raise SourceError(
            f"{shown}: {text}",
            "a database that answers and a query it accepts",
            "check host, user, password and database in the URL, and the query",
        ) from None


def _tables(engine: sa.Engine) -> list[str]:
    inspector = sa.inspect(engine)
    return sorted({*inspector.get_table_names(), *inspector.get_view_names()})


def _only_table(engine: sa.Engine, shown: str) -> str:
    tables = _tables(engine)
    if len(tables) == 1:
        return tables[0]
    raise _no_table("no table named", tables, shown)


def _checked_table(engine: sa.Engine, table: str, shown: str) -> str:
    """Return the table quoted for SQL, if the database has it; `schema.table` is understood."""
    quoting = engine.dialect.identifier_preparer.quote_identifier
    tables = _tables(engine)
    if table in tables:
        return quoting(table)
    schema, dot, inner = table.partition(".")
    inspector = sa.inspect(engine)
    if dot and (inspector.has_table(inner, schema=schema)):
        return f"{quoting(schema)}.{quoting(inner)}"
    raise _no_table(f"no table {table!r}", tables, shown)


def _no_table(given: str, tables: list[str], shown: str) -> SourceError:
    listed = ", ".join(tables[:_LISTED_TABLES]) or "none"
    more = f" and {len(tables) - _LISTED_TABLES} more" if len(tables) > _LISTED_TABLES else ""
    return SourceError(
        f"{shown}: {given}",
        f"one of the tables it has: {listed}{more}",
        "write it after the URL: URL::table, or give `--query`",
    )
