"""What a person has said about a source, and what is still to be asked."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import asdict, dataclass, field

from tenure.activity.contract import ATTRIBUTE_PREFIX, Role, TableKind
from tenure.kernel import MappingError


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What a person has said about a source; it overrides every proposal.

    Parameters
    ----------
    roles : role name, or `attribute.NAME`, -> column header (`--map role=column`).
    table_kind : what the rows are; None to find out.
    date_order : `ymd`, `dmy` or `mdy`; None to find out.
    timezone : IANA zone of naive times in the file.
    currency : ISO 4217 code of the amounts; None to find out.
    decimal : `.` or `,`; None to find out.

    Raises
    ------
    MappingError : a value is none of these.
    """

    roles: MappingOf[str, str] = field(default_factory=dict)
    table_kind: TableKind | None = None
    date_order: str | None = None
    timezone: str = "UTC"
    currency: str | None = None
    decimal: str | None = None

    def __post_init__(self) -> None:
        known = [role.value for role in Role if role is not Role.ATTRIBUTE]
        for name in self.roles:
            attribute = name.removeprefix(ATTRIBUTE_PREFIX).strip()
            if name not in known and attribute in ("", name.strip()):
                raise MappingError(
                    f"role {name!r}",
                    f"one of {', '.join(known)}, or {ATTRIBUTE_PREFIX}NAME",
                    "write --map ROLE=COLUMN with one of these roles",
                )
        _check("date order", self.date_order, ("ymd", "dmy", "mdy"), "--date-order")
        _check("decimal sign", self.decimal, (".", ","), "--decimal")


@dataclass(frozen=True, slots=True)
class Question:
    """Something that only a person can know.

    Parameters
    ----------
    code : `ambiguous_date_order`, `ambiguous_decimal`, `ambiguous_price`, `ambiguous_role`,
        `missing_role`, `mixed_currency` or `changed_format`.
    column : the header concerned; None if it concerns the whole source.
    given : what was found, with the evidence.
    expected : what is needed.
    remedy : the options that answer it.
    """

    code: str
    column: str | None
    given: str
    expected: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        """Return the question for `QuestionError` and JSON."""
        return {key: value or "" for key, value in asdict(self).items()}


def _check(what: str, value: str | None, allowed: tuple[str, ...], option: str) -> None:
    if value is not None and value not in allowed:
        raise MappingError(f"{what} {value!r}", f"one of {', '.join(allowed)}", f"correct {option}")
