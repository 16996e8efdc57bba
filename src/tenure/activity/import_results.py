"""What an import says of itself: every row accounted for, what was detected, what is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from tenure.activity.contract import ColumnFormat, Mapping, Role
from tenure.activity.landing import Landed
from tenure.activity.quality import QualityFinding
from tenure.activity.staging import Identity
from tenure.kernel import Issue, Severity

ISSUES_SHOWN_MAX = 1000
"""Issues listed in a result; all faulty rows are in the quarantine file."""


@dataclass(frozen=True, slots=True)
class Detected:
    """How a source was read."""

    encoding: str | None
    delimiter: str | None
    sheet: str | None
    header_row: int | None
    mapping: Mapping

    def as_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON."""
        time = self.mapping.column(Role.TIME) or self.mapping.column(Role.STARTED)
        return {
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "sheet": self.sheet,
            "header_row": self.header_row,
            "kind": self.mapping.kind.value,
            "date_order": date_order(time.format) if time is not None else None,
            "mapping": {
                role_name(column.role, column.attribute): column.column
                for column in self.mapping.columns
            },
            "confidence": {
                role_name(column.role, column.attribute): round(column.confidence, 3)
                for column in self.mapping.columns
            },
            "reasons": {
                role_name(column.role, column.attribute): list(column.reasons)
                for column in self.mapping.columns
            },
        }


@dataclass(frozen=True, slots=True)
class SourceResult:
    """One imported source. rows_read = accepted + duplicate + quarantined + skipped.

    Parameters
    ----------
    source : file name, with the sheet if any.
    import_id : identifies the import in the lake; None if nothing was written.
    repeated, overlapping : the two kinds of duplicate: equal in every column to an earlier
        row of this source, and brought by an earlier import.
    issues : the first `ISSUES_SHOWN_MAX` issues; `issue_count` counts them all.
    """

    source: str
    import_id: str | None
    rows_read: int
    accepted: int
    repeated: int
    overlapping: int
    quarantined: int
    skipped: int
    customers: int
    orders: int
    value: Decimal | None
    currency: str | None
    first_at: datetime | None
    last_at: datetime | None
    detected: Detected
    issues: tuple[Issue, ...]
    issue_count: int
    quarantine_file: Path | None
    seconds: float

    @property
    def duplicate(self) -> int:
        """Rows dropped as duplicates of either kind."""
        return self.repeated + self.overlapping

    def as_dict(self) -> dict[str, object]:
        """Return it as plain values for JSON; instants in UTC with a Z."""
        return {
            "source": self.source,
            "import_id": self.import_id,
            "rows_read": self.rows_read,
            "accepted": self.accepted,
            "duplicate": self.duplicate,
            "duplicate_in_source": self.repeated,
            "duplicate_of_earlier_import": self.overlapping,
            "quarantined": self.quarantined,
            "skipped": self.skipped,
            "customers": self.customers,
            "orders": self.orders,
            "value": _money(self.value),
            "currency": self.currency,
            "first_at": _instant(self.first_at),
            "last_at": _instant(self.last_at),
            "detected": self.detected.as_dict(),
            "issues": [issue.as_dict() for issue in self.issues],
            "issue_count": self.issue_count,
            "quarantine_file": str(self.quarantine_file) if self.quarantine_file else None,
        }


@dataclass(frozen=True, slots=True)
class ImportResult:
    """All sources of one import, in order.

    Parameters
    ----------
    sources : one result each.
    customers, orders : distinct ones in all accepted rows; a customer or order that stands
        in several sources counts once.
    quality : the workspace's quality rules, measured after the import.
    """

    sources: tuple[SourceResult, ...]
    customers: int
    orders: int
    quality: tuple[QualityFinding, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the sums over all sources, with each source beneath, for JSON."""
        quality = [finding.as_dict() for finding in self.quality]
        if len(self.sources) == 1:
            only = self.sources[0]
            return {**only.as_dict(), "sources": [only.source], "quality": quality}
        first = [s.first_at for s in self.sources if s.first_at is not None]
        last = [s.last_at for s in self.sources if s.last_at is not None]
        values = [s.value for s in self.sources if s.value is not None]
        counted = ("rows_read", "accepted", "duplicate", "quarantined", "skipped")
        return {
            **{name: _total(self.sources, name) for name in counted},
            "duplicate_in_source": _total(self.sources, "repeated"),
            "duplicate_of_earlier_import": _total(self.sources, "overlapping"),
            "customers": self.customers,
            "orders": self.orders,
            "value": _money(sum(values, Decimal(0)) if values else None),
            "currency": next((s.currency for s in self.sources if s.currency), None),
            "first_at": _instant(min(first, default=None)),
            "last_at": _instant(max(last, default=None)),
            "detected": self.sources[0].detected.as_dict() if self.sources else None,
            "issues": [issue.as_dict() for source in self.sources for issue in source.issues][
                :ISSUES_SHOWN_MAX
            ],
            "issue_count": _total(self.sources, "issue_count"),
            "sources": [source.as_dict() for source in self.sources],
            "quality": quality,
        }


def date_order(form: ColumnFormat) -> str | None:
    """Return `ymd`, `dmy` or `mdy`: as decided, or as the column's own format shows; else None."""
    if form.date_order is not None or not form.patterns:
        return form.date_order
    found = re.findall(r"%([YydmbB])", form.patterns[0])
    order = "".join({"Y": "y", "b": "m", "B": "m"}.get(part, part) for part in found)
    return order if order in ("ymd", "dmy", "mdy") else None


def duplicate_notes(source: str, identity: Identity, landed: Landed) -> tuple[Issue, ...]:
    """Return a note on each kind of repetition that a source had.

    Parameters
    ----------
    source : name of the source.
    identity : what its rows' identities say.
    landed : what of it landed.
    """
    told = (
        (
            landed.restated,
            "restated_customer",
            "one value of each attribute and customer",
            "the last row of the file counts; export each customer once",
        ),
        (
            identity.repeated,
            "duplicate_in_source",
            "each row once",
            "nothing to do; if they are real, import with --repeats keep",
        ),
        (
            identity.kept_repeats,
            "equal_rows_kept",
            "rows that something tells apart (an order number, a time of day)",
            "nothing to do; if they are mistakes of the export, import with --repeats drop",
        ),
        (
            identity.overlapping,
            "duplicate_of_earlier_import",
            "rows not imported before",
            "nothing to do: they were counted the first time",
        ),
    )
    return tuple(
        Issue(source, None, None, f"{count} rows", expected, remedy, code, Severity.NOTE)
        for count, code, expected, remedy in told
        if count
    )


def role_name(role: Role, attribute: str | None) -> str:
    """Return a role as it is written in `--map`: `customer`, `attribute.region`."""
    return f"{role.value}.{attribute}" if attribute else role.value


def _total(sources: Sequence[SourceResult], name: str) -> int:
    return sum(int(getattr(source, name)) for source in sources)


def _money(value: Decimal | None) -> str | None:
    if value is None:
        return None
    exact = value.normalize()
    places = max(2, -int(exact.as_tuple().exponent))
    return f"{value:.{places}f}"


def _instant(instant: datetime | None) -> str | None:
    return f"{instant.isoformat()}Z" if instant is not None else None
