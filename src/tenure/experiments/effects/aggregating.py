"""One pass of an engine over a table with a row per customer: the statistics of each arm.

The table is read around its own means, which one row beside every customer carries, so sums of
squares keep their digits on both engines; Python only puts strata together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from tenure.engine.relations import Relation, TableLike, relation
from tenure.experiments.effects.arm_statistics import (
    ArmStatistics,
    check_share,
    cluster_quantities,
    clusters_in_several_arms,
)
from tenure.experiments.effects.moments import (
    QUANTITIES,
    Moments,
    Quantity,
    empty_moments,
    merged,
)
from tenure.kernel import DataError

_Row = dict[str, float | int | str | None]


@dataclass(frozen=True, slots=True)
class OutcomeColumns:
    """Which column of a table with one row per customer holds what.

    Parameters
    ----------
    arm : the arm's name.
    outcome : what is measured; 0 for who did nothing, null for unknown.
    denominator : what the outcome is divided by, for ratios.
    covariate, covariate_denominator : the same two, measured before the experiment; 0 for who
        did nothing then, or was no customer yet. Null leaves the customer out, as in every
        quantity.
    received : 1 (or true) for who received what was planned for her, else 0.
    stratum, cluster : her stratum; her cluster, where clusters were assigned whole.
    customer : her id; where named, a customer in two rows is an error.
    """

    arm: str = "arm"
    outcome: str = "outcome"
    denominator: str | None = None
    covariate: str | None = None
    covariate_denominator: str | None = None
    received: str | None = None
    stratum: str | None = None
    cluster: str | None = None
    customer: str | None = None

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The quantities that have a column."""
        return tuple(name for name in QUANTITIES if getattr(self, name, None) is not None)


def statistics(
    data: TableLike,
    columns: OutcomeColumns | None = None,
    *,
    arms: Sequence[str] | None = None,
    winsorise_share: float | None = None,
) -> tuple[ArmStatistics, ...]:
    """Return the statistics of each arm, worked out by the engine that holds the table.

    Parameters
    ----------
    data : one row per customer.
    columns : which column holds what; None takes `arm` and `outcome`.
    arms : arms to return, in this order, those without customers too; None is all, sorted.
    winsorise_share : share of all customers, over all arms, whose outcome stays as it is, e.g.
        0.999; larger outcomes are cut at that quantile, and the covariate at its own.

    Raises
    ------
    DataError : a column is absent, a customer has two rows, a cluster lies in several arms.
    OptionError : the share is not between 0 and 1.
    """
    columns = OutcomeColumns() if columns is None else columns
    source = relation(data)
    _check_columns(source, columns)
    if winsorise_share is not None:
        check_share(winsorise_share)
    if columns.customer is not None:
        _check_customers(source, columns.customer)
    rows = _customers(source.table, columns)
    if winsorise_share is not None:
        rows = _winsorised(rows, columns.quantities, winsorise_share)
    group = ("arm", "stratum") if columns.stratum is not None else ("arm",)
    found = source.collect(_summed(rows, columns.quantities, group)).to_pylist()
    clusters = _cluster_rows(source, rows, columns) if columns.cluster is not None else None
    names = sorted({str(row["arm"]) for row in found}) if arms is None else list(arms)
    return tuple(_arm(name, found, clusters, columns) for name in names)


def _check_columns(source: Relation, columns: OutcomeColumns) -> None:
    wanted = [getattr(columns, name) for name in columns.__dataclass_fields__]
    absent = [name for name in wanted if name is not None and name not in source.table.columns]
    if absent:
        raise DataError(
            f"a table without {', '.join(absent)} (it has {', '.join(source.table.columns)})",
            "one row per customer with these columns",
            "name the columns in OutcomeColumns",
        )


def _check_customers(source: Relation, customer: str) -> None:
    table = source.table
    counted = table.aggregate(rows=table.count(), distinct=table[customer].nunique())
    row = source.collect(counted).to_pylist()[0]
    if row["rows"] != row["distinct"]:
        raise DataError(
            f"{row['rows']} rows of {row['distinct']} customers",
            "one row per customer",
            "sum what each customer did before you compare arms",
        )


def _customers(table: ir.Table, columns: OutcomeColumns) -> ir.Table:
    """Return the quantities as numbers, null where any of them is unknown."""
    numbers = {name: _number(table[getattr(columns, name)]) for name in columns.quantities}
    known = ibis.literal(True)
    for number in numbers.values():
        known = known & number.notnull()
    groups = {
        name: table[given].cast("string")
        for name in ("arm", "stratum", "cluster")
        if (given := getattr(columns, name)) is not None
    }
    rows = table.select(**groups, **numbers, known=known)
    return rows.mutate(
        **{name: ibis.ifelse(rows.known, rows[name], ibis.null("float64")) for name in numbers}
    )


def _number(column: ir.Value) -> ir.Value:
    if column.type().is_boolean():
        column = column.cast("int8")
    number = column.cast("float64")
    broken = number.isnan() | number.isinf()
    return ibis.ifelse(broken, ibis.null("float64"), number)


