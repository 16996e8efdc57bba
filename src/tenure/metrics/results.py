"""What every metric returns: a table, its definition, and the customers behind each cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa

from tenure.kernel import Calendar, OptionError

COMPLETE = "complete"
"""The cell is known."""
OPEN = "open"
"""The period has not ended by the as-of date: its figures are null, never 0."""
UNDEFINED = "undefined"
"""The figure has no value by its own definition (a rate over nothing); `reason` tells why."""

_MONEY_DIGITS_MIN = 2
_SPACE = {"en": " ", "zh": ""}

MONEY_SUM = pa.decimal128(38, 4)
"""Type of every sum of money: exact."""

Text = Mapping[str, str]
"""One text in each language: keys `en` and `zh`."""


@dataclass(frozen=True, slots=True)
class Definition:
    """How a figure came about, said beside it wherever it is shown.

    Parameters
    ----------
    name : the metric's name.
    text : its definition with the choices made, by language (`en`, `zh`).
    active_rule : when a customer counts as active: `orders`, `rhythm`, `subscription`, or
        `none` where the metric needs no such rule.
    period : `day` .. `year`, or None if the metric has no periods.
    timezone : IANA name of the zone in which days are counted.
    as_of : only what happened before this business date counts; None if the data have no dates.
    population : who is counted.
    version : grows when the definition changes.
    """

    name: str
    text: Text
    active_rule: str
    period: str | None
    timezone: str
    as_of: date | None
    population: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a metric says, before any choice is made; the catalogue and the docs read it.

    Parameters
    ----------
    name : the metric's name.
    title : short name by language.
    text : definition in one or two sentences by language.
    formula : the formula in plain characters.
    edges : rules for the edges, each by language.
    population : who is counted.
    version : grows when the definition changes.
    """

    name: str
    title: Text
    text: Text
    formula: str
    edges: tuple[Text, ...] = ()
    population: str = "customers with at least one order"
    version: int = 1

    def applied(
        self,
        calendar: Calendar,
        as_of: date | None,
        *,
        active_rule: str = "none",
        period: str | None = None,
        note: Text | None = None,
    ) -> Definition:
        """Return the definition with the choices of one run; `note` is added to its text."""
        text = {
            language: said + (_SPACE[language] + note[language] if note else "")
            for language, said in self.text.items()
        }
        return Definition(
            self.name,
            text,
            active_rule,
            period,
            calendar.timezone,
            as_of,
            self.population,
            self.version,
        )


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a reader of the figures must know.

    Parameters
    ----------
    code : stable identifier, e.g. `left_censored`.
    text : the message by language (`en`, `zh`).
    """

    code: str
    text: Text


Members = Callable[[Mapping[str, object]], pa.Table]
"""Takes a cell (its key columns and `measure`) and returns a table of `customer_id`."""


@dataclass(frozen=True, slots=True)
class MetricResult:
    """A metric's figures.

    Parameters
    ----------
    name : the metric's name.
    definition : how the figures came about.
    table : one row per cell or period.
    members : returns the customers of one cell.
    keys : columns that name a cell.
    measures : count columns that can be drilled down; the first is the default.
    warnings : what a reader must know.
    """

    name: str
    definition: Definition
    table: pa.Table
    members: Members
    keys: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = field(default=())

    def rows(self) -> list[dict[str, object]]:
        """Return the table as a list of Python mappings."""
        rows: list[dict[str, object]] = self.table.to_pylist()
        return rows

    def as_dict(self) -> dict[str, object]:
        """Return definition, warnings and rows for JSON; money is text with all its digits."""
        return {
            "name": self.name,
            "definition": _plain(asdict(self.definition)),
            "warnings": [_plain(asdict(notice)) for notice in self.warnings],
            "keys": list(self.keys),
            "measures": list(self.measures),
            "rows": [_plain(row) for row in self.rows()],
        }

    def drill(self, **cell: object) -> pa.Table:
        """Return the customers of one cell as a table with the column `customer_id`.

        Their number equals the cell wherever the cell is known (not null).

        Parameters
        ----------
        cell : a value for each of `keys`, as it stands in the table, and `measure`, one of
            `measures` (default: the first).

        Raises
        ------
        OptionError : a key is missing or unknown, or the measure cannot be drilled down.
        """
        wanted = {"measure": self.measures[0] if self.measures else None, **cell}
        if set(wanted) != {*self.keys, "measure"}:
            raise OptionError(
                f"cell named by {', '.join(sorted(cell)) or 'nothing'}",
                f"a value for each of: {', '.join(self.keys) or 'nothing'} (and measure)",
                "name the cell by its row's key columns",
            )
        if self.measures and wanted["measure"] not in self.measures:
            raise OptionError(
                f"measure {wanted['measure']!r}",
                f"one of {', '.join(self.measures)}",
                f"choose a count column of {self.name}",
            )
        return self.members(wanted)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return money_text(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


def money_text(value: Decimal) -> str:
    """Return an amount as text, with two decimals, or more where they are not zero."""
    whole, _, decimals = format(value, "f").partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(_MONEY_DIGITS_MIN, '0')}"
