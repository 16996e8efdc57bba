"""The report's figures as tables: typed columns, plain rows, and their CSV, Parquet and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tenure.kernel.cells import inert_cell
from tenure.pages.values import Kind

Value = str | int | float | Decimal | date | datetime | None
Row = dict[str, Value]

_CENTS = Decimal("0.0001")
_SIGNIFICANT_DIGITS = 12
"""Beyond these, a sum of doubles depends on its order; the same input must give the same bytes."""

_ARROW_TYPES: dict[Kind, pa.DataType] = {
    Kind.COUNT: pa.int64(),
    Kind.MONEY: pa.decimal128(18, 4),
    Kind.UNIT_MONEY: pa.decimal128(18, 4),
    Kind.RATE: pa.float64(),
    Kind.POINTS: pa.float64(),
    Kind.RATIO: pa.float64(),
    Kind.DAYS: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.INSTANT: pa.timestamp("us"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the exports, and what its values are."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class FigureTable:
    """One table of figures, with what a reader needs to trust it.

    Parameters
    ----------
    name : name of the table, also of its files.
    columns : the columns, in order.
    rows : one mapping per row; a missing or None cell is not known.
    definition : key of the definition in the report's appendix.
    population : code of who is counted, e.g. `customers_with_an_order`.
    command : the command that lists the customers behind the figures.
    period : unit of the periods, e.g. `month`; None if it has none.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    definition: str
    population: str
    command: str
    period: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)

    def values(self, name: str) -> list[Value]:
        """Return one column, None where a cell is not known."""
        return [row.get(name) for row in self.rows]


def columns(**kinds: Kind) -> tuple[Column, ...]:
    """Return columns from `name=kind` pairs, in the order given."""
    return tuple(Column(name, kind) for name, kind in kinds.items())


def tidy(kind: Kind, value: object) -> Value:
    """Return a value in the one form that a kind has in every export.

    Money is a decimal of four digits, a count an integer, a rate a double of twelve
    significant digits; not-a-number is not known.
    """
    if value is None:
        return None
    if kind in (Kind.MONEY, Kind.UNIT_MONEY):
        return Decimal(str(value)).quantize(_CENTS, ROUND_HALF_EVEN)
    if kind is Kind.COUNT:
        return int(str(value).split(".", maxsplit=1)[0])
    if kind in (Kind.RATE, Kind.POINTS, Kind.RATIO, Kind.DAYS):
        number = float(str(value))
        return None if number != number else float(f"{number:.{_SIGNIFICANT_DIGITS}g}")
    return value if isinstance(value, date | datetime) else str(value)


def tidy_rows(described: Sequence[Column], rows: Sequence[Mapping[str, object]]) -> tuple[Row, ...]:
    """Return rows that hold exactly the described columns, each in its kind's form."""
    return tuple({c.name: tidy(c.kind, row.get(c.name)) for c in described} for row in rows)


def plain(value: Value) -> str | int | float | None:
    """Return a value as JSON can hold it: money as exact text, dates in ISO form."""
    if isinstance(value, Decimal):
        return money_text(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "infinite"
    return value


def money_text(amount: Decimal) -> str:
    """Return an amount exactly, with at least two decimals and at most four."""
    text = f"{amount:.4f}"
    return text[:-2] if text.endswith("00") else text


def as_dict(table: FigureTable) -> dict[str, object]:
    """Return a table as plain values for JSON."""
    return {
        "definition": table.definition,
        "population": table.population,
        "period": table.period,
        "command": table.command,
        "columns": [{"name": c.name, "kind": c.kind.value} for c in table.columns],
        "rows": [{name: plain(row.get(name)) for name in table.names} for row in table.rows],
    }


def write_csv(table: FigureTable, path: Path) -> None:
    """Write a table as CSV (UTF-8 with BOM, so that spreadsheets read Chinese), cells inert."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.names)
    for row in table.rows:
        writer.writerow([_csv_cell(row.get(name)) for name in table.names])
    path.write_bytes(b"\xef\xbb\xbf" + out.getvalue().encode("utf-8"))


def write_parquet(table: FigureTable, path: Path) -> None:
    """Write a table as Parquet with the types of its kinds."""
    schema = pa.schema(
        [pa.field(c.name, _ARROW_TYPES.get(c.kind, pa.string())) for c in table.columns]
    )
    arrays = [pa.array(table.values(f.name), type=f.type) for f in schema]
    # uncompressed: erasing a customer finds the files that name her by their bytes
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path, compression="none")


def _csv_cell(value: Value) -> str:
    shown = plain(value)
    return "" if shown is None else inert_cell(str(shown))
