"""Any source as a relation of texts."""

from tenure.activity.sources.opening import open_sources
from tenure.activity.sources.raw import SOURCE_ROW, RawSource, SourceOptions

__all__ = ["SOURCE_ROW", "RawSource", "SourceOptions", "open_sources"]
