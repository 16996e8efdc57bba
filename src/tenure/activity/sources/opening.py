"""The door: paths, folders and URLs in, one raw source per table out."""

from __future__ import annotations

import gzip
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa

from tenure.activity.sources.databases import is_url, open_database
from tenure.activity.sources.delimited import open_delimited
from tenure.activity.sources.json_records import open_json
from tenure.activity.sources.parquet_files import open_parquet
from tenure.activity.sources.raw import RawSource, SourceOptions
from tenure.activity.sources.rejects import fresh_name
from tenure.activity.sources.workbooks import open_workbook
from tenure.kernel import Issue, ProgressSink, Severity, SourceError, silent

_TEXTS = frozenset({".csv", ".tsv", ".txt", ".tab", ".psv", ".dat"})
_JSON = frozenset({".json", ".jsonl", ".ndjson"})
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
_PARQUET = frozenset({".parquet", ".pq"})
_SUPPORTED = _TEXTS | _JSON | _WORKBOOKS | _PARQUET

_SIGNATURES = (
    (b"\x1f\x8b", ".gz"),
    (b"PK\x03\x04", ".xlsx"),
    (b"\xd0\xcf\x11\xe0", ".xls"),
    (b"PAR1", ".parquet"),
)
"""First bytes that tell a format whatever the file is called."""

_FOREIGN = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "an SQLite database"),
    (b"7z\xbc\xaf", "an archive"),
    (b"Rar!", "an archive"),
)
_PAGE_STARTS = (b"<html", b"<!doctype html", b"<table", b"<?xml", b"<meta")


def open_sources(
    paths: Sequence[str | Path],
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    options: SourceOptions | None = None,
    progress: ProgressSink = silent,
) -> Iterator[RawSource]:
    """Yield every table of the sources as a relation inside a DuckDB connection, in order.

    Parameters
    ----------
    paths : files, folders, or SQLAlchemy URLs (`sqlite:///shop.db::orders`).
    connection : where the relations are named; they live as long as it does.
    scratch : an empty folder for copies; keep it while the relations are read.
    options : what a person said instead of leaving it to detection.
    progress : told while a source is read.

    Raises
    ------
    SourceError : a source cannot be read at all; sources before it were yielded.
    OptionError : an option does not fit the source.
    """
    sources, issues = expand(paths)
    for source in sources:
        for raw in _open(source, connection, scratch, options or SourceOptions(), progress):
            yield replace(raw, notes=(*raw.notes, *issues))
            issues = []


def expand(paths: Sequence[str | Path]) -> tuple[list[str | Path], list[Issue]]:
    """Return the sources to read, and an issue for each file of a folder that is none.

    A folder becomes its files and those of its folders, sorted by path; hidden files are
    left out. URLs stay as they are.

    Raises
    ------
    SourceError : a path does not exist, or a folder holds no file that can be read.
    """
    sources: list[str | Path] = []
    issues: list[Issue] = []
    for given in paths:
        if is_url(given):
            sources.append(str(given))
            continue
        path = Path(given)
        if not path.exists():
            raise SourceError(f"{path}: no such file", "a file, folder or URL", "check the path")
        if not path.is_dir():
            sources.append(path)
            continue
        found, skipped = _files_of(path)
        sources += found
        issues += skipped
    return sources, issues


def _files_of(folder: Path) -> tuple[list[Path], list[Issue]]:
    files: list[Path] = []
    issues: list[Issue] = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts) or not path.is_file():
            continue
        if _suffix(path) in _SUPPORTED and not path.name.startswith("~$"):
            files.append(path)
        else:
            issues.append(_skipped_file(str(relative)))
    if not files:
        raise SourceError(
            f"{folder}: no file that can be read among {len(issues)}",
            f"files ending in {', '.join(sorted(_SUPPORTED))}, plain or .gz",
            "name the folder with the exports in it",
        )
    return files, issues


def _skipped_file(name: str) -> Issue:
    return Issue(
        source=name,
        row=None,
        field=None,
        given=name,
        expected=f"a file ending in {', '.join(sorted(_SUPPORTED))}, plain or .gz",
        remedy="nothing to do if it holds no data; else export it in one of these formats",
        code="skipped_file",
        severity=Severity.NOTE,
    )


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix == ".gz" else suffix


def _open(
    source: str | Path,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    options: SourceOptions,
    progress: ProgressSink,
) -> Iterator[RawSource]:
    if not isinstance(source, Path):
        yield open_database(source, connection, scratch, options, progress)
        return
    with _faults_told(source.name):
        size = source.stat().st_size
        content = source
        if _signature(source) == ".gz":
            content = _unpacked(source, scratch)
        for raw in _open_file(content, source.name, connection, scratch, options, progress):
            yield replace(raw, path=str(source), bytes=size)


def _open_file(
    path: Path,
    name: str,
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    options: SourceOptions,
    progress: ProgressSink,
) -> Iterator[RawSource]:
    signature = _signature(path)
    suffix = signature or _suffix(Path(name))
    _refuse_foreign(path, name)
    # A text that is called .xls, as many programs export it, is no workbook.
    if signature in _WORKBOOKS:
        yield from open_workbook(path, name, connection, scratch, options, progress)
    elif suffix in _PARQUET:
        yield open_parquet(path, name, connection, progress)
    elif suffix in _JSON:
        yield open_json(path, name, connection, scratch, options, progress)
    else:
        yield open_delimited(path, name, connection, scratch, options, progress)


def _signature(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(8)
    return next((suffix for mark, suffix in _SIGNATURES if head.startswith(mark)), None)


def _refuse_foreign(path: Path, name: str) -> None:
    with path.open("rb") as file:
        head = file.read(512)
    what = next((what for mark, what in _FOREIGN if head.startswith(mark)), None)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE_STARTS):
        what = "a web page or XML"
    if what is not None:
        raise SourceError(
            f"{name}: {what}",
            "CSV, XLSX, JSON Lines, Parquet, or a database URL",
            "open it in the program it came from and save it as CSV or XLSX",
        )


def _unpacked(path: Path, scratch: Path) -> Path:
    target = scratch / f"{fresh_name('unpacked')}{_suffix(path)}"
    try:
        with gzip.open(path) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(
            f"{path.name}: a damaged gzip file ({error})",
            "a whole .gz file",
            "copy or export the file again",
        ) from error
    return target


@contextmanager
def _faults_told(name: str) -> Iterator[None]:
    """Turn a library's or the disk's refusal of a source into the error people can read."""
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"{name}: {error.strerror or error}",
            "a readable file, and room on the disk for a working copy of it",
            "check the file's permissions and the free space",
        ) from error
    except (duckdb.Error, pa.ArrowException) as error:
        raise SourceError(
            f"{name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
            "a sound file of the format its name or content says",
            "export the data again, as CSV if the fault stays",
        ) from error