def _winsorised(rows: ir.Table, quantities: Sequence[Quantity], share: float) -> ir.Table:
    cut = [name for name in ("outcome", "covariate") if name in quantities]
    limits = rows.aggregate(**{f"{name}_cap": rows[name].quantile(share) for name in cut})
    joined = rows.cross_join(limits)
    # The least of null and a cap is the cap, on both engines: only what is known is cut.
    changed = {
        name: ibis.ifelse(
            joined.known, ibis.least(joined[name], joined[f"{name}_cap"]), ibis.null("float64")
        )
        for name in cut
    }
    above = (joined.outcome > joined.outcome_cap).fill_null(False)
    return joined.mutate(**changed, above=above)


def _summed(rows: ir.Table, quantities: Sequence[Quantity], group: Sequence[str]) -> ir.Table:
    """Return counts, means and centred sums of products per group, as one aggregation."""
    pivots = rows.aggregate(
        **{f"{name}_pivot": rows[name].mean().fill_null(0.0) for name in quantities}
    )
    joined = rows.cross_join(pivots)
    # Floats behind names: both engines divide what they summed, never whole numbers.
    gaps = {name: joined[name] - joined[f"{name}_pivot"] for name in quantities}
    kept = joined.mutate(**{f"{name}_gap": gap for name, gap in gaps.items()})
    measures = {
        "customers": kept.count(),
        "known": kept.known.cast("int64").sum(),
        "buyers": (kept.outcome.fill_null(0.0) != 0).cast("int64").sum(),
        "cap": kept.outcome_cap.max() if "outcome_cap" in kept.columns else ibis.null("float64"),
        "capped": kept.above.cast("int64").sum() if "above" in kept.columns else ibis.literal(0),
    }
    for place, one in enumerate(quantities):
        measures[f"{one}_pivot"] = kept[f"{one}_pivot"].max()
        measures[f"{one}_sum"] = kept[f"{one}_gap"].sum()
        for other in quantities[place:]:
            measures[f"{one}_{other}_sum"] = (kept[f"{one}_gap"] * kept[f"{other}_gap"]).sum()
    return kept.group_by(list(group)).aggregate(**measures)


def _cluster_rows(source: Relation, rows: ir.Table, columns: OutcomeColumns) -> list[_Row]:
    several = rows.group_by("cluster").aggregate(arms=rows.arm.nunique())
    number = source.collect(several.aggregate(several=(several.arms > 1).cast("int64").sum()))
    split = int(number.to_pylist()[0]["several"] or 0)
    if split:
        raise clusters_in_several_arms(split)
    quantities = cluster_quantities(columns.quantities)
    known = rows.filter(rows.known)
    totals = known.group_by(["arm", "cluster"]).aggregate(
        **{
            name: known[name].sum() if name in columns.quantities else known.count().cast("float64")
            for name in quantities
        }
    )
    summed = _summed(totals.mutate(known=ibis.literal(True)), quantities, ("arm",))
    found: list[_Row] = source.collect(summed).to_pylist()
    return found


def _arm(
    name: str, rows: list[_Row], clusters: list[_Row] | None, columns: OutcomeColumns
) -> ArmStatistics:
    own = [row for row in rows if row["arm"] == name]
    quantities = columns.quantities
    parts = [_moments(row, quantities) for row in own]
    by_stratum: defaultdict[str, Moments] = defaultdict(lambda: empty_moments(quantities))
    if columns.stratum is not None:
        for row, part in zip(own, parts, strict=True):
            by_stratum[str(row["stratum"])] = part
    cap = next((row["cap"] for row in rows if row["cap"] is not None), None)
    whole = None
    if clusters is not None:
        named = cluster_quantities(quantities)
        whole = merged((_moments(row, named) for row in clusters if row["arm"] == name), named)
    known = _total(own, "known")
    return ArmStatistics(
        name,
        customers=_total(own, "customers"),
        moments=merged(parts, quantities),
        missing=_total(own, "customers") - known,
        buyers=_total(own, "buyers"),
        strata=tuple(sorted((key, part) for key, part in by_stratum.items() if part.count)),
        clusters=whole,
        cap=None if cap is None else float(cap),
        capped=_total(own, "capped"),
    )


def _total(rows: list[_Row], name: str) -> int:
    return sum(int(row[name] or 0) for row in rows)


def _moments(row: _Row, quantities: tuple[Quantity, ...]) -> Moments:
    count = int(row["known"] or 0)
    if not count:
        return empty_moments(quantities)
    sums = {name: float(row[f"{name}_sum"] or 0.0) for name in quantities}
    means = tuple(float(row[f"{name}_pivot"] or 0.0) + sums[name] / count for name in quantities)
    products = [[0.0] * len(quantities) for _ in quantities]
    for i, one in enumerate(quantities):
        for j, other in enumerate(quantities[i:], start=i):
            around = float(row[f"{one}_{other}_sum"] or 0.0)
            products[i][j] = products[j][i] = around - sums[one] * sums[other] / count
    for i in range(len(quantities)):
        products[i][i] = max(products[i][i], 0.0)
    return Moments(count, quantities, means, tuple(map(tuple, products)))
