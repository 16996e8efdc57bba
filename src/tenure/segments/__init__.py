"""Conditions over the snapshot, with names: who is in, how many, why, and since when.

Enters: YAML definitions and a snapshot. Leaves: members, counts, overlaps, explanations; the
condition itself as an Ibis expression, so that every engine gives the same members.
"""

from tenure.segments.definitions import (
    Segment,
    default_segment_files,
    default_segments,
    load_segments,
    parse_segment,
    read_segment,
    segment,
)
from tenure.segments.explanations import Explanation, explain
from tenure.segments.membership import (
    Overlap,
    SegmentCount,
    Segments,
    counts,
    history,
    kinds_of,
    members,
    overlap,
    validate,
)

__all__ = [
    "Explanation",
    "Overlap",
    "Segment",
    "SegmentCount",
    "Segments",
    "counts",
    "default_segment_files",
    "default_segments",
    "explain",
    "history",
    "kinds_of",
    "load_segments",
    "members",
    "overlap",
    "parse_segment",
    "read_segment",
    "segment",
    "validate",
]
