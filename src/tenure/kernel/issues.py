"""Faults in the user's data as values: collected over the whole input, never raised."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much an issue weighs: `error` rows are quarantined, the others are told."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault in the data, with where it is and how to mend it.

    Parameters
    ----------
    source : file name (with sheet, if any) or table the row came from.
    row : 1-based line number in the file (row number in a sheet); None if it concerns
        the whole source.
    field : column header or role concerned; None if it concerns the whole row.
    given : the value found, as text.
    expected : what would have been right.
    remedy : how to mend it.
    code : stable identifier, e.g. `missing_customer`.
    severity : `error`, `warning` or `note`.
    """

    source: str
    row: int | None
    field: str | None
    given: str
    expected: str
    remedy: str
    code: str
    severity: Severity = Severity.ERROR

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the issue as plain values for JSON."""
        return asdict(self)
