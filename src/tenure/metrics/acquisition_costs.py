"""What winning customers cost, per source and period, from a table that a person keeps."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from tenure.engine.calendars import period_index
from tenure.engine.relations import Relation, TableLike
from tenure.kernel import DataError
from tenure.metrics.orders import same_engine
from tenure.metrics.periods import Periods

COLUMNS = ("source", "period_start", "cost", "currency")

Costs: TypeAlias = Mapping[tuple[object, int], tuple[Decimal, str | None]]
"""Cost and currency by source (None: all sources together) and period index."""


def acquisition_costs(
    home: Relation, costs: TableLike | None, shown: Periods, *, by_source: bool
) -> Costs:
    """Return the costs given, summed per source and period; what was not given is not there.

    Parameters
    ----------
    home : relation whose engine sums them.
    costs : table with source, period_start (date), cost and currency; None gives no costs.
    shown : the periods.
    by_source : keep sources apart.

    Raises
    ------
    DataError : a column is missing, or one sum would mix currencies.
    """
    if costs is None:
        return {}
    table = same_engine(home, costs)
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise DataError(
            f"acquisition costs without {', '.join(missing)}", ", ".join(COLUMNS), "add the columns"
        )
    table = table.filter(table.cost.notnull() & table.period_start.notnull())
    table = table.mutate(
        period=period_index(table.period_start.cast("date"), shown.unit, shown.calendar),
        cost=table.cost.cast("decimal(18, 4)"),
    )
    summed = table.group_by("source", "period", "currency").aggregate(cost=table.cost.sum())
    found: dict[tuple[object, int], tuple[Decimal, str | None]] = {}
    for row in home.collect(summed).to_pylist():
        key = (row["source"] if by_source else None, row["period"])
        cost, currency = found.get(key, (Decimal(0), row["currency"]))
        if currency != row["currency"]:
            raise DataError(
                f"acquisition costs of {shown.label(key[1])} in {currency} and {row['currency']}",
                "one currency per sum",
                "convert the costs to one currency",
            )
        found[key] = (cost + row["cost"], currency)
    return found
