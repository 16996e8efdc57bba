"""Who is in which cell: cells are counts of a membership, drill-down filters the same membership.

A membership part has one row per customer and cell, with one boolean column per measure. So a
count and the list of customers behind it can never disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.expr.datatypes import DataType

from tenure.engine.relations import Relation

Cells: TypeAlias = dict[tuple[object, ...], dict[str, object]]
"""Each cell's figures by its key values; figures of no part that holds the cell are None."""


_INTEGER: DataType = ibis.dtype("int64")


@dataclass(frozen=True, slots=True)
class Part:
    """One table of the membership.

    Parameters
    ----------
    table : `customer_id`, the keys, a boolean column per count, a number column per sum;
        at most one row per customer and cell.
    counts : boolean columns; a cell's figure is the number of customers with true.
    sums : number columns; a cell's figure is their sum.
    """

    table: ir.Table
    counts: tuple[str, ...]
    sums: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Membership:
    """Customers by cell, in one or several parts with the same keys.

    Parameters
    ----------
    relation : runs the expressions.
    keys : columns that name a cell.
    parts : the tables; each measure belongs to one of them.
    codes : for a key that is shown otherwise than it is stored (a period's name for its
        index): turns the shown value into the stored one.
    """

    relation: Relation
    keys: tuple[str, ...]
    parts: tuple[Part, ...]
    codes: Mapping[str, Callable[[object], object]] = field(default_factory=dict)

    def cells(self) -> Cells:
        """Count and sum all cells, in one query for each part of the customers."""
        types = {name: _INTEGER for part in self.parts for name in part.counts}
        types |= {name: p.table[name].sum().type() for p in self.parts for name in p.sums}
        found = ibis.union(*[self._aggregate(part, types) for part in self.parts])
        cells: Cells = {}
        for part in self.relation.parts(found):
            for row in self.relation.collect(part).to_pylist():
                cell = cells.setdefault(
                    tuple(row[name] for name in self.keys), dict.fromkeys(types)
                )
                for name, kind in types.items():
                    cell[name] = _added(cell[name], row[name], kind)
        return cells

    def members(self, cell: Mapping[str, object]) -> pa.Table:
        """Return the `customer_id` of one cell's measure, sorted."""
        part = next(part for part in self.parts if cell["measure"] in part.counts)
        table = part.table.filter(part.table[cell["measure"]])
        for key in self.keys:
            decode = self.codes.get(key)
            value = decode(cell[key]) if decode else cell[key]
            table = table.filter(table[key].isnull() if value is None else table[key] == value)
        return self.relation.collect(table.select("customer_id").distinct().order_by("customer_id"))

    def _aggregate(self, part: Part, types: Mapping[str, DataType]) -> ir.Table:
        table = part.table
        own = {name: table[name].cast("int64").sum() for name in part.counts}
        own |= {name: table[name].sum() for name in part.sums}
        grouped = table.group_by(list(self.keys)) if self.keys else table
        counted = grouped.aggregate(**own)
        return counted.select(
            *self.keys,
            **{name: counted[name] if name in own else ibis.null(types[name]) for name in types},
        )


def _added(total: object, more: object, kind: DataType) -> object:
    """Add one part's figure; unknown and nothing is unknown."""
    if more is None:
        return total
    if kind.is_integer():
        # DuckDB sums integers as 128-bit ones, which Arrow hands over as decimals
        return int(str(more)) + int(str(total or 0))
    return more if total is None else Decimal(str(total)) + Decimal(str(more))


def count(cell: Mapping[str, object] | None, name: str) -> int:
    """Return a count of a cell; a cell nobody is in counts 0."""
    value = None if cell is None else cell.get(name)
    return value if isinstance(value, int) else 0


def money(cell: Mapping[str, object] | None, name: str) -> Decimal:
    """Return a sum of a cell; a cell nobody is in sums to 0."""
    value = None if cell is None else cell.get(name)
    return value if isinstance(value, Decimal) else Decimal(0)


def known_money(gross: object, returned: object) -> dict[str, Decimal | None]:
    """Return gross, returned and net value; all None if neither orders nor refunds have amounts."""
    if not isinstance(gross, Decimal) and not isinstance(returned, Decimal):
        return {"gross_value": None, "returned_value": None, "net_value": None}
    sold = gross if isinstance(gross, Decimal) else Decimal(0)
    back = returned if isinstance(returned, Decimal) else Decimal(0)
    return {"gross_value": sold, "returned_value": back, "net_value": sold - back}
