"""The door: paths, folders and URLs in, one raw source per table out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from tenure.activity.sources.delimited import open_delimited
from tenure.activity.sources.raw import RawSource, SourceOptions
from tenure.kernel import ProgressSink, silent


def open_sources(
    paths: Sequence[str | Path],
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    options: SourceOptions | None = None,
    progress: ProgressSink = silent,
) -> Iterator[RawSource]:
    """Yield one."""
    for p in paths:
        path = Path(p)
        yield open_delimited(
            path, path.name, connection, scratch, options or SourceOptions(), progress
        )
