"""Sources: any file, sheet, table or query as a relation of texts inside DuckDB.

Enters: paths, folders and URLs, with what a person said about them. Leaves: `RawSource`
values whose relation holds one text per cell and each record's exact line; what could not
be split into columns is in a table beside it, what is no record is listed, so that every
record read is accounted for.
"""

from tenure.activity.sources.opening import expand, open_sources
from tenure.activity.sources.raw import SOURCE_ROW, RawSource, SourceOptions

__all__ = ["SOURCE_ROW", "RawSource", "SourceOptions", "expand", "open_sources"]
